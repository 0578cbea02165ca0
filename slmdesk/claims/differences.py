"""Finds what differs between two sentences that belong together: two versions, or a text and its translation.

Values (numbers with unit and currency, dates, times, codes), negations, and who must for who may. Pure functions.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence, Set
from functools import cache
from importlib import resources

from slmdesk.base.record import Record
from slmdesk.claims.values import NOTHING, Value, is_among, values_of
from slmdesk.text.checks.negation import denials, is_denial_implied
from slmdesk.text.checks.numbers import currencies_in
from slmdesk.text.folding import fold

Span = tuple[int, int]

NEGATION, DUTY, CONDITION = "negation", "duty", "condition"
_BESIDE = 2
"""Letters beside a changed stretch in which a value counts as changed: a minus before it, a unit behind it."""
_NAMED = frozenset(("de", "en", "es", "fr", "it", "nl", "pl", "pt"))
"""Languages in which the names of currencies are known."""
_Money = Set[str] | None
"""The currencies of a text, one of which may be meant. None if the names in its language are not known."""


class Difference(Record):
    """What differs, in the words of both sentences. A sentence without it has "" and an empty span."""

    kind: str
    """One of amount, percent, period, number, date, negation, duty, condition."""
    old: str
    new: str
    old_span: Span = (0, 0)
    new_span: Span = (0, 0)


def differences(
    sentence: str, counterpart: str, languages: tuple[str, str], *, changed: Sequence[tuple[Span, Span]] = ()
) -> tuple[Difference, ...]:
    """Return what differs between two sentences, each difference once.

    `languages` are the ISO 639-1 codes of both. `changed`: the stretches of both that are not the same, if they are
    known, as of two versions. Only these are compared then. Any thread. Takes less than a millisecond.
    """
    mine, theirs = values_of(sentence, languages[0]), values_of(counterpart, languages[1])
    money = _currencies(sentence, languages[0]), _currencies(counterpart, languages[1])
    found: list[Difference] = []
    if not changed:
        found += _values(mine, theirs, *money)
        found += _negation(sentence, counterpart, languages)
        found += _modality(sentence, counterpart, languages)
        return tuple(dict.fromkeys(found))
    rest: list[tuple[Span, Span]] = []
    for old, new in changed:
        clauses = [*_clause(sentence, counterpart, languages, old, new)]
        found += clauses
        if not clauses:
            found += _values(_touched(mine, old), _touched(theirs, new), *money)
            rest.append((old, new))
    found += _turned(sentence, counterpart, languages, rest)
    return tuple(dict.fromkeys(found))


# Values


def _touched(values: Iterable[Value], span: Span) -> list[Value]:
    start, end = span[0] - _BESIDE, span[1] + _BESIDE
    return [value for value in values if value.start < end and value.end > start]


def _values(mine: Sequence[Value], theirs: Sequence[Value], here: _Money, there: _Money) -> Iterator[Difference]:
    """Yield the values without a counterpart. Two of one kind are taken for one that changed."""
    come = _only(theirs, mine, there, here)
    pairs = list[tuple[Value, Value]]()
    for value in _only(mine, theirs, here, there):
        alike = [other for other in come if other.label == value.label or not (other.is_soft or value.is_soft)]
        other = min(alike, key=lambda other: other.label != value.label, default=NOTHING)
        come = [rest for rest in come if rest is not other]
        pairs.append((value, other))
    for value, other in (*pairs, *((NOTHING, other) for other in come)):
        if not (value.is_soft and other.is_soft):
            kind = other.label if value.label == "number" else value.label
            yield Difference(kind, value.text, other.text, (value.start, value.end), (other.start, other.end))


def _only(values: Sequence[Value], others: Sequence[Value], here: _Money, there: _Money) -> list[Value]:
    """Return the values that are not among others. An amount's currency must be in the other text, though not at each
    number: "20 to 30 euros".
    """
    known = [other for other in others if _may_be(other, here)]
    return [value for value in values if not (_may_be(value, there) and is_among(value, known))]


def _may_be(value: Value, currencies: _Money) -> bool:
    return value.label != "amount" or currencies is None or value.unit[0] in currencies


def _currencies(text: str, language: str) -> _Money:
    return currencies_in(text) if language in _NAMED else None


# Negation, and may or must


def _negation(sentence: str, counterpart: str, languages: tuple[str, str]) -> Iterator[Difference]:
    """Yield the negation that only one of two sentences has, unless a word of the other implies it ("refuse")."""
    before, after = denials(sentence, languages[0]), denials(counterpart, languages[1])
    if before is None or after is None or bool(before) is bool(after):
        return
    if not is_denial_implied(counterpart if before else sentence):
        yield Difference(NEGATION, before[0] if before else "", after[0] if after else "")


def _turned(
    sentence: str, counterpart: str, languages: tuple[str, str], stretches: Sequence[tuple[Span, Span]]
) -> Iterator[Difference]:
    """Yield the first changed stretch with a negation, if only one version has any: "ne" and "pas" may be two."""
    before = denials(" … ".join(sentence[slice(*old)] for old, _ in stretches), languages[0])
    after = denials(" … ".join(counterpart[slice(*new)] for _, new in stretches), languages[1])
    if before is None or after is None or bool(before) is bool(after):
        return
    for old, new in stretches:
        if denials(sentence[slice(*old)], languages[0]) or denials(counterpart[slice(*new)], languages[1]):
            yield Difference(NEGATION, _in_context(sentence, old), _in_context(counterpart, new), old, new)
            return


def _in_context(text: str, span: Span) -> str:
    """Return the words of a span; of one word, with the word before it: "shall not" says more than "not"."""
    start, end = span
    if " " not in text[start:end].strip():
        start = text.rfind(" ", 0, max(0, start - 1)) + 1
    return text[start:end].strip()


def _modality(sentence: str, counterpart: str, languages: tuple[str, str]) -> Iterator[Difference]:
    """Yield who must for who may, and the reverse. With a negation "must not" is "may not" in other languages."""
    if denials(sentence, languages[0]) or denials(counterpart, languages[1]):
        return
    for kinds, others in ((_LAYING, _ALLOWING), (_ALLOWING, _LAYING)):
        said, instead = cues(sentence, kinds, languages[0]), cues(counterpart, others, languages[1])
        if not said or not instead:
            continue
        if not cues(sentence, others, languages[0]) and not cues(counterpart, kinds, languages[1]):
            yield Difference(DUTY, said[0], instead[0])


def _clause(sentence: str, counterpart: str, languages: tuple[str, str], old: Span, new: Span) -> Iterator[Difference]:
    """Yield the condition or the duty that only one of two changed stretches has."""
    before, after = sentence[slice(*old)].strip(" ,;."), counterpart[slice(*new)].strip(" ,;.")
    limits = cues(before, (CONDITION,), languages[0]), cues(after, (CONDITION,), languages[1])
    if bool(limits[0]) is not bool(limits[1]):
        yield Difference(CONDITION, before if limits[0] else "", after if limits[1] else "", old, new)
        return
    if denials(before, languages[0]) or denials(after, languages[1]):
        return
    must = cues(before, _LAYING, languages[0]), cues(after, _LAYING, languages[1])
    if bool(must[0]) is bool(must[1]):
        return
    instead = after if must[0] else before
    if not instead or cues(instead, _ALLOWING, languages[1 if must[0] else 0]):  # not "pays" for "shall pay"
        yield Difference(DUTY, before, after, old, new)


MUST, BOUND, MAY = "must", "bound", "may"
_LAYING, _ALLOWING = (MUST, BOUND), (MAY,)


def is_duty(sentence: str, language: str) -> bool:
    """Return whether a sentence lays a duty upon somebody, or forbids something."""
    if denials(sentence, language):
        return bool(cues(sentence, (MUST, MAY), language))
    return bool(cues(sentence, _LAYING, language))


def cues(text: str, kinds: Sequence[str], language: str) -> list[str]:
    """Return the words by which a text lays a duty (MUST, BOUND), allows (MAY) or limits (CONDITION), folded."""
    flat = fold(text).replace("’", "'")
    return [word for kind in kinds if (pattern := _cues(kind, language)) for word in pattern.findall(flat)]


@cache
def _cues(kind: str, language: str) -> re.Pattern[str] | None:
    words = _tables()[kind].get(language, "")
    return re.compile(rf"(?<![\w'])(?:{words})(?!\w)") if words else None


@cache
def _tables() -> dict[str, dict[str, str]]:
    return tomllib.loads(resources.files("slmdesk.claims").joinpath("differences.toml").read_text("utf-8"))
