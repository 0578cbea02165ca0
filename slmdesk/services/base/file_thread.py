"""Runs long file work on a thread of its own and hands the result, or a Problem, back to the service thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from slmdesk.services.base.events import Problem
from slmdesk.services.base.messages import problem_for
from slmdesk.services.base.pending import Pending
from slmdesk.services.base.service_thread import ServiceThread

T = TypeVar("T")
OnEnded = Callable[[T | Problem], None]
"""Called once, on the service thread."""


def on_file_thread(
    service_thread: ServiceThread, work: Callable[[], T], ended: OnEnded[T], *, name: str = "model-file"
) -> None:
    """Run `work` on a thread of its own; `ended` gets its result, or a Problem, on the service thread."""

    def run() -> None:
        result: T | Problem
        try:
            result = work()
        except Exception as err:  # noqa: BLE001  a thread's outermost frame: the asker is told, never nobody
            result = problem_for(err)
        service_thread.post(lambda: ended(result))

    threading.Thread(target=run, name=name, daemon=True).start()


def pending_on_file_thread(
    service_thread: ServiceThread,
    work: Callable[[], T],
    *,
    cancel: Callable[[], object] | None = None,
    name: str = "model-file",
) -> Pending[T]:
    """Run `work` on a thread of its own and return its Pending result."""
    pending: Pending[T] = Pending(cancel)
    on_file_thread(service_thread, work, pending.end, name=name)
    return pending
