"""Open, search, show and remove documents, their pages and folders in the window. No widgets here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QImage

from slmdesk.base.documents import Note, Page, PageStatus, has_page_pictures, is_recording, takes_password
from slmdesk.base.record import changed
from slmdesk.base.records import DocumentRecord, DocumentStatus
from slmdesk.base.runtime.events import DocumentChanged, DocumentGone, DocumentProgress, DocumentsChanged
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _, ngettext
from slmdesk.base.untrusted import clean_label
from slmdesk.claims.einvoices import Finding
from slmdesk.documents.reading import PageImage
from slmdesk.documents.search import FoundPlaces, places_of
from slmdesk.documents.types import (
    CollectionChanged,
    CollectionGone,
    CollectionState,
    CollectionStatus,
    SkippedDocument,
    Span,
    counted_documents,
    file_of,
    folder_of,
    info_of,
    parent_of,
)
from slmdesk.ui.kit.base.bridge import Bridge, Call, Delay, ignored
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.widgets.notices import LONG_MS, REMOVAL_MS, Notice, notice_of, tell_not_written
from slmdesk.ui.kit.widgets.opening import open_outside
from slmdesk.ui.kit.widgets.rows import Removals

if TYPE_CHECKING:
    from slmdesk.documents.service import SearchableCopy

RECENT = 200
MOST_OPENED = 50
"""Most documents of a folder that are opened without a question."""
LOCKED, STOPPED = ("document.locked", "document.wrong_password"), "document.stopped"


def is_unreadable(record: DocumentRecord) -> bool:
    """Tell whether a document is of no use in the list: neither a password nor going on would help."""
    return record.status is DocumentStatus.FAILED and record.error_code not in (*LOCKED, STOPPED)


def is_file(record: DocumentRecord) -> bool:
    """Tell whether a document is a file of its own, not an attachment of another document."""
    return "attachment" not in record.info


class DocumentsController(QObject):
    listed = Signal(object)
    shown = Signal(object)
    progressed = Signal(object)
    password_requested = Signal(object, bool)
    folder_offered = Signal(object, object)
    opening = Signal(int)
    """Emitted with the number of files that a person opens together, before they are read."""
    opened = Signal(object, bool)
    """Ids of the documents that a person opened together, once all are read, and whether they are those of a folder."""
    hits_found = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="documents_controller")
        self.bridge = self._bridge = bridge
        self.pages = PagesController(bridge, self)
        self.offers: Sequence[tuple[str, str]] = ()
        """More that can be done with a document, each with its words."""
        self._recent: Live[Sequence[DocumentRecord]] = Live(
            bridge, self, lambda: bridge.services.documents.recent(RECENT), (), on=(DocumentsChanged,)
        )
        self._recent.changed.connect(self._list)
        self._shown: DocumentRecord | None = None
        """The shown document. It need not be in the list."""
        self.removals = Removals(bridge, self)
        self.removals.dropped.connect(self._list)
        self._shown_again = ""
        """The document to show if its removal is undone."""
        self._requested: list[Path] = []
        """Files that the person has just opened. The first of them is shown as soon as it is known."""
        self._opening: dict[Path, str] = {}
        """Documents that a person opened together, by file: "" until they are read."""
        self._is_folder = False
        self._is_left = False
        """Whether the person went on to something else before these were read."""
        self._known: dict[str, str] = {}
        """Checksums of the documents that were in the list before these."""
        self._unread: dict[Path, Problem] = {}
        bridge.on(DocumentChanged, self._on_changed)
        bridge.on(DocumentProgress, self._on_progressed)
        bridge.on(DocumentGone, self._on_gone)

    @property
    def current(self) -> str:
        """Id of the shown document, or ""."""
        return self._shown.id if self._shown else ""

    @property
    def is_opening_folder(self) -> bool:
        """Whether documents of a folder that a person opened are still being read."""
        return self._is_folder and bool(self._opening)

    @property
    def _records(self) -> dict[str, DocumentRecord]:
        return {record.id: record for record in (*((self._shown,) if self._shown else ()), *self._recent.value)}

    def _learn(self, record: DocumentRecord) -> None:
        """Take what is new of a document. An answer that is on its way does not know it yet."""
        if self._recent.is_coming:
            self._recent.again()
        self._shown = record if record.id == self.current else self._shown
        self._recent.put([record, *(other for other in self._recent.value if other.id != record.id)])

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Read these files and folders, show the first, and emit `opened` at the end. Very many are only offered."""
        self._requested, self._is_left = [], False
        given = list(paths)
        self.opening.emit(len(given))
        self._bridge.follow(self._bridge.services.documents.expand(given), partial(self._on_expanded, given))

    def make_ready(self) -> None:
        self._bridge.services.documents.make_ready()

    def open_file(self, path: Path, **options: Any) -> None:
        opening = self._bridge.services.documents.open(path, **options)
        self._bridge.follow(opening, partial(self._on_opened, path), partial(self._on_unread, path))

    def unlock(self, path: Path, password: str) -> None:
        self._requested, self._opening = [path], {**self._opening, path: ""}
        self.open_file(path, password=password)

    def restore(self, document: str) -> None:
        """Show the document of the last run. A document that no longer exists is ignored."""

        def show(record: DocumentRecord) -> None:
            if not self.current:
                self._show(record)

        self._bridge.ask(self._bridge.services.documents.document(document), show, ignored)

    def choose(self, document: str) -> None:
        if record := self._records.get(document):
            self._choose(record)
        else:
            words = _("This document was removed; open the file again to see the pages.")
            self._bridge.notice_raised.emit(Notice(words, key="document gone"))

    def _choose(self, record: DocumentRecord) -> None:
        self._requested = []
        self._show(record)
        if record.status is DocumentStatus.READ:
            check = self._bridge.services.documents.check(record.id)
            self._bridge.follow(check, partial(self._on_checked, record), partial(self._on_missing, record))

    def show_document(self, document: str) -> None:
        if record := self._records.get(document):
            self._choose(record)
        else:
            self._bridge.ask(self._bridge.services.documents.document(document), self._choose)

    def records(self, documents: Sequence[str]) -> dict[str, DocumentRecord]:
        known = self._records
        return {id: known[id] for id in documents if id in known}

    def search(self, words: str) -> None:
        self._bridge.ask(self._bridge.services.documents.search(words), self.hits_found.emit)

    def leave(self) -> None:
        self._requested, self._is_left = [], True
        if self.current:
            self._show(None)

    def tell_again(self) -> None:
        """Emit `shown` for the shown document, which is the only one again."""
        if self._shown:
            self.shown.emit(self._shown)

    def read_again(self, document: str) -> None:
        record = self._records[document]
        path, spoken = file_of(record), str(record.info.get("encoding", ""))
        self._requested = [path]
        self.open_file(path, force=True, encoding=spoken if is_recording(path) else "")

    def open_attachment(self, index: int) -> None:
        self._bridge.follow(self._bridge.services.documents.open_attachment(self.current, index), self._on_attached)

    def open_parent(self) -> None:
        """Show the document that contains the shown attachment. Its file is read again if it is not in the list."""
        record = self._records[self.current]
        parent, __ = parent_of(record)
        if parent in self._records:
            self.choose(parent)
        else:
            self.open_files([file_of(record)])

    def turn_reading(self) -> None:
        """Stop reading the document, or go on behind the pages that were recognised or heard."""
        if self._records[self.current].status is DocumentStatus.READING:
            self._bridge.services.documents.cancel(self.current)
        else:
            self.read_again(self.current)

    @property
    def current_folder(self) -> Path | None:
        return file_of(self._shown).parent if self._shown else None

    def folder_of(self, document: str) -> Path:
        return file_of(self._records[document]).parent

    def actions(self, document: str, actions: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
        """Return which of the actions and of the offers make sense for a document. One that cannot be read cannot be
        redacted.
        """
        record = self._records.get(document)
        is_lost = record is not None and not record.pages and is_unreadable(record)
        is_scan = record is not None and is_file(record) and Note.OCR_USED in info_of(record).notes
        left = {
            **dict.fromkeys(dict(self.offers), is_lost),
            "redact": is_lost,
            "nameless": is_lost,
            "searchable": not is_scan,
        }
        return [action for action in (*self.offers, *actions) if not left.get(action[0])]

    def ask_findings(self, document: str, received: Callable[[Sequence[Finding]], object]) -> None:
        self._bridge.ask(self._bridge.services.documents.findings(document), received)

    def write_searchable(self, files: Sequence[Path], target: Path) -> None:
        """Write a PDF of scans whose words can be searched, and open it."""

        def written(copy: SearchableCopy) -> None:
            self._bridge.notice_raised.emit(Notice(_("{name} was written.").format(name=target.name), key=key))
            self.open_paths([copy.target])

        def failed(problem: Problem) -> None:
            tell_not_written(self._bridge, target, problem, key=key)

        key = f"searchable {target}"
        words = _("Recognising the words for {name}…").format(name=target.name)
        following = self._bridge.follow(
            self._bridge.services.documents.write_searchable(files, target), written, failed
        )
        self._bridge.notice_raised.emit(Notice(words, action=_("Stop"), on_action=following.cancel, key=key))

    def own_file(self, document: str, purpose: str) -> Path | None:
        """Return a document's file, or None for an attachment, with a notice that `purpose` completes: "to …"."""
        record = self._records[document]
        if is_file(record):
            return file_of(record)
        words = _("{name} is inside {name2}: save it as a file of its own {purpose}.")
        words = words.format(name=record.name, name2=file_of(record).name, purpose=purpose)
        self._bridge.notice_raised.emit(Notice(words, key="document inside"))
        return None

    def remove(self, *documents: str) -> None:
        """Remove documents from the list now. Delete them when *Undo* is no longer offered. Their files stay."""
        names = [record.name for record in self.records(documents).values()]
        words = ngettext(
            "{name} was removed from the list, with what was read and made of it. The file stays.",
            "{n} documents were removed from the list, with what was read and made of them. The files stay.",
            len(names),
            name=next(iter(names), ""),
        )
        is_shown = self.current in documents
        # what is on show now, which may be one of these; where nothing is, undoing shows the first of them
        self._shown_again = self.current or documents[0]
        self.removals.begin(documents, words, self._forget, self._keep, key=f"forget {documents[0]}")
        if is_shown:
            self._show(None)
        self._list()

    def _on_expanded(self, given: list[Path], paths: list[Path]) -> None:
        is_folder = len(given) == 1 and paths != given
        is_opened = bool(paths) and not (is_folder and len(paths) > MOST_OPENED)
        if is_folder:
            self.folder_offered.emit(given[0], paths)
        elif not paths:
            words = _("There is nothing in it that can be read.")
            self._bridge.notice_raised.emit(Notice(words, key="no documents"))
        if is_opened:
            self._read(paths, is_folder=is_folder)

    def open_files(self, paths: Sequence[Path], *, is_folder: bool = False) -> None:
        self._is_left = False
        self._read(paths, is_folder=is_folder)

    def _read(self, paths: Sequence[Path], *, is_folder: bool) -> None:
        self._unread, self._is_folder = {}, is_folder
        self._requested, self._opening = [], dict.fromkeys(paths, "")
        if not self._is_left:
            self._requested = list(paths[:1])
        self._known = {
            id: record.sha256
            for id, record in self._records.items()
            if record.opened and record.status is DocumentStatus.READ and id not in self.removals and not is_folder
        }
        now = time.time()
        for place, path in enumerate(paths):  # the list shows the last opened first, and these in the order given
            self.open_file(path, at=now - place / 1000, by_content=not is_folder)

    def _on_opened(self, path: Path, record: DocumentRecord) -> None:
        self._learn(record)
        if self.removals.keep(record.id):  # removed a moment ago, and opened again
            self._list()
        if path in self._requested and self.current != record.id:
            self._requested = []
            self._show(record)
        if path in self._opening:
            if self._known.get(record.id) == record.sha256 or record.id in self._opening.values():
                self._tell_known(path, record)
            self._opening[path] = record.id
            self._tell_opened()

    def _tell_known(self, path: Path, record: DocumentRecord) -> None:
        name = clean_label(path.name, NAME_LENGTH)
        words = _("{name} is in the list already.").format(name=name)
        if name != record.name:
            words = _("{name} is the same as {name2}, which is in the list.").format(name=name, name2=record.name)
        self._bridge.notice_raised.emit(Notice(words, life_ms=LONG_MS, key="document known"))

    def _tell_opened(self) -> None:
        if self._opening and all(self._opening.values()):
            ids, self._opening = list(dict.fromkeys(self._opening.values())), {}
            if not self._is_left:
                self.opened.emit(ids, self._is_folder)

    def _on_unread(self, path: Path, problem: Problem) -> None:
        if problem.code in LOCKED and takes_password(path):
            self.password_requested.emit(path, problem.code != "document.locked")
        elif problem.report:
            self._bridge.problem_met.emit(problem)
        elif problem.code != STOPPED:
            self._unread[path] = problem
            self._bridge.notice_raised.emit(unread_notice(self._unread))
        self._opening.pop(path, None)
        self._tell_opened()
        self._recent.again()

    def _on_attached(self, record: DocumentRecord) -> None:
        self._learn(record)
        self._show(record)

    def _on_missing(self, record: DocumentRecord, problem: Problem) -> None:
        if problem.code == "document.unknown":
            self._bridge.problem_met.emit(problem)
        elif record.id == self.current:
            words = _("The file of {name} is not where it was. What was read of it can still be looked at.")
            self._bridge.notice_raised.emit(Notice(words.format(name=record.name), key=f"changed {record.id}"))

    def _on_checked(self, record: DocumentRecord, is_same: bool) -> None:
        if record.id != self.current or is_same:
            return
        words = _("{name} has changed since it was read.").format(name=record.name)
        again = partial(self.read_again, record.id)
        self._bridge.notice_raised.emit(
            Notice(words, action=_("Read again"), on_action=again, key=f"changed {record.id}")
        )

    def _on_changed(self, event: DocumentChanged) -> None:
        record = event.document
        if not record.opened and record.id not in self._records:  # read for its folder: there may be thousands
            return
        self._learn(record)
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
        if event.id == self.current:
            self._show(None)
        self._recent.put([record for record in self._recent.value if record.id != event.id])
        self._recent.again()  # there may be older ones

    def _show(self, record: DocumentRecord | None) -> None:
        self._shown = record
        self.pages.leave(self.current)
        self.shown.emit(record)
        self.pages.begin(record)

    def _list(self) -> None:
        self.listed.emit([record for id, record in self._records.items() if id not in self.removals and record.opened])

    def _forget(self, document: str) -> None:
        def failed(problem: Problem) -> None:
            self._list()
            self._bridge.problem_met.emit(problem)

        self._bridge.follow(self._bridge.services.documents.forget(document), None, failed)

    def _keep(self, document: str) -> None:
        self._list()
        if document == self._shown_again:
            self.show_document(document)


Contents = tuple[Sequence[DocumentRecord], Sequence[SkippedDocument]]
NO_CONTENTS: Contents = ((), ())
CONTENTS_MS = 3_000
"""Milliseconds between two requests for the content of the shown folder, while the folder is being read."""


class FoldersController(QObject):
    listed = Signal(object)
    shown = Signal(object)
    documents_requested = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="folders_controller")
        self._bridge = bridge
        self._states: dict[str, CollectionState] = {}
        self.removals = Removals(bridge, self)
        self.removals.dropped.connect(self._list)
        self.current = ""
        self.contents: Live[Contents] = Live(bridge, self, self._ask_contents, NO_CONTENTS, refused=ignored)
        self._contents_timer = Delay(self, CONTENTS_MS, self.contents.again)
        bridge.when_open(self.refresh)
        bridge.on(CollectionChanged, self._on_changed)
        bridge.on(CollectionGone, self._on_gone)

    def refresh(self) -> None:
        self._bridge.ask(self._bridge.services.collections.all(), self._on_listed)

    def offer(self, folder: Path, files: Sequence[Path]) -> None:
        """Offer to watch a dropped folder, and to open its documents where they are too many to be opened unasked."""
        is_watched = any(state.record.watched and folder_of(state.record) == folder for state in self._states.values())
        paths, action, name = list(files), "", folder.name or folder
        words = _("“{name}” holds no document yet.").format(name=name)
        if paths:
            counted = counted_documents(len(paths))
            words = _("“{name}” holds {counted_documents}.").format(name=name, counted_documents=counted)
        if len(paths) > MOST_OPENED:
            action = ngettext("Add this document", "Add these {n:,} documents", len(paths))
        self._bridge.notice_raised.emit(
            Notice(
                words,
                action="" if is_watched else _("Watch this folder"),
                on_action=partial(self.add, folder),
                other=action,
                on_other=partial(self.documents_requested.emit, paths) if action else None,
                life_ms=REMOVAL_MS,  # else it came back when the notices above it went
                key=f"folder {folder}",
            )
        )

    def add(self, folder: Path) -> None:
        self._bridge.follow(self._bridge.services.collections.add(folder), self._on_added)

    def choose(self, id: str) -> None:
        state = self._states.get(id)
        if state is not None:
            if id != self.current:
                self.contents.put(NO_CONTENTS)
            self.current = id
            self.shown.emit(state)
            self.contents.again()

    def leave(self) -> None:
        self.current = ""

    def look_again(self) -> None:
        """Search the shown folder for new documents. A paused job is resumed."""
        self._bridge.services.collections.look(self.current, resume=True)

    def pause(self) -> None:
        state = self._states.get(self.current)
        if state is not None and state.job:
            self._bridge.services.jobs.pause(state.job)

    def set_watched(self, watched: bool) -> None:
        self._bridge.services.collections.set_watched(self.current, watched)

    def remove(self, id: str) -> None:
        """Remove a folder from the list now. Delete it when *Undo* is no longer offered. Its files stay."""
        state = self._states[id]
        words = _("{name} was removed from the list, with the texts read from it. The files stay.")
        words = words.format(name=state.record.name)
        self.removals.begin([id], words, self._forget, self._keep, key=f"forget folder {id}")
        if id == self.current:
            self._leave_shown()
        self._list()

    def act(self, id: str, action: str) -> None:
        if action == "remove":
            self.remove(id)
        elif action == "look":
            self.choose(id)
            self.look_again()
        elif action == "open":
            open_outside(QUrl.fromLocalFile(str(self.place_of(id))))

    @property
    def current_folder(self) -> Path | None:
        return self.place_of(self.current) if self.current in self._states else None

    def place_of(self, id: str) -> Path:
        return folder_of(self._states[id].record)

    def _on_listed(self, states: Sequence[CollectionState]) -> None:
        self._states = {state.record.id: state for state in states}
        self._list()

    def _on_added(self, state: CollectionState) -> None:
        self.removals.keep(state.record.id)
        self._states.setdefault(state.record.id, state)
        self._list()
        self.choose(state.record.id)

    def _on_changed(self, event: CollectionChanged) -> None:
        state = event.state
        self._states[state.record.id] = state
        self._list()
        if state.record.id == self.current:
            self.shown.emit(state)
            if state.status is not CollectionStatus.INDEXING:
                self.contents.again()
            else:
                self._contents_timer.start_once()

    def _on_gone(self, event: CollectionGone) -> None:
        self._states.pop(event.id, None)
        if event.id == self.current:
            self._leave_shown()
        self._list()

    def _ask_contents(self) -> Callable[[Any], Contents] | None:
        id = self.current
        return (lambda services: (services.collections.documents(id), services.collections.unread(id))) if id else None

    def _list(self) -> None:
        self.listed.emit([state for id, state in self._states.items() if id not in self.removals])

    def _leave_shown(self) -> None:
        self.current = ""
        self.shown.emit(None)

    def _forget(self, id: str) -> None:
        self._states.pop(id, None)
        self._bridge.follow(self._bridge.services.collections.forget(id))

    def _keep(self, id: str) -> None:
        self._list()
        self.choose(id)


