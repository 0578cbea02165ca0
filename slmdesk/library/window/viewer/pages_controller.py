"""The pages of the shown document: listed as they are read, with texts and pictures as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from slmdesk.base.documents import Page, PageStatus
from slmdesk.base.errors import KnownError
from slmdesk.base.formats import format_of
from slmdesk.base.records import DocumentRecord, DocumentStatus
from slmdesk.library.document_info import file_of
from slmdesk.library.page_images import PageImage
from slmdesk.library.search import FoundPlaces
from slmdesk.runtime.events import Problem
from slmdesk.window.base.bridge import Bridge, Call

PAGES_AT_ONCE = 500
SLACK = 0.004
"""Tolerance around a clicked passage, as a share of the page."""


class PagesController(QObject):
    listed = Signal(object, bool)
    first_page_expected = Signal(object)
    text_received = Signal(object)
    picture_received = Signal(int, object, object)
    boxes_received = Signal(int, object)
    picture_failed = Signal(int)
    thumbnail_received = Signal(int, object)
    found = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent, objectName="pages_controller")
        self._bridge = bridge
        self._document = ""
        self._pages: list[Page] = []
        self._marks: Mapping[int, Sequence[tuple[int, int]]] = {}
        self._search: Call | None = None
        self._words = ""
        self._is_asking = False
        self._is_first_ahead = False
        """The first page is on show before it was read: its picture comes sooner than its words."""

    def leave(self, document: str) -> None:
        """Another document is about to be shown: what comes of the one before is dropped."""
        self._document = document
        self._pages, self._marks, self._is_asking, self._is_first_ahead = [], {}, False, False

    def begin(self, record: DocumentRecord | None) -> None:
        if record is None:
            self.listed.emit([], True)
            return
        if record.status is DocumentStatus.READING and not record.pages and _is_pictured(record):
            self._is_first_ahead = True
            self.first_page_expected.emit(Page(1, "", "", PageStatus.READ, (), has_image=True))
        self.ask(reset=True)

    def never_received(self) -> None:
        if self._is_first_ahead:
            self._is_first_ahead = False
            self.listed.emit([], True)

    def ask(self, *, reset: bool) -> None:
        """Load the next pages that are not listed yet, until there are no more; `reset`: all of them."""
        if self._is_asking and not reset:
            return
        if reset:
            self._pages = []
        document, begin, is_first = self._document, len(self._pages) + 1, not self._pages
        self._is_asking = True

        def received(pages: list[Page]) -> None:
            if document != self._document:
                return
            self._is_asking = False
            if is_first or pages:
                self._pages = [*([] if is_first else self._pages), *pages]
                if pages or not self._is_first_ahead:
                    self.listed.emit(list(self._pages), is_first and not self._is_first_ahead)
                    self._is_first_ahead = False
            if len(pages) == PAGES_AT_ONCE:
                self.ask(reset=False)

        self._bridge.ask(
            self._bridge.services.documents.pages(document, begin=begin, limit=PAGES_AT_ONCE, with_text=False),
            received,
        )

    def ask_text(self, number: int) -> None:
        document = self._document

        def received(page: Page) -> None:
            if document == self._document:
                self.text_received.emit(page)

        self.ask_page(number, received)

    def ask_page(self, number: int, received: Callable[[Page], None]) -> None:
        document = self._document

        def listed(pages: list[Page]) -> None:
            if pages and pages[0].number == number:
                received(pages[0])

        self._bridge.ask(self._bridge.services.documents.pages(document, begin=number, limit=1), listed)

    def ask_picture(self, number: int, width: int) -> None:
        """Ask for the picture of a page; `picture_received` or `picture_failed` follows.

        Width 0: only `boxes_received`, for its marks.
        """
        document, marks = self._document, tuple(self._marks.get(number, ()))
        self._bridge.follow(
            self._bridge.services.documents.page_image(document, number, width, marks=marks),
            partial(self._on_picture, document, number, width, marks),
            partial(self._on_no_picture, document, number),
        )

    def ask_thumbnail(self, number: int, width: int) -> None:
        """Ask for a thumbnail; `thumbnail_received` follows, unless the page has no picture."""
        document = self._document
        self._bridge.follow(
            self._bridge.services.documents.page_image(document, number, width),
            partial(self._on_thumbnail, document, number),
            _unheard,
        )

    def locate(
        self,
        number: int,
        spans: Sequence[tuple[int, int]],
        place: tuple[float, float],
        answered: Callable[[Sequence[tuple[int, int]]], None],
    ) -> None:
        """Find which of these spans of a page's text are at a place of its picture (in shares of its size)."""
        document, marks = self._document, tuple(spans)

        def received(image: PageImage | None) -> None:
            if image is not None and document == self._document:
                answered([span for span, boxes in zip(marks, image.boxes, strict=False) if _holds(boxes, place)])

        self._bridge.follow(
            self._bridge.services.documents.page_image(document, number, 0, marks=marks), received, _unheard
        )

    def find(self, words: str) -> None:
        """Find words in the shown document; `found` follows.  Empty words: no marks."""
        if self._search is not None:
            self._search.cancel()
            self._search = None
        self._words = words
        if not words.strip() or not self._document:
            self.set_marks({})
            self.found.emit(FoundPlaces(()))
            return
        document = self._document
        self._search = self._bridge.follow(
            self._bridge.services.documents.find(document, words), partial(self._on_found, document, words)
        )

    def set_marks(self, marks: Mapping[int, Sequence[tuple[int, int]]]) -> None:
        """Set the marks for pictures requested from now on, by page."""
        self._marks = marks

    # ---- answers

    def _on_found(self, document: str, words: str, places: FoundPlaces) -> None:
        if document == self._document and words == self._words:
            self.found.emit(places)

    def _on_no_picture(self, document: str, number: int, _problem: Problem) -> None:
        if document == self._document:
            self.picture_failed.emit(number)

    def _on_picture(
        self, document: str, number: int, width: int, marks: Sequence[tuple[int, int]], image: PageImage | None
    ) -> None:
        """`marks`: for which the boxes are.  There may be others by now, whose boxes were asked for and are here."""
        if image is None or document != self._document:
            return
        boxes = image.boxes if marks == tuple(self._marks.get(number, ())) else None
        if not width:
            if boxes is not None:
                self.boxes_received.emit(number, boxes)
            return
        picture = QImage.fromData(image.png)
        if picture.isNull():
            self.picture_failed.emit(number)
        else:
            self.picture_received.emit(number, picture, boxes)

    def _on_thumbnail(self, document: str, number: int, image: PageImage | None) -> None:
        if image is None or document != self._document:
            return
        picture = QImage.fromData(image.png)
        if not picture.isNull():
            self.thumbnail_received.emit(number, picture)


def _is_pictured(record: DocumentRecord) -> bool:
    """Whether its pages have pictures, judged by the file name."""
    try:
        return format_of(file_of(record)).id == "pdf"
    except KnownError:
        return False


def _holds(boxes: Sequence[tuple[float, float, float, float]], place: tuple[float, float]) -> bool:
    """Whether a place lies in one of these line boxes, or between two of them."""
    if not boxes:
        return False
    across, down = place
    left, right = min(one[0] for one in boxes), max(one[2] for one in boxes)
    top, bottom = min(one[1] for one in boxes), max(one[3] for one in boxes)
    return left - SLACK <= across <= right + SLACK and top - SLACK <= down <= bottom + SLACK


def _unheard(_problem: Problem) -> None:
    """The document no longer exists: there is nothing to show."""
