"""What is said of a private chat, over its messages; its ways in and out."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFrame, QLabel, QMessageBox, QWidget

from slmdesk.chat.window.conversation.controller import ChatController
from slmdesk.chat.window.list.list import ChatList
from slmdesk.window.base import theme
from slmdesk.window.base.shortcuts import bind
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.icon import set_icon
from slmdesk.window.widgets.message_box import message_box
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_label

PRIVATE = "Private chat"
SENTENCE = "Nothing of it is written to the disk. It is gone when you close it, and when slmdesk quits or locks."
LOST = "This chat is in no file: once closed, it cannot be brought back."
LOST_MORE = "To keep it, choose “Save this chat” first."


class PrivateBar(QFrame):
    save_requested = Signal()
    close_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "private_bar", label=f"{PRIVATE}: {SENTENCE}")
        self._badge = plain_label(PRIVATE, self, name="private_badge", kind="badge", wraps=False)
        self._words = plain_label(SENTENCE, self, name="private_words", kind="small")
        icon = QLabel(self)
        set_icon(icon, "eye-off", "muted")
        self.save = button(
            "Save this chat",
            "private_save",
            self,
            kind="quiet",
            tip="Keep it with the other chats",
            on=self.save_requested,
        )
        self.close_button = button(
            "Close", "private_close", self, kind="quiet", tip="Forget this chat", on=self.close_requested
        )
        top = row(icon, self._badge, 1, self.save, self.close_button, gap=theme.SPACE_8)
        column(top, self._words, into=self, gap=theme.SPACE_4, margins=(theme.SPACE_16, theme.SPACE_8))
        self.hide()

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        return self.save, self.close_button


class PrivateEntry(QObject):
    begun = Signal()
    changed = Signal()

    def __init__(self, chat: ChatController, chats: ChatList, bar: PrivateBar, page: QWidget) -> None:
        super().__init__(page, objectName="private_entry")
        self._page, self._private = page, chat.private
        bind(page, "chat.private", self._on_begin)
        chats.private_requested.connect(self._on_begin)
        chats.private.chat_chosen.connect(chat.open_chat)
        self._private.listed.connect(chats.private.show_chats)
        self._private.listed.connect(self.changed)
        self._private.shown.connect(bar.setVisible)
        bar.save_requested.connect(self._private.save)
        bar.close_requested.connect(self._on_close)

    def _on_begin(self) -> None:
        self._private.begin()
        self.begun.emit()

    def _on_close(self) -> None:
        if not self._private.has_words:
            self._private.close()
            return
        box = message_box(self._page, "private_close_dialog", "Close this private chat", LOST, LOST_MORE)
        closing = named(box.addButton("Close it", QMessageBox.ButtonRole.DestructiveRole), "private_close_button")
        staying = named(box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole), "private_stay_button")
        box.setDefaultButton(staying)
        box.setEscapeButton(staying)
        closing.clicked.connect(self._private.close)
        box.open()
