"""Runs the jobs that read new files in folders, each file as one step that is saved.  Service thread.

When the program is killed, only the current file is lost.  A file that cannot be read is a failed step, and the next
one follows.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.records import DocumentRecord, DocumentStatus, JobRecord, JobStatus, JobStep
from slmdesk.base.types import Json
from slmdesk.base.wire import stored_dict, stored_from
from slmdesk.jobs.events import JobChanged
from slmdesk.jobs.queue_order import moved, place_of, put_in_order
from slmdesk.library.files import DocumentFile, look_at
from slmdesk.library.folder_scan import AGAIN, STILL_S, DuplicateFile, Plan, SeenFile, UnreadableFile
from slmdesk.library.folder_types import KIND, quoted, unquoted
from slmdesk.library.service import DocumentService
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.runtime.events import Problem
from slmdesk.runtime.file_thread import on_file_thread
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service
from slmdesk.runtime.service_thread import Later
from slmdesk.store.part import new_id

AT_ONCE = 50
TELL_S = 0.25
REST_S = 0.5
MOST_RESTS = 40
"""So often a file waits for an answer that is being written."""
PER_FILE = 200_000
"""What a file costs beside its bytes, in bytes: for the time left."""
PAUSING = ("store.", "disk.", "file.unwritable")
"""Problems that are not the file's: the job pauses."""


@dataclass(slots=True, eq=False)
class _Run:
    job: JobRecord
    collection: str
    steps: deque[JobStep] = field(default_factory=deque)
    stop: threading.Event = field(default_factory=threading.Event)
    opening: Pending[DocumentRecord] | None = None
    later: Later | None = None
    rests: int = 0
    began: float = field(default_factory=time.monotonic)
    spent: int = 0
    left: int = 0
    reported: float = 0.0
    twins: dict[bytes, DuplicateFile] = field(default_factory=dict)
    broken: dict[bytes, UnreadableFile] = field(default_factory=dict)

    @property
    def eta_s(self) -> float | None:
        return (time.monotonic() - self.began) / self.spent * self.left if self.spent else None


class IndexProgress(Record):
    collection: str
    job: JobRecord
    eta_s: float | None = None
    twins: Mapping[bytes, DuplicateFile] = msgspec.field(default_factory=dict)
    broken: Mapping[bytes, UnreadableFile] = msgspec.field(default_factory=dict)


class _Looked(Record):
    file: DocumentFile
    instead: str = ""
    twin_of: str = ""


