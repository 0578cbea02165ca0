"""Long work in slices: others come between, and it can wait for what is still pending."""

from __future__ import annotations

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.runtime.service import Slices, in_slices

pytestmark = pytest.mark.pure
STOPPED = Problem("x.stopped", "It was stopped.", {})


class Turns:
    """A service thread of which the test says when it takes its next turn."""

    def __init__(self) -> None:
        self.posted = []

    def post(self, work) -> None:
        self.posted.append(work)

    def all_done(self) -> None:
        while self.posted:
            self.posted.pop(0)()


@pytest.fixture
def turns(monkeypatch) -> Turns:
    monkeypatch.setattr("slmdesk.base.runtime.service.SLICE_S", 0.0)
    return Turns()


def results(pending: Pending) -> list:
    answers = []
    pending.then(answers.append)
    return answers


def counted(seen: list, first: Pending | None = None) -> Slices[int]:
    try:
        begin = (yield first) if first else 0
        for number in range(begin, begin + 3):
            seen.append(number)
            yield
    finally:
        seen.append("closed")
    return sum(number for number in seen if number != "closed")


def test_others_come_between_slices(turns):
    seen = []
    ended = results(in_slices(turns, counted(seen)))
    assert seen == [0], "the first slice is done at once"
    turns.post(lambda: seen.append(100))
    turns.all_done()
    assert seen == [0, 1, 100, 2, "closed"]
    assert ended == [103]


def test_what_it_waits_for_is_its_next_value(turns):
    seen, first = [], Pending()
    ended = results(in_slices(turns, counted(seen, first)))
    turns.all_done()
    assert (seen, ended) == ([], [])
    first.end(5)
    turns.all_done()
    assert ended == [5 + 6 + 7]


def test_a_problem_of_what_it_waits_for_ends_it(turns):
    seen, first = [], Pending()
    ended = results(in_slices(turns, counted(seen, first)))
    first.end(STOPPED)
    assert (seen, ended) == (["closed"], [STOPPED])


def test_what_it_raises_is_a_problem(turns):
    def work():
        yield
        raise KnownError("store.full")

    ended = results(in_slices(turns, work()))
    turns.all_done()
    assert [problem.code for problem in ended] == ["store.full"]


@pytest.mark.parametrize("waits", [True, False])
def test_cancelled_it_ends_with_what_it_waits_for_and_says_nothing(turns, waits):
    seen, cancelled = [], []
    first = Pending(lambda: cancelled.append(True))
    pending = in_slices(turns, counted(seen, first if waits else None))
    ended = results(pending)
    pending.cancel()
    first.end(5)
    turns.all_done()
    assert seen == ([] if waits else [0]) + ["closed"]
    assert (cancelled, ended) == ([True] if waits else [], [])
