"""Keeps on the disk what a model has read of a chat, so that the chat can go on another day without being read again.

It is saved once the chat has rested, never on the way of an answer, and goes with the chat (documents.saved_states).
Chats that are not kept have no state.  On the service thread.
"""

from __future__ import annotations

from contextlib import suppress

from slmdesk.base.errors import KnownError
from slmdesk.base.records import Message, ModelRecord, Status
from slmdesk.base.types import ChatMessage, Json
from slmdesk.chat.conversation import active_path, leaf_of
from slmdesk.chat.ephemeral import PREFIX
from slmdesk.chat.options import options_from
from slmdesk.chat.veils import Veils
from slmdesk.library.saved_states import StateService
from slmdesk.models.service import ModelService
from slmdesk.runtime.events import MessageEnded
from slmdesk.runtime.service import Runtime, Service
from slmdesk.runtime.service_thread import Later

REST_S = 20.0
"""After its last answer a chat has rested."""
LEAST_TOKENS = 200
"""Of a conversation: fewer are read in a moment."""


class ChatStates(Service):
    def __init__(
        self, runtime: Runtime, models: ModelService, states: StateService, veils: Veils, *, kind: str, version: str
    ) -> None:
        super().__init__(runtime)
        self._models, self._states, self._kind, self._version = models, states, kind, version
        self._veils = veils
        self._resting: dict[str, Later] = {}
        runtime.events.on(MessageEnded, self._on_message_ended)

    def known(self, record: ModelRecord, turns: list[ChatMessage]) -> dict[str, Json] | None:
        return self._states.known(record, turns, self._version) if turns else None

    def close(self) -> None:
        for one in self._resting.values():
            one.cancel()
        self._resting.clear()

    def _on_message_ended(self, event: MessageEnded) -> None:
        message = event.message
        if message.item.startswith(PREFIX) or self._store.read_only:
            return
        if earlier := self._resting.pop(message.item, None):
            earlier.cancel()
        if message.status is Status.COMPLETE and (message.tokens_in or 0) + (message.tokens_out or 0) >= LEAST_TOKENS:
            self._resting[message.item] = self._service_thread.call_later(REST_S, lambda: self._rested(message))

    def _rested(self, message: Message) -> None:
        self._resting.pop(message.item, None)
        with suppress(KnownError):  # deleted meanwhile, or its model is gone
            item = self._store.items.get(message.item)
            path = active_path(self._store.messages.of_item(item.id), leaf_of(item))
            record = self._models.by_sha256(message.model_sha256)
            has_adapter = bool(options_from(item.settings).lora)
            if (
                item.kind == self._kind
                and item.deleted_at is None
                and path
                and path[-1].id == message.id
                and record
                and not has_adapter
            ):
                turns, _ids = self._veils.window(item).turns(path)
                self._states.keep(record, turns, self._version, [item.id], replaces=True)
