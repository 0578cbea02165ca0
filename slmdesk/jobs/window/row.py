"""A row on the page of jobs: title, progress, time left, and its buttons."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QPushButton, QToolButton, QWidget

from slmdesk.base.records import JobStatus
from slmdesk.jobs.labels import done_words, left_words, name_words, share_words
from slmdesk.jobs.overview import JobGroup, JobView
from slmdesk.jobs.window.controller import JobsController
from slmdesk.translation.readout import KIND as TRANSLATION
from slmdesk.window.base import theme
from slmdesk.window.base.dates import moment_words
from slmdesk.window.widgets.build import button, column, row, tool_button
from slmdesk.window.widgets.job_bar import thin_bar
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import ElidedLabel, plain_label, plain_tip

DOT = "  ·  "
WAYS = (("up", "Earlier", "Alt+Up"), ("down", "Later", "Alt+Down"), ("first", "First", "Alt+Home"))
STAND_WORDS = {JobStatus.DONE: "Done", JobStatus.FAILED: "Failed", JobStatus.CANCELLED: "Cancelled"}


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
        jobs = self._controller
        self._up = tool_button("job_up_button", self, icon="chevron-up", on=lambda: self._move("up"))
        self._down = tool_button("job_down_button", self, icon="chevron-down", on=lambda: self._move("down"))
        self._open = button("Open", "job_open_button", self, on=lambda: jobs.open(self.view))
        self._pause = button("Pause", "job_pause_button", self, on=lambda: jobs.pause(self.view.id))
        self._resume = button("Resume", "job_resume_button", self, on=lambda: jobs.resume(self.view.id))
        self._cancel = button("Cancel", "job_cancel_button", self, on=lambda: jobs.cancel(self.view.id))
        buttons = (self._up, self._down, self._open, self._pause, self._resume, self._cancel)
        centre = Qt.AlignmentFlag.AlignVCenter
        head = row((self._title, 1), *((one, centre) for one in buttons), gap=theme.SPACE_8)
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
        self._bar.setAccessibleName(f"{share_words(view.share) or 'Nothing'} done: {what}")
        self._show_buttons(view, what)

    def _show_buttons(self, view: JobView, what: str) -> None:
        is_ended, is_failed = view.stand is JobGroup.ENDED, view.status is JobStatus.FAILED
        moves = view.last_place > 1
        for arrow, where, keys in ((self._up, "Earlier", "Alt+Up"), (self._down, "Later", "Alt+Down")):
            arrow.setVisible(moves)
            _dress(arrow, f"{where} in the queue ({keys})", f"{where} in the queue: {what}")
        self._up.setEnabled(view.place > 1)
        self._down.setEnabled(view.place < view.last_place)
        grows = view.opens == "document" or view.kind == TRANSLATION  # there is something to see before the end
        can_open = view.status is JobStatus.DONE or (grows and not is_failed)
        self._open.setVisible(bool(view.opens) and can_open and view.status is not JobStatus.CANCELLED)
        can_pause = view.stand in (JobGroup.RUNNING, JobGroup.WAITING) and not view.is_left
        can_resume = view.stand is JobGroup.PAUSED or view.is_left or is_failed or view.may_revive
        focused = self.window().focusWidget()
        for either, can in sorted(((self._pause, can_pause), (self._resume, can_resume)), key=lambda one: not one[1]):
            if can and focused in (self._pause, self._resume):  # a hidden one would hand the focus on to Cancel
                either.setVisible(True)
                either.setFocus()
            either.setVisible(can)
        self._resume.setText(_resume_words(view))
        self._cancel.setVisible(not is_ended)
        for plain in (self._open, self._pause, self._resume, self._cancel):
            _dress(plain, f"{plain.text()}: {what}", f"{plain.text()}: {what}")

    def _move(self, where: str) -> None:
        if self.view.last_place > 1:
            self._controller.move(self.view.id, where)


def info_of(view: JobView) -> str:
    if view.stand is JobGroup.ENDED:
        when = moment_words(view.updated)
        failed = f"{view.failed:,} of {view.total:,} steps could not be done" if view.failed else ""
        return DOT.join(one for one in (STAND_WORDS[view.status], when, failed) if one)
    parts = [share_words(view.share or None), done_words(view.kind, view.done, view.total)]
    if view.stand is JobGroup.RUNNING:
        parts.append(left_words(view.left) or "the time left is not known yet")
        parts.append("in another window or command" if view.is_elsewhere else "")
    elif view.is_left:
        parts.insert(0, "The program that did it has ended")
    elif view.stand is JobGroup.WAITING:
        parts.insert(0, "Next" if view.place == 1 else f"Place {view.place} in the queue" if view.place else "Waiting")
    else:
        parts.insert(0, "Paused")
    if view.failed:
        parts.append(f"{view.failed:,} could not be done")
    return DOT.join(one for one in parts if one)


def _resume_words(view: JobView) -> str:
    if view.status is JobStatus.FAILED:
        return "Try again"
    return "Take up again" if view.may_revive else "Go on" if view.is_left else "Resume"


def _dress(button: QPushButton | QToolButton, tip: str, spoken: str) -> None:
    button.setToolTip(plain_tip(tip))
    button.setAccessibleName(spoken)
