"""Offers to translate a text that is too long for the pane as a document."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from slmdesk.translation.window.text.controller import too_long_words
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, row
from slmdesk.window.widgets.file_dialogs import ask_new_file
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_label


class LongTextBar(QFrame):
    file_chosen = Signal(str, object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "long_text_bar", kind="band")
        self._text = ""
        self._words = plain_label("", self, name="long_text_words")
        self._save = button(
            "Translate as a document…", "long_text_button", self,
            tip="Keep the text as a file in a place you choose, and translate that",
        )  # fmt: skip
        self._close = button("Close", "close_long_text_button", self)
        row(
            (self._words, 1), self._save, self._close, into=self, gap=theme.SPACE_8,
            margins=(theme.SPACE_12, theme.SPACE_8, theme.SPACE_8, theme.SPACE_8),
        )  # fmt: skip
        self._save.clicked.connect(self._on_save)
        self._close.clicked.connect(self._on_close)
        self.hide()

    def show_text(self, text: str) -> None:
        self._text = text
        self._words.setText(too_long_words(len(text)))
        self.show()

    def _on_close(self) -> None:
        self._text = ""
        self.hide()

    def _on_save(self) -> None:
        ask_new_file(
            self,
            "Keep the text as a file",
            self._on_file,
            name="long_text_dialog",
            proposed=Path.home() / "text.txt",
            filters="Text (*.txt)",
        )

    def _on_file(self, path: Path) -> None:
        text = self._text
        self._on_close()
        self.file_chosen.emit(text, path)
