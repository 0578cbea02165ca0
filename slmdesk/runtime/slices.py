"""Runs long work on the service thread one slice at a time, so that other requests are served in between."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, TypeVar

from slmdesk.base.protocol import Progress
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending

if TYPE_CHECKING:
    from slmdesk.runtime.service_thread import ServiceThread

T = TypeVar("T")
Slices = Generator[Any, Any, T]
"""A generator that yields nothing wherever other work may run, and returns the result.

It may yield a Pending: it is sent its result, or closed where that is a Problem, which then is the end; its progress
is that of the whole.  A Progress that it yields is reported.
"""
SLICE_S = 0.02


def in_slices(service_thread: ServiceThread, work: Slices[T]) -> Pending[T]:
    """Run `work` slice by slice, the first one at once; what it raises is a Problem.  Call on the service thread.

    Cancelled, it ends where it has yielded, with whatever it waits for, and nothing is reported.
    """
    waits_for: Pending[Any] | None = None
    is_cancelled = False

    def cancel() -> None:
        nonlocal is_cancelled
        is_cancelled = True
        work.close()
        if waits_for is not None:
            waits_for.cancel()

    pending: Pending[T] = Pending(cancel)

    def waited_for(step: object) -> Pending[Any] | None:
        if isinstance(step, Progress):
            pending.progress(step)
        return step if isinstance(step, Pending) else None

    def go_on(value: object = None) -> None:
        nonlocal waits_for
        if is_cancelled:
            return
        waits_for = None
        result: T | Problem
        until = time.monotonic() + SLICE_S
        try:
            if isinstance(value, Problem):
                work.close()
                pending.end(value)
                return
            waits_for = waited_for(work.send(value))
            while waits_for is None and time.monotonic() < until:
                waits_for = waited_for(next(work))
        except StopIteration as end:
            result = end.value
        except Exception as err:  # noqa: BLE001  the work's outermost frame: whoever waits is told
            result = problem_for(err)
        else:
            if waits_for is None:
                service_thread.post(go_on)
            else:
                waits_for.listen(pending.progress).then(go_on)
            return
        pending.end(result)

    go_on()
    return pending
