"""Runs long file work on a thread of its own and hands the result, or a Problem, back to the service thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service_thread import ServiceThread

T = TypeVar("T")
OnEnded = Callable[[T | Problem], None]
"""Called once, on the service thread."""
Report = Callable[[object], None]
"""Reports progress; any thread."""


def on_file_thread(
    service_thread: ServiceThread, work: Callable[[], T], ended: OnEnded[T], *, name: str = "model-file"
) -> threading.Thread:
    """Run `work` on a thread of its own; `ended` gets its result, or a Problem, on the service thread."""

    def run() -> None:
        result: T | Problem
        try:
            result = work()
        except Exception as err:  # noqa: BLE001  a thread's outermost frame: the asker is told, never nobody
            result = problem_for(err)
        service_thread.post(lambda: ended(result))

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread


def pending_on_file_thread(
    service_thread: ServiceThread,
    work: Callable[[], T],
    *,
    cancel: Callable[[], object] | None = None,
    name: str = "model-file",
) -> Pending[T]:
    pending: Pending[T] = Pending(cancel)
    on_file_thread(service_thread, work, pending.end, name=name)
    return pending


class FileWork:
    """Long file work that can be stopped, each on a thread of its own.  Called on the service thread."""

    def __init__(self, service_thread: ServiceThread, name: str) -> None:
        self._service_thread, self._name = service_thread, name
        self._running: dict[threading.Event, threading.Thread] = {}

    @property
    def is_running(self) -> bool:
        return bool(self._running)

    def run(self, work: Callable[[threading.Event, Report], T]) -> Pending[T]:
        stop = threading.Event()
        pending: Pending[T] = Pending(stop.set)

        def report(progress: object) -> None:
            self._service_thread.post(lambda: pending.progress(progress))

        def on_end(result: T | Problem) -> None:
            del self._running[stop]
            pending.end(result)

        self._running[stop] = on_file_thread(self._service_thread, lambda: work(stop, report), on_end, name=self._name)
        return pending

    def cancel(self) -> None:
        for stop in self._running:
            stop.set()

    def close(self, wait_s: float) -> None:
        self.cancel()
        until = time.monotonic() + wait_s
        for thread in self._running.values():
            thread.join(max(0.0, until - time.monotonic()))
