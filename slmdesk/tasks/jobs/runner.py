"""Plans of jobs, which are generators that yield batches of steps, and the runner that feeds these steps to the engine.
It also decides what happens after crashes.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import (
    Cancelled,
    Failed,
    FromChild,
    Partial,
    Progress,
    Token,
    answer_from,
    lenient_from,
    messages_to_json,
    record_from,
    stored_from,
)
from slmdesk.base.record import Number, Record, changed, to_json
from slmdesk.base.records import JobRecord, JobStatus, JobStep, ModelRecord, StepStatus
from slmdesk.base.runtime.messages import Problem, problem_for, problem_of
from slmdesk.base.runtime.service import Later, ServiceThread
from slmdesk.base.types import ChatMessage, Json, Sampling
from slmdesk.history.store import Store
from slmdesk.models.loader.model_loader import Lease, ModelLoader
from slmdesk.tasks.jobs.types import ExpectedBatch, JobChanged, Remaining, TimeLeft


def step_key(model_sha256: str, prompt_version: str, step: Mapping[str, Json]) -> str:
    """Return the key of a step's result. The same model, prompt version and input always give the same key."""
    text = json.dumps([model_sha256, prompt_version, step], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def step_of(
    messages: Sequence[ChatMessage],
    sampling: Sampling,
    *,
    choices: Sequence[str] = (),
    with_probabilities: bool = False,
    given: str = "",
) -> dict[str, Json]:
    """Build a step for the engine's `batch` request.

    The step asks for an answer, optionally with the probabilities of its tokens. With `choices` it asks for the
    likelihood of each choice instead. With `given` these words are the answer.
    """
    step: dict[str, Json] = {"messages": messages_to_json(messages), "sampling": to_json(sampling)}
    if choices:
        step["choices"] = list(choices)
    if with_probabilities:
        step["with_probabilities"] = True
    if given:
        step["given"] = given
    return step


def value_of(untrusted: Mapping[str, Json]) -> tuple[dict[str, Json], Problem | None]:
    if "answer" not in untrusted:
        return {}, problem_of(str(untrusted.get("code", ""))[:80], stored_from(dict, untrusted.get("args")) or {})
    try:
        answer = answer_from(untrusted["answer"])
        scores = record_from(list[float], untrusted.get("scores", []))
    except KnownError as err:
        return {}, problem_for(err)
    kept: dict[str, Json] = {"text": answer.text, "finish_reason": str(answer.finish_reason), "scores": scores}
    if answer.probabilities:
        kept["probabilities"] = [list(probability) for probability in answer.probabilities]
    return kept, None


def tokens_of(untrusted: Mapping[str, Json]) -> tuple[int, int]:
    usage = stored_from(dict, (stored_from(dict, untrusted.get("answer")) or {}).get("usage")) or {}
    prompt, output = (stored_from(int, usage.get(key)) or 0 for key in ("prompt_tokens", "output_tokens"))
    return max(0, prompt), max(0, output)


EVERY = 1 << 30


class Batch(Record):
    """Steps that may run side by side. The plan is resumed with their results in order, with None for a failed step."""

    steps: Sequence[Mapping[str, Json]] = ()
    prompt_version: str = ""
    cost: float = 1.0
    """Cost of one step compared with other batches, roughly in tokens. Used to estimate the time left."""
    later: float = 0.0
    """Total cost of the batches that will probably follow. Ignored when `ahead` is given."""
    name: str = ""
    """Name of this sort of batch. The measured cost is stored under this name for later jobs of the same kind."""
    ahead: tuple[ExpectedBatch, ...] = ()


class Yield(Record):
    """Yielded by a plan to let other work run on the service thread. The plan is resumed right after."""


class Question(Record):
    """Yielded by a plan to ask for a value that arrives later. The plan resumes with the value; a Problem ends it."""

    ask: Callable[[Callable[[Any], None]], object]


AskedQuestion: TypeAlias = Batch | Yield | Question
Plan: TypeAlias = Generator[AskedQuestion, Any, None]
"""Generator that yields batches of steps for a job and is resumed with their results. Service thread.

It returns once the result is stored, and raises KnownError if there can be no result. The plan itself is never stored.
After a pause or a crash it starts again from the beginning and receives the stored results, so it must ask for the same
steps whenever it receives the same results.
"""
StepValue: TypeAlias = "Mapping[str, Json] | None"


class JobPlanner:
    follows_words: bool = False
    """Whether the words of an answer are told while the model writes them."""

    def plan(self, job: JobRecord) -> Plan:
        raise NotImplementedError

    def on_step(self, job: str, key: str, value: Mapping[str, Json]) -> None:
        """Called with the result of a step of the last batch, so that it can be shown before the batch is complete."""

    def on_words(self, job: str, key: str, words: str) -> None: ...

    def on_model(self, job: str) -> None:
        """Called when the model is loaded or loaded again. Steps without a result are then answered from the start."""


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
        """True while the plan is running or waits for a value, so it must not be resumed."""
        self.batch: Batch | None = None
        self._is_closed = False
        self._is_inside = False
        """True while the plan itself runs, so it cannot be closed."""

    def go_on(self) -> None:
        """Resume the plan after all steps so far have ended."""
        if self.is_thinking or self._is_closed:
            return
        values: list[StepValue] | None = None
        if self._keys is not None:
            done = self._store.jobs.step_values(self._job.id)
            values = [done.get(key) for key in self._keys]
        self._send(values)

    @property
    def has_ended(self) -> bool:
        """Return whether all steps of the last batch ended, including any that ended in an earlier run of the job."""
        asked = frozenset(self._keys or ())
        return not any(step.key in asked for step in self._store.jobs.open_steps(self._job.id, EVERY))

    def close(self) -> None:
        self._is_closed = True
        if not self._is_inside:  # also where it waits for a value: what it began ends now
            self._plan.close()

    def _send(self, value: Any) -> None:
        if self._is_closed:
            self._plan.close()
            return
        self.is_thinking = True
        try:
            asked = self._resumed(value)
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

    def _resumed(self, value: Any) -> AskedQuestion:
        self._is_inside = True
        try:
            return self._plan.send(value)
        finally:
            self._is_inside = False

    def _on_answer(self, answer: Any) -> None:
        if isinstance(answer, Problem):
            if not self._is_closed:
                self._report_end(answer)
        else:
            self._send(answer)

    def _on_batch(self, batch: Batch) -> None:
        self._keys = [step_key(self._job.model_sha256, batch.prompt_version, step) for step in batch.steps]
        self.batch = batch
        self._store.jobs.add_steps(self._job.id, list(dict(zip(self._keys, batch.steps, strict=True)).items()))
        self.is_thinking = False
        self._report_batch()


NOTE = "pace"
PRICE = "job pace"


class JobPace(Record):
    """The progress and the time left of a job, as they are stored with it. The names of the fields never change."""

    wave: str = ""
    """Name of the batch whose steps are being done."""
    cost: Number = 1.0
    ahead: tuple[tuple[str, int, Number, bool], ...] = ()
    done: int = 0
    done_cost: Number = 0.0
    share: Number | None = None
    at: Number = 0.0
    """When this was noted, in seconds since the epoch."""
    steps_ahead: int = 0
    left: tuple[Number, Number, Number] | None = None


class JobTimes:
    """Connects `TimeLeft` to the stored values about a job's time. Service thread.

    Prices of batches are stored as measurements of this PC; the newest estimate is stored with the job, for other
    instances and for the next start.
    """

    def __init__(self, store: Store, job: JobRecord) -> None:
        self._store = store
        self._prefix = f"{PRICE} {job.model_sha256} {job.kind} "
        known = {
            measurement.key.removeprefix(self._prefix): price
            for measurement in store.measurements.all(self._prefix)
            if (price := stored_from(float, measurement.value.get("s"))) is not None and price > 0
        }
        self._reported = TimeLeft(known)
        self._before = lenient_from(JobPace, job.settings.get(NOTE))
        self._cost, self._ahead = 1.0, ()  # type: float, tuple[ExpectedBatch, ...]
        self._go_on(job.done + job.failed)
        self.read, self.step, self.go, self.stop = (
            self._reported.read,
            self._reported.step,
            self._reported.go,
            self._reported.stop,
        )
        self.left = self._reported.left

    def _go_on(self, done: int) -> None:
        """Continue from the stored progress. Start over if retrying failed steps leaves fewer done than stored."""
        before = self._before
        if before.share is not None and 0 < before.done <= done and before.done_cost >= 0:
            self._reported.take_up(before.done, before.done_cost, min(1.0, max(0.0, before.share)))

    def begin_all(self, done: int, total: int) -> None:
        """Start with the steps that existed before this run. For a planned job these are its stored batch."""
        before = self._before
        expected = tuple(ExpectedBatch(*batch) for batch in before.ahead)
        self._begin(before.wave, before.cost or 1.0, done, total - done, expected)

    def begin_batch(self, batch: Batch | None, done: int, left: int) -> None:
        """Start a batch of a plan. `done` counts all ended steps of the job, including those of earlier runs."""
        if batch is not None:
            ahead = batch.ahead
            if not ahead and batch.later:
                ahead = (ExpectedBatch("", 1, batch.later),)  # the total is known, but not the number of steps
            self._begin(batch.name, batch.cost, done, left, ahead)

    def _begin(self, name: str, cost: float, done: int, left: int, ahead: tuple[ExpectedBatch, ...]) -> None:
        self._cost, self._ahead = cost, ahead
        new = max(0, done - self._reported.steps_done)  # a restarted plan asks for steps that are already counted
        self._reported.begin_batch(name, cost, done=new, left=left, ahead=ahead)

    @property
    def share(self) -> float:
        return self._reported.share

    @property
    def steps_ahead(self) -> int:
        return sum(batch.steps for batch in self._ahead if batch.is_sure and batch.name)

    def keep(self) -> None:
        for name, price in self._reported.measured().items():
            with suppress(KnownError):  # a full disk: the next run measures again
                self._store.measurements.keep(self._prefix + name, {"s": price})

    def note(self) -> dict[str, Json]:
        left = self.left()
        pace = JobPace(
            wave=self._reported.name,
            cost=self._cost,
            ahead=tuple((batch.name, batch.steps, batch.cost, batch.is_sure) for batch in self._ahead),
            done=self._reported.steps_done,
            done_cost=self._reported.done_cost,
            share=round(self.share, 4),
            at=time.time(),
            steps_ahead=self.steps_ahead,
            left=(left.best, left.low, left.high) if left else None,
        )
        return {NOTE: to_json(pace)}


class RecordedTimes(Record):
    share: float | None = None
    left: Remaining | None = None
    steps_ahead: int = 0


def noted_of(job: JobRecord) -> RecordedTimes:
    """Return the progress and time that are stored with a job. The time left is given only while the job runs."""
    pace, left = lenient_from(JobPace, job.settings.get(NOTE)), None
    if job.status is JobStatus.RUNNING and pace.left is not None:
        passed = max(0.0, time.time() - pace.at)
        left = Remaining(*(max(0.0, number - passed) for number in pace.left))
    return RecordedTimes(None if pace.share is None else min(1.0, max(0.0, pace.share)), left, pace.steps_ahead)


WIDTHS = 4
"""Most steps given to the engine at once, in batch widths. A low limit makes pausing quick and resuming cheap."""
ALONE_AFTER = 2
"""After this many crashes of the child during a step, the step is run alone, after all other steps."""
GIVEN_UP_AFTER = 4
"""After this many crashes during a step, the step is given up if it was running alone at the last one.

The number allows two crashes with the step alone, since the first may have had another cause (no memory left, or
somebody ended the process).
"""
MOST_LOSSES = 3
"""The job pauses after this many steps in a row that crashed the child."""
LOOK_S = 1.0
STAND_BACK_S = 30.0
"""Seconds for which a job leaves the engine to a request for another model."""
SAY_S = 5.0
NOTE_S = 2.0
PASSING = ("store.", "disk.", "child.")
"""First parts of problem codes that pass by themselves. The plan may be resumed later as if nothing had happened."""
DEATHS = ("child.died", "child.hung", "child.protocol")


class JobContext(Record):
    service_thread: ServiceThread
    store: Store
    loader: ModelLoader
    is_held: Callable[[], bool]
    say: Callable[[JobChanged], None]
    over: Callable[[JobRun, JobRecord, Problem | None], None]
    """Called when this instance stops running the job: it ended, was paused, or another instance took it."""


class JobRun:
    """A job that this instance is running. It publishes nothing more after `stop` or after the call of `over`."""

    def __init__(
        self, context: JobContext, job: JobRecord, record: ModelRecord | None, planner: JobPlanner | None, *,
        is_explicit: bool,
    ) -> None:  # fmt: skip
        self._context, self._store, self._loader = context, context.store, context.loader
        self.job, self.record = job, record
        self._planner, self._is_explicit = planner, is_explicit
        self._done, self._failed = job.done, job.failed
        self._width = 1
        self.in_hand: dict[str, JobStep] = {}
        self._lease: Lease | None = None
        self._later: Later | None = None
        self._losses = 0
        self._runner: PlanRunner | None = None
        self._times = JobTimes(context.store, job)
        self._noted = self._said = 0.0
        self._is_over = False

    def begin(self) -> None:
        """Ask for the model. If all steps are already done, end the job at once."""
        self._say()
        if self._is_through:
            self._through()
        else:
            self._times.begin_all(self._done + self._failed, self.job.total)
            self._acquire()
            if self._planner and not self._is_over:
                self._through()
        self._look()

    def stop(self) -> None:
        """Stop running the job. Unfinished steps are given to the engine again when the job is resumed."""
        if not self._is_over:
            self._is_over = True
            self.put_down()
            self._times.keep()
            if self._runner:
                self._runner.close()

    def note_now(self) -> None:
        self._noted = 0.0
        self._note()

    def go_on(self) -> None:
        if not (self._is_over or self._lease or self._later):
            self._acquire()

    @property
    def _is_through(self) -> bool:
        return self._done + self._failed == self.job.total

    @property
    def _is_working(self) -> bool:
        return self._lease is not None and self._lease.job is not None

    @property
    def _is_alone(self) -> bool:
        return any(step.deaths >= ALONE_AFTER for step in self.in_hand.values())

    def _look(self) -> None:
        if self._is_over:
            return
        try:
            job = self._store.jobs.get(self.job.id)
        except KnownError:  # the job was deleted for good, together with its item
            self._end(changed(self.job, status=JobStatus.CANCELLED))
            return
        if job.status is not JobStatus.RUNNING or job.owner != self.job.owner:
            self._end(job)  # another instance paused, cancelled or took the job
            return
        if self._is_working and self.record and self._loader.others_wait(self.record):
            self.put_down()
            self._later = self._context.service_thread.call_later(STAND_BACK_S, self._acquire_again)
        elif self._is_working:
            if time.monotonic() - self._said >= SAY_S:
                self._say()
            self._note()
        self._context.service_thread.call_later(LOOK_S, self._look)

    def _acquire_again(self) -> None:
        self._later = None
        if not self._is_over:
            self._acquire()

    def _acquire(self) -> None:
        if self.record is None or self._context.is_held() or (self._runner and self._runner.is_thinking):
            return  # `go_on` comes back here, and so does `_on_batch`
        lease = self._loader.acquire(self.record, self._start, self._pause, explicit=self._is_explicit)
        self._is_explicit = False
        if not lease.is_over:
            self._lease = lease

    def _start(self, lease: Lease) -> None:
        self._lease, self._width = lease, max(1, lease.model.sequences)
        self._times.go()
        follows = self._planner is not None and self._planner.follows_words
        if self._planner:
            self._planner.on_model(self.job.id)
        lease.start("batch", {"stream": True} if follows else {}, self._on_event, priority="background")
        self.feed()

    def feed(self) -> None:
        job = self._lease.job if self._lease else None
        if job is None or len(self.in_hand) > self._width * WIDTHS // 2 or self._is_alone:
            return
        most = self._width * WIDTHS - len(self.in_hand)
        steps = self._store.jobs.open_steps(self.job.id, most, but=self.in_hand)
        if not steps and not self.in_hand:
            self._through()
            return
        trusted = [step for step in steps if step.deaths < ALONE_AFTER]
        for step in trusted or ([] if self.in_hand else steps[:1]):
            self.in_hand[step.key] = step
            job.step(step.key, step.input)

    def _on_event(self, event: FromChild) -> None:
        if isinstance(event, Partial):
            try:
                self._on_partial(event)
            except KnownError as err:  # the disk is full or the history busy: only time is lost
                self._pause(problem_for(err))
        elif isinstance(event, Token):
            if event.key in self.in_hand and self._planner:
                self._planner.on_words(self.job.id, event.key, event.text)
        elif isinstance(event, Progress):
            if event.key in self.in_hand:
                self._times.read(event.key, event.done, event.total)
        elif isinstance(event, Failed):
            self._on_failed(event)
        elif isinstance(event, Cancelled):  # not cancelled here: the children are being closed
            self._pause(None)

    def _on_partial(self, event: Partial) -> None:
        step = self.in_hand.pop(event.key, None)
        if step is None:
            return
        value, problem = value_of(event.value)
        if problem is not None and problem.code == "model.not_loaded":
            self.put_down()
            self._pause(None)
            return
        self._times.step(event.key, *tokens_of(event.value))
        if problem is None:
            kept = self._store.jobs.save_step(self.job.id, step.key, value)
            self._done, self._losses = self._done + kept, 0
            if kept and self._planner:
                self._planner.on_step(self.job.id, step.key, value)
        else:
            kept = self._store.jobs.fail_step(self.job.id, step.key, problem.code, dict(problem.args))
            self._failed += kept
        if not kept:
            self._end(self._store.jobs.get(self.job.id))
            return
        self._say()
        self.feed()

    def _on_failed(self, event: Failed) -> None:
        problem = problem_of(event.code, event.args)
        was_replaced = self._lease is not None and self._lease.was_replaced
        steps, alone = list(self.in_hand.values()), self._is_alone
        self.put_down()
        if event.code not in DEATHS and not (event.code == "model.not_loaded" and was_replaced):
            self._pause(None if event.code == "model.not_loaded" else problem)
            return
        if event.code in DEATHS and alone and self.record:
            self._loader.reset_crashes(self.record)  # the cause is probably this step, not the model
        if event.code in DEATHS and alone and steps[0].deaths + 1 >= GIVEN_UP_AFTER:
            self._failed += self._store.jobs.fail_step(self.job.id, steps[0].key, problem.code, dict(problem.args))
            self._losses += 1
            self._say()
        elif event.code in DEATHS:
            self._store.jobs.note_deaths(self.job.id, [step.key for step in steps])
        if self._losses >= MOST_LOSSES:
            self._pause(problem)
        elif self._is_through:
            self._through()
        else:
            self._acquire()

    def _through(self) -> None:
        if self._planner is None:
            self._finish()
            return
        if self._runner is None:
            self._runner = PlanRunner(
                self._context.service_thread,
                self._store,
                self._planner.plan(self.job),
                job=self.job,
                on_batch=self._on_batch,
                on_end=self._on_plan_end,
            )
        self._runner.go_on()

    def _on_batch(self) -> None:
        if self._is_over or self._runner is None:
            return
        self.job = self._store.jobs.get(self.job.id)
        self._done, self._failed = self.job.done, self.job.failed
        if not self._is_through and self._runner.has_ended:  # ended in an earlier run
            self._context.service_thread.post(lambda: None if self._is_over else self._through())
            return
        done = self._done + self._failed
        self._times.begin_batch(self._runner.batch, done, self.job.total - done)
        self._say()
        if self._is_through:  # all steps were done in earlier runs
            self._context.service_thread.post(lambda: None if self._is_over else self._through())
        elif self._is_working:
            self.feed()
        elif self._lease is None and self._later is None:
            self._acquire()

    def _on_plan_end(self, problem: Problem | None) -> None:
        if self._is_over:
            return
        if not self._is_through and self._runner:  # run the open steps first, then plan again
            self._runner.close()
            self._runner = None
            if not (self._lease or self._later):
                self._acquire()
            return
        if problem and problem.code.startswith(PASSING):
            self._pause(problem)
        else:
            self._finish(problem)

    def put_down(self) -> None:
        self.in_hand.clear()
        self._times.stop()
        if self._later:
            self._later.cancel()
            self._later = None
        lease, self._lease = self._lease, None
        if lease:
            lease.release()

    def _end(self, job: JobRecord, problem: Problem | None = None) -> None:
        self.stop()
        self._context.over(self, job, problem)

    def _finish(self, problem: Problem | None = None) -> None:
        if self._lease and self._lease.job:
            self._lease.job.end_of_steps()
        self.stop()
        if self._runner is None and self._failed and self._failed == self.job.total:  # most likely for the same reason
            first = next(step for step in self._store.jobs.steps(self.job.id) if step.status is StepStatus.FAILED)
            problem = problem_of(first.error_code or "", first.error_args)
        self._end(self._left(JobStatus.FAILED if problem else JobStatus.DONE, problem), problem)

    def _pause(self, problem: Problem | None) -> None:
        self.stop()
        job = changed(self.job, status=JobStatus.PAUSED, done=self._done, failed=self._failed)
        with suppress(KnownError):  # disk full: the job still counts as paused here
            job = self._left(JobStatus.PAUSED, problem)
        self._end(job, problem)

    def _left(self, status: JobStatus, problem: Problem | None) -> JobRecord:
        code, args = (problem.code, dict(problem.args)) if problem else (None, {})
        return self._store.jobs.leave(self.job.id, status, error_code=code, error_args=args)

    def _note(self) -> None:
        if time.monotonic() - self._noted >= NOTE_S:
            self._noted = time.monotonic()
            with suppress(KnownError):  # trouble with the store is reported where steps are saved
                self._store.jobs.note(self.job.id, self._times.note())

    def _say(self) -> None:
        self._said = time.monotonic()
        job, done, left = self.job, self._done + self._failed, self._times.left()
        reported = JobChanged(
            job.id, job.kind, JobStatus.RUNNING, done, job.total, left.best if left else None, self._failed, job.title,
            share=self._times.share, eta_low_s=left.low if left else None, eta_high_s=left.high if left else None,
            steps_ahead=self._times.steps_ahead,
        )  # fmt: skip
        self._context.say(reported)
