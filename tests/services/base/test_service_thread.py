from __future__ import annotations

import threading
from concurrent.futures import TimeoutError as CallTimeout

import pytest

from slmdesk.core.errors import BugError, KnownError
from slmdesk.services.base.service_thread import Desk

pytestmark = pytest.mark.pure


@pytest.fixture
def errors() -> list[BaseException]:
    return []


@pytest.fixture
def desk(errors):
    one = Desk(errors.append)
    yield one
    one.close()


def test_call_hands_back_result_and_error(desk) -> None:
    assert desk.call(lambda: threading.current_thread().name) == "desk"

    def fails() -> None:
        raise KnownError("store.full")

    with pytest.raises(KnownError):
        desk.call(fails)
    assert desk.call(lambda: desk.call(lambda: 7)) == 7


def test_posted_functions_keep_their_order_and_errors_never_end_the_thread(desk, errors) -> None:
    seen: list[int] = []
    for number in range(50):
        desk.post(lambda number=number: seen.append(number))
        desk.post(lambda: 1 / 0)
    assert desk.call(lambda: list(seen)) == list(range(50))
    assert len(errors) == 50
    assert all(isinstance(one, ZeroDivisionError) for one in errors)


def test_an_error_listener_that_fails_does_not_end_the_thread_and_both_are_in_the_log(caplog) -> None:
    def worse(error: BaseException) -> None:
        raise RuntimeError from error

    desk = Desk(worse)
    desk.post(lambda: 1 / 0)
    assert desk.call(lambda: 1) == 1
    desk.close()
    first, second = (one.getMessage() for one in caplog.records)
    assert "ZeroDivisionError" in first
    assert "RuntimeError" in second
    caplog.clear()


def test_later_runs_in_order_of_time_and_can_be_cancelled(desk) -> None:
    seen: list[str] = []
    done = threading.Event()
    desk.call_later(0.05, lambda: (seen.append("b"), done.set()))
    desk.call_later(0.0, lambda: seen.append("a"))
    desk.call_later(0.01, lambda: seen.append("never")).cancel()
    assert done.wait(10)
    assert seen == ["a", "b"]


def test_call_times_out(desk) -> None:
    gate = threading.Event()
    with pytest.raises(CallTimeout):
        desk.call(gate.wait, timeout=0.01)
    gate.set()


def test_close_runs_what_was_posted_and_refuses_more(errors) -> None:
    desk = Desk(errors.append)
    seen: list[int] = []
    desk.call_later(3600, lambda: seen.append(-1))
    for number in range(10):
        desk.post(lambda number=number: seen.append(number))
    desk.close()
    assert seen == list(range(10))
    desk.post(lambda: seen.append(99))
    with pytest.raises(BugError):
        desk.call(lambda: 1)
    assert 99 not in seen
