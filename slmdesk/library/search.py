"""Finds a phrase in the pages of a document off the service thread, and words in all documents."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence

from slmdesk.base.documents import Page
from slmdesk.base.record import Record
from slmdesk.base.records import Passage
from slmdesk.library.nearest import nearest_of
from slmdesk.runtime.service_thread import ServiceThread
from slmdesk.store import Store
from slmdesk.text.passages.quotes import FoldedText, folded_quote
from slmdesk.text.passages.ranking import ranked_by_words
from slmdesk.text.words.folding import fold, query_pieces
from slmdesk.text.words.stop_words import search_words

PAGES_AT_ONCE = 50
WORDS_BEFORE, WORDS_BEHIND = 1, 24
_NOT_LETTERS = re.compile(r"[\W_]+")
"""What folding may move or leave out: hyphens, line ends, quotation marks."""


class Place(Record):
    """A stretch of a page: characters `start` up to, not including, `end` of its text."""

    page: int
    start: int
    end: int


class FoundPlaces(Record):
    places: tuple[Place, ...]
    is_all: bool = True
    """False: there are more than were asked for."""


class TextHit(Record):
    document: str
    name: str
    page: int
    start: int
    end: int
    words: str


class PlaceSearch:
    """One search for a phrase; call `run` on a file thread."""

    def __init__(self, service_thread: ServiceThread, store: Store, document: str, words: str, limit: int) -> None:
        self._service_thread, self._store = service_thread, store
        self._document, self._words, self._limit = document, words, limit
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
                for start, end in FoldedText(page.text).find_all(self._words, whole=False):
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
    found = store.passages.find_everywhere(pieces, limit)
    best = ranked_by_words(pieces, [passage.text for passage, _ in found])
    return [_hit(store, *found[place], pieces) for place in best]


def search_typed(store: Store, words: str, limit: int) -> list[TextHit]:
    """Return the newest passages that hold all of these words, of which the last is still being typed.

    Service thread.  Raises KnownError `store.…`.
    """
    pieces = [piece for run in query_pieces(words) for piece in run]
    return [_hit(store, passage, name, pieces) for passage, name in store.passages.find_typed(words, limit)]


def _hit(store: Store, passage: Passage, name: str, pieces: Sequence[str]) -> TextHit:
    page, start, end = passage.page, passage.start, passage.end
    if page < passage.page_end:  # then its end is one on another page: what was found is the best sentence of it
        (best,) = nearest_of(pieces, [passage], lambda document, number: _page(store, document, number), 1)
        page, start, end = best.page, best.start, best.end
    return TextHit(passage.document, name, page, start, end, _around(passage.text, pieces))


def _page(store: Store, document: str, number: int) -> Page | None:
    pages = store.pages.of_document(document, begin=number, limit=1)
    return pages[0] if pages and pages[0].number == number else None


def _around(text: str, pieces: Sequence[str]) -> str:
    words = text.split()
    at = next((place for place, one in enumerate(words) if any(piece in fold(one) for piece in pieces)), 0)
    begin = max(0, at - WORDS_BEFORE)
    return ("\u2026 " if begin else "") + " ".join(words[begin : at + WORDS_BEHIND])


def _may_hold(text: str, word: str) -> bool:
    return word in _bare(text.lower() if text.isascii() else fold(text))


def _bare(folded: str) -> str:
    return _NOT_LETTERS.sub("", folded)
