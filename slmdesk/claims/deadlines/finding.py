"""Finds deadlines in a sentence: a day by which something is due, or a span before or after a day. Pure functions.

A span is a number and a unit. It runs from the receipt, the service or the date of the paper itself, or from a day that
is named, or back from it. What is not certain is told as a doubt and never reckoned.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from slmdesk.base.record import Record, changed
from slmdesk.base.texts import N_
from slmdesk.claims.deadlines.days import NamedDay, Role, named_days, tells_a_state
from slmdesk.claims.finders.numbers import Day, find_numbers

RECKONED = ("de", "en", "fr", "es")
LANGUAGES = (*RECKONED, "it", "pt", "nl", "pl")
"""In the others a span is told and not reckoned, so that nobody takes the day that stands beside it."""
GAP_CHARACTERS = 70
"""So much stands between a span and the day that it is counted from: "3 days before the hearing in Leeds on 5 May"."""
LEAST_STEM = 5
"""Letters from which on a noun may have an ending that the title of its paper has not: "des Bescheides"."""
TITLE_CHARACTERS = 90
"""A longer line is no title."""
LEAST_PARTIES = 3
"""Words for parties and their duties at the beginning of a paper, from which on it is a contract without a title."""
NUMBER_CHARACTERS = 40
"""So many before its last word a number may begin: "one hundred and eighty"."""
LEAST_HOURS = 12
"""Somebody may have to be there a few hours earlier, and to cancel so many before."""
CLEAR_BEFORE = 12
"""Characters before a number in which French says that whole days are meant: "délai franc de"."""


class Unit(StrEnum):
    DAY = "day"
    WEEKDAY = "weekday"
    """Monday to Saturday without holidays: Werktag, jour ouvrable."""
    WORKING = "working"
    """Monday to Friday without holidays."""
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Event(StrEnum):
    NOTICE = "notice"
    """A German authority's Bekanntgabe, which its law supposes some days after posting."""
    SERVICE = "service"
    RECEIPT = "receipt"
    DATE = "date"
    """The day that the paper itself bears."""
    NAMED = "named"
    """A day that is named beside it."""


NO_DAY = N_("the day from which it counts is not known")
NO_SPAN = N_("how long it runs is not certain")
IS_FIRST = N_("it is not certain whether the named day itself counts")
IS_NOTICE = N_("a period of notice ends by rules of its own")
SEVERAL = N_("the file holds several papers")
NO_RULES = N_("only deadlines in German, English, French and Spanish are")


class Term(Record):
    """A deadline as the paper words it, in the characters from `start` up to but not including `end`."""

    start: int
    end: int
    count: int
    unit: Unit
    event: Event
    is_clear: bool = False
    """Whether only whole days count: clear days, délai franc."""
    is_first: bool = False
    """Whether the day of the event is the first that counts."""
    is_natural: bool = False
    """Whether Spanish says that holidays count: días naturales."""
    is_this: bool = False
    """Whether the paper says that it means itself: after receipt of this letter."""
    noun: str = ""
    """What has to be received, where it may also be another paper: after service of the judgment."""
    named: Day | None = None
    """The day that is named, from which or back from which it counts."""
    is_before: bool = False
    is_least: bool = False
    doubt: str = ""
    """Why it cannot be reckoned, in English."""


class Due(Record):
    """What a sentence says of the time by which something is due."""

    terms: tuple[Term, ...] = ()
    days: tuple[NamedDay, ...] = ()
    """Those by which something is due, or on which it is; else none."""


def find_terms(text: str, language: str = "") -> list[Term]:
    """Return the deadlines of a sentence in order. None of what is told of the past, nor of other events."""
    return list(find_due(text, language).terms)


def find_due(text: str, language: str = "", own: Sequence[int | None] | None = None) -> Due:
    """Return the spans and the days of a sentence. `own`: the date of the paper, after which days without a year come.

    Of days that something is not due by, those are left out, and all but the surest where a span is told as well.
    """
    named = named_days(text, language, own)
    terms, taken = list[Term](), set[NamedDay]()
    for name in (language,) if language in LANGUAGES else LANGUAGES:
        for span in _span(name).finditer(text):
            term, days = _Span(span, text, name, named, own).read()
            taken |= days
            if term and not any(term.start < other.end and other.start < term.end for other in terms):
                terms.append(term)
    free = [day for day in named if day not in taken]
    sure = [day for day in free if day.role in (Role.BY, Role.BEFORE)]
    some = sure or ([] if terms or taken else [day for day in free if day.role in (Role.RANGE, Role.ON)])
    return Due(tuple(sorted(terms, key=lambda term: term.start)), tuple(some))


