"""What is written in each chat but not sent."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from slmdesk.core.records import Item
from slmdesk.gui.bridge import Bridge
from slmdesk.services.facts import Problem

if TYPE_CHECKING:
    from slmdesk.services.services import Services


class Drafts:
    """Drafts by chat ('' for the one not yet begun), in memory, and in the store once they are saved."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._now: dict[str, str] = {}
        self._kept: dict[str, str] = {}

    def of(self, chat: str) -> str:
        """The draft of a chat."""
        return self._now.get(chat, "")

    def put(self, chat: str, text: str) -> None:
        """What is written there now."""
        self._now[chat] = text

    def open(self, item: Item) -> None:
        """Take over what the store has for a chat that is opened for the first time."""
        if item.id not in self._now:
            kept = item.settings.get("draft")
            self._now[item.id] = self._kept[item.id] = kept if isinstance(kept, str) else ""

    def forget(self, chat: str) -> None:
        """The chat is gone."""
        self._now.pop(chat, None)

    def save(self) -> None:
        """Write the drafts of chats into the store; the one of a chat not yet begun stays in memory."""
        for chat, draft in self._now.items():
            if chat and draft != self._kept.get(chat, ""):
                self._kept[chat] = draft
                self._bridge.ask(partial(_keep, chat, draft), None, _ignore)

    def save_new(self, *, is_open: bool) -> None:
        """Save a chat not yet begun with its draft; when it `is_open`, the next start opens it."""
        draft = self.of("")
        if draft.strip():
            self._bridge.ask(partial(_keep_new_chat, draft, is_open), None, _ignore)


def _keep(chat: str, draft: str, services: Services) -> None:
    services.chats.keep_draft(chat, draft)


def _keep_new_chat(draft: str, is_open: bool, services: Services) -> None:
    item = services.chats.new_chat()
    services.chats.keep_draft(item.id, draft)
    if is_open:
        services.settings.change(last_chat=item.id)


def _ignore(problem: Problem) -> None:
    """A draft that cannot be saved stays in memory; what keeps it from being saved is told elsewhere."""
