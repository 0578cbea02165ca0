"""Finds the days that a paper names, and tells by the words before each whether something is due by it. Pure functions."""

from __future__ import annotations

import re
import tomllib
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources

from slmdesk.base.record import Record
from slmdesk.text.checks.numbers import DateMention, Day, find_dates

CLAUSE_CHARACTERS = 160
"""So much before a day is searched for the words that tell what it is."""
CLOCK_CHARACTERS = 14
"""Within so much behind a day a time of day belongs to it."""
_FORGET = re.compile(r"\b(?:forget|vergessen|oubli\w+|olvid\w+|if|unless|wenn|falls|sofern|si|salvo)\b", re.IGNORECASE)
"""Beside a "not", which then does not turn "before a day" into "not before it"."""
_YEAR = re.compile(
    r"\W{0,2}(?:des Jahres |of the year |de l[’']année |de |del |d[’']|dell[’']anno |roku |van )?(20\d\d)\b"
)


class Role(StrEnum):
    BY = "by"
    BEFORE = "before"
    """The day before it is the last."""
    RANGE = "range"
    """It ends a time in which something is to be done, or something lasts."""
    ON = "on"
    LATER = "later"
    """From it on, after it, not before it: nothing is due by it."""
    OTHER = "other"
    """Of another paper, or about a day."""


class NamedDay(Record):
    """A day that a text names from `start` up to but not including `end`."""

    start: int
    end: int
    day: Day
    """Its year is None where neither the text nor the date of the paper tells it."""
    role: Role

    @property
    def last(self) -> date | None:
        """The last day on which something can be done that is due by it."""
        with suppress(ValueError, TypeError, OverflowError):
            named = date(*self.day)  # type: ignore[arg-type]
            return named - timedelta(days=self.role is Role.BEFORE)
        return None


def named_days(text: str, language: str = "", own: Sequence[int | None] | None = None) -> list[NamedDay]:
    """Return the whole days of a text in order, and the ends of months and years.

    `own` is the date of the paper: a day without a year is the next one after it.
    """
    mentions = find_dates(text, language)
    plain = _without_clocks(text, mentions)
    clocks = [mention.start for mention in mentions if mention.minutes]
    days = list[NamedDay]()
    before: tuple[int, int] | None = None
    for start, end, day, is_end in sorted(
        [*_wholes(plain, mentions, language), *_ends(plain, mentions, language, own)]
    ):
        named = _with_year(day, own)
        left = plain[max(0, start - CLAUSE_CHARACTERS) : start]
        first, role = _first_of_range(left, language), Role.ON
        if before and (joint := re.fullmatch(_joint(language), plain[before[1] : start], re.IGNORECASE)):
            is_range = joint["and"] is None or _ends_with("between", plain[: before[0]], language)
            role = Role.RANGE if is_range else _role_of(left, language, is_whole=False)
            if is_range:
                days.pop()
        elif first is not None and first["is_range"]:
            role = Role.RANGE
        else:
            is_whole = is_end or _is_whole(plain, start, end, clocks, language)
            role = _role_of(left, language, is_whole=is_whole)
            if first is not None and first["number"] and 0 < int(first["number"]) < (named[2] or 0):
                days.append(NamedDay(start, end, (*named[:2], int(first["number"])), role))
        days.append(NamedDay(start, end, named, role))
        before = start, end
    return days


def ends_with_by(before: str, language: str) -> re.Match[str] | None:
    """Return the "by" or "until" that stands right before a day."""
    for name in ("by", "before"):
        if match := _ends_with(name, before, language):
            return match
    return None


def tells_a_state(text: str, language: str) -> bool:
    """Return whether a sentence tells how long something lasts: valid, open, closed until a day."""
    return re.search(_words("state", language), text, re.IGNORECASE) is not None


def _wholes(plain: str, mentions: Sequence[DateMention], language: str) -> Iterator[tuple[int, int, Day, bool]]:
    """Yield the days that are named whole. Only English writes the month before the day in figures too."""
    is_sure = language not in ("", "en")
    for mention in mentions:
        if mention.readings and (len(mention.readings) == 1 or is_sure):
            year, month, day = mention.readings[0]
            if month and day:
                yield mention.start, mention.end, (year, month, day), False


