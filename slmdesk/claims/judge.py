"""Marks what a statement says that its sources do not. Pure functions.

The only judge of what models say. A mark replaces nothing and refuses nothing: it says
which part a person should compare with the passage.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from slmdesk.base.text.words import tongue
from slmdesk.claims.exchanged import exchanged
from slmdesk.claims.finders.names import beginnings, foreign_names
from slmdesk.claims.types import NAME, WORDS, Mark
from slmdesk.claims.values import Value, closest, is_among, packed, values_of
from slmdesk.claims.words import share, stems

LEAST_SHARE = 0.2
"""Least share of a statement's words that its best passage must have."""
LEAST_WORDS = 2
"""Fewest words of a statement of which a share tells anything."""
_ARTICLE = re.compile(r"\b(?:der|die|das|den|dem|des|eine?[mnrs]?) $", re.IGNORECASE)
"""Matches a German article.

What follows is mostly a document or a thing: "dem Master Services Agreement".
"""
_LONGEST_ARTICLE = 7
"""Characters before a name that are searched for an article."""


def judge(
    statement: str,
    sources: Sequence[str],
    language: str = "",
    *,
    known: Sequence[str] = (),
) -> tuple[Mark, ...]:
    """Return marks for the parts of a statement that its sources do not bear out.

    In their order. `sources`: the passages it may rest on. `language`: ISO 639-1 code
    of the statement. `known`: values reckoned from the sources, in words, such as a sum
    or a day. Any thread.
    """
    if not sources:
        return ()
    source_language = tongue("\n".join(sources))
    language = language or tongue(statement, likely=source_language)
    marks = missing(statement, [*sources, *known], language)
    if source_language and language and language != source_language:
        return marks  # words can be compared in one language only

    elsewhere = [
        mark
        for mark in exchanged(statement, sources, language)
        if not _overlaps(mark.start, mark.end, marks)
    ]
    if marks or elsewhere:
        return tuple(sorted([*marks, *elsewhere], key=lambda mark: mark.start))
    wanted = stems(statement, language)
    if len(wanted) >= LEAST_WORDS and is_unsupported(wanted, sources, language):
        return (Mark(WORDS, statement, 0, len(statement)),)
    return ()


def missing(
    statement: str, sources: Sequence[str], language: str = ""
) -> tuple[Mark, ...]:
    """Return marks for what is in none of the sources.

    Numbers, amounts, dates, names and codes.
    """
    text = "\n".join(sources)
    source_language = tongue(text)
    language = tongue(statement, language, likely=source_language)
    words, letters = _words_and_letters(text)
    values = values_of(statement, language)
    known = list[Value]()
    for source in sources:
        known += values_of(source, source_language)
    marks = [
        _mark(value, known)
        for value in values
        if not _is_supported(value, known, letters)
    ]
    for start, end in foreign_names(statement, words, language):
        before = max(0, start - _LONGEST_ARTICLE)
        is_thing = language == "de" and _ARTICLE.search(statement, before, start)
        if not (is_thing or _overlaps(start, end, values)):
            marks.append(Mark(NAME, statement[start:end], start, end))
    return tuple(sorted(marks, key=lambda mark: mark.start))


def _is_supported(value: Value, known: Sequence[Value], letters: str) -> bool:
    if value.is_soft or is_among(value, known):
        return True
    # blanks may part a code: DE89 3704 …
    return value.is_code and value.packed in letters


def _mark(value: Value, known: Sequence[Value]) -> Mark:
    evidence = closest(value, known)
    kind = value.label
    has_same_figure = value.figures & evidence.figures
    if kind in ("number", "period") and evidence.unit != value.unit and has_same_figure:
        kind = "unit"
    return Mark(kind, value.text, value.start, value.end, evidence.text)


@lru_cache(maxsize=64)
def _words_and_letters(text: str) -> tuple[frozenset[str], str]:
    """Return the words of a text, and its letters and digits."""
    return beginnings(text), packed(text)


def _overlaps(start: int, end: int, spans: Sequence[Mark | Value]) -> bool:
    return any(span.start < end and start < span.end for span in spans)


def is_unsupported(
    wanted: Collection[str], sources: Sequence[str], language: str
) -> bool:
    """Return whether no source has the least share of a statement's stems."""
    shares = (share(wanted, stems(source, language)) for source in sources)
    return max(shares) < LEAST_SHARE
