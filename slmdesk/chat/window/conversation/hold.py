"""Whether the open chat is on hold.  No widgets here."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from slmdesk.base.retention import Hold
from slmdesk.chat.ephemeral import is_private
from slmdesk.history.retention_labels import held_words
from slmdesk.runtime.events import ItemChanged, ItemsAdded, Problem
from slmdesk.window.base.bridge import Bridge


class HoldWatch(QObject):
    shown = Signal(str)

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent, objectName="hold_watch")
        self._bridge = bridge
        self._chat = ""
        bridge.on(ItemChanged, self._on_item_changed)
        bridge.on(ItemsAdded, self._on_items_added)

    @Slot(str, str)
    def show(self, chat: str, _title: str = "") -> None:
        self._chat = chat
        if not chat or is_private(chat):
            self.shown.emit("")
            return
        self._bridge.ask(self._bridge.services.retention.hold_on(chat), partial(self._on_found, chat), _ignore)

    def _on_items_added(self) -> None:
        """A space, or everything, may have been put on hold or released."""
        self.show(self._chat)

    def _on_found(self, chat: str, hold: Hold | None) -> None:
        if chat == self._chat:
            self.shown.emit(held_words(hold))

    def _on_item_changed(self, event: ItemChanged) -> None:
        if event.item.id == self._chat:
            self.show(self._chat)


def _ignore(problem: Problem) -> None:
    """The chat has gone meanwhile."""