class IndexRunner(Service):
    """Runs the jobs of kind `index` (see jobs.service.Runner), one at a time."""

    def __init__(
        self,
        runtime: Runtime,
        documents: DocumentService,
        loader: ModelLoader,
        progressed: Callable[[IndexProgress], None],
    ) -> None:
        super().__init__(runtime)
        self._documents, self._loader, self._progressed = documents, loader, progressed
        self._queue: deque[str] = deque()
        self._run: _Run | None = None
        self._closed = False

    # ---- requests

    def begin(self, collection: str, title: str, plan: Plan) -> JobRecord:
        """Store a job for the new files of a folder and run it in its turn.  Raises KnownError store.*."""
        nonce = new_id()
        steps: list[tuple[str, Mapping[str, Json]]] = [
            (
                f"{KIND}:{nonce}:{number}",
                {"path": quoted(one.path), "bytes": one.bytes, "mtime_ns": one.mtime_ns, "inode": one.inode},
            )
            for number, one in enumerate(plan.new)
        ]
        gone: dict[str, Json] = {id: quoted(path) for id, path in plan.gone.items()}
        settings: dict[str, Json] = {"collection": collection, "gone": gone}
        job = self._store.jobs.add(KIND, title, model_sha256="", steps=steps, settings=settings)
        self._say(job, collection)
        self._enqueue(job.id)
        return job

    def unfinished(self, collection: str) -> JobRecord | None:
        jobs = self._store.jobs.unfinished(KIND)
        return next((one for one in jobs if collection_in(one) == collection), None)

    def drop(self, collection: str) -> None:
        job = self.unfinished(collection)
        if job is not None:
            self.change_job(job, JobStatus.CANCELLED)

    def take_up(self) -> None:
        for job in self._store.jobs.unfinished(KIND):
            if job.status in (JobStatus.OPEN, JobStatus.RUNNING):
                self._enqueue(job.id)

    def resume_job(self, record: JobRecord) -> JobRecord:
        if self._run is None or self._run.job.id != record.id:
            record = self._store.jobs.change(record.id, JobStatus.OPEN)
            self._enqueue(record.id)
        return record

    def change_job(self, record: JobRecord, status: JobStatus) -> JobRecord:
        job = self._store.jobs.change(record.id, status)
        with suppress(ValueError):
            self._queue.remove(job.id)
        if self._run and self._run.job.id == job.id:
            self._drop()
        self._say(job, collection_in(job))
        self._service_thread.post(self._advance)
        return job

    def move(self, id: str, where: str) -> None:
        waiting = [one for one in self._store.jobs.unfinished(KIND) if one.status is JobStatus.OPEN]
        waiting.sort(key=place_of)
        order = moved([one.id for one in waiting], id, where)
        put_in_order(self._store, waiting, order)
        self._queue = deque(sorted(self._queue, key=lambda one: order.index(one) if one in order else -1))
        for one in waiting:
            self._publish(_changed(one))

    def close(self) -> None:
        self._closed = True
        self._queue.clear()
        if self._run:
            run = self._drop()
            with suppress(KnownError):  # then its owner is gone, which says the same
                self._store.jobs.leave(run.job.id, JobStatus.OPEN)

    # ---- one file after the other

    def _enqueue(self, id: str) -> None:
        if id not in self._queue and not (self._run and self._run.job.id == id):
            self._queue.append(id)
        self._service_thread.post(self._advance)

    def _advance(self) -> None:
        while self._run is None and self._queue and not self._closed:
            job = self._store.jobs.claim(self._queue.popleft())
            if job is None:
                continue
            run = self._run = _Run(job, collection_in(job))
            run.left = sum(_cost(one) for one in self._store.jobs.open_steps(job.id, job.total))
            self._say(job, run.collection)
            self._next(run)

    def _next(self, run: _Run) -> None:
        run.later = None
        if self._run is not run:
            return
        if self._loader.is_busy and run.rests < MOST_RESTS:  # somebody waits for an answer
            run.rests += 1
            run.later = self._service_thread.call_later(REST_S, lambda: self._next(run))
            return
        run.rests = 0
        try:
            if not run.steps:
                run.steps.extend(self._store.jobs.open_steps(run.job.id, AT_ONCE))
            if not run.steps:
                self._finish(run)
                return
        except KnownError as err:
            self._pause(run, problem_for(err))
            return
        self._look(run, run.steps.popleft())

    def _look(self, run: _Run, step: JobStep) -> None:
        path = _seen_in(step).path

        def work() -> _Looked:
            found = look_at(Path(os.fsdecode(path)), run.stop)
            if abs(time.time() - found.mtime_ns / 1e9) < STILL_S:
                raise KnownError("document.changing", path=found.path.name)
            for one in self._service_thread.call(lambda: self._same(run.collection, path, found.sha256)):
                if os.path.lexists(one.path):
                    return _Looked(found, twin_of=one.id)
                return _Looked(found, instead=one.id)
            return _Looked(found)

        def looked(result: _Looked | Problem) -> None:
            if self._run is run:
                self._looked(run, step, result)

        on_file_thread(self._service_thread, work, looked, name="index")

    def _same(self, collection: str, path: bytes, sha256: str) -> list[DocumentRecord]:
        """Return the folder's documents with these bytes, unless one is known at this path."""
        same = self._store.documents.find(sha256=sha256)
        here = [one for one in self._store.documents.find(path=path) if "attachment" not in one.info]
        if here:
            return []
        return [one for one in same if one.collection == collection and one.status is DocumentStatus.READ]

    def _looked(self, run: _Run, step: JobStep, result: _Looked | Problem) -> None:
        seen = _seen_in(step)
        if isinstance(result, Problem):
            if result.code not in (*AGAIN, "file.missing"):
                args = {key: one for key, one in result.args.items() if isinstance(one, str | int)}
                run.broken[seen.path] = UnreadableFile(seen, result.code, args)
            self._ended(run, step, result)
        elif result.twin_of:
            file = result.file
            seen = SeenFile(seen.path, file.bytes, file.mtime_ns, file.inode)
            run.twins[seen.path] = DuplicateFile(seen, result.twin_of)
            self._ended(run, step, None)
        else:

            def ended(reported: DocumentRecord | Problem) -> None:
                if self._run is run:
                    run.opening = None
                    self._ended(run, step, reported if isinstance(reported, Problem) else None)

            run.opening = self._documents.open_found(result.file, collection=run.collection, instead=result.instead)
            run.opening.then(ended)

    def _ended(self, run: _Run, step: JobStep, problem: Problem | None) -> None:
        if problem and problem.code.startswith(PAUSING):
            self._pause(run, problem)
            return
        try:
            if problem is None:
                kept = self._store.jobs.save_step(run.job.id, step.key, {})
                run.job = changed(run.job, done=run.job.done + kept)
            else:
                kept = self._store.jobs.fail_step(run.job.id, step.key, problem.code, dict(problem.args))
                run.job = changed(run.job, failed=run.job.failed + kept)
        except KnownError as err:
            self._pause(run, problem_for(err))
            return
        if not kept:  # somebody else paused, cancelled or took it
            self._drop()
            self._say(self._store.jobs.get(run.job.id), run.collection)
            self._service_thread.post(self._advance)
            return
        cost = _cost(step)
        run.spent, run.left = run.spent + cost, max(0, run.left - cost)
        now = time.monotonic()
        if now - run.reported >= TELL_S:
            run.reported = now
            self._say(run.job, run.collection, run.eta_s)
        self._service_thread.post(lambda: self._next(run))

    # ---- ends

    def _finish(self, run: _Run) -> None:
        self._drop()
        job = self._store.jobs.leave(run.job.id, JobStatus.DONE)
        self._publish(_changed(job))
        self._progressed(IndexProgress(run.collection, job, twins=run.twins, broken=run.broken))
        self._service_thread.post(self._advance)

    def _pause(self, run: _Run, problem: Problem) -> None:
        self._drop()
        job = changed(run.job, status=JobStatus.PAUSED)
        with suppress(
            KnownError
        ):  # a full disk: shown as paused, and taken up by another instance once this one has ended
            job = self._store.jobs.leave(
                run.job.id, JobStatus.PAUSED, error_code=problem.code, error_args=dict(problem.args)
            )
        self._say(job, run.collection, problem=problem)
        self._service_thread.post(self._advance)

    def _drop(self) -> _Run:
        run = self._run
        assert run is not None
        self._run = None
        run.stop.set()
        if run.later:
            run.later.cancel()
        if run.opening:
            run.opening.cancel()
        return run

    def _say(
        self, job: JobRecord, collection: str, eta_s: float | None = None, *, problem: Problem | None = None
    ) -> None:
        self._publish(_changed(job, eta_s, problem))
        self._progressed(IndexProgress(collection, job, eta_s))


def collection_in(job: JobRecord) -> str:
    return str(job.settings.get("collection") or "")


def gone_in(job: JobRecord) -> dict[str, bytes]:
    """Return the documents whose files were missing when a job began, by id, with their former paths."""
    return {id: unquoted(path) for id, path in stored_dict(str, job.settings.get("gone")).items()}


def _changed(job: JobRecord, eta_s: float | None = None, problem: Problem | None = None) -> JobChanged:
    done = job.done + job.failed
    share = done / job.total if job.total else None
    return JobChanged(job.id, KIND, job.status, done, job.total, eta_s, job.failed, job.title, problem, share=share)


def _seen_in(step: JobStep) -> SeenFile:
    numbers = [stored_from(int, step.input.get(key)) or 0 for key in ("bytes", "mtime_ns", "inode")]
    return SeenFile(unquoted(str(step.input.get("path", ""))), *numbers)


def _cost(step: JobStep) -> int:
    return PER_FILE + (stored_from(int, step.input.get("bytes")) or 0)
