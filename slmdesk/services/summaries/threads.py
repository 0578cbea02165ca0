"""The mails of a thread: what of a text are their headers, when each was sent, what a later one replaces of an earlier.

Pure functions.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

from slmdesk.core.chunking import Piece
from slmdesk.core.record import Record
from slmdesk.services.summaries.paper_words import has, pattern
from slmdesk.services.summaries.selection import MARKS
from slmdesk.text.checks.dates import DateMention, find_dates
from slmdesk.text.checks.numbers import Number, find_numbers
from slmdesk.text.checks.words import WORD, any_same, folded, function_words

_NEAR, _SHARE = 8, 0.4
"""Words on each side of a value that tell what it is of; of the words of the shorter passage, which both have."""


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


class _Value(Record):
    kind: str
    """Day, time of day, or a number's unit or the noun behind it."""
    value: float
    near: frozenset[str]
    """Words around it."""
    is_old: bool
    """It is named as replaced: "62 guests instead of 45"."""
    is_changed: bool
    """It is said to be otherwise than before: "rises to £300"."""
    is_present: bool
    """As it is now."""


def replaces(later: str, earlier: str, language: str) -> bool:
    """Return whether what a later mail says stands in the place of what an earlier says: another value of the same
    kind on the same thing; or it cancels that.
    """
    new, old = _values(later, language), _values(earlier, language)
    if any(one.is_old and _is_equal(one, other) for one in new for other in old):
        return True
    words, others = _words(later, language), _words(earlier, language)
    both = len(_same(words, others))
    if later.endswith("?"):
        return False
    if _says("cancels", later, language) and not has("if", later, language) and not has("may", later, language):
        return both > 1 or (both > 0 and any(_is_equal(one, other) for one in new for other in old))
    kinds = {one.kind for one in new} - {one.kind for one in new for other in old if _is_equal(one, other)}
    pairs = [(one, other) for one in new for other in old if one.kind == other.kind and one.kind in kinds]
    is_plan = has("proposes", earlier, language)
    if is_plan and any(one.is_changed for one, _ in pairs) and len({one.kind for one, _ in pairs}) > 1:
        return True
    for one, other in pairs:
        least = 1 if one.is_changed or (one.is_present and is_plan) else 2 if one.is_present else math.inf
        if len(_same(one.near, other.near)) >= least:
            return True
    is_on = both > max(1.0, _SHARE * min(len(words), len(others)))
    return is_on and any(len(_same(one.near, other.near)) > 1 for one, other in pairs)


def _is_equal(one: _Value, other: _Value) -> bool:
    return (one.kind, one.value) == (other.kind, other.value)


def _says(name: str, text: str, language: str) -> bool:
    """Whether a text has a word of that name that is not denied."""
    denied = rf"{pattern('denies').pattern}\W+(?:\w+\W+)?$"
    return any(
        not re.search(denied, text[: found.start()], re.IGNORECASE) for found in pattern(name, language).finditer(text)
    )


def _same(some: frozenset[str], others: frozenset[str]) -> list[str]:
    return [word for word in some if word in others or (len(word) > 4 and any_same(word, others))]


@lru_cache(maxsize=1024)
def _values(text: str, language: str) -> tuple[_Value, ...]:
    found, dates = list[_Value](), find_dates(text, language)

    def keep(kind: str, mention: DateMention | Number, value: float) -> None:
        before, after = text[: mention.start], text[mention.end :]
        near = " ".join([*before.split()[-_NEAR:], *after.split()[:_NEAR]])
        is_changed, is_present = (_says(name, near, language) for name in ("changes", "now"))
        instead = rf"{pattern('instead', language).pattern}\W+(?:\w+\W+){{0,2}}$"
        is_old = re.search(instead, before, re.IGNORECASE) is not None
        found.append(_Value(kind, value, _words(near, language), is_old, is_changed, is_present))

    for date in dates:
        for _, month, day in date.readings[:1]:
            if month and day:
                keep("day", date, month * 100 + day)
        for minutes in date.minutes[:1]:
            keep("minutes", date, minutes)
    for number in find_numbers(text):
        if not number.soft and not any(date.start <= number.start < date.end for date in dates):
            noun = re.match(r"\s(\w{4,6})", text[number.end :])
            unit, factor = number.unit or (noun[1].casefold() if noun else "", 1.0)
            if unit:
                keep(unit, number, number.values[0] * factor)
    return tuple(found)


@lru_cache(maxsize=4096)
def _words(text: str, language: str) -> frozenset[str]:
    dates = {folded(word) for date in find_dates(text, language) for word in WORD.findall(text[date.start : date.end])}
    words = {folded(word) for word in WORD.findall(text) if len(word) > 3}
    return frozenset(words - dates - function_words(language))
