from __future__ import annotations

import threading

import pytest

from slmdesk.base.errors import BugError, KnownError
from slmdesk.base.runtime.service import ServiceThread

pytestmark = pytest.mark.pure


@pytest.fixture
def errors() -> list[BaseException]:
    return []


@pytest.fixture
def service_thread(errors):
    thread = ServiceThread(errors.append)
    yield thread
    thread.close()


def test_call_hands_back_result_and_error(service_thread) -> None:
    assert service_thread.call(lambda: threading.current_thread().name) == "services"

    def fails() -> None:
        raise KnownError("store.full")

    with pytest.raises(KnownError):
        service_thread.call(fails)
    assert service_thread.call(lambda: service_thread.call(lambda: 7)) == 7


def test_posted_functions_keep_their_order_and_errors_never_end_the_thread(service_thread, errors) -> None:
    seen: list[int] = []
    for number in range(50):
        service_thread.post(lambda number=number: seen.append(number))
        service_thread.post(lambda: 1 / 0)
    assert service_thread.call(lambda: list(seen)) == list(range(50))
    assert len(errors) == 50
    assert all(isinstance(error, ZeroDivisionError) for error in errors)


def test_an_error_listener_that_fails_does_not_end_the_thread_and_both_are_in_the_log(caplog) -> None:
    def worse(error: BaseException) -> None:
        raise RuntimeError from error

    service_thread = ServiceThread(worse)
    service_thread.post(lambda: 1 / 0)
    assert service_thread.call(lambda: 1) == 1
    service_thread.close()
    first, second = (record.getMessage() for record in caplog.records)
    assert "ZeroDivisionError" in first
    assert "RuntimeError" in second
    caplog.clear()


def test_later_runs_in_order_of_time_and_can_be_cancelled(service_thread) -> None:
    seen: list[str] = []
    done = threading.Event()
    gate = threading.Event()
    service_thread.post(gate.wait)  # nothing runs before all is planned
    service_thread.call_later(0.05, lambda: (seen.append("b"), done.set()))
    service_thread.call_later(-60, lambda: seen.append("a"))
    service_thread.call_later(0.01, lambda: seen.append("never")).cancel()
    gate.set()
    assert done.wait(60)
    assert seen == ["a", "b"]


def test_close_runs_what_was_posted_and_refuses_more(errors) -> None:
    service_thread = ServiceThread(errors.append)
    seen: list[int] = []
    service_thread.call_later(3600, lambda: seen.append(-1))
    for number in range(10):
        service_thread.post(lambda number=number: seen.append(number))
    service_thread.close(last=lambda: seen.append(10))
    assert seen == list(range(11))
    service_thread.post(lambda: seen.append(99))
    with pytest.raises(BugError):
        service_thread.call(lambda: 1)
    assert 99 not in seen
