"""The page of jobs: running, waiting, paused, finished today and earlier."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QDate, QDateTime
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from slmdesk.base.record import Record
from slmdesk.jobs.overview import JobGroup, JobView
from slmdesk.jobs.window.controller import JobsController
from slmdesk.jobs.window.row import JobRow
from slmdesk.runtime.events import Problem
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.scroll_anchor import ScrollAnchor
from slmdesk.window.widgets.scroll_column import show_column
from slmdesk.window.widgets.text import plain_label

COLUMN = 860
TITLE_INDENT = 3
"""The foot of the J reaches to the left of where the letter begins."""
SECTIONS = (
    ("running", "Running"),
    ("waiting", "Waiting"),
    ("paused", "Paused"),
    ("today", "Finished today"),
    ("earlier", "Finished earlier"),
)
NOTHING = "Nothing is being worked on."
NOTHING_MORE = (
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
        named(self, "jobs_page", label="Jobs")
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
        head = plain_label("Jobs", holder, name="jobs_title", kind="title")
        head.setIndent(TITLE_INDENT)
        self._note = plain_label("Looking…", holder, name="jobs_note", kind="muted")
        tip = "Take what has ended off this list; what was made stays"
        self._clear = button("Clear finished", "clear_jobs_button", holder, tip=tip, on=self._controller.clear)
        self._sections = {name: self._section(holder, name, title) for name, title in SECTIONS}
        self._more = button("Show earlier ones", "more_jobs_button", holder, on=self._controller.more)
        self._more.setVisible(False)
        boxes = [one.box for one in self._sections.values()]
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
        one = self._controller
        one.listed.connect(self._on_listed)
        one.changed.connect(self._on_changed)
        one.ended_listed.connect(self._on_ended_listed)
        one.refused.connect(self._on_refused)

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
        rows = {stand: [self._active[one.id] for one in views if one.stand is stand] for stand in stands}
        for stand in sorted(stands, key=lambda one: not rows[one]):  # an empty one is hidden when its rows have left it
            self._fill(stand.value, rows[stand])
        self._show_empty()

    def _on_changed(self, view: JobView) -> None:
        if row := self._active.get(view.id):
            row.show_view(view)

    def _on_ended_listed(self, views: Sequence[JobView], is_first: bool, has_more: bool) -> None:
        shown = list(views) if is_first else [row.view for row in self._ended.values()] + list(views)
        self._replace(self._ended, shown)
        self._fill("today", [self._ended[one.id] for one in shown if is_today(one)])
        self._fill("earlier", [self._ended[one.id] for one in shown if not is_today(one)])
        self._more.setVisible(has_more)
        self._place_clear()
        self._show_empty()

    def _on_refused(self, problem: Problem) -> None:
        self._note.setText(f"The jobs cannot be shown: {problem.sentence}")
        self._note.setVisible(True)

    # ---- rows

    def _replace(self, rows: dict[str, JobRow], views: Sequence[JobView]) -> None:
        requested = {one.id: one for one in views}
        for id in [one for one in rows if one not in requested]:
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
        for at, one in enumerate(rows):
            if layout.indexOf(one) != at:
                had_focus = one.focusWidget() if one.isAncestorOf(self.focusWidget() or self) else None
                layout.removeWidget(one)
                layout.insertWidget(at, one)
                one.setVisible(True)
                if had_focus:
                    had_focus.setFocus()

    def _drop(self, one: JobRow) -> None:
        if one.isAncestorOf(self.window().focusWidget() or self):
            self.setFocus()  # else it would go on to a button of another job
        one.hide()
        for section in self._sections.values():
            section.rows.removeWidget(one)
        one.deleteLater()

    def _place_clear(self) -> None:
        name = next((one for one in ("today", "earlier") if self._sections[one].rows.count()), "")
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
