"""Jobs whose steps are found while they run: a plan asks for some, is given what came of them, and asks for more.

A plan is a generator.  It is never kept: after a pause or a crash it begins anew and is given what was stored, so it
must ask for the same steps when it is given the same values.  Service thread.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from slmdesk.core.errors import KnownError
from slmdesk.core.records import JobRecord
from slmdesk.core.types import Json
from slmdesk.services.base.events import Problem
from slmdesk.services.base.messages import problem_for
from slmdesk.services.base.service_thread import ServiceThread
from slmdesk.services.jobs.time_left import Ahead
from slmdesk.store import Store

EVERY = 1 << 30


@dataclass(frozen=True, slots=True)
class Batch:
    """Steps that can be done side by side.  The plan is sent what came of each in order, None for a failed one."""

    steps: Sequence[Mapping[str, Json]]
    prompt_version: str
    cost: float = 1.0
    """Of one of them, beside the steps of other batches, about in tokens: for the time left."""
    later: float = 0.0
    """The cost of all batches that are likely to follow; where `ahead` is given it is not looked at."""
    name: str = ""
    """Of its sort: what one costs is measured, and known to the next job of the kind."""
    ahead: tuple[Ahead, ...] = ()
    """The batches that are likely to follow."""


@dataclass(frozen=True, slots=True)
class Yield:
    """Others may use the service thread; the plan goes on at once."""


@dataclass(frozen=True, slots=True)
class Question:
    """Something that is answered later, by whoever `ask` asks: a value for the plan, or why there is none."""

    ask: Callable[[Callable[[Any], None]], object]


Asked: TypeAlias = Batch | Yield | Question
Plan: TypeAlias = Generator[Asked, Any, None]
"""Ends when its result is kept.  Raises KnownError when there can be none."""
StepValue: TypeAlias = "Mapping[str, Json] | None"


class JobPlanner:
    """Who plans the jobs of a kind."""

    def plan(self, job: JobRecord) -> Plan:
        """The plan of a job, from its beginning."""
        raise NotImplementedError

    def on_step(self, job: str, key: str, value: Mapping[str, Json]) -> None:
        """A step of the last batch has its result: something may be shown before all have."""


class PlanRunner:
    """One job's plan while this instance runs the job."""

    def __init__(
        self,
        service_thread: ServiceThread,
        store: Store,
        plan: Plan,
        *,
        job: JobRecord,
        grown: Callable[[], None],
        ended: Callable[[Problem | None], None],
    ) -> None:
        self._service_thread, self._store, self._plan, self._job = service_thread, store, plan, job
        self._grown, self._ended = grown, ended
        self._keys: list[str] | None = None
        self.is_thinking = False
        """It is at work, and nobody need ask again."""
        self.batch: Batch | None = None
        """What was asked for last."""
        self._is_closed = False

    def go_on(self, key_of: Callable[[str, str, Mapping[str, Json]], str]) -> None:
        """All steps so far have ended: what next?  `key_of` is `job_steps.step_key`."""
        if self.is_thinking or self._is_closed:
            return
        self._key_of = key_of
        values: list[StepValue] | None = None
        if self._keys is not None:
            done = self._store.step_values(self._job.id)
            values = [done.get(key) for key in self._keys]
        self._send(values)

    @property
    def has_ended(self) -> bool:
        """Whether every step of the last batch has ended: some do so in an earlier run of the job."""
        asked = frozenset(self._keys or ())
        return not any(one.key in asked for one in self._store.open_steps(self._job.id, EVERY))

    def close(self) -> None:
        """The job is not run here any more."""
        self._is_closed = True
        if not self.is_thinking:
            self._plan.close()

    def _send(self, value: Any) -> None:
        if self._is_closed:
            return
        self.is_thinking = True
        try:
            asked = self._plan.send(value)
            if isinstance(asked, Batch):
                self._on_batch(asked)
            elif isinstance(asked, Question):
                asked.ask(lambda answer: self._service_thread.post(lambda: self._on_answer(answer)))
            else:
                self._service_thread.post(lambda: self._send(None))
        except StopIteration:
            self._ended(None)
        except KnownError as err:
            self._ended(problem_for(err))
        except Exception as err:  # noqa: BLE001  a fault of the plan must end its job, or the job would wait for ever
            self._ended(problem_for(err))

    def _on_answer(self, answer: Any) -> None:
        if isinstance(answer, Problem):
            if not self._is_closed:
                self._ended(answer)
        else:
            self._send(answer)

    def _on_batch(self, batch: Batch) -> None:
        keyed = {self._key_of(self._job.model_sha256, batch.prompt_version, step): step for step in batch.steps}
        self._keys = [self._key_of(self._job.model_sha256, batch.prompt_version, step) for step in batch.steps]
        self.batch = batch
        self._store.add_steps(self._job.id, list(keyed.items()))
        self.is_thinking = False
        self._grown()
