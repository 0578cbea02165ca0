"""Private chats in the window: begun, left and come back to, saved, closed.  No widgets here."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from slmdesk.base.records import Item
from slmdesk.chat.ephemeral import is_private
from slmdesk.chat.options import ChatOptions
from slmdesk.chat.window.composer.drafts import Drafts
from slmdesk.runtime.events import ItemGone
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.notice_bar import UNDO_MS, Notice


class OpenChat(Protocol):
    chat: str
    drafts: Drafts
    default_options: ChatOptions

    def open_chat(self, chat: str, message: str = "") -> None: ...

    @property
    def message_ids(self) -> tuple[str, ...]: ...


class PrivateController(QObject):
    listed = Signal(object)
    shown = Signal(bool)

    def __init__(self, bridge: Bridge, chat: OpenChat, parent: QObject) -> None:
        super().__init__(parent, objectName="private_controller")
        self._bridge, self._chat = bridge, chat
        self._chats: dict[str, str] = {}
        self._used: set[str] = set()
        """Those in which something was said."""
        bridge.on(ItemGone, self._on_item_gone)

    @property
    def count(self) -> int:
        """How many there are in which there is something to lose."""
        return len(self._used | {one for one in self._chats if self._chat.drafts.of(one).strip()})

    @property
    def is_open(self) -> bool:
        return is_private(self._chat.chat)

    @property
    def has_words(self) -> bool:
        """Whether the open chat would lose something."""
        return self.is_open and bool(self._chat.message_ids or self._chat.drafts.of(self._chat.chat).strip())

    def begin(self) -> None:
        options = self._chat.default_options
        self._bridge.ask(self._bridge.services.chats.private.begin(options), lambda item: self._chat.open_chat(item.id))

    def save(self) -> None:
        chat = self._chat.chat
        draft = self._chat.drafts.of(chat)
        if self.is_open:
            self._bridge.ask(self._bridge.services.chats.private.save(chat), partial(self._on_saved, draft))

    def close(self) -> None:
        """Drop the open one for good."""
        chat = self._chat.chat
        if self.is_open:
            self._bridge.services.chats.private.end(chat)

    def show(self, chat: str, title: str) -> None:
        if is_private(chat):
            self._chats[chat] = title
            self.note_words()
        self.listed.emit(dict(self._chats))
        self.shown.emit(is_private(chat))

    def note_words(self) -> None:
        if self.is_open and self._chat.message_ids:
            self._used.add(self._chat.chat)

    def _on_saved(self, draft: str, saved: Item) -> None:
        self._chat.drafts.put(saved.id, draft)
        self._chat.open_chat(saved.id)
        self._bridge.notice_raised.emit(
            Notice(f"“{saved.title}” is saved with the other chats.", life_ms=UNDO_MS, key="private saved")
        )

    def _on_item_gone(self, event: ItemGone) -> None:
        self._used.discard(event.id)
        if self._chats.pop(event.id, None) is not None:
            self.listed.emit(dict(self._chats))
