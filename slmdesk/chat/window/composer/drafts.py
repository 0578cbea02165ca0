"""Unsent text and attachments of each chat."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from slmdesk.base.records import Item
from slmdesk.base.types import Json
from slmdesk.chat.window.attachments.controller import AttachController
from slmdesk.runtime.events import ItemGone, Problem
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.delay import Delay
from slmdesk.window.base.window_state import WindowStateFile

if TYPE_CHECKING:
    from slmdesk.services import Services


SAVE_AFTER_MS = 1500


class Drafts(QObject):
    """Drafts by chat ('' for the new one), in memory, and in the store once saved."""

    def __init__(self, bridge: Bridge, state: WindowStateFile, attached: AttachController, parent: QObject) -> None:
        super().__init__(parent, objectName="drafts")
        self._bridge, self._state, self._attached = bridge, state, attached
        self._now: dict[str, str] = {}
        self._kept: dict[str, tuple[str, list[Json]]] = {}
        self._timer = Delay(self, SAVE_AFTER_MS, self.save)
        bridge.on(ItemGone, self._on_item_gone)

    def of(self, chat: str) -> str:
        return self._now.get(chat, "")

    def put(self, chat: str, text: str) -> None:
        self._now[chat] = text

    def open(self, item: Item) -> None:
        if item.id not in self._now:
            kept = item.settings.get("draft")
            self._now[item.id] = kept if isinstance(kept, str) else ""
            self._attached.open(item)
            self._kept[item.id] = (self._now[item.id], self._attached.kept(item.id))

    def _on_item_gone(self, event: ItemGone) -> None:
        self._now.pop(event.id, None)
        self._attached.forget(event.id)

    def save_soon(self) -> None:
        self._timer.start()

    def save(self) -> None:
        for chat in {*self._now, *self._attached.chats} - {""}:
            now = (self.of(chat), self._attached.kept(chat))
            if now != self._kept.get(chat, ("", [])):
                self._kept[chat] = now
                self._bridge.ask(partial(_keep, chat, *now), None, _ignore)

    def save_all(self, open_chat: str) -> None:
        """Save all drafts; a new chat with a draft is saved too, and where it is the open one, the next start opens it.

        The window is closing.
        """
        self.save()
        is_open = open_chat == ""
        draft, attached = self.of(""), self._attached.kept("")
        if draft.strip() or attached:
            self._bridge.ask(partial(self._keep_new_chat, draft, attached, is_open), None, _ignore)

    def _keep_new_chat(self, draft: str, attached: Sequence[Json], is_open: bool, services: Services) -> None:
        item = services.chats.new_chat()
        services.chats.keep_draft(item.id, draft, attached)
        if is_open:
            self._state.change(last_chat=item.id)


def _keep(chat: str, draft: str, attached: Sequence[Json], services: Services) -> None:
    services.chats.keep_draft(chat, draft, attached)


def _ignore(problem: Problem) -> None:
    """A draft that cannot be saved stays in memory; the cause is shown elsewhere."""
