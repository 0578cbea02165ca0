"""A non-modal window with a longer text, to be read and copied."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from slmdesk.gui import theme
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.text import plain_label


class TextDialog(QDialog):
    """A sentence, a warning where there is one, and a read-only plain text."""

    def __init__(self, parent: QWidget, *, title: str, intro: str, text: str, warning: str = "") -> None:
        super().__init__(parent)
        self.setObjectName("text_dialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.resize(760, 560)
        self._build_ui(intro, text, warning)
        self._connect()

    def _build_ui(self, intro: str, text: str, warning: str) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_16, theme.SPACE_16, theme.SPACE_16, theme.SPACE_16)
        layout.setSpacing(theme.SPACE_12)
        layout.addWidget(plain_label(intro, self, name="text_dialog_intro"))
        if warning:
            layout.addWidget(plain_label(warning, self, name="text_dialog_warning", kind="warn"))
        self._text = named(QPlainTextEdit(text, self), "text_dialog_text")
        self._text.setReadOnly(True)
        self._text.setProperty("kind", "code")
        self._text.setAccessibleName(self.windowTitle())
        self._text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        layout.addWidget(self._text, 1)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self._copy = named(QPushButton("Copy", self), "text_dialog_copy")
        self._buttons.addButton(self._copy, QDialogButtonBox.ButtonRole.ActionRole)
        layout.addWidget(self._buttons)

    def _connect(self) -> None:
        self._copy.clicked.connect(self._on_copy)
        self._buttons.rejected.connect(self.reject)

    @Slot()
    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text.toPlainText())
