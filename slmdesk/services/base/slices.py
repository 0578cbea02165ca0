"""Runs long work on the service thread one slice at a time, so that other requests are served in between."""

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
"""A generator that yields wherever other work may run, and returns the result."""
SLICE_S = 0.02
"""How long a slice works before other requests get their turn."""


def in_slices(service_thread: ServiceThread, work: Slices[T], ended: OnEnded[T]) -> None:
    """Run `work` slice by slice; `ended` gets its result, or a Problem.  Call on the service thread."""

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
