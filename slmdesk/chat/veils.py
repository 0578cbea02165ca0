"""What of a chat the model sees, with what is private hidden in chats that are redacted.  Service thread."""

from __future__ import annotations

from dataclasses import replace  # noqa: TID251

from slmdesk.base.record import Record
from slmdesk.base.records import Item, Message
from slmdesk.chat.context_window import ContextWindow, window_of, window_then
from slmdesk.chat.conversation import REDACT
from slmdesk.redaction.service import RedactionService, Veil


class Veils(Record):
    redaction: RedactionService

    def of(self, item: Item) -> Veil | None:
        return self.redaction.veil(item.id) if item.settings.get(REDACT) is True else None

    def window(self, item: Item) -> ContextWindow:
        return replace(window_of(item), veil=self.of(item))

    def window_then(self, item: Item, answer: Message) -> ContextWindow:
        return replace(window_then(item, answer), veil=self.of(item))
