"""Tells which values a sentence has reckoned from those of a paper: a sum, what is left, the end of a term, an age.

Pure functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import suppress
from datetime import date, timedelta
from itertools import accumulate, combinations, product

from slmdesk.summaries.told import DAY_S, Paper, Told, Value
from slmdesk.text.deadlines.reckoning import months_after

MOST_ADDED = 12
"""Most values that follow each other and are added."""
NOON_H = 12


def is_reckoned(value: Value, said: Told, paper: Paper) -> bool:
    """Return whether a value follows from others: a day from one of the sentence or the paper and a span of the
    sentence, an amount from amounts and percentages of the sentence, or from amounts that follow each other or one of
    the sentence's in the paper.
    """
    rest = [other for other in said.values if other != value]
    if value.when is not None:
        days = set(
            _days([*rest, *(told_value for passage in paper.passages for told_value in passage.told.values)], paper)
        )
        return not set(_ends(days, rest)).isdisjoint(_days([value], paper))
    amount, unit = _amount(value), _unit(value)
    if unit == "time":
        mine = set(_days(rest, paper))
        others = mine if len(mine) > 1 else _days_beside(mine, paper)
        return amount in {abs(day - other).days * DAY_S for day in mine for other in others}
    if value.kind in ("count", "span") and _is_age(amount / 12 if unit else amount, paper):
        return True
    if value.kind == "count":
        is_counted = any(said.text[value.end : word.start].isspace() for word in said.words)
        percents = {
            _amount(share) for passage in paper.passages for share in passage.told.values if share.kind == "percent"
        }
        if amount and not said.text[value.start].isdigit() and 100 / amount in percents:
            return True  # a fifth
        return not is_counted and any(_is_told_as(minutes, amount) for minutes in paper.clocks)
    amounts = [_amount(known) for known in rest if _unit(known) in ("", unit)]
    rows = [[_amount(stated) for stated in passage.told.values if _unit(stated) == unit] for passage in paper.passages]
    shares = {_amount(share) / 100 for share in rest if _unit(share) == "percent"}
    times = {round(base * many, 2) for base in amounts for many in shares | set(range(2, MOST_ADDED + 1))}
    some = [amounts, *(row for row in rows if not set(amounts).isdisjoint(row))]
    left = {round(abs(minuend - subtrahend), 2) for row in some for minuend, subtrahend in combinations(row, 2)}
    sums = _sums(amounts) | _sums([figure for row in rows for figure in row])
    return bool(unit and amount) and amount in times | left | sums


def is_total(value: Value, said: Told) -> bool:
    """Return whether a value is the sum of others of its sentence, or what is left when one of these is taken off."""
    rest = (part for part in said.values if part != value and part.number)
    parts = [_amount(part) for part in rest if _unit(part) in ("", _unit(value))]
    sums = {round(sum(parts) - off, 2) for off in (0.0, *(2 * part for part in parts))}
    return bool(_unit(value)) and len(parts) > 1 and _amount(value) in sums


def _days_beside(days: Set[date], paper: Paper) -> set[date]:
    """Return the days that the paper names beside some days: in the same paragraph, or in the one before or behind."""
    told = [(passage.piece, set(_days(passage.told.values, paper))) for passage in paper.passages]
    near = {piece + way for piece, there in told if not days.isdisjoint(there) for way in (-1, 0, 1)}
    return {day for piece, there in told if piece in near for day in there}


def _is_age(years: float, paper: Paper) -> bool:
    """Return whether somebody who the paper says was born in a year is so old in one of its years."""
    return years > 0 and any(year - born - years in (0, 1) for born in paper.births for year in paper.years)


def _is_told_as(minutes: int, hour: float) -> bool:
    """Return whether a time is told with an hour: "five" is 17:00, and 4:45 is "a quarter to five"."""
    return 0 < hour <= NOON_H and (hour * 60 - minutes) % (NOON_H * 60) <= 30


def _unit(value: Value) -> str:
    return value.number.unit[0] if value.number and value.number.unit else ""


def _amount(value: Value) -> float:
    number = value.number
    return round(abs(number.values[0]) * (number.unit[1] if number.unit else 1), 2) if number and number.values else 0.0


def _sums(amounts: Sequence[float]) -> set[float]:
    runs = (amounts[at : at + MOST_ADDED] for at in range(len(amounts)))
    return {round(total, 2) for run in runs for total in [*accumulate(run)][1:]}


def _days(values: Iterable[Value], paper: Paper) -> Iterator[date]:
    """Yield the days of values, of which one without a year may be in any of the paper's."""
    for value in values:
        for year, month, day in value.when.readings if value.when else ():
            for candidate in (year,) if year else paper.years:
                with suppress(ValueError):
                    if month and day:
                        yield date(candidate, month, day)


def _ends(begins: Iterable[date], spans: Iterable[Value]) -> Iterator[date]:
    """Yield the days on which the spans end that begin on some days, or begin that end there."""
    ways = [(span, way) for span in spans if _unit(span) in ("time", "month") for way in (1, -1)]
    for (span, way), begin in product(ways, begins):
        with suppress(ValueError, OverflowError):
            if _unit(span) == "time":
                yield begin + timedelta(seconds=way * _amount(span))
            else:
                yield months_after(begin, way * int(_amount(span)))
