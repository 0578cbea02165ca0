"""Runs long work on the service thread one slice at a time, so that other requests are served in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

from slmdesk.services.base.events import Problem
from slmdesk.services.base.file_thread import OnEnded
from slmdesk.services.base.messages import problem_for
from slmdesk.services.base.pending import Pending
from slmdesk.services.base.service_thread import ServiceThread

T = TypeVar("T")
V = TypeVar("V")
Slices = Generator[None, None, T]
"""A generator that yields wherever other work may run, and returns the result."""
SLICE_S = 0.02
"""How long a slice works before other requests get their turn."""


def in_slices(service_thread: ServiceThread, work: Slices[T], ended: OnEnded[T] | None = None) -> Pending[T]:
    """Run `work` slice by slice, the first of them at once.  Call on the service thread."""
    pending: Pending[T] = Pending()
    if ended is not None:
        pending.then(ended)

    def go_on() -> None:
        result: T | Problem
        until = time.monotonic() + SLICE_S
        try:
            next(work)
            while time.monotonic() < until:
                next(work)
        except StopIteration as end:
            result = end.value
        except Exception as err:  # noqa: BLE001  the work's outermost frame: whoever waits is told
            result = problem_for(err)
        else:
            service_thread.post(go_on)
            return
        pending.end(result)

    go_on()
    return pending


def pieces_of(items: Sequence[V], size: int, work: Callable[[Sequence[V]], object]) -> Slices[None]:
    """Call `work` with `size` items at a time; when it raises (a full disk), what was done so far stays."""
    for begin in range(0, len(items), size):
        work(items[begin : begin + size])
        yield
