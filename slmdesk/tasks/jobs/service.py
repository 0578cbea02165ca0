"""The job queue, one job with a model at a time: its order, resuming unfinished jobs, and the list of the jobs page."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Any, Protocol

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import stored_from, stored_list
from slmdesk.base.record import Record, changed
from slmdesk.base.records import Item, JobRecord, JobStatus, JobStep, ModelRecord, StepStatus
from slmdesk.base.runtime.messages import Problem, problem_for, problem_of
from slmdesk.base.runtime.service import Runtime, Service
from slmdesk.base.types import Json
from slmdesk.history.store import Store
from slmdesk.models.loader.model_loader import ModelLoader
from slmdesk.tasks.jobs.runner import JobContext, JobPlanner, JobRun, noted_of, step_key
from slmdesk.tasks.jobs.types import DOWNLOAD, EXAMPLES, FOLDER, GONE, RUNNERS, JobChanged, Remaining, bytes_of, eta_of


def place_of(job: JobRecord) -> tuple[int, ...]:
    return tuple(stored_list(int, job.settings.get("place"))) or (job.n,)


def moved(ids: Sequence[str], id: str, where: str) -> list[str]:
    """Return the ids with `id` moved earlier (`up`), later (`down`) or to the front (`first`)."""
    order = list(ids)
    if id in order:
        at = order.index(id)
        to = {"up": max(0, at - 1), "down": at + 1, "first": 0}[where]
        order.insert(to, order.pop(at))
    return order


def put_in_order(store: Store, waiting: Sequence[JobRecord], ids: Sequence[str]) -> None:
    """Store the waiting jobs in the order of `ids`. Raises KnownError store.*."""
    jobs = {job.id: job for job in waiting}
    requested = [jobs[id] for id in ids if id in jobs]
    places = sorted(place_of(job) for job in requested)
    for job, place in zip(requested, places, strict=True):
        if place_of(job) != place:
            store.jobs.note(job.id, {"place": list(place)})


REQUEST = "wish"
"""Key in an item's settings for the original request, stored as JSON. The item's jobs store the same request."""


def begun_before(
    store: Store, kind: str, request: Mapping[str, Json], record: ModelRecord | None, *, path: str = ""
) -> JobRecord | None:
    """Return the newest unfinished job with the same kind, request and model that no other instance is running.

    `path`: the document that the job reads; None is returned where it was changed since that job was started, as the
    older ones were started even before it. `record`: None if no model is needed.
    """
    requested = json.dumps(request, sort_keys=True)
    for job in reversed(store.jobs.unfinished(kind)):
        has_other_model = record is not None and job.model_sha256 != record.sha256
        if has_other_model or not job.item or store.jobs.is_elsewhere(job):
            continue
        try:
            item = store.items.get(job.item)
        except KnownError:
            continue
        if item.deleted_at is not None:
            continue
        stored = stored_from(dict, request_in(item)) or {}
        comparable = {name: stored.get(name) for name in request}  # an older version may have stored more fields
        if json.dumps(comparable, sort_keys=True) == requested:
            return job if _is_as_it_was(path, item.created) else None
    return None


def request_in(item: Item) -> Json:
    """Return the stored request of an item. The value is untrusted."""
    return item.settings.get(REQUEST)


def _is_as_it_was(path: str, since: float) -> bool:
    """Return whether a file was not changed since a time; True where there is none ("")."""
    try:
        return not path or os.stat(path).st_mtime <= since  # noqa: PTH116  a name may hold what no Path takes
    except (OSError, ValueError):
        return False


OnEnd = Callable[[JobRecord], None]


class Runner(Protocol):
    def take_up(self) -> None:
        """Resume the jobs that are waiting or whose instance has ended."""

    def resume_job(self, record: JobRecord) -> JobRecord:
        """Resume a job now.  Raises KnownError job.*."""

    def change_job(self, record: JobRecord, status: JobStatus) -> JobRecord:
        """Pause or cancel a job, whichever instance runs it.  Raises KnownError job.*."""

    def move(self, id: str, where: str) -> None:
        """Move a waiting job `up`, `down` or to the front (`first`).  Raises KnownError store.*."""


class JobGroup(StrEnum):
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    ENDED = "ended"


class JobView(Record):
    id: str
    kind: str
    title: str
    status: JobStatus
    stand: JobGroup
    done: int
    total: int
    """Number of steps, including those that will probably be added; for a download the number of bytes."""
    failed: int = 0
    share: float | None = None
    left: Remaining | None = None
    problem: Problem | None = None
    is_elsewhere: bool = False
    """True if another window or command is running the job."""
    may_revive: bool = False
    is_left: bool = False
    """True if the instance that ran the job has ended before the job did."""
    place: int = 0
    """Position in the job's queue, where 1 is next; 0 when the job does not wait here."""
    last_place: int = 0
    opens: str = ""
    """Kind of target that can be opened: document, documents, item, model or models. Empty if nothing can be opened."""
    target: str = ""
    item: str = ""
    updated: float = 0.0
    n: int = 0


