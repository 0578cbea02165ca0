"""The items of one kind made of the shown document: listed, renamed, deleted with undo.  No widgets here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from slmdesk.base.records import Item
from slmdesk.runtime import events
from slmdesk.runtime.events import ItemChanged
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.notice_bar import trash


class ItemsController(QObject):
    listed = Signal(object, str)
    current_gone = Signal()
    restored = Signal(str)

    def __init__(self, bridge: Bridge, kind: str, parent: QObject) -> None:
        super().__init__(parent, objectName=f"{kind}_items")
        self._bridge, self._kind = bridge, kind
        self._document = ""
        self.shown: Sequence[Item] = ()
        self.current = ""
        bridge.on(ItemChanged, self._on_item_changed)

    def show_document(self, document: str, then: Callable[[Sequence[Item]], None] | None = None) -> None:
        """List the items of another document; `then` is called with them if that document is still shown."""
        self._document, self.shown = document, ()
        self.listed.emit([], self.current)
        self.refresh(then)

    def set_current(self, item: str) -> None:
        if item != self.current:
            self.current = item
            self.listed.emit(self.shown, item)

    def refresh(self, then: Callable[[Sequence[Item]], None] | None = None) -> None:
        document, kind = self._document, self._kind
        if not document:
            return

        def received(items: Sequence[Item]) -> None:
            if document != self._document:
                return
            self.shown = items
            self.listed.emit(items, self.current)
            if then is not None:
                then(items)

        self._bridge.ask(self._bridge.services.history.about(document, kind), received)

    def rename(self, item: str, title: str) -> None:
        self._bridge.services.history.rename(item, title)

    def delete(self, item: str) -> None:
        """Move an item to the trash; a notice offers to undo it."""
        trash(self._bridge, item, self._on_restored)

    def _on_restored(self, item: Item) -> None:
        self.refresh(lambda _items: self.restored.emit(item.id))

    def _on_item_changed(self, event: events.ItemChanged) -> None:
        item = event.item
        if item.kind != self._kind or all(one.id != item.id for one in self.shown):
            return
        is_gone = item.deleted_at is not None
        if is_gone and item.id == self.current:
            self.current = ""
            self.refresh(lambda _items: self.current_gone.emit())
        else:
            self.refresh()
