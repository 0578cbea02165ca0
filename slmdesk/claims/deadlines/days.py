"""Finds the days that a paper names, and tells by the words before each whether something is due by it.

Pure functions.
"""

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
from slmdesk.claims.finders.numbers import DateMention, Day, find_dates

CLAUSE_CHARACTERS = 160
"""So much before a day is searched for the words that tell what it is."""
NEAR_CHARACTERS, CLOCK_CHARACTERS = 40, 14
"""Within so much before a day and behind it a time of day belongs to it."""
NOT_BEHIND = ("de", "nl")
"""In these a "not" may also stand behind the day: "ist bis zum 1. Februar nicht möglich"."""
_WRITTEN = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}
"""How German is written where these letters are missing."""
_YEAR = re.compile(
    r"\W{0,2}(?:des Jahres |of the year |de l[’']année |de |del |d[’']|dell[’']anno |roku |van )?(20\d\d)\b"
)


_CLOCK = re.compile(
    r"(?<![\d.,])[0-2]?\d(?:[:.h][0-5]\d)?\s?(?:h|heures?|uhr|horas|ore|uur|[ap]\.?m)\b|(?<![\d.,:])[0-2]?\d:[0-5]\d(?!\d)",
    re.IGNORECASE,
)
"""A time of day beside a day, also where it could be a span elsewhere: 17 heures, 14 horas."""


TIME, WEEKDAY = "\u2060", "\u2061"
"""Stand for the letters of times of day and of weekdays, which do not tell what a day is."""
_GAP = rf"[\s{WEEKDAY}]*"


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
    begin: int
    """Where the words begin that tell its role."""
    is_end: bool = False
    """Whether it is told as the end of a month or a year."""
    has_time: bool = False
    """Whether a time of day stands beside it."""

    @property
    def last(self) -> date | None:
        """The last day on which something can be done that is due by it."""
        with suppress(ValueError, TypeError, OverflowError):
            named = date(*self.day)  # type: ignore[arg-type]
            return named - timedelta(days=1) if self.role is Role.BEFORE else named
        return None


class _Mention(Record):
    start: int
    end: int
    day: Day
    is_end: bool = False
    """Whether it is the end of a month or a year."""


def named_days(text: str, language: str = "", own: Sequence[int | None] | None = None) -> list[NamedDay]:
    """Return the whole days of a text in order, and the ends of months and years.

    `own` is the date of the paper: a day without a year is the next one after it.
    """
    mentions = find_dates(text, language)
    plain = _without_clocks(text, mentions)
    found = [*_wholes(mentions, language), *_ends(plain, mentions, language, own)]
    clocks = [mention.start for mention in mentions if mention.minutes]
    clocks += [clock.start() for clock in _CLOCK.finditer(plain)]
    plain = _CLOCK.sub(lambda clock: TIME * len(clock[0]), plain)
    days = list[NamedDay]()
    before: _Mention | None = None
    for mention in sorted(found, key=lambda mention: mention.start):
        day = _with_year(mention.day, own)
        role, begin = _role_of(plain, mention, clocks, language)
        if mention.day[0] is None and _follows("later_year", plain, mention.end, language):
            continue  # every year, or the next after some other
        first = _first_of_range(plain[: mention.start], day[2] or 0, language)
        if before and (joint := _joint(language).fullmatch(plain, before.end, mention.start)):
            if joint["to"] or _ends_with("between", plain[: before.start], language):
                role, begin = Role.RANGE, days.pop().begin
        elif first and (first["to"] or first["between"]):
            role, begin = Role.RANGE, first.start()
        elif first:  # on 10 and 20 May
            days.append(NamedDay(mention.start, mention.end, (*day[:2], int(first["number"])), role, begin))
        if role is Role.RANGE and _refuses(_clause_around(plain, begin, mention.end), language):
            role = Role.OTHER
        has_time = any(mention.end <= clock < mention.end + CLOCK_CHARACTERS for clock in clocks)
        days.append(NamedDay(mention.start, mention.end, day, role, begin, mention.is_end, has_time))
        before = mention
    return days


def every_day(text: str, language: str, own: Sequence[int | None] | None) -> Iterator[tuple[int, date]]:
    """Yield where days stand that a text names, whatever it says of them: both, where one can be read in two ways."""
    mentions = find_dates(text, language)
    wholes = [_Mention(mention.start, mention.end, day) for mention in mentions for day in mention.readings]
    for mention in (*wholes, *_ends(_without_clocks(text, mentions), mentions, language, own)):
        with suppress(ValueError, TypeError):  # a month, or a day that no year has
            yield mention.start, date(*_with_year(mention.day, own))  # type: ignore[arg-type]


