"""Documents in the window: opened, shown page by page, searched.  No widgets here."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from slmdesk.base.formats import takes_password
from slmdesk.base.records import DocumentRecord, DocumentStatus
from slmdesk.library.document_info import file_of, parent_of
from slmdesk.library.events import DocumentChanged, DocumentGone, DocumentProgress, DocumentsChanged
from slmdesk.library.window.viewer.pages_controller import PagesController
from slmdesk.library.window.viewer.unread_files import unread_notice
from slmdesk.runtime.events import Problem
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.notice_bar import Notice
from slmdesk.window.widgets.removals import Removals

RECENT = 200
LOCKED = ("document.locked", "document.wrong_password")


def is_file(record: DocumentRecord) -> bool:
    """Whether a document is a file of its own, not inside another one."""
    return "attachment" not in record.info


class DocumentsController(QObject):
    listed = Signal(object)
    shown = Signal(object)
    progressed = Signal(object)
    password_requested = Signal(object, bool)
    folder_offered = Signal(object, object)
    hits_found = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="documents_controller")
        self._bridge = bridge
        self.pages = PagesController(bridge, self)
        self._records: dict[str, DocumentRecord] = {}
        self.removals = Removals(bridge, self)
        self._requested: list[Path] = []
        """Opened by the person just now: the first of them is shown as soon as it is known."""
        self._unread: dict[Path, Problem] = {}
        self.current: str = ""
        bridge.when_open(self.refresh)
        bridge.on(DocumentsChanged, self.refresh)
        bridge.on(DocumentChanged, self._on_changed)
        bridge.on(DocumentProgress, self._on_progressed)
        bridge.on(DocumentGone, self._on_gone)

    # ---- requests

    def refresh(self) -> None:
        self._bridge.ask(self._bridge.services.documents.recent(RECENT), self._on_listed)

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Read these files, and those in these folders; the first one is shown.

        For a single folder, `folder_offered` follows.
        """
        self._requested = []
        given = list(paths)
        self._bridge.follow(self._bridge.services.documents.expand(given), partial(self._on_expanded, given))

    def make_ready(self) -> None:
        """Have the reader child started: a document will be opened soon."""
        self._bridge.services.documents.make_ready()

    def open_file(self, path: Path, *, password: str = "", force: bool = False) -> None:
        self._bridge.follow(
            self._bridge.services.documents.open(path, password=password, force=force),
            partial(self._on_opened, path),
            partial(self._on_unread, path),
        )

    def unlock(self, path: Path, password: str) -> None:
        self._requested = [path]
        self.open_file(path, password=password)

    def restore(self, document: str) -> None:
        """Show the document of the last run; one that no longer exists is ignored."""

        def found(record: DocumentRecord) -> None:
            if not self.current:
                self._records[record.id] = record
                self._show(record)

        self._bridge.ask(self._bridge.services.documents.document(document), found, _unheard)

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
            self._bridge.services.documents.check(document),
            partial(self._on_checked, record),
            partial(self._on_missing, record),
        )

    def show_document(self, document: str) -> None:
        if document in self._records:
            self.choose(document)
            return

        def found(record: DocumentRecord) -> None:
            self._records[record.id] = record
            self.choose(record.id)

        self._bridge.ask(self._bridge.services.documents.document(document), found)

    def search(self, words: str) -> None:
        self._bridge.ask(self._bridge.services.documents.search(words), self.hits_found.emit)

    def leave(self) -> None:
        if self.current:
            self._show(None)

    def read_again(self, document: str) -> None:
        record = self._records[document]
        self._requested = [file_of(record)]
        self.open_file(file_of(record), force=True)

    def open_attachment(self, index: int) -> None:
        self._bridge.follow(self._bridge.services.documents.open_attachment(self.current, index), self._on_attached)

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
        self._bridge.services.documents.cancel(self.current)

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

    def redactable(self, document: str) -> Path | None:
        """The file to give out redacted; None, with a notice, for a document inside another one."""
        record = self._records[document]
        if is_file(record):
            return file_of(record)
        words = f"{record.name} is inside {file_of(record).name}: save it as a file of its own to give it out redacted."
        self._bridge.notice_raised.emit(Notice(words, key="document inside"))
        return None

    def remove(self, document: str) -> None:
        """Take a document off the list now; forget it when the time for *Undo* is over.  Its file stays."""
        record = self._records[document]
        forget, keep = partial(self._forget, document), partial(self._keep, document)
        words = f"{record.name} is off the list, and what was read of it is forgotten in a moment. Its file stays."
        self.removals.begin(document, words, forget, keep, key=f"forget {document}")
        if document == self.current:
            self._show(None)
        self._list()

    # ---- events

    def _on_expanded(self, given: list[Path], found: list[Path]) -> None:
        if len(given) == 1 and found != given:
            self.folder_offered.emit(given[0], found)
        elif not found:
            words = "There is nothing in it that can be read."
            self._bridge.notice_raised.emit(Notice(words, key="no documents"))
        else:
            self.open_files(found)

    def open_files(self, found: Sequence[Path]) -> None:
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
            if record.status is DocumentStatus.FAILED:
                self.pages.never_received()
            self.shown.emit(record)
            self.pages.ask(reset=event.was_changed)

    def _on_progressed(self, event: DocumentProgress) -> None:
        if event.id == self.current:
            self.progressed.emit(event)
            self.pages.ask(reset=False)

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

    # ---- private

    def _show(self, record: DocumentRecord | None) -> None:
        self.current = record.id if record else ""
        self.pages.leave(self.current)
        self.shown.emit(record)
        self.pages.begin(record)

    def _list(self) -> None:
        self.listed.emit([one for id, one in self._records.items() if id not in self.removals and one.opened])

    def _forget(self, document: str) -> None:
        self._bridge.follow(self._bridge.services.documents.forget(document))

    def _keep(self, document: str) -> None:
        self._list()
        self.choose(document)


def _unheard(_problem: Problem) -> None:
    """The document no longer exists: there is nothing to show."""
