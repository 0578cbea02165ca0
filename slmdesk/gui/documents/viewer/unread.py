"""Shown in place of the pages of a document that could not be read."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from slmdesk.gui.base import theme
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.text import breakable, plain_label


class UnreadDocument(QFrame):
    """Says why a document cannot be shown.  Emits `again_requested` when a person wants another try."""

    again_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("document_unread")
        self._title = plain_label("", self, name="unread_title", kind="heading")
        self._reason = plain_label("", self, name="unread_reason")
        self._again = named(QPushButton("Read it again", self), "read_again_button")
        self._again.clicked.connect(self.again_requested)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_24, theme.SPACE_24, theme.SPACE_24, theme.SPACE_24)
        column.setSpacing(theme.SPACE_12)
        column.addStretch(2)
        for label in (self._title, self._reason):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(label)
        column.addWidget(self._again, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)

    def show_reason(self, name: str, reason: str, *, is_locked: bool) -> None:
        """Show why, in a sentence; a locked document needs its password, another may have been repaired meanwhile."""
        self._title.setText(breakable(f"{name} is locked" if is_locked else f"{name} could not be read"))
        self._reason.setText(breakable(reason))
        self._again.setText("Enter the password…" if is_locked else "Read it again")