def tells_a_state(text: str, language: str) -> bool:
    """Return whether a sentence tells how long something lasts: valid, open, closed until a day."""
    return re.search(_words("state", language), text, re.IGNORECASE) is not None


def _wholes(mentions: Sequence[DateMention], language: str) -> Iterator[_Mention]:
    """Yield the days that are named whole. Only in English may the month stand before the day in figures."""
    is_sure = language not in ("", "en")
    for mention in mentions:
        if mention.readings and (len(mention.readings) == 1 or is_sure):
            year, month, day = mention.readings[0]
            if month and day:
                yield _Mention(mention.start, mention.end, (year, month, day))


def _ends(
    plain: str, mentions: Sequence[DateMention], language: str, own: Sequence[int | None] | None
) -> Iterator[_Mention]:
    """Yield the last days of months and years: of a named one, or of the paper's own."""
    for mention in mentions:
        year, month, day = mention.readings[0] if mention.readings else (None, None, None)
        if month and not day and (words := _ends_with("end", plain[: mention.start], language)):
            year = _with_year((year, month, 31), own)[0]
            if year:
                yield _end_of(words.start(), mention.end, year, month)
    for words in re.finditer(rf"(?<!\w)(?:{_words('end', language)})", plain, re.IGNORECASE):
        if match := _YEAR.match(plain, words.end()):
            yield _end_of(words.start(), match.end(), int(match[1]), 12)
    if own and own[0] and own[1]:
        for ending in _endings(language):
            for words in re.finditer(rf"(?<!\w)(?:{ending})(?!\w)(?! ?\d)", plain, re.IGNORECASE):
                if words["month"]:
                    months = own[1]
                elif words["next"]:
                    months = own[1] + 1
                else:
                    months = 12
                year = own[0]
                if months > 12:  # the next one after December
                    year, months = year + 1, 1
                yield _end_of(words.start(), words.end(), year, months)


def _end_of(start: int, end: int, year: int, month: int) -> _Mention:
    return _Mention(start, end, (year, month, monthrange(year, month)[1]), is_end=True)


def _with_year(day: Day, own: Sequence[int | None] | None) -> Day:
    if not day[0] and own and own[0]:
        is_over = day[1:] < tuple(own[1:])
        year = own[0] + 1 if is_over else own[0]
        return year, *day[1:]
    return day


def _role_of(plain: str, mention: _Mention, clocks: Sequence[int], language: str) -> tuple[Role, int]:
    """Return what a day is by the words before it, and where these begin."""
    left = plain[: mention.start]
    if (words := _ends_with("until", left, language)) and _is_until_refused(plain, words.start(), mention, language):
        return Role.LATER, words.start()
    for name, role in (("by", Role.BY), ("later", Role.LATER)):
        if words := _ends_with(name, left, language):
            return role, words.start()
    if words := _ends_with("before", left, language):
        is_refused = _refuses(re.split(r"[.;:!?]", left[: words.start()])[-1], language)
        is_whole = mention.is_end or _is_whole(plain, words.start(), mention, clocks, language)
        if is_refused or left[: words.start()].rstrip().endswith(WEEKDAY):  # the Friday before it
            return Role.LATER, words.start()
        return Role.BY if is_whole else Role.BEFORE, words.start()
    is_stamp = left.endswith("[")  # of a message in a chat
    is_other = is_stamp or _ends_with("other", left, language)
    return Role.OTHER if is_other else Role.ON, mention.start


def _is_until_refused(plain: str, begin: int, mention: _Mention, language: str) -> bool:
    """Return whether nothing may be done until a day: "no … until", "until … no", not "if you do not … until"."""
    clause, after = re.split(r"[.;:!?]", plain[:begin])[-1], re.split(r"[.;:!?]", plain[mention.end :])[0]
    behind, comma, __ = after.lstrip(", ").partition(",") if not clause.strip() else after.partition(",")
    near = clause.rpartition(",")[2]
    if not near.strip():  # it stands first, or behind what is put in between
        near = clause
    if not near.strip():
        return _refuses(behind, language)
    is_listed = re.match(rf"\W*(?:{_words('not', language)})", clause, re.IGNORECASE)
    is_listed = is_listed or re.search(rf"\b(?:{_words('and', language)})\b", near, re.IGNORECASE)  # not a, b or c
    is_condition = comma and re.match(_words("condition", language), near, re.IGNORECASE)
    is_limit = re.search(_words("limits", language), near, re.IGNORECASE)
    refused = clause if is_listed else near
    if language in NOT_BEHIND:
        refused += behind
    return not is_condition and not is_limit and _refuses(refused, language)


