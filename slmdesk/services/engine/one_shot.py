"""Asks a model for a few answers without message rows, for a person who waits.  Service thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.client import JobHandle
from slmdesk.core.errors import KnownError
from slmdesk.core.protocol import Cancelled, Done, Failed, FromChild, Partial
from slmdesk.core.records import ModelRecord
from slmdesk.core.types import Answer, Json, LoadedModel, TokenProbability
from slmdesk.core.wire import answer_from
from slmdesk.services.base.events import Problem
from slmdesk.services.base.file_thread import OnEnded
from slmdesk.services.base.messages import problem_for, problem_of
from slmdesk.services.base.service_thread import ServiceThread
from slmdesk.services.engine.model_loader import LoadRequest, ModelLoader


class AskOnce:
    """Runs steps (jobs.steps.step_of) side by side, before all background work.

    `ended` gets the answers in order, or the first Problem; it is not called after `cancel`.  `probabilities` are then
    those of the words, where the steps ask for them.
    """

    def __init__(
        self,
        service_thread: ServiceThread,
        loader: ModelLoader,
        record: ModelRecord,
        steps: Sequence[Mapping[str, Json]],
        ended: OnEnded[list[str]],
    ) -> None:
        self._service_thread, self._loader, self._steps, self._ended = service_thread, loader, list(steps), ended
        self._answers: dict[str, Answer] = {}
        self._problem: Problem | None = None
        self._job: JobHandle | None = None
        self._load_request: LoadRequest | None = None
        self._is_over = False
        load_request = loader.want(record, self._ready, self._failed)
        if self._job is None and not self._is_over:
            self._load_request = load_request

    def cancel(self) -> None:
        """Cancel the steps."""
        if self._is_over:
            return
        self._is_over = True
        if self._load_request is not None:
            self._loader.forget(self._load_request)
        if self._job is not None:
            self._job.cancel()
            self._loader.end()

    @property
    def probabilities(self) -> list[tuple[TokenProbability, ...]]:
        """Return the token probabilities of each step's answer in order; none for one without an answer yet."""
        answers = (self._answers.get(str(number)) for number in range(len(self._steps)))
        return [one.probabilities if one else () for one in answers]

    def _ready(self, loaded: LoadedModel) -> None:
        if self._is_over:
            return
        self._loader.begin()
        payload: dict[str, Json] = {"handle": loaded.handle}

        def on_event(event: FromChild) -> None:  # on a thread of the client
            self._service_thread.post(lambda: self._on_event(event))

        self._job = self._loader.client.start("batch", payload, on_event, priority="interactive")
        for number, step in enumerate(self._steps):
            self._job.step(str(number), step)
        self._job.end_of_steps()

    def _failed(self, problem: Problem | None) -> None:
        self._over(problem or problem_for(KnownError("model.not_loaded")))

    def _on_event(self, event: FromChild) -> None:
        if self._is_over:
            return
        if isinstance(event, Partial):
            try:
                self._answers[event.key] = _answer_in(event.value)
            except KnownError as err:
                self._problem = self._problem or problem_for(err)
        elif isinstance(event, Done | Failed | Cancelled):
            self._loader.end()
            if isinstance(event, Failed):
                self._problem = problem_of(event.code, event.args)
            answers = (self._answers.get(str(number)) for number in range(len(self._steps)))
            self._over(self._problem or [one.text if one else "" for one in answers])

    def _over(self, result: list[str] | Problem) -> None:
        if not self._is_over:
            self._is_over = True
            self._ended(result)


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
