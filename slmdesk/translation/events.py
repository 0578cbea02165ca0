"""Events of translations."""

from __future__ import annotations

from slmdesk.base.translation import LiveSegment, SegmentRecord
from slmdesk.runtime.events import Event, Problem


class TranslationGrew(Event):
    item: str
    job: str
    done: int
    total: int


class SegmentChanged(Event):
    item: str
    segment: SegmentRecord


class PairUsed(Event):
    model: str
    source: str
    target: str


class LiveTranslated(Event):
    segments: tuple[LiveSegment, ...]
    is_done: bool
    problem: Problem | None = None


class GlossariesChanged(Event): ...


class MemoryChanged(Event): ...
