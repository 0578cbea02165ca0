"""A result that comes later: once, to everybody who asked, before or after."""

from __future__ import annotations

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.base.runtime.events import Pending, ended
from slmdesk.base.runtime.messages import Problem

pytestmark = pytest.mark.pure


def test_a_result_reaches_who_asked_before_and_after():
    pending: Pending[int] = Pending()
    seen: list[object] = []
    assert pending.then(seen.append) is pending
    with pytest.raises(LookupError):
        _ = pending.result
    pending.end(3)
    pending.then(seen.append)
    assert seen == [3, 3]
    assert pending.is_ended
    assert pending.result == 3


def test_only_the_first_end_counts():
    pending: Pending[int] = Pending()
    seen: list[object] = []
    pending.then(seen.append)
    problem = Problem("cancelled", {}, "It was cancelled.")
    pending.end(problem)
    pending.end(4)
    assert seen == [problem]
    assert pending.result is problem


def test_progress_is_reported_until_the_end():
    pending: Pending[str] = Pending()
    seen: list[object] = []
    pending.listen(seen.append)
    pending.progress((1, 2))
    pending.end("done")
    pending.progress((2, 2))
    assert seen == [(1, 2)]


def test_it_is_cancelled_while_it_runs_and_not_after():
    asked: list[str] = []
    pending: Pending[str] = Pending(lambda: asked.append("cancel"))
    pending.cancel()
    pending.end("done")
    pending.cancel()
    assert asked == ["cancel"]
    Pending[int]().cancel()  # nothing to cancel it with


def test_a_converted_result_keeps_problems_progress_and_the_cancel():
    cancelled: list[bool] = []
    pending: Pending[int] = Pending(lambda: cancelled.append(True))
    doubled, seen = pending.map(lambda number: 2 * number), []
    doubled.listen(seen.append)
    doubled.cancel()
    pending.progress("half")
    pending.end(3)
    assert (doubled.result, seen, cancelled) == (6, ["half"], [True])
    problem = Problem("disk.full", {}, "The disk is full.")
    assert ended(problem).map(lambda _none: 1).result is problem


def test_a_converter_that_fails_ends_with_its_problem():
    def refuse(_number: int) -> int:
        raise KnownError("model.none")

    assert ended(3).map(refuse).result.code == "model.none"
