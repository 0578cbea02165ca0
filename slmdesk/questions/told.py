"""Reads a model's answer: which of its words say something of the matter, and whether it says that the text does not
tell. Pure functions.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

from slmdesk.base.record import Record
from slmdesk.text.checks.words import WordSet, tables, tongue, word_set
from slmdesk.text.sentences import sentence_spans

_NUMBERS = r"\[\d{1,3}(?:(?:[,;] ?| ?[-–] ?)\d{1,3})*\]"
_SOURCES = re.compile(
    rf"\s?(?:{_NUMBERS}(?:,? ?{_NUMBERS})*"
    r"|[\[(](?:sources?|quellen?|fuentes?|font[ei]|bron|źródło):? ?[\d\[\],; –-]+[\])])(?=\W|$)",
    re.IGNORECASE,
)
"""Sources in brackets, as models write them: [1], [1, 2], (Source: 3)."""
_BOLD = re.compile(r"\*\*|(?<!\w)__|__(?!\w)|(?<![\w*])\*(?=\S)|(?<=\S)\*(?![\w*])|^#{1,6}\s+", re.MULTILINE)
_AROUND = " \t-•*()"
_TURN = re.compile(
    r";\s|,\s(?=(?:but|however|yet|although|though|aber|jedoch|sondern|mais|pero|sino|ma|però|mas|maar|ale|lecz)\b)"
)
_PAGE = re.compile(
    r"\b(?:pages?|seiten?|página|pagina|strona|stronie|bladzijde|blz\.|pp?\.|S\.)\s*\d+(?:\s?[-–]\s?\d+)?",
    re.IGNORECASE,
)


@cache
def lists() -> dict[str, Any]:
    """Return the words and ways of speaking of `answers.toml`."""
    return tomllib.loads(resources.files("slmdesk.questions").joinpath("answers.toml").read_text("utf-8"))


@cache
def talk() -> WordSet:
    """Return folded words that speak of the text or of the answer, and not of the matter."""
    return word_set(lists()["talk"])


@cache
def _ways(language: str) -> re.Pattern[str]:
    """Return ways to say that a text does not tell. A language that `tongue` does not know may be taken for another."""
    ways = lists()["unsaid"]
    codes = {language, *ways.keys() - tables()["function"].keys()} if language else ways
    chosen = [way for code in sorted(codes) for way in ways[code]]
    return re.compile(rf"(?<!\w)(?:{'|'.join(chosen)})", re.IGNORECASE)


@cache
def _weak_ways() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return ways that may also speak of the matter, and what an answer must name then."""
    papers = "|".join(lists()["papers"].split())
    ways = "|".join(lists()["weak"])
    return re.compile(rf"(?<!\w)(?:{ways})", re.IGNORECASE), re.compile(rf"(?:{papers})", re.IGNORECASE)


class Piece(Record):
    """A sentence of an answer, or a part of one, that begins at character `start`."""

    text: str
    start: int
    denies: bool
    """Whether it may say that the text does not tell."""


def without_marks(answer: str) -> str:
    """Return an answer without bold letters and without sources in brackets."""
    plain = _BOLD.sub("", _SOURCES.sub("", answer))
    return re.sub(r"[ \t]+(?=[.,](?:\s|$))", "", plain).strip()


def pieces(answer: str) -> Iterator[Piece]:
    """Cut an answer at its sentences and lines, and before and behind a part that denies ("…, but …")."""
    language = tongue(answer)
    for line in re.finditer(r"[^\n]+", answer):
        for start, end in sentence_spans(line[0], language):
            at = start
            turns = _TURN.finditer(line[0], start, end) if denies(line[0][start:end], answer) else ()
            for turn in [*turns, None]:
                until = turn.start() if turn else end
                text = line[0][at:until].strip(_AROUND)
                if any(map(str.isalnum, text)):
                    yield Piece(text, line.start() + line[0].index(text, at), denies(text, answer))
                at = turn.end() if turn else end


def denies(words: str, answer: str) -> bool:
    """Return whether words of an answer may say that a text does not tell."""
    weak, papers = _weak_ways()
    return bool(_ways(tongue(words)).search(words) or (weak.search(words) and papers.search(answer)))


def without_pages(words: str) -> str:
    """Return the words with blanks for page numbers."""
    return _PAGE.sub(lambda match: " " * len(match[0]), words)
