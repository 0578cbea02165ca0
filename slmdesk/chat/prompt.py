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
from slmdesk.chat.conversation import PREFIX, ContextWindow, Veils, active_path, leaf_of
from slmdesk.chat.types import ASK, options_from
from slmdesk.library.saved_states import StateService
from slmdesk.models.service import ModelService
from slmdesk.runtime.events import Event, MessageChanged, MessageEnded
from slmdesk.runtime.messages import Problem, problem_for
from slmdesk.runtime.service import Later, Runtime, Service

if TYPE_CHECKING:
    from slmdesk.chat.attachments import Plan, Quotes, Workers
    from slmdesk.chat.context import Room, RoomWorkers


class Preparer(Record):
    workers: Callable[[], Workers]
    room: Callable[[], RoomWorkers]
    quotes: Callable[[], Quotes]
    publish: Callable[[Event], None]
    veils: Veils

    def request(
        self, request: AnswerRequest, item: Item, path: Sequence[Message], *, goes_on: bool = False
    ) -> AnswerRequest:
        """Return `request` with the turns of `path` (all messages before the answer, the question last), or with a
        preparation where room may have to be made or attachments are undecided.

        `goes_on`: the answer is continued, and what was decided about its attachments stays.
        """
        window, way = self.veils.window(item), options_from(item.settings).when_full
        needs_plan = _needs_plan(path, window, goes_on=goes_on)
        if way == ASK and not needs_plan and window.veil is None:
            return self.whole(request, window, path)
        return changed(request, preparation=_Preparing(self, request, window, path, way=way, needs_plan=needs_plan))

    def whole(self, request: AnswerRequest, window: ContextWindow, path: Sequence[Message]) -> AnswerRequest:
        begun = request.message.text
        turns, _ids = window.turns(path, begun)  # by one table with the words that the engine is given as its prefix
        attached = attachments_on(path)
        watcher = self.quotes().watcher(attached) if attached else request.watcher
        return changed(
            request, turns=tuple(turns[:-1] if begun else turns), watcher=watcher, kept=window.kept, veil=window.veil
        )


class _Preparing:
    def __init__(
        self,
        preparer: Preparer,
        request: AnswerRequest,
        window: ContextWindow,
        path: Sequence[Message],
        *,
        way: str,
        needs_plan: bool,
    ) -> None:
        self._preparer, self._request, self._window, self._path = preparer, request, window, tuple(path)
        self._way, self._needs_plan = way, needs_plan
        self._under_way: list[Room | Plan] = []

    def begin(self, ready: Callable[[AnswerRequest], None], failed: Callable[[Problem | None], None]) -> None:
        def end() -> None:
            try:
                whole = self._preparer.whole(self._request, self._window, self._path)
            except KnownError as err:  # something cannot be redacted, so nothing is sent
                failed(problem_for(err))
            else:
                ready(whole)

        def plan() -> None:
            self._plan(lambda: self._make_room(end, failed), failed)

        self._make_room(plan if self._needs_plan else end, failed)

    def cancel(self) -> None:
        for one in self._under_way:
            one.cancel()

    def _make_room(self, then: Callable[[], None], failed: Callable[[Problem | None], None]) -> None:
        if self._way == ASK:
            then()
            return

        from slmdesk.chat.context import Room

        def made(window: ContextWindow) -> None:
            if window != self._window:  # what was read of it begins otherwise
                self._request = changed(self._request, state=None)
            self._window = window
            then()

        room = Room(self._preparer.room(), self._request, self._window, self._path, self._way)
        self._under_way.append(room)
        room.begin(made, failed)

    def _plan(self, then: Callable[[], None], failed: Callable[[Problem | None], None]) -> None:
        from slmdesk.chat.attachments import Plan, PlanRequest

        request, before, question = self._request, self._path[:-1], self._path[-1]
        try:
            turns, _ids = self._window.turns(before)
        except KnownError as err:
            failed(problem_for(err))
            return
        plan_request = PlanRequest(
            question=question.words,
            asked_before=tuple(message.words for message in before if message.role is Role.USER),
            parts=question.attachments,
            older=_older(before, self._window),
            turns=tuple(turns),
            record=request.record,
            max_tokens=request.sampling.max_tokens,
            explicit=request.explicit,
        )

        def chosen(parts: Sequence[AttachmentPart]) -> None:
            words = tuple(part for part in question.parts if not isinstance(part, AttachmentPart))
            try:
                decided = request.message_store.messages.change_parts(question.id, (*words, *parts))
            except KnownError as err:
                failed(problem_for(err))
                return
            self._preparer.publish(MessageChanged(decided))
            self._path = (*before, decided)
            then()

        plan = Plan(self._preparer.workers(), plan_request, chosen, failed)
        self._under_way.append(plan)
        plan.begin()


def attachments_on(path: Sequence[Message]) -> tuple[AttachmentPart, ...]:
    return tuple(part for message in path for part in message.attachments)


def _older(path: Sequence[Message], window: ContextWindow) -> tuple[AttachmentPart, ...]:
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
    return not goes_on and not question.attachments and bool(older_by_passages(_older(path[:-1], window)))


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
