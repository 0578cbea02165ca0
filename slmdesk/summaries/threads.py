"""The mails of a thread: what are their headers, when each was sent, what a later one replaces.  Pure functions."""

from __future__ import annotations

import re
from functools import lru_cache

from slmdesk.summaries.chunking import Piece
from slmdesk.summaries.paper_words import has, pattern
from slmdesk.summaries.selection import MARKS
from slmdesk.text.checks.dates import find_dates
from slmdesk.text.checks.numbers import find_numbers
from slmdesk.text.checks.words import WORD, folded, function_words, stem

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


def replaces(later: str, earlier: str, language: str) -> bool:
    """Return whether a sentence of a later mail gives another value of the same thing, or cancels it."""
    pairs = [(new, old) for new in _values(later, language) for old in _values(earlier, language) if new[0] == old[0]]
    both = len((some := _words(later, language)) & (others := _words(earlier, language)))
    is_cancelled = both > 1 and has("cancels", later, language) and not has("may", later, language)
    if is_cancelled or any(new[1] == old[1] and has("instead", new[2], language) for new, old in pairs):
        return True
    is_on, is_plan = both > _SHARE * min(len(some), len(others)), has("proposes", earlier, language)
    repeated = {new[0] for new, old in pairs if new[1] == old[1]}
    for (kind, _, _, near), (_, _, _, known) in pairs:
        least = 2 - is_plan - has("changes", near, language)
        same = len(_words(near, language) & _words(known, language))
        if kind not in repeated and (is_on or least < 2) and same >= least:
            return True
    return False


@lru_cache(maxsize=1024)
def _values(text: str, language: str) -> list[tuple[str, float, str, str]]:
    """Return days, times, and numbers by their unit or noun, each with the three words before it and those around."""
    dates = find_dates(text, language)
    days = [(one, one.readings[0]) for one in dates if one.readings]
    found = [("day", 100.0 * month + day, one.start, one.end) for one, (_, month, day) in days if month and day]
    found += [("minutes", float(one.minutes[0]), one.start, one.end) for one in dates if one.minutes]
    for one in find_numbers(text):
        kind, factor = one.unit or ("".join(re.findall(r"^\s(\w{4,6})", text[one.end :])).casefold(), 1.0)
        if kind and not one.soft and not any(date.start <= one.start < date.end for date in dates):
            found.append((kind, one.values[0] * factor, one.start, one.end))
    around = [(text[:start].split(" ")[-_NEAR:], text[end:].split(" ")[:_NEAR]) for *_, start, end in found]
    texts = [(" ".join(before[-4:]), " ".join(before + after)) for before, after in around]
    return [(kind, value, *some) for (kind, value, *_), some in zip(found, texts, strict=True)]


@lru_cache(maxsize=4096)
def _words(text: str, language: str) -> frozenset[str]:
    dates = {word for date in find_dates(text, language) for word in WORD.findall(text[date.start : date.end])}
    words = {folded(word) for word in WORD.findall(text) if len(word) > 3 and word not in dates}
    return frozenset(map(stem, words - function_words(language)))
