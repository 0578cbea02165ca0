"""Search documents for phrases and words: in pages, in passages, and for the sentence that matches best.

What ranks passages for a question, also by meaning, is `documents.retrieval`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from slmdesk.base.documents import ASIDE, BlockKind, Page
from slmdesk.base.record import Record
from slmdesk.base.records import Passage
from slmdesk.base.runtime.service import ServiceThread
from slmdesk.base.text.folding import fold, fold_for_search, query_pieces
from slmdesk.base.text.relevance import FoldedText, folded_quote, groups_of, ranked_by_words
from slmdesk.base.text.sentences import search_words, sentence_spans
from slmdesk.documents.types import Span
from slmdesk.history.store import Store

PAGES_AT_ONCE = 50
WORDS_BEFORE, WORDS_BEHIND = 1, 24
_NOT_LETTERS = re.compile(r"[\W_]+")
"""Characters that folding may move or leave out, such as hyphens, line ends and quotation marks."""


class Place(Record):
    """A part of a page: the characters of its text from `start` up to `end` (exclusive)."""

    page: int
    start: int
    end: int


MOST_PLACES = 1000
"""Most places of a phrase that are found in a document."""


class FoundPlaces(Record):
    places: tuple[Place, ...]
    is_all: bool = True
    """False if there are more places than the limit."""

    def spans(self, document: str) -> tuple[Span, ...]:
        return tuple(Span(document, place.page, place.start, place.end) for place in self.places)

    @property
    def by_page(self) -> dict[int, list[tuple[int, int]]]:
        spans: dict[int, list[tuple[int, int]]] = {}
        for place in self.places:
            spans.setdefault(place.page, []).append((place.start, place.end))
        return spans


def places_of(spans: Iterable[Span]) -> FoundPlaces:
    """Return the places of spans in one document."""
    return FoundPlaces(tuple(Place(span.page, span.start, span.end) for span in spans))


class TextHit(Record):
    document: str
    name: str
    page: int
    start: int
    end: int
    words: str


class PlaceSearch:
    """A search for a phrase; call `run` on a file thread."""

    def __init__(
        self, service_thread: ServiceThread, store: Store, document: str, words: str, limit: int, *, whole: bool = False
    ) -> None:
        self._service_thread, self._store = service_thread, store
        self._document, self._words, self._limit, self._whole = document, words, limit, whole
        self.stop = threading.Event()

    def run(self) -> FoundPlaces:
        """Return all places, up to the limit, or until `stop` is set.  Raises KnownError `store.…`."""
        requested = folded_quote(self._words)
        if not requested:
            return FoundPlaces(())
        longest = _bare(max(requested.split(), key=len))
        places: list[Place] = []
        begin = 1
        while pages := self._pages(begin):
            for page in pages:
                if self.stop.is_set():
                    return FoundPlaces(tuple(places), is_all=False)
                if not _may_hold(page.text, longest):
                    continue
                for start, end in FoldedText(page.text).find_all(self._words, whole=self._whole):
                    places.append(Place(page.number, start, end))
                    if len(places) > self._limit:
                        return FoundPlaces(tuple(places[:-1]), is_all=False)
            begin = pages[-1].number + 1
        return FoundPlaces(tuple(places))

    def _pages(self, begin: int) -> list[Page]:
        return self._service_thread.call(
            lambda: self._store.pages.of_document(self._document, begin=begin, limit=PAGES_AT_ONCE)
        )


def search_texts(store: Store, words: str, limit: int) -> list[TextHit]:
    """Return the passages of all documents and folders that match the words best.

    Service thread.  Raises KnownError `store.…`.
    """
    pieces = search_words(words)
    passages = store.passages.find_everywhere(pieces, limit)
    best = ranked_by_words(pieces, [passage.text for passage, _ in passages])
    return [_hit(store, *passages[place], pieces) for place in best]


def search_typed(store: Store, words: str, limit: int) -> list[TextHit]:
    """Return the newest passages that contain all of these words. The last word may still be incomplete.

    Service thread. Raises KnownError `store.…`.
    """
    pieces = [piece for run in query_pieces(words) for piece in run]
    return [_hit(store, passage, name, pieces) for passage, name in store.passages.find_typed(words, limit)]


def _hit(store: Store, passage: Passage, name: str, pieces: Sequence[str]) -> TextHit:
    page, start, end = passage.page, passage.start, passage.end
    if page < passage.page_end:  # it ends on another page: use its best sentence
        (best,) = nearest_of(pieces, [passage], lambda document, number: _page(store, document, number), 1)
        page, start, end = best.page, best.start, best.end
    return TextHit(passage.document, name, page, start, end, _around(passage.text, pieces))


def _page(store: Store, document: str, number: int) -> Page | None:
    pages = store.pages.of_document(document, begin=number, limit=1)
    return pages[0] if pages and pages[0].number == number else None


def _around(text: str, pieces: Sequence[str]) -> str:
    words = text.split()
    at = next((place for place, word in enumerate(words) if any(piece in fold(word) for piece in pieces)), 0)
    begin = max(0, at - WORDS_BEFORE)
    return ("\u2026 " if begin else "") + " ".join(words[begin : at + WORDS_BEHIND])


def _may_hold(text: str, word: str) -> bool:
    return word in _bare(text.lower() if text.isascii() else fold(text))


def _bare(folded: str) -> str:
    return _NOT_LETTERS.sub("", folded)


_ENDS = re.compile(r"\n\s*\n")


class Citation(Record):
    document: str
    page: int
    start: int
    end: int
    quote: str


PageOf = Callable[[str, int], Page | None]
"""Function that returns a page by its document and number, or None if the page is not stored."""


def nearest_of(words: Sequence[str], passages: Sequence[Passage], page_of: PageOf, limit: int) -> list[Citation]:
    """Return for each passage its sentence with most of the searched words, exactly as on the page."""
    return [_best_sentence(words, passage, page_of) for passage in passages[:limit]]


def _best_sentence(words: Sequence[str], passage: Passage, page_of: PageOf) -> Citation:
    best, best_of = Citation(passage.document, passage.page, 0, 0, ""), (-1.0, False)
    for kind, citation in stretches_of(passage, page_of):
        worth = share_of(words, citation.quote), kind is not BlockKind.HEADING
        if worth > best_of:
            best, best_of = citation, worth
    return best


def stretches_of(passage: Passage, page_of: PageOf) -> Iterator[tuple[BlockKind, Citation]]:
    for number in range(passage.page, passage.page_end + 1):
        page = page_of(passage.document, number)
        for kind, start, end in _sentences_of(passage, page) if page else ():
            if page:
                yield kind, Citation(passage.document, number, start, end, page.text[start:end])


def _sentences_of(passage: Passage, page: Page) -> Iterator[tuple[BlockKind, int, int]]:
    """Yield the sentences of a passage on one of its pages. No sentence crosses a block."""
    begin = passage.start if page.number == passage.page else 0
    until = passage.end if page.number == passage.page_end else len(page.text)
    for block in page.blocks:
        if block.kind not in ASIDE:
            for start, end in sentences_of_span(page.text, max(begin, block.start), min(until, block.end)):
                yield block.kind, start, end


def share_of(words: Sequence[str], text: str) -> float:
    """Return the share of the words found in a text, 0..1. Other forms and compounds count in part."""
    folded = f" {fold_for_search(text)} "
    return sum(sum(group in folded for group in own) / len(own) for own in map(groups_of, words)) / max(1, len(words))


def sentences_of_span(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for piece_start, piece_end in _spans(text[start:end]) if start < end else ():
        yield start + piece_start, start + piece_end


@lru_cache(maxsize=4096)
def _spans(text: str) -> tuple[tuple[int, int], ...]:
    """Return start and end of each sentence. An empty line also ends a sentence. A sentence without letters, such as a
    heading's number, is joined to the next.
    """
    from slmdesk.base.text.words import tongue  # late import: its tables are large

    language, spans, at = tongue(text), list[tuple[int, int]](), 0
    for gap in [*_ENDS.finditer(text), None]:
        until = gap.start() if gap else len(text)
        for start, end in sentence_spans(text[at:until], language):
            if spans and not any(map(str.isalpha, text[slice(*spans[-1])])):
                spans[-1] = spans[-1][0], at + end
            else:
                spans.append((at + start, at + end))
        at = gap.end() if gap else until
    return tuple(spans)
