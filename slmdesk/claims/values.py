"""The values of a text (dates, times, numbers with unit or currency, codes), and whether two are the same.

Pure functions.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from functools import lru_cache

from slmdesk.base.record import Record, changed
from slmdesk.text.checks.numbers import (
    CURRENCIES,
    DateMention,
    Number,
    Unit,
    dates_agree,
    find_dates,
    find_identifiers,
    find_numbers,
)
from slmdesk.text.checks.words import tongue

Span = tuple[int, int]

ROUNDED = 0.05
"""How far apart two measures in different units may be to be the same: a mile is written as 1.6 km."""
PERIODS = frozenset(("time", "month"))
_LABELS = {
    **dict.fromkeys(("day", "weekday", "clock", "year"), "date"),
    **dict.fromkeys(PERIODS, "period"),
    **dict.fromkeys(("percent", "points"), "percent"),
    **dict.fromkeys(CURRENCIES, "amount"),
}
_HOURS = frozenset(("", "time"))
_REFERENCE = re.compile(r"(?:§+|\b(?:abs|art|nr|no|satz|n|sec(?:tion)?|ziff(?:er)?|para(?:graph)?|s)\b\.?°?)\s*$", re.I)
"""What is before the number of a clause, which is no quantity."""
_ITEM = re.compile(r"\W*\d{1,2}[.)]\s$")
_LONGEST_REFERENCE = 12
_TWELVE = re.compile(
    r"\b(?:(?P<midnight>midnight|mitternacht|minuit|medianoche|mezzanotte)"
    r"|noon|midday|mittags?|(?<!-)midi|mediodía|mezzogiorno)\b",
    re.IGNORECASE,
)


class Value(Record):
    kind: str
    """What it may be confused with: "day", "weekday", "clock", the dimension of a unit or currency, "year", "count", or
    "" for nothing: a code, the number of a clause or an item.
    """
    text: str
    packed: str
    """Only its letters and digits: CO₂ is CO2, INV-7 is INV 7."""
    start: int
    end: int
    figures: frozenset[float] = frozenset()
    """The numbers that it may be: several if the notation is ambiguous. Of a date or a code those in it, of a time its
    hour.
    """
    when: DateMention | None = None
    number: Number | None = None
    is_soft: bool = False
    """Whether it may be no value: "one", "first", "noon"."""

    @property
    def unit(self) -> Unit:
        """The dimension and the factor of its unit."""
        return (self.number and self.number.unit) or ("", 1.0)

    @property
    def is_code(self) -> bool:
        return self.number is None and self.when is None

    @property
    def label(self) -> str:
        """One of date, amount, percent, period, number."""
        return _LABELS.get(self.kind, "number")


NOTHING = Value("", "", "", 0, 0, is_soft=True)


@lru_cache(maxsize=16_384)
def values_of(text: str, language: str = "") -> tuple[Value, ...]:
    """Return the values of a text in order. `language`: ISO 639-1 code; "" if it is to be told by the words."""
    return tuple(sorted(_values(text, language or tongue(text)), key=lambda value: (value.start, value.end)))


@lru_cache(maxsize=16_384)
def quantities_of(text: str, language: str = "") -> tuple[Value, ...]:
    """Return the values that may be confused with others."""
    return tuple(
        value for value in values_of(text, language) if value.kind not in ("", "weekday") and not value.is_soft
    )


def _values(text: str, language: str) -> Iterator[Value]:
    rest = text
    for when in find_dates(text, language):
        yield _date(text, when)
        rest = _without(rest, when.start, when.end)
    for start, end in find_identifiers(rest):
        yield _value(text, (start, end), "", map(float, re.findall(r"\d+", text[start:end])))
        rest = _without(rest, start, end)
    for number in find_numbers(rest, language):
        value = _value(text, number.whole, _kind(text, number), number.values)
        yield changed(value, number=number, is_soft=number.soft)
    for match in _TWELVE.finditer(rest):
        noon = DateMention(match.start(), match.end(), minutes=(0 if match["midnight"] else 720,))
        yield changed(_date(text, noon), is_soft=True)


def _date(text: str, when: DateMention) -> Value:
    kind = "clock" if when.minutes else "day" if when.readings else "weekday"
    parts = {float(part) for reading in when.readings for part in reading if part}
    hours = {hour for minutes in when.minutes for hour in (minutes / 60, minutes / 60 % 12)}
    return changed(_value(text, (when.start, when.end), kind, parts | hours), when=when)


def _value(text: str, span: Span, kind: str, figures: Iterable[float]) -> Value:
    words = text[slice(*span)]
    return Value(kind, words, packed(words), *span, frozenset(figures))


def _without(text: str, start: int, end: int) -> str:
    return text[:start] + "\0" * (end - start) + text[end:]


def _kind(text: str, number: Number) -> str:
    before = text[max(0, number.start - _LONGEST_REFERENCE) : number.start]
    if _REFERENCE.search(before) or _ITEM.match(text[: number.end + 2]):
        return ""
    if number.unit is not None:
        return number.unit[0]
    is_year = number.end - number.start == 4 and any(1600 <= value < 2100 for value in number.values)
    return "year" if is_year else "count"


def is_among(value: Value, others: Collection[Value]) -> bool:
    """Return whether a value is one of a text, in whatever form: also a number in a date."""
    years = years_of(others) if value.when is not None else frozenset[int]()
    return any(is_same(value, other, years) or _is_part(value, other) for other in others)


def is_same(value: Value, other: Value, years: Set[int] = frozenset()) -> bool:
    """Return whether a value is another one in whatever form. `years` are those that a day without a year may have."""
    if value.number is not None and other.number is not None:
        return not _is_opposed(value.number, other.number) and _is_equal(value, other)
    if value.when is not None and other.when is not None:
        return dates_agree(value.when, [other.when], years)
    return value.packed == other.packed  # a code; a version, which may look like a day: 1.3.


def _is_part(value: Value, other: Value) -> bool:
    """Return whether a number is in a date, a time or a code, or a time is written as a number."""
    is_mixed = (value.number is None) is not (other.number is None) and value.kind not in ("", "day")
    if not is_mixed or value.figures.isdisjoint(other.figures):
        return False
    return other.is_code or {value.unit[0], other.unit[0]} <= _HOURS


def _is_opposed(number: Number, other: Number) -> bool:
    return {number.sign, other.sign} in ({"", "-"}, {"debit", "credit"})


def _is_equal(value: Value, other: Value) -> bool:
    (dimension, factor), (its_dimension, its_factor) = value.unit, other.unit
    if not (dimension and its_dimension):
        return not value.figures.isdisjoint(other.figures)
    far = ROUNDED if factor != its_factor and dimension not in PERIODS else 1e-9
    return dimension == its_dimension and any(
        abs(figure * factor - known * its_factor) <= far * abs(known * its_factor)
        for figure in value.figures
        for known in other.figures
    )


def years_of(values: Iterable[Value]) -> set[int]:
    """Return the years that stand in some values."""
    dated = {year for value in values if value.when for year, _, _ in value.when.readings if year}
    return dated | {int(year) for value in values if value.kind == "year" for year in value.figures}


def instead(value: Value, others: Sequence[Value]) -> Value:
    """Return what a text says instead of a value: the same figure with another unit, else the only one of its kind."""
    same = [other for other in others if value.number and other.number and value.figures & other.figures]
    found = same[:1] or [other for other in others if other.kind == value.kind]
    return found[0] if len(found) == 1 else NOTHING


def packed(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())
