"""Processes long lists on the service thread in pieces, so that other work can run in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from slmdesk.core.errors import KnownError
from slmdesk.services.base.events import Problem
from slmdesk.services.base.messages import problem_for
from slmdesk.services.base.service_thread import ServiceThread

T = TypeVar("T")


def in_pieces(
    service_thread: ServiceThread,
    all_of: Sequence[T],
    size: int,
    work: Callable[[Sequence[T]], object],
    ended: Callable[[Problem | None], object],
) -> None:
    """Call `work` with `size` items at a time, each in its own turn on the service thread; then call `ended`.

    A KnownError (a full disk) stops the processing: `ended` gets the Problem, and the pieces done so far stay.
    """

    def go_on(begin: int) -> None:
        if begin >= len(all_of):
            ended(None)
            return
        try:
            work(all_of[begin : begin + size])
        except KnownError as err:
            ended(problem_for(err))
            return
        service_thread.post(lambda: go_on(begin + size))

    go_on(0)