class JobService(Service):
    def __init__(self, runtime: Runtime, loader: ModelLoader, job_service: Callable[[str], Any]) -> None:
        """Create the service. `job_service` returns the service for a kind of job: a Runner for the kinds in RUNNERS;
        the services of all other kinds call `plan_by` and `when_done`.
        """
        super().__init__(runtime)
        self._service_of = job_service
        self._context = JobContext(
            runtime.service_thread, runtime.store, loader, lambda: self.is_held, runtime.publish, self._over
        )
        self._queue: dict[str, bool] = {}
        """Id of each job that waits here -> whether a person has just asked for it."""
        self._runs: dict[bool, JobRun] = {}
        """The running jobs, at most one that needs a model and one that needs none, which waits for no model."""
        self._on_end: dict[str, OnEnd] = {}
        self._planners: dict[str, JobPlanner] = {}
        self._holds = 0
        self._closed = False

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
        """Store a new job with these steps (see `step_of`) and run it when its turn comes. Raises KnownError store.*.

        `item`: the item that the job creates; deleting the item for good deletes the job too. `record`: None for a job
        whose steps need no model.
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
        """Resume open jobs and jobs whose instance has ended. Return those that had already begun."""
        unfinished = self._store.jobs.unfinished()
        waiting = [job for job in unfinished if self._is_to_be_had(job)]
        for job in waiting:
            self._enqueue(job.id, explicit=False)
        for kind in {job.kind for job in unfinished}.intersection(RUNNERS):
            self._runner(kind).take_up()
        return [job for job in waiting if job.done and job.kind not in GONE]

    def move(self, id: str, where: str) -> None:
        """Move a waiting job within its queue: earlier (`up`), later (`down`) or to the front (`first`).

        Raises KnownError job.unknown, store.*.
        """
        job = self._store.jobs.get(id)
        if job.kind in RUNNERS:
            self._runner(job.kind).move(job.id, where)
            return
        waiting = self.waiting()
        put_in_order(self._store, waiting, moved([job.id for job in waiting], job.id, where))
        for waiting_job in waiting:
            self._say(self._store.jobs.get(waiting_job.id))

    def waiting(self) -> Sequence[JobRecord]:
        waiting = [job for job in self._store.jobs.unfinished() if job.kind not in RUNNERS]
        return sorted((job for job in waiting if job.status is JobStatus.OPEN), key=place_of)

    def is_queued(self, id: str) -> bool:
        return id in self._queue

    def _runner(self, kind: str) -> Runner:
        runner: Runner = self._service_of(kind)
        return runner

    def active(self) -> Sequence[JobView]:
        """Return all unfinished jobs: running ones first, then waiting ones in queue order, then paused ones."""
        records = self._store.jobs.unfinished()
        models = self._models()
        views = [self._view(record, models) for record in records]
        order = {record.id: place_of(record) for record in records}
        queues: dict[str, list[str]] = {}
        for view in views:
            if view.stand is JobGroup.WAITING and not view.is_left:  # each runner has a queue of its own
                queues.setdefault(view.kind if view.kind in RUNNERS else "", []).append(view.id)
        places: dict[str, tuple[int, int]] = {}
        for queue in queues.values():
            queue.sort(key=order.__getitem__)
            places |= {job: (at, len(queue)) for at, job in enumerate(queue, 1)}
        placed = [_placed(view, *places.get(view.id, (0, 0))) for view in views]
        stands = list(JobGroup)
        return sorted(placed, key=lambda view: (stands.index(view.stand), view.kind in RUNNERS, order[view.id]))

    def ended(self, *, before: tuple[float, int] | None = None, limit: int = 50) -> Sequence[JobView]:
        """Return a page of ended jobs that were not cleared, newest first.

        `before`: (updated, n) of the last job on the previous page.
        """
        jobs = self._store.jobs.ended(after=self._store.jobs.cleared_at(), before=before, limit=limit)
        models = self._models()
        return [self._view(job, models) for job in jobs]

    def clear(self) -> float:
        """Hide the jobs that have ended by now. Return the value that `show_again` needs. Raises KnownError store.*."""
        before = self._store.jobs.cleared_at()
        self._store.jobs.clear(time.time())
        return before

    def show_again(self, before: float) -> None:
        """Undo a `clear`.  Raises KnownError store.*."""
        self._store.jobs.clear(before)

    def pause(self, id: str) -> JobRecord:
        """Pause a job of this or another instance. Unfinished steps are run again later. Raises KnownError job.*."""
        return self._change(id, JobStatus.PAUSED)

    def cancel(self, id: str) -> JobRecord:
        """Cancel a job of this or another instance. Its results so far are kept. Raises KnownError job.*."""
        return self._change(id, JobStatus.CANCELLED)

    def resume(self, id: str) -> JobRecord:
        """Resume a paused, failed or cancelled job, or a job whose instance has ended, at a person's request.

        Its failed steps are tried again. Raises KnownError job.unknown, job.ended, job.elsewhere.
        """
        job = self._store.jobs.get(id)
        if job.kind in RUNNERS:
            return self._runner(job.kind).resume_job(job)
        if not self._runs_here(job.id):
            job = self._change(job.id, JobStatus.OPEN, revive=True)
            self._enqueue(job.id, explicit=True)
        return job

    def start_over(self) -> None:
        """Go on with the jobs of a history that has taken the place of the one there was. None of them runs."""
        self._queue.clear()
        self.take_up()

    def hold(self) -> None:
        """Keep jobs off the engine until `let_go` is called, because a measurement is running."""
        self._holds += 1
        for run in self._runs.values():
            run.put_down()

    @property
    def is_held(self) -> bool:
        return self._holds > 0

    def let_go(self) -> None:
        """End one `hold`. The running job continues after the last one."""
        self._holds -= 1
        for run in self._runs.values() if not self._holds else ():
            run.go_on()

    def close(self) -> None:
        """Put the running job back into the queue for the next instance. Called when the app ends."""
        self._closed = True
        self._queue.clear()
        runs, self._runs = self._runs, {}
        for run in runs.values():
            run.stop()
            with suppress(KnownError):  # if this fails, the owner will be gone, which has the same effect
                self._store.jobs.leave(run.job.id, JobStatus.OPEN)

    def _runs_here(self, id: str) -> bool:
        return any(run.job.id == id for run in self._runs.values())

    def _is_to_be_had(self, job: JobRecord) -> bool:
        return job.status in (JobStatus.OPEN, JobStatus.RUNNING) and job.kind not in RUNNERS

    def _change(self, id: str, status: JobStatus, *, revive: bool = False) -> JobRecord:
        job = self._store.jobs.get(id)
        if job.kind in RUNNERS:
            return self._runner(job.kind).change_job(job, status)
        job = self._store.jobs.change(job.id, status, revive=revive)
        self._queue.pop(job.id, None)
        if self._runs_here(job.id):
            run = self._runs.pop(bool(job.model_sha256))
            run.note_now()
            run.stop()
            job = self._store.jobs.get(job.id)
        self._say(job)
        self._service_thread.post(self._advance)
        return job

    def _enqueue(self, id: str, *, explicit: bool) -> None:
        if id not in self._queue and not self._runs_here(id):
            self._queue[id] = explicit
        self._service_thread.post(self._advance)

    def _advance(self) -> None:
        while id := self._next():
            explicit = self._queue.pop(id)
            job = self._store.jobs.claim(id)
            if job is not None:
                self._begin(job, explicit=explicit)

    def _next(self) -> str:
        """Return the id of the waiting job that begins next, or "" if none can begin now."""
        if not self._queue or self._closed or len(self._runs) > 1:
            return ""
        jobs = {job.id: job for job in self._store.jobs.unfinished()}
        ready = [id for id in self._queue if id not in jobs or bool(jobs[id].model_sha256) not in self._runs]
        return min(ready, key=lambda id: place_of(jobs[id]) if id in jobs else (), default="")

    def _begin(self, job: JobRecord, *, explicit: bool) -> None:
        if job.kind in GONE:
            self._say(self._store.jobs.leave(job.id, JobStatus.CANCELLED))
            return
        models = self._store.models.all()
        record = next((model for model in models if model.sha256 == job.model_sha256), None)
        if record is None and job.model_sha256:
            known = ", ".join(model.name for model in models[:20]) or "none"
            problem = problem_for(KnownError("model.unknown", wanted=job.title, known=known))
            code, args = problem.code, dict(problem.args)
            left = self._store.jobs.leave(job.id, JobStatus.PAUSED, error_code=code, error_args=args)
            self._say(left, problem=problem)
            return
        self._service_of(job.kind)  # which plans it
        run = JobRun(self._context, job, record, self._planners.get(job.kind), is_explicit=explicit)
        self._runs[bool(job.model_sha256)] = run
        run.begin()

    def _over(self, run: JobRun, job: JobRecord, problem: Problem | None) -> None:
        if self._runs.get(bool(job.model_sha256)) is run:
            del self._runs[bool(job.model_sha256)]
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

    def _models(self) -> Mapping[str, str]:
        return {model.sha256: model.id for model in self._store.models.all()}

    def _view(self, job: JobRecord, models: Mapping[str, str]) -> JobView:
        is_elsewhere = self._store.jobs.is_elsewhere(job)
        is_left = job.status is JobStatus.RUNNING and not is_elsewhere and not self._store.jobs.is_mine(job)
        opens, target, item = self._target(job, models)
        noted = noted_of(job)
        done, total = job.done + job.failed, job.total
        is_through = job.status.is_end
        share, left = noted.share, noted.left if not is_left else None
        if job.kind == DOWNLOAD:
            (done, total), eta = bytes_of(job), eta_of(job)
            share = done / total if total else None
            left = Remaining(eta, eta, eta) if eta is not None and not is_left else None
        elif not is_through:
            total += noted.steps_ahead
            if noted.share is not None:
                share = noted.share
            elif total:
                share = done / total
            else:
                share = None
        return JobView(
            job.id, job.kind, job.title, job.status, _stand(job, is_left=is_left), done, total, job.failed,
            share=1.0 if job.status is JobStatus.DONE else share,
            left=left,
            problem=problem_of(job.error_code, job.error_args) if job.error_code else None,
            may_revive=job.status is JobStatus.CANCELLED and job.kind not in RUNNERS,
            is_elsewhere=is_elsewhere,
            is_left=is_left or (job.status is JobStatus.OPEN and not self._waits_here(job)),
            opens=opens, target=target, item=item, updated=job.updated, n=job.n,
        )  # fmt: skip

    def _waits_here(self, job: JobRecord) -> bool:
        return self.is_queued(job.id) or job.kind in RUNNERS

    def _target(self, job: JobRecord, models: Mapping[str, str]) -> tuple[str, str, str]:
        if job.kind in (DOWNLOAD, FOLDER):
            return "models" if job.kind == DOWNLOAD else "documents", "", ""
        if job.item:
            documents = self._store.documents.of_item(job.item)
            return ("document", documents[0].id, job.item) if documents else ("item", job.item, job.item)
        model = models.get(job.model_sha256, "") if job.kind != EXAMPLES else ""
        return ("model", model, "") if model else ("", "", "")


def _stand(job: JobRecord, *, is_left: bool) -> JobGroup:
    if job.status is JobStatus.RUNNING:
        return JobGroup.PAUSED if is_left else JobGroup.RUNNING
    named = {JobStatus.OPEN: JobGroup.WAITING, JobStatus.PAUSED: JobGroup.PAUSED}
    return named.get(job.status, JobGroup.ENDED)


def _placed(view: JobView, place: int, last: int) -> JobView:
    return changed(view, place=place, last_place=last) if place else view


def event_of(job: JobRecord) -> JobChanged:
    """Build a JobChanged event from a stored job, for a listener that missed earlier events."""
    problem = problem_of(job.error_code, job.error_args) if job.error_code else None
    return JobChanged(
        job.id, job.kind, job.status, job.done + job.failed, job.total, failed=job.failed, problem=problem
    )
