"""Splits a text with tags into segments for translation: sentences that never contain only one tag of a pair."""

from __future__ import annotations

import itertools

from slmdesk.base.record import Record
from slmdesk.text.translation.tagged import Side, Tag, Tags, pieces, stripped, tags_in
from slmdesk.text.words.sentences import sentence_spans


class Segment(Record):
    """A stretch of a text; `lead` + `text` + `trail` of all segments, joined, are the text."""

    text: str
    tags: Tags
    lead: str = ""
    trail: str = ""

    def whole(self, translation: str) -> str:
        return self.lead + translation + self.trail


def segments_of(text: str, tags: Tags, language: str = "") -> list[Segment]:
    """The sentences of a text, in order; one with only one tag of a pair is joined with the next.

    A pair around a whole sentence is set aside, like the blanks: the bare sentence is easier to translate and to find
    in the memory.
    """
    parts = pieces(text, tags)
    words, places = _words_and_places(parts)
    cuts = [places[start] for start, _ in sentence_spans(words, language)][1:]
    inside = _inside_pairs(parts)
    cuts = [cut for cut in cuts if not any(start < cut < end for start, end in inside)]
    bounds = [0, *sorted(set(cuts)), len(text)]
    found: list[Segment] = []
    for start, end in itertools.pairwise(bounds):
        found.append(segment_of(text[start:end], tags))
    return _joined(found)


def _words_and_places(parts: list[str | Tag]) -> tuple[str, list[int]]:
    words: list[str] = []
    places: list[int] = []
    at = 0
    pending: int | None = None
    for one in parts:
        if isinstance(one, Tag):
            if one.side is Side.OPEN and pending is None:
                pending = at
            at += len(str(one))
            continue
        for letter in one:
            places.append(pending if pending is not None and not letter.isspace() else at)
            if not letter.isspace():
                pending = None
            words.append(letter)
            at += 1
    return "".join(words), places


def _inside_pairs(parts: list[str | Tag]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    opened: dict[int, int] = {}
    at = 0
    for one in parts:
        length = len(str(one))
        if isinstance(one, Tag) and one.side is Side.OPEN:
            opened[one.number] = at
        elif isinstance(one, Tag) and one.side is Side.CLOSE and one.number in opened:
            found.append((opened.pop(one.number), at + length))
        at += length
    return found


def segment_of(text: str, tags: Tags) -> Segment:
    lead, middle, trail = stripped(text, tags)
    while (inner := _unwrapped(middle, tags)) is not None:
        opening, middle, closing = inner
        before, middle, after = stripped(middle, tags)
        lead, trail = lead + opening + before, after + closing + trail
    return Segment(middle, tags_in(middle, tags), lead, trail)


def _unwrapped(text: str, tags: Tags) -> tuple[str, str, str] | None:
    """A pair around all of a text: (its opening, what is inside, its closing)."""
    parts = pieces(text, tags)
    if len(parts) < 3 or not isinstance(parts[0], Tag) or parts[0].side is not Side.OPEN:
        return None
    if parts[-1] != Tag(Side.CLOSE, parts[0].number):
        return None
    opening, closing = str(parts[0]), str(parts[-1])
    return opening, text[len(opening) : len(text) - len(closing)], closing


def _joined(found: list[Segment]) -> list[Segment]:
    result: list[Segment] = []
    for one in found:
        if result and not one.text:
            last = result[-1]
            result[-1] = Segment(last.text, last.tags, last.lead, last.trail + one.lead + one.trail)
        else:
            result.append(one)
    return result
