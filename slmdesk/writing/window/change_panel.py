"""The changes beside the text, how far the correction is, and the buttons that decide."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column, row, tool_button
from slmdesk.window.widgets.job_bar import thin_bar
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_label
from slmdesk.writing.window.change_list import ChangeList
from slmdesk.writing.window.correcting import CorrectController, Progress


class ChangePanel(QFrame):
    """Hidden while there is nothing to decide on and nothing is being corrected."""

    change_chosen = Signal(int)

    def __init__(self, controller: CorrectController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("writing_panel")
        self._controller = controller
        self._build_ui()
        self._connect()
        self.hide()

    def _build_ui(self) -> None:
        self._busy = named(QFrame(self), "writing_busy")
        self._busy_words = plain_label("", self._busy, name="writing_busy_words", kind="muted")
        stop = button("Stop", "writing_stop", self._busy, label="Stop correcting", on=self._controller.stop)
        self._bar = thin_bar("writing_progress", self._busy, "Correcting", most=0)
        column(row((self._busy_words, 1), stop), self._bar, into=self._busy)
        self.list = ChangeList(self)
        self._title = plain_label("", self, name="writing_changes_title", kind="strong")
        self._back = tool_button(
            "writing_previous", self, icon="chevron-up", label="The change before", tip="The change before",
            shortcut="change.previous", on=lambda: self.list.step(-1),
        )  # fmt: skip
        self._next = tool_button(
            "writing_next", self, icon="chevron-down", label="The next change", tip="The next change",
            shortcut="change.next", on=lambda: self.list.step(1),
        )  # fmt: skip
        make = partial(button, parent=self, kind="quiet")
        self._accept = make(
            "Accept", "writing_accept", tip="Make this change", shortcut="change.accept", on=self.accept
        )
        self._refuse = make(
            "Refuse", "writing_refuse", tip="Leave your words", shortcut="change.refuse", on=self.refuse
        )
        self._accept_all = make(
            "Accept all", "writing_accept_all", tip="Make all changes but the doubtful ones",
            on=self._controller.accept_all,
        )  # fmt: skip
        self._refuse_all = make(
            "Refuse all", "writing_refuse_all", tip="Leave the text as it is", on=self._controller.refuse_all
        )
        ways = column(
            row(self._accept, self._refuse, 1, gap=theme.SPACE_8),
            row(self._accept_all, self._refuse_all, 1, gap=theme.SPACE_8),
            gap=theme.SPACE_8,
        )
        head = row((self._title, 1), self._back, self._next, gap=theme.SPACE_4)
        column(
            self._busy, head, (self.list, 1), ways, into=self, gap=theme.SPACE_8,
            margins=(theme.SPACE_8, theme.SPACE_4, theme.SPACE_8, theme.SPACE_4),
        )  # fmt: skip

    def _connect(self) -> None:
        self._controller.listed.connect(self._on_listed)
        self._controller.progressed.connect(self._on_progressed)
        self.list.change_chosen.connect(self._on_chosen)
        self.list.accept_requested.connect(self.accept)
        self.list.refuse_requested.connect(self.refuse)
        self._on_progressed(None)

    # ---- what a person does

    def accept(self) -> None:
        if number := self.list.current:
            self._controller.accept(number)

    def refuse(self) -> None:
        if number := self.list.current:
            self._controller.refuse(number)

    def show_change(self, number: int) -> None:
        self.list.show_change(number)
        self._show_buttons()

    # ---- events

    def _on_listed(self) -> None:
        before = self.list.current
        self.list.show_changes(self._controller.changes)
        self._show()
        if before and self.list.current != before:  # decided on: on to the one that has its place
            self.change_chosen.emit(self.list.current)

    def _on_progressed(self, progress: Progress | None) -> None:
        self._busy.setVisible(progress is not None)
        if progress is not None:
            self._bar.setRange(0, progress.total)
            self._bar.setValue(progress.done)
            known = f"{progress.done:,} of {progress.total:,} sentences checked"
            self._busy_words.setText(known if progress.total else "Waiting for the model…")
        self._show()

    def _on_chosen(self, number: int) -> None:
        self._show_buttons()
        self.change_chosen.emit(number)

    # ---- private

    def _show(self) -> None:
        changes = self._controller.changes
        doubtful = sum(one.is_doubtful for one in changes)
        words = f"{len(changes):,} change{'' if len(changes) == 1 else 's'}"
        self._title.setText(f"{words}, {doubtful} doubtful" if doubtful else words if changes else "No changes yet")
        self._accept_all.setEnabled(bool(changes))
        self._refuse_all.setEnabled(bool(changes))
        for one in (self._back, self._next):
            one.setEnabled(bool(changes))
        self._show_buttons()
        self.setVisible(bool(changes) or self._controller.is_busy)

    def _show_buttons(self) -> None:
        for one in (self._accept, self._refuse):
            one.setEnabled(bool(self.list.current))
