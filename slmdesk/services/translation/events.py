"""Events of translation."""

from __future__ import annotations

from dataclasses import dataclass

from slmdesk.core.translation import LiveSegment, SegmentRecord
from slmdesk.services.base.events import Event, Problem


@dataclass(frozen=True, slots=True)
class TranslationGrew(Event):
    """More of a translation is done: how many segments have their end, of how many."""

    item: str
    job: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class SegmentChanged(Event):
    """A segment of a translation is another now."""

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
    """The text in the pane of the translator, as far as it is translated."""

    segments: tuple[LiveSegment, ...]
    is_done: bool
    """Nothing is being written any more."""
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class GlossariesChanged(Event):
    """A glossary or a term is new, another, or gone."""


@dataclass(frozen=True, slots=True)
class MemoryChanged(Event):
    """The translation memory has other pairs."""
