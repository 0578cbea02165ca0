"""Events of translations."""

from __future__ import annotations

from slmdesk.core.translation import LiveSegment, SegmentRecord
from slmdesk.services.base.events import Event, Problem


class TranslationGrew(Event):
    """Progress of a translation: the number of finished segments, and of all."""

    item: str
    job: str
    done: int
    total: int


class SegmentChanged(Event):
    """A segment of a translation has changed."""

    item: str
    segment: SegmentRecord


class PairUsed(Event):
    """A model has translated from one language into another."""

    model: str
    source: str
    """Code; empty: of several languages, or not known."""
    target: str


class LiveTranslated(Event):
    """The typed text, as far as it is translated."""

    segments: tuple[LiveSegment, ...]
    is_done: bool
    """Nothing is being written any more."""
    problem: Problem | None = None


class GlossariesChanged(Event):
    """A glossary or a term was added, changed or removed."""


class MemoryChanged(Event):
    """The pairs of the translation memory have changed."""
