"""A dialog for the access token, opened from the settings."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from slmdesk.window.base import theme
from slmdesk.window.widgets.access_token import TokenController
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.dialog import Dialog
from slmdesk.window.widgets.named import passing
from slmdesk.window.widgets.text import plain_label
from slmdesk.window.widgets.token_form import TokenForm

WIDTH = 560
INTRO = (
    "On the Hub, under Settings, Access Tokens, make a token that may read, and paste it here. It takes the place of "
    "the one kept before, is sent to the Hub for gated models alone, and is written into no log."
)


class TokenDialog(Dialog):
    def __init__(self, tokens: TokenController, parent: QWidget) -> None:
        super().__init__(parent)
        passing(self, "token_dialog", "Access token")
        self._form = TokenForm(tokens, self)
        keep = button("Keep it", "token_keep_button", self, kind="primary", on=self._form.submit)
        close = button("Cancel", "token_cancel_button", self, on=self.reject)
        keep.setAutoDefault(False)
        close.setAutoDefault(False)
        parts = (plain_label(INTRO, self, name="token_intro"), self._form, 1, row(1, close, keep, gap=theme.SPACE_8))
        column(*parts, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)
        self._form.given.connect(self._form.submit)
        self._form.kept.connect(self.accept)
        self.fit(WIDTH)
        self._form.setFocus()
