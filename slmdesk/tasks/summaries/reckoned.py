"""Finds the values that a sentence reckons from those of a document: a sum, a difference, the end of a term.

Pure functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, timedelta
from itertools import accumulate, combinations

from slmdesk.claims.deadlines.reckoning import months_after
from slmdesk.claims.values import Value, quantities_of, years_of

MOST_ADDED = 12
"""Most values that follow each other and are added."""
DAY_S = 86_400


def reckoned(sentence: str, sources: Sequence[str], language: str) -> tuple[str, ...]:
    """Return the values of a sentence, as written, that follow from its own and those of the passages: a day from a day
    and a span, a span between two days, a sum, a difference.
    """
    said = quantities_of(sentence, language)
    if not said:
        return ()
    passages = [quantities_of(source, language) for source in sources]
    years = {year for values in (said, *passages) for year in years_of(values)}
    days = {day for values in passages for day in _days(values, years)}
    found = list[str]()
    for value in said:
        rest = [other for other in said if other is not value]
        own = days | set(_days(rest, years))
        if value.when is not None:
            follows = not set(_ends(own, rest)).isdisjoint(_days([value], years))
        elif _unit(value) == "time":
            mine = sorted(_days(rest, years))
            follows = _amount(value) in {abs(day - other).days * DAY_S for day, other in combinations(mine, 2)}
        else:
            follows = _unit(value) != "" and _amount(value) in _totals(value, rest, passages)
        if follows:
            found.append(sentence[value.start : value.end])
    return tuple(found)


def _totals(value: Value, rest: Iterable[Value], passages: Iterable[Iterable[Value]]) -> set[float]:
    """Return sums and differences of the amounts of a unit that follow each other in the sentence or in a passage."""
    unit, totals = _unit(value), set[float]()
    for values in (rest, *passages):
        amounts = [_amount(other) for other in values if _unit(other) == unit]
        for at in range(len(amounts)):
            totals |= {round(total, 2) for total in [*accumulate(amounts[at : at + MOST_ADDED])][1:]}
        totals |= {round(abs(left - right), 2) for left, right in combinations(amounts[:MOST_ADDED], 2)}
    return totals


def _unit(value: Value) -> str:
    return value.number.unit[0] if value.number and value.number.unit else ""


def _amount(value: Value) -> float:
    number = value.number
    if number is None or not number.values:
        return 0.0
    return round(abs(number.values[0]) * (number.unit[1] if number.unit else 1), 2)


def _days(values: Iterable[Value], years: set[int]) -> Iterator[date]:
    """Yield the days of values, of which one without a year may be in any of some years."""
    for value in values:
        for year, month, day in value.when.readings if value.when else ():
            for candidate in (year,) if year else years:
                with suppress(ValueError):
                    if month and day:
                        yield date(candidate, month, day)


def _ends(begins: Iterable[date], spans: Iterable[Value]) -> Iterator[date]:
    """Yield the days on which the spans end that begin on some days, or begin that end there."""
    counted = [(span, way) for span in spans if _unit(span) in ("time", "month") for way in (1, -1)]
    for begin in begins:
        for span, way in counted:
            with suppress(ValueError, OverflowError):
                if _unit(span) == "time":
                    yield begin + timedelta(seconds=way * _amount(span))
                else:
                    yield months_after(begin, way * int(_amount(span)))
