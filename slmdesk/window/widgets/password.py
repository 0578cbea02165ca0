"""Asks for the password of a locked document."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QInputDialog, QLineEdit, QWidget

from slmdesk.window.widgets.named import passing


def ask_password(parent: QWidget, name: str, given: Callable[[str], None], *, is_wrong: bool) -> None:
    """Ask for the password of the document `name`; `given` is called with it.  Does not block."""
    dialog = passing(QInputDialog(parent), "password_dialog", "Locked document")
    again = "That was not the password. " if is_wrong else ""
    dialog.setLabelText(f"{again}{name} is locked. Its password is used once and kept nowhere:")
    dialog.setTextEchoMode(QLineEdit.EchoMode.Password)
    dialog.textValueSelected.connect(given)
    dialog.open()
