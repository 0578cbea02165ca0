"""Finds what a letter asks, demands and offers, and who wrote it. Pure functions.

A sentence is a point where it has a question mark or the form of a directive speech
act: a request, a duty, an imperative, a threat; and so are an offer and a declaration
such as a notice to quit. None is left to a model. The other sentences are kept, so
that a person sees what the rules leave out.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import chain, pairwise
from typing import Any

from slmdesk.base.documents import BlockKind
from slmdesk.base.record import Record, changed
from slmdesk.base.text.relevance import with_umlauts
from slmdesk.base.text.sentences import sentence_spans
from slmdesk.claims.deadlines.finding import is_closing
from slmdesk.claims.finders.names import has_address
from slmdesk.documents.types import Span
from slmdesk.redact.first_names import is_first_name
from slmdesk.tasks.replies.types import Point
from slmdesk.tasks.summaries.linking import BULLETS, Piece
from slmdesk.tasks.summaries.papers import (
    MARKS,
    Thread,
    greeting,
    item_spans,
    letterhead_of,
    without_number,
)

ASKS = ("questions", "requests", "wishes", "duties", "imperatives", "threats")
OFFERS, DECLARATIONS = "offers", "declarations"
"""Kinds of speech acts that want an answer, in points.toml."""
MOST_LINES = 12
"""Of so many lines at most is a sentence that is cut: some tables have no end."""
_DAY = re.compile(
    r"\d{1,2}\.\s*(?:\d|[^\W\d_]{3,9}\s+\d{4}|(?:Jan|Feb|Mär|Apr|Mai|Ju[nl]|Aug|Sep|Okt|Nov|Dez)\w*\b)"
)
"""The beginning of a day, so no number of an item: "3. Mai"."""
_LISTED = re.compile(
    rf"(?!{_DAY.pattern})(?:[{BULLETS}](?:\s+\S|[^\W\d_])"
    r"|\(?(?:\d{1,2}(?:\.\d{1,2})*|[a-z]{1,2}|[ivx]{1,4}|[IVX]{1,4})[.)]\s+\S)"
)
"""The mark or the number in front of an item."""
_MARKED = re.compile(r"(?:^|[:;]\s)([-–—*•·])\s")
"""Where a list with marks begins whose lines became one paragraph."""
_ADDRESS = re.compile(r"https?://\S+")
_BEGINS = re.compile(r"[,;:–—]\s|\s(?:und|and|et|y)\s")
"""Behind it a clause may begin."""
_ENDS = re.compile(r"[.:;!?,][\"'”’“»)\]]*$")
_STOPS = re.compile(r":|[.!?][\"'”’“»)\]]*$")
"""The end of a sentence, or a label."""
_WORD = re.compile(r"[^\W\d_]{2}")
_SAID = re.compile(r"\w{3}[.!?][\"'”’“»)\]]*$")
"""The end of a sentence, which no line of a signature has."""


@cache
def _tables() -> Mapping[str, Mapping[str, Any]]:
    source = resources.files("slmdesk.tasks.replies").joinpath("points.toml")
    return tomllib.loads(source.read_text("utf-8"))


def words(language: str) -> Mapping[str, Any]:
    """Return the patterns of a language, or for another one those of English."""
    return _tables().get(language, _tables()["en"])


@cache
def pattern(language: str, *names: str) -> re.Pattern[str]:
    """Return a pattern for all that these names tell."""
    told = "|".join(chain.from_iterable(map(words(language).__getitem__, names)))
    return re.compile(rf"(?<!\w)(?:{told})(?!\w)", re.IGNORECASE)


def clause_at(text: str, language: str) -> int:
    """Return where the clause begins in which a sentence first asks for something."""
    asks = pattern(language, *ASKS, OFFERS, DECLARATIONS).search(text)
    before = text[: asks.start()] if asks else ""
    return len(before) - len(_BEGINS.split(before)[-1])


def is_offer(text: str, language: str) -> bool:
    """Return whether a point offers or declares something, and asks for nothing."""
    asks = pattern(language, *ASKS).search(text) or "?" in text
    return not asks and pattern(language, OFFERS, DECLARATIONS).search(text) is not None


class Sentence(Record):
    """A sentence of the letter itself, and whether it is a point."""

    text: str
    spans: tuple[Span, ...]
    is_point: bool
    asks: bool = False
    """Whether it asks or offers: a list below a declaration names reasons."""
    is_item: bool = False
    begins_item: bool = False
    is_line: bool = False
    """Whether it can be an item without a mark: a paragraph that is no sentence."""
    leads: bool = False
    """Whether it introduces the items below it."""
    is_aside: bool = False
    """Whether it is a word, or stands below the signature: no point by itself."""


_NOTHING = Sentence("", (), is_point=False)


def sentences_of(pieces: Sequence[Piece], here: range, language: str) -> list[Sentence]:
    """Return the sentences of a letter in order.

    None of its head, of earlier mails below it, or of its signature.
    """
    head = letterhead_of(pieces, here, language)
    thread = Thread()
    among = [at for at in here if not thread.is_header(pieces[at], at, language)]
    skipped = {*range(head), *thread.earlier(pieces, among)}
    is_closed = False
    found = list[Sentence]()
    for at in among:
        piece = pieces[at]
        if at in skipped:
            continue
        is_closed = is_closed or is_closing(piece.text.strip(MARKS))
        for sentence in _sentences(piece, language, is_after=at > head):
            if is_closed and not (sentence.is_point or _SAID.search(sentence.text)):
                continue  # a line of the signature
            if found and _goes_on(found[-1], sentence):
                sentence = _joined(found.pop(), sentence, language)
            is_whole = " " in sentence.text and not is_closed
            is_aside = not is_whole and "?" not in sentence.text
            found.append(changed(sentence, is_aside=is_aside))
    return found


def _goes_on(above: Sentence, sentence: Sentence) -> bool:
    """Return whether a sentence does not end, and goes on in the next line."""
    is_begun = sentence.text[:1].isupper() or sentence.begins_item
    is_over = len(above.spans) == MOST_LINES or _ENDS.search(above.text)
    return not (is_begun or above.is_item or is_over)


def _joined(above: Sentence, below: Sentence, language: str) -> Sentence:
    return changed(
        _judged(f"{above.text} {below.text}", language),
        spans=above.spans + below.spans,
        is_line=below.is_line,
        leads=below.leads,
    )


def begins(name: str, text: str, language: str) -> bool:
    """Return whether a text begins with what the named pattern tells."""
    return re.match(rf"\W*{words(language)[name]}", text, re.IGNORECASE) is not None


def _sentences(piece: Piece, language: str, *, is_after: bool) -> Iterator[Sentence]:
    is_list = piece.kind is BlockKind.LIST_ITEM or _LISTED.match(piece.text)
    for begin, stop in _items(piece):
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
            is_value = text.isupper() or begins("account", text, language)
            if not _WORD.search(text):
                continue
            span = Span(piece.document, piece.page, piece.start, piece.end)
            is_whole = whole == piece.text.strip()
            yield changed(
                _judged(text, language),
                spans=(span,),
                is_item=is_item,
                begins_item=is_item and is_first and not is_value,
                is_line=is_whole and not (is_value or _is_no_item(text)),
                leads=text.endswith((":", ",")),
            )


def _is_no_item(line: str) -> bool:
    """Return whether a line is a sentence, a label, an address, or a person."""
    is_other = _STOPS.search(line) or has_address(line)
    return bool(is_other) or is_first_name(line.partition(" ")[0])


def _items(piece: Piece) -> list[tuple[int, int]]:
    """Return start and end of each item of a list in one piece, or of all of it."""
    first = _MARKED.search(piece.text)
    if first is None:
        return item_spans(piece)
    marks = re.finditer(rf"\s(?={re.escape(first[1])}\s)", piece.text)
    starts = [mark.end() for mark in marks if mark.end() > first.start()]
    return list(pairwise([0, *starts, len(piece.text)]))


def _judged(text: str, language: str) -> Sentence:
    """Return a sentence, and whether it is a point."""
    plain = _ADDRESS.sub("", with_umlauts(text, language))
    said = pattern(language, "courtesy").sub("", plain)
    is_asked = "?" in plain and said == plain
    asks = is_asked or pattern(language, *ASKS, OFFERS).search(said) is not None
    is_point = asks or pattern(language, DECLARATIONS).search(said) is not None
    return Sentence(text, (), is_point, asks)


def points_of(sentences: Sequence[Sentence]) -> list[Point]:
    """Return the sentences of a letter in order, each with an id by its place, and
    whether it is another one than the points.
    """
    told = [
        (at, each)
        for at, (each, below) in enumerate(pairwise((*sentences, _NOTHING)))
        if not (each.is_aside or _is_heading(each, below))
    ]
    asked = frozenset(_asked(told))
    return [
        Point(
            f"p{at}",
            sentence.text,
            tuple(dict.fromkeys(sentence.spans)),
            is_other=at not in asked,
        )
        for at, sentence in enumerate(sentences)
    ]


def _is_heading(line: Sentence, below: Sentence) -> bool:
    """Return whether a line parts the items of a list: it has no end, and an item
    stands below it.
    """
    is_other = line.is_item or line.is_point or _ENDS.search(line.text)
    return below.is_item and not is_other


def _asked(sentences: Sequence[tuple[int, Sentence]]) -> Iterator[int]:
    """Yield the places of the points.

    Each item of a list is one where one of the two sentences above the list asks, and
    each line without a mark below words that ask, until a sentence or an address.
    """
    is_asked_for = False
    above, before = _NOTHING, _NOTHING
    for (at, sentence), (__, below) in pairwise((*sentences, (-1, _NOTHING))):
        if sentence.is_item and not above.is_item:
            is_list = above.leads or below.is_item
            is_asked_for = is_list and (above.asks or before.asks)
        is_line = sentence.is_line and not has_address(below.text)
        is_item = sentence.begins_item or is_line
        is_lead = sentence.asks and sentence.leads
        if not (sentence.is_item or sentence.is_line):
            is_asked_for = is_lead and below.is_line
        if is_lead and below.begins_item:
            is_asked_for = True
        elif sentence.is_point or (is_asked_for and is_item):
            yield at
        above, before = sentence, above