def due_day(text: str, language: str, own: Sequence[int | None] | None = None) -> Day | None:
    """Return the whole day by which something is due, or else the first of a text; none from which a span is counted.

    One without a year is the next one after `own`, the date of the paper; where that is not known, its year is None.
    """
    days = find_due(text, language, own).days
    if not days:
        return None
    last = days[0].last
    return (last.year, last.month, last.day) if last else days[0].day


def lays_duty(text: str, language: str) -> bool:
    """Return whether a sentence says that somebody must do something. False for languages without such words here."""
    words = _words().get(language, {})
    return re.search(words.get("duty", "(?!)"), text, re.IGNORECASE) is not None


def is_own(term: Term, head: str, sentence: str = "", *, is_mail: bool = False) -> bool:
    """Return whether a term counts from the paper that begins with `head`, and not from another that it speaks of.

    `sentence`: where the term stands. What it speaks of has to be named elsewhere too.

    A mail is not served, and what a contract or minutes say counts from what happens later: there a term is its own
    only where it says so.
    """
    if term.event is Event.NAMED:
        return True
    if term.is_this:
        return not is_of_others(head) or term.event is Event.DATE
    if is_mail or is_of_others(head):
        return False
    if term.noun:
        stem = term.noun[:-2] if len(term.noun) > LEAST_STEM else term.noun
        rest = " ".join(head.split()).replace(" ".join(sentence.split()), "")
        return stem.casefold() in rest.casefold()
    return term.event not in (Event.SERVICE, Event.NOTICE) or bool(re.search(_words()["served"], head, re.I))


def is_of_others(head: str) -> bool:
    """Return whether a paper is a contract or minutes, whose deadlines count from what happens later."""
    if is_greeting(head):
        return False
    for line in head.splitlines():
        title = re.sub(r"(?<=\b\w) (?=\w\b)", "", line.strip())  # S T R A F B E F E H L
        if is_title(title):
            return re.search(_words()["served"], title, re.IGNORECASE) is None
    return len({word.casefold() for word in re.findall(_words()["parties"], head, re.IGNORECASE)}) >= LEAST_PARTIES


def is_title(line: str) -> bool:
    """Return whether a line names what a paper is: one that is served, a contract, minutes."""
    words = _words()
    if len(line) > TITLE_CHARACTERS:
        return False
    is_contract = re.match(rf"\W*(?:\w+\s+){{0,2}}{words['contracts']}\b", line, re.IGNORECASE)
    return is_contract is not None or re.search(words["served"], line, re.IGNORECASE) is not None


def is_greeting(text: str) -> bool:
    """Return whether a line greets somebody, as in a letter."""
    return re.search(_words()["greetings"], text, re.IGNORECASE | re.MULTILINE) is not None


def is_closing(text: str) -> bool:
    """Return whether a line closes a letter, so that the signature follows."""
    return re.match(_words()["closings"], text, re.IGNORECASE) is not None


def ends_with_receipt(before: str) -> bool:
    """Return whether the day behind some words is that of receipt or service, as a paper or a stamp notes it."""
    return re.search(_words()["noted"], before, re.I) is not None


@cache
def _words() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("slmdesk.claims.deadlines").joinpath("words.toml").read_text("utf-8"))


@cache
def _span(language: str) -> re.Pattern[str]:
    units = "|".join(f"(?P<{name}>{pattern})" for name, pattern in _words()[language]["units"].items())
    return re.compile(
        rf"(?<![\w.,])(?P<n>\d{{1,3}}(?:\.|st|nd|rd|th|e|ème|º)?|(?<!-)[^\W\d_]+(?:-[^\W\d_]+)*)"
        rf"(?:\s*\([^()]{{1,12}}\))?(?:\s+|-)(?P<unit>{units})\b",
        _flags(language),
    )


@cache
def _link(language: str) -> re.Pattern[str]:
    """Return what leads from a span to what it is counted from."""
    words = _words()[language]
    half = r"\s+(?:et demie?|y medi[oa]|and a half|e mezz[oa]|e mei[oa])"
    to = rf"(?:(?P<before>{words['before']})|(?P<after>{words['after']}))(?!\w)"
    return re.compile(rf"{words['gap']}(?P<half>{half})?,?\s+{to}", _flags(language))


