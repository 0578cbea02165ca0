"""Runs one job in this instance: loads the model, feeds steps to the engine, stores each result as it arrives.

Everything on the service thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Failed, FromChild, Partial, Progress, Token
from slmdesk.base.record import Record, changed
from slmdesk.base.records import JobRecord, JobStatus, JobStep, ModelRecord, StepStatus
from slmdesk.jobs.events import JobChanged
from slmdesk.jobs.plan import JobPlanner, PlanRunner
from slmdesk.jobs.steps import step_key, tokens_of, value_of
from slmdesk.jobs.timings import JobTimes
from slmdesk.loader.lease import Lease
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import problem_for, problem_of
from slmdesk.runtime.service_thread import Later, ServiceThread
from slmdesk.store import Store

WIDTHS = 4
"""Steps in hand at most, in batch widths: gives back-pressure, quick pausing and cheap resuming."""
ALONE_AFTER = 2
"""A step in hand at this many crashes of the child is run on its own from then on, after all others."""
GIVEN_UP_AFTER = 4
"""A step is given up when the child crashes with it alone and it was in hand at this many crashes: with it alone twice,
since the first may have had another cause (the system's memory ran out, somebody ended the process).
"""
MOST_LOSSES = 3
"""The job pauses after this many steps in a row that crashed the child."""
LOOK_S = 1.0
STAND_BACK_S = 30.0
"""How long a job gives way to a request for another model."""
SAY_S = 5.0
NOTE_S = 2.0
PASSING = ("store.", "disk.", "child.")
"""Families of problem codes after which a plan may be resumed later as if nothing had happened."""
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
    """A job while this instance runs it.  After `stop`, or once `over` was called, it publishes nothing more."""

    def __init__(
        self, context: JobContext, job: JobRecord, record: ModelRecord | None, planner: JobPlanner | None, *,
        is_explicit: bool,
    ) -> None:  # fmt: skip
        self._context, self._store, self._loader = context, context.store, context.loader
        self.job, self.record = job, record
        self._planner, self._is_explicit = planner, is_explicit
        self._done, self._failed = job.done, job.failed
        self._width = 1
        self._in_hand: dict[str, JobStep] = {}
        self._lease: Lease | None = None
        self._later: Later | None = None
        self._losses = 0
        self._runner: PlanRunner | None = None
        self._times = JobTimes(context.store, job)
        self._noted = self._said = 0.0
        self._is_over = False

    def begin(self) -> None:
        """Ask for the model, or end at once when all steps are done."""
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
        """Stop running the job; steps in hand are given to the engine again when it is resumed."""
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
        return any(step.deaths >= ALONE_AFTER for step in self._in_hand.values())

    def _look(self) -> None:
        if self._is_over:
            return
        try:
            job = self._store.jobs.get(self.job.id)
        except KnownError:  # deleted for good, with what it worked for
            self._end(changed(self.job, status=JobStatus.CANCELLED))
            return
        if job.status is not JobStatus.RUNNING or job.owner != self.job.owner:
            self._end(job)  # somebody else paused or cancelled it, or took it
            return
        if self._is_working and self.record and self._loader.others_wait(self.record):
            self.put_down()
            self._later = self._context.service_thread.call_later(STAND_BACK_S, self._acquire_again)
        elif self._is_working:
            if time.monotonic() - self._said >= SAY_S:
                self._say()
            self._note()
        self._context.service_thread.call_later(LOOK_S, self._look)

    # ---- the model, then the steps

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
        self._feed()

    def _feed(self) -> None:
        job = self._lease.job if self._lease else None
        if job is None or len(self._in_hand) > self._width * WIDTHS // 2 or self._is_alone:
            return
        most = self._width * WIDTHS - len(self._in_hand)
        steps = self._store.jobs.open_steps(self.job.id, most, but=self._in_hand)
        if not steps and not self._in_hand:
            self._through()
            return
        trusted = [step for step in steps if step.deaths < ALONE_AFTER]
        for step in trusted or ([] if self._in_hand else steps[:1]):
            self._in_hand[step.key] = step
            job.step(step.key, step.input)

    def _on_event(self, event: FromChild) -> None:
        if isinstance(event, Partial):
            try:
                self._on_partial(event)
            except KnownError as err:  # the disk is full, or the history busy: nothing but time is lost
                self._pause(problem_for(err))
        elif isinstance(event, Token):
            if event.key in self._in_hand and self._planner:
                self._planner.on_words(self.job.id, event.key, event.text)
        elif isinstance(event, Progress):
            if event.key in self._in_hand:
                self._times.read(event.key, event.done, event.total)
        elif isinstance(event, Failed):
            self._on_failed(event)
        elif isinstance(event, Cancelled):  # nobody here asked: the children are being closed
            self._pause(None)

    def _on_partial(self, event: Partial) -> None:
        step = self._in_hand.pop(event.key, None)
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
        self._feed()

    def _on_failed(self, event: Failed) -> None:
        problem = problem_of(event.code, event.args)
        was_replaced = self._lease is not None and self._lease.was_replaced
        steps, alone = list(self._in_hand.values()), self._is_alone
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
            self._store.jobs.note_deaths(self.job.id, [one.key for one in steps])
        if self._losses >= MOST_LOSSES:
            self._pause(problem)
        elif self._is_through:
            self._through()
        else:
            self._acquire()

    # ---- when all steps have ended

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
        self._runner.go_on(step_key)

    def _on_batch(self) -> None:
        if self._is_over or self._runner is None:
            return
        self.job = self._store.jobs.get(self.job.id)
        self._done, self._failed = self.job.done, self.job.failed
        if not self._is_through and self._runner.has_ended:  # of an earlier run: the open steps are of a later batch
            self._context.service_thread.post(lambda: None if self._is_over else self._through())
            return
        done = self._done + self._failed
        self._times.begin_batch(self._runner.batch, done, self.job.total - done)
        self._say()
        if self._is_through:  # all of it was done before
            self._context.service_thread.post(lambda: None if self._is_over else self._through())
        elif self._is_working:
            self._feed()
        elif self._lease is None and self._later is None:
            self._acquire()

    def _on_plan_end(self, problem: Problem | None) -> None:
        if self._is_over:
            return
        if not self._is_through and self._runner:  # it only caught up: the open steps come first, then it begins anew
            self._runner.close()
            self._runner = None
            if not (self._lease or self._later):
                self._acquire()
            return
        if problem and problem.code.startswith(PASSING):
            self._pause(problem)
        else:
            self._finish(problem)

    # ---- ends

    def put_down(self) -> None:
        self._in_hand.clear()
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
        if self._runner is None and self._failed and self._failed == self.job.total:  # most likely for one reason
            first = next(one for one in self._store.jobs.steps(self.job.id) if one.status is StepStatus.FAILED)
            problem = problem_of(first.error_code or "", first.error_args)
        self._end(self._left(JobStatus.FAILED if problem else JobStatus.DONE, problem), problem)

    def _pause(self, problem: Problem | None) -> None:
        self.stop()
        job = changed(self.job, status=JobStatus.PAUSED, done=self._done, failed=self._failed)
        with suppress(KnownError):  # a full disk: told as paused, and any instance takes it up once this one has ended
            job = self._left(JobStatus.PAUSED, problem)
        self._end(job, problem)

    def _left(self, status: JobStatus, problem: Problem | None) -> JobRecord:
        code, args = (problem.code, dict(problem.args)) if problem else (None, {})
        return self._store.jobs.leave(self.job.id, status, error_code=code, error_args=args)

    def _note(self) -> None:
        if time.monotonic() - self._noted >= NOTE_S:
            self._noted = time.monotonic()
            with suppress(KnownError):  # a store in trouble is said where steps are saved
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
