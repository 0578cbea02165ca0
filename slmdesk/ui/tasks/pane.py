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
    QSizePolicy,
    QToolButton,
    QWidget,
)

from slmdesk.base.documents import CALENDAR, FORMS, UNSENT, Form
from slmdesk.base.records import Item, JobStatus
from slmdesk.base.texts import _, ngettext
from slmdesk.base.types import Json
from slmdesk.documents.types import Span
from slmdesk.tasks.jobs.service import request_in
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.tasks.report import Edit, Layout, Report, Statement
from slmdesk.tasks.shape import Documents
from slmdesk.tasks.words import only_document, report_words, statement_words
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Delay
from slmdesk.ui.kit.base.clipboard import copy_text
from slmdesk.ui.kit.base.shortcuts import bind
from slmdesk.ui.kit.panes import EarlierBox, Entry, MakingBar
from slmdesk.ui.kit.widgets.build import (
    ElidedLabel,
    Part,
    button,
    column,
    keep_place,
    named,
    plain_label,
    row,
    set_icon,
    show_words,
    tool_button,
)
from slmdesk.ui.kit.widgets.notices import ask_folder, give_export_menu
from slmdesk.ui.kit.widgets.parts import Popover
from slmdesk.ui.kit.widgets.requests import pop_up_words_menu
from slmdesk.ui.kit.widgets.rows import order_tabs, tab_stops
from slmdesk.ui.tasks.asking import AskingBar
from slmdesk.ui.tasks.controller import ResultController
from slmdesk.ui.tasks.form import ActionForm, TaskForm
from slmdesk.ui.tasks.grid import GridView
from slmdesk.ui.tasks.pages import ListView, PagesView, ReportView
from slmdesk.ui.tasks.pair import PairBar