@cache
def _back(language: str) -> re.Pattern[str]:
    """Return what counts a span back from a day that is told elsewhere: "six weeks in advance"."""
    words = _words()[language]
    return re.compile(rf"{words['gap']}\s+(?:{words['back']})", _flags(language))


@cache
def _event(language: str) -> re.Pattern[str]:
    words = _words()[language]
    events = "|".join(f"(?P<on_{name}>{pattern})" for name, pattern in words["events"].items())
    of = f"|{words['of']}" if "of" in words else ""
    return re.compile(
        rf"(?<!\w)(?P<link>(?i:{words['after']}{of})){words.get('between', _BETWEEN)}(?:{events})\b"
        rf"(?P<object>{words.get('object', '(?!)')})?",
        _flags(language),
    )


_BETWEEN = r"(?:\s*[\w’']+){0,3}?\s*(?<![^\W_])"
"""Words between a link and an event in the languages in which nothing is reckoned."""


def _flags(language: str) -> re.RegexFlag:
    return re.NOFLAG if language == "de" else re.IGNORECASE  # its nouns are told by their capitals


class _Span:
    """Reads what stands around a number and a unit, in one language."""

    def __init__(
        self, span: re.Match[str], text: str, language: str, named: Sequence[NamedDay],
        own: Sequence[int | None] | None,
    ) -> None:  # fmt: skip
        self._span, self._text, self._language, self._named = span, text, language, named
        self._own = tuple(own or ())
        self._words: Mapping[str, Any] = _words()[language]
        self._start, self._count = _number_before(text, span, language)
        self._before, self._after = text[: self._start], text[span.end() :]

    def read(self) -> tuple[Term | None, set[NamedDay]]:
        """Return the deadline, if it is one, and the days that it is counted from: nobody takes them for due."""
        if re.search(self._words["told"], self._text, re.IGNORECASE):
            return None, set()
        if back := _back(self._language).match(self._text, self._span.end()):
            return self._points_back(back)
        link = _link(self._language).match(self._text, self._span.end())
        is_before = link is not None and link["before"] is not None
        event = None if is_before else self._event_behind()
        day = None if event or link is None else self._day_behind(link.end(), is_before=is_before)
        if event is None and link is None:
            event = self._event_in_front()
        if event is not None:
            term = self._from_event(event)
        elif is_before or (day is not None and self._is_limit()):
            term = self._from_day(day, is_before=is_before, is_unsure=self._is_unsure(link))
            term = changed(term, doubt=NO_SPAN) if link and link["half"] else term
        elif self._is_notice():
            term = self._term(self._span.end(), Event.NAMED, doubt=IS_NOTICE)
        else:
            term = None
        if term is not None and self._is_no_end(is_before=is_before):
            term = None
        taken = {day} if day else set[NamedDay]()
        if term is not None and term.doubt == IS_NOTICE and tells_a_state(self._text, self._language):
            taken = {day for day in self._named if day.end <= self._start}  # until which it lasts
        return self._with_doubt(term) if term else None, taken

    def _points_back(self, back: re.Match[str]) -> tuple[Term | None, set[NamedDay]]:
        """Return a span back from the only day of its sentence, and else one without a day.

        None of it is what is told of a few hours, of years, and of "the weeks earlier".
        """
        unit = self._span["unit"].casefold()
        is_short = unit.startswith("minut") or (self._count < LEAST_HOURS and _is(self._words, "short", unit))
        is_counted = self._count or self._span["day"]  # "the day before" is one
        is_bare = not is_counted and re.fullmatch(_words()["determiners"], self._span["n"], re.IGNORECASE)
        if self._span["year"] or is_short or is_bare:
            return None, set()
        others = (day for day in self._named if day.day != self._own)
        days = {day for day in others if day.end <= self._start or day.role not in (Role.BY, Role.BEFORE)}
        day = None
        if len(days) == 1:
            (day,) = days
        if self._is_no_end(is_before=True) or not (days or self._is_duty()):
            return None, days
        term = changed(self._from_day(day, is_before=True, is_unsure=False), end=back.end())
        if not term.doubt and day is not None and not self._is_sure_of(day):
            term = changed(term, doubt=NO_DAY)
        return self._with_doubt(term), days

    def _is_sure_of(self, day: NamedDay) -> bool:
        """Return whether something must be done so long before a day: not if that is a limit, or another paper's."""
        if day.role is Role.BY and not tells_a_state(self._text, self._language):
            return False
        if day.role is Role.OTHER:
            before = self._text[max(0, day.start - GAP_CHARACTERS) : day.start]
            is_paper = re.search(rf"\b{self._words.get('papers', '(?!)')}\b", before, re.IGNORECASE)
            if is_paper or not re.search(r"\b(?:du|del?)\s+$", before, re.IGNORECASE):
                return False
        return self._is_duty()

    def _is_duty(self) -> bool:
        return re.search(self._words.get("duty", "(?!)"), self._text, re.IGNORECASE) is not None

    def _event_behind(self) -> re.Match[str] | None:
        gap = re.compile(rf"{self._words['gap']},?\s+").match(self._text, self._span.end())
        return _event(self._language).match(self._text, gap.end()) if gap else None

    def _event_in_front(self) -> re.Match[str] | None:
        """Return the event that stands first: "from receipt of this letter you have 14 days"."""
        have, papers = self._words.get("have", "(?!)"), self._words.get("papers", "(?!)")
        for event in _event(self._language).finditer(self._before):
            paper = re.search(rf"\b{papers}\b", event.groupdict().get("np") or "", re.IGNORECASE)
            rest = self._before[event.start("np") + paper.end() if paper else event.end() :]
            if len(rest) < GAP_CHARACTERS and re.fullmatch(rf"[^.;:!?]*\b(?:{have})\b[^.;:!?]*", rest, re.IGNORECASE):
                return event
        return None

    def _day_behind(self, at: int, *, is_before: bool) -> NamedDay | None:
        for day in self._named:
            gap = self._text[at : day.start]
            if day.start < at or len(gap) > GAP_CHARACTERS or re.search(r"[.;!?](?:\s|$)", gap):
                continue
            is_apart = "," in gap and day.role in (Role.BY, Role.BEFORE)
            is_due = day.role in (Role.BY, Role.RANGE, Role.BEFORE) and not is_before
            return None if is_apart or is_due else day
        return None

    def _is_unsure(self, link: re.Match[str] | None) -> bool:
        return link is not None and link["after"] is not None and _is(self._words, "unsure", link["after"])

    def _is_no_end(self, *, is_before: bool) -> bool:
        """Return whether something may be done from the day on that the span leads to, and not until it."""
        is_least = self._stands_in_front("least")
        if is_before:
            return self._stands_in_front("most") or (self._stands_in_front("later") and not is_least)
        return is_least or self._stands_in_front("later")

    def _is_limit(self) -> bool:
        """Return whether the sentence tells a limit: not "two days after 5 May it rained"."""
        has_limit = re.search(self._words.get("lead", ""), self._text, re.IGNORECASE) is not None
        return has_limit and (self._count > 0 or self._language not in RECKONED)

    def _is_notice(self) -> bool:
        """Return whether it is how long before an end something has to be said, however that end is told."""
        around = self._before[-GAP_CHARACTERS:] + self._after[:GAP_CHARACTERS]
        return re.search(_words()["notice"], around, re.IGNORECASE) is not None and bool(self._named)

    def _stands_in_front(self, name: str) -> bool:
        words = self._words.get(name, "(?!)")
        return re.search(rf"(?<!\w)(?:{words})\s+$", self._before, re.IGNORECASE) is not None

    def _with_doubt(self, term: Term) -> Term:
        if self._language not in RECKONED:
            return changed(term, doubt=NO_RULES)
        units = "|".join(self._words["units"].values())
        also, to = r"(?:,|und|and|et|y)", r"(?:bis|oder|to|or|à|ou|a|o|[-–—/])"
        joint = re.search(rf"(?:(?P<unit>{units})\s*{also}|(?P<n>\w+)\s*{to})\s*$", self._before, re.IGNORECASE)
        is_joint = joint is not None and (joint["unit"] or _count(joint["n"], self._language))
        return changed(term, doubt=NO_SPAN) if is_joint or not term.count else term

    def _from_day(self, day: NamedDay | None, *, is_before: bool, is_unsure: bool) -> Term:
        named, link_end = (day.day, day.end) if day else (None, self._span.end())
        term = self._term(
            link_end, Event.NAMED, named=named, is_before=is_before, is_least=self._stands_in_front("least")
        )
        if day is None or not all(day.day) or (day.role is Role.OTHER and self._is_told_of_paper(day)):
            return changed(term, doubt=NO_DAY)
        return changed(term, doubt=IS_FIRST) if is_unsure else term

    def _is_told_of_paper(self, day: NamedDay) -> bool:
        """Return whether a day is the date of another paper: "after the invoice of 5 May"."""
        papers = self._words.get("papers", "(?!)")
        return re.search(rf"\b{papers}\b", self._text[self._span.end() : day.start], re.IGNORECASE) is not None

    def _from_event(self, match: re.Match[str]) -> Term | None:
        if self._language not in RECKONED:
            return self._term(match.end(), Event.RECEIPT)
        words, text = self._words, self._text
        if not re.search(words["lead"], text, re.IGNORECASE):
            return None
        event = Event(next(name for name in words["events"] if match[f"on_{name}"]))
        told = match[f"on_{event}"]
        start = min(match.start(), self._start)
        groups = match.groupdict()
        det = groups.get("det") or groups.get("det2") or ""
        is_named = re.search(rf"\b(?:{words['this']})\s+(?:[\w-]+\s+)?{words['papers']}\b", text[:start], re.I)
        is_this, noun, end = is_named is not None, "", match.end()
        if match["object"] and (named := match["np"] or det) and not re.search(rf"\b(?:{words['remedy']})\b", named):
            paper = re.search(rf"\b{words['papers']}\b", named, re.I)
            is_this = re.fullmatch(words["this"], det, re.I) is not None
            if paper is None or not (is_this or re.fullmatch(r"d[ei][re]s?|des|the|la|le|l[’']|el|", det, re.I)):
                return None
            noun = "" if is_this else paper[0]
        elif match["object"]:
            end = match.start("object")
        if own := re.match(words.get("own", "(?!)"), told, re.IGNORECASE):
            noun = noun or own[0]
        is_this = is_this or _is(words, "now", told)
        if (event is Event.DATE or _is(words, "vague", told)) and not (is_this or noun):
            return None
        is_first = re.match(r"(?:beginning|starting|commencing|beginnend)\b", match["link"], re.I) is not None
        term = self._term(max(end, self._span.end()), event, is_first=is_first, is_this=is_this, noun=noun)
        return changed(term, start=start) if term.count else None

    def _term(self, end: int, event: Event, **known: Any) -> Term:
        span, words = self._span, self._words
        name = next(name for name in words["units"] if span[name])
        before = self._text[max(0, self._start - CLEAR_BEFORE) : end]
        count = self._count
        is_one = _is(words, "article", span["n"]) and not _HALF.search(before)
        if known.get("is_before") and name in ("day", "weekday", "working"):  # the day before
            is_one = is_one or _is(words, "one", span["n"])
        if is_one and not count:
            count = 1
        unit = Unit.WEEK
        if name in set(Unit):
            unit = Unit(name)
        elif name == "fortnight":
            count *= 2
        else:
            count = 0
        return Term(
            self._start, end, count, unit, event,
            is_clear=re.search(r"\b(?:clear|francs?)\b", before, re.I) is not None,
            is_natural="naturales" in span["unit"].lower(), **known,
        )  # fmt: skip


def _is(words: Mapping[str, Any], name: str, told: str) -> bool:
    return re.fullmatch(words.get(name, "(?!)"), told, re.IGNORECASE) is not None


_HALF = re.compile(r"\bhalf an?\b", re.IGNORECASE)
_BEHIND_NUMBER = re.compile(r"(?:\.|st|nd|rd|th|e|ème|º)?\)?[\s-]*")


def _number_before(text: str, span: re.Match[str], language: str) -> tuple[int, int]:
    """Return where the number before a unit begins, of however many words, and the number; 0 where it is not whole."""
    first = max(0, span.start() - NUMBER_CHARACTERS)
    before = text[first : span.start("unit")]
    for number in reversed(find_numbers(before, language)):
        if _BEHIND_NUMBER.fullmatch(before, number.end) and number.values:
            begin = min(span.start(), first + number.start)
            value, *others = number.values  # others: the number can be read in several ways
            if others or value != int(value):
                return begin, 0
            return begin, int(value)
    return span.start(), _count(span["n"], language)


def _count(word: str, language: str) -> int:
    numbers = find_numbers(word, language)
    return int(numbers[0].values[0]) if len(numbers) == 1 and numbers[0].values else 0