PAGES_AT_ONCE = 500
SLACK = 0.004
"""Distance from a passage at which a click still counts, as a share of the page."""


class PagesController(QObject):
    listed = Signal(object, bool)
    first_page_expected = Signal(object)
    text_received = Signal(object)
    picture_received = Signal(int, object, object)
    boxes_received = Signal(int, object)
    picture_failed = Signal(int)
    found = Signal(object)
    covered = Signal(object, object)

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent, objectName="pages_controller")
        self._bridge = bridge
        self._document = ""
        self._pages: list[Page] = []
        self.marks: Mapping[int, Sequence[tuple[int, int]]] = {}
        self._search: Call | None = None
        self._is_asking = False
        self._is_first_ahead = False
        """Whether the first page is shown before it was read, since its picture arrives sooner than its text."""

    def _if_shown(self, received: Callable[..., object]) -> Callable[..., object]:
        """Return `received` as it is called while this document is shown. What arrives later is dropped."""
        document = self._document
        return lambda *answer: received(*answer) if document == self._document else None

    def leave(self, document: str) -> None:
        """Prepare to show another document. Results that arrive for the document shown before are dropped."""
        if document != self._document:
            self._search = None
        self._document = document
        self._pages, self.marks, self._is_asking, self._is_first_ahead = [], {}, False, False

    def begin(self, record: DocumentRecord | None) -> None:
        if record is None:
            self.listed.emit([], True)
            return
        if record.status is DocumentStatus.READING and not record.pages and has_page_pictures(file_of(record)):
            self._is_first_ahead = True
            self.first_page_expected.emit(Page(1, "", "", PageStatus.READ, (), has_image=True))
        self.ask(reset=True)

    def never_received(self) -> None:
        if self._is_first_ahead:
            self._is_first_ahead = False
            self.listed.emit([], True)

    def ask(self, *, reset: bool) -> None:
        """Load the next pages that are not listed yet, until there are no more. `reset` loads all pages again."""
        if self._is_asking and not reset:
            return
        if reset:
            self._pages = []
        begin, is_first = len(self._pages) + 1, not self._pages
        self._is_asking = True

        def received(pages: list[Page]) -> None:
            self._is_asking = False
            if is_first or pages:
                self._pages = [*([] if is_first else self._pages), *pages]
                if pages or not self._is_first_ahead:
                    self.listed.emit(list(self._pages), is_first and not self._is_first_ahead)
                    self._is_first_ahead = False
            if len(pages) == PAGES_AT_ONCE:
                self.ask(reset=False)

        self._bridge.ask(
            self._bridge.services.documents.pages(self._document, begin=begin, limit=PAGES_AT_ONCE, with_text=False),
            self._if_shown(received),
        )

    def ask_text(self, number: int) -> None:
        self.ask_page(number, self._if_shown(self.text_received.emit))

    def ask_page(self, number: int, received: Callable[[Page], object]) -> None:
        def listed(pages: list[Page]) -> None:
            if pages and pages[0].number == number:
                received(pages[0])

        self._bridge.ask(self._bridge.services.documents.pages(self._document, begin=number, limit=1), listed)

    def ask_picture(self, number: int, width: int) -> None:
        """Request the picture of a page or, with width 0, only the boxes of its marks."""
        marks = tuple(self.marks.get(number, ()))
        self._bridge.follow(
            self._bridge.services.documents.page_image(self._document, number, width, marks=marks),
            self._if_shown(partial(self._on_picture, number, width, marks)),
            self._if_shown(lambda _problem: self.picture_failed.emit(number)),
        )

    def locate(
        self,
        number: int,
        spans: Sequence[tuple[int, int]],
        place: tuple[float, float],
        answered: Callable[[Sequence[tuple[int, int]]], None],
    ) -> None:
        """Have `answered` get the spans that are at a place of the page's picture, as shares of its size."""
        marks = tuple(spans)

        def received(image: PageImage | None) -> None:
            if image is not None:
                answered([span for span, boxes in zip(marks, image.boxes, strict=False) if _holds(boxes, place)])

        asked = self._bridge.services.documents.page_image(self._document, number, 0, marks=marks)
        self._bridge.follow(asked, self._if_shown(received), ignored)

    def find(self, words: str, *, whole: bool = False) -> None:
        """Find words in the shown document. `found` is emitted later. Empty words remove the marks."""
        self._leave_search()
        if not words.strip() or not self._document:
            self.marks = {}
            self.found.emit(FoundPlaces(()))
            return
        # The answer comes in a later turn of the event loop, when `search` is there.
        search: Call = self._bridge.follow(
            self._bridge.services.documents.find(self._document, words, whole=whole),
            lambda places: self._on_found(search, places),
        )
        self._search = search

    def cover(self, black: Sequence[Span], chosen: Sequence[Span]) -> None:
        """Show places black, but those that are chosen so that they can be read."""
        self._leave_search()
        self.covered.emit(places_of(black), places_of(chosen))

    def _leave_search(self) -> None:
        if self._search is not None:
            self._search.cancel()
            self._search = None

    def _on_found(self, search: Call, places: FoundPlaces) -> None:
        if search is self._search:  # one that was cancelled ends with what it had, perhaps for the same words
            self.found.emit(places)

    def _on_picture(self, number: int, width: int, marks: Sequence[tuple[int, int]], image: PageImage | None) -> None:
        """Show a picture. Boxes of marks that have changed meanwhile are dropped, as newer ones were requested."""
        if image is None:
            return
        boxes = image.boxes if marks == tuple(self.marks.get(number, ())) else None
        if not width:
            if boxes is not None:
                self.boxes_received.emit(number, boxes)
            return
        picture = QImage.fromData(image.png)
        if picture.isNull():
            self.picture_failed.emit(number)
        else:
            self.picture_received.emit(number, picture, boxes)


