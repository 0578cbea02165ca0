"""A dialog in which a person changes a question, an answer or notes."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialogButtonBox, QPlainTextEdit, QPushButton, QWidget

from slmdesk.window.base import theme
from slmdesk.window.widgets.build import column
from slmdesk.window.widgets.dialog import Dialog
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.text import plain_label

QUESTION = (
    "Edit the question",
    "It is asked again from here. The old question stays as a version, with all that followed it.",
    "Ask again",
)
ANSWER = (
    "Edit the answer",
    "The chat goes on with your words, and the answer is marked as edited. What the model wrote can be brought back.",
    "Save",
)
NOTES = (
    "Edit the notes",
    "The model reads these notes in place of the messages that are left out. They are sent with each question.",
    "Save",
)


class EditDialog(Dialog):
    saved = Signal(str)

    def __init__(self, parent: QWidget, text: str, words: tuple[str, str, str]) -> None:
        """`words`: QUESTION, ANSWER or NOTES."""
        super().__init__(parent)
        title, intro, save = words
        passing(self, "edit_dialog", title)
        self.resize(680, 420)
        self._before = text
        self._text = named(QPlainTextEdit(text, self), "edit_text")
        self._text.setAccessibleName(title)
        self._text.setTabChangesFocus(True)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self._save = named(QPushButton(save, self), "edit_save")
        self._save.setProperty("kind", "primary")
        self._save.setToolTip(f"{save} (Ctrl+Enter)")
        self._buttons.addButton(self._save, QDialogButtonBox.ButtonRole.AcceptRole)
        column(
            plain_label(intro, self, name="edit_intro"), (self._text, 1), self._buttons,
            into=self, gap=theme.SPACE_12, margins=theme.SPACE_16,
        )  # fmt: skip
        self._buttons.accepted.connect(self._on_accepted)
        self._buttons.rejected.connect(self.reject)
        self._text.textChanged.connect(self._show_state)
        self._text.moveCursor(self._text.textCursor().MoveOperation.End)
        self._text.setFocus()
        self._show_state()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter saves."""
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if self._save.isEnabled():
                self._on_accepted()
        else:
            super().keyPressEvent(event)

    def _on_accepted(self) -> None:
        self.saved.emit(self._text.toPlainText())
        self.accept()

    def _show_state(self) -> None:
        text = self._text.toPlainText()
        self._save.setEnabled(bool(text.strip()) and text != self._before)
