"""Long lists worked off on the service thread in pieces, between which everybody else has a turn."""

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
    """`work` on `size` of them at a time, each piece as a turn of its own on the service thread; then `ended`.

    A piece that meets a KnownError (a full disk) is the last: `ended` hears the problem, and what was worked off stays.
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
