"""The pane of a task beside a document: its report, its form, its progress, what was
made earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QCursor, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QMenu,
    QToolButton,
    QWidget,
)

from slmdesk.base.documents import CALENDAR
from slmdesk.base.records import Item, JobStatus
from slmdesk.base.texts import _, ngettext
from slmdesk.base.types import Json
from slmdesk.documents.types import Span
from slmdesk.tasks.jobs.service import request_in
from slmdesk.tasks.jobs.types import JobChanged, standing_words
from slmdesk.tasks.report import Edit, Layout, Report, Statement
from slmdesk.tasks.shape import Documents
from slmdesk.tasks.words import only_document, report_words, statement_words
from slmdesk.ui.kit.base.bridge import Delay
from slmdesk.ui.kit.base.clipboard import copy_text
from slmdesk.ui.kit.panes import EarlierBox, Entry
from slmdesk.ui.kit.widgets.build import (
    named,
    set_icon,
    show_words,
)
from slmdesk.ui.kit.widgets.notices import ask_folder, give_export_menu
from slmdesk.ui.kit.widgets.requests import pop_up_words_menu
from slmdesk.ui.kit.widgets.rows import order_tabs, tab_stops
from slmdesk.ui.tasks.controller import ResultController
from slmdesk.ui.tasks.form import ActionForm, TaskForm
from slmdesk.ui.tasks.grid import GridView
from slmdesk.ui.tasks.pages import ListView, PagesView, ReportView
from slmdesk.ui.tasks.pair import PairBar
from slmdesk.ui.tasks.parts import ALL_FORMS, PaneParts, is_quiet

MAKING_AFTER_MS = 300
"""Milliseconds until progress replaces the report before. One that is ready earlier
replaces it directly.
"""
COPIED_MS = 2_000
VIEWS: Mapping[Layout, tuple[type[ReportView], str]] = {
    Layout.LIST: (ListView, "list_view"),
    Layout.GRID: (GridView, "grid_view"),
    Layout.PAGES: (PagesView, "pages_view"),
}


class ResultPane(QFrame):
    statement_chosen = Signal(object)
    statement_pointed_at = Signal(object)
    export_requested = Signal(str)
    width_requested = Signal(bool)
    model_requested = Signal()
    picture_requested = Signal(object, object)
    current_changed = Signal(object)
    """Emitted with the statement that a person has come to. None: there is none."""
    built = Signal()
    """Emitted when it has its parts."""

    def __init__(
        self, controller: ResultController, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.task = controller.task
        self.controller = self._controller = controller
        named(
            self,
            f"{controller.prefix}{self.task.kind}_pane",
            label=_(self.task.name),
            kind="result",
        )
        self.setMinimumWidth(240)
        self._parts: PaneParts | None = None
        self.report: Report | None = None
        """The report on show. None while it is made for the first time."""
        self._held: Report | None = None
        """The finished report, while a person reads what was known before."""
        self._item = ""
        """Whose report is on show."""
        self.fills: list[Callable[[QMenu], object]] = []
        """What puts more into the menu."""
        self._is_draft_shown = False
        self._is_allowed = True
        """Whether another report may be begun."""
        self._cursor = QCursor.pos()
        """Where the mouse was when the rows of a draft were shown."""
        self._is_quiet = is_quiet(self.task)
        self._action_forms: dict[str, ActionForm] = {}
        self._asked = ("", "")
        """The text and the id of the statement for which a model was asked last."""
        self._views: dict[Layout, ReportView] = {}
        self._beside: tuple[Callable[[], int], Callable[[], bool]] | None = None
        """How wide it is beside the pages, and whether they are on show."""
        self._making_timer = Delay(self, MAKING_AFTER_MS, self._show_making)
        self._copied_timer = Delay(self, COPIED_MS, self._show_copy)
        self._connect()

    # ---- its parts

    @property
    def parts(self) -> PaneParts:
        """What stands in it, made when it is first shown or has something to show."""
        if self._parts is None:
            return self._make_parts()
        return self._parts

    def _make_parts(self) -> PaneParts:
        parts = self._parts = PaneParts(self._controller, self)
        order_tabs(self, *tab_stops(self.layout()))  # they came last in the window
        if parts.line is not None:
            self.setFocusProxy(parts.line.line)
        self._connect_parts(parts)
        self._empty()
        self.built.emit()
        return parts

    def setVisible(self, visible: bool) -> None:
        if visible and self._parts is None:
            self._make_parts()
        super().setVisible(visible)

    @property
    def form(self) -> TaskForm:
        return self.parts.form

    @property
    def pair(self) -> PairBar | None:
        """What chooses the other document, if the task is about two."""
        return self.parts.pair

    @property
    def export(self) -> QToolButton:
        return self.parts.export

    @property
    def earlier(self) -> EarlierBox:
        return self.parts.earlier

    def say(self, words: str) -> None:
        show_words(self.parts.note, words)

    def _connect(self) -> None:
        results = self._controller
        results.stopped.connect(self._on_stopped)
        results.reading.connect(self.show_reading)
        results.begun.connect(self.show_begun)
        results.grew.connect(self.show_growing)
        results.made.connect(self.show_report)
        results.job_reported.connect(self.show_job)
        results.emptied.connect(self.show_nothing)

    def _connect_parts(self, parts: PaneParts) -> None:
        results = self._controller
        results.unfolded.connect(
            lambda section, statements: self.view.unfold(section, statements)
        )
        results.edit_refused.connect(self._edit_again)
        results.asking_changed.connect(self._on_asking)
        results.has_model.changed.connect(self._settle)
        parts.earlier.follow(results.items, results.choose, results.delete, self._entry)
        parts.earlier.chosen.connect(parts.others.dismiss)
        parts.begin.clicked.connect(self._ask)
        parts.begin_so.clicked.connect(self._ask)
        parts.form.changed.connect(self._on_form)
        parts.other.clicked.connect(lambda: parts.asking.toggle(parts.other))
        parts.fill.clicked.connect(self._on_fill)
        parts.written.clicked.connect(lambda: self._finish(self._held))
        parts.copy.clicked.connect(self._on_copy)
        forms = [form for form in ALL_FORMS if form.id in self.task.forms]
        give_export_menu(parts.export, self.export_requested.emit, forms=forms)
        parts.save.clicked.connect(
            lambda: self.export_requested.emit(self.task.saves_as)
        )
        parts.menu.aboutToShow.connect(self._fill_menu)
        for key, switch in parts.switches.items():
            self._connect_switch(key, switch)
        if parts.pair is not None:
            parts.pair.said.connect(self._on_stopped)
            parts.pair.reading.connect(lambda words: self.show_reading(words, 0, 0))
        if parts.line is not None:
            self._follow_end()

    def _connect_switch(self, key: str, switch: QToolButton) -> None:
        switch.clicked.connect(lambda is_on: self._on_switch(key, is_on))

    def _follow_end(self) -> None:
        """Keep the newest answer in view, from a question on until a person chooses a
        statement.
        """
        shown = self.view_of(Layout.LIST).lists[0]
        bar = shown.verticalScrollBar()
        bar.rangeChanged.connect(
            lambda _least, most: bar.setValue(bar.value() if shown.lit else most)
        )
        self._controller.asked.connect(lambda _words: shown.light(()))

    def view_of(self, layout: Layout) -> ReportView:
        """Return what shows reports of a layout, made when it is first needed."""
        if layout not in self._views:
            made_by, name = VIEWS[layout]
            made = self._views[layout] = made_by(
                self.task, self, f"{self.task.kind}_{name}"
            )
            made.statement_chosen.connect(self.statement_chosen)
            made.statement_pointed_at.connect(self.statement_pointed_at)
            made.width_requested.connect(self.width_requested)
            made.copy_requested.connect(
                lambda statement: copy_text(
                    statement_words(statement, only_document(made.report))
                )
            )
            for shown in made.lists[:1]:
                shown.current_changed.connect(self.current_changed)
            made.edit_requested.connect(self._controller.edit)
            made.action_requested.connect(self._on_action)
            made.unfold_requested.connect(self._controller.unfold)
            if isinstance(made, GridView):
                if self._beside is not None:
                    made.room, made.has_pages = self._beside
                made.picture_requested.connect(self.picture_requested)
                made.labels_requested.connect(
                    partial(self._controller.find_labels, refused=made.let_find)
                )
            made.hide()
            self.parts.body.insertWidget(0, made, 1)
            order_tabs(*tab_stops(self.layout()))
        return self._views[layout]

    def stand_beside(
        self, room: Callable[[], int], has_pages: Callable[[], bool]
    ) -> None:
        """Say how wide the pane is beside the pages, and whether they are on show: a
        wider grid takes their place.
        """
        self._beside = room, has_pages

    @property
    def view(self) -> ReportView:
        """What is on show, or would be."""
        return self.view_of((self.report or self._controller.report).layout)

    @property
    def statements(self) -> Sequence[Statement]:
        """The statements on show."""
        return self.view.statements if self._parts is not None else ()

    # ---- what a person asks for

    @property
    def title(self) -> str:
        return self._controller.report.title or _(self.task.name)

    @property
    def is_running(self) -> bool:
        return self._parts is not None and not self.parts.making.isHidden()

    @property
    def is_unfilled(self) -> bool:
        """Whether there is something that a model would add."""
        return self.report is not None and bool(self.report.wanting)

    def _on_fill(self) -> None:
        """Let the model fill what none was asked for, or lead to one."""
        if self._controller.has_model.value:
            self._controller.begin_again()
        else:
            self.model_requested.emit()

    def _entry(self, item: Item) -> Entry:
        """Tell the reports of one document apart by what was asked for."""
        request = self.task.read(request_in(item))
        is_renamed = not item.title.startswith(f"{self.task.prefix}: ")
        words = item.shown_title
        if not is_renamed and len(self.task.documents_of(request)) == 1:
            words = self.form.words_of(request) or words
        return Entry(item.id, words, item.created, item.shown_title)

    def begin_first(self) -> None:
        """Make a report of the shown document, unless there was one before."""
        if self._is_allowed:
            self.allow(False)  # no button comes and goes
            self._controller.begin_first(self.form.request, partial(self.allow, True))

    def _ask(self) -> None:
        self.parts.asking.dismiss()
        request = self.form.request
        if self.report is not None and self.task.form_action:
            edit = Edit("", action=self.task.form_action, value=dict(self.form.values))
            self._controller.edit(edit)
            return
        self._controller.begin(request)

    def _on_form(self, changes: Mapping[str, Json]) -> None:
        self._settle()
        if self.report is not None and self.form.is_quick(changes):
            self._controller.change(changes)

    def ask_folder(self) -> None:
        """Ask for a folder whose documents are read, and for one that the files are
        written to.
        """
        request = self.form.request

        def chosen(folder: Path) -> None:
            begin = partial(self._controller.begin_folder, request, folder)
            ask_folder(self, _("The folder the files are written to"), begin)

        ask_folder(self, _("A folder of documents"), chosen)

    def _on_switch(self, key: str, is_on: bool) -> None:
        self._finish(self._held)
        self._controller.switch(key, is_on=is_on)

    def _on_action(self, statement: Statement, action: str) -> None:
        """Take an action, after what is to be asked before it."""
        if action == CALENDAR.id:
            self._to_calendar()
            return
        if action not in self.task.action_fields:
            if action != statement.chosen:  # what holds would only undo own words
                self._controller.edit(Edit(statement.id, action=action))
            return
        shown = self.view.lists[0]
        place = shown.place_of(statement, action)
        self.action_form(action).ask(statement, shown.viewport(), place)

    def action_form(self, action: str) -> ActionForm:
        """Return what asks before an action, made when it is first needed."""
        if action not in self._action_forms:
            made = self._action_forms[action] = ActionForm(self, self.task, action)
            made.confirmed.connect(self._controller.edit)
        return self._action_forms[action]

    def _edit_again(self, edit: Edit) -> None:
        for shown in self.view.lists[:1]:  # a grid has none
            shown.edit_again(edit.statement, str(edit.text))

    def act(self, action: str) -> None:
        """Take an action with the statement that a person has come to."""
        statement = self.view.lists[0].current
        if statement is not None and action in (
            *statement.actions,
            *statement.menu_actions,
        ):
            self._on_action(statement, action)

    def approve(self) -> None:
        """Approve the statement that a person has come to, or no longer."""
        self.view.lists[0].approve()

    def take_focus(self) -> None:
        self.view.lists[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_asking(self, edit: Edit | None) -> None:
        """Say that a model looks for other words, and when it found the same."""
        if edit is not None:
            self._asked = self._text_of(edit.statement), edit.statement
            self.say(_("The model looks for other words…"))
            return
        before, statement = self._asked
        self.say("")
        if before and before == self._text_of(statement):
            self.say(_("The model gave the same words again."))

    def _text_of(self, statement: str) -> str:
        shown = self._controller.report.statements
        return next((one.text for one in shown if one.id == statement), "")

    def _to_calendar(self) -> None:
        self.export_requested.emit(CALENDAR.id)
        undated = sum(not due.day for due in self._controller.report.due)
        if undated:
            words = ngettext(
                "{n} deadline has no day. It goes into the calendar as a task.",
                "{n} deadlines have no day. They go into the calendar as tasks.",
                undated,
            )
            self.say(words)

    def _fill_menu(self) -> None:
        self.parts.menu.clear()
        for menu in self.parts.menu.findChildren(QMenu):
            menu.deleteLater()
        fill: Callable[[QMenu], None] | None = getattr(self.view, "fill_menu", None)
        if fill is not None and self.report is not None:
            fill(self.parts.menu)
            self.parts.menu.addSeparator()
        for more in self.fills:
            more(self.parts.menu)
        kind = self.task.kind
        again = named(
            self.parts.menu.addAction(_(self.task.again), self._controller.begin_again),
            f"{kind}_again",
        )
        is_there = self.report is not None or (
            self.task.documents is Documents.NONE and bool(self._controller.item)
        )
        again.setEnabled(is_there and self._is_allowed)
        if self.pair:
            swap = named(
                self.parts.menu.addAction(_("Swap old and new"), self.pair.swap),
                f"{kind}_swap",
            )
            swap.setEnabled(self.pair.can_swap)
        undo = named(
            self.parts.menu.addAction(_("Undo"), self._controller.undo), f"{kind}_undo"
        )
        undo.setEnabled(self._controller.can_undo)
        earlier = named(
            self.parts.menu.addAction(_("Earlier"), self._on_earlier),
            f"{kind}_earlier_action",
        )
        earlier.setEnabled(self.parts.earlier.has_entries)

    def _on_earlier(self) -> None:
        self.parts.earlier.unfold()
        self.parts.others.toggle(self.parts.more)

    def _on_copy(self) -> None:
        if self.report is not None:
            copy_text(report_words(self.report))
            set_icon(self.parts.copy, "check", "accent")
            self.parts.copy.setAccessibleDescription(_("Copied."))
            self._copied_timer.start()

    def _show_copy(self) -> None:
        set_icon(self.parts.copy, "copy", "ink2")
        self.parts.copy.setAccessibleDescription("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take back the last change; a field that is being typed into takes back its
        own.
        """
        if event.matches(QKeySequence.StandardKey.Undo):
            self._controller.undo()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        words = "\n".join(
            statement.text for statement in self.view.statements if statement.text
        )
        if words:
            pop_up_words_menu(self, event.globalPos(), _("Translate all of it"), words)

    # ---- what is known

    def show_nothing(self) -> None:
        self.report = self._held = None
        self._is_draft_shown = False
        self._is_allowed = True
        self._making_timer.stop()
        if self._parts is not None:
            self._empty()

    def _empty(self) -> None:
        """Show that there is no report."""
        parts = self.parts
        focus = QApplication.focusWidget()
        for view in self._views.values():
            if focus is not None and view.isAncestorOf(focus):
                parts.more.setFocus()  # else the focus would leave the pane
            view.hide()
        parts.making.hide()
        parts.written.hide()
        for label in (parts.writing, parts.notes, parts.coverage):
            show_words(label, "")
        for switch in parts.switches.values():
            switch.hide()
        self._say_writer("")
        self.width_requested.emit(False)
        if self.task.layout is Layout.GRID:  # columns can be added to what is not there
            self._show(self._controller.report, is_other=True)
        parts.form.show_request(None)
        self.say("")
        self._settle()

    def show_begun(self, has_model: bool = False) -> None:
        self.report = None
        if self.parts.making.isHidden() and not self._making_timer.isActive():
            self.parts.making.show_amount(_("Reading the document…"), 0, 0)
            self._making_timer.start()
        if has_model and self._making_timer.isActive():
            self.parts.making.show_waiting()

    def _show_making(self) -> None:
        """Show the progress in place of the report before, because making the new one
        takes longer.
        """
        self.show_nothing()
        self.parts.making.setVisible(True)
        self.allow(False)

    def show_reading(self, words: str, done: int, total: int) -> None:
        """Show how far a folder is read. No words: it is."""
        self.parts.making.setVisible(bool(words))
        self.parts.making.pause.setVisible(not words)
        self.allow(not words)
        self.parts.making.show_amount(words, done, total)

    def show_growing(self, report: Report, writing: str) -> None:
        """Show what is known by now. What stands there already stays where it is."""
        if self.report is not None and not self._is_quiet:
            return
        self.report = None
        if report.sections:
            if (
                self._making_timer.isActive() and self._item == self._controller.item
            ):  # it grows in its place
                self._making_timer.stop()
                self.parts.making.setVisible(not self._is_quiet)
                self.parts.middle.hide()
            elif self._making_timer.isActive():
                self._show_making()
            self._show(report, is_other=self._item != self._controller.item)
            self._is_draft_shown, self._item = True, self._controller.item
            self._cursor = QCursor.pos()
            self.parts.middle.hide()
            self._settle()
        self.say("" if self._is_quiet else report.lead)
        self.parts.writing.setText(f"{writing} …")
        self.parts.writing.setVisible(bool(writing))

    def show_job(self, event: JobChanged) -> None:
        self.parts.making.show_job(event)
        reason = ""
        if event.status is JobStatus.CANCELLED:
            reason = _(self.task.cancelled)
        if event.problem is not None:
            reason = event.problem.sentence
        if not event.status.is_end:
            self._show_adding(event)
            return
        if self.report is not None:
            self._say_writer(self.report.writer)
        if reason and self._making_timer.isActive():
            self._show_making()
        self.parts.making.setVisible(False)
        self.allow(True)
        if reason and self.report is None:
            show_words(self.parts.writing, "")
            self._say_end(reason, is_explained=not self._is_draft_shown)
        elif reason and self.report is not None and self.report.is_draft:
            self._say_end(reason, is_explained=bool(self.report.writer))

    def _say_end(self, reason: str, *, is_explained: bool) -> None:
        """Say why it is not finished, and that what stands there had been written
        unless that is said.
        """
        if self.task.written and not is_explained:
            reason = f"{reason} {_(self.task.written)}"
        self.say(reason)

    def _show_adding(self, event: JobChanged) -> None:
        """Show that more comes to a report that is there."""
        if self.report is None and not (self._is_quiet and self._is_draft_shown):
            return
        if self.task.grows_in_place and not self._is_quiet:
            self.parts.making.show()
        elif not self._controller.report.wanting:  # else none was asked
            total = max(1, event.total)
            stands = standing_words(event.kind, event.share, event.done, total)
            self._say_writer(_("The model adds its words: {done}").format(done=stands))
            self.parts.stop.show()

    def show_report(self, report: Report) -> None:
        """Show a report that is done, or what was left of it. A person who reads what
        was known before is not interrupted.
        """
        if report == self.report:  # keep the rows: one may be hovered or focused
            return
        self.allow(True)
        is_looked_at = self._is_draft_shown and self._is_looked_at
        if is_looked_at and self._would_move(report):
            self._held = report
            self.parts.making.hide()
            show_words(self.parts.writing, "")
            self.parts.written.show()
            return
        if self._is_draft_shown and not is_looked_at:
            self.view.put_in_order(report)
        self._finish(report)

    def _would_move(self, report: Report) -> bool:
        """Return whether rows would move where a report takes the place of what is
        shown.
        """
        if report.layout is Layout.PAGES or self._is_quiet:
            known = [one.id for one in self.view.report.statements]
            return [one.id for one in report.statements][: len(known)] != known
        return list(report.statements) != list(self.view.statements)

    def _finish(self, report: Report | None) -> None:
        """Show a report in the place of what was known before."""
        if report is None:
            return
        item = self._controller.item
        is_other, self._item = item != self._item, item
        self._making_timer.stop()
        self._held, self.report, self._is_draft_shown = None, report, False
        self.parts.written.hide()
        self.parts.making.hide()
        self.say("")
        show_words(self.parts.writing, "")
        self.form.show_request(self._controller.request)
        self._show(report, is_other=is_other)
        if self.pair:
            self.pair.show_pair(report.documents)
        states = dict(report.switches)
        for key, switch in self.parts.switches.items():
            switch.setVisible(key in states)
            switch.setChecked(states.get(key, False))
        show_words(self.parts.notes, "\n".join(report.notes))
        self.parts.coverage.setText(report.coverage_words)
        self.parts.coverage.setVisible(
            bool(report.coverage_words) and not report.is_all_read
        )  # loud if something is missing
        self._settle()

    def _show(self, report: Report, *, is_other: bool) -> None:
        view = self.view_of(report.layout)
        for other in self._views.values():
            other.setVisible(other is view)
        self._say_writer(report.writer)
        if is_other:
            view.leave()
            for form in self._action_forms.values():
                form.forget()
        view.show_report(report, is_other=is_other)

    def _say_writer(self, words: str) -> None:
        self.parts.writer.set_full_text(words)
        self.parts.writer.setVisible(bool(words))
        self.parts.stop.hide()

    @property
    def _is_looked_at(self) -> bool:
        """Return whether a person reads the rows: chose one, moved the mouse to one, or
        scrolled among them.
        """
        shown = self.view
        for some in shown.lists:
            is_pointed_at = QCursor.pos() != self._cursor and some.underMouse()
            if (
                some.lit
                or some.hasFocus()
                or is_pointed_at
                or some.verticalScrollBar().value() > 0
            ):
                return True
        return False

    def light_of(self, spans: Collection[Span]) -> None:
        """Light the statements that stand in one of these places of a document."""
        if self._parts is not None:
            self.view.light_of(spans)

    def give_up_width(self) -> None:
        """Show the document's pages beside the report again."""
        view = self._views.get(Layout.PAGES)
        if isinstance(view, PagesView):
            view.set_wide(False)

    def allow(self, is_allowed: bool) -> None:
        """Allow to begin another report, or not while one is begun."""
        self._is_allowed = is_allowed
        self._settle()

    def _on_stopped(self, words: str) -> None:
        self.allow(True)
        self.say(words)

    def _settle(self) -> None:
        """Show only what is useful now."""
        parts = self.parts
        has_report = self.report is not None
        is_empty = not (has_report or self._is_draft_shown) and parts.making.isHidden()
        parts.middle.setVisible(is_empty and self._is_allowed)
        can_save = has_report or (self._is_draft_shown and self.task.grows_in_place)
        parts.copy.setVisible(has_report)
        parts.export.setVisible(can_save)
        parts.save.setVisible(can_save and bool(self.task.saves_as))
        shown = self.report or Report(self.task.kind, "")
        show_words(parts.wanting, shown.wanting)
        parts.fill.setVisible(shown.is_unfilled and not self.is_running)
        parts.fill.setText(_("Get a model"))
        if self._controller.has_model.value:
            parts.fill.setText(_("Fill now"))
        for begin in parts.begins:
            begin.setEnabled(self._is_allowed)
        if parts.line is not None:
            parts.line.settle(is_empty=is_empty, is_allowed=self._is_allowed)
        parts.other.setChecked(not parts.form.is_usual)
