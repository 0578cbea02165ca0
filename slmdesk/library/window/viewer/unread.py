"""Shown in place of the pages of a document that could not be read."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QWidget

from slmdesk.library.window.controller import DocumentsController
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column
from slmdesk.window.widgets.text import breakable, plain_label


class UnreadDocument(QFrame):
    def __init__(self, controller: DocumentsController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("document_unread")
        self._title = plain_label("", self, name="unread_title", kind="heading")
        self._reason = plain_label("", self, name="unread_reason")
        self._again = button("Read it again", "read_again_button", self)
        self._again.clicked.connect(lambda: controller.read_again(controller.current))
        for label in (self._title, self._reason):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        again = (self._again, Qt.AlignmentFlag.AlignHCenter)
        column(2, self._title, self._reason, again, 3, into=self, gap=theme.SPACE_12, margins=theme.SPACE_24)

    def show_reason(self, name: str, reason: str, *, is_locked: bool) -> None:
        self._title.setText(breakable(f"{name} is locked" if is_locked else f"{name} could not be read"))
        self._reason.setText(breakable(reason))
        self._again.setText("Enter the password…" if is_locked else "Read it again")
