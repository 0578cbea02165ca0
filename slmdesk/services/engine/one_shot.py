"""Asks a model for a few answers without message rows, for a person who waits.  Service thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.core.errors import KnownError
from slmdesk.core.protocol import Cancelled, Done, Failed, FromChild, Partial
from slmdesk.core.records import ModelRecord
from slmdesk.core.types import Answer, Json, TokenProbability
from slmdesk.core.wire import answer_from
from slmdesk.services.base.events import Problem
from slmdesk.services.base.file_thread import OnEnded
from slmdesk.services.base.messages import problem_for, problem_of
from slmdesk.services.engine.lease import Lease
from slmdesk.services.engine.model_loader import ModelLoader


class AskOnce:
    """Runs steps (jobs.steps.step_of) side by side, before all background work.

    `ended` gets the answers in order, or the first Problem; it is not called after `cancel`.  `probabilities` are then
    those of the words, where the steps ask for them.
    """

    def __init__(
        self,
        loader: ModelLoader,
        record: ModelRecord,
        steps: Sequence[Mapping[str, Json]],
        ended: OnEnded[list[str]],
    ) -> None:
        self._steps, self._ended = list(steps), ended
        self._answers: dict[str, Answer] = {}
        self._problem: Problem | None = None
        self._lease = loader.acquire(record, self._start, self._failed)

    def cancel(self) -> None:
        """Cancel the steps."""
        self._lease.release()

    @property
    def probabilities(self) -> list[tuple[TokenProbability, ...]]:
        """Return the token probabilities of each step's answer in order; none for one without an answer yet."""
        answers = (self._answers.get(str(number)) for number in range(len(self._steps)))
        return [one.probabilities if one else () for one in answers]

    def _start(self, lease: Lease) -> None:
        job = lease.start("batch", {}, lambda event: self._on_event(lease, event))
        for number, step in enumerate(self._steps):
            job.step(str(number), step)
        job.end_of_steps()

    def _failed(self, problem: Problem | None) -> None:
        self._ended(problem or problem_for(KnownError("model.not_loaded")))

    def _on_event(self, lease: Lease, event: FromChild) -> None:
        if isinstance(event, Partial):
            try:
                self._answers[event.key] = _answer_in(event.value)
            except KnownError as err:
                self._problem = self._problem or problem_for(err)
        elif isinstance(event, Done | Failed | Cancelled):
            lease.release()
            if isinstance(event, Failed):
                self._problem = problem_of(event.code, event.args)
            answers = (self._answers.get(str(number)) for number in range(len(self._steps)))
            self._ended(self._problem or [one.text if one else "" for one in answers])


def _answer_in(value: Mapping[str, Json]) -> Answer:
    """The answer of a step.  Raises KnownError with the step's own code."""
    code, args = value.get("code"), value.get("args")
    if isinstance(code, str):
        plain = (
            {key: one for key, one in args.items() if isinstance(one, str | int | float)}
            if (isinstance(args, Mapping))
            else {}
        )
        raise KnownError(code, **plain)
    return answer_from(value.get("answer"))
