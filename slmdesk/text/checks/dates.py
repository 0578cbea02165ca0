"""Finds dates and times of day in a text, in the common forms of six languages."""

from __future__ import annotations

import datetime
import re
from functools import cache

from slmdesk.base.record import Record
from slmdesk.text.checks.words import WORD, folded, tables

Day = tuple[int | None, int | None, int | None]
"""Year, month, day; None for what is not said."""


class DateMention(Record):
    """A date, weekday or time of day in a text; `readings` has more than one where 03/04 may be both."""

    start: int
    end: int
    readings: tuple[Day, ...] = ()
    weekday: int | None = None
    minutes: tuple[int, ...] = ()


_YEAR = r"(?P<y>(?:1[6-9]|2[01])\d\d)(?!\d)"
_DAY = r"(?<![\d.,])(?P<d>\d{1,2})(?:st|nd|rd|th|er|\.|º|ª|°)?"
_OF = r"(?:\s*,)?\s*(?:de |del |of |roku )?\s*"
_ISO = re.compile(r"(?<!\d)(?P<y>(?:1[6-9]|2[01])\d\d)([-/.])(?P<m>\d{1,2})\2(?P<d>\d{1,2})(?!\d)")
_PLAIN = re.compile(
    r"(?<![\d./-])(?P<a>\d{1,2})\s?([./-])\s?(?P<b>\d{1,2})\s?\2\s?(?P<y>(?:1[6-9]|2[01])\d\d|\d\d)(?!\d|\2\d)"
)
_SHORT = re.compile(r"(?<![\d.,])(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.(?![\d])")
_CJK = re.compile(
    r"(?:(?P<y>\d{4})年)(?:(?P<m>\d{1,2})月(?:(?P<d>\d{1,2})日)?)?|(?P<m2>\d{1,2})月(?:(?P<d2>\d{1,2})日)"
)
_CLOCK = re.compile(
    r"(?<![\d.,:])(?P<h>[01]?\d|2[0-4])(?:(?P<sep>[:.]|\s?h\s?)(?P<min>[0-5]\d))?(?::\d\d)?\s?"
    r"(?P<half>[ap]\.?\s?m\b\.?|Uhr\b|o'clock|[AP]M\b|(?<=\d )heures?\b|(?<=\d )h\b)?(?![\d:]|[.,]\d)"
)
_CLOCK_BEFORE = re.compile(r"\b(?:godz(?:\.|inie|ina)|at|um|alle|las|à)\s*$", re.IGNORECASE)
_HOUR_BEFORE = re.compile(r"(?:\b(?:à|vers|dès|de|entre|et|avant|après|depuis)\s+|jusqu['’]à\s+)$", re.IGNORECASE)
"""Before a French hour: "8 h 45" and "13 heures" alone may also say how long something takes."""
_MONTH_BEFORE = re.compile(
    r"\b(?:in|of|by|since|until|till|from|to|early|late|mid|this|last|next|during|im|en|de|w|do|od|à|fin|ende|anfang|mitte|bis|seit|nel|del|a)[\s-]+$",
    re.IGNORECASE,
)


@cache
def _months() -> dict[str, int]:
    return {word: at + 1 for at, line in enumerate(tables()["months"]["names"]) for word in line.split()}


@cache
def _alone() -> frozenset[str]:
    return frozenset(tables()["months"]["alone"].split())


@cache
def _weekdays() -> dict[str, int]:
    return {word: at for at, line in enumerate(tables()["weekdays"]["names"]) for word in line.split()}


_BEFORE_MONTH = re.compile(_DAY + r"\s*(?:of |de |d['’]|-)?\s*$")
_AFTER_DAY = re.compile(r"\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?(?!\d)(?![.,]\d)(?:,?\s+" + _YEAR + ")?", re.IGNORECASE)
_VERBS = frozenset(("may", "march"))
"""Written small they are words of English."""
_ORDINAL = re.compile(r"\d{1,2}(?:st|nd|rd|th)\b|\d{1,2} of\b|\w+ \d{1,2}(?:st|nd|rd|th)\b")
_AFTER_YEAR = re.compile(r"\.?" + _OF + _YEAR)


def find_dates(text: str, language: str = "") -> list[DateMention]:
    """All dates, months, weekdays and times of day, in order; years alone are left to the numbers."""
    found: list[DateMention] = []
    words = [(match, re.sub(r"['’]s$", "", folded(match.group()))) for match in WORD.finditer(text)]
    if any(sign.isdigit() for sign in text):
        found += _in_figures(text, language)
    for match, word in words:
        if word in _months():
            when = _around_month(text, match.start(), match.end(), word)
            if when is not None and match[0] in _VERBS and language != "es" and not _is_surely_date(text, when):
                continue
            if when is not None:
                found.append(when)
        elif word in _weekdays() and not (word == "martes" and language != "es"):
            found.append(DateMention(match.start(), match.end(), weekday=_weekdays()[word]))
    found.sort(key=lambda when: (when.start, -when.end))
    kept: list[DateMention] = []
    for when in found:
        if not kept or when.start >= kept[-1].end:
            kept.append(when)
    return kept


def _is_surely_date(text: str, when: DateMention) -> bool:
    """Whether a month that may be a word of English is one: "the 2nd of may", "2 may 2025", not "store 2 may"."""
    return any(year for year, _, _ in when.readings) or _ORDINAL.match(text, when.start) is not None


