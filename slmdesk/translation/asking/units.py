"""Cuts the units of a document, or the paragraphs of a text, into segments for translation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slmdesk.base.languages import LANGUAGES
from slmdesk.base.translation import NewSegment, SegmentState, Term
from slmdesk.text.terms.matching import find_terms
from slmdesk.text.translation.addresses import is_address, is_firm
from slmdesk.text.translation.placeholders import is_code, is_only_protected
from slmdesk.text.translation.segments import segment_of, segments_of
from slmdesk.text.translation.subtitles import KIND
from slmdesk.text.translation.tagged import Tags, plain
from slmdesk.text.words.language import detect

LEAST_WORDS = 4
"""Of a unit whose language is told; shorter ones are in the language of the unit before."""
_LINE = re.compile(r"[^\n]*\n*")


@dataclass(slots=True, eq=False)
class CutState:
    source: str
    target: str
    terms: Sequence[Term]
    language: str = ""
    sure: float = 0.0
    """How sure the language of the last unit was told, 0..1; 0: it was not told by its own words."""
    units: int = 0


def units_of_text(text: str) -> list[dict[str, Any]]:
    """Return the lines of a text as units, with their line ends: joined they are the text."""
    return [
        {"unit": {"text": one, "paired": [], "lone": [], "kind": "paragraph", "place": f"line {number}"}}
        for number, one in enumerate((found[0] for found in _LINE.finditer(text) if found[0]), start=1)
    ]


def segments_from(unit: Mapping[str, Any], taken: CutState) -> list[NewSegment]:
    """Return the segments of a unit; one that needs no translation says why (`nothing`, `kept`, `already`)."""
    tags = Tags(tuple(unit["paired"]), tuple(unit["lone"]))
    text = str(unit["text"])
    reported, taken.sure = unit.get("language"), 0.0
    language = taken.source or (reported if isinstance(reported, str) else _reported(plain(text, tags), taken))
    is_there = not taken.source and language == taken.target
    index, taken.units = taken.units, taken.units + 1
    found = []
    is_cue = unit.get("kind") == KIND  # it is shown as a whole, and read in its time
    for one in (segment_of(text, tags),) if is_cue else segments_of(text, tags, language):
        reason = why_left(one.text, one.tags, taken.terms) or ("already" if is_there else "")
        found.append(
            NewSegment(
                index,
                one.text,
                place=str(unit.get("place", "")),
                kind=str(unit.get("kind", "paragraph")),
                lead=one.lead,
                trail=one.trail,
                paired=one.tags.paired,
                lone=one.tags.lone,
                language=language,
                state=SegmentState.LEFT if reason else SegmentState.OPEN,
                reason=reason,
            )
        )
    return found


def why_left(source: str, tags: Tags, terms: Sequence[Term]) -> str:
    """Return why a segment needs no translation.

    `nothing` (no words, or code), `kept` (an address, a firm, or only terms that are not translated), "" when it needs
    one.
    """
    words = plain(source, tags)
    if is_only_protected(words):
        return "nothing"
    found = list(find_terms(words, terms))
    if is_code(words) and not found:
        return "nothing"
    if not found and (is_address(words) or is_firm(words)):
        return "kept"
    kept = [one for one in found if one.term.keeps]
    for one in reversed(kept):
        words = words[: one.start] + " " + words[one.end :]
    return "kept" if kept and is_only_protected(words) else ""


def _reported(words: str, taken: CutState) -> str:
    """Return the language of a unit; a short one has that of the unit before."""
    if len(words.split()) >= LEAST_WORDS or not words.isascii():
        found, sure = detect(words, OFFERED)
        if found:
            taken.language, taken.sure = found, sure
    return taken.language


OFFERED = tuple(sorted(set(LANGUAGES) - {"sr"}))
"""Languages told apart; Serbian is taken for Croatian or Bulgarian by turns."""
LOOKED_AT = 20_000
"""Characters of a text by which its language is told."""


ALL = 0.9
"""Of the characters whose language is told, for a text to be in one language and no other."""


def language_of_text(text: str) -> str:
    sizes = _sizes(text)
    return max(sizes, key=lambda one: sizes[one]) if sizes else ""


def only_language_of_text(text: str) -> str:
    """Return the code of the one language of (nearly) all of a text; '' where it has several or is unknown."""
    sizes = _sizes(text)
    best = max(sizes, key=lambda one: sizes[one]) if sizes else ""
    return best if best and sizes[best] >= ALL * sum(sizes.values()) else ""


def language_of_units(found: Sequence[Mapping[str, Any]]) -> str:
    """Return the code of the language of most of a document; used for short units at its beginning, such as
    "Dear Sir".
    """
    return language_of_text(beginning_of(found))


def beginning_of(found: Sequence[Mapping[str, Any]]) -> str:
    texts, size = list[str](), 0
    for one in found:
        if "unit" in one and size < LOOKED_AT:
            unit = one["unit"]
            texts.append(" ".join(plain(str(unit["text"]), Tags(tuple(unit["paired"]), tuple(unit["lone"]))).split()))
            size += len(texts[-1])
    return "\n".join(texts)


def _sizes(text: str) -> dict[str, int]:
    taken, sizes = CutState("", "", ()), dict[str, int]()
    for line in text[:LOOKED_AT].splitlines():
        if line.strip() and (language := _reported(line, taken)):
            sizes[language] = sizes.get(language, 0) + len(line)
    return sizes
