"""Finds deadlines that are counted from the receipt, the service or the date of the paper itself. Pure functions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from slmdesk.base.record import Record
from slmdesk.text.checks.numbers import find_numbers

LANGUAGES = ("de", "en", "fr", "es")
LEAST_STEM = 5
"""Letters from which on a noun may have an ending that the title of its paper has not: "des Bescheides"."""
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


def find_terms(text: str, language: str = "") -> list[Term]:
    """Return the deadlines of a sentence in order. None of what is told of the past, nor of other events."""
    deadlines = list[Term]()
    for name in (language,) if language else LANGUAGES:
        words = _words().get(name)
        if words and re.search(words["lead"], text, re.I) and not re.search(words["told"], text, re.I):
            terms = (_term(match, text, name, words) for match in _pattern(name).finditer(text))
            deadlines += [term for term in terms if term is not None]
    return sorted(deadlines, key=lambda term: term.start)


def is_own(term: Term, head: str) -> bool:
    """Return whether a term counts from the paper that begins with `head`, and not from another that it speaks of."""
    if term.noun:
        stem = term.noun[:-2] if len(term.noun) > LEAST_STEM else term.noun
        return stem.casefold() in head.casefold()
    is_served = term.event not in (Event.SERVICE, Event.NOTICE) or re.search(_words()["served"], head, re.I)
    return term.is_this or bool(is_served)


def ends_with_receipt(before: str) -> bool:
    """Return whether the day behind some words is that of receipt or service, as a paper or a stamp notes it."""
    return re.search(_words()["noted"], before, re.I) is not None


@cache
def _words() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("slmdesk.text.deadlines").joinpath("words.toml").read_text("utf-8"))


@cache
def _pattern(language: str) -> re.Pattern[str]:
    words = _words()[language]
    units = "|".join(f"(?P<{name}>{pattern})" for name, pattern in words["units"].items())
    events = "|".join(f"(?P<on_{name}>{pattern})" for name, pattern in words["events"].items())
    return re.compile(
        rf"(?<![\w.,])(?P<n>\d{{1,3}}|[^\W\d_]+)(?:\s*\([^()]{{1,12}}\))?\s+(?P<unit>{units}),?\s+(?P<link>{words['link']})"
        rf"{words['between']}(?:{events})\b(?P<object>{words['object']})?",
        0 if language == "de" else re.I,  # its nouns are told by their capitals
    )


def _term(match: re.Match[str], text: str, language: str, words: Mapping[str, Any]) -> Term | None:
    count = _count(match["n"], language)
    unit = next(unit for unit in words["units"] if match[unit])
    event = next(event for event in words["events"] if match[f"on_{event}"])
    det = next(filter(None, (match.groupdict().get(name) for name in ("det", "det2"))), "")
    is_named = re.search(rf"\b(?:{words['this']})\s+(?:[\w-]+\s+)?{words['papers']}\b", text[: match.start()], re.I)
    is_this, noun, end = is_named is not None, "", match.end()
    if match["object"] and (named := match["np"] or det) and not re.search(rf"\b(?:{words['remedy']})\b", named):
        paper = re.search(rf"\b{words['papers']}\b", named, re.I)
        is_this = re.fullmatch(words["this"], det, re.I) is not None
        if paper is None or not (is_this or re.fullmatch(r"d[ei][re]s?|des|the|la|le|l[’']|el|", det, re.I)):
            return None
        noun = "" if is_this else paper[0]
    elif match["object"]:
        end = match.start("object")
    if count == 0 or (event == Event.DATE and not (is_this or noun or match[f"on_{event}"].startswith("Rechnung"))):
        return None
    before = text[max(0, match.start() - CLEAR_BEFORE) : end]
    return Term(
        match.start(), end, count, Unit(unit), Event(event),
        is_clear=re.search(r"\b(?:clear|francs?)\b", before, re.I) is not None,
        is_first=re.match(r"(?:beginning|starting)\b", match["link"], re.I) is not None,
        is_natural="naturales" in match["unit"].lower(),
        is_this=is_this,
        noun="Rechnung" if match[f"on_{event}"] == "Rechnungsdatum" else noun,
    )  # fmt: skip


def _count(word: str, language: str) -> int:
    numbers = find_numbers(word, language)
    return int(numbers[0].values[0]) if len(numbers) == 1 and numbers[0].values else 0
