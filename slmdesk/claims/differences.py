"""Finds what differs between two sentences that belong together.

They are two versions, or a text and its translation. Compared are values (numbers with
unit and currency, dates, times, codes), negations, and who must for who may. Pure
functions.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence, Set
from functools import cache
from importlib import resources

from slmdesk.base.record import Record
from slmdesk.base.text.folding import fold
from slmdesk.claims.finders.negation import denials, is_denial_implied
from slmdesk.claims.finders.numbers import currencies_in
from slmdesk.claims.values import NOTHING, Value, is_among, values_of

Span = tuple[int, int]
Languages = tuple[str, str]

NEGATION, DUTY, CONDITION = "negation", "duty", "condition"
_MARGIN = 2
"""Letters around a changed span in which a value counts as changed.

A minus is before it, a unit behind it.
"""
_CURRENCY_LANGUAGES = frozenset(("de", "en", "es", "fr", "it", "nl", "pl", "pt"))
"""Languages in which the names of currencies are known."""
_Currencies = Set[str] | None
"""The currencies of a text, one of which may be meant.

None if the names in its language are not known.
"""


class Difference(Record):
    """What differs, in the words of both sentences.

    A sentence without it has "" and an empty span.
    """

    kind: str
    """One of amount, percent, period, number, date, negation, duty, condition."""
    old: str
    new: str
    old_span: Span = (0, 0)
    new_span: Span = (0, 0)


def differences(
    sentence: str,
    counterpart: str,
    languages: Languages,
    *,
    changed: Sequence[tuple[Span, Span]] = (),
) -> tuple[Difference, ...]:
    """Return what differs between two sentences, each difference once.

    `languages` are the ISO 639-1 codes of both. `changed`: the spans of both that are
    not the same, if they are known, as of two versions. Only these are compared then.
    Any thread. Takes less than a millisecond.
    """
    old_values = values_of(sentence, languages[0])
    new_values = values_of(counterpart, languages[1])
    old_currencies = _currencies(sentence, languages[0])
    new_currencies = _currencies(counterpart, languages[1])
    found: list[Difference] = []
    if not changed:
        found += _values(old_values, new_values, old_currencies, new_currencies)
        found += _negation(sentence, counterpart, languages)
        found += _modality(sentence, counterpart, languages)
        return tuple(dict.fromkeys(found))

    other_spans: list[tuple[Span, Span]] = []
    for old_span, new_span in changed:
        clauses = list(_clause(sentence, counterpart, languages, old_span, new_span))
        found += clauses
        if not clauses:
            other_spans.append((old_span, new_span))
            found += _values(
                _touched(old_values, old_span),
                _touched(new_values, new_span),
                old_currencies,
                new_currencies,
            )
    found += _changed_negation(sentence, counterpart, languages, other_spans)
    return tuple(dict.fromkeys(found))


# Values


def _touched(values: Iterable[Value], span: Span) -> list[Value]:
    start = span[0] - _MARGIN
    end = span[1] + _MARGIN
    return [value for value in values if value.start < end and value.end > start]


def _values(
    old_values: Sequence[Value],
    new_values: Sequence[Value],
    old_currencies: _Currencies,
    new_currencies: _Currencies,
) -> Iterator[Difference]:
    """Yield the values without a match.

    Two of one kind are taken for one that changed.
    """
    lost = _unmatched(old_values, new_values, old_currencies, new_currencies)
    added = _unmatched(new_values, old_values, new_currencies, old_currencies)
    for value in lost:
        replacement = _replacement(value, added)
        added = [other for other in added if other is not replacement]
        yield from _changed_value(value, replacement)
    for value in added:
        yield from _changed_value(NOTHING, value)


def _unmatched(
    values: Sequence[Value],
    others: Sequence[Value],
    currencies: _Currencies,
    other_currencies: _Currencies,
) -> list[Value]:
    """Return the values that are not among others.

    An amount's currency must be in the other text, though not at each number: "20 to 30
    euros".
    """
    known = [other for other in others if _may_be(other, currencies)]
    return [
        value
        for value in values
        if not (_may_be(value, other_currencies) and is_among(value, known))
    ]


def _may_be(value: Value, currencies: _Currencies) -> bool:
    return value.label != "amount" or currencies is None or value.unit[0] in currencies


def _replacement(value: Value, added: Sequence[Value]) -> Value:
    """Return the added value that stands for a lost one: one of its label, if any."""
    candidates = [
        other
        for other in added
        if other.label == value.label or not (other.is_soft or value.is_soft)
    ]
    return min(
        candidates, key=lambda other: other.label != value.label, default=NOTHING
    )


def _changed_value(old: Value, new: Value) -> Iterator[Difference]:
    """Yield a difference unless both may be no values: "one of them"."""
    if old.is_soft and new.is_soft:
        return
    kind = old.label
    if kind == "number":  # the other may say what it counts; NOTHING is a number
        kind = new.label
    old_span = (old.start, old.end)
    new_span = (new.start, new.end)
    yield Difference(kind, old.text, new.text, old_span, new_span)


def _currencies(text: str, language: str) -> _Currencies:
    if language not in _CURRENCY_LANGUAGES:
        return None
    return currencies_in(text)


# Negation, and may or must


def _negation(
    sentence: str, counterpart: str, languages: Languages
) -> Iterator[Difference]:
    """Yield the negation that only one of two sentences has.

    None if a word of the other implies it ("refuse").
    """
    old_words = denials(sentence, languages[0])
    new_words = denials(counterpart, languages[1])
    if old_words is None or new_words is None or bool(old_words) is bool(new_words):
        return
    affirmative = sentence
    if old_words:
        affirmative = counterpart
    if not is_denial_implied(affirmative):
        old = next(iter(old_words), "")
        new = next(iter(new_words), "")
        yield Difference(NEGATION, old, new)


def _changed_negation(
    sentence: str,
    counterpart: str,
    languages: Languages,
    spans: Sequence[tuple[Span, Span]],
) -> Iterator[Difference]:
    """Yield the first changed span with a negation, if only one version has any.

    The spans are read together: "ne" and "pas" may be in two.
    """
    old_text = " … ".join(sentence[slice(*old)] for old, _ in spans)
    new_text = " … ".join(counterpart[slice(*new)] for _, new in spans)
    old_words = denials(old_text, languages[0])
    new_words = denials(new_text, languages[1])
    if old_words is None or new_words is None or bool(old_words) is bool(new_words):
        return
    for old_span, new_span in spans:
        old_part = sentence[slice(*old_span)]
        new_part = counterpart[slice(*new_span)]
        if denials(old_part, languages[0]) or denials(new_part, languages[1]):
            old = _in_context(sentence, old_span)
            new = _in_context(counterpart, new_span)
            yield Difference(NEGATION, old, new, old_span, new_span)
            return


def _in_context(text: str, span: Span) -> str:
    """Return the words of a span; of one word, with the word before it.

    "Shall not" says more than "not".
    """
    start, end = span
    if " " not in text[start:end].strip():
        start = text.rfind(" ", 0, max(0, start - 1)) + 1
    return text[start:end].strip()


def _modality(
    sentence: str, counterpart: str, languages: Languages
) -> Iterator[Difference]:
    """Yield who must for who may, and the reverse.

    With a negation "must not" is "may not" in other languages.
    """
    if denials(sentence, languages[0]) or denials(counterpart, languages[1]):
        return
    for kinds, opposite in ((_OBLIGING, _ALLOWING), (_ALLOWING, _OBLIGING)):
        old_cues = cues(sentence, kinds, languages[0])
        new_cues = cues(counterpart, opposite, languages[1])
        if not old_cues or not new_cues:
            continue
        is_mixed = cues(sentence, opposite, languages[0])
        if not is_mixed and not cues(counterpart, kinds, languages[1]):
            yield Difference(DUTY, old_cues[0], new_cues[0])


def _clause(
    sentence: str,
    counterpart: str,
    languages: Languages,
    old_span: Span,
    new_span: Span,
) -> Iterator[Difference]:
    """Yield the condition or the duty that only one of two changed spans has."""
    old = sentence[slice(*old_span)].strip(" ,;.")
    new = counterpart[slice(*new_span)].strip(" ,;.")
    old_conditions = cues(old, (CONDITION,), languages[0])
    new_conditions = cues(new, (CONDITION,), languages[1])
    if bool(old_conditions) is not bool(new_conditions):
        if old_conditions:
            new = ""
        else:
            old = ""
        yield Difference(CONDITION, old, new, old_span, new_span)
        return

    if denials(old, languages[0]) or denials(new, languages[1]):
        return
    old_duties = cues(old, _OBLIGING, languages[0])
    new_duties = cues(new, _OBLIGING, languages[1])
    if bool(old_duties) is bool(new_duties):
        return
    if old_duties:
        replacement, language = new, languages[1]
    else:
        replacement, language = old, languages[0]
    # "pays" for "shall pay" is no difference
    if not replacement or cues(replacement, _ALLOWING, language):
        yield Difference(DUTY, old, new, old_span, new_span)


MUST, BOUND, MAY = "must", "bound", "may"
_OBLIGING, _ALLOWING = (MUST, BOUND), (MAY,)


def is_duty(sentence: str, language: str) -> bool:
    """Return whether a sentence lays a duty upon somebody, or forbids something."""
    if denials(sentence, language):
        return bool(cues(sentence, (MUST, MAY), language))
    return bool(cues(sentence, _OBLIGING, language))


def cues(text: str, kinds: Sequence[str], language: str) -> list[str]:
    """Return the words of some kinds, folded.

    They lay a duty (MUST, BOUND), allow (MAY) or limit (CONDITION).
    """
    folded = fold(text).replace("’", "'")
    found: list[str] = []
    for kind in kinds:
        pattern = _pattern(kind, language)
        if pattern is not None:
            found += pattern.findall(folded)
    return found


@cache
def _pattern(kind: str, language: str) -> re.Pattern[str] | None:
    words = _tables()[kind].get(language, "")
    if not words:
        return None
    return re.compile(rf"(?<![\w'])(?:{words})(?!\w)")


@cache
def _tables() -> dict[str, dict[str, str]]:
    file = resources.files("slmdesk.claims").joinpath("differences.toml")
    return tomllib.loads(file.read_text("utf-8"))
