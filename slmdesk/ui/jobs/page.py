"""The popover of running jobs, and the page of all: running, waiting, paused, finished today and earlier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QDate, QDateTime, Qt
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QWidget

from slmdesk.base.records import JobStatus
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _
from slmdesk.tasks.jobs.service import JobGroup, JobView
from slmdesk.tasks.jobs.types import left_words, name_words, share_words, standing_words
from slmdesk.tasks.translation.types import KIND as TRANSLATION
from slmdesk.ui.jobs.controller import JobsController
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.text import moment_words
from slmdesk.ui.kit.widgets.bars import thin_bar
from slmdesk.ui.kit.widgets.build import (
    ElidedLabel,
    button,
    column,
    named,
    plain_label,
    row,
    set_tip,
    show_column,
    show_words,
    tool_button,
)
from slmdesk.ui.kit.widgets.parts import EmptyState, Popover
from slmdesk.ui.kit.widgets.rows import Rows, ScrollAnchor

DOT = "  ·  "
STAND_WORDS = {JobStatus.DONE: _("Done"), JobStatus.FAILED: _("Failed"), JobStatus.CANCELLED: _("Cancelled")}


class JobRow(QFrame):
    def __init__(self, view: JobView, controller: JobsController, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "job_row", kind="card")
        self.view, self._controller, self.section = view, controller, ""
        self._title = ElidedLabel(self, name="job_title", kind="strong")
        self._info = plain_label("", self, name="job_facts", kind="small")
        self._bar = thin_bar("job_bar", self, most=1000)
        self._trouble = plain_label("", self, name="job_trouble", kind="danger")
        do = controller.do
        make, icon = partial(button, parent=self), partial(tool_button, parent=self)
        self._up = icon("job_up_button", icon="chevron-up", on=lambda: self._move("up"))
        self._down = icon("job_down_button", icon="chevron-down", on=lambda: self._move("down"))
        self._open = make(_("Open"), "job_open_button", on=lambda: controller.opened.emit(self.view))
        self._resume = make("", "job_resume_button", on=lambda: do(lambda at: at.jobs.resume(self.view.id)))
        self._pause = icon("job_pause_button", icon="pause", on=lambda: do(lambda at: at.jobs.pause(self.view.id)))
        self._cancel = icon("job_cancel_button", icon="x", on=lambda: do(lambda at: at.jobs.cancel(self.view.id)))
        buttons = (self._up, self._down, self._open, self._resume, self._pause, self._cancel)
        head = row((self._title, 1), *((each, Qt.AlignmentFlag.AlignVCenter) for each in buttons), gap=theme.SPACE_8)
        margins = (0, theme.SPACE_8, 0, theme.SPACE_12)
        column(head, self._info, self._bar, self._trouble, into=self, gap=theme.SPACE_4, margins=margins)
        for keys, where in (("Alt+Up", "up"), ("Alt+Down", "down"), ("Alt+Home", "first")):
            context = Qt.ShortcutContext.WidgetWithChildrenShortcut
            QShortcut(QKeySequence(keys), self, context=context).activated.connect(partial(self._move, where))
        self.show_view(view)

    def show_view(self, view: JobView) -> None:
        self.view = view
        what = name_words(view.kind, view.title)
        is_ended = view.stand is JobGroup.ENDED
        self._title.set_full_text(what)
        self.setAccessibleName(what)
        self._info.setText(info_of(view))
        show_words(self._trouble, view.problem.sentence if view.problem else "")
        self._bar.setValue(round(1000 * (view.share or 0.0)))
        self._bar.setVisible(view.stand is JobGroup.RUNNING or (not is_ended and bool(view.share)))
        share = share_words(view.share) or _("Nothing")
        self._bar.setAccessibleName(_("{share} done: {what}").format(share=share, what=what))
        for arrow, where, keys in ((self._up, _("Earlier"), "Alt+Up"), (self._down, _("Later"), "Alt+Down")):
            arrow.setVisible(view.last_place > 1)
            set_tip(arrow, _("{where} in the queue ({keys})").format(where=where, keys=keys))
            arrow.setAccessibleName(_("{where} in the queue: {what}").format(where=where, what=what))
        self._up.setEnabled(view.place > 1)
        self._down.setEnabled(view.place < view.last_place)
        self._show_buttons(view)
        words = (
            (self._open, _("Open")), (self._resume, _resume_words(view)), (self._pause, _("Pause")),
            (self._cancel, _("Cancel")),
        )  # fmt: skip
        for each, verb in words:
            set_tip(each, f"{verb}: {what}")
            each.setAccessibleName(f"{verb}: {what}")
        self._resume.setText(_resume_words(view))

    def _show_buttons(self, view: JobView) -> None:
        is_ended, is_failed = view.stand is JobGroup.ENDED, view.status is JobStatus.FAILED
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
        self._cancel.setVisible(not is_ended)

    def _move(self, where: str) -> None:
        if self.view.last_place > 1:
            self._controller.do(lambda services: services.jobs.move(self.view.id, where))


def info_of(view: JobView) -> str:
    if view.stand is JobGroup.ENDED:
        when = moment_words(view.updated)
        failed = _("{failed:,} of {total:,} steps could not be done").format(failed=view.failed, total=view.total)
        return DOT.join((STAND_WORDS[view.status], when, *([failed] if view.failed else ())))
    parts = [standing_words(view.kind, view.share, view.done, view.total)]
    if view.stand is JobGroup.RUNNING:
        parts.append(left_words(view.left) or _("the time left is not known yet"))
        parts.append(_("in another window or command") if view.is_elsewhere else "")
    elif view.is_left:
        parts.insert(0, _("Interrupted when slmdesk closed"))
    elif view.stand is JobGroup.WAITING:
        place = _("Place {place} in the queue").format(place=view.place) if view.place else _("Waiting")
        parts.insert(0, _("Next") if view.place == 1 else place)
    else:
        parts.insert(0, _("Paused"))
    if view.failed:
        parts.append(_("{failed:,} could not be done").format(failed=view.failed))
    return DOT.join(part for part in parts if part)


def _resume_words(view: JobView) -> str:
    if view.status is JobStatus.FAILED:
        return _("Try again")
    if view.may_revive:
        return _("Take up again")
    if view.is_left:
        return _("Go on")
    return _("Resume")


class JobRows(QWidget):
    """Rows of jobs below the headings of their sections. A row stays the same widget while its job moves on."""

    def __init__(self, controller: JobsController, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self._rows: Rows[JobView | str, Any] = Rows(column(into=self, gap=0), key_of, self._make, show_in)
        controller.changed.connect(self._on_changed)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._controller.show(self, True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._controller.show(self, False)

    def show_jobs(self, jobs: Mapping[str, Sequence[JobView]]) -> None:
        """Show jobs by section, in this order. The section "" has no heading."""
        shown: list[JobView | str] = []
        for name, views in jobs.items():
            shown += [name, *views] if name and views else views
        focused = self.window().focusWidget() or self
        ids = [key_of(each) for each in shown]
        if any(row.isAncestorOf(focused) for id, row in self._rows.rows.items() if id not in ids):
            (self.focusProxy() or self).setFocus()  # else the focus would move to a button of another job
        self._rows.show(shown)
        for name, views in jobs.items():
            for view in views:
                self._rows.rows[view.id].section = name

    def _make(self, each: JobView | str) -> JobRow | QLabel:
        if not isinstance(each, str):
            return JobRow(each, self._controller, self)
        heading = plain_label(dict(SECTIONS)[each], self, name=f"jobs_{each}_heading", kind="heading")
        heading.setContentsMargins(0, theme.SPACE_16, 0, 0)
        return heading

    def _on_changed(self, view: JobView) -> None:
        if (row := self._rows.rows.get(view.id)) is not None:
            show_in(row, view)


def key_of(each: JobView | str) -> str:
    return each if isinstance(each, str) else each.id


def show_in(row: Any, each: JobView | str) -> None:
    if not isinstance(each, str) and row.view != each:
        row.show_view(each)


POPOVER_WIDTH = 380
MOST_ROWS = 4


class JobsPopover(Popover):
    def __init__(self, controller: JobsController, parent: QWidget) -> None:
        super().__init__(parent, "jobs_popover", label=_("Jobs"), width=POPOVER_WIDTH)
        self._controller = controller
        title = plain_label(_("Jobs"), self, name="popover_title", kind="heading", wraps=False)
        self.all = button(_("All jobs"), "all_jobs_button", self, kind="quiet", on=self.dismiss)
        self._nothing = plain_label(_("No jobs running"), self, name="popover_nothing", kind="muted")
        self._rows = JobRows(controller, self)
        self._rows.setFocusProxy(self.all)
        margins = (theme.SPACE_16, theme.SPACE_12)
        column(row((title, 1), self.all), self._nothing, self._rows, into=self, gap=theme.SPACE_12, margins=margins)
        controller.listed.connect(self._on_listed)

    def _on_listed(self) -> None:
        self._rows.show_jobs({"": self._controller.active[:MOST_ROWS]})
        self._nothing.setVisible(not self._controller.active)
        if self.isVisible():
            self.fit()


COLUMN = 860
SECTIONS = (
    (JobGroup.RUNNING.value, _("Running")),
    (JobGroup.WAITING.value, _("Waiting")),
    (JobGroup.PAUSED.value, _("Paused")),
    ("today", _("Finished today")),
    ("earlier", _("Finished earlier")),
)
NOTHING_MORE = _("Long work stands here. It can be paused, and goes on after a restart.")


class JobsPage(QScrollArea):
    def __init__(self, controller: JobsController) -> None:
        super().__init__()
        named(self, "jobs_page", label=_("Jobs"))
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # what is in it are the stops of Tab
        self._controller = controller
        self._build_ui()
        controller.listed.connect(self._show)
        controller.refused.connect(self._on_refused)

    def _build_ui(self) -> None:
        inner = named(QFrame(self), "jobs_inner")
        inner.setMinimumHeight(1)
        holder = QWidget(inner)
        holder.setMaximumWidth(COLUMN)
        head = plain_label(_("Jobs"), holder, name="jobs_title", kind="title")
        self._note = plain_label(_("Looking…"), holder, name="jobs_note", kind="muted")
        nothing = _("Nothing is being worked on.")
        self._empty = EmptyState(holder, "jobs_empty", icon="list-checks", line=nothing, hint=NOTHING_MORE)
        self._empty.hide()
        tip = _("Take what has ended off this list; what was made stays")
        self._clear = button(_("Clear finished"), "clear_jobs_button", holder, tip=tip, on=self._controller.clear)
        self._clear.hide()
        self._rows = JobRows(self._controller, holder)
        self._rows.setFocusProxy(self)
        self._more = button(_("Show earlier ones"), "more_jobs_button", holder, on=self._controller.more)
        self._more.hide()
        margins = (theme.SPACE_24, theme.SPACE_16)
        column(row((head, 1), self._clear), self._note, (self._empty, 1), self._rows, row(self._more, 1), 1,
               into=holder, gap=theme.SPACE_12, margins=margins)  # fmt: skip
        row(1, (holder, 1000), 1, into=inner)
        show_column(self, inner)
        ScrollAnchor(self)

    def _on_refused(self, problem: Problem) -> None:
        show_words(self._note, _("The jobs cannot be shown: {sentence}").format(sentence=problem.sentence))

    def _show(self) -> None:
        active, ended = self._controller.active, self._controller.ended
        ids = {view.id for view in active}
        jobs: dict[str, list[JobView]] = {name: [] for name, _title in SECTIONS}
        for view in active:
            jobs[view.stand.value].append(view)
        for view in ended:
            if view.id not in ids:
                jobs["today" if is_today(view) else "earlier"].append(view)
        self._rows.show_jobs(jobs)
        self._more.setVisible(self._controller.has_more)
        self._clear.setVisible(bool(ended))
        self._note.hide()
        self._empty.setVisible(not active and not ended)


def is_today(view: JobView) -> bool:
    return QDateTime.fromSecsSinceEpoch(int(view.updated)).date() == QDate.currentDate()
