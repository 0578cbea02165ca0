"""Long work on the service thread, a slice at a time, so that requests of others are heard between."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TypeVar

from slmdesk.services.base.events import Problem
from slmdesk.services.base.file_thread import OnEnded
from slmdesk.services.base.messages import problem_for
from slmdesk.services.base.service_thread import ServiceThread

T = TypeVar("T")
Slices = Generator[None, None, T]
"""Yields wherever others may come between; returns the result."""
SLICE_S = 0.02
"""Of work before the next request is heard."""


def in_slices(service_thread: ServiceThread, work: Slices[T], ended: OnEnded[T]) -> None:
    """Do `work` bit by bit; `ended` gets its result, or the Problem it met.  Call on the service thread."""

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
        ended(result)

    go_on()
