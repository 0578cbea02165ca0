"""Links what a model has written about a document to its passages, and tells what must be known and is not said.

A sentence is marked, never replaced or dropped. Pure functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slmdesk.base.record import Record
from slmdesk.claims.evidence import best
from slmdesk.claims.judge import judge
from slmdesk.claims.values import Value, is_same, quantities_of
from slmdesk.claims.words import share, stems
from slmdesk.tasks.summaries.lines import Line
from slmdesk.tasks.summaries.linking import Point, Source
from slmdesk.tasks.summaries.reckoned import reckoned

SAID = (0.5, 0.15)
"""Least share of a line's words that the sentences must have to say it: of one without a value, and of one with values
that are all said.
"""


class Said(Record):
    """A sentence that a model wrote."""

    text: str
    places: tuple[int, ...] = ()
    """Indexes of the pieces that the model named for it."""


def checked(said: Sequence[Said], source: Source, among: Sequence[int]) -> Iterator[Point]:
    """Yield the sentences in their order with the passages they rest on, and marks for what these do not bear out."""
    texts = [source.text_of([at]) for at in among]
    for sentence in said:
        found = best(sentence.text, texts, source.language).passages
        links = dict.fromkeys([*(among[at] for at in found), *sentence.places])
        known = reckoned(sentence.text, texts, source.language)
        marks = judge(sentence.text, texts, source.language, known=known)
        yield Point(sentence.text, tuple(links), marks)


def unsaid(lines: Sequence[Line], points: Sequence[Point], source: Source) -> list[Line]:
    """Return the lines about what has to be done that no point says."""
    language = source.language
    values = [value for point in points for value in _values(point.text, language)]
    words = frozenset(stem for point in points for stem in stems(point.text, language))
    missing = list[Line]()
    for line in lines:
        is_asked = line.is_action and not (line.is_first or line.is_earlier)
        if is_asked and not _is_said(line, values, words, language):
            missing.append(line)
    return missing


def _is_said(line: Line, values: Sequence[Value], words: frozenset[str], language: str) -> bool:
    """Return whether all values of a line are said, in whatever form, and enough of its words."""
    own = _values(line.text, language)
    if any(not any(is_same(value, said) or is_same(said, value) for said in values) for value in own):
        return False
    return share(stems(line.text, language), words) >= SAID[bool(own)]


def _values(text: str, language: str) -> list[Value]:
    return [value for value in quantities_of(text, language) if value.kind not in ("", "count", "year")]
