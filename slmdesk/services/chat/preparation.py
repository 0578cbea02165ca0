"""Prepares answers: decides how much of each attachment is read, stores that with the question, starts the answer.

Between the request and the model's first word the answer's row is `streaming` like any other.  On the service thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from slmdesk.core.attached import AttachmentPart
from slmdesk.core.errors import KnownError
from slmdesk.core.records import Ending, Message, ModelRecord, Status
from slmdesk.core.types import Role, Sampling
from slmdesk.services.base.events import Event, MessageChanged, MessageEnded, Problem
from slmdesk.services.base.messages import problem_for
from slmdesk.services.chat.answer_writer import Answers
from slmdesk.services.chat.attachments.planner import Plan, PlanRequest, Workers, is_undecided, older_by_passages
from slmdesk.services.chat.attachments.quotes import Quotes
from slmdesk.services.chat.conversation import turns_for_engine
from slmdesk.services.chat.ephemeral import MessageStore
from slmdesk.services.chat.options import Lora


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    """A request to write an answer into an existing row."""

    answer: Message
    message_store: MessageStore
    record: ModelRecord
    system: str
    path: tuple[Message, ...]
    """All messages before the answer, the question last."""
    sampling: Sampling
    lora: Lora | None
    explicit: bool
    goes_on: bool = False
    """The answer is continued: what was decided about its attachments stays."""


class Preparing:
    """Starts answers; those with undecided attachments start once these are decided."""

    def __init__(self, workers: Workers, answers: Answers, quotes: Quotes, publish: Callable[[Event], None]) -> None:
        self._workers, self._answers, self._quotes, self._publish = workers, answers, quotes, publish
        self._plans: dict[str, tuple[Plan, AnswerRequest]] = {}

    def holds(self, message: str) -> bool:
        """Return whether the attachments for this answer are still being decided."""
        return message in self._plans

    @property
    def count(self) -> int:
        """Number of answers whose attachments are still being decided."""
        return len(self._plans)

    def begin(self, request: AnswerRequest) -> None:
        """Start an answer."""
        if not _needs_plan(request.path, goes_on=request.goes_on):
            self._start(request)
            return
        question = request.path[-1]
        turns, _ids = turns_for_engine(request.system, request.path[:-1])
        plan_request = PlanRequest(
            question=question.words,
            asked_before=tuple(one.words for one in request.path[:-1] if one.role is Role.USER),
            parts=question.attachments,
            older=attachments_on(request.path[:-1]),
            turns=tuple(turns),
            record=request.record,
            max_tokens=request.sampling.max_tokens,
            explicit=request.explicit,
        )
        id = request.answer.id
        plan = Plan(
            self._workers, plan_request, lambda parts: self._chosen(id, parts), lambda problem: self._fail(id, problem)
        )
        self._plans[id] = (plan, request)
        self._workers.service_thread.post(lambda: plan.begin() if id in self._plans else None)

    def stop(self, message: str) -> bool:
        """Stop deciding and end the row as `cancelled`; returns whether the answer was being prepared."""
        held = self._plans.get(message)
        if held is None:
            return False
        held[0].cancel()
        self._end(message, Ending(Status.CANCELLED), None)
        return True

    def close(self) -> None:
        """End the answers not started as `interrupted`, so that they can be tried again, when the app ends."""
        for id, (plan, request) in tuple(self._plans.items()):
            plan.cancel()
            with suppress(KnownError):  # then the next desk does it
                request.message_store.end_message(id, "", Ending(Status.INTERRUPTED))
        self._plans.clear()

    # ---- inside

    def _chosen(self, id: str, parts: Sequence[AttachmentPart]) -> None:
        held = self._plans.get(id)
        if held is None:
            return
        request = held[1]
        question = request.path[-1]
        try:
            words = tuple(one for one in question.parts if not isinstance(one, AttachmentPart))
            question = request.message_store.change_parts(question.id, (*words, *parts))
        except KnownError as err:
            self._end(id, _failing(problem_for(err)), problem_for(err))
            return
        del self._plans[id]
        self._publish(MessageChanged(question))
        self._start(replace(request, path=(*request.path[:-1], question)))

    def _start(self, request: AnswerRequest) -> None:
        turns, _ids = turns_for_engine(request.system, request.path)
        watcher = (
            self._quotes.watcher(request.answer, attachments_on(request.path)) if attachments_on(request.path) else None
        )
        self._answers.start(
            request.answer, request.message_store, request.record, turns, request.sampling,
            lora=request.lora, explicit=request.explicit, watcher=watcher,
        )  # fmt: skip

    def _fail(self, id: str, problem: Problem | None) -> None:
        if id in self._plans:
            self._end(id, _failing(problem) if problem else Ending(Status.CANCELLED), problem)

    def _end(self, id: str, ending: Ending, problem: Problem | None) -> None:
        _plan, request = self._plans.pop(id)
        message = replace(
            request.answer, status=ending.status, owner=None, error_code=ending.error_code, error_args=ending.error_args
        )
        with suppress(KnownError):  # the row stays `streaming`, and the next desk makes it `interrupted`
            message = request.message_store.end_message(id, "", ending)
        self._publish(MessageEnded(message, problem))


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


def _failing(problem: Problem) -> Ending:
    return Ending(Status.FAILED, error_code=problem.code, error_args=dict(problem.args))
