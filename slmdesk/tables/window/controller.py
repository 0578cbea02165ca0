"""Controller that starts, follows and edits tables made from documents, with undo. It has no widgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from slmdesk.base.records import DocumentRecord, DocumentStatus, Item, JobRecord, title_words
from slmdesk.base.texts import _
from slmdesk.jobs.service import event_of
from slmdesk.library.service import FolderRead
from slmdesk.runtime.messages import Problem, problem_of
from slmdesk.tables.cells import Preset
from slmdesk.tables.service import KIND, MOST_DOCUMENTS, ExtractionView, TableRequest
from slmdesk.tables.types import Column, ExtractionEnded, ExtractionGrew, Table
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.panes import JobFollower
from slmdesk.window.widgets.notices import Notice

MOST_UNDONE = 200


class TableController(JobFollower):
    begun = Signal(object, int)
    row_received = Signal(object)
    read_reported = Signal(int, int)
    made = Signal(object)
    undo_changed = Signal(bool)
    preset_found = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(bridge, KIND, "table_controller", parent)
        self.title = ""
        self.chosen: tuple[str, ...] = ()
        """Documents that were chosen together in the list, to become the rows of the next table."""
        self.shown: Callable[[], Sequence[str]] = tuple
        """Ids of the documents that the search leaves in the list."""
        self._requested = ""
        """Id of the table being opened. Answers to earlier requests are ignored."""
        self._begun = ""
        """Id of the table that was started here and is not shown yet."""
        self._undo: list[tuple[str, int, str | None]] = []
        bridge.on(ExtractionGrew, self._on_grew)
        bridge.on(ExtractionEnded, self._on_ended)

    def show_document(self, document: str) -> None:
        """Show the newest table of a document, unless a folder is being read for a table."""
        if self._reading is None:
            super().show_document(document)
        elif document != self._document:
            self._document = document
            self.items.show_document(document)

    def propose(self) -> None:
        """Find the preset for the shown document."""
        if document := self._document:

            def found(preset: Preset) -> None:
                if document == self._document:
                    self.preset_found.emit(preset)

            self._bridge.ask(self._bridge.services.extraction.fitting(document), found, lambda _problem: None)

    def begin(self, columns: Sequence[Column]) -> None:
        """Make a table of the shown document."""
        self._begin(tuple(columns), self.chosen or (self._document,))

    def begin_all(self, columns: Sequence[Column]) -> None:
        """Make a table of all documents in the list; those that the search hides are not taken.

        Documents that cannot be read are told.  While one is still being read the table is refused.
        """
        requested = tuple(columns)

        def listed(records: Sequence[DocumentRecord]) -> None:
            shown = set(self.shown())
            found = [record for record in records if record.id in shown]
            failed = [record for record in found if record.status is DocumentStatus.FAILED and not record.pages]
            problems = [(record.name, problem_of(record.error_code or "", record.error_args)) for record in failed]
            self._tell_unread([(name, problem.sentence) for name, problem in problems], len(found))
            self._begin(requested, tuple(record.id for record in found if record not in failed))

        self._bridge.ask(self._bridge.services.documents.recent(MOST_DOCUMENTS), listed, self._refuse)

    def begin_folder(self, columns: Sequence[Column], folder: Path) -> None:
        """Make a table of a folder's documents once they are read. An unreadable document does not stop the others."""
        requested = tuple(columns)
        self.read_folder(
            self._bridge.services.documents.read_folder(folder, MOST_DOCUMENTS),
            partial(self._on_folder_read, requested),
            self._on_folder_refused,
            partial(self._on_reading, requested),
        )

    def again(self) -> None:
        """Make the shown table again. Cells that a person edited stay."""
        self._bridge.ask(self._bridge.services.extraction.again(self.item), self._on_job, self._refuse)

    def choose(self, item: str) -> None:
        self._forget()
        self._requested = item
        self._bridge.ask(self._bridge.services.extraction.open(item), self._on_opened)

    def edit(self, document: str, column: int, words: str) -> None:
        self._edit(document, column, words, is_undo=False)

    def undo(self) -> None:
        if self._undo:
            self._edit(*self._undo.pop(), is_undo=True)
            self.undo_changed.emit(bool(self._undo))

    def _on_reading(self, columns: tuple[Column, ...], report: tuple[int, int, str]) -> None:
        done, total, _name = report
        if not done:
            self._forget()
            self.begun.emit(columns, total)
        self.read_reported.emit(done, total)

    def _on_folder_read(self, columns: tuple[Column, ...], found: FolderRead) -> None:
        self._tell_unread(found.failed, found.total)
        if found.documents:
            self._begin(columns, found.documents)
        elif found.total:
            self.stopped.emit(_("No document of this folder could be read."))
        else:
            self.stopped.emit(_("There is no document in this folder that could be read."))

    def _tell_unread(self, failed: Sequence[tuple[str, str]], total: int) -> None:
        """`failed`: the name of each document that cannot be read, and why."""
        if failed:
            words = _("Not in the table, since they could not be read: {count} of {total}.").format(
                count=len(failed), total=total
            )
            details = "\n".join(f"{name}: {why}" for name, why in failed[:50])
            self._bridge.notice_raised.emit(Notice(words, details, key="table unread", full=details))

    def _on_folder_refused(self, problem: Problem) -> None:
        if problem.code == "document.stopped":
            self.stopped.emit(_("The table was cancelled before it was begun."))
        else:
            self._refuse(problem)

    def _on_begun(self, item: Item) -> None:
        self._begun = item.id
        self.choose(item.id)
        self.items.refresh()

    def _on_opened(self, view: ExtractionView) -> None:
        if view.item.id != self._requested:
            return
        self.title = title_words(view.item.title.removeprefix("Table: "))
        self.items.set_current(view.item.id)
        self._about = frozenset(document.id for document in view.documents)
        self._job = view.job.id if view.job and not view.job.status.is_end else ""
        if self._job or self._begun == self.item:  # if all answers are cached, it is done before it is opened
            self.begun.emit(view.request.columns, len(view.documents))
        self._begun = ""
        if view.table is not None and view.table.columns:
            self.made.emit(view.table)
        if view.job is not None:
            self.job_reported.emit(event_of(view.job))

    def _on_job(self, job: JobRecord) -> None:
        self._job = job.id
        self.job_reported.emit(event_of(job))

    def _on_grew(self, event: ExtractionGrew) -> None:
        if event.item == self.item:
            self._job = event.job
            self.row_received.emit(event.row)

    def _on_ended(self, event: ExtractionEnded) -> None:
        if event.item == self.item:
            self.made.emit(event.table)

    def _on_edited(self, change: tuple[str, int], is_undo: bool, reported: tuple[Table, str | None]) -> None:
        table, before = reported
        if not is_undo:
            self._undo = [*self._undo, (*change, before)][-MOST_UNDONE:]
            self.undo_changed.emit(True)
        self.made.emit(table)

    def _begin(self, columns: tuple[Column, ...], documents: tuple[str, ...]) -> None:
        request = TableRequest(documents, columns)
        self._bridge.ask(self._bridge.services.extraction.begin(request), self._on_begun, self._refuse)

    def _edit(self, document: str, column: int, words: str | None, *, is_undo: bool) -> None:
        self._bridge.ask(
            self._bridge.services.extraction.edit(self.item, document, column, words),
            partial(self._on_edited, (document, column), is_undo),
        )

    def _forget(self) -> None:
        self.title, self._requested, self._job, self._about = "", "", "", frozenset()
        self.items.set_current("")
        self._undo.clear()
        self.undo_changed.emit(False)

    def _leave(self) -> None:
        self._forget()
        super()._leave()

    def _on_restored(self, item: str) -> None:
        self.choose(item)
