"""Downloads as rows of the jobs table: their requests, order and progress.  On the service thread."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from slmdesk.base.errors import KnownError
from slmdesk.base.labels import clean_label
from slmdesk.base.record import changed
from slmdesk.base.records import JobRecord, JobStatus
from slmdesk.base.types import Json
from slmdesk.jobs.bytes_done import eta_of, number_in
from slmdesk.jobs.events import JobChanged
from slmdesk.jobs.kinds import DOWNLOAD
from slmdesk.jobs.queue_order import place_of, put_in_order
from slmdesk.online.events import DownloadChanged, DownloadState
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import problem_for, problem_of
from slmdesk.store import Store

KIND = DOWNLOAD
_STATES = {
    JobStatus.OPEN: DownloadState.QUEUED,
    JobStatus.RUNNING: DownloadState.QUEUED,  # its instance is gone: `read` knows when it is not
    JobStatus.PAUSED: DownloadState.PAUSED,
    JobStatus.DONE: DownloadState.DONE,
    JobStatus.FAILED: DownloadState.FAILED,
    JobStatus.CANCELLED: DownloadState.CANCELLED,
}
STATUSES = {
    DownloadState.QUEUED: JobStatus.OPEN,
    DownloadState.PAUSED: JobStatus.PAUSED,
    DownloadState.DONE: JobStatus.DONE,
    DownloadState.FAILED: JobStatus.FAILED,
    DownloadState.CANCELLED: JobStatus.CANCELLED,
}


class DownloadJobs:
    """The jobs of kind `download`.  Their settings hold the request, the place in the queue, and the last progress."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, repo: str, file: str, quantization: str) -> JobRecord:
        """The job of an earlier run that wanted the same and was not finished, else a new one; open.

        Raises KnownError store.*.
        """
        for job in self._store.jobs.page(kind=KIND):
            same = request_of(job) == (repo, file, quantization)
            ended = job.status in (JobStatus.DONE, JobStatus.CANCELLED)
            if same and not ended and job.status is not JobStatus.OPEN and not self._is_run(job):
                return self._store.jobs.change(job.id, JobStatus.OPEN)
            if same and job.status is JobStatus.OPEN:
                return job
        request: dict[str, Json] = {"repo": repo, "file": file, "quantization": quantization}
        title = clean_label(f"{repo}/{file or quantization}".rstrip("/"))
        return self._store.jobs.add(KIND, title, model_sha256="", steps=(), settings=request)

    def job(self, id: str) -> JobRecord:
        """Raises KnownError `download.unknown`."""
        try:
            job = self._store.jobs.get(id)
        except KnownError as err:
            if err.code != "job.unknown":
                raise
            raise KnownError("download.unknown", id=id[:80]) from err
        if job.kind != KIND:
            raise KnownError("download.unknown", id=id[:80])
        return job

    def unfinished(self) -> list[JobRecord]:
        return sorted(self._store.jobs.unfinished(KIND), key=place_of)

    def claim(self, id: str) -> bool:
        """Make this instance the one that runs it; False: it is not to be had."""
        return self._store.jobs.claim(id) is not None

    def is_mine(self, job: JobRecord) -> bool:
        return self._store.jobs.is_mine(job)

    def change(self, id: str, status: JobStatus) -> JobRecord:
        """Raises KnownError job.*."""
        return self._store.jobs.change(id, status)

    def leave(self, change: DownloadChanged, status: JobStatus) -> None:
        """Give up one this instance runs.  A full disk is no reason not to: when this instance ends, its owner is
        gone.
        """
        problem = change.problem
        code, args = (problem.code, dict(problem.args)) if problem else (None, {})
        with suppress(KnownError):
            self._store.jobs.leave(change.id, status, error_code=code, error_args=args)

    def note(self, change: DownloadChanged) -> None:
        seen: dict[str, Json] = {
            "name": change.name,
            "bytes": change.done_bytes,
            "total": change.total_bytes,
            "speed": round(change.bytes_per_s),
            "fit": change.fit,
            "model": change.model.id if change.model else None,
        }
        with suppress(KnownError):
            self._store.jobs.note(change.id, seen)

    def put_in_order(self, ids: Sequence[str]) -> None:
        """Have these, which wait, take their turns in this order.  Raises KnownError store.*."""
        put_in_order(self._store, self.unfinished(), ids)

    def read(self, job: JobRecord) -> DownloadChanged:
        about = job.settings
        state = DownloadState.ELSEWHERE if self._store.jobs.is_elsewhere(job) else _STATES[job.status]
        model = next((one for one in self._store.models.all() if one.id == about.get("model")), None)
        speed, total, done = number_in(about, "speed"), number_in(about, "total"), number_in(about, "bytes")
        is_running = state is DownloadState.ELSEWHERE and speed > 0
        return DownloadChanged(
            job.id,
            request_of(job)[0],
            str(about.get("name") or request_of(job)[1]),
            state,
            done_bytes=done,
            total_bytes=total,
            bytes_per_s=float(speed) if is_running else 0.0,
            eta_s=eta_of(job) if is_running else None,
            fit=str(about.get("fit") or "unknown"),
            problem=problem_of(job.error_code, job.error_args) if job.error_code else None,
            model=model if state is DownloadState.DONE else None,
        )

    def _is_run(self, job: JobRecord) -> bool:
        return self._store.jobs.is_mine(job) or self._store.jobs.is_elsewhere(job)


def request_of(job: JobRecord) -> tuple[str, str, str]:
    """Repository, file and quantization, as they were asked for."""
    repo, file, quantization = (str(job.settings.get(key) or "") for key in ("repo", "file", "quantization"))
    return repo, file, quantization


def job_change(job: DownloadChanged, title: str, problem: Problem | None = None) -> JobChanged:
    share = job.done_bytes / job.total_bytes if job.total_bytes else None
    return JobChanged(
        job.id, KIND, STATUSES.get(job.state, JobStatus.RUNNING), job.done_bytes, job.total_bytes, job.eta_s,
        title=title, problem=problem or job.problem, share=share, eta_low_s=job.eta_s, eta_high_s=job.eta_s,
    )  # fmt: skip


def as_waiting(change: DownloadChanged, place: int, note: Problem | None) -> DownloadChanged:
    return changed(
        change, state=DownloadState.QUEUED, place=place, note=note, bytes_per_s=0.0, eta_s=None, problem=None
    )


def as_requested(end: DownloadChanged, goal: DownloadState | None, *, waits: bool) -> DownloadChanged:
    """How a download ended, by what was requested of it: its thread only knows that it was stopped.

    `waits`: it waits for the network, where there is none.
    """
    is_offline = end.problem is not None and end.problem.code == "network.offline"
    was_stopped = end.state is DownloadState.PAUSED
    if (was_stopped and goal is DownloadState.QUEUED) or (is_offline and waits):
        return as_waiting(end, 0, None)
    if was_stopped and goal is DownloadState.FAILED:  # offline, and it does not wait
        problem = problem_for(KnownError("network.offline", host=end.repo))
        return changed(end, state=DownloadState.FAILED, problem=problem)
    return end
