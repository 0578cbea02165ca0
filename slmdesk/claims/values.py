"""The values of a text, and whether two are the same. Pure functions.

Values are dates, times, numbers with unit or currency, and codes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from functools import lru_cache

from slmdesk.base.record import Record, changed
from slmdesk.base.text.words import tongue
from slmdesk.claims.finders.numbers import (
    CURRENCIES,
    DateMention,
    Number,
    Unit,
    dates_agree,
    find_dates,
    find_identifiers,
    find_numbers,
)

Span = tuple[int, int]

ROUNDED = 0.05
"""How far apart two measures in different units may be to be the same.

A mile is written as 1.6 km.
"""
PERIODS = frozenset(("time", "month"))
_LABELS = {
    **dict.fromkeys(("day", "weekday", "clock", "year"), "date"),
    **dict.fromkeys(PERIODS, "period"),
    **dict.fromkeys(("percent", "points"), "percent"),
    **dict.fromkeys(CURRENCIES, "amount"),
}
_HOURS = frozenset(("", "time"))
_REFERENCE = re.compile(
    r"(?:§+|\b(?:abs|art|nr|no|satz|n|sec(?:tion)?|ziff(?:er)?|para(?:graph)?|s)\b\.?°?)"
    r"\s*$",
    re.IGNORECASE,
)
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
    """What it may be confused with.

    "day", "weekday", "clock", the dimension of a unit or currency, "year", "count", or
    "" for nothing: a code, the number of a clause or an item.
    """
    text: str
    packed: str
    """Only its letters and digits: CO₂ is CO2, INV-7 is INV 7."""
    start: int
    end: int
    figures: frozenset[float] = frozenset()
    """The numbers that it may be: several if the notation is ambiguous.

    Of a date or a code those in it, of a time its hour.
    """
    when: DateMention | None = None
    number: Number | None = None
    is_soft: bool = False
    """Whether it may be no value: "one", "first", "noon"."""

    @property
    def unit(self) -> Unit:
        """The dimension and the factor of its unit."""
        if self.number is None or self.number.unit is None:
            return ("", 1.0)
        return self.number.unit

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
    """Return the values of a text in order.

    `language`: ISO 639-1 code; "" if the words are to tell it.
    """
    values = _values(text, language or tongue(text))
    return tuple(sorted(values, key=lambda value: (value.start, value.end)))


@lru_cache(maxsize=16_384)
def quantities_of(text: str, language: str = "") -> tuple[Value, ...]:
    """Return the values that may be confused with others."""
    return tuple(
        value
        for value in values_of(text, language)
        if value.kind not in ("", "weekday") and not value.is_soft
    )


def _values(text: str, language: str) -> Iterator[Value]:
    # what has been read is blanked out: 3.4. is a day and then no number
    rest = text
    for when in find_dates(text, language):
        yield _date(text, when)
        rest = _without(rest, when.start, when.end)
    for start, end in find_identifiers(rest):
        figures = map(float, re.findall(r"\d+", text[start:end]))
        yield _value(text, (start, end), "", figures)
        rest = _without(rest, start, end)
    for number in find_numbers(rest, language):
        value = _value(text, number.whole, _kind(text, number), number.values)
        yield changed(value, number=number, is_soft=number.soft)
    for match in _TWELVE.finditer(rest):
        minutes = 720
        if match["midnight"]:
            minutes = 0
        twelve = DateMention(match.start(), match.end(), minutes=(minutes,))
        yield changed(_date(text, twelve), is_soft=True)


def _date(text: str, when: DateMention) -> Value:
    kind = "weekday"
    if when.readings:
        kind = "day"
    if when.minutes:
        kind = "clock"
    figures = set[float]()
    for day in when.readings:
        figures.update(float(part) for part in day if part)
    for minutes in when.minutes:
        hour = minutes / 60
        figures |= {hour, hour % 12}
    return changed(_value(text, (when.start, when.end), kind, figures), when=when)


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
    has_four_digits = number.end - number.start == 4
    if has_four_digits and any(1600 <= value < 2100 for value in number.values):
        return "year"
    return "count"


def is_among(value: Value, others: Collection[Value]) -> bool:
    """Return whether a value is one of a text, in whatever form.

    Also whether a number is in a date.
    """
    years: Set[int] = frozenset()
    if value.when is not None:
        years = years_of(others)
    return any(
        is_same(value, other, years) or _is_part(value, other) for other in others
    )


def is_same(value: Value, other: Value, years: Set[int] = frozenset()) -> bool:
    """Return whether a value is another one in whatever form.

    `years` are those that a day without a year may have.
    """
    if value.number is not None and other.number is not None:
        is_opposed = _is_opposed(value.number, other.number)
        return not is_opposed and _is_equal(value, other)
    if value.when is not None and other.when is not None:
        return dates_agree(value.when, [other.when], years)
    # a code; a version, which may look like a day: 1.3.
    return value.packed == other.packed


def _is_part(value: Value, other: Value) -> bool:
    """Return whether a number is in a date, a time or a code.

    Or whether a time is written as a number.
    """
    if (value.number is None) is (other.number is None) or value.kind in ("", "day"):
        return False
    if value.figures.isdisjoint(other.figures):
        return False
    return other.is_code or {value.unit[0], other.unit[0]} <= _HOURS


def _is_opposed(number: Number, other: Number) -> bool:
    return {number.sign, other.sign} in ({"", "-"}, {"debit", "credit"})


def _is_equal(value: Value, other: Value) -> bool:
    """Return whether two values are the same, in any units.

    Where one has no unit, its figures decide.
    """
    dimension, factor = value.unit
    other_dimension, other_factor = other.unit
    if not dimension or not other_dimension:
        return not value.figures.isdisjoint(other.figures)
    if dimension != other_dimension:
        return False
    tolerance = 1e-9  # for what conversion from one unit to another rounds
    if factor != other_factor and dimension not in PERIODS:
        tolerance = ROUNDED
    return any(
        abs(figure * factor - known * other_factor)
        <= tolerance * abs(known * other_factor)
        for figure in value.figures
        for known in other.figures
    )


def years_of(values: Iterable[Value]) -> set[int]:
    """Return the years that are in some values."""
    years = set[int]()
    for value in values:
        if value.when is not None:
            years.update(year for year, _, _ in value.when.readings if year)
        if value.kind == "year":
            years.update(map(int, value.figures))
    return years


def closest(value: Value, others: Sequence[Value]) -> Value:
    """Return what a text says instead of a value, or NOTHING.

    It is the same figure with another unit, else the only value of its kind.
    """
    same_figure = [
        other
        for other in others
        if value.number and other.number and value.figures & other.figures
    ]
    if same_figure:
        return same_figure[0]
    same_kind = [other for other in others if other.kind == value.kind]
    if len(same_kind) == 1:
        return same_kind[0]
    return NOTHING


def packed(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\W_]+", "", folded)
