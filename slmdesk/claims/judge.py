"""Marks what a statement says that its sources do not. The only judge of what models say. Pure functions.

A mark replaces nothing and refuses nothing: it says which part a person should compare with the passage.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from slmdesk.claims.exchanged import exchanged
from slmdesk.claims.types import NAME, WORDS, Mark
from slmdesk.claims.values import Value, instead, is_among, packed, values_of
from slmdesk.claims.words import share, stems
from slmdesk.text.checks.names import beginnings, foreign_names
from slmdesk.text.checks.words import tongue

LEAST_SHARE = 0.2
"""Least share of a statement's words that its best passage must have."""
LEAST_WORDS = 2
"""Fewest words of a statement of which a share tells anything."""
_ARTICLE = re.compile(r"\b(?:der|die|das|den|dem|des|eine?[mnrs]?) $", re.IGNORECASE)
"""Matches a German article. What follows is mostly a document or a thing: "dem Master Services Agreement"."""
_LONGEST = 7
"""Characters before a name that are searched for an article."""


def judge(statement: str, sources: Sequence[str], language: str = "", *, known: Sequence[str] = ()) -> tuple[Mark, ...]:
    """Return marks for the parts of a statement that its sources do not bear out, in order.

    `sources`: the passages it may rest on. `language`: ISO 639-1 code of the statement. `known`: values reckoned from
    the sources, in words, such as a sum or a day. Any thread.
    """
    if not sources:
        return ()
    text = "\n".join(sources)
    there = tongue(text)
    language = language or tongue(statement, likely=there)
    is_foreign = bool(there and language and there != language)
    marks = missing(statement, [*sources, *known], language)
    marks += tuple(
        mark for mark in _exchanged(statement, sources, language, is_foreign) if not _is_in(mark.start, mark.end, marks)
    )
    wanted = stems(statement, language)
    if not marks and not is_foreign and len(wanted) >= LEAST_WORDS and is_unsupported(wanted, sources, language):
        marks = (Mark(WORDS, statement, 0, len(statement)),)
    return tuple(sorted(marks, key=lambda mark: mark.start))


def missing(statement: str, sources: Sequence[str], language: str = "") -> tuple[Mark, ...]:
    """Return marks for numbers, amounts, dates, names and codes that stand in none of the sources."""
    text = "\n".join(sources)
    there = tongue(text)
    language = tongue(statement, language, likely=there)
    said, known = values_of(statement, language), [value for text in sources for value in values_of(text, there)]
    words, letters = _read(text)
    marks = [_mark(value, known) for value in said if not (value.is_soft or _stands(value, known, letters))]
    for start, end in foreign_names(statement, words, language):
        is_thing = language == "de" and _ARTICLE.search(statement, max(0, start - _LONGEST), start)
        if not (is_thing or _is_in(start, end, said)):
            marks.append(Mark(NAME, statement[start:end], start, end))
    return tuple(sorted(marks, key=lambda mark: mark.start))


def _stands(value: Value, known: Sequence[Value], letters: str) -> bool:
    return is_among(value, known) or (value.is_code and value.packed in letters)


def _mark(value: Value, known: Sequence[Value]) -> Mark:
    other = instead(value, known)
    is_unit = value.label in ("number", "period") and other.unit != value.unit and value.figures & other.figures
    return Mark("unit" if is_unit else value.label, value.text, value.start, value.end, other.text)


@lru_cache(maxsize=64)
def _read(text: str) -> tuple[frozenset[str], str]:
    """Return the words of a text, and its letters and digits."""
    return beginnings(text), packed(text)


def _exchanged(statement: str, sources: Sequence[str], language: str, is_foreign: bool) -> tuple[Mark, ...]:
    """The words around a value can be compared in one language only."""
    return () if is_foreign else exchanged(statement, sources, language)


def _is_in(start: int, end: int, others: Sequence[Mark | Value]) -> bool:
    return any(other.start < end and start < other.end for other in others)


def is_unsupported(wanted: Collection[str], sources: Sequence[str], language: str) -> bool:
    """Return whether no source has the least share of a statement's stems."""
    return max(share(wanted, stems(source, language)) for source in sources) < LEAST_SHARE
