"""Documents in the window: opened, shown page by page, searched.  No widgets here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QImage

from slmdesk.core.documents import Page, PageStatus
from slmdesk.core.errors import KnownError
from slmdesk.core.formats import format_of, takes_password
from slmdesk.core.records import DocumentRecord, DocumentStatus
from slmdesk.gui.base.bridge import Bridge, Following
from slmdesk.gui.documents.viewer.unread_files import unread_notice
from slmdesk.gui.widgets.notice_bar import UNDO_MS, Notice
from slmdesk.services.base.events import Problem
from slmdesk.services.documents.document_info import file_of, parent_of
from slmdesk.services.documents.events import DocumentChanged, DocumentGone, DocumentProgress, DocumentsChanged
from slmdesk.services.documents.page_images import PageImage
from slmdesk.services.documents.search import FoundPlaces

RECENT = 200
PAGES_AT_ONCE = 500
SLACK = 0.004
"""Tolerance around a clicked passage, as a share of the page."""
LOCKED = ("document.locked", "document.wrong_password")


def is_file(record: DocumentRecord) -> bool:
    """Whether a document is a file of its own, not inside another one."""
    return "attachment" not in record.info


class DocumentsController(QObject):
    """Lives on the window's thread.

    Emits `listed` with DocumentRecords, `shown` with the record of the shown document (None: none),
    `first_page_expected` with a Page whose picture can be made although it is not read yet, `pages_listed` with its
    Pages without text and whether they are another document's, `text_came` with a Page, `picture_came` with a page's
    number, a QImage and the boxes of each mark, `boxes_came` with a number and such boxes, `picture_failed` with a
    number, `thumbnail_came` with a number and a QImage, `progressed` with a DocumentProgress, `found` with FoundPlaces,
    `password_requested` with a Path and whether the last password was wrong, `folder_offered` with a folder to be
    opened and the documents in it, `hits_found` with TextHits.
    """

    listed = Signal(object)
    shown = Signal(object)
    first_page_expected = Signal(object)
    pages_listed = Signal(object, bool)
    text_came = Signal(object)
    picture_came = Signal(int, object, object)
    boxes_came = Signal(int, object)
    picture_failed = Signal(int)
    thumbnail_came = Signal(int, object)
    progressed = Signal(object)
    found = Signal(object)
    password_requested = Signal(object, bool)
    folder_offered = Signal(object, object)
    hits_found = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None, *, undo_ms: int = UNDO_MS) -> None:
        super().__init__(parent)
        self.setObjectName("documents_controller")
        self._bridge = bridge
        self.undo_ms = undo_ms
        self._records: dict[str, DocumentRecord] = {}
        self._going: dict[str, QTimer] = {}
        self._pages: list[Page] = []
        self._marks: Mapping[int, Sequence[tuple[int, int]]] = {}
        self._requested: list[Path] = []
        """Opened by the person just now: the first of them is shown as soon as it is known."""
        self._unread: dict[Path, Problem] = {}
        """The files opened last that cannot be read."""
        self._search: Following | None = None
        self._words = ""
        self._asking_pages = False
        self._is_first_page_ahead = False
        """The first page is on show before it was read: its picture comes sooner than its words."""
        self.current: str = ""
        """The id of the document on show."""
        bridge.opened.connect(self.refresh)
        bridge.on(DocumentsChanged, self.refresh)
        bridge.on(DocumentChanged, self._on_changed)
        bridge.on(DocumentProgress, self._on_progressed)
        bridge.on(DocumentGone, self._on_gone)

    # ---- requests

    @Slot()
    def refresh(self) -> None:
        self._bridge.ask(lambda services: services.documents.recent(RECENT), self._on_listed)

    @Slot(object)
    def open_paths(self, paths: Sequence[Path]) -> None:
        """Read these files, and those in these folders; the first one is shown.

        For a single folder, `folder_offered` follows.
        """
        self._requested = []
        given = list(paths)
        self._bridge.follow(lambda services: services.documents.expand(given), partial(self._on_expanded, given))

    @Slot()
    def make_ready(self) -> None:
        """Have the reader child started: a document will be opened soon."""
        self._bridge.ask(lambda services: services.documents.make_ready())

    def open_file(self, path: Path, *, password: str = "", anew: bool = False) -> None:
        self._bridge.follow(
            lambda services: services.documents.open(path, password=password, anew=anew),
            partial(self._on_opened, path),
            partial(self._on_unread, path),
        )

    def unlock(self, path: Path, password: str) -> None:
        """Read a locked file with its password, and show it."""
        self._requested = [path]
        self.open_file(path, password=password)

    def restore(self, document: str) -> None:
        """Show the document of the last run; one that no longer exists is ignored."""

        def found(record: DocumentRecord) -> None:
            if not self.current:
                self._records[record.id] = record
                self._show(record)

        self._bridge.ask(lambda services: services.documents.document(document), found, _unheard)

    @Slot(str)
    def choose(self, document: str) -> None:
        record = self._records.get(document)
        if record is None:
            words = "This document was forgotten here; open its file again to see its pages."
            self._bridge.notice_raised.emit(Notice(words, key="document gone"))
            return
        self._requested = []
        self._show(record)
        if record.status is not DocumentStatus.READ:
            return
        self._bridge.follow(
            lambda services: services.documents.check(document),
            partial(self._on_checked, record),
            partial(self._on_missing, record),
        )

    def show_document(self, document: str) -> None:
        """Show any known document, on the list or not."""
        if document in self._records:
            self.choose(document)
            return

        def found(record: DocumentRecord) -> None:
            self._records[record.id] = record
            self.choose(record.id)

        self._bridge.ask(lambda services: services.documents.document(document), found)

    @Slot(str)
    def search(self, words: str) -> None:
        """Search all documents and folders; `hits_found` follows."""
        self._bridge.ask(lambda services: services.documents.search(words), self.hits_found.emit)

    def leave(self) -> None:
        """Show no document: something else is shown."""
        if self.current:
            self._show(None)

    def read_again(self, document: str) -> None:
        """Read its file again."""
        record = self._records[document]
        self._requested = [file_of(record)]
        self.open_file(file_of(record), anew=True)

    def open_attachment(self, index: int) -> None:
        parent = self.current
        self._bridge.follow(lambda services: services.documents.open_attachment(parent, index), self._on_attached)

    def open_parent(self) -> None:
        """Show the document that the shown one is attached to; its file is read again if it is not on the list."""
        record = self._records[self.current]
        parent, _ = parent_of(record)
        if parent in self._records:
            self.choose(parent)
        else:
            self.open_files([file_of(record)])

    def stop_reading(self) -> None:
        """Stop reading the shown document; the pages read so far stay."""
        document = self.current
        self._bridge.ask(lambda services: services.documents.cancel(document))

    @property
    def current_folder(self) -> Path | None:
        record = self._records.get(self.current)
        return file_of(record).parent if record else None

    def folder_of(self, document: str) -> Path:
        return file_of(self._records[document]).parent

    def translatable(self, document: str) -> Path | None:
        """The file to translate; None, with a notice, for a document inside another one."""
        record = self._records[document]
        if not is_file(record):
            words = f"{record.name} is inside {file_of(record).name}: save it as a file of its own to translate it."
            self._bridge.notice_raised.emit(Notice(words, key="document inside"))
            return None
        return file_of(record)

    @Slot(str)
    def remove(self, document: str) -> None:
        """Take a document off the list now; forget it when the time for *Undo* is over.  Its file stays."""
        record = self._records[document]
        timer = QTimer(self, singleShot=True, interval=self.undo_ms)
        timer.timeout.connect(partial(self._remove_now, document))
        self._going[document] = timer
        timer.start()
        if document == self.current:
            self._show(None)
        self._list()
        words = f"{record.name} is off the list, and what was read of it is forgotten in a moment. Its file stays."
        self._bridge.notice_raised.emit(
            Notice(
                words,
                action="Undo",
                on_action=partial(self._keep, document),
                life_ms=self.undo_ms,
                key=f"forget {document}",
            )
        )

    @Slot(int)
    def ask_text(self, number: int) -> None:
        """Ask for the text of a page; `text_came` follows."""
        document = self.current

        def came(pages: list[Page]) -> None:
            if document == self.current and pages and pages[0].number == number:
                self.text_came.emit(pages[0])

        self._bridge.ask(lambda services: services.documents.pages(document, begin=number, limit=1), came)

    def ask_words(self, number: int, reported: Callable[[str], None]) -> None:
        """Get the text of a page; `reported` is called with it."""
        document = self.current

        def came(pages: list[Page]) -> None:
            if pages and pages[0].number == number:
                reported(pages[0].text)

        self._bridge.ask(lambda services: services.documents.pages(document, begin=number, limit=1), came)

    @Slot(int, int)
    def ask_picture(self, number: int, width: int) -> None:
        """Ask for the picture of a page; `picture_came` or `picture_failed` follows.

        Width 0: only `boxes_came`, for its marks.
        """
        document, marks = self.current, tuple(self._marks.get(number, ()))
        self._bridge.follow(
            lambda services: services.documents.page_image(document, number, width, marks=marks),
            partial(self._on_picture, document, number, width),
            partial(self._on_no_picture, document, number),
        )

    @Slot(int, int)
    def ask_thumbnail(self, number: int, width: int) -> None:
        """Ask for a thumbnail; `thumbnail_came` follows, unless the page has no picture."""
        document = self.current
        self._bridge.follow(
            lambda services: services.documents.page_image(document, number, width),
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
        document, marks = self.current, tuple(spans)

        def came(image: PageImage | None) -> None:
            if image is not None and document == self.current:
                answered([span for span, boxes in zip(marks, image.boxes, strict=False) if _holds(boxes, place)])

        self._bridge.follow(
            lambda services: services.documents.page_image(document, number, 0, marks=marks), came, _unheard
        )

    @Slot(str)
    def find(self, words: str) -> None:
        """Find words in the shown document; `found` follows.  Empty words: no marks."""
        if self._search is not None:
            self._search.cancel()
            self._search = None
        self._words = words
        if not words.strip() or not self.current:
            self.set_marks({})
            self.found.emit(FoundPlaces(()))
            return
        document = self.current
        self._search = self._bridge.follow(
            lambda services: services.documents.find(document, words), partial(self._on_found, document, words)
        )

    def set_marks(self, marks: Mapping[int, Sequence[tuple[int, int]]]) -> None:
        """Set the marks for pictures requested from now on, by page."""
        self._marks = marks

    # ---- events

    def _on_expanded(self, given: list[Path], found: list[Path]) -> None:
        if len(given) == 1 and found != given:
            self.folder_offered.emit(given[0], found)
        elif not found:
            words = "There is nothing in it that can be read."
            self._bridge.notice_raised.emit(Notice(words, key="no documents"))
        else:
            self.open_files(found)

    @Slot(object)
    def open_files(self, found: Sequence[Path]) -> None:
        """Read these files; the first one is shown."""
        self._unread = {}
        self._requested = list(found[:1])
        for path in found:
            self.open_file(path)

    def _on_opened(self, path: Path, record: DocumentRecord) -> None:
        if path in self._requested and self.current != record.id:
            self._requested = []
            self._show(record)
        self.refresh()

    def _on_unread(self, path: Path, problem: Problem) -> None:
        if problem.code in LOCKED and takes_password(path):
            self.password_requested.emit(path, problem.code != "document.locked")
        elif problem.report:
            self._bridge.problem_met.emit(problem)
        elif problem.code != "document.stopped":
            self._unread[path] = problem
            self._bridge.notice_raised.emit(unread_notice(self._unread))
        self.refresh()

    def _on_attached(self, record: DocumentRecord) -> None:
        self._records[record.id] = record
        self._show(record)
        self.refresh()

    def _on_missing(self, record: DocumentRecord, problem: Problem) -> None:
        if problem.code == "document.unknown":
            self._bridge.problem_met.emit(problem)
        elif record.id == self.current:
            words = f"The file of {record.name} is not where it was. What was read of it can still be looked at."
            self._bridge.notice_raised.emit(Notice(words, key=f"changed {record.id}"))

    def _on_checked(self, record: DocumentRecord, is_same: bool) -> None:
        if record.id != self.current or is_same:
            return
        words = f"{record.name} has changed since it was read."
        again = partial(self.read_again, record.id)
        self._bridge.notice_raised.emit(
            Notice(words, action="Read it again", on_action=again, key=f"changed {record.id}")
        )

    @Slot(object)
    def _on_changed(self, event: DocumentChanged) -> None:
        record = event.document
        if not record.opened and record.id not in self._records:  # read for its folder: there may be thousands
            return
        self._records[record.id] = record
        self._list()
        if file_of(record) in self._requested and record.status is DocumentStatus.READING:
            self._requested = []
            self._show(record)
        elif record.id == self.current:
            never_came = self._is_first_page_ahead and record.status is DocumentStatus.FAILED
            if never_came:
                self._is_first_page_ahead = False
                self.pages_listed.emit([], True)
            self.shown.emit(record)
            self._ask_pages(anew=event.was_changed)

    @Slot(object)
    def _on_progressed(self, event: DocumentProgress) -> None:
        if event.id == self.current:
            self.progressed.emit(event)
            self._ask_pages(anew=False)

    @Slot(object)
    def _on_gone(self, event: DocumentGone) -> None:
        self._records.pop(event.id, None)
        if event.id == self.current:
            self._show(None)
        self._list()

    def _on_listed(self, records: Sequence[DocumentRecord]) -> None:
        shown = self._records.get(self.current)  # of a folder, or forgotten elsewhere: its pages are still on show
        self._records = {one.id: one for one in records}
        if shown is not None:
            self._records.setdefault(shown.id, shown)
        self._list()

    def _on_found(self, document: str, words: str, places: FoundPlaces) -> None:
        if document == self.current and words == self._words:
            self.found.emit(places)

    def _on_no_picture(self, document: str, number: int, _problem: Problem) -> None:
        if document == self.current:
            self.picture_failed.emit(number)

    def _on_picture(self, document: str, number: int, width: int, image: PageImage | None) -> None:
        if image is None or document != self.current:
            return
        boxes = image.boxes
        if not width:
            self.boxes_came.emit(number, boxes)
            return
        picture = QImage.fromData(image.png)
        if picture.isNull():
            self.picture_failed.emit(number)
        else:
            self.picture_came.emit(number, picture, boxes)

    def _on_thumbnail(self, document: str, number: int, image: PageImage | None) -> None:
        if image is None or document != self.current:
            return
        picture = QImage.fromData(image.png)
        if not picture.isNull():
            self.thumbnail_came.emit(number, picture)

    # ---- private

    def _show(self, record: DocumentRecord | None) -> None:
        self.current = record.id if record else ""
        self._pages, self._marks, self._asking_pages = [], {}, False
        self._is_first_page_ahead = False
        self.shown.emit(record)
        if record:
            if record.status is DocumentStatus.READING and not record.pages and _is_pictured(record):
                self._is_first_page_ahead = True
                self.first_page_expected.emit(Page(1, "", "", PageStatus.READ, (), has_image=True))
            self._ask_pages(anew=True)
        else:
            self.pages_listed.emit([], True)

    def _ask_pages(self, *, anew: bool) -> None:
        """Load the next pages that are not listed yet, until there are no more."""
        if self._asking_pages and not anew:
            return
        if anew:
            self._pages = []
        document, begin, is_first = self.current, len(self._pages) + 1, not self._pages
        self._asking_pages = True

        def came(pages: list[Page]) -> None:
            if document != self.current:
                return
            self._asking_pages = False
            if is_first or pages:
                self._pages = [*([] if is_first else self._pages), *pages]
                if pages or not self._is_first_page_ahead:
                    self.pages_listed.emit(list(self._pages), is_first and not self._is_first_page_ahead)
                    self._is_first_page_ahead = False
            if len(pages) == PAGES_AT_ONCE:
                self._ask_pages(anew=False)

        self._bridge.ask(
            lambda services: services.documents.pages(document, begin=begin, limit=PAGES_AT_ONCE, with_text=False), came
        )

    def _list(self) -> None:
        self.listed.emit([one for id, one in self._records.items() if id not in self._going and one.opened])

    def _remove_now(self, document: str) -> None:
        self._going.pop(document, None)
        self._bridge.ask(lambda services: services.documents.forget(document), None)

    def _keep(self, document: str) -> None:
        if timer := self._going.pop(document, None):
            timer.stop()
            self._list()
            self.choose(document)


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
