"""Caches the translated segments of typed text by words, languages and manner, until the program ends.  Service
thread.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from slmdesk.core.translation import Doubt, LiveSegment, Origin, SegmentFlag, SegmentState, is_better

KEPT = 5_000
"""Segments remembered in this run, besides those on show."""

Key: TypeAlias = tuple[str, str, str, str, str, str, tuple[str, ...]]
"""Source, its language and the target's, domain, formality, the model's SHA-256, the terms the source holds."""


@dataclass(frozen=True, slots=True)
class CachedSegment:
    """The cached translation of a segment; while it is OPEN, the words so far."""

    target: str
    state: SegmentState
    origin: Origin | None = None
    flags: tuple[SegmentFlag, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    first: CachedSegment | None = None
    """The first try, while a second one is asked for: its words are shown until a better one is whole."""

    def or_second(self, tried: CachedSegment | None) -> CachedSegment:
        """The better of this first try and the second: that one only where it has fewer or lesser faults."""
        if tried is not None and is_better(tried.target, tried.flags, self.flags):
            return tried
        return self

    def asked_again(self) -> CachedSegment:
        """As it is shown while another try is asked for."""
        return replace(self, state=SegmentState.OPEN, first=self)

    def put_into(self, segment: LiveSegment) -> LiveSegment:
        """The segment with what is known of it."""
        return replace(
            segment,
            target=self.target,
            state=self.state,
            origin=self.origin,
            flags=self.flags,
            doubts=self.doubts,
        )


class SegmentCache:
    """The cache of the most recently requested segments."""

    def __init__(self) -> None:
        self._known: OrderedDict[Key, CachedSegment] = OrderedDict()
        self.on_show = 0
        """How many segments the text has: so many are kept besides, or a long text would push itself out."""

    def get(self, key: Key | None) -> CachedSegment | None:
        """What is known of a segment; None for one that stays as it is, too."""
        return None if key is None else self._known.get(key)

    def note(self, key: Key, known: CachedSegment) -> None:
        """Keep what is known now; what was not touched for longest may go."""
        self._known[key] = known
        self._known.move_to_end(key)
        while len(self._known) > KEPT + self.on_show:
            self._known.popitem(last=False)

    def forget(self, key: Key) -> None:
        """Nothing is known any more."""
        self._known.pop(key, None)

    def is_open(self, key: Key) -> bool:
        """Whether the segment is still to be asked for, or asked for again."""
        known = self._known.get(key)
        return known is None or known.state is SegmentState.OPEN

    def drop_begun(self, keys: Iterable[Key]) -> None:
        """Forget half sentences: nobody writes on.  A whole first try waits for its second one still."""
        for key in keys:
            known = self._known.get(key)
            if known is not None and known.state is SegmentState.OPEN and known.first is None:
                del self._known[key]

    def settle(self) -> None:
        """No more tries, of any segment: the first ones count, half sentences are forgotten."""
        self.drop_begun(list(self._known))
        for key, known in self._known.items():
            if known.first is not None:
                self._known[key] = known.first
