"""Tells which values a sentence has reckoned from those of a paper: a sum, what is left, the end of a term.

Pure functions.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, timedelta
from itertools import accumulate, combinations

from slmdesk.summaries.told import Paper, Told, Value

MOST_ADDED = 12
"""Most values that follow each other and are added."""


def is_reckoned(value: Value, said: Told, paper: Paper) -> bool:
    """Return whether a value that the paper lacks follows from others: days of the sentence or the date of a letter
    and a span of the sentence, amounts of the sentence, or amounts that follow each other in the paper.
    """
    rest = [one for one in said.values if one != value]
    if value.when is not None:
        begins = [one for passage in paper.passages if passage.is_bare for one in passage.told.values]
        return not set(_days([value])).isdisjoint(_ends(set(_days([*begins, *rest])), rest))
    amount, unit = _amount(value), _unit(value)
    there = (one for passage in paper.passages for one in passage.told.values)
    mine, theirs = ([_amount(one) for one in some if _unit(one) == unit] for some in (rest, there))
    left = {round(abs(one - two), 2) for one, two in combinations(mine, 2)}
    left |= {round(one * times, 2) for one in mine for times in range(2, MOST_ADDED + 1)}
    return bool(unit and amount) and amount in left | _sums(mine) | _sums(theirs)


def _unit(value: Value) -> str:
    return value.number.unit[0] if value.number and value.number.unit else ""


def _amount(value: Value) -> float:
    number = value.number
    return round(abs(number.values[0]) * number.unit[1], 2) if number and number.values and number.unit else 0.0


def _sums(amounts: Sequence[float]) -> set[float]:
    runs = (amounts[at : at + MOST_ADDED] for at in range(len(amounts)))
    return {round(total, 2) for run in runs for total in [*accumulate(run)][1:]}


def _days(values: Iterable[Value]) -> Iterator[date]:
    for value in values:
        for year, month, day in value.when.readings if value.when else ():
            with suppress(ValueError):
                if year and month and day:
                    yield date(year, month, day)


def _ends(begins: Iterable[date], spans: Iterable[Value]) -> Iterator[date]:
    """Yield the days on which the spans end that begin on some days."""
    for span in spans:
        for begin in begins if _unit(span) in ("time", "month") else ():
            with suppress(ValueError, OverflowError):
                if _unit(span) == "time":
                    yield begin + timedelta(seconds=_amount(span))
                else:
                    months = begin.month - 1 + int(_amount(span))
                    year, month = begin.year + months // 12, months % 12 + 1
                    yield date(year, month, min(begin.day, monthrange(year, month)[1]))
