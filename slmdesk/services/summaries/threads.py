"""The mails of a thread: what of a text are their headers, when each was sent, what a later one replaces of an earlier.

Pure functions.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache

from slmdesk.core.chunking import Piece
from slmdesk.core.record import Record
from slmdesk.services.summaries.paper_words import has, pattern
from slmdesk.services.summaries.selection import MARKS
from slmdesk.text.checks.dates import find_dates
from slmdesk.text.checks.numbers import find_numbers
from slmdesk.text.checks.overlap import stems
from slmdesk.text.checks.words import function_words

_SHARE = 0.4
"""Of the words of the shorter of two passages on one thing, which both have."""


class Thread:
    def __init__(self) -> None:
        self._begins: list[int] = []
        self._dates: list[tuple[int, ...]] = []

    @property
    def has_several(self) -> bool:
        """Whether there are several mails, all of them dated."""
        return len(self._begins) > 1 and all(self._dates)

    def is_header(self, piece: Piece, at: int, language: str) -> bool:
        """Return whether a piece is of a mail's header, and keep its date."""
        text = piece.text.strip(MARKS)
        is_sender = _is_field("sender", text, "")
        if not is_sender and not (self._begins and _is_field("header", text, language)):
            return False
        if is_sender:
            self._begins.append(at)
            self._dates.append(())
        for one in find_dates(text, language):
            if not self._dates[-1] and one.readings and all(one.readings[0]):
                self._dates[-1] = tuple(part or 0 for part in one.readings[0])
            elif len(self._dates[-1]) == 3 and one.minutes:
                self._dates[-1] += one.minutes[:1]
        return True

    def date_of(self, piece: int) -> tuple[int, ...]:
        """Return when the mail was sent in which a piece stands: year, month, day, minutes."""
        return next(
            (date for begin, date in zip(self._begins[::-1], self._dates[::-1], strict=True) if begin < piece), ()
        )


def _is_field(name: str, text: str, language: str) -> bool:
    return re.match(rf"{pattern(name, language).pattern}\W*:", text, re.IGNORECASE) is not None


class _Passage(Record):
    words: frozenset[str]
    values: Mapping[str, frozenset[float]]
    """Days, times of day, and numbers by their unit or by the noun behind them."""
    old: Mapping[str, frozenset[float]]
    """The values that it names as replaced: "62 guests instead of 45"."""


def replaces(later: str, earlier: str, language: str) -> bool:
    """Return whether what a later mail says stands in the place of what an earlier says: other values of the same
    kind on the same thing, fewer words in common where it says that it changes or cancels something.
    """
    new, old = _read(later, language), _read(earlier, language)
    both = len(new.words & old.words)
    if any(new.old.get(kind, frozenset()) & values for kind, values in old.values.items()):
        return True
    if both and has("cancels", later, language):
        return both > 1 or any(new.values.get(kind) == values for kind, values in old.values.items())
    changed = [kind for kind, values in old.values.items() if kind in new.values and not values & new.values[kind]]
    if not changed:
        return False
    if has("changes", later, language):
        return both > 0 or (len(changed) > 1 and has("proposes", earlier, language))
    return both > 1 and both > _SHARE * min(len(new.words), len(old.words))


@lru_cache(maxsize=1024)
def _read(text: str, language: str) -> _Passage:
    values, old = defaultdict[str, set[float]](set), defaultdict[str, set[float]](set)

    def keep(kind: str, start: int, end: int, value: float) -> None:
        values[kind].add(value)
        if re.search(pattern("instead", language).pattern + r"\W+(?:\w+\W+){0,2}$", text[:start], re.IGNORECASE):
            old[kind].add(value)

    dates = find_dates(text, language)
    for date in dates:
        for _, month, day in date.readings[:1]:
            if month and day:
                keep("day", date.start, date.end, month * 100 + day)
        for minutes in date.minutes[:1]:
            keep("minutes", date.start, date.end, minutes)
    for number in find_numbers(text):
        if not number.soft and not any(date.start <= number.start < date.end for date in dates):
            noun = re.match(r"\W*(\w{4,6})", text[number.end :])
            unit, factor = number.unit or (noun[1].casefold() if noun else "", 1.0)
            keep(unit, number.start, number.end, number.values[0] * factor)
    named = {word for date in dates for word in stems(text[date.start : date.end])}
    words = {one for one in stems(text) if len(one) > 3 and not one.isdigit()} - named - function_words(language)
    return _Passage(frozenset(words), *({kind: frozenset(some) for kind, some in one.items()} for one in (values, old)))
