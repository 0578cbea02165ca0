"""The job queue: adds, runs, pauses, cancels, resumes and orders jobs, one running at a time.  On the service thread.

A crash or a pause costs at most the steps in hand (see `runner`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from slmdesk.base.errors import KnownError
from slmdesk.base.records import JobRecord, JobStatus, JobStep, ModelRecord, StepStatus
from slmdesk.base.types import Json
from slmdesk.jobs.events import JobChanged
from slmdesk.jobs.kinds import RUNNERS
from slmdesk.jobs.plan import JobPlanner
from slmdesk.jobs.queue_order import moved, place_of, put_in_order
from slmdesk.jobs.runner import JobContext, JobRun
from slmdesk.jobs.steps import step_key, step_of
from slmdesk.jobs.timings import noted_of
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.service import Runtime, Service

__all__ = ["JobService", "Runner", "step_key", "step_of"]

OnEnd = Callable[[JobRecord], None]


class Runner(Protocol):
    def take_up(self) -> None:
        """Resume the jobs that are waiting or lost their instance."""

    def resume_job(self, record: JobRecord) -> JobRecord:
        """Resume one job now.  Raises KnownError job.*."""

    def change_job(self, record: JobRecord, status: JobStatus) -> JobRecord:
        """Pause or cancel a job, whichever instance runs it.  Raises KnownError job.*."""

    def move(self, id: str, where: str) -> None:
        """Move a waiting job `up`, `down` or to the front (`first`).  Raises KnownError store.*."""


class JobService(Service):
    def __init__(self, runtime: Runtime, loader: ModelLoader, service_of: Callable[[str], Any]) -> None:
        """`service_of`: the service for a kind of job; of RUNNERS a Runner, others call `plan_by` and `when_done`."""
        super().__init__(runtime)
        self._service_of = service_of
        self._context = JobContext(
            runtime.service_thread, runtime.store, loader, lambda: self.is_held, runtime.publish, self._over
        )
        self._queue: dict[str, bool] = {}
        """Ids of jobs waiting here, and whether a person asked for each just now."""
        self._run: JobRun | None = None
        self._on_end: dict[str, OnEnd] = {}
        self._planners: dict[str, JobPlanner] = {}
        self._holds = 0
        self._closed = False

    # ---- requests

    def when_done(self, kind: str, handler: OnEnd) -> None:
        self._on_end[kind] = handler

    def plan_by(self, kind: str, planner: JobPlanner) -> None:
        self._planners[kind] = planner

    def add(
        self,
        kind: str,
        title: str,
        record: ModelRecord | None,
        steps: Sequence[Mapping[str, Json]],
        *,
        prompt_version: str,
        settings: Mapping[str, Json] | None = None,
        item: str | None = None,
    ) -> JobRecord:
        """Store a new job with these steps (see `step_of`) and run it in its turn.  Raises KnownError store.*.

        `item`: the item it makes; the job is deleted for good together with it.  `record`: None for a job of which no
        step is asked.
        """
        sha256 = record.sha256 if record else ""
        keyed = {step_key(sha256, prompt_version, step): step for step in steps}
        job = self._store.jobs.add(
            kind, title, model_sha256=sha256, steps=list(keyed.items()), settings=settings, item=item
        )
        self._say(job)
        self._enqueue(job.id, explicit=False)
        return job

    def get(self, id: str) -> JobRecord:
        """Return a job by id or unique prefix.  Raises KnownError `job.unknown`."""
        return self._store.jobs.get(id)

    def is_elsewhere(self, job: JobRecord) -> bool:
        return self._store.jobs.is_elsewhere(job)

    def list(self, limit: int = 100) -> list[JobRecord]:
        return self._store.jobs.page(limit)

    def failed_steps(self, job: str) -> Sequence[JobStep]:
        return [
            step for step in self._store.jobs.steps(self._store.jobs.get(job).id) if step.status is StepStatus.FAILED
        ]

    def take_up(self) -> Sequence[JobRecord]:
        """Resume open jobs, and jobs whose instance is gone.  Returns those that had already begun."""
        unfinished = self._store.jobs.unfinished()
        waiting = [job for job in unfinished if self._is_to_be_had(job)]
        for job in waiting:
            self._enqueue(job.id, explicit=False)
        for kind in {job.kind for job in unfinished}.intersection(RUNNERS):
            self._runner(kind).take_up()
        return [one for one in waiting if one.done]

    def move(self, id: str, where: str) -> None:
        """Move a waiting job among those it waits with: `up`, `down` or `first`.

        Raises KnownError job.unknown, store.*.
        """
        job = self._store.jobs.get(id)
        if job.kind in RUNNERS:
            self._runner(job.kind).move(job.id, where)
            return
        waiting = self.waiting()
        put_in_order(self._store, waiting, moved([one.id for one in waiting], job.id, where))
        for one in waiting:
            self._say(self._store.jobs.get(one.id))

    def waiting(self) -> Sequence[JobRecord]:
        found = [one for one in self._store.jobs.unfinished() if one.kind not in RUNNERS]
        return sorted((one for one in found if one.status is JobStatus.OPEN), key=place_of)

    def is_queued(self, id: str) -> bool:
        return id in self._queue

    def _runner(self, kind: str) -> Runner:
        runner: Runner = self._service_of(kind)
        return runner

    def pause(self, id: str) -> JobRecord:
        """Pause a job, here or in another instance; steps in hand are run again later.  Raises KnownError job.*."""
        return self._change(id, JobStatus.PAUSED)

    def cancel(self, id: str) -> JobRecord:
        """Cancel a job, here or in another instance; its results so far are kept.  Raises KnownError job.*."""
        return self._change(id, JobStatus.CANCELLED)

    def resume(self, id: str) -> JobRecord:
        """Resume a paused, failed or cancelled job, or one whose instance is gone, because a person asked.

        Its failed steps are tried again.  Raises KnownError job.unknown, job.ended, job.elsewhere.
        """
        job = self._store.jobs.get(id)
        if job.kind in RUNNERS:
            return self._runner(job.kind).resume_job(job)
        if not self._is_run(job.id):
            job = self._change(job.id, JobStatus.OPEN, revive=True)
            self._enqueue(job.id, explicit=True)
        return job

    def hold(self) -> None:
        """Keep jobs off the engine until `let_go`, because a measurement is running."""
        self._holds += 1
        if self._run:
            self._run.put_down()

    @property
    def is_held(self) -> bool:
        return self._holds > 0

    def let_go(self) -> None:
        """End one `hold`; the running job continues."""
        self._holds -= 1
        if self._run and not self._holds:
            self._run.go_on()

    def close(self) -> None:
        """Put the running job back into the queue, for the next instance, when the app ends."""
        self._closed = True
        self._queue.clear()
        if self._run:
            run, self._run = self._run, None
            run.stop()
            with suppress(KnownError):  # then its owner is gone, which says the same
                self._store.jobs.leave(run.job.id, JobStatus.OPEN)

    # ---- one after the other

    def _is_run(self, id: str) -> bool:
        return self._run is not None and self._run.job.id == id

    def _is_to_be_had(self, job: JobRecord) -> bool:
        return job.status in (JobStatus.OPEN, JobStatus.RUNNING) and job.kind not in RUNNERS

    def _change(self, id: str, status: JobStatus, *, revive: bool = False) -> JobRecord:
        job = self._store.jobs.get(id)
        if job.kind in RUNNERS:
            return self._runner(job.kind).change_job(job, status)
        job = self._store.jobs.change(job.id, status, revive=revive)
        self._queue.pop(job.id, None)
        if self._run and self._is_run(job.id):
            self._run.note_now()
            self._run.stop()
            self._run = None
            job = self._store.jobs.get(job.id)
        self._say(job)
        self._service_thread.post(self._advance)
        return job

    def _enqueue(self, id: str, *, explicit: bool) -> None:
        if id not in self._queue and not self._is_run(id):
            self._queue[id] = explicit
        self._service_thread.post(self._advance)

    def _advance(self) -> None:
        while self._run is None and self._queue and not self._closed:
            id = self._next()
            explicit = self._queue.pop(id)
            job = self._store.jobs.claim(id)
            if job is not None:
                self._begin(job, explicit=explicit)

    def _next(self) -> str:
        jobs = {one.id: place_of(one) for one in self._store.jobs.unfinished()} if len(self._queue) > 1 else {}
        return min(self._queue, key=lambda id: jobs.get(id, ()))

    def _begin(self, job: JobRecord, *, explicit: bool) -> None:
        models = self._store.models.all()
        record = next((one for one in models if one.sha256 == job.model_sha256), None)
        if record is None and job.model_sha256:
            known = ", ".join(one.name for one in models[:20]) or "none"
            problem = problem_for(KnownError("model.unknown", wanted=job.title, known=known))
            code, args = problem.code, dict(problem.args)
            left = self._store.jobs.leave(job.id, JobStatus.PAUSED, error_code=code, error_args=args)
            self._say(left, problem=problem)
            return
        self._service_of(job.kind)  # which plans it
        self._run = JobRun(self._context, job, record, self._planners.get(job.kind), is_explicit=explicit)
        self._run.begin()

    def _over(self, run: JobRun, job: JobRecord, problem: Problem | None) -> None:
        if self._run is run:
            self._run = None
            self._service_thread.post(self._advance)
        if job.status is JobStatus.DONE and job.kind in self._on_end:
            self._on_end[job.kind](job)
        self._say(job, problem=problem)

    def _say(self, job: JobRecord, *, problem: Problem | None = None) -> None:
        done, noted = job.done + job.failed, noted_of(job)
        share = 1.0 if job.status is JobStatus.DONE else noted.share
        reported = JobChanged(
            job.id, job.kind, job.status, done, job.total, None, job.failed, job.title, problem, share=share,
            steps_ahead=0 if job.status is JobStatus.DONE else noted.steps_ahead,
        )  # fmt: skip
        self._publish(reported)