def _around_month(text: str, start: int, end: int, word: str) -> DateMention | None:
    month = _months()[word]
    before = _BEFORE_MONTH.search(text, max(0, start - 12), start)
    if before is not None and 1 <= int(before["d"]) <= 31:
        year = _AFTER_YEAR.match(text, end)
        return DateMention(
            before.start("d"), year.end() if year else end, ((_int(year, "y"), month, int(before["d"])),)
        )  # 3 March 2024
    after = _AFTER_DAY.match(text, end)
    if after is not None and 1 <= int(after["d"]) <= 31:
        return DateMention(start, after.end(), ((_int(after, "y"), month, int(after["d"])),))  # March 3, 2024
    year = _AFTER_YEAR.match(text, end)
    if year is not None:
        return DateMention(start, year.end(), ((int(year["y"]), month, None),))
    if word in _alone() and (text[start].isupper() or word not in ("march", "august", "avril", "marca", "marche")):
        return DateMention(start, end, ((None, month, None),))
    if word in ("may", "mai", "mars", "maj", "maja", "maju") and _MONTH_BEFORE.search(text, max(0, start - 12), start):
        if word == "may" and not text[start].isupper():
            return None
        return DateMention(start, end, ((None, month, None),))
    return None


def _int(match: re.Match[str] | None, name: str) -> int | None:
    return int(match[name]) if match is not None and match[name] else None


def _in_figures(text: str, language: str) -> list[DateMention]:
    found: list[DateMention] = []
    for match in _ISO.finditer(text):
        _add(found, match, [(int(match["y"]), int(match["m"]), int(match["d"]))])
    for match in _PLAIN.finditer(text):
        a, b, year = int(match["a"]), int(match["b"]), int(match["y"])
        year += 2000 if year < 70 else 1900 if year < 100 else 0
        _add(
            found,
            match,
            [(year, b, a), (year, a, b)] if "/" in match.group() or "-" in match.group() else [(year, b, a)],
        )
    if language in ("de", "pl"):
        for match in _SHORT.finditer(text):
            _add(found, match, [(None, int(match["m"]), int(match["d"]))])
    for match in _CJK.finditer(text):
        _add(
            found,
            match,
            [(_int(match, "y"), _int(match, "m") or _int(match, "m2"), _int(match, "d") or _int(match, "d2"))],
        )
    for match in _CLOCK.finditer(text):
        minutes = _minutes(text, match)
        if minutes:
            found.append(DateMention(match.start(), match.start() + len(match.group().rstrip()), minutes=minutes))
    return found


def _add(found: list[DateMention], match: re.Match[str], readings: list[Day]) -> None:
    good = tuple(day for day in readings if 1 <= (day[1] or 1) <= 12 and 1 <= (day[2] or 1) <= 31)
    if good:
        found.append(DateMention(match.start(), match.end(), good))


def _minutes(text: str, match: re.Match[str]) -> tuple[int, ...]:
    """The minutes since midnight that a time may mean; empty when it is none."""
    half = (match["half"] or "").casefold().replace(".", "").replace(" ", "")
    is_spaced = (match["sep"] or "").strip() == "h" != match["sep"]
    if half in ("h", "heure", "heures") or is_spaced:
        if _HOUR_BEFORE.search(text, max(0, match.start() - 12), match.start()) is None:
            return ()
        hour = int(match["h"])
        minutes = hour * 60 + int(match["min"] or 0)
        return (minutes, minutes + 720) if 1 <= hour < 12 else (minutes,)
    said = bool(half) or _CLOCK_BEFORE.search(text, max(0, match.start() - 10), match.start()) is not None
    if match["sep"] is None and not (
        half or re.search(r"godz\S*\s*$", text[max(0, match.start() - 10) : match.start()])
    ):
        return ()
    if match["sep"] == "." and not said:
        return ()
    hour, minute = int(match["h"]), int(match["min"] or 0)
    if half == "pm":
        return ((hour % 12 + 12) * 60 + minute,)
    if half == "am":
        return (hour % 12 * 60 + minute,)
    return (hour * 60 + minute, (hour + 12) * 60 + minute) if 1 <= hour < 12 and not half else (hour * 60 + minute,)


def dates_agree(said: DateMention, known: list[DateMention], years: set[int]) -> bool:
    if said.minutes:
        return any(set(said.minutes) & set(other.minutes) for other in known)
    if said.weekday is not None:
        return any(other.weekday == said.weekday or said.weekday in _weekdays_of(other) for other in known)
    return any(
        _agrees(day, other_day, years) for day in said.readings for other in known for other_day in other.readings
    )


def _agrees(said: Day, known: Day, years: set[int]) -> bool:
    if said[1] is not None and said[1] != known[1]:
        return False
    if said[2] is not None and said[2] != known[2]:
        return False
    if said[0] is None or said[0] == known[0]:
        return True
    return known[0] is None and said[0] in years


def _weekdays_of(when: DateMention) -> set[int]:
    days: set[int] = set()
    for year, month, day in when.readings:
        if year and month and day:
            try:
                days.add(datetime.date(year, month, day).weekday())
            except ValueError:
                continue
    return days
