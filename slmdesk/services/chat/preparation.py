"""Turns a path of messages into a request for an answer, once it is decided how much of each attachment is read.

The decision is stored with the question.  On the service thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from slmdesk.core.attached import AttachmentPart
from slmdesk.core.errors import KnownError
from slmdesk.core.records import Message
from slmdesk.core.types import Role
from slmdesk.services.base.events import Event, MessageChanged, Problem
from slmdesk.services.base.messages import problem_for
from slmdesk.services.chat.answer_writer import AnswerRequest
from slmdesk.services.chat.attachments.planner import Plan, PlanRequest, Workers, is_undecided, older_by_passages
from slmdesk.services.chat.attachments.quotes import Quotes
from slmdesk.services.chat.conversation import turns_for_engine


@dataclass(frozen=True, slots=True)
class Preparer:
    """Makes the requests of a chat's answers."""

    workers: Workers
    quotes: Quotes
    publish: Callable[[Event], None]

    def request(
        self, request: AnswerRequest, system: str, path: Sequence[Message], *, goes_on: bool = False
    ) -> AnswerRequest:
        """Return `request` with the turns of `path` (all messages before the answer, the question last), or with a
        preparation where attachments are undecided.

        `goes_on`: the answer is continued, and what was decided about its attachments stays.
        """
        if not _needs_plan(path, goes_on=goes_on):
            return self.whole(request, system, path)
        return replace(request, preparation=_Attaching(self, request, system, path))

    def whole(self, request: AnswerRequest, system: str, path: Sequence[Message]) -> AnswerRequest:
        """Return `request` with the turns of `path`, whose attachments are decided."""
        turns, _ids = turns_for_engine(system, path)
        attached = attachments_on(path)
        watcher = self.quotes.watcher(attached) if attached else request.watcher
        return replace(request, turns=tuple(turns), watcher=watcher)


class _Attaching:
    """Decides the attachments of one question; see `answer_writer.Preparation`."""

    def __init__(self, preparer: Preparer, request: AnswerRequest, system: str, path: Sequence[Message]) -> None:
        self._preparer, self._request, self._system, self._path = preparer, request, system, path
        self._plan: Plan | None = None

    def begin(self, ready: Callable[[AnswerRequest], None], failed: Callable[[Problem | None], None]) -> None:
        request, before, question = self._request, self._path[:-1], self._path[-1]
        turns, _ids = turns_for_engine(self._system, before)
        plan_request = PlanRequest(
            question=question.words,
            asked_before=tuple(one.words for one in before if one.role is Role.USER),
            parts=question.attachments,
            older=attachments_on(before),
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
            ready(self._preparer.whole(request, self._system, (*before, decided)))

        self._plan = Plan(self._preparer.workers, plan_request, chosen, failed)
        self._plan.begin()

    def cancel(self) -> None:
        if self._plan:
            self._plan.cancel()


def attachments_on(path: Sequence[Message]) -> tuple[AttachmentPart, ...]:
    """Return the attachments of the messages of a path, in order."""
    return tuple(part for one in path for part in one.attachments)


def _needs_plan(path: Sequence[Message], *, goes_on: bool) -> bool:
    """Return whether something must be decided: a new attachment, or one that is read by passages for each question.

    A question that was asked with passages is asked again with the same ones.
    """
    if not path or path[-1].role is not Role.USER:
        return False
    question = path[-1]
    if is_undecided(question.parts):
        return True
    return not goes_on and not question.attachments and bool(older_by_passages(attachments_on(path[:-1])))
