"""Finds what differs between two sentences that belong together: two versions, or a text and its translation.

Values (numbers with unit and currency, dates, times, codes), negations, and who must for who may. Pure functions.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence, Set
from functools import cache, lru_cache
from importlib import resources

from slmdesk.base.record import Record
from slmdesk.text.checks.negation import denials, is_denial_implied
from slmdesk.text.checks.numbers import (
    DateMention,
    Number,
    currencies_in,
    dates_agree,
    find_dates,
    find_identifiers,
    find_numbers,
)
from slmdesk.text.folding import fold

Span = tuple[int, int]

NEGATION, DUTY, CONDITION = "negation", "duty", "condition"
ROUNDED = 0.05
"""How far apart two measures in different units may be to be the same: a mile is written as 1.6 km."""
_BESIDE = 2
"""Letters beside a changed stretch in which a value counts as changed: a minus before it, a unit behind it."""
_TWELVE = re.compile(
    r"\b(?:(?P<midnight>midnight|mitternacht|minuit|medianoche|mezzanotte)"
    r"|noon|midday|mittags?|(?<!-)midi|mediodía|mezzogiorno)\b",
    re.IGNORECASE,
)
_NAMED = frozenset(("de", "en", "es", "fr", "it", "nl", "pl", "pt"))
"""Languages in which the names of currencies are known."""
_PERIODS = frozenset(("time", "month"))
_HOURS = frozenset(("", "time"))


class Difference(Record):
    """What differs, in the words of both sentences. A sentence without it has "" and an empty span."""

    kind: str
    """One of amount, percent, period, number, date, negation, duty, condition."""
    old: str
    new: str
    old_span: Span = (0, 0)
    new_span: Span = (0, 0)


class Value(Record):
    kind: str
    span: Span
    text: str
    number: Number | None = None
    when: DateMention | None = None
    currencies: frozenset[str] | None = None
    """The currencies of its text, one of which may be meant. None if the names in its language are not known."""
    is_soft: bool = False
    """Whether it may be no value: "one", "first", "noon"."""


def differences(
    sentence: str, counterpart: str, languages: tuple[str, str], *, changed: Sequence[tuple[Span, Span]] = ()
) -> tuple[Difference, ...]:
    """Return what differs between two sentences, each difference once.

    `languages` are the ISO 639-1 codes of both. `changed`: the stretches of both that are not the same, if they are
    known, as of two versions. Only these are compared then. Any thread. Takes less than a millisecond.
    """
    mine, theirs = values_of(sentence, languages[0]), values_of(counterpart, languages[1])
    found: list[Difference] = []
    if not changed:
        found += _values(mine, theirs)
        found += _negation(sentence, counterpart, languages)
        found += _modality(sentence, counterpart, languages)
        return tuple(dict.fromkeys(found))
    rest: list[tuple[Span, Span]] = []
    for old, new in changed:
        clauses = [*_clause(sentence, counterpart, languages, old, new)]
        found += clauses
        if not clauses:
            found += _values(_touched(mine, old), _touched(theirs, new))
            rest.append((old, new))
    found += _turned(sentence, counterpart, languages, rest)
    return tuple(dict.fromkeys(found))


# Values


@lru_cache(maxsize=4096)
def values_of(text: str, language: str) -> tuple[Value, ...]:
    """Return the dates, codes and numbers of a text in order."""
    values: list[Value] = []
    currencies = currencies_in(text) if language in _NAMED else None
    rest = text
    for when in find_dates(text, language):
        values.append(Value("date", (when.start, when.end), text[when.start : when.end], when=when))
        rest = _blanked(rest, when.start, when.end)
    for start, end in find_identifiers(rest):
        values.append(Value("number", (start, end), text[start:end]))
        rest = _blanked(rest, start, end)
    for number in find_numbers(rest, language):
        words = text[slice(*number.whole)]
        values.append(Value(_kind_of(number), number.whole, words, number, currencies=currencies, is_soft=number.soft))
    for match in _TWELVE.finditer(rest):
        minutes = 0 if match["midnight"] else 720
        values.append(Value("date", match.span(), match[0], when=_clock(match, minutes), is_soft=True))
    return tuple(sorted(values, key=lambda value: value.span))


def _clock(match: re.Match[str], minutes: int) -> DateMention:
    return DateMention(match.start(), match.end(), minutes=(minutes,))


def _blanked(text: str, start: int, end: int) -> str:
    return text[:start] + "\0" * (end - start) + text[end:]


def _kind_of(number: Number) -> str:
    if number.unit is not None and number.unit[0] in _PERIODS:
        return "period"
    is_year = number.unit is None and number.end - number.start == 4
    if is_year and any(1600 <= value < 2100 for value in number.values):
        return "date"
    return number.kind


def _touched(values: Iterable[Value], span: Span) -> list[Value]:
    start, end = span[0] - _BESIDE, span[1] + _BESIDE
    return [value for value in values if value.span[0] < end and value.span[1] > start]


def _values(mine: Sequence[Value], theirs: Sequence[Value]) -> Iterator[Difference]:
    """Yield the values without a counterpart. Two of one kind are taken for one that changed."""
    gone = [value for value in mine if not _is_among(value, theirs)]
    come = [value for value in theirs if not _is_among(value, mine)]
    for value in gone:
        alike = [other for other in come if other.kind == value.kind]
        alike = alike or [other for other in come if not other.is_soft and not value.is_soft]
        other = alike[0] if alike else None
        if other is not None:
            come.remove(other)
        if not value.is_soft or (other is not None and not other.is_soft):
            yield _difference(value, other)
    for other in come:
        if not other.is_soft:
            yield Difference(other.kind, "", other.text, (0, 0), other.span)


def _difference(value: Value, other: Value | None) -> Difference:
    if other is None:
        return Difference(value.kind, value.text, "", value.span)
    kind = other.kind if value.kind == "number" else value.kind
    return Difference(kind, value.text, other.text, value.span, other.span)


def _is_among(value: Value, others: Sequence[Value]) -> bool:
    if value.when is not None:
        return _has_date(value.when, others)
    if value.number is not None:
        return any(_is_number(value, value.number, other) for other in others)
    code = _packed(value.text)
    return any(code == _packed(other.text) for other in others)


def _has_date(when: DateMention, others: Sequence[Value]) -> bool:
    known = [other.when for other in others if other.when is not None]
    if dates_agree(when, known, _years(others)):
        return True
    hours = {minutes / 60 % 12 for minutes in when.minutes if minutes % 60 == 0}
    return any(
        value % 12 in hours
        for other in others
        if other.number is not None and _dimension(other.number) in _HOURS
        for value in other.number.values
    )


def _years(values: Iterable[Value]) -> Set[int]:
    years = {year for value in values if value.when for year, _, _ in value.when.readings if year}
    return years | {int(value.number.values[0]) for value in values if value.kind == "date" and value.number}


def _is_number(value: Value, number: Number, other: Value) -> bool:
    if other.number is not None:
        is_known = _may_be(number, other.currencies) and _may_be(other.number, value.currencies)
        return is_known and _is_same(number, other.number)
    if other.when is not None:
        return not number.values or any(known in _parts(other.when) for known in number.values)
    return any(f"{known:g}" in re.findall(r"\d+", other.text) for known in number.values)


def _parts(when: DateMention) -> set[float]:
    parts = {float(part) for reading in when.readings for part in reading if part}
    return parts | {minutes / 60 for minutes in when.minutes} | {float(minutes // 60) for minutes in when.minutes}


def _may_be(number: Number, currencies: Set[str] | None) -> bool:
    """Return whether an amount's currency is in the other text. It need not stand at each number: "20 to 30 euros"."""
    if number.unit is None or number.kind != "amount" or currencies is None:
        return True
    return number.unit[0] in currencies


def _is_same(number: Number, other: Number) -> bool:
    if {number.sign, other.sign} in ({"", "-"}, {"debit", "credit"}):
        return False
    if number.unit is None or other.unit is None:
        return not set(number.values).isdisjoint(other.values)
    if number.unit[0] != other.unit[0]:
        return False
    is_other_unit = number.unit[1] != other.unit[1]
    far = ROUNDED if is_other_unit and number.unit[0] not in _PERIODS else 1e-9
    return any(
        abs(value * number.unit[1] - known * other.unit[1]) <= far * abs(known * other.unit[1])
        for value in number.values
        for known in other.values
    )


def _dimension(number: Number) -> str:
    return number.unit[0] if number.unit else ""


def _packed(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


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
