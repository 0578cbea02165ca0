"""The values of a text, dates, times, amounts and counts, and whether two are the same. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Set
from functools import lru_cache

from slmdesk.base.record import Record
from slmdesk.text.checks.numbers import DateMention, Number, dates_agree, find_dates, find_identifiers, find_numbers
from slmdesk.text.checks.support import same_number

_REFERENCE = re.compile(r"(?:§+|\b(?:abs|art|nr|no|satz|n|sec(?:tion)?|ziff(?:er)?|para(?:graph)?|s)\b\.?°?)\s*$", re.I)
"""What is before the number of a clause, which is no quantity."""
_ITEM = re.compile(r"\W*\d{1,2}[.)]\s$")
_LONGEST_REFERENCE = 12


class Value(Record):
    kind: str
    """What it may be confused with: "day", "clock", the dimension of a unit or currency, "year", "count", or "" for
    nothing.
    """
    start: int
    end: int
    when: DateMention | None = None
    number: Number | None = None


@lru_cache(maxsize=8192)
def values_of(text: str, language: str) -> tuple[Value, ...]:
    """Return the dates and quantities of a text in order, without codes, articles ("one") and numbers of list items."""
    values, blank = list[Value](), text
    for when in find_dates(text, language):
        kind = "clock" if when.minutes else "day" if when.readings else ""
        values.append(Value(kind, when.start, when.end, when))
        blank = _without(blank, when.start, when.end)
    for start, end in find_identifiers(blank):
        blank = _without(blank, start, end)
    for number in find_numbers(blank, language):
        is_item = _ITEM.match(text[: number.end + 2]) is not None
        if not number.soft and not is_item:
            values.append(Value(_kind(text, number), number.start, number.end, number=number))
    return tuple(sorted(values, key=lambda value: value.start))


def _without(text: str, start: int, end: int) -> str:
    return text[:start] + "\0" * (end - start) + text[end:]


def _kind(text: str, number: Number) -> str:
    if _REFERENCE.search(text, max(0, number.start - _LONGEST_REFERENCE), number.start):
        return ""
    if number.unit is not None:
        return number.unit[0]
    is_year = len(text[number.start : number.end]) == 4 and any(1900 <= value < 2100 for value in number.values)
    return "year" if is_year else "count"


def is_same(value: Value, other: Value, years: Set[int] = frozenset()) -> bool:
    """Return whether a value is another one in whatever form. `years` are those that a day without a year may have."""
    if value.when is not None:
        return other.when is not None and dates_agree(value.when, [other.when], years)
    if value.number is None or other.number is None:
        return False
    return same_number(value.number, other.number)


def years_of(value: Value) -> set[int]:
    if value.when is not None:
        return {year for year, _, _ in value.when.readings if year}
    if value.kind == "year" and value.number is not None:
        return {int(value.number.values[0])}
    return set()
