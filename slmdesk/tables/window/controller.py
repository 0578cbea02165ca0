"""Controller that starts, follows and edits tables made from documents, with undo. It has no widgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from slmdesk.base.record import changed
from slmdesk.base.records import DocumentRecord, DocumentStatus, Item, JobRecord, JobStatus, title_words
from slmdesk.base.texts import _, cut
from slmdesk.jobs.service import event_of
from slmdesk.jobs.types import JobChanged
from slmdesk.library.service import FolderRead
from slmdesk.runtime.events import ModelsChanged
from slmdesk.runtime.messages import Problem, problem_of
from slmdesk.tables.labels import offered
from slmdesk.tables.request import MOST_DOCUMENTS, TableRequest
from slmdesk.tables.types import Column, GrownRow, Label, Table, TableRow, example_of
from slmdesk.tasks.extract import CHECK, TASK
from slmdesk.tasks.report import Edit
from slmdesk.tasks.service import ReportGrew, ReportMade
from slmdesk.tasks.shape import TaskView
from slmdesk.window.base.bridge import Bridge, Delay
from slmdesk.window.base.live import Live
from slmdesk.window.panes import JobFollower
from slmdesk.window.widgets.notices import Notice

if TYPE_CHECKING:
    from slmdesk.services import Services

KIND = TASK.kind
View = TaskView[TableRequest, Table]
MOST_UNDONE = 200
TELL_MS = 60


LOOKING = _("Looking for the columns that the documents name…")
NOTHING_NAMED = _("This document names no values, such as “Rent: 900 EUR”. Add a column for what you look for.")


class TableController(JobFollower):
    begun = Signal(object, int)
    rows_received = Signal(object)
    read_reported = Signal(int, int)
    made = Signal(object)
    undo_changed = Signal(bool)
    offered = Signal()
    """Emitted when a document without a table is on show. A table of it is made when a person asks for one."""

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(bridge, KIND, "table_controller", parent)
        self.title = ""
        self.chosen: tuple[str, ...] = ()
        """Documents that were chosen together in the list, to become the rows of the next table."""
        self.shown: Callable[[], Sequence[DocumentRecord]] = tuple
        """Documents that the search leaves in the list."""
        self._requested = ""
        self._shown: Table | None = None
        self._corrected: int | None = None
        """Column of which a cell was changed since the table was shown last."""
        self._undo: list[Table] = []
        """The shown table as it was before each change."""
        self._opened: Live[View | None] = Live(
            bridge, self, lambda: bridge.services.tasks.open(self._requested) if self._requested else None, None
        )
        self._opened.changed.connect(self._on_opened)
        self.guess: Live[TableRequest | None] = Live(
            bridge, self, self._ask_guess, None,
            is_watched=False, refused=self.refuse,
        )  # fmt: skip
        """The table that a document without one would have. It is watched once a person asks for a table."""
        self.guess.changed.connect(lambda: self._begin_guessed(self.guess.value))
        self.has_model: Live[bool] = Live(
            bridge, self, lambda: lambda services: TASK.has_model(services.task_context), False, on=(ModelsChanged,)
        )
        """Whether there is a model that can be asked."""
        self.made.connect(self._on_made)
        self._grown: list[TableRow] = []
        """Rows that are not told yet. Told one by one, thousands would keep the window from all else."""
        self._telling = Delay(self, TELL_MS, self._tell_rows, "table_rows")
        bridge.on(ReportGrew, self._on_grew)
        bridge.on(ReportMade, self._on_ended)

    def _ask_guess(self) -> Any:
        rows = self._rows
        if self._requested or not rows:
            return None
        return lambda services: TASK.guess(services.task_context, rows)

    @property
    def _rows(self) -> tuple[str, ...]:
        return self.chosen or ((self._document,) if self._document else ())

    def show_document(self, document: str) -> None:
        """Show the newest table of a document, or offer one, unless it is a row of the one on show."""
        if self._reading is None and document not in self.chosen:
            if self._document not in ("", document):
                self.guess.watch(False)
            super().show_document(document)
        elif document != self._document:
            self._document = document
            self.items.show_document(document)

    def show_chosen(self, documents: tuple[str, ...]) -> None:
        """Make a table of documents that were chosen together. With (), they no longer are."""
        self.chosen = documents
        if documents and self._about != frozenset(documents):
            self._leave()
            self.stopped.emit(LOOKING)
            self.guess.again()
            self.guess.watch(True)

    def begin(self, columns: Sequence[Column]) -> None:
        """Make a table of the shown document, or of those chosen together. Without columns they are guessed."""
        self._begin(tuple(columns), self._rows)

    def begin_labels(self, columns: Sequence[Column]) -> None:
        """Make a table that gives labels to the documents of the shown one, or to their rows."""
        view = self._opened.value
        self._begin(tuple(columns), view.request.documents if view else self._rows)

    def find_themes(self, receiver: Callable[[Sequence[Label]], None]) -> None:
        """Look for themes in the texts of the shown table, and call `found` with them."""
        view = self._opened.value
        documents, text = (view.request.documents, view.request.text) if view else (self._rows, "")
        self._bridge.follow(lambda services: TASK.themes(services.task_context, documents, text), receiver, self.refuse)

    def join(self, path: Path) -> None:
        """Read a file and add its texts to the shown table."""
        item = self.item

        def read(record: DocumentRecord) -> None:
            self._bridge.ask(partial(_join, item, record.id), lambda _before: self._opened.again(), self.refuse)

        self._bridge.follow(self._bridge.services.documents.open(path), read, self.refuse)

    def check(self, document: str, column: int, label: str, noted: Callable[[Table], None]) -> None:
        """Note which label a person finds right, and call `noted` with the table as it is then."""

        def changed(view: View) -> None:
            if view.newest is not None:
                noted(view.newest)
                self._corrected = column
                self.made.emit(view.newest)

        edit = Edit(f"{document} {column}", action=CHECK, value=label)
        self._bridge.ask(partial(_checked, self.item, edit), changed)

    @property
    def table(self) -> Table | None:
        return self._shown

    def begin_all(self, columns: Sequence[Column]) -> None:
        """Make a table of the documents that the search leaves in the list. Those that cannot be read are told."""
        shown = self.shown()
        failed = [record for record in shown if record.status is DocumentStatus.FAILED and not record.pages]
        told = [(record.name, problem_of(record.error_code or "", record.error_args).sentence) for record in failed]
        self._tell_unread(told, len(shown))
        self._begin(tuple(columns), tuple(record.id for record in shown if record not in failed))

    def begin_folder(self, columns: Sequence[Column], folder: Path) -> None:
        """Make a table of a folder's documents once they are read. An unreadable document does not stop the others."""
        requested = tuple(columns)
        read, reading = partial(self._on_folder_read, requested), partial(self._on_reading, requested)
        asked = self._bridge.services.documents.read_folder(folder, MOST_DOCUMENTS)
        self.read_folder(asked, read, self._on_folder_refused, reading)

    def again(self) -> None:
        """Make the shown table again. Cells that a person edited stay."""
        self._bridge.ask(self._bridge.services.tasks.again(self.item), self._on_job, self.refuse)

    def choose(self, item: str) -> None:
        self._forget()
        self._requested = item
        self._opened.again()

    def reshape(self, columns: Sequence[Column]) -> None:
        self._change(partial(_reshape, self.item, columns))

    def edit(self, document: str, column: int, words: str) -> None:
        self._corrected = column
        self._change(self._bridge.services.tasks.edit(self.item, Edit(f"{document} {column}", words)))

    def _teach(self, item: str, column: int) -> None:
        if item == self.item:
            self._change(partial(_teach, item, column))

    def undo(self) -> None:
        if self._undo:
            request = self._bridge.services.tasks.restore(self.item, self._undo.pop())
            self._bridge.ask(request, lambda _before: self._opened.again())
            self.undo_changed.emit(bool(self._undo))

    def _on_reading(self, columns: tuple[Column, ...], report: tuple[int, int, str]) -> None:
        done, total, _name = report
        if not done:
            self._forget()
            self.begun.emit(columns, total)
        self.read_reported.emit(done, total)

    def _on_folder_read(self, columns: tuple[Column, ...], folder: FolderRead) -> None:
        self._tell_unread(folder.failed, folder.total)
        if folder.documents:
            self._begin(columns, folder.documents)
        else:
            self.stopped.emit(_("There is no document in this folder that could be read."))

    def _tell_unread(self, failed: Sequence[tuple[str, str]], total: int) -> None:
        """`failed`: the name of each document that cannot be read, and why."""
        if failed:
            words = _("Not in the table, since they could not be read: {count} of {total}.")
            words = words.format(count=len(failed), total=total)
            details = "\n".join(f"{name}: {why}" for name, why in failed[:50])
            self._bridge.notice_raised.emit(Notice(words, details, key="table unread", full=details))

    def _on_folder_refused(self, problem: Problem) -> None:
        if problem.code == "document.stopped":
            self.stopped.emit(_("The table was cancelled before it was begun."))
        else:
            self.refuse(problem)

    def _on_begun(self, item: Item) -> None:
        self.choose(item.id)
        self.items.refresh()

    def _on_opened(self) -> None:
        view = self._opened.value
        if view is None:
            return
        self.title = title_words(view.item.title.removeprefix("Table: "))
        self.items.set_current(view.item.id)
        self._about = frozenset(document.id for document in view.documents)
        self._job = view.job.id if view.job and not view.job.status.is_end else ""
        if self._job:
            self.begun.emit(view.request.columns, len(view.documents))
        if view.newest is not None and view.newest.columns:
            self.made.emit(view.newest)
        if view.job is not None:
            self.job_reported.emit(event_of(view.job))

    def _on_job(self, job: JobRecord) -> None:
        self._job = job.id
        self.job_reported.emit(event_of(job))

    def _on_job_changed(self, event: JobChanged) -> None:
        is_shown = bool(self._job) and event.id == self._job
        super()._on_job_changed(event)
        if is_shown and event.status in (JobStatus.CANCELLED, JobStatus.FAILED):
            self._opened.again()  # what is stored is what is shown

    def _on_grew(self, event: ReportGrew) -> None:
        if event.item == self.item:
            self._job = event.job
            grown: GrownRow = event.growth.own
            self._grown.append(grown.row)
            if not self._telling.isActive():
                self._telling.start()

    def _tell_rows(self) -> None:
        rows, self._grown = self._grown, []
        self.rows_received.emit(rows)

    def _on_made(self, table: Table) -> None:
        self._shown, self._grown = table, []  # which are older
        column, self._corrected = self._corrected, None
        if column is None or column >= len(table.columns) or not self.has_model.value:
            return
        teach, key = partial(self._teach, self.item, column), f"teach {self.item}"
        if count := offered(table, column):
            words, act = _("You have corrected {count} labels.").format(count=count), _("Teach by these examples")
            self._bridge.notice_raised.emit(Notice(words, action=act, on_action=teach, key=key))
        elif len(table.rows) > 1 and example_of(table, column) not in ("", table.columns[column].example):
            words = _("The model can take “{value}” as an example.").format(value=cut(example_of(table, column), 40))
            act = _("Ask again for the other rows")
            self._bridge.notice_raised.emit(Notice(words, action=act, on_action=teach, key=key))

    def _on_ended(self, event: ReportMade) -> None:
        if event.item == self.item:
            self._opened.again()

    def _begin(self, columns: tuple[Column, ...], documents: tuple[str, ...]) -> None:
        if columns:
            begun = self._bridge.services.tasks.begin(KIND, TableRequest(documents, columns))
            self._bridge.ask(begun, self._on_begun, self.refuse)
        else:
            self._bridge.follow(
                lambda services: TASK.guess(services.task_context, documents), self._begin_guessed, self.refuse
            )

    def _begin_guessed(self, request: TableRequest | None) -> None:
        if request is not None and request.columns:
            self._begin(request.columns, request.documents)
        elif request is not None:
            self.stopped.emit(NOTHING_NAMED)

    def _change(self, request: Any) -> None:
        item = self.item

        def changed(before: Table | None) -> None:
            if item == self.item:
                self._undo = [*self._undo, before or Table((), ())][-MOST_UNDONE:]
                self.undo_changed.emit(True)
                self._opened.again()

        self._bridge.ask(request, changed)

    def _forget(self) -> None:
        self.title, self._requested, self._job, self._about = "", "", "", frozenset()
        self._shown, self._grown, self._corrected = None, [], None
        self.guess.put(None)
        self._opened.put(None)
        self.items.set_current("")
        self._undo.clear()
        self.undo_changed.emit(False)

    def _leave(self) -> None:
        self._forget()
        super()._leave()

    def _open_newest(self, items: Sequence[Item]) -> None:
        if items and (self._awaited or not self.chosen):
            super()._open_newest(items)
        else:
            self.guess.again()
            if not self.guess.is_coming:
                self.offered.emit()

    def _on_current_gone(self) -> None:
        self._leave()  # no other table is guessed: this one was deleted
        self.items.refresh(super()._open_newest)

    def _on_restored(self, item: str) -> None:
        self.choose(item)


def _reshape(item: str, columns: Sequence[Column], services: Services) -> Table | None:
    """Give a table other columns; a job fills new ones. Return the table as it was. Service thread."""
    former: Table | None = services.tasks.change(item, *TASK.with_columns(services.tasks.view(item), columns))
    return former


def _teach(item: str, column: int, services: Services) -> Table | None:
    former: Table | None = services.tasks.change(item, *TASK.taught(services.tasks.view(item), column))
    return former


def _join(item: str, document: str, services: Services) -> Table | None:
    """Add a document to a table. The model is asked about what is new alone. Service thread."""
    request: TableRequest = services.tasks.view(item).request
    former: Table | None = services.tasks.change(item, changed(request, documents=(*request.documents, document)))
    return former


def _checked(item: str, edit: Edit, services: Services) -> View:
    services.tasks.edit(item, edit)
    return services.tasks.open(item)


def _has_model(services: Services) -> bool:
    return TASK.has_model(services.task_context)