def _holds(boxes: Sequence[tuple[float, float, float, float]], place: tuple[float, float]) -> bool:
    """Tell whether a position is inside these line boxes or between two of them."""
    if not boxes:
        return False
    across, down = place
    left = min(box[0] for box in boxes)
    right = max(box[2] for box in boxes)
    top = min(box[1] for box in boxes)
    bottom = max(box[3] for box in boxes)
    return left - SLACK <= across <= right + SLACK and top - SLACK <= down <= bottom + SLACK


MOST_NAMED = 2
NAME_LENGTH = 60


def unread_notice(unread: Mapping[Path, Problem]) -> Notice:
    """Return one notice for all files that were opened together. *Details* shows the reason for each."""
    if len(unread) == 1:
        return changed(notice_of(next(iter(unread.values()))), key="unread", life_ms=LONG_MS)
    names = [clean_label(path.name, NAME_LENGTH) for path in unread]
    named = _("{first} and {last}").format(first=names[0], last=names[1])
    if (more := len(names) - MOST_NAMED) > 0:
        named = _("{names} and {more:,} more").format(names=", ".join(names[:MOST_NAMED]), more=more)
    words = _("{count:,} files cannot be read: {named}.").format(count=len(names), named=named)
    why = "\n\n".join(problem.short for problem in unread.values())
    return Notice(words, full=why, details=why, life_ms=LONG_MS, key="unread", is_error=True)
