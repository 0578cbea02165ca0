"""The prompt of a chat, made of a path of messages; what the model has read of it is kept.  Service thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.records import Item, Message, ModelRecord, Status
from slmdesk.base.types import AttachmentPart, ChatMessage, Json, Role
from slmdesk.chat.answers import AnswerRequest
from slmdesk.chat.conversation import AFTER, NOTES, PREFIX, ContextWindow, Stores, Veils, active_path, leaf_of
from slmdesk.chat.types import ASK, SUMMARIZE, TurnsLeftOut, options_from
from slmdesk.library.saved_states import StateService
from slmdesk.models.service import ModelService
from slmdesk.runtime.events import Event, ItemChanged, MessageChanged, MessageEnded
from slmdesk.runtime.service import Later, Runtime, Service, Slices

if TYPE_CHECKING:
    from slmdesk.chat.attachments import Planner, Quotes
    from slmdesk.chat.context import NoteWriter


class Preparer(Record):
    stores: Stores
    planner: Callable[[], Planner]
    writer: Callable[[], NoteWriter]
    quotes: Callable[[], Quotes]
    publish: Callable[[Event], None]
    veils: Veils

    def request(
        self, request: AnswerRequest, answer: Message, item: Item, path: Sequence[Message], *, goes_on: bool = False
    ) -> AnswerRequest:
        """Return `request` with the turns of `path` (all messages before the answer, the question last), or with a
        preparation where room may have to be made or attachments are undecided.

        `goes_on`: the answer is continued, and what was decided about its attachments stays.
        """
        window, way = self.veils.window(item), options_from(item.settings).when_full
        needs_plan = _needs_plan(path, window, goes_on=goes_on)
        if way == ASK and not needs_plan and window.veil is None:
            return self._whole(request, answer, window, path)

        def prepare(*, explicit: bool) -> Slices[AnswerRequest | None]:
            seen = yield from self._with_room(request, answer, window, path, way, explicit=explicit)
            decided = path
            if seen and needs_plan:
                parts = yield from self.planner().choose(request, seen, path, explicit=explicit)
                if parts is None:
                    return None
                decided = (*path[:-1], self._decided(path[-1], parts))
                seen = yield from self._with_room(request, answer, seen, decided, way, explicit=explicit)
            if seen is None:
                return None
            whole = self._whole(request, answer, seen, decided)
            return whole if seen == window else changed(whole, state=None)  # what was read of it begins otherwise

        return changed(request, prepare=prepare)

    def _with_room(
        self,
        request: AnswerRequest,
        answer: Message,
        window: ContextWindow,
        path: Sequence[Message],
        way: str,
        *,
        explicit: bool,
    ) -> Slices[ContextWindow | None]:
        if way == ASK:
            return window
        from slmdesk.chat.context import Room

        room = Room(self.writer(), self.publish, answer, request, window, path)
        seen = yield from room.make(way, explicit=explicit)
        if seen and seen != window:
            items = self.stores.of(answer.item).items
            item = items.change_settings(answer.item, **{AFTER: seen.after, NOTES: seen.notes or None})
            self.publish(ItemChanged(item))
            has_notes = way == SUMMARIZE and bool(seen.notes)
            self.publish(TurnsLeftOut(answer.item, answer.id, len(seen.left_out(path)), has_notes=has_notes))
        return seen

    def _decided(self, question: Message, parts: Sequence[AttachmentPart]) -> Message:
        words = tuple(part for part in question.parts if not isinstance(part, AttachmentPart))
        decided = self.stores.of(question.item).messages.change_parts(question.id, (*words, *parts))
        self.publish(MessageChanged(decided))
        return decided

    def _whole(
        self, request: AnswerRequest, answer: Message, window: ContextWindow, path: Sequence[Message]
    ) -> AnswerRequest:
        begun = answer.text
        turns, _ids = window.turns(path, begun)  # by one table with the words that the engine is given as its prefix
        attached = attachments_on(path)
        watcher = self.quotes().watcher(attached) if attached else request.watcher
        return changed(
            request, turns=tuple(turns[:-1] if begun else turns), watcher=watcher, kept=window.kept, veil=window.veil
        )


def attachments_on(path: Sequence[Message]) -> tuple[AttachmentPart, ...]:
    return tuple(part for message in path for part in message.attachments)


def older_attachments(path: Sequence[Message], window: ContextWindow) -> tuple[AttachmentPart, ...]:
    """Return the attachments of earlier messages; of one that is left out passages are looked for again."""
    gone = window.left_out(path)
    return tuple(
        changed(part, attached=changed(part.attached, is_whole=False, places=())) if message.id in gone else part
        for message in path
        for part in message.attachments
    )


def _needs_plan(path: Sequence[Message], window: ContextWindow, *, goes_on: bool) -> bool:
    """Return whether something must be decided: a new attachment, or one that is read by passages for each question."""
    if not attachments_on(path) or path[-1].role is not Role.USER:
        return False
    from slmdesk.chat.attachments import is_undecided, older_by_passages

    question = path[-1]
    if is_undecided(question.parts):
        return True
    return not goes_on and not question.attachments and bool(older_by_passages(older_attachments(path[:-1], window)))


# ---- keeps on the disk what a model has read of a chat
#
# so that the chat can go on another day without being read again It is saved once the chat has rested, never on the
# way of an answer, and goes with the chat (documents.saved_states). Chats that are not kept have no state. On the
# service thread.


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
        for later in self._resting.values():
            later.cancel()
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