def _ends(
    plain: str, mentions: Sequence[DateMention], language: str, own: Sequence[int | None] | None
) -> Iterator[tuple[int, int, Day, bool]]:
    """Yield the last days of months and years: of a named one, or of the paper's own."""
    for mention in mentions:
        year, month, day = mention.readings[0] if mention.readings else (None, None, None)
        if month and not day and (words := _ends_with("end", plain[: mention.start], language)):
            year = _with_year((year, month, 31), own)[0]
            if year:
                yield words.start(), mention.end, (year, month, monthrange(year, month)[1]), True
    for words in re.finditer(rf"(?<!\w)(?:{_words('end', language)})", plain, re.IGNORECASE):
        if match := _YEAR.match(plain, words.end()):
            yield words.start(), match.end(), (int(match[1]), 12, 31), True
    if own and own[0] and own[1] and not re.search(_words("each", language), plain, re.IGNORECASE):
        for ending in _endings(language):
            for words in re.finditer(rf"(?<!\w)(?:{ending})(?!\w)(?! ?\d)", plain, re.IGNORECASE):
                months = own[1] if words["month"] else own[1] + 1 if words["next"] else 12
                year, month = own[0] + (months > 12), (months - 1) % 12 + 1
                yield words.start(), words.end(), (year, month, monthrange(year, month)[1]), True


def _with_year(day: Day, own: Sequence[int | None] | None) -> Day:
    if not day[0] and own and own[0]:
        return own[0] + (day[1:] < tuple(own[1:])), *day[1:]
    return day


def _role_of(left: str, language: str, *, is_whole: bool) -> Role:
    """Return what a day is by the words before it. `is_whole`: all of the day counts, or a part that a clock tells."""
    if _ends_with("by", left, language):
        return Role.BY
    if _ends_with("later", left, language):
        return Role.LATER
    if words := _ends_with("before", left, language):
        clause = re.split(r"[.;:!?]", left[: words.start()])[-1]
        is_refused = re.search(_words("not", language), clause, re.IGNORECASE) and not _FORGET.search(clause)
        return Role.LATER if is_refused else Role.BY if is_whole else Role.BEFORE
    return Role.OTHER if _ends_with("other", left, language) else Role.ON


def _is_whole(plain: str, start: int, end: int, clocks: Sequence[int], language: str) -> bool:
    around = f"{plain[max(0, start - 40) : start]} | {plain[end : end + CLOCK_CHARACTERS]}"
    is_near = any(start - 20 <= clock < end + CLOCK_CHARACTERS for clock in clocks)
    return is_near or re.search(rf"(?<!\w)(?:{_words('whole', language)})(?!\w)", around, re.IGNORECASE) is not None


def _without_clocks(text: str, mentions: Sequence[DateMention]) -> str:
    """Return a text of the same length without weekdays and times of day, which do not tell what a day is."""
    plain = text
    for mention in mentions:
        if not mention.readings:
            plain = plain[: mention.start] + " " * (mention.end - mention.start) + plain[mention.end :]
    return plain


def _first_of_range(left: str, language: str) -> Mapping[str, str] | None:
    """Return the number of a day before another day of the same month: "from 9 to", "between 9 and", "on 9 and"."""
    between, to, also = (_words(name, language) for name in ("between", "to", "and"))
    pattern = rf"(?:(?<!\w)(?P<between>{between})[\w\s]{{0,5}})?(?<![\w.,/])(?P<number>\d{{1,2}})(?:\.|er|st|nd|rd|th|º|°)?\s*(?:(?P<to>{to})|(?P<and>{also}))\s*$"
    match = re.search(pattern, left, re.IGNORECASE)
    if match is None:
        return None
    return {"number": match["number"], "is_range": match["to"] or match["between"] or ""}


def _joint(language: str) -> str:
    return rf"\s*(?:(?P<to>{_words('to', language)})|(?P<and>{_words('and', language)}))\s*(?:(?:{_words('filler', language)})\s*)?"


def _ends_with(name: str, left: str, language: str) -> re.Match[str] | None:
    return _before(name, language).search(left[-CLAUSE_CHARACTERS:])


@cache
def _before(name: str, language: str) -> re.Pattern[str]:
    filler = r"\W*" if name == "between" else rf"(?:[\s,:(]+(?:{_words('filler', language)}))*[\s,:(]*"
    return re.compile(rf"(?<![\w’'])(?:{_words(name, language)}){filler}$", re.IGNORECASE)


@cache
def _words(name: str, language: str) -> str:
    """Return the words of a language, or of all together where it is none of those known."""
    by_language: Mapping[str, str] = _tables()[name]
    return by_language.get(language) or "|".join(by_language.values())


def _endings(language: str) -> Sequence[str]:
    by_language: Mapping[str, str] = _tables()["ending"]
    return [by_language[language]] if language in by_language else list(by_language.values())


@cache
def _tables() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(resources.files("slmdesk.text.deadlines").joinpath("days.toml").read_text("utf-8"))
