"""Whether a term can be kept, and which of many are new.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.translation import Forms, Term
from slmdesk.text.words.folding import fold

MOST_CHARACTERS = 500


def check_term(term: Term) -> Term:
    """A term as it is kept, blanks at its ends gone.  Raises KnownError `glossary.no_source` and its like."""
    source, target = " ".join(term.source.split()), " ".join(term.target.split())
    forbidden = tuple(dict.fromkeys(words for one in term.forbidden if (words := " ".join(one.split()))))
    if not source:
        raise KnownError("glossary.no_source")
    if max(map(len, (source, target, *forbidden))) > MOST_CHARACTERS:
        raise KnownError("glossary.too_long", most=MOST_CHARACTERS)
    if term.keeps and target and target != source:
        raise KnownError("glossary.keeps_and_translates", term=source)
    if not (term.keeps or target or forbidden):
        raise KnownError("glossary.no_translation", term=source)
    return changed(term, source=source, target="" if term.keeps else target, forbidden=forbidden)


def sorted_out(old: Sequence[Term], new: Sequence[Term]) -> tuple[list[Term], int, tuple[str, ...]]:
    """What is new among `new`; how many say what is known already; and terms that get another translation by it."""
    known = {key_of(one) for one in old}
    translations: dict[str, set[tuple[str, bool]]] = {}
    for one in old:
        translations.setdefault(_name_of(one), set()).add((one.target.casefold(), one.keeps))
    kept: list[Term] = []
    contradictions: dict[str, None] = {}
    for one in new:
        if key_of(one) in known:
            continue
        known.add(key_of(one))
        kept.append(one)
        said = translations.setdefault(_name_of(one), set())
        said.add((one.target.casefold(), one.keeps))
        if len(said) > 1:
            contradictions[one.source] = None
    return kept, len(new) - len(kept), tuple(contradictions)


def _name_of(term: Term) -> str:
    return term.source if term.minds_case else fold(term.source)


def key_of(term: Term) -> tuple[object, ...]:
    """Terms that are the same in this say the same."""
    return _name_of(term), term.target.casefold(), term.keeps, tuple(sorted(map(str.casefold, term.forbidden)))


def term_of(untrusted: Any) -> Term | None:
    if not isinstance(untrusted, Mapping):
        return None
    source, target, forbidden = untrusted.get("source"), untrusted.get("target"), untrusted.get("forbidden")
    if not isinstance(source, str) or not isinstance(target, str) or not source.strip():
        return None
    words = tuple(str(one) for one in forbidden) if isinstance(forbidden, list | tuple) else ()
    forms = str(untrusted.get("forms", ""))
    return Term(
        source,
        target,
        words,
        keeps=untrusted.get("keeps") is True,
        minds_case=untrusted.get("minds_case") is True,
        note=str(untrusted.get("note", "")),
        forms=Forms(forms) if forms in set(Forms) else Forms.STEM,
    )
