"""Delete everything: what would go is counted, words are typed, and slmdesk closes and deletes it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from slmdesk.history.erasing import CONFIRMATION, Erasure
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.build import button, column, row, text_line
from slmdesk.window.widgets.check_box import CheckBox
from slmdesk.window.widgets.dialog import Dialog
from slmdesk.window.widgets.message_box import message_box
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.text import breakable, plain_label, show_words

INTRO = (
    "History, documents, settings, backups, logs and secrets in the system's keyring are deleted for good, and slmdesk "
    "closes. Backups, exports and copies that you made elsewhere stay where they are."
)


class EraseDialog(Dialog):
    """Emits `confirmed` with the Erasure, once the words were typed and the secrets are forgotten."""

    confirmed = Signal(object)

    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        passing(self, "erase_dialog", "Delete everything")
        self.resize(520, 320)
        self._bridge = bridge
        self._found: Erasure | None = None
        self._build_ui()
        self._look()

    def _build_ui(self) -> None:
        intro = plain_label(INTRO, self, name="erase_intro", kind="muted")
        self._models = named(CheckBox("The models too, those that were copied in or downloaded", self), "erase_models")
        self._models.toggled.connect(self._look)
        self._words = plain_label("", self, name="erase_words")
        self._problem = plain_label("", self, name="erase_problem", kind="danger", is_hidden=True)
        asked = plain_label(f"To go on, type: {CONFIRMATION}", self, name="erase_asked")
        self._typed = text_line("erase_typed", self, "", label=f"Type {CONFIRMATION}", most=40)
        self._typed.textChanged.connect(self._show)
        self._erase = button("Delete everything", "erase_button", self, on=self._on_erase)
        self._cancel = button("Cancel", "erase_cancel", self, on=self.reject)
        foot = row(1, self._erase, self._cancel, gap=theme.SPACE_8)
        column(
            intro, self._models, self._words, self._problem, asked, self._typed, 1, foot,
            into=self, gap=theme.SPACE_12, margins=theme.SPACE_16,
        )  # fmt: skip
        self._show()
        self._typed.setFocus()

    def _look(self) -> None:
        models, self._found = self._models.isChecked(), None
        self._show()
        self._bridge.follow(self._bridge.services.erasing.look(models=models), self._on_found, self._on_refused)

    def _on_found(self, found: Erasure) -> None:
        self._found = found
        show_words(self._problem, "")
        places = "\n".join(breakable(str(one)) for one in found.folders)
        self._words.setText(f"{found.files:,} files, {bytes_for_people(found.bytes)}, in:\n{places}")
        self._show()

    def _on_refused(self, problem: Problem) -> None:
        self._words.setText("")
        show_words(self._problem, breakable(problem.sentence))

    def _show(self) -> None:
        is_typed = self._typed.text().strip() == CONFIRMATION
        is_armed = self._found is not None and is_typed
        self._erase.setEnabled(is_armed)
        (self._erase if is_armed else self._cancel).setDefault(True)  # Enter after the words does what they say

    def _on_erase(self) -> None:
        found = self._found
        if found is not None:
            self._erase.setEnabled(False)
            self._bridge.follow(
                self._bridge.services.erasing.forget_secrets(),
                lambda left: self._on_forgotten(found, left),
                self._on_refused,
            )

    def _on_forgotten(self, found: Erasure, left: tuple[str, ...]) -> None:
        """Go on, also where the keyring does not answer: that is said first."""
        if not left:
            self.confirmed.emit(found)
            return
        words = f"Still in the system's keyring, since it does not answer: {', '.join(left)}."
        box = message_box(self, "erase_keyring_dialog", "Delete everything", words, "Remove it there, under “slmdesk”.")
        going = named(box.addButton("Delete the rest", QMessageBox.ButtonRole.DestructiveRole), "erase_rest_button")
        going.clicked.connect(lambda: self.confirmed.emit(found))
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.open()
