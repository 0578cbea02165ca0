"""The private chats that there are, over the list of the kept ones: the way back to one that was left."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from slmdesk.chat.conversation import NEW_CHAT
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import column
from slmdesk.window.widgets.elided_button import ElidedButton
from slmdesk.window.widgets.icon import set_icon
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_tip

PRIVATE = "Private chat"


class PrivateList(QFrame):
    chat_chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "private_list", label="Private chats")
        self._shown: Mapping[str, str] = {}
        self._buttons: list[ElidedButton] = []
        self._column = column(into=self, gap=0, margins=(theme.SPACE_8, 0))
        self.hide()

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        return tuple(self._buttons)

    def show_chats(self, chats: Mapping[str, str]) -> None:
        if chats == self._shown:
            return
        self._shown = chats
        for old in self._buttons:
            old.hide()
            old.deleteLater()
        self._buttons = [self._button(chat, title) for chat, title in chats.items()]
        for one in self._buttons:
            self._column.addWidget(one)
        self.setVisible(bool(self._buttons))

    def _button(self, chat: str, title: str) -> ElidedButton:
        words = PRIVATE if title == NEW_CHAT else f"{PRIVATE}: {title}"
        made = named(ElidedButton(words.replace("&", "&&"), self), "private_chat", label=words, kind="status")
        made.setToolTip(plain_tip(words))
        set_icon(made, "eye-off", "muted")
        made.clicked.connect(partial(self.chat_chosen.emit, chat))
        return made
