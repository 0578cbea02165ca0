"""A message box whose words are never taken for markup."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from slmdesk.window.widgets.named import passing


def message_box(parent: QWidget | None, name: str, title: str, text: str, more: str = "") -> QMessageBox:
    """A box without buttons yet, deleted when it is closed; `more` stands below the text."""
    box = passing(QMessageBox(parent), name, title)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(text)
    box.setInformativeText(more)
    return box
