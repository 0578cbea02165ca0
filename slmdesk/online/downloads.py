"""The download service: a queue of jobs, each on a thread of its own, that end in the library.

Called on the service thread, where events are published too.  The jobs table holds requests and order, so a download
whose window was closed or killed is resumed at the next start, and any instance can pause or cancel it: its owner
checks once a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.record import changed
from slmdesk.base.records import JobRecord, JobStatus
from slmdesk.base.settings import Settings
from slmdesk.base.types import Json
from slmdesk.base.untrusted import clean_label
from slmdesk.hub.guard import SpeedLimit
from slmdesk.hub.transfer import TransferLimits
from slmdesk.jobs.service import moved, place_of, put_in_order
from slmdesk.jobs.types import DOWNLOAD, JobChanged, eta_of, number_in
from slmdesk.models.service import ModelService
from slmdesk.online.download import LeftoverFile, ModelDownload, discard, left_overs, remove_parts_of
from slmdesk.online.events import DownloadChanged, DownloadState
from slmdesk.online.hub import HubService
from slmdesk.runtime.events import ModelsChanged
from slmdesk.runtime.messages import Problem, problem_for, problem_of
from slmdesk.runtime.service import Runtime, Service
from slmdesk.store import Store

FEATURE = "hub.download"
ENDS = frozenset({DownloadState.PAUSED, DownloadState.DONE, DownloadState.FAILED, DownloadState.CANCELLED})
NOTE_S = 2.0
LOOK_S = 1.0
"""How often is looked whether another instance paused, cancelled, took or left one."""
REMOVE_S = 0.5


@dataclass(slots=True, eq=False)
class _Download:
    id: str
    repo: str
    file: str
    quantization: str
    now: DownloadChanged
    title: str = ""
    place: tuple[int, ...] = ()
    waits: bool = True
    """For its turn and for the network; else it runs when it is asked for, and fails where it cannot."""
    stop: threading.Event = field(default_factory=threading.Event)
    is_on: bool = False
    goal: DownloadState | None = None
    """What it is to be once its thread has ended."""
    fetch: ModelDownload | None = None
    noted: float = 0.0


class DownloadService(Service):
    def __init__(self, runtime: Runtime, hub: HubService, models: ModelService) -> None:
        super().__init__(runtime)
        self._hub, self._models = hub, models
        self._jobs = DownloadJobs(runtime.store)
        self.limits = TransferLimits()
        """Of every download that starts from now on."""
        self._speed = SpeedLimit()
        self._speed.set(runtime.settings.current.speed_limit_kib << 10)
        self._all: dict[str, _Download] = {}
        self._removing: list[threading.Thread] = []
        self._is_looking = self._closed = False
        runtime.settings.listeners.append(self._on_settings)

    def all(self) -> list[DownloadChanged]:
        return [download.now for download in self._all.values()]

    def start(self, repo: str, file: str = "", quantization: str = "", *, waits: bool = False) -> str:
        """Download `file` of `repo`, the one of `quantization`, or the recommended one; returns the job's id.  `waits`:
        for its turn and the network.  DownloadChanged follows, with a state of ENDS at each end.  Raises KnownError
        store.*, `feature.hidden`.
        """
        self._models.require(FEATURE)
        job = self._known_by(self._jobs.begin(repo, file, quantization))
        job.waits = waits
        self._go(job, waits=waits)
        return job.id

    def take_up(self) -> None:
        """Resume what waits or lost its instance, unless the organisation hides downloads; show paused and others'
        ones.
        """
        try:
            self._models.require(FEATURE)
        except KnownError:
            return
        for record in self._jobs.unfinished():
            if record.id not in self._all:
                job = self._known_by(record)
                self._say(job, job.now)
        self._advance()
        self._look_later()

    def pause(self, id: str) -> None:
        """Pause, here or in another instance, and keep the partial file.  Raises KnownError `download.unknown`."""
        job = self._known(id)
        if job.now.state not in ENDS:
            self._put_down(job, DownloadState.PAUSED)

    def resume(self, id: str) -> None:
        """In its turn.  Raises KnownError `download.unknown`, `feature.hidden`, job.ended, job.elsewhere."""
        self._models.require(FEATURE)
        job = self._known(id)
        is_ending = job.is_on and job.goal is not None
        if is_ending or (job.now.state in ENDS and job.now.state is not DownloadState.DONE):
            self._jobs.change(id, JobStatus.OPEN)
            self._go(job, waits=job.waits or self._settings.current.offline)

    def unfinished(self) -> list[str]:
        return [other_changed.id for other_changed in self.all() if other_changed.state not in ENDS]

    def resume_paused(self, ids: Sequence[str]) -> None:
        """Raises as `resume`."""
        for other_changed in self.all():
            if other_changed.id in ids and other_changed.state is DownloadState.PAUSED:
                self.resume(other_changed.id)

    def cancel(self, id: str) -> None:
        """Cancel, here or in another instance, and delete the partial file.  Raises KnownError `download.unknown`."""
        job = self._known(id)
        if job.now.state not in (DownloadState.DONE, DownloadState.CANCELLED):
            self._put_down(job, DownloadState.CANCELLED)

    def move(self, id: str, where: str) -> None:
        """Move a waiting one `up`, `down` or to the front (`first`).  Raises KnownError `download.unknown`, store.*."""
        self._known(id)
        waiting = [download.id for download in self._waiting()]
        if id not in waiting:
            return
        self._jobs.put_in_order(moved(waiting, id, where))
        self._read_order()
        self._say_places()

    def left_overs(self) -> list[LeftoverFile]:
        running = {
            (download.now.repo, download.now.name) for download in self._all.values() if download.now.state not in ENDS
        }
        return left_overs(self._models.folder, but=running)

    def discard(self, left_over: str) -> int:
        """Delete a leftover; returns the bytes freed.  Raises KnownError `download.unknown`, `file.unwritable`."""
        return discard(self._models.folder, left_over)

    def close(self) -> None:
        """Stop all downloads; partial files stay, and running downloads are resumed at the next start."""
        self._closed = True
        for job in self._all.values():
            if job.is_on:
                job.stop.set()
                if job.goal is None:
                    self._jobs.note(changed(job.now, bytes_per_s=0.0))
                    self._jobs.leave(job.now, JobStatus.OPEN)
        for thread in self._removing:
            thread.join(REMOVE_S)

    # ---- as `jobs` runs them (jobs/runner.py)

    def resume_job(self, record: JobRecord) -> JobRecord:
        """Because a person named it.  Raises KnownError `feature.hidden`, job.ended, job.elsewhere."""
        self._models.require(FEATURE)
        record = self._jobs.change(record.id, JobStatus.OPEN)
        job = self._known_by(record)
        job.waits = False
        self._go(job, waits=False)
        return self._jobs.job(record.id)

    def change_job(self, record: JobRecord, status: JobStatus) -> JobRecord:
        """Raises KnownError job.ended."""
        job = self._known_by(record)
        job.now = changed(self._jobs.read(record), state=job.now.state) if job.is_on else self._jobs.read(record)
        self._put_down(job, DownloadState.PAUSED if status is JobStatus.PAUSED else DownloadState.CANCELLED)
        return self._jobs.job(record.id)

    # ---- the queue

    def _known(self, id: str) -> _Download:
        if id not in self._all:
            raise KnownError("download.unknown", id=id)
        return self._all[id]

    def _known_by(self, record: JobRecord) -> _Download:
        if record.id not in self._all:
            now = self._jobs.read(record)
            self._all[record.id] = _Download(record.id, *request_of(record), now, record.title, place_of(record))
        return self._all[record.id]

    def _waiting(self) -> list[_Download]:
        waiting = [
            download
            for download in self._all.values()
            if download.now.state is DownloadState.QUEUED and not download.is_on
        ]
        return sorted(waiting, key=lambda download: download.place)

    def _go(self, job: _Download, *, waits: bool) -> None:
        if job.is_on:
            job.goal = job.goal and DownloadState.QUEUED  # its thread is just ending: then it begins anew
        elif waits:
            self._wait(job)
        else:
            self._run(job)

    def _wait(self, job: _Download) -> None:
        self._read_order()
        self._say(job, as_waiting(job.now, 0, None))
        self._advance()

    def _read_order(self) -> None:
        for record in self._jobs.unfinished():
            if record.id in self._all:
                self._all[record.id].place = place_of(record)

    def _advance(self) -> None:
        running = sum(download.is_on for download in self._all.values())
        for job in [] if self._closed or self._settings.current.offline else self._waiting():
            if running >= self._settings.current.downloads_at_once:
                break
            try:
                running += self._run(job)
            except KnownError:  # the store is busy, or in trouble that the watch tells
                self._look_later()
                break
        self._say_places()

    def _say_places(self) -> None:
        is_offline = self._settings.current.offline
        note = problem_for(KnownError("download.offline")) if is_offline else None
        for place, job in enumerate(self._waiting(), 1):
            requested = as_waiting(job.now, 0 if is_offline else place, note)
            if requested != job.now:
                self._say(job, requested)

    def _on_settings(self, settings: Settings) -> None:
        self._speed.set(settings.speed_limit_kib << 10)
        if settings.offline:
            for job in self._all.values():
                if job.is_on and job.goal is None:
                    job.goal = DownloadState.QUEUED if job.waits else DownloadState.FAILED
                    job.stop.set()
        self._advance()

    def _put_down(self, job: _Download, goal: DownloadState) -> None:
        """Pause or cancel: in the table first, so that it holds whatever becomes of this instance."""
        if job.now.state is DownloadState.FAILED:
            self._jobs.change(job.id, JobStatus.OPEN)
        self._jobs.change(job.id, STATUSES[goal])
        if job.is_on:
            job.goal = goal
            job.stop.set()
        elif goal is DownloadState.CANCELLED:
            job.goal = goal
            removing = threading.Thread(target=self._remove, args=(job, job.now), name="download", daemon=True)
            removing.start()
            self._removing.append(removing)
        else:
            self._end(job, changed(job.now, state=goal, note=None, place=0))

    # ---- once a second: what other instances did

    def _look_later(self) -> None:
        if not self._is_looking and not self._closed:
            self._is_looking = True
            self._service_thread.call_later(LOOK_S, self._on_time)

    def _on_time(self) -> None:
        self._is_looking = False
        self._settings.refresh()  # “offline” said elsewhere holds here too
        unfinished = [
            download
            for download in self._all.values()
            if download.is_on or download.now.state not in ENDS - {DownloadState.PAUSED}
        ]
        with suppress(KnownError):  # a store in trouble is said by the watch
            for job in unfinished:
                self._look(job, self._jobs.job(job.id))
            self._advance()
        if unfinished:
            self._look_later()

    def _look(self, job: _Download, record: JobRecord) -> None:
        if job.goal is not None:
            return  # its thread tells how it ends
        seen = self._jobs.read(record)
        if job.is_on:
            if not self._jobs.is_mine(record):
                job.goal = seen.state if seen.state is DownloadState.CANCELLED else DownloadState.PAUSED
                job.stop.set()
            return
        if seen.state is DownloadState.QUEUED and job.now.state is not DownloadState.QUEUED:
            self._wait(job)  # resumed elsewhere, or the app that had it is gone
        elif seen.state in ENDS and seen.state is not job.now.state:
            self._end(job, seen)
        elif seen.state is DownloadState.ELSEWHERE and seen != job.now:
            self._say(job, seen)

    # ---- one of them

    def _run(self, job: _Download) -> bool:
        job.goal, job.stop = None, threading.Event()
        if not self._jobs.claim(job.id):
            self._say(job, self._jobs.read(self._jobs.job(job.id)))
            self._look_later()
            return False
        job.is_on = True
        begin = DownloadChanged(job.id, job.repo, job.now.name, DownloadState.ASKING)
        self._say(job, begin)
        job.fetch = fetch = ModelDownload(
            self._hub.hub,
            self._models,
            self._service_thread,
            begin=begin,
            publish=lambda change: self._service_thread.post(lambda: self._say_progress(job, fetch, change)),
            stop=job.stop,
            context_tokens=self._hub.context_tokens,
            limits=self.limits,
            speed=self._speed,
        )
        threading.Thread(target=self._work, args=(job, fetch), name="download", daemon=True).start()
        self._look_later()
        return True

    def _work(self, job: _Download, fetch: ModelDownload) -> None:
        """On a thread of its own."""
        try:
            record = fetch.run(job.file, job.quantization)
            end = changed(fetch.at_end(), state=DownloadState.DONE, done_bytes=fetch.now.total_bytes, model=record)
        except Stopped:
            end = changed(fetch.at_end(), state=DownloadState.PAUSED)
        except Exception as err:  # noqa: BLE001  a thread's outermost frame: the asker is told, never nobody
            end = changed(fetch.at_end(), state=DownloadState.FAILED, problem=problem_for(err))
        if job.goal is DownloadState.CANCELLED and end.model is None:
            self._remove(job, end)
        else:
            self._service_thread.post(lambda: self._end(job, end))

    def _remove(self, job: _Download, end: DownloadChanged) -> None:
        """Delete the parts.  On a thread of its own."""
        try:
            if job.fetch and job.fetch.parts:
                job.fetch.remove_parts()
            else:
                remove_parts_of(self._models.folder, end.repo, end.name)
            end = changed(end, state=DownloadState.CANCELLED, done_bytes=0, problem=None, note=None, place=0)
        except Exception as err:  # noqa: BLE001  a thread's outermost frame: the asker is told, never nobody
            end = changed(end, state=DownloadState.FAILED, problem=problem_for(err))
        self._service_thread.post(lambda: self._end(job, end))

    def _say_progress(self, job: _Download, fetch: ModelDownload, change: DownloadChanged) -> None:
        if job.is_on and job.fetch is fetch:
            is_other = change.state is not job.now.state
            self._say(job, change)
            if is_other or time.monotonic() - job.noted >= NOTE_S:
                job.noted = time.monotonic()
                self._jobs.note(change)

    def _say(self, job: _Download, change: DownloadChanged) -> None:
        job.now = change
        self._publish(change)
        self._publish(job_change(change, job.title))

    def _end(self, job: _Download, end: DownloadChanged) -> None:
        was_on, job.is_on = job.is_on, False
        end = changed(end, bytes_per_s=0.0, eta_s=None)
        end, job.goal = as_requested(end, job.goal, waits=job.waits) if was_on else end, None
        if was_on and not (self._closed and end.state is DownloadState.PAUSED):  # `close` has left it
            self._jobs.note(end)
            self._jobs.leave(end, STATUSES[end.state])
        self._say(job, end)
        if end.model:
            self._publish(ModelsChanged())
        self._advance()


# ---- downloads as rows of the jobs table


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
        """The open job of an earlier run that wanted the same, else a new one.  Raises KnownError store.*."""
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
        """Give up one this instance runs.  A full disk is no reason not to: its owner ends with this instance."""
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
        model = next((model for model in self._store.models.all() if model.id == about.get("model")), None)
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
    """By what was requested of it, as its thread only knows that it was stopped.  `waits`: for the network."""
    is_offline = end.problem is not None and end.problem.code == "network.offline"
    was_stopped = end.state is DownloadState.PAUSED
    if (was_stopped and goal is DownloadState.QUEUED) or (is_offline and waits):
        return as_waiting(end, 0, None)
    if was_stopped and goal is DownloadState.FAILED:  # offline, and it does not wait
        problem = problem_for(KnownError("network.offline", host=end.repo))
        return changed(end, state=DownloadState.FAILED, problem=problem)
    return end
