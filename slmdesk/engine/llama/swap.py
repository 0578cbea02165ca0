"""Sequences whose cells were taken out of the pool as a copy, to come back when their conversation goes on.

Attention looks through all cells up to the last used one, and for a single answer they are divided among the threads by
their place: 2,000 cells of another conversation in front of one's own leave all the work to one thread.  So what other
conversations left is copied out (some milliseconds a thousand tokens) and put back when it is asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from slmdesk.base.prefix import common_prefix
from slmdesk.base.record import Record
from slmdesk.engine.llama.adapters import Adapter
from slmdesk.engine.llama.memory import free_memory

MOST_BYTES = 256 << 20
"""Of all copies of a model."""
_SHARE_OF_FREE = 4
"""A copy takes at most one part in so many of the memory that is free."""


class SwappedSequence(Record):
    tokens: list[int]
    adapter: Adapter
    data: bytes | memoryview


class SwapSpace:
    """The copies of one loaded model, the newest at the end.  Engine thread only."""

    def __init__(self, most_bytes: int = MOST_BYTES, available: Callable[[], int] | None = None) -> None:
        self._most = most_bytes
        self._available = available or (lambda: free_memory().available)
        self._held: list[SwappedSequence] = []

    @property
    def held(self) -> Sequence[SwappedSequence]:
        return tuple(self._held)

    def make_space(self, size: int) -> bool:
        """Drop the oldest copies until one of `size` bytes has space.  False, without dropping any, where none has."""
        if size > self._most or size > self._available() // _SHARE_OF_FREE:
            return False
        while sum(len(one.data) for one in self._held) + size > self._most:
            self._held.pop(0)
        return True

    def add(self, new: SwappedSequence) -> None:
        """Hold a copy in place of those that it covers."""
        self._held = [old for old in self._held if not _covers(new, old)]
        self._held.append(new)

    def best(self, tokens: Sequence[int], adapter: Adapter) -> tuple[SwappedSequence | None, int]:
        best, longest = None, 0
        for one in self._held:
            length = common_prefix(one.tokens, tokens, len(tokens)) if one.adapter == adapter else 0
            if length > longest:
                best, longest = one, length
        return best, longest

    def take(self, one: SwappedSequence) -> None:
        self._held.remove(one)


def _covers(new: SwappedSequence, old: SwappedSequence) -> bool:
    size = len(old.tokens)
    return old.adapter == new.adapter and common_prefix(old.tokens, new.tokens, size) == size
