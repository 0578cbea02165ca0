"""Follows the report of a task that is shown beside a document: its item, its job, and what a person changes in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from slmdesk.base.record import Record, to_json
from slmdesk.base.records import Item, JobStatus
from slmdesk.base.texts import _
from slmdesk.base.types import Json
from slmdesk.jobs.service import event_of, request_in
from slmdesk.jobs.types import JobChanged
from slmdesk.runtime.events import Event, Pending
from slmdesk.runtime.messages import Problem
from slmdesk.tasks.report import Edit, Report, Section, Statement
from slmdesk.tasks.service import ReportGrew, ReportMade
from slmdesk.tasks.shape import Task, TaskView, record_with
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.panes import JobFollower
from slmdesk.window.widgets.notices import notice_of

if TYPE_CHECKING:
    from slmdesk.services import Services

MOST_UNDONE = 50
Opened = tuple[TaskView[Any, Any], Report]


class ResultController(JobFollower):
    prefix = hint = ""
    """What stands before the name of its pane, where there are two for the same task, and in the line of its
    questions, where that is not usual.
    """
    begun = Signal(bool)
    """Emitted with whether a model is asked, as far as that is known."""
    grew = Signal(object, str)
    """Emitted with the report so far, and the words that the model is writing."""
    made = Signal(object)
    reading = Signal(str, int, int)
    folder_begun = Signal(object)
    undo_changed = Signal(bool)
    unfolded = Signal(object, object)
    """Emitted with a folded section and its statements, which were read when they were asked for."""
    unmade = Signal()
    """Emitted when nothing has been made of the shown document yet."""
    asked = Signal(str)
    suggested_changed = Signal(object)
    """Emitted with what may be asked."""

    def __init__(
        self,
        bridge: Bridge,
        task: Task[Any, Any],
        parent: QObject | None = None,
        *,
        acts: Mapping[str, Callable[[Edit], object]] = MappingProxyType({}),
        on: Sequence[type[Event]] = (),
    ) -> None:
        """`acts`: actions that do not change the result, but what it is about. `on`: events after which a report may
        say something else.
        """
        super().__init__(bridge, task.kind, f"{task.kind}_controller", parent)
        self.bridge, self.task = bridge, task
        self._acts = acts
        self.request: Any = task.read({})
        self.report = Report(task.kind, "")
        """What is known by now."""
        self._undo: list[Any] = []
        """Results before the changes that a person made, the last one at the end."""
        bridge.on(ReportGrew, self._on_grew)
        bridge.on(ReportMade, self._on_made)
        for event in on:
            bridge.on(event, lambda _event: self._show_anew())

    # ---- begin

    def begin(self, request: Any, documents: Sequence[str] = ()) -> None:
        """Make a report of the shown document, or of these together."""
        self._begin(self.task.with_documents(request, tuple(documents) or (self._document,)))

    def begin_first(self, request: Any, otherwise: Callable[[], object]) -> None:
        """Make a report of the shown document, unless one was made before, even if it was deleted."""
        document = self._document
        asked = self.task.with_documents(request, (document,))

        def answered(item: Item | None) -> None:
            if document == self._document:
                if item is None:
                    otherwise()
                else:
                    self.show_begun(item)

        self._bridge.ask(self._bridge.services.tasks.begin_first(self.task.kind, asked), answered, self.refuse)

    def begin_again(self) -> None:
        self._begin(self.request)

    def ask(self, words: str) -> None:
        """Begin with these words in the field that stays below the report."""
        field = self.task.asks
        assert field is not None  # else there is no line to write them
        self.asked.emit(words)
        self.begin(record_with(self.request, **{field.name: words}))

    def restart(self) -> None:
        """Show nothing, so that what is asked next does not follow what is shown."""
        self._leave()

    def change(self, changes: Mapping[str, Json]) -> None:
        """Show the report of the same request with other values: an existing one, else a new one."""
        request = self.task.read({**to_json(self.request), **changes})
        kept = [item.id for item in self.items.shown if self.task.read(request_in(item)) == request]
        if kept:
            self._bridge.ask(self._opened_of(kept[0]), partial(self._on_kept, request))
        else:
            self._begin(request)

    def begin_folder(self, request: Any, folder: Path, target: Path) -> None:
        """Make reports of the documents of a folder, and write them into another one."""
        self.reading.emit(_("Looking at the folder…"), 0, 0)
        begun = self._bridge.services.tasks.begin_folder(self.task.kind, folder, target, request)
        self.read_folder(begun, self._on_folder_begun, self._on_folder_refused, self._on_read)

    def _begin(self, request: Record) -> None:
        self._bridge.ask(self._bridge.services.tasks.begin(self.task.kind, request), self.show_begun, self.refuse)

    def show_begun(self, item: Item) -> None:
        self._show_other(item.id)
        self.request = self.task.read(request_in(item))
        self.begun.emit(False)
        self.choose(item.id)
        self.items.refresh()

    # ---- show

    def choose(self, item: str) -> None:
        self._bridge.ask(self._opened_of(item), self._on_opened)

    @staticmethod
    def _opened_of(item: str) -> Callable[[Services], Opened]:
        return lambda services: (services.tasks.open(item), services.tasks.report(item))

    def _on_opened(self, opened: Opened) -> None:
        view, report = opened
        if not self._is_shown(view):
            return
        about = frozenset(document.id for document in view.documents)
        if view.item.id != self.item:
            self._show_other(view.item.id)
        self._about = about
        self.request, self.report = view.request, report
        job = view.job
        self._job = job.id if job is not None and not job.status.is_end else ""
        if view.result is not None:
            self.made.emit(report)
        elif self._job and job is not None:
            self.begun.emit(bool(job.model_sha256))
            self.grew.emit(report, "")
        elif view.draft is not None:
            self.made.emit(report)
        else:
            self.emptied.emit()
        if job is not None:
            self.job_reported.emit(event_of(job))

    def _is_shown(self, view: TaskView[Any, Any]) -> bool:
        """Return whether a report is about what is shown."""
        return self._document in [document.id for document in view.documents]

    def _on_kept(self, request: Any, opened: Opened) -> None:
        view = opened[0]
        if view.result is not None or (view.job is not None and not view.job.status.is_end):
            self._on_opened(opened)
        else:
            self._begin(request)

    def _show_other(self, item: str) -> None:
        self.report = Report(self.task.kind, "")
        self._undo.clear()
        self.undo_changed.emit(False)
        self.items.set_current(item)

    def _leave(self) -> None:
        self._show_other("")
        super()._leave()

    def _open_newest(self, items: Sequence[Item]) -> None:
        """Show the newest of the document alone, before those of it and others."""
        alone = [item for item in items if self.documents_of(item) == (self._document,)]
        super()._open_newest([*alone, *items])
        if not items:
            self.unmade.emit()

    def documents_of(self, item: Item) -> tuple[str, ...]:
        return self.task.documents_of(self.task.read(request_in(item)))

    # ---- follow

    def _on_grew(self, event: ReportGrew) -> None:
        if event.item == self.item:
            self._job = event.job
            self.report = self.task.grown(self.report, event.growth)
            self.grew.emit(self.report, event.growth.writing)

    def _on_made(self, event: ReportMade) -> None:
        if event.item == self.item:
            self._show_anew()

    def _on_job_changed(self, event: JobChanged) -> None:
        is_shown = bool(self._job) and event.id == self._job
        super()._on_job_changed(event)
        if is_shown and event.status in (JobStatus.CANCELLED, JobStatus.FAILED):
            self._show_anew()  # what is stored is what is shown

    def _show_anew(self) -> None:
        item = self.item

        def opened(found: Opened) -> None:
            if item == self.item:  # else another one, or nothing, is shown meanwhile
                self._on_opened(found)

        if item:
            self._bridge.ask(self._opened_of(item), opened)

    def _on_read(self, report: tuple[int, int, str]) -> None:
        done, total, name = report
        words = _("Reading {done:,} of {total:,}: {name}").format(done=done + 1, total=total, name=name)
        self.reading.emit(words, done, total)

    def _on_folder_begun(self, item: Item) -> None:
        self.reading.emit("", 0, 0)
        self.folder_begun.emit(item)

    def _on_folder_refused(self, problem: Problem) -> None:
        self.reading.emit("", 0, 0)
        if problem.code != "document.stopped":
            self._bridge.notice_raised.emit(notice_of(problem))

    def unfold(self, section: Section) -> None:
        """Read the statements of a folded section."""
        read = partial(self._unfold_now, section)
        self._bridge.follow(read, lambda statements: self.unfolded.emit(section, statements))

    def _unfold_now(self, section: Section, services: Services) -> Pending[Sequence[Statement]]:
        return self.task.unfolded(section, services.task_context)

    # ---- change

    @property
    def can_undo(self) -> bool:
        return bool(self._undo)

    def switch(self, key: str, *, is_on: bool) -> None:
        """Show and export the shown report in another way from now on, or as usual."""
        change = self._bridge.services.history.change_settings(self.item, **{key: is_on or None})
        self._bridge.ask(change, lambda _item: self._show_anew())

    def edit(self, edit: Edit) -> None:
        """Change a statement. The signal `made` follows."""
        item = self.item
        if edit.action in self._acts:
            self._acts[edit.action](edit)
            return

        def stored(before: object) -> None:
            if item == self.item:
                self._undo = [*self._undo, before][-MOST_UNDONE:]
                self.undo_changed.emit(True)

        self._bridge.ask(self._bridge.services.tasks.edit(item, edit), stored)

    def undo(self) -> None:
        if self._undo:
            self._bridge.services.tasks.restore(self.item, self._undo.pop())
            self.undo_changed.emit(bool(self._undo))
