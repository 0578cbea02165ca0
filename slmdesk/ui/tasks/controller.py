"""Follows the report of a task that is shown beside a document: its item, its job, and
what a person changes in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import Item, JobRecord, JobStatus
from slmdesk.base.runtime.events import Event, ModelsChanged, Pending
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _
from slmdesk.base.types import Json
from slmdesk.tasks.jobs.service import event_of, request_in
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.tasks.report import Edit, Layout, Report, Section, Statement
from slmdesk.tasks.service import ReportGrew, ReportMade
from slmdesk.tasks.shape import Documents, Growth, Task, TaskView, record_with
from slmdesk.ui.kit.base.bridge import Bridge, Delay
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.panes import JobFollower
from slmdesk.ui.kit.widgets.notices import Notice, notice_of

if TYPE_CHECKING:
    from slmdesk.services import Services

MOST_UNDONE = 200
TELL_MS, TELL_MANY_MS, MANY = 60, 300, 500
"""How often growing reports are told, those with so many sections less often: one by
one they would keep the window from all else.
"""
Opened = tuple[TaskView[Any, Any], Report]


class ResultController(JobFollower):
    prefix = hint = ""
    """What stands before the name of its pane, where there are two for the same task,
    and in the line of its questions, where that is not usual.
    """
    begun = Signal(bool)
    """Emitted with whether a model is asked, as far as that is known."""
    grew = Signal(object, str)
    """Emitted with the report so far, and the words that the model is writing."""
    made = Signal(object)
    reading = Signal(str, int, int)
    folder_begun = Signal(object)
    unfolded = Signal(object, object)
    """Emitted with a folded section and its statements, which were read when they were
    asked for.
    """
    unmade = Signal()
    """Emitted when nothing has been made of the shown document yet."""
    asked = Signal(str)
    suggested_changed = Signal(object)
    """Emitted with what may be asked now."""
    edit_refused = Signal(object)
    """Emitted with an Edit whose text could not be kept."""
    asking_changed = Signal(object)
    """Emitted with the Edit for which a model is asked now; None when
    it has answered.
    """

    def __init__(
        self,
        bridge: Bridge,
        task: Task[Any, Any],
        parent: QObject | None = None,
        *,
        acts: Mapping[str, Callable[[Edit], object]] = MappingProxyType({}),
        on: Sequence[type[Event]] = (),
    ) -> None:
        """`acts`: actions that do not change the result, but what it is about. `on`:
        events after which a report may say something else.
        """
        super().__init__(bridge, task.kind, f"{task.kind}_controller", parent)
        self.bridge, self.task = bridge, task
        self._acts = acts
        self.request: Any = task.read({})
        self.report = self._empty()
        """What is known by now."""
        self.chosen: tuple[str, ...] = ()
        """Documents that were chosen together in the list: the next report is about
        them.
        """
        self.has_model: Live[bool] = Live(
            bridge,
            self,
            lambda: lambda services: task.has_model(services.task_context),
            False,
            on=(ModelsChanged,),
            is_watched=task.layout is Layout.GRID,
        )
        """Whether there is a model that can be asked."""
        self._grown: list[Growth] = []
        """What became known and is not told yet."""
        self._telling = Delay(self, TELL_MS, self._tell_grown, f"{task.kind}_telling")
        self._deleted = ""
        """What was on show when it was deleted: it is again once it is restored."""
        self._edit: Edit | None = None
        """What a person did since the report was shown last."""
        self._undo: list[Any] = []
        """Results before the changes that a person made, the last one at the end."""
        self._asking: Edit | None = None
        """What a model was asked for last."""
        bridge.on(ReportGrew, self._on_grew)
        bridge.on(ReportMade, self._on_made)
        for event in on:
            bridge.on(event, lambda _event: self._show_anew())

    @property
    def offered(self) -> Sequence[str]:
        """What may be asked."""
        return ()

    # ---- begin

    def begin(self, request: Any, documents: Sequence[str] = ()) -> None:
        """Make a report of the shown document, of those chosen
        together, or of these.
        """
        asked = self.task.with_documents(
            request, tuple(documents) or self.chosen or (self._document,)
        )
        self._completed(asked, self._begin)

    def begin_chosen(self, request: Any, documents: Sequence[str]) -> None:
        """Make a report of documents that were chosen together,
        unless it is on show.
        """
        self.chosen = tuple(documents)
        if not self.is_about(documents):
            self._leave()
            self._about = frozenset(documents)
            self.stopped.emit(_(self.task.looking))
            self.begin(request)

    def _completed(self, request: Any, then: Callable[[Any], object]) -> None:
        """Call `then` with the request and with what a person need not say."""
        if not self.task.lacks(request):
            then(request)
            return

        def proposed(found: Any) -> None:
            lacks = self.task.lacks(found)
            if lacks:
                self.stopped.emit(lacks)
            else:
                then(found)

        self._bridge.follow(
            lambda services: self.task.proposed(request, services.task_context),
            proposed,
            self.refuse,
        )

    def begin_first(self, request: Any, otherwise: Callable[[], object]) -> None:
        """Make a report of the shown document, unless one was made before, even if it
        was deleted.
        """
        document = self._document
        asked = self.task.with_documents(request, (document,))

        def answered(item: Item | None) -> None:
            if document == self._document:
                if item is None:
                    otherwise()
                else:
                    self.show_begun(item)

        def begin(asked: Any) -> None:
            self._bridge.ask(
                self._bridge.services.tasks.begin_first(self.task.kind, asked),
                answered,
                self.refuse,
            )

        self._completed(asked, begin)

    def begin_again(self) -> None:
        """Make the shown report again. What a person changed stays where it grows in
        its place.
        """
        if self.task.grows_in_place and self.item:
            self._bridge.ask(
                self._bridge.services.tasks.again(self.item),
                self._on_again,
                self.refuse,
            )
        else:
            self._begin(self.request)

    def _on_again(self, job: JobRecord | None) -> None:
        """`job`: None where none makes it."""
        if job is not None:
            self._job = job.id
        self._show_anew()

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
        """Show the report of the same request with other values: an existing one, else
        a new one.
        """
        request = self.task.read({**to_json(self.request), **changes})
        kept = [
            item.id
            for item in self.items.shown
            if self.task.read(request_in(item)) == request
        ]
        if kept:
            self._bridge.ask(self._opened_of(kept[0]), partial(self._on_kept, request))
        else:
            self._begin(request)

    def begin_folder(self, request: Any, folder: Path, target: Path) -> None:
        """Make reports of the documents of a folder, and write them
        into another one.
        """
        self.reading.emit(_("Looking at the folder…"), 0, 0)
        begun = self._bridge.services.tasks.begin_folder(
            self.task.kind, folder, target, request
        )
        self.read_folder(
            begun, self._on_folder_begun, self._on_folder_refused, self._on_read
        )

    def _begin(self, request: Record) -> None:
        self._bridge.ask(
            self._bridge.services.tasks.begin(self.task.kind, request),
            self._on_begun,
            self.refuse,
        )

    def _on_begun(self, item: Item) -> None:
        """Show a report beside one of its documents."""
        is_here = bool({self._document, *self.chosen} & {*self.documents_of(item)})
        if is_here or self.task.documents is Documents.NONE:
            self.show_begun(item)
        else:
            self.folder_begun.emit(item)

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
        return lambda services: services.tasks.opened(item)

    def _on_opened(self, opened: Opened) -> None:
        view, report = opened
        if not self._is_shown(view):
            return
        about = frozenset(document.id for document in view.documents)
        if view.item.id != self.item:
            self._show_other(view.item.id)
        self._about = about
        self.request, self.report = view.request, report
        self._grown.clear()  # which is older
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
        self._advise(view.newest)

    def _advise(self, result: Any) -> None:
        """Offer what a model can do with what a person changed."""
        edit, self._edit = self._edit, None
        if edit is None or result is None or not self.has_model.value:
            return
        advice, item = self.task.advice(result, edit), self.item
        if advice is not None:
            follow = partial(self._follow_advice, item, advice.edit)
            notice = Notice(
                advice.words,
                action=advice.action,
                on_action=follow,
                key=f"advice {item}",
            )
            self._bridge.notice_raised.emit(notice)

    def _follow_advice(self, item: str, edit: Edit) -> None:
        if item == self.item:
            self.edit(edit)

    def _is_shown(self, view: TaskView[Any, Any]) -> bool:
        """Return whether a report is about what is shown."""
        about = {document.id for document in view.documents}
        return self.task.documents is Documents.NONE or bool(
            about & {self._document, *self.chosen}
        )

    def _on_kept(self, request: Any, opened: Opened) -> None:
        view = opened[0]
        if view.result is not None or (
            view.job is not None and not view.job.status.is_end
        ):
            self._on_opened(opened)
        else:
            self._begin(request)

    def _show_other(self, item: str) -> None:
        self.report = self._empty()
        self._grown.clear()
        self._edit = None
        self._undo.clear()
        self.items.set_current(item)

    def _empty(self) -> Report:
        task = self.task
        is_grid = (
            task.layout is Layout.GRID
        )  # whose columns can be added before there is one
        return Report(
            task.kind,
            "",
            layout=task.layout,
            is_editable=is_grid,
            offers=task.grid.offers,
        )

    def _leave(self) -> None:
        self._show_other("")
        self.request = self.task.read({})
        super()._leave()

    def _open_newest(self, items: Sequence[Item]) -> None:
        """Show the newest of the document alone, before those of it and others."""
        if self.chosen and not self._awaited:
            return
        alone = [item for item in items if self.documents_of(item) == (self._document,)]
        super()._open_newest([*alone, *items])
        if not items:
            self.unmade.emit()

    def delete(self, item: str) -> None:
        self._deleted = ""
        if item == self.item:
            self._deleted = item
        super().delete(item)

    def _on_restored(self, item: str) -> None:
        if item == self._deleted or not self.item:
            self.choose(item)

    def documents_of(self, item: Item) -> tuple[str, ...]:
        return self.task.documents_of(self.task.read(request_in(item)))

    # ---- follow

    def _on_grew(self, event: ReportGrew) -> None:
        if event.item == self.item:
            self._job = event.job
            self._grown.append(event.growth)
            if not self._telling.isActive():
                self._tell_grown()

    def _tell_grown(self) -> None:
        grown, self._grown = merged(self._grown), []
        for growth in grown:
            self.report = self.task.grown(self.report, growth)
        if grown:
            self.grew.emit(self.report, grown[-1].writing)
            pause = TELL_MS
            if len(self.report.sections) >= MANY:
                pause = TELL_MANY_MS
            self._telling.start_in(pause)

    def _on_made(self, event: ReportMade) -> None:
        if event.item == self.item:
            self._show_anew()

    def _on_job_changed(self, event: JobChanged) -> None:
        """Show how far it is. What ended early is told as it is stored: another job may
        have taken its place.
        """
        is_early = event.status in (JobStatus.CANCELLED, JobStatus.FAILED)
        if is_early and self._job and event.id == self._job:
            self._show_anew()
        else:
            super()._on_job_changed(event)

    def _show_anew(self) -> None:
        item = self.item

        def opened(found: Opened) -> None:
            if item == self.item:  # else another one, or nothing, is shown meanwhile
                self._on_opened(found)

        if item:
            self._bridge.ask(self._opened_of(item), opened)

    def _on_read(self, report: tuple[int, int, str]) -> None:
        done, total, name = report
        words = _("Reading {done:,} of {total:,}: {name}").format(
            done=done + 1, total=total, name=name
        )
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
        self._bridge.follow(
            read, lambda statements: self.unfolded.emit(section, statements)
        )

    def _unfold_now(
        self, section: Section, services: Services
    ) -> Pending[Sequence[Statement]]:
        return self.task.unfolded(section, services.task_context)

    # ---- change

    @property
    def can_undo(self) -> bool:
        return bool(self._undo)

    def switch(self, key: str, *, is_on: bool) -> None:
        """Show and export the shown report in another way from now on, or as usual."""
        change = self._bridge.services.history.change_settings(
            self.item, **{key: is_on or None}
        )
        self._bridge.ask(change, lambda _item: self._show_anew())

    def edit(self, edit: Edit) -> None:
        """Change a statement. The signal `made` follows."""
        item = self.item
        if edit.action in self._acts:
            self._acts[edit.action](edit)
            return

        if not item or self.task.begins_by(self.request, edit):
            self._begin_by(edit)
            return

        def stored(before: object) -> None:
            if item == self.item:
                self._edit = edit
                self._undo = [*self._undo, before][-MOST_UNDONE:]
                if (
                    not edit.statement
                ):  # a job may look for what is missing: nothing is made yet
                    self._show_anew()

        def refused(problem: Problem) -> None:
            self._bridge.problem_met.emit(problem)
            if item == self.item and edit.text is not None:
                self.edit_refused.emit(edit)

        if edit.action in self.task.asking_actions:
            self._ask_model(item, edit, stored)
        else:
            self._bridge.ask(
                self._bridge.services.tasks.edit(item, edit), stored, refused
            )

    def _ask_model(
        self, item: str, edit: Edit, stored: Callable[[object], None]
    ) -> None:
        """Change a statement as a model words it."""

        def answered(before: object) -> None:
            stored(before)
            if item == self.item:
                self._bridge.ask(self._opened_of(item), shown)

        def shown(found: Opened) -> None:
            if item == self.item:
                self._on_opened(found)
            ended()

        def refused(problem: Problem) -> None:
            ended()
            self._bridge.problem_met.emit(problem)

        def ended() -> None:
            # another may have been asked since
            if item == self.item and self._asking is edit:
                self.asking_changed.emit(None)

        self._asking = edit
        self.asking_changed.emit(edit)
        self._bridge.follow(
            self._bridge.services.tasks.ask(item, edit), answered, refused
        )

    def _begin_by(self, edit: Edit) -> None:
        """Make a report of what a person asks for by an edit."""
        documents = self._about or self.chosen or (self._document,)
        task, request = (
            self.task,
            self.task.with_documents(self.request, tuple(documents)),
        )

        def begin(services: Services) -> Item:
            asked = task.asked_by(request, None, edit)
            return services.tasks.begin(
                task.kind, asked[0] if asked is not None else request
            )

        self._bridge.ask(begin, self._on_begun)

    def find_labels(
        self, found: Callable[[Sequence[str]], object], refused: Callable[[], object]
    ) -> None:
        """Look for labels in the documents of the shown report, and call `found` with a
        line for each.
        """
        documents = tuple(self._about) or self.chosen or (self._document,)
        request = self.request
        if not self.item:
            request = self.task.with_documents(request, documents)

        def stopped(problem: Problem) -> None:
            refused()
            self.refuse(problem)

        look = self.task.grid.labels
        assert look is not None  # else nothing asks for them
        self._bridge.follow(
            lambda services: look(request, services.task_context), found, stopped
        )

    def undo(self) -> None:
        if self._undo:
            restored = self._bridge.services.tasks.restore(self.item, self._undo.pop())
            self._bridge.ask(restored, lambda _done: self._show_anew())


def merged(grown: Sequence[Growth]) -> Sequence[Growth]:
    """Return what became known as one, where it is sections alone: each is put into the
    report at some cost.
    """
    if len(grown) < 2 or any(growth.is_whole for growth in grown):
        return grown
    sections = tuple(section for growth in grown for section in growth.sections)
    lead = next((growth.lead for growth in reversed(grown) if growth.lead), "")
    return [changed(grown[-1], sections=sections, lead=lead)]
