"""Asks a model for a few answers without message rows, for a person who waits.  Service thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, Partial
from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord
from slmdesk.base.types import Answer, FinishReason, Json, TokenProbability
from slmdesk.base.wire import answer_from, stored_from
from slmdesk.loader.lease import Lease
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import plain_args, problem_for, problem_of
from slmdesk.runtime.pending import Pending


class Words(Record):
    text: str = ""
    probabilities: tuple[TokenProbability, ...] = ()
    is_cut: bool = False
    """It ended at the limit of its length."""


def ask_once(
    loader: ModelLoader,
    record: ModelRecord,
    steps: Sequence[Mapping[str, Json]],
    answered: Callable[[int, Words], object] | None = None,
) -> Pending[list[Words]]:
    """Run steps (jobs.steps.step_of) side by side, before all background work.

    Ends with the answers in order, one without words where none came, or with the first Problem; cancelled, it reports
    nothing.  Reports how many answers are there, and of how many, as pairs; `answered` is called with the number of a
    step and its answer as soon as that is there.
    """
    pending: Pending[list[Words]] = Pending(lambda: lease.release())
    answers = [Words()] * len(steps)
    problem: Problem | None = None
    done = 0

    def start(lease: Lease) -> None:
        job = lease.start("batch", {}, lambda event: on_event(lease, event))
        for number, step in enumerate(steps):
            job.step(str(number), step)
        job.end_of_steps()

    def on_event(lease: Lease, event: FromChild) -> None:
        nonlocal problem, done
        if isinstance(event, Partial):
            try:
                answer = _answer_in(event.value)
                is_cut = answer.finish_reason is FinishReason.LENGTH
                answers[int(event.key)] = Words(answer.text, answer.probabilities, is_cut)
                if answered is not None:
                    answered(int(event.key), answers[int(event.key)])
            except Exception as err:  # noqa: BLE001  whoever waits is told, also of a fault in `answered`
                problem = problem or problem_for(err)
            done += 1
            pending.progress((done, len(steps)))
        elif isinstance(event, Done | Failed | Cancelled):
            lease.release()
            if isinstance(event, Failed):
                problem = problem_of(event.code, event.args)
            pending.end(problem or answers)

    lease = loader.acquire(
        record, start, lambda problem: pending.end(problem or problem_for(KnownError("model.not_loaded")))
    )
    return pending


def _answer_in(value: Mapping[str, Json]) -> Answer:
    """The answer of a step.  Raises KnownError with the step's own code."""
    code = value.get("code")
    if isinstance(code, str):
        raise KnownError(code, **plain_args(stored_from(dict, value.get("args")) or {}))
    return answer_from(value.get("answer"))
