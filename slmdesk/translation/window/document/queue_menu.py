"""A menu of the documents begun in this run of the window, with the state of each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from slmdesk.base.records import JobStatus
from slmdesk.jobs.labels import share_words
from slmdesk.translation.window.document.controller import StartedTranslation
from slmdesk.window.widgets.named import named

STATUS_WORDS = {
    JobStatus.OPEN: "waits",
    JobStatus.RUNNING: "is being translated",
    JobStatus.PAUSED: "paused",
    JobStatus.DONE: "done",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "cancelled",
}


class QueueMenu(QPushButton):
    """A button with a menu; hidden for fewer than two documents."""

    item_chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Documents", parent)
        self.setObjectName("queue_button")
        self.setToolTip("The documents begun since the window was opened, and how they stand")
        self._menu = named(QMenu(self), "queue_menu")
        self.setMenu(self._menu)
        self.hide()

    def show_queue(self, queue: Sequence[StartedTranslation]) -> None:
        self.setVisible(len(queue) > 1)
        done = sum(one.status is JobStatus.DONE for one in queue)
        self.setText(f"{done} of {len(queue)} documents done")
        if self._menu.isVisible():  # it would close under the pointer
            return
        self._menu.clear()
        for one in queue:
            words = STATUS_WORDS[one.status]
            words += f", {share_words(one.share)}" if one.status is JobStatus.RUNNING and one.share else ""
            words += f", written as {one.written.name}" if one.written else ""
            action = named(self._menu.addAction(f"{one.path.name}: {words}".replace("&", "&&")), "queue_entry")
            action.triggered.connect(partial(self.item_chosen.emit, one.item))
