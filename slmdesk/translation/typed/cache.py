"""Caches the translated segments of typed text by words, languages and manner, until the program ends.  Service
thread.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import TypeAlias

from slmdesk.base.record import Record, changed
from slmdesk.base.translation import Doubt, LiveSegment, Origin, SegmentFlag, SegmentState

KEPT = 5_000
"""Segments remembered in this run, besides those on show."""

Key: TypeAlias = tuple[str, str, str, str, str, str, tuple[str, ...]]
"""Source, its language and the target's, domain, formality, the model's SHA-256, the terms the source holds."""


class CachedSegment(Record):
    """The cached translation of a segment; while it is OPEN, the words so far."""

    target: str
    state: SegmentState
    origin: Origin | None = None
    flags: tuple[SegmentFlag, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    def put_into(self, segment: LiveSegment) -> LiveSegment:
        return changed(
            segment,
            target=self.target,
            state=self.state,
            origin=self.origin,
            flags=self.flags,
            doubts=self.doubts,
        )


class SegmentCache:
    def __init__(self) -> None:
        self._known: OrderedDict[Key, CachedSegment] = OrderedDict()
        self.on_show = 0
        """How many segments the text has: so many are kept besides, or a long text would push itself out."""

    def get(self, key: Key | None) -> CachedSegment | None:
        return None if key is None else self._known.get(key)

    def note(self, key: Key, known: CachedSegment) -> None:
        self._known[key] = known
        self._known.move_to_end(key)
        while len(self._known) > KEPT + self.on_show:
            self._known.popitem(last=False)

    def forget(self, key: Key) -> None:
        self._known.pop(key, None)

    def is_open(self, key: Key) -> bool:
        known = self._known.get(key)
        return known is None or known.state is SegmentState.OPEN

    def drop_begun(self, keys: Iterable[Key]) -> None:
        for key in keys:
            known = self._known.get(key)
            if known is not None and known.state is SegmentState.OPEN:
                del self._known[key]

    def settle(self) -> None:
        """Forget all half sentences."""
        self.drop_begun(list(self._known))