MAKING_AFTER_MS = 300
"""Milliseconds until progress replaces the report before. One that is ready earlier
replaces it directly.
"""
COPIED_MS = 2_000
ALL_FORMS = (
    Form("xlsx", _("Spreadsheet")),
    Form("csv", "CSV"),
    *FORMS,
    CALENDAR,
    UNSENT,
)
SAVES = {"xlsx": _("Save as Excel"), "docx": _("Save as Word")}
"""Words of the button that saves a report in the form that its task has most often."""
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
        self.report: Report | None = None
        """The report on show. None while it is made for the first time."""
        self._held: Report | None = None
        """The finished report, while a person reads what was known before."""
        self._item = ""
        """Whose report is on show."""
        self.fills: list[Callable[[QMenu], object]] = []
        """What puts more into the menu."""
        self._is_draft_shown = self._is_allowed = False
        self._cursor = QCursor.pos()
        """Where the mouse was when the rows of a draft were shown."""
        self._is_quiet = self.task.grows_in_place and self.task.has_preview
        """Whether a line says that a model is at work: all rows stand there by then."""
        self._line: AskingBar | None = None
        self._asked = ("", "")
        """The text and the id of the statement for which a model was asked last."""
        self._views: dict[Layout, ReportView] = {}
        self._making_timer = Delay(self, MAKING_AFTER_MS, self._show_making)
        self._copied_timer = Delay(self, COPIED_MS, self._show_copy)
        self._build_ui()
        self._connect()
        self.show_nothing()

    # ---- its parts

    def _build_ui(self) -> None:
        kind = self.task.kind
        self._making = MakingBar(
            self._controller,
            self,
            kind=kind,
            prefix=f"making_{kind}",
            resume=_("Go on"),
        )
        self._making.lay_out(has_own_line=True)
        self._note = plain_label("", self, name=f"{kind}_note", kind="muted")
        self._say = partial(show_words, self._note)
        self._writer = ElidedLabel(
            self, name=f"{kind}_writer", kind="muted"
        )  # the rows below it are not to move
        self.switches = {
            key: self._make_switch(key, _(words))
            for key, words in self.task.switches.items()
        }
        self._wanting = plain_label(
            "", self, name=f"{kind}_wanting", kind="muted", is_hidden=True
        )
        self._fill = button(_("Get a model"), f"{kind}_fill", self, on=self._on_fill)
        self._writing = plain_label(
            "", self, name=f"{kind}_writing", kind="muted", is_hidden=True
        )
        self._written = button(_("Show the finished result"), f"{kind}_written", self)
        self._written.clicked.connect(lambda: self._finish(self._held))
        self._written.hide()
        self._notes = plain_label(
            "", self, name=f"{kind}_notes", kind="small", is_hidden=True
        )
        self._coverage = plain_label("", self, name=f"{kind}_coverage", kind="small")
        self._action_forms = {
            action: ActionForm(self, self.task, action)
            for action in self.task.action_fields
        }
        self._middle = named(QFrame(self), f"{kind}_middle")
        begin = button(
            _(self.task.verb),
            f"{kind}_begin",
            self._middle,
            kind="primary",
            on=self._ask,
        )
        begin.setVisible(
            self.task.asks is None and self.task.documents is not Documents.NONE
        )
        body = named(
            QFrame(self), f"{kind}_body", kind="plain"
        )  # it keeps its place, whatever stands in it
        self._body = column(self._middle, into=body, gap=0)
        self._stop = button(
            _("Stop"), f"{kind}_stop", self, kind="quiet", on=self._controller.cancel
        )
        self._stop.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored)
        keep_place(self._stop)
        self._stop.ensurePolished()
        self._writer.setMinimumHeight(self._stop.sizeHint().height())
        writer, foot = (
            row((self._writer, 1), self._stop, *self.switches.values()),
            self._build_foot(begin),
        )
        fill = row((self._wanting, 1), self._fill)
        now = (self._making, self._writing, row(self._written, 1))
        last = (self._notes, self._coverage)
        parts: tuple[Part, ...] = (
            self._note,
            writer,
            fill,
            (body, 1),
            *now,
            *last,
            foot,
        )
        if self._is_quiet:  # its rows have buttons that are pressed meanwhile
            parts = (self._note, (body, 1), *now, writer, fill, *last, foot)
        self.pair = self._make_pair(begin)
        if self.pair:
            parts = (
                row((self.pair, 1), foot),
                self._note,
                (body, 1),
                *now,
                writer,
                *last,
            )
        margins = (theme.SPACE_16 + theme.SPACE_4, 0, theme.SPACE_12, theme.SPACE_12)
        column(
            *parts, *self._build_asking(), into=self, gap=theme.SPACE_8, margins=margins
        )

    def _build_foot(self, begin: QWidget) -> QFrame:
        kind, foot = self.task.kind, named(QFrame(self), f"{self.task.kind}_foot")
        self._asking = Popover(self, f"{kind}_form", label=_(self.task.name))
        self.form = TaskForm(self.task, self._asking)
        ask = button(
            _(self.task.verb),
            f"{kind}_begin_so",
            self._asking,
            kind="primary",
            on=self._ask,
        )
        self._begins: tuple[QWidget, ...] = (begin, ask)
        column(
            *self.form.parts,
            row(1, ask),
            into=self._asking,
            gap=theme.SPACE_12,
            margins=theme.SPACE_16,
        )
        label = _("What it is to be like")
        self._other = tool_button(
            f"{kind}_options", foot, folds=True, icon="sliders", label=label, tip=label
        )
        self._other.setVisible(bool(self.form.parts))
        label = _("Copy with sources")
        self._copy = tool_button(
            f"{kind}_copy", foot, icon="copy", label=label, tip=label, on=self._on_copy
        )
        label = _("Export")
        self.export = tool_button(
            f"{kind}_export", foot, icon="download", label=label, tip=label
        )
        forms = [form for form in ALL_FORMS if form.id in self.task.forms]
        give_export_menu(self.export, self.export_requested.emit, forms=forms)
        self._saves_as = self.task.saves_as
        words = SAVES.get(self._saves_as, _("Export"))  # without one it is not shown
        self._save = button(words, f"{kind}_save", foot, kind="primary")
        self._save.clicked.connect(lambda: self.export_requested.emit(self._saves_as))
        label = _("More")
        self._more = tool_button(
            f"{kind}_more_button", foot, icon="ellipsis", label=label, tip=label
        )
        self._menu = named(QMenu(self._more), f"{kind}_menu")
        self._menu.aboutToShow.connect(self._fill_menu)
        self._more.setMenu(self._menu)
        self._others = Popover(
            self, f"{kind}_earlier_popover", label=_("Earlier"), width=400
        )
        self.earlier = EarlierBox(self._others, name=f"{kind}_earlier")
        column(self.earlier, into=self._others, margins=theme.SPACE_16)
        row(
            1,
            self._other,
            self._copy,
            self.export,
            self._save,
            self._more,
            into=foot,
            gap=theme.SPACE_8,
        )
        return foot

    def _make_pair(self, begin: QWidget) -> PairBar | None:
        """Fill the middle. Return what chooses the other document, if the task is about
        two.
        """
        if self.task.documents is not Documents.TWO:
            column(1, (begin, Qt.AlignmentFlag.AlignHCenter), 1, into=self._middle)
            return None
        begin.hide()
        words = _(
            "Choose another version of this document, or drop it here: a Word file "
            "and a PDF can be compared."
        )
        column(
            plain_label(
                words, self._middle, name=f"{self.task.kind}_hint", kind="muted"
            ),
            1,
            into=self._middle,
        )
        results = self._controller
        pair = PairBar(results.bridge, self.task.kind, _(self.task.verb), self)
        pair.asked.connect(
            lambda old, new: results.begin(self.form.request, (old, new))
        )
        pair.refused.connect(results.refuse)
        pair.said.connect(self._on_stopped)
        pair.reading.connect(lambda words: self.show_reading(words, 0, 0))
        results.unmade.connect(pair.show_unmade)
        results.stopped.connect(pair.forget_asked)
        keep_place(self._writer)  # who wrote in it is known later
        return pair

    def _build_asking(self) -> Sequence[QWidget]:
        """Return the line of a task that is asked again and again. It takes the place
        of the button in the middle.
        """
        if self.task.asks is None:
            return ()
        made = self._line = AskingBar(self._controller, self.task.asks, self)
        self._begins = (made.button,)
        self.setFocusProxy(made.line)
        return (made,)

    def _make_switch(self, key: str, words: str) -> QToolButton:
        """Return the button by which the report is shown another way."""
        made = tool_button(
            f"{self.task.kind}_{key}",
            self,
            kind="small",
            icon="file-text",
            label=words,
            tip=words,
            shortcut="summary.own_words",
        )
        made.setCheckable(True)
        made.setSizePolicy(
            QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored
        )  # no higher than the line beside it
        made.hide()
        made.clicked.connect(lambda is_on: self._on_switch(key, is_on))
        bind(made, "summary.own_words", made.click)
        return made

    def _connect(self) -> None:
        results = self._controller
        results.stopped.connect(self._on_stopped)
        results.reading.connect(self.show_reading)
        results.begun.connect(self.show_begun)
        results.grew.connect(self.show_growing)
        results.made.connect(self.show_report)
        results.job_reported.connect(self.show_job)
        results.emptied.connect(self.show_nothing)
        results.unfolded.connect(
            lambda section, statements: self.view.unfold(section, statements)
        )
        results.edit_refused.connect(self._edit_again)
        results.asking_changed.connect(self._on_asking)
        results.has_model.changed.connect(self._settle)
        self.earlier.follow(results.items, results.choose, results.delete, self._entry)
        self.earlier.chosen.connect(self._others.dismiss)
        self.form.changed.connect(self._on_form)
        self._other.clicked.connect(lambda: self._asking.toggle(self._other))
        for asking in self._action_forms.values():
            asking.confirmed.connect(results.edit)
        if self._line is not None:
            self._follow_end()

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
                made.picture_requested.connect(self.picture_requested)
                made.labels_requested.connect(
                    partial(self._controller.find_labels, refused=made.let_find)
                )
            made.hide()
            self._body.insertWidget(0, made, 1)
            order_tabs(*tab_stops(self.layout()))
        return self._views[layout]

    def stand_beside(
        self, room: Callable[[], int], has_pages: Callable[[], bool]
    ) -> None:
        """Say how wide the pane is beside the pages, and whether they are on show: a
        wider grid takes their place.
        """
        grid = self.view_of(Layout.GRID)
        assert isinstance(grid, GridView)
        grid.room, grid.has_pages = room, has_pages

    @property
    def view(self) -> ReportView:
        """What is on show, or would be."""
        return self.view_of((self.report or self._controller.report).layout)

    # ---- what a person asks for

    @property
    def title(self) -> str:
        return self._controller.report.title or _(self.task.name)

    @property
    def is_running(self) -> bool:
        return not self._making.isHidden()

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
        self._asking.dismiss()
        self._controller.begin(self.form.request)

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
        asking = self._action_forms.get(action)
        if asking is None:
            self._controller.edit(Edit(statement.id, action=action))
            return
        shown = self.view.lists[0]
        asking.ask(
            statement,
            shown.viewport(),
            shown.visualRect(shown.rows.index_of(statement)),
        )

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
            self._say(_("The model looks for other words…"))
            return
        before, statement = self._asked
        self._say("")
        if before and before == self._text_of(statement):
            self._say(_("The model gave the same words again."))

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
            self._say(words)

    def _fill_menu(self) -> None:
        self._menu.clear()
        for menu in self._menu.findChildren(QMenu):
            menu.deleteLater()
        fill: Callable[[QMenu], None] | None = getattr(self.view, "fill_menu", None)
        if fill is not None and self.report is not None:
            fill(self._menu)
            self._menu.addSeparator()
        for more in self.fills:
            more(self._menu)
        kind = self.task.kind
        again = named(
            self._menu.addAction(_(self.task.again), self._controller.begin_again),
            f"{kind}_again",
        )
        is_there = self.report is not None or (
            self.task.documents is Documents.NONE and bool(self._controller.item)
        )
        again.setEnabled(is_there and self._is_allowed)
        if self.pair:
            swap = named(
                self._menu.addAction(_("Swap old and new"), self.pair.swap),
                f"{kind}_swap",
            )
            swap.setEnabled(self.pair.can_swap)
        undo = named(
            self._menu.addAction(_("Undo"), self._controller.undo), f"{kind}_undo"
        )
        undo.setEnabled(self._controller.can_undo)
        earlier = named(
            self._menu.addAction(_("Earlier"), self._on_earlier),
            f"{kind}_earlier_action",
        )
        earlier.setEnabled(self.earlier.has_entries)

    def _on_earlier(self) -> None:
        self.earlier.unfold()
        self._others.toggle(self._more)

    def _on_copy(self) -> None:
        if self.report is not None:
            copy_text(report_words(self.report))
            set_icon(self._copy, "check", "accent")
            self._copy.setAccessibleDescription(_("Copied."))
            self._copied_timer.start()

    def _show_copy(self) -> None:
        set_icon(self._copy, "copy", "ink2")
        self._copy.setAccessibleDescription("")

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
        self._clear()
        self.form.show_request(None)
        self._say("")
        self._settle()

    def show_begun(self, has_model: bool = False) -> None:
        self.report = None
        if self._making.isHidden() and not self._making_timer.isActive():
            self._making.show_amount(_("Reading the document…"), 0, 0)
            self._making_timer.start()
        if has_model and self._making_timer.isActive():
            self._making.show_waiting()

    def _show_making(self) -> None:
        """Show the progress in place of the report before, because making the new one
        takes longer.
        """
        self.show_nothing()
        self._making.setVisible(True)
        self.allow(False)

    def show_reading(self, words: str, done: int, total: int) -> None:
        """Show how far a folder is read. No words: it is."""
        self._making.setVisible(bool(words))
        self._making.pause.setVisible(not words)
        self.allow(not words)
        self._making.show_amount(words, done, total)

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
                self._making.setVisible(not self._is_quiet)
                self._middle.hide()
            elif self._making_timer.isActive():
                self._show_making()
            self._show(report, is_other=self._item != self._controller.item)
            self._is_draft_shown, self._item = True, self._controller.item
            self._cursor = QCursor.pos()
            self._middle.hide()
            self._settle()
        self._say("" if self._is_quiet else report.lead)
        self._writing.setText(f"{writing} …")
        self._writing.setVisible(bool(writing))

    def show_job(self, event: JobChanged) -> None:
        self._making.show_job(event)
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
        self._making.setVisible(False)
        self.allow(True)
        if reason and self.report is None:
            show_words(self._writing, "")
            self._say_end(reason, is_explained=not self._is_draft_shown)
        elif reason and self.report is not None and self.report.is_draft:
            self._say_end(reason, is_explained=bool(self.report.writer))

    def _say_end(self, reason: str, *, is_explained: bool) -> None:
        """Say why it is not finished, and that what stands there had been written
        unless that is said.
        """
        if self.task.written and not is_explained:
            reason = f"{reason} {_(self.task.written)}"
        self._say(reason)

    def _show_adding(self, event: JobChanged) -> None:
        """Show that more comes to a report that is there."""
        if self.report is None and not (self._is_quiet and self._is_draft_shown):
            return
        if self.task.grows_in_place and not self._is_quiet:
            self._making.show()
        else:
            words = _("The model adds its words: {done} of {total}")
            self._say_writer(words.format(done=event.done, total=max(1, event.total)))
            self._stop.show()

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
            self._making.hide()
            show_words(self._writing, "")
            self._written.show()
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
            return [one.id for one in report.statements] != known
        return list(report.statements) != list(self.view.statements)

    def _finish(self, report: Report | None) -> None:
        """Show a report in the place of what was known before."""
        if report is None:
            return
        item = self._controller.item
        is_other, self._item = item != self._item, item
        self._making_timer.stop()
        self._held, self.report, self._is_draft_shown = None, report, False
        self._written.hide()
        self._making.hide()
        self._say("")
        show_words(self._writing, "")
        self.form.show_request(self._controller.request)
        self._show(report, is_other=is_other)
        if self.pair:
            self.pair.show_pair(report.documents)
        states = dict(report.switches)
        for key, switch in self.switches.items():
            switch.setVisible(key in states)
            switch.setChecked(states.get(key, False))
        show_words(self._notes, "\n".join(report.notes))
        self._coverage.setText(report.coverage_words)
        self._coverage.setVisible(
            bool(report.coverage_words) and not report.is_all_read
        )  # loud if something is missing
        self._settle()

    def _show(self, report: Report, *, is_other: bool) -> None:
        view = self.view_of(report.layout)
        for other in self._views.values():
            other.setVisible(other is view)
        self._say_writer(report.writer)
        view.show_report(report, is_other=is_other)

    def _say_writer(self, words: str) -> None:
        self._writer.set_full_text(words)
        self._writer.setVisible(bool(words))
        self._stop.hide()

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
        self._say(words)

    def _clear(self) -> None:
        focus = QApplication.focusWidget()
        for view in self._views.values():
            if focus is not None and view.isAncestorOf(focus):
                self._more.setFocus()  # else the focus would leave the pane
            view.hide()
        self.report = self._held = None
        self._is_draft_shown = False
        self._making_timer.stop()
        self._making.hide()
        self._written.hide()
        for label in (self._writing, self._notes, self._coverage):
            show_words(label, "")
        for switch in self.switches.values():
            switch.hide()
        self._say_writer("")
        self.width_requested.emit(False)
        self._is_allowed = True
        if self.task.layout is Layout.GRID:  # columns can be added to what is not there
            self._show(self._controller.report, is_other=True)

    def _settle(self) -> None:
        """Show only what is useful now."""
        has_report = self.report is not None
        is_empty = not (has_report or self._is_draft_shown) and self._making.isHidden()
        self._middle.setVisible(is_empty and self._is_allowed)
        can_save = has_report or (self._is_draft_shown and self.task.grows_in_place)
        self._copy.setVisible(has_report)
        self.export.setVisible(can_save)
        self._save.setVisible(can_save and bool(self._saves_as))
        shown = self.report or Report(self.task.kind, "")
        show_words(self._wanting, shown.wanting)
        self._fill.setVisible(shown.is_unfilled and not self.is_running)
        self._fill.setText(_("Get a model"))
        if self._controller.has_model.value:
            self._fill.setText(_("Fill now"))
        for begin in self._begins:
            begin.setEnabled(self._is_allowed)
        if self._line is not None:
            self._line.settle(is_empty=is_empty, is_allowed=self._is_allowed)
        self._other.setChecked(not self.form.is_usual)
