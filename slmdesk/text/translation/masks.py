"""Replaces terms that are not to be translated by invented names while a model translates, and puts them back.

A model told not to translate some words translates them all the same, or answers with the request: of 24 sentences
with a name of ordinary words ("Blue Door") one of 1.5 billion weights kept it in 20 when asked, and wrote the request
into four; with an invented name in its place in all 24 (docs/decisions.md).  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from slmdesk.base.record import Record
from slmdesk.base.translation import Term
from slmdesk.base.types import TokenProbability
from slmdesk.text.terms.forms import LEAST_STEM
from slmdesk.text.terms.matching import find_terms
from slmdesk.text.translation.untranslated import NOT_LATIN
from slmdesk.text.words.folding import fold

NAMES = ("Zorvex", "Quelmar", "Brintas", "Dovrek", "Tamlor", "Veskin", "Mordal", "Pelzor")
"""They mean nothing in any language that is translated, and read like names in those written with Latin letters."""
_LAST_WORD = re.compile(r"[^\W\d_]+$")


class Masked(Record):
    text: str
    terms: dict[str, str]
    """The term behind each invented name."""


def masked(text: str, terms: Sequence[Term], source: str, target: str) -> Masked:
    """Replace the terms that are not to be translated; `source`, `target`: codes of the languages.

    None for a language that would write an invented name in letters of its own; of more than eight terms the rest stays
    as it is, and what is only part of a longer word.
    """
    kept = [one for one in terms if one.keeps]
    if not kept or target in NOT_LATIN:
        return Masked(text, {})
    free = [one for one in NAMES if one.casefold() not in text.casefold()]
    names: dict[str, str] = {}
    parts, end = list[str](), 0
    for found in find_terms(text, kept, source):
        if not fold(text[found.start : found.end]).startswith(fold(found.term.source)[:LEAST_STEM]):
            continue
        if found.term.source not in names and len(names) < len(free):
            names[found.term.source] = free[len(names)]
        if name := names.get(found.term.source):
            parts += text[end : found.start], name
            end = found.end
    return Masked("".join((*parts, text[end:])), {name: term for term, name in names.items()})


def unmasked(
    answer: str, terms: dict[str, str], probabilities: Sequence[TokenProbability] = ()
) -> tuple[str, tuple[TokenProbability, ...]]:
    """Put the terms back; the probabilities move with their words, those of invented names go.

    `terms`: see Masked.  An ending of up to three letters that was added to a name goes too ("Zorvexu").
    """
    if not terms:
        return answer, tuple(probabilities)
    pattern = re.compile(rf"\b({'|'.join(terms)})(?:[^\W\d_]{{1,3}}\b)?", re.IGNORECASE)
    by_name = {name.casefold(): term for name, term in terms.items()}
    parts, end, moved = list[str](), 0, list[TokenProbability]()
    rest, shift = [*probabilities], 0
    for found in pattern.finditer(answer):
        term = by_name[found[1].casefold()]
        parts += answer[end : found.start()], term
        end = found.end()
        moved += [(a + shift, b + shift, p) for a, b, p in rest if b <= found.start()]
        rest = [one for one in rest if one[0] >= end]
        shift += len(term) - len(found[0])
    moved += [(a + shift, b + shift, p) for a, b, p in rest]
    return "".join((*parts, answer[end:])), tuple(moved)


def unmasked_so_far(answer: str, terms: dict[str, str]) -> str:
    """The beginning of an answer with the terms put back, without the beginning of an invented name at its end."""
    last = _LAST_WORD.search(answer)
    if last and any(name.casefold().startswith(last[0].casefold()) for name in terms):
        answer = answer[: last.start()]
    return unmasked(answer, terms)[0]
