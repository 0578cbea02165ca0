"""The popover of running jobs, and the page of all: running, waiting, paused, finished today and earlier."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QDate, QDateTime, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QToolButton, QVBoxLayout, QWidget

from slmdesk.base.record import Record
from slmdesk.base.records import JobStatus
from slmdesk.base.texts import _
from slmdesk.jobs.service import JobGroup, JobView
from slmdesk.jobs.types import done_words, left_words, name_words, share_words
from slmdesk.jobs.window.controller import JobsController
from slmdesk.runtime.messages import Problem
from slmdesk.translation.types import KIND as TRANSLATION
from slmdesk.window.base import theme
from slmdesk.window.base.text import moment_words
from slmdesk.window.widgets.bars import thin_bar
from slmdesk.window.widgets.build import (
    ElidedLabel,
    button,
    column,
    named,
    plain_label,
    plain_tip,
    row,
    show_column,
    tool_button,
)
from slmdesk.window.widgets.parts import Popover
from slmdesk.window.widgets.rows import ScrollAnchor

DOT = "  ·  "
WAYS = (("up", _("Earlier"), "Alt+Up"), ("down", _("Later"), "Alt+Down"), ("first", _("First"), "Alt+Home"))
STAND_WORDS = {JobStatus.DONE: _("Done"), JobStatus.FAILED: _("Failed"), JobStatus.CANCELLED: _("Cancelled")}


class JobRow(QFrame):
    def __init__(self, view: JobView, controller: JobsController, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        named(self, "job_row", kind="card")
        self.view = view
        self._build_ui()
        self._connect()
        self.show_view(view)

    def _build_ui(self) -> None:
        self._title = ElidedLabel(self, name="job_title", kind="strong")
        self._info = plain_label("", self, name="job_facts", kind="small")
        self._bar = thin_bar("job_bar", self)
        self._bar.setRange(0, 1000)
        self._trouble = plain_label("", self, name="job_trouble", kind="danger")
        jobs, do = self._controller, self._controller.do
        self._up = tool_button("job_up_button", self, icon="chevron-up", on=lambda: self._move("up"))
        self._down = tool_button("job_down_button", self, icon="chevron-down", on=lambda: self._move("down"))
        self._open = button(_("Open"), "job_open_button", self, on=lambda: jobs.opened.emit(self.view))
        self._pause = button(
            _("Pause"), "job_pause_button", self, on=lambda: do(lambda at: at.jobs.pause(self.view.id))
        )
        self._resume = button(
            _("Resume"), "job_resume_button", self, on=lambda: do(lambda at: at.jobs.resume(self.view.id))
        )
        self._cancel = button(
            _("Cancel"), "job_cancel_button", self, on=lambda: do(lambda at: at.jobs.cancel(self.view.id))
        )
        buttons = (self._up, self._down, self._open, self._pause, self._resume, self._cancel)
        centre = Qt.AlignmentFlag.AlignVCenter
        head = row((self._title, 1), *((other_button, centre) for other_button in buttons), gap=theme.SPACE_8)
        margins = (0, theme.SPACE_8, 0, theme.SPACE_12)
        column(head, self._info, self._bar, self._trouble, into=self, gap=theme.SPACE_4, margins=margins)

    def _connect(self) -> None:
        for where, _words, keys in WAYS:
            context = Qt.ShortcutContext.WidgetWithChildrenShortcut
            shortcut = QShortcut(QKeySequence(keys), self, context=context)
            shortcut.activated.connect(lambda where=where: self._move(where))

    def show_view(self, view: JobView) -> None:
        self.view = view
        what = name_words(view.kind, view.title)
        self._title.set_full_text(what)
        self.setAccessibleName(what)
        self._info.setText(info_of(view))
        self._trouble.setText(view.problem.sentence if view.problem else "")
        self._trouble.setVisible(view.problem is not None)
        self._bar.setValue(round(1000 * (view.share or 0.0)))
        self._bar.setVisible(view.stand is JobGroup.RUNNING or (view.stand is not JobGroup.ENDED and bool(view.share)))
        self._bar.setAccessibleName(
            _("{share} done: {what}").format(share=share_words(view.share) or _("Nothing"), what=what)
        )
        self._show_buttons(view, what)

    def _show_buttons(self, view: JobView, what: str) -> None:
        is_ended, is_failed = view.stand is JobGroup.ENDED, view.status is JobStatus.FAILED
        moves = view.last_place > 1
        for arrow, where, keys in ((self._up, _("Earlier"), "Alt+Up"), (self._down, _("Later"), "Alt+Down")):
            arrow.setVisible(moves)
            _dress(
                arrow,
                _("{where} in the queue ({keys})").format(where=where, keys=keys),
                _("{where} in the queue: {what}").format(where=where, what=what),
            )
        self._up.setEnabled(view.place > 1)
        self._down.setEnabled(view.place < view.last_place)
        grows = view.opens == "document" or view.kind == TRANSLATION  # there is something to open before the job ends
        can_open = view.status is JobStatus.DONE or (grows and not is_failed)
        self._open.setVisible(bool(view.opens) and can_open and view.status is not JobStatus.CANCELLED)
        can_pause = view.stand in (JobGroup.RUNNING, JobGroup.WAITING) and not view.is_left
        can_resume = view.stand is JobGroup.PAUSED or view.is_left or is_failed or view.may_revive
        focused = self.window().focusWidget()
        for either, can in sorted(((self._pause, can_pause), (self._resume, can_resume)), key=lambda pair: not pair[1]):
            if can and focused in (self._pause, self._resume):  # else Qt would focus Cancel
                either.setVisible(True)
                either.setFocus()
            either.setVisible(can)
        self._resume.setText(_resume_words(view))
        self._cancel.setVisible(not is_ended)
        for plain in (self._open, self._pause, self._resume, self._cancel):
            _dress(plain, f"{plain.text()}: {what}", f"{plain.text()}: {what}")

    def _move(self, where: str) -> None:
        if self.view.last_place > 1:
            self._controller.do(lambda services: services.jobs.move(self.view.id, where))


def info_of(view: JobView) -> str:
    if view.stand is JobGroup.ENDED:
        when = moment_words(view.updated)
        failed = (
            _("{failed:,} of {total:,} steps could not be done").format(failed=view.failed, total=view.total)
            if view.failed
            else ""
        )
        return DOT.join(words for words in (STAND_WORDS[view.status], when, failed) if words)
    parts = [share_words(view.share or None), done_words(view.kind, view.done, view.total)]
    if view.stand is JobGroup.RUNNING:
        parts.append(left_words(view.left) or _("the time left is not known yet"))
        parts.append(_("in another window or command") if view.is_elsewhere else "")
    elif view.is_left:
        parts.insert(0, _("The program that did it has ended"))
    elif view.stand is JobGroup.WAITING:
        parts.insert(
            0,
            _("Next")
            if view.place == 1
            else _("Place {place} in the queue").format(place=view.place)
            if view.place
            else _("Waiting"),
        )
    else:
        parts.insert(0, _("Paused"))
    if view.failed:
        parts.append(_("{failed:,} could not be done").format(failed=view.failed))
    return DOT.join(part for part in parts if part)


def _resume_words(view: JobView) -> str:
    if view.status is JobStatus.FAILED:
        return _("Try again")
    return _("Take up again") if view.may_revive else _("Go on") if view.is_left else _("Resume")


def _dress(button: QPushButton | QToolButton, tip: str, spoken: str) -> None:
    button.setToolTip(plain_tip(tip))
    button.setAccessibleName(spoken)


# ---- the popover of the ring in the status line


POPOVER_WIDTH = 380
MOST_ROWS = 4


class _PopoverRow(QWidget):
    def __init__(self, view: JobView, controller: JobsController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("popover_job")
        what = name_words(view.kind, view.title)
        title = ElidedLabel(self, name="popover_job_title", kind="strong")
        title.set_full_text(what)
        is_paused = view.stand is JobGroup.PAUSED or view.is_left
        verb, icon = (_("Resume"), "play") if is_paused else (_("Pause"), "pause")
        pause = tool_button("popover_pause", self, icon=icon, tip=verb, label=f"{verb}: {what}", on=self._pause)
        cancel = tool_button(
            "popover_cancel", self, icon="x", tip=_("Cancel"), label=_("Cancel: {what}").format(what=what)
        )
        cancel.clicked.connect(lambda: controller.do(lambda services: services.jobs.cancel(view.id)))
        bar = thin_bar("popover_bar", self)
        bar.setRange(0, 1000)
        self._id, self._controller, self._is_paused, self._bar = view.id, controller, is_paused, bar
        self._info = plain_label("", self, name="popover_facts", kind="small")
        column(row((title, 1), pause, cancel), bar, self._info, into=self, gap=theme.SPACE_4)
        self.show_view(view)

    def show_view(self, view: JobView) -> None:
        self._bar.setValue(round(1000 * (view.share or 0.0)))
        self._info.setText(info_of(view))

    def _pause(self) -> None:
        id, is_paused = self._id, self._is_paused
        self._controller.do(lambda services: services.jobs.resume(id) if is_paused else services.jobs.pause(id))


class JobsPopover(Popover):
    """The jobs that run or wait, and the way to all of them."""

    all_requested = Signal()

    def __init__(self, controller: JobsController, parent: QWidget) -> None:
        super().__init__(parent, "jobs_popover", label=_("Jobs"), width=POPOVER_WIDTH)
        self._controller = controller
        self._rows: dict[str, _PopoverRow] = {}
        title = plain_label(_("Jobs"), self, name="popover_title", kind="heading", wraps=False)
        every = button(_("All jobs"), "all_jobs_button", self, kind="quiet")
        every.clicked.connect(self.dismiss)
        every.clicked.connect(self.all_requested)
        self._nothing = plain_label(_("No jobs running"), self, name="popover_nothing", kind="muted")
        self._list = column(gap=theme.SPACE_12)
        margins = (theme.SPACE_16, theme.SPACE_12)
        column(row((title, 1), every), self._nothing, self._list, into=self, gap=theme.SPACE_12, margins=margins)
        controller.listed.connect(self._on_listed)
        controller.changed.connect(self._on_changed)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._controller.show(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._controller.show(False)

    def _on_listed(self, views: Sequence[JobView]) -> None:
        for old in self._rows.values():
            self._list.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._rows = {view.id: _PopoverRow(view, self._controller, self) for view in views[:MOST_ROWS]}
        for made in self._rows.values():
            self._list.addWidget(made)
            made.show()
        self._nothing.setVisible(not views)
        if self.isVisible():
            self.fit()

    def _on_changed(self, view: JobView) -> None:
        if shown := self._rows.get(view.id):
            shown.show_view(view)


# ---- the page of jobs


COLUMN = 860
TITLE_INDENT = 3
"""Indent of the title in pixels, because the foot of the letter J reaches left of its starting point."""
SECTIONS = (
    ("running", _("Running")),
    ("waiting", _("Waiting")),
    ("paused", _("Paused")),
    ("today", _("Finished today")),
    ("earlier", _("Finished earlier")),
)
NOTHING = _("Nothing is being worked on.")
NOTHING_MORE = _(
    "Summaries, tables, exams and downloads that take longer stand here: how far they are, how long they still take, "
    "and what came of them. They can be paused, and they go on after a restart."
)


class _Section(Record):
    box: QWidget
    head: QHBoxLayout
    rows: QVBoxLayout


class JobsPage(QScrollArea):
    def __init__(self, controller: JobsController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "jobs_page", label=_("Jobs"))
        self._controller = controller
        self._active: dict[str, JobRow] = {}
        self._ended: dict[str, JobRow] = {}
        self._is_known = False
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        inner = named(QFrame(self), "jobs_inner")
        inner.setMinimumHeight(1)
        holder = QWidget(inner)
        holder.setMaximumWidth(COLUMN)
        head = plain_label(_("Jobs"), holder, name="jobs_title", kind="title")
        head.setIndent(TITLE_INDENT)
        self._note = plain_label(_("Looking…"), holder, name="jobs_note", kind="muted")
        tip = _("Take what has ended off this list; what was made stays")
        self._clear = button(_("Clear finished"), "clear_jobs_button", holder, tip=tip, on=self._controller.clear)
        self._sections = {name: self._section(holder, name, title) for name, title in SECTIONS}
        self._more = button(_("Show earlier ones"), "more_jobs_button", holder, on=self._controller.more)
        self._more.setVisible(False)
        boxes = [section.box for section in self._sections.values()]
        margins = (theme.SPACE_24, theme.SPACE_16)
        column(head, self._note, *boxes, row(self._more, 1), 1, into=holder, gap=theme.SPACE_12, margins=margins)
        row(1, (holder, 1000), 1, into=inner)
        show_column(self, inner)
        ScrollAnchor(self)

    @staticmethod
    def _section(holder: QWidget, name: str, title: str) -> _Section:
        box = named(QWidget(holder), f"jobs_{name}")
        heading = plain_label(title, box, name=f"jobs_{name}_heading", kind="heading", wraps=False)
        head, rows = row((heading, 1)), column(gap=0)
        column(head, rows, into=box, gap=0, margins=(0, theme.SPACE_8, 0, 0))
        box.setVisible(False)
        return _Section(box, head, rows)

    def _connect(self) -> None:
        controller = self._controller
        controller.listed.connect(self._on_listed)
        controller.changed.connect(self._on_changed)
        controller.ended_listed.connect(self._on_ended_listed)
        controller.refused.connect(self._on_refused)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._controller.show(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._controller.show(False)

    # ---- events

    def _on_listed(self, views: Sequence[JobView]) -> None:
        self._is_known = True
        self._replace(self._active, views)
        stands = (JobGroup.RUNNING, JobGroup.WAITING, JobGroup.PAUSED)
        rows = {stand: [self._active[view.id] for view in views if view.stand is stand] for stand in stands}
        for stand in sorted(
            stands, key=lambda group: not rows[group]
        ):  # an empty section is hidden once its rows are gone
            self._fill(stand.value, rows[stand])
        self._show_empty()

    def _on_changed(self, view: JobView) -> None:
        if row := self._active.get(view.id):
            row.show_view(view)

    def _on_ended_listed(self, views: Sequence[JobView], is_first: bool, has_more: bool) -> None:
        shown = list(views) if is_first else [row.view for row in self._ended.values()] + list(views)
        self._replace(self._ended, shown)
        self._fill("today", [self._ended[view.id] for view in shown if is_today(view)])
        self._fill("earlier", [self._ended[view.id] for view in shown if not is_today(view)])
        self._more.setVisible(has_more)
        self._place_clear()
        self._show_empty()

    def _on_refused(self, problem: Problem) -> None:
        self._note.setText(_("The jobs cannot be shown: {sentence}").format(sentence=problem.sentence))
        self._note.setVisible(True)

    # ---- rows

    def _replace(self, rows: dict[str, JobRow], views: Sequence[JobView]) -> None:
        requested = {view.id: view for view in views}
        for id in [other_row for other_row in rows if other_row not in requested]:
            self._drop(rows.pop(id))
        old = dict(rows)
        rows.clear()
        for id, view in requested.items():
            row = old.get(id) or JobRow(view, self._controller, self._sections["running"].box)
            if row.view != view:
                row.show_view(view)
            rows[id] = row

    def _fill(self, name: str, rows: Sequence[JobRow]) -> None:
        layout = self._sections[name].rows
        self._sections[name].box.setVisible(bool(rows))
        for at, other_row in enumerate(rows):
            if layout.indexOf(other_row) != at:
                had_focus = other_row.focusWidget() if other_row.isAncestorOf(self.focusWidget() or self) else None
                layout.removeWidget(other_row)
                layout.insertWidget(at, other_row)
                other_row.setVisible(True)
                if had_focus:
                    had_focus.setFocus()

    def _drop(self, other_row: JobRow) -> None:
        if other_row.isAncestorOf(self.window().focusWidget() or self):
            self.setFocus()  # else the focus would move to a button of another job
        other_row.hide()
        for section in self._sections.values():
            section.rows.removeWidget(other_row)
        other_row.deleteLater()

    def _place_clear(self) -> None:
        name = next((name for name in ("today", "earlier") if self._sections[name].rows.count()), "")
        self._clear.setVisible(bool(name))
        if name:
            head = self._sections[name].head
            if head.indexOf(self._clear) < 0:
                head.addWidget(self._clear)

    def _show_empty(self) -> None:
        is_empty = not (self._active or self._ended)
        self._note.setVisible(is_empty or not self._is_known)
        if self._is_known:
            self._note.setText(f"{NOTHING} {NOTHING_MORE}")


def is_today(view: JobView) -> bool:
    return QDateTime.fromSecsSinceEpoch(int(view.updated)).date() == QDate.currentDate()
