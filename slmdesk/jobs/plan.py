"""Plans: generators that yield batches of steps for a job and are sent their results.

A plan itself is never stored.  After a pause or a crash it starts again from the beginning and is sent the stored
results, so it must ask for the same steps when it is sent the same results.  Service thread.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.records import JobRecord
from slmdesk.base.types import Json
from slmdesk.jobs.time_left import ExpectedBatch
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.service_thread import ServiceThread
from slmdesk.store import Store

EVERY = 1 << 30


class Batch(Record):
    """Steps that may run side by side.  The plan is sent their results in order, None for a failed step."""

    steps: Sequence[Mapping[str, Json]] = ()
    prompt_version: str = ""
    cost: float = 1.0
    """Cost of one step relative to other batches, roughly in tokens; used to estimate the time left."""
    later: float = 0.0
    """Total cost of the batches that will probably follow; ignored when `ahead` is given."""
    name: str = ""
    """Name of this sort of batch: its measured cost is stored for later jobs of the same kind."""
    ahead: tuple[ExpectedBatch, ...] = ()


class Yield(Record):
    """Lets other work run on the service thread; the plan is resumed right after."""


class Question(Record):
    """Asks for a value that arrives later: the plan is sent the value, or ends with the Problem given instead."""

    ask: Callable[[Callable[[Any], None]], object]


AskedQuestion: TypeAlias = Batch | Yield | Question
Plan: TypeAlias = Generator[AskedQuestion, Any, None]
"""Returns once its result is stored.  Raises KnownError when there can be no result."""
StepValue: TypeAlias = "Mapping[str, Json] | None"


class JobPlanner:
    follows_words: ClassVar[bool] = False

    def plan(self, job: JobRecord) -> Plan:
        raise NotImplementedError

    def on_step(self, job: str, key: str, value: Mapping[str, Json]) -> None:
        """Called when a step of the last batch has its result, so that it can be shown before the batch is complete."""

    def on_words(self, job: str, key: str, words: str) -> None: ...

    def on_model(self, job: str) -> None:
        """Called when the model is there, or there again: steps without a result are answered from their beginning."""


class PlanRunner:
    def __init__(
        self,
        service_thread: ServiceThread,
        store: Store,
        plan: Plan,
        *,
        job: JobRecord,
        on_batch: Callable[[], None],
        on_end: Callable[[Problem | None], None],
    ) -> None:
        self._service_thread, self._store, self._plan, self._job = service_thread, store, plan, job
        self._report_batch, self._report_end = on_batch, on_end
        self._keys: list[str] | None = None
        self.is_thinking = False
        """The plan is working; do not resume it again."""
        self.batch: Batch | None = None
        self._is_closed = False

    def go_on(self, key_of: Callable[[str, str, Mapping[str, Json]], str]) -> None:
        """Resume the plan after all steps so far have ended.  `key_of` is `steps.step_key`."""
        if self.is_thinking or self._is_closed:
            return
        self._key_of = key_of
        values: list[StepValue] | None = None
        if self._keys is not None:
            done = self._store.jobs.step_values(self._job.id)
            values = [done.get(key) for key in self._keys]
        self._send(values)

    @property
    def has_ended(self) -> bool:
        """Whether every step of the last batch has ended; some may have done so in an earlier run of the job."""
        asked = frozenset(self._keys or ())
        return not any(one.key in asked for one in self._store.jobs.open_steps(self._job.id, EVERY))

    def close(self) -> None:
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
            self._report_end(None)
        except KnownError as err:
            self._report_end(problem_for(err))
        except Exception as err:  # noqa: BLE001  a fault of the plan must end its job, or the job would wait for ever
            self._report_end(problem_for(err))

    def _on_answer(self, answer: Any) -> None:
        if isinstance(answer, Problem):
            if not self._is_closed:
                self._report_end(answer)
        else:
            self._send(answer)

    def _on_batch(self, batch: Batch) -> None:
        keyed = {self._key_of(self._job.model_sha256, batch.prompt_version, step): step for step in batch.steps}
        self._keys = [self._key_of(self._job.model_sha256, batch.prompt_version, step) for step in batch.steps]
        self.batch = batch
        self._store.jobs.add_steps(self._job.id, list(keyed.items()))
        self.is_thinking = False
        self._report_batch()
