"""Jobs as the jobs page shows them: label, progress and available actions.  On the service thread."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from enum import StrEnum

from slmdesk.base.record import Record, changed
from slmdesk.base.records import JobRecord, JobStatus
from slmdesk.jobs.bytes_done import bytes_of, eta_of
from slmdesk.jobs.events import JobChanged
from slmdesk.jobs.kinds import DOWNLOAD, FOLDER, RUNNERS
from slmdesk.jobs.queue_order import place_of
from slmdesk.jobs.service import JobService
from slmdesk.jobs.time_left import Remaining
from slmdesk.jobs.timings import noted_of
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import problem_of
from slmdesk.store import Store


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
    """Steps, or bytes of a download; steps that will probably be added are included."""
    failed: int = 0
    share: float | None = None
    left: Remaining | None = None
    problem: Problem | None = None
    is_elsewhere: bool = False
    """Another window or command runs it."""
    may_revive: bool = False
    is_left: bool = False
    """The instance that ran it ended before the job did."""
    place: int = 0
    """Position among the jobs that wait for the same thing: 1 is next; 0 when it does not wait here."""
    last_place: int = 0
    opens: str = ""
    """What can be opened: document, documents, item, model, models; empty when nothing can."""
    target: str = ""
    item: str = ""
    updated: float = 0.0
    n: int = 0


class JobViews:
    def __init__(self, store: Store, jobs: JobService) -> None:
        self._store, self._jobs = store, jobs

    def active(self) -> Sequence[JobView]:
        """Return all unfinished jobs: running ones first, then waiting ones in queue order, then paused ones."""
        records = self._store.jobs.unfinished()
        models = self._models()
        views = [self._view(one, models) for one in records]
        order = {one.id: place_of(one) for one in records}
        queues: dict[str, list[str]] = {}
        for one in views:
            if one.stand is JobGroup.WAITING and not one.is_left:  # each runner has a queue of its own
                queues.setdefault(one.kind if one.kind in RUNNERS else "", []).append(one.id)
        places: dict[str, tuple[int, int]] = {}
        for queue in queues.values():
            queue.sort(key=order.__getitem__)
            places |= {job: (at, len(queue)) for at, job in enumerate(queue, 1)}
        placed = [_placed(one, *places.get(one.id, (0, 0))) for one in views]
        stands = list(JobGroup)
        return sorted(placed, key=lambda one: (stands.index(one.stand), one.kind in RUNNERS, order[one.id]))

    def ended(self, *, before: tuple[float, int] | None = None, limit: int = 50) -> Sequence[JobView]:
        """Return a page of ended jobs that were not cleared, newest first.

        `before`: (updated, n) of the last one on the previous page.
        """
        found = self._store.jobs.ended(after=self._store.jobs.cleared_at(), before=before, limit=limit)
        models = self._models()
        return [self._view(one, models) for one in found]

    def view(self, id: str) -> JobView:
        """Return one job, without its position in the queue.  Raises KnownError `job.unknown`."""
        return self._view(self._store.jobs.get(id), self._models())

    def clear(self) -> float:
        """Hide the jobs that have ended by now; returns the value `show_again` needs.  Raises KnownError store.*."""
        before = self._store.jobs.cleared_at()
        self._store.jobs.clear(time.time())
        return before

    def show_again(self, before: float) -> None:
        """Undo a `clear`.  Raises KnownError store.*."""
        self._store.jobs.clear(before)

    # ---- inside

    def _models(self) -> Mapping[str, str]:
        return {one.sha256: one.id for one in self._store.models.all()}

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
            share = noted.share if noted.share is not None else done / total if total else None
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
        return self._jobs.is_queued(job.id) or job.kind in RUNNERS

    def _target(self, job: JobRecord, models: Mapping[str, str]) -> tuple[str, str, str]:
        if job.kind in (DOWNLOAD, FOLDER):
            return "models" if job.kind == DOWNLOAD else "documents", "", ""
        if job.item:
            documents = self._store.documents.of_item(job.item)
            return ("document", documents[0].id, job.item) if documents else ("item", job.item, job.item)
        model = models.get(job.model_sha256, "")
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
