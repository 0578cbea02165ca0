"""Finds what a letter asks, demands and offers, and who wrote it. Pure functions.

A sentence is a point where it has a question mark or the form of a directive speech
act: a request, a duty, an imperative, a threat; and so is an offer. None is left to a
model.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import chain, pairwise, takewhile
from typing import Any

from slmdesk.base.documents import BlockKind
from slmdesk.base.record import Record, changed
from slmdesk.base.text.relevance import with_umlauts
from slmdesk.base.text.sentences import sentence_spans
from slmdesk.claims.deadlines.finding import is_closing
from slmdesk.documents.types import Span
from slmdesk.tasks.replies.types import Point
from slmdesk.tasks.summaries.linking import Piece
from slmdesk.tasks.summaries.papers import (
    MARKS,
    Thread,
    greeting,
    item_spans,
    letterhead_of,
    without_number,
)

LEAST_WORDS = 2
MOST_LINES = 3
"""A sentence that is cut, as by a day on a line of its own, has at most so many."""
ASKS = ("questions", "requests", "duties", "imperatives", "threats")
OFFERS = "offers"
"""Kinds of speech acts that want an answer, in points.toml."""
_LISTED = re.compile(
    r"(?:[-–—*•·▪◦‣○●■□►➢✓]|\(?(?:\d{1,2}(?:\.\d{1,2})*|[a-z]{1,2}|[ivx]{1,4}|[IVX]{1,4})[.)])\s+\S"
)
_POSTSCRIPT = re.compile(r"^\W*P\.? ?S\b\.?", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://\S+")
_DAY = re.compile(r"\d{1,2}\.\s*(?:\d|[^\W\d_]{3,9}\s+\d{4})")
_BEGINS = re.compile(r"[,;:–—]\s|\s(?:und|and|et|y)\s")
_ENDS = re.compile(r"[.:;!?,][\"'”’“»)\]]*$")


@cache
def _tables() -> Mapping[str, Mapping[str, Any]]:
    source = resources.files("slmdesk.tasks.replies").joinpath("points.toml")
    return tomllib.loads(source.read_text("utf-8"))


def words(language: str) -> Mapping[str, Any]:
    """Return the patterns of a language, or for another one those of English."""
    return _tables().get(language) or _tables()["en"]


@cache
def pattern(language: str, *names: str) -> re.Pattern[str]:
    """Return a pattern for all that these names tell."""
    told = "|".join(map(words(language).__getitem__, names))
    return re.compile(rf"(?<!\w)(?:{told})(?!\w)", re.IGNORECASE)


def clause_at(text: str, language: str) -> int:
    """Return where the clause begins in which a sentence first asks for something."""
    asks = pattern(language, *ASKS, OFFERS).search(text)
    before = text[: asks.start()] if asks else ""
    return len(before) - len(_BEGINS.split(before)[-1])


def is_offer(text: str, language: str) -> bool:
    """Return whether a point offers or announces something, and asks for nothing."""
    asks = pattern(language, *ASKS).search(text) or "?" in text
    return not asks and pattern(language, OFFERS).search(text) is not None


class Sentence(Record):
    """A sentence of the letter itself, and whether it is a point."""

    text: str
    spans: tuple[Span, ...]
    is_point: bool
    is_doubted: bool = False
    is_item: bool = False
    begins_item: bool = False
    leads: bool = False
    """Whether it introduces the items below it."""


_NOTHING = Sentence("", (), is_point=False)


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
        if (
            at in earlier
            or at < head
            or (piece.is_heading and not text.endswith((":", "?")))
        ):
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
        if not is_after:
            salutation = greeting(language).search(piece.text, begin, stop)
            begin = salutation.end() if salutation else stop
        for start, end in sentence_spans(piece.text[begin:stop], language):
            whole = piece.text[begin + start : begin + end]
            words_of = whole.lstrip(MARKS + "-–")
            is_day = _DAY.match(words_of) is not None
            text = (words_of if is_day else without_number(words_of)).strip(MARKS)
            is_first = not start or _LISTED.match(whole) is not None
            if len(text.split()) < LEAST_WORDS:
                continue
            span = Span(piece.document, piece.page, piece.start, piece.end)
            yield changed(
                _judged(text, language),
                spans=(span,),
                is_item=is_item and not is_day,
                begins_item=is_item and not text.isupper() and is_first,
                leads=text.endswith((":", ",")),
            )


def _judged(text: str, language: str) -> Sentence:
    """Return a sentence, and whether it is a point."""
    plain = _ADDRESS.sub("", with_umlauts(text, language))
    said = pattern(language, "courtesy").sub("", plain)
    is_asked = "?" in plain
    is_point = is_asked or bool(pattern(language, *ASKS, OFFERS).search(said))
    return Sentence(text, (), is_point, is_doubted=is_asked and said != plain)


def points_of(sentences: Sequence[Sentence]) -> list[Point]:
    """Return the points of a letter in order, each with an id by its place.

    Each item of a list is a point where one of the two sentences above the list asks.
    """
    points = list[Point]()
    is_asked_for = False
    above, before = _NOTHING, _NOTHING
    for at, (sentence, below) in enumerate(pairwise((*sentences, _NOTHING))):
        if sentence.is_item and not above.is_item:
            is_list = above.leads or below.is_item
            is_led = is_list and (above.is_point or before.is_point)
            is_asked_for = is_led or (is_asked_for and not above.leads)
        if sentence.is_point and sentence.leads and below.is_item:
            is_asked_for = True
        elif sentence.is_point or (is_asked_for and sentence.begins_item):
            points.append(_point(at, sentences))
        above, before = sentence, above
    return points


def _point(at: int, sentences: Sequence[Sentence]) -> Point:
    """Return a sentence as a point. One that does not end goes on in the next."""
    parts = [sentences[at]]
    below = iter(sentences[at + 1 : at + MOST_LINES])
    if not parts[0].is_item:
        parts += takewhile(
            lambda each: (
                not each.text[:1].isupper() and not _ENDS.search(parts[-1].text)
            ),
            below,
        )
    text = " ".join(part.text for part in parts)
    spans = dict.fromkeys(chain.from_iterable(part.spans for part in parts))
    return Point(f"p{at}", text, tuple(spans), is_doubted=parts[0].is_doubted)
