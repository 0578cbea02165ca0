"""Events of translations."""

from __future__ import annotations

from dataclasses import dataclass

from slmdesk.core.translation import LiveSegment, SegmentRecord
from slmdesk.services.base.events import Event, Problem


@dataclass(frozen=True, slots=True)
class TranslationGrew(Event):
    """Progress of a translation: the number of finished segments, and of all."""

    item: str
    job: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class SegmentChanged(Event):
    """A segment of a translation has changed."""

    item: str
    segment: SegmentRecord


@dataclass(frozen=True, slots=True)
class PairUsed(Event):
    """A model has translated from one language into another."""

    model: str
    source: str
    """Code; empty: of several languages, or not known."""
    target: str


@dataclass(frozen=True, slots=True)
class LiveTranslated(Event):
    """The typed text, as far as it is translated."""

    segments: tuple[LiveSegment, ...]
    is_done: bool
    """Nothing is being written any more."""
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class GlossariesChanged(Event):
    """A glossary or a term was added, changed or removed."""


@dataclass(frozen=True, slots=True)
class MemoryChanged(Event):
    """The pairs of the translation memory have changed."""
