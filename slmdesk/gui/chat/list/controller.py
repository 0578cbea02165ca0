"""The list of chats: pages of it, search, renaming, deleting with undo.  No widgets here."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from slmdesk.core.records import Found, Item, Message, Status
from slmdesk.gui.base.bridge import Bridge
from slmdesk.gui.base.window_state import WindowStateFile
from slmdesk.gui.chat.list.rows import ChatRows, Key, row_of, row_of_hit
from slmdesk.gui.widgets.exporting import ExportController
from slmdesk.gui.widgets.notice_bar import trashed
from slmdesk.services.base import events
from slmdesk.services.base.events import ItemChanged, ItemGone, MessageAdded, MessageChanged, MessageEnded

KIND = "chat"
MOST_HITS = 200


class ListController(QObject):
    """Fills the rows and carries out requests about chats.

    Lives on the window's thread.  Emits `hint_changed` with a line over the list ('' for none), `rows_changed` when
    there are other rows.
    """

    hint_changed = Signal(str)
    rows_changed = Signal()

    def __init__(self, bridge: Bridge, state: WindowStateFile, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="list_controller")
        self._bridge, self._state = bridge, state
        self.exports = ExportController(bridge, self)
        self.rows = ChatRows(self)
        self._words = ""
        self._writing: dict[str, str] = {}
        """The chats of the answers that are being written."""
        self._unread = frozenset(state.current.unread_chats.split())
        """Chats with an answer that ended while another one was open."""
        self._others: set[str] = set()
        """Items that are no chats."""
        self._open = ""
        self.rows.set_unread(self._unread)
        self.rows.page_requested.connect(self._on_page_requested)
        self.rows.rename_requested.connect(self.rename)
        bridge.on(ItemChanged, self._on_item_changed)
        bridge.on(ItemGone, self._on_item_gone)
        bridge.opened.connect(self.start)
        bridge.on(MessageAdded, self._on_message_reported)
        bridge.on(MessageChanged, self._on_message_reported)
        bridge.on(MessageEnded, self._on_message_reported)

    @Slot()
    def start(self) -> None:
        """Load the chats again, newest first; a search is repeated."""
        if not self._words:
            self.rows.start()

    def mark_open(self, chat: str) -> None:
        """A person looks at this chat ('' for a new one): its answers are no news."""
        self._open = chat
        self._set_unread(self._unread - {chat})

    @Slot(str, str)
    def rename(self, chat: str, title: str) -> None:
        self._bridge.ask(lambda services: services.chats.rename(chat, title), None)

    @Slot(str)
    def delete(self, chat: str) -> None:
        """Move a chat to the trash; a notice offers to undo it."""
        self._bridge.ask(lambda services: services.chats.trash(chat), self._on_trashed)

    @Slot(str)
    def search(self, words: str) -> None:
        """Search all chats; empty words show the chats again.  Only the latest search counts."""
        if words == self._words:
            return
        self._words = words
        if not words:
            self.hint_changed.emit("")
            self.rows.start()
            return
        self._bridge.ask(
            lambda services: services.history.search(words, limit=MOST_HITS), partial(self._on_found, words)
        )

    @Slot(object, int)
    def _on_page_requested(self, before: Key | None, limit: int) -> None:
        self._bridge.ask(
            lambda services: services.history.items(KIND, before=before, limit=limit), self._on_page_arrived
        )

    def _on_page_arrived(self, items: Sequence[Item]) -> None:
        self.rows.show_page([row_of(item) for item in items])
        self.rows_changed.emit()

    def _on_found(self, words: str, found: Sequence[Found]) -> None:
        if words != self._words:
            return
        self.rows.show_hits([row_of_hit(hit) for hit in found])
        if not found:
            hint = "Nothing found"
        elif len(found) >= MOST_HITS:
            hint = f"The newest {MOST_HITS} matches; another word finds fewer"
        else:
            hint = "1 match" if len(found) == 1 else f"{len(found)} matches"
        self.hint_changed.emit(hint)
        self.rows_changed.emit()

    def _on_trashed(self, item: Item) -> None:
        self.rows.drop(item.id)
        self._bridge.notice_raised.emit(trashed(item, self._restore))

    def _restore(self, chat: str) -> None:
        self._bridge.ask(lambda services: services.chats.restore(chat), None)

    @Slot(object)
    def _on_item_changed(self, event: events.ItemChanged) -> None:
        if event.item.kind != KIND:
            self._others.add(event.item.id)
            return
        if event.item.deleted_at is not None:
            self.rows.drop(event.item.id)
        else:
            self.rows.put(row_of(event.item))
        self.rows_changed.emit()

    @Slot(object)
    def _on_item_gone(self, event: events.ItemGone) -> None:
        self.rows.drop(event.id)
        self._others.discard(event.id)
        self._set_unread(self._unread - {event.id})

    @Slot(object)
    def _on_message_reported(self, event: events.MessageAdded | events.MessageChanged | events.MessageEnded) -> None:
        message: Message = event.message
        if message.status is Status.STREAMING:
            self._writing[message.id] = message.item
        elif self._writing.pop(message.id, None) is None:
            return
        elif message.status is not Status.CANCELLED and message.item not in (self._open, *self._others):
            self._set_unread(self._unread | {message.item})
        self.rows.set_writing(frozenset(self._writing.values()))

    def _set_unread(self, chats: frozenset[str]) -> None:
        if chats == self._unread:
            return
        self._unread = chats
        self.rows.set_unread(chats)
        words = " ".join(sorted(chats))
        self._bridge.ask(lambda _services: self._state.change(unread_chats=words), None, lambda _problem: None)
