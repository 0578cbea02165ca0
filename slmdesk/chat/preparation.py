"""Turns a path of messages into a request for an answer, once it is decided how much of each attachment is read, and
what is left out of a chat that has become too long.

The first is stored with the question, the other with the chat.  On the service thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from slmdesk.base.attached import AttachmentPart
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.records import Item, Message
from slmdesk.base.types import Role
from slmdesk.chat.answer_writer import AnswerRequest
from slmdesk.chat.context_window import ContextWindow
from slmdesk.chat.options import ASK, options_from
from slmdesk.chat.veils import Veils
from slmdesk.runtime.events import Event, MessageChanged, Problem
from slmdesk.runtime.messages import problem_for

if TYPE_CHECKING:
    from slmdesk.chat.attachments.planner import Plan, Workers
    from slmdesk.chat.attachments.quotes import Quotes
    from slmdesk.chat.room import Room, RoomWorkers


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

        from slmdesk.chat.room import Room

        def made(window: ContextWindow) -> None:
            if window != self._window:  # what was read of it begins otherwise
                self._request = changed(self._request, state=None)
            self._window = window
            then()

        room = Room(self._preparer.room(), self._request, self._window, self._path, self._way)
        self._under_way.append(room)
        room.begin(made, failed)

    def _plan(self, then: Callable[[], None], failed: Callable[[Problem | None], None]) -> None:
        from slmdesk.chat.attachments.planner import Plan, PlanRequest

        request, before, question = self._request, self._path[:-1], self._path[-1]
        try:
            turns, _ids = self._window.turns(before)
        except KnownError as err:
            failed(problem_for(err))
            return
        plan_request = PlanRequest(
            question=question.words,
            asked_before=tuple(one.words for one in before if one.role is Role.USER),
            parts=question.attachments,
            older=_older(before, self._window),
            turns=tuple(turns),
            record=request.record,
            max_tokens=request.sampling.max_tokens,
            explicit=request.explicit,
        )

        def chosen(parts: Sequence[AttachmentPart]) -> None:
            words = tuple(one for one in question.parts if not isinstance(one, AttachmentPart))
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
    return tuple(part for one in path for part in one.attachments)


def _older(path: Sequence[Message], window: ContextWindow) -> tuple[AttachmentPart, ...]:
    """Return the attachments of earlier messages; of one that is left out passages are looked for again."""
    gone = window.left_out(path)
    return tuple(
        changed(part, attached=changed(part.attached, is_whole=False, places=())) if one.id in gone else part
        for one in path
        for part in one.attachments
    )


def _needs_plan(path: Sequence[Message], window: ContextWindow, *, goes_on: bool) -> bool:
    """Return whether something must be decided: a new attachment, or one that is read by passages for each question."""
    if not attachments_on(path) or path[-1].role is not Role.USER:
        return False
    from slmdesk.chat.attachments.planner import is_undecided, older_by_passages

    question = path[-1]
    if is_undecided(question.parts):
        return True
    return not goes_on and not question.attachments and bool(older_by_passages(_older(path[:-1], window)))
