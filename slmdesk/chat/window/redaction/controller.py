"""Whether a chat is redacted, and what would be replaced in a message.  No widgets."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from slmdesk.base.records import Item
from slmdesk.chat.conversation import REDACT
from slmdesk.redaction.service import Preview
from slmdesk.runtime.events import ItemChanged
from slmdesk.window.base.bridge import Bridge, Call


class RedactionController(QObject):
    changed = Signal(bool)
    preview_arrived = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent, objectName="redaction_controller")
        self._bridge = bridge
        self._chat = ""
        self._following: Call | None = None
        self.is_on = False
        bridge.on(ItemChanged, self._on_item_changed)

    def show(self, item: Item | None) -> None:
        """The chat that is open now; None: a new one, which is not redacted."""
        self._chat = item.id if item else ""
        self._set(item is not None and item.settings.get(REDACT) is True)

    def begin_chat(self, item: Item) -> None:
        self._chat = item.id

    def switch(self, is_on: bool) -> None:
        """Redact the open chat from its next message on, or no longer."""
        if is_on == self.is_on:
            return
        self._set(is_on)
        if chat := self._chat:
            self._bridge.services.chats.redact(chat, on=is_on)

    def look_at(self, text: str) -> None:
        if self._following is not None:
            self._following.cancel()
        chat = self._chat
        arrived = partial(self._on_preview, chat)
        self._following = self._bridge.follow(self._bridge.services.redaction.look(text, chat), arrived)

    def _on_preview(self, chat: str, preview: Preview) -> None:
        self._following = None
        if chat == self._chat and self.is_on:
            self.preview_arrived.emit(preview)

    def _on_item_changed(self, event: ItemChanged) -> None:
        if event.item.id == self._chat:
            self._set(event.item.settings.get(REDACT) is True)

    def _set(self, is_on: bool) -> None:
        if is_on != self.is_on:
            self.is_on = is_on
            self.changed.emit(is_on)