def _clause_around(plain: str, begin: int, end: int) -> str:
    before, after = re.split(r"[.,;:!?]", plain[:begin])[-1], re.split(r"[.,;:!?]", plain[end:].lstrip(", "))[0]
    return f"{before} {after}"


def _refuses(clause: str, language: str) -> bool:
    """Return whether a clause says that something is not, and not that it is to be remembered or may happen."""
    is_refused = re.search(_words("not", language), clause, re.IGNORECASE) is not None
    return is_refused and re.search(_words("unless", language), clause, re.IGNORECASE) is None


def _is_whole(plain: str, begin: int, mention: _Mention, clocks: Sequence[int], language: str) -> bool:
    """Return whether "before a day" takes in that day: before its end, or before a time of it."""
    until = mention.end + CLOCK_CHARACTERS
    if any(begin <= clock < until for clock in clocks):
        return True
    around = f"{plain[begin : mention.start]} | {plain[mention.end : until]}"
    return re.search(rf"(?<!\w)(?:{_words('whole', language)})(?!\w)", around, re.IGNORECASE) is not None


def _without_clocks(text: str, mentions: Sequence[DateMention]) -> str:
    """Return a text of the same length with signs for weekdays and times of day."""
    plain = text
    for mention in mentions:
        if not mention.readings:
            sign = TIME if mention.minutes else WEEKDAY
            plain = plain[: mention.start] + sign * (mention.end - mention.start) + plain[mention.end :]
    return plain


def _first_of_range(left: str, last: int, language: str) -> re.Match[str] | None:
    """Return the number of a day before day `last` of the same month: "from 9 to", "between 9 and", "on 9 and"."""
    first = _numbered(language).search(left, max(0, len(left) - NEAR_CHARACTERS))
    return first if first and 0 < int(first["number"]) < last else None


@cache
def _numbered(language: str) -> re.Pattern[str]:
    between = rf"(?:(?<!\w)(?P<between>{_words('between', language)})[\w\s]{{0,12}})?"
    number = r"(?<![\w.,/])(?P<number>\d{1,2})(?:\.|er|st|nd|rd|th|º|°)?"
    return re.compile(rf"{between}{number}{_GAP}{_to_or_and(language)}{_GAP}$", re.IGNORECASE)


@cache
def _joint(language: str) -> re.Pattern[str]:
    filler = rf"(?:(?:{_words('filler', language)})\s*)?"
    return re.compile(rf"{_GAP}{_to_or_and(language)}{_GAP}{filler}{_GAP}", re.IGNORECASE)


def _to_or_and(language: str) -> str:
    return rf"(?:(?P<to>{_words('to', language)})|(?P<and>{_words('and', language)}))"


def _follows(name: str, plain: str, at: int, language: str) -> bool:
    return re.match(rf"\W{{0,2}}(?:{_words(name, language)})(?!\w)", plain[at : at + NEAR_CHARACTERS], re.I) is not None


def _ends_with(name: str, left: str, language: str) -> re.Match[str] | None:
    return _before(name, language).search(left, max(0, len(left) - CLAUSE_CHARACTERS))


@cache
def _before(name: str, language: str) -> re.Pattern[str]:
    times = TIME if name in ("by", "before") else ""  # "from 9 am on" a day is on it
    between = rf"[\s,:({WEEKDAY}{times}]"
    filler = r"\W*" if name == "between" else rf"(?:{between}+(?:{_words('filler', language)}))*{between}*"
    return re.compile(rf"(?<![\w’'])(?:{_words(name, language)}){filler}$", re.IGNORECASE)


@cache
def _words(name: str, language: str) -> str:
    """Return the words of a language, or of all together where it is none of those known."""
    by_language: Mapping[str, str] = _tables()[name]
    words = by_language.get(language) or "|".join(by_language.values())
    for letter, written in _WRITTEN.items():
        words = words.replace(letter, f"(?:{letter}|{written})")
    return words


def _endings(language: str) -> Sequence[str]:
    by_language: Mapping[str, str] = _tables()["ending"]
    return [by_language[language]] if language in by_language else list(by_language.values())


@cache
def _tables() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(resources.files("slmdesk.claims.deadlines").joinpath("days.toml").read_text("utf-8"))
