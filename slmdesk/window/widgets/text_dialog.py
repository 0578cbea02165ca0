"""A non-modal window with a longer text to read and copy."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QPlainTextEdit, QPushButton, QWidget

from slmdesk.window.base import theme
from slmdesk.window.base.clipboard import copy_text
from slmdesk.window.widgets.build import column
from slmdesk.window.widgets.dialog import Dialog
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.text import plain_label
from slmdesk.window.widgets.translate_request import TranslatableText, request_translation


class TextDialog(Dialog):
    """A sentence, an optional warning, and a read-only plain text.

    Copying gives `text`, even where `shown` is displayed instead.  Text that is not prose cannot be translated.
    """

    def __init__(
        self,
        parent: QWidget,
        *,
        title: str,
        intro: str,
        text: str,
        warning: str = "",
        shown: str | None = None,
        is_prose: bool = True,
    ) -> None:
        super().__init__(parent)
        passing(self, "text_dialog", title)
        self.resize(760, 560)
        self._copied, self._is_prose = text, is_prose
        self._build_ui(intro, text if shown is None else shown, warning)
        self._connect()

    def _build_ui(self, intro: str, text: str, warning: str) -> None:
        layout = column(
            plain_label(intro, self, name="text_dialog_intro"), into=self, gap=theme.SPACE_12, margins=theme.SPACE_16
        )
        if warning:
            layout.addWidget(plain_label(warning, self, name="text_dialog_warning", kind="warn"))
        self._text = named((TranslatableText if self._is_prose else QPlainTextEdit)(text, self), "text_dialog_text")
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
        self._translate = named(QPushButton("Translate", self), "text_dialog_translate")
        self._translate.setToolTip("Open the text, or what is selected in it, in the translator")
        self._translate.setVisible(self._is_prose)
        if self._is_prose:
            self._buttons.addButton(self._translate, QDialogButtonBox.ButtonRole.ActionRole)
        layout.addWidget(self._buttons)

    def _connect(self) -> None:
        self._copy.clicked.connect(lambda: copy_text(self._copied))
        self._translate.clicked.connect(self._on_translate)
        self._buttons.rejected.connect(self.reject)

    def _on_translate(self) -> None:
        chosen = self._text.chosen if isinstance(self._text, TranslatableText) else ""
        request_translation(self, chosen or self._copied)
