"""Finds what a letter asks, demands and offers, and who wrote it. Pure functions.

A sentence with a question mark, or with words that ask or lay a duty on its reader, is
a point, and so is an offer. None of them is left to a model.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import takewhile
from typing import Any

from slmdesk.base.documents import BlockKind
from slmdesk.base.record import Record, changed
from slmdesk.base.text.relevance import Matter, matters, with_umlauts
from slmdesk.base.text.sentences import sentence_spans
from slmdesk.claims.deadlines.days import Role
from slmdesk.claims.deadlines.finding import find_due, is_closing, lays_duty
from slmdesk.documents.types import Span
from slmdesk.tasks.replies.types import Point
from slmdesk.tasks.summaries.linking import Piece
from slmdesk.tasks.summaries.papers import (
    MARKS,
    Thread,
    greeting,
    has,
    item_spans,
    letterhead_of,
    without_number,
)

LEAST_WORDS = 2
MOST_ITEMS = 40
_LISTED = re.compile(r"(?:[-–*•▪◦‣]|\(?(?:\d{1,2}|[a-z])[.)])\s+\S")
_POSTSCRIPT = re.compile(r"^\W*P\.? ?S\b\.?", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://\S+")


@cache
def _tables() -> Mapping[str, Mapping[str, Any]]:
    source = resources.files("slmdesk.tasks.replies").joinpath("points.toml")
    return tomllib.loads(source.read_text("utf-8"))


def words(language: str) -> Mapping[str, Any]:
    """Return the patterns of a language, or for another one those of English."""
    return _tables().get(language) or _tables()["en"]


@cache
def pattern(name: str, language: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{words(language)[name]})(?!\w)", re.IGNORECASE)


def is_offer(text: str, language: str) -> bool:
    """Return whether a point offers or announces something, and asks for nothing."""
    if Matter.REQUEST in matters(text, language) or "?" in text:
        return False
    is_order = pattern("orders", language).search(text) is not None
    return not is_order and pattern("offers", language).search(text) is not None


class Sentence(Record):
    """A sentence of the letter itself, and whether it is a point."""

    text: str
    spans: tuple[Span, ...]
    is_point: bool
    is_doubted: bool = False
    is_item: bool = False
    begins: bool = False
    """Whether it is the first of its paragraph or item."""
    leads: bool = False
    """Whether it introduces the items below it."""


def sentences_of(pieces: Sequence[Piece], here: range, language: str) -> list[Sentence]:
    """Return the sentences of a letter in order.

    None of its head, of earlier mails below it, or of what stands below its signature,
    where that is no question.
    """
    head = letterhead_of(pieces, here, language)
    thread = Thread()
    among = [at for at in here if not thread.is_header(pieces[at], at, language)]
    earlier = thread.earlier(pieces, among)
    is_closed = False
    found = list[Sentence]()
    for at in among:
        piece = pieces[at]
        text = piece.text.strip(MARKS)
        if at in earlier or at < head or (piece.is_heading and "?" not in text):
            continue
        is_closed = is_closed or is_closing(text)
        for sentence in _sentences(piece, language, is_after=at > head):
            if not is_closed or "?" in sentence.text or _POSTSCRIPT.match(text):
                found.append(sentence)
    return found


def begins(name: str, text: str, language: str) -> bool:
    """Return whether a text begins with what the named pattern tells."""
    return re.match(rf"\W*{words(language)[name]}", text, re.IGNORECASE) is not None


def _sentences(piece: Piece, language: str, *, is_after: bool) -> Iterator[Sentence]:
    is_list = piece.kind is BlockKind.LIST_ITEM or _LISTED.match(piece.text)
    for begin, stop in item_spans(piece):
        is_item = bool(is_list) or begin > 0
        salutation = greeting(language).search(piece.text, begin, stop)
        if salutation is not None:
            begin = salutation.end()
        elif not is_after:
            continue  # the salutation alone
        for start, end in sentence_spans(piece.text[begin:stop], language):
            words_of = piece.text[begin + start : begin + end]
            text = without_number(words_of.strip().lstrip(MARKS + "-–")).strip(MARKS)
            if len(text.split()) < LEAST_WORDS:
                continue
            span = Span(piece.document, piece.page, piece.start, piece.end)
            yield changed(
                _judged(text, language),
                spans=(span,),
                is_item=is_item,
                begins=not start,
                leads=text.endswith(":"),
            )


def _judged(text: str, language: str) -> Sentence:
    """Return a sentence, and whether it is a point."""
    plain = _ADDRESS.sub("", with_umlauts(text, language))
    is_courteous = pattern("courtesy", language).search(plain) is not None
    is_asked = "?" in plain
    is_point = is_asked or (not is_courteous and _asks(plain, language))
    return Sentence(text, (), is_point, is_doubted=is_asked and is_courteous)


def _asks(text: str, language: str) -> bool:
    if Matter.REQUEST in matters(text, language) or has("asks", text, language):
        return True
    known = pattern("orders", language), pattern("offers", language)
    if any(pattern.search(text) for pattern in known):
        return True
    due = find_due(text, language)
    is_due = due.terms or any(day.role is Role.BY for day in due.days)
    return bool(is_due) and lays_duty(text, language)


def points_of(sentences: Sequence[Sentence]) -> list[Point]:
    """Return the points of a letter in order, each with an id by its place.

    The items of a list that is asked for are one point with the words above them; where
    some of them ask by themselves, each is one of its own.
    """
    points = list[Point]()
    used = 0
    for at, sentence in enumerate(sentences):
        if at < used or not sentence.is_point:
            continue
        parts = [sentence]
        if sentence.leads:
            below = sentences[at + 1 : at + 1 + MOST_ITEMS]
            parts += takewhile(lambda each: each.is_item, below)
            used = at + len(parts)
        if not any(part.is_point for part in parts[1:]):
            points.append(_point(at, parts))
            continue
        for number, item in enumerate(parts[1:], at + 1):
            if item.is_point or item.begins:
                points.append(_point(number, [item]))
    return points


def _point(at: int, parts: Sequence[Sentence]) -> Point:
    text = " ".join(part.text for part in parts)
    spans = dict.fromkeys(span for part in parts for span in part.spans)
    return Point(f"p{at}", text, tuple(spans), is_doubted=parts[0].is_doubted)
