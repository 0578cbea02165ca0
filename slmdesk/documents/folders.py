"""Folders whose documents are asked together (collections). They are scanned regularly, and new documents are read in
the background.

Everything runs on the service thread, except scanning, which runs on file threads. Files are never changed.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import stored_dict, stored_from
from slmdesk.base.record import Record, changed
from slmdesk.base.records import CollectionRecord, DocumentRecord, DocumentStatus, JobRecord, JobStatus, JobStep
from slmdesk.base.runtime.events import Noticed, Pending, ended, outcome
from slmdesk.base.runtime.messages import Problem, problem_for, problem_of
from slmdesk.base.runtime.service import (
    Later,
    Runtime,
    Service,
    Slices,
    in_slices,
    on_file_thread,
    pending_on_file_thread,
    rest,
)
from slmdesk.base.texts import _
from slmdesk.base.types import Json
from slmdesk.documents.scan import (
    AGAIN,
    STILL_S,
    DocumentFile,
    Listing,
    Plan,
    collection_of,
    is_vanished,
    look_at,
    plan,
    scan,
)
from slmdesk.documents.service import DocumentService
from slmdesk.documents.types import (
    KIND,
    CollectionChanged,
    CollectionGone,
    CollectionState,
    CollectionStatus,
    DuplicateFile,
    SeenFile,
    SkippedDocument,
    UnreadableFile,
    broken_in,
    folder_of,
    left_in,
    left_out_in,
    mark_in,
    quoted,
    settled,
    twins_in,
    unquoted,
)
from slmdesk.history.store import Store
from slmdesk.history.store.database import new_id
from slmdesk.models.loader.model_loader import ModelLoader
from slmdesk.tasks.jobs.service import moved, place_of, put_in_order
from slmdesk.tasks.jobs.types import JobChanged

WATCH_S = 10.0
"""Seconds between two scans of a watched folder. The time is longer if a scan takes long."""
LOOK_SHARE = 50
"""Divisor of the time: scans take at most 1/50 of it."""
SOON_S = 3.0
"""Seconds until the next scan, if a file is just being written."""
MOST_LEFT = 1000


@dataclass(slots=True, eq=False)
class _Folder:
    state: CollectionState
    stop: threading.Event | None = None
    next: Later | None = None
    again: bool = False
    seconds: float = 0.0
    waiting: list[Pending[CollectionState]] = field(default_factory=list)

    def halt(self) -> None:
        if self.stop:
            self.stop.set()
        if self.next:
            self.next.cancel()


_Scan = tuple[Listing, Plan | None]
"""A listing of the folder, and the plan of what to do. The plan is None if the folder has disappeared."""


def skipped_in(store: Store, id: str, limit: int = MOST_LEFT) -> list[SkippedDocument]:
    """Return the documents of a folder that could not be read. Raises KnownError `collection.unknown`."""
    record = store.collections.get(id)
    reported = [*left_out_in(record.settings), *store.collections.failed_documents(record.id, limit)]
    reported.sort(key=lambda pair: pair[0])
    return [SkippedDocument(os.fsdecode(path), code, problem_of(code, args).sentence) for path, code, args in reported][
        :limit
    ]


class CollectionService(Service):
    def __init__(self, runtime: Runtime, documents: DocumentService, loader: ModelLoader) -> None:
        super().__init__(runtime)
        paths = runtime.paths
        self._own = (paths.data, paths.models, paths.cache, paths.logs, paths.config)
        self.runner = IndexRunner(runtime, documents, loader, self._on_progress)
        self._folders: dict[str, _Folder] = {}
        self._removal = FolderRemoval(runtime, documents)
        self._is_watching = False
        self._closed = False

    def all(self) -> list[CollectionState]:
        return [self._folder(collection).state for collection in self._present()]

    def get(self, id: str) -> CollectionRecord:
        """Return a folder's record by its id or a unique beginning of it. Raises KnownError `collection.unknown`."""
        return self._store.collections.get(id)

    def state(self, id: str) -> CollectionState:
        """Return a folder's state by its id or a unique beginning of it. Raises KnownError `collection.unknown`."""
        return self._folder(self._store.collections.get(id)).state

    def at(self, path: Path) -> CollectionRecord | None:
        requested = os.fsencode(path.absolute())
        return next((collection for collection in self._present() if collection.path == requested), None)

    def readable(self, id: str) -> list[DocumentRecord]:
        """Return the documents of a folder that can be asked about, without their details."""
        return self._store.collections.asked_documents(self._store.collections.get(id).id)

    def documents(self, id: str, limit: int = 100_000) -> list[DocumentRecord]:
        return self._store.documents.page(limit, collection=self._store.collections.get(id).id)

    def unread(self, id: str, limit: int = MOST_LEFT) -> list[SkippedDocument]:
        return skipped_in(self._store, id, limit)

    def add(self, path: Path, *, watched: bool = True) -> Pending[CollectionState]:
        """Add a folder and start to read its documents. The result is its state before the first scan.

        A known folder is returned unchanged. Problems: `collection.no_folder`, `collection.nested` if it contains
        another folder or is inside one, `store.…`.
        """
        path = path.absolute()
        others = [(collection.id, folder_of(collection)) for collection in self._present()]

        def added(known: str) -> CollectionState:
            collections = self._store.collections
            record = collections.get(known) if known else collections.add(path, path.name or str(path), watched=watched)
            if watched and not record.watched:
                record = collections.change(record.id, watched=True)
            folder = self._folder(record)
            self._say(folder, record=record)
            self._service_thread.post(lambda: self.look(record.id))  # posted, so that the result of `add` comes first
            return folder.state

        looking = pending_on_file_thread(self._service_thread, lambda: collection_of(path, others), name="folder")
        return looking.map(added)

    def set_watched(self, id: str, watched: bool) -> None:
        """Set whether a folder is scanned regularly or on request. Raises KnownError `collection.unknown`, store.*."""
        folder = self._folder(self._store.collections.change(id, watched=watched))
        self._say(folder, record=self._store.collections.get(id))
        if folder.next:
            folder.next.cancel()
            folder.next = None
        if watched and self._is_watching:
            self.look(folder.state.record.id)

    def forget(self, id: str) -> Pending[None]:
        """Remove a folder and what was read from it. Its files stay, and so do documents that a person opened
        separately.

        It is removed step by step, and CollectionGone is published at the end. This cannot be undone, so call it when
        *Undo* is no longer offered. Raises KnownError `collection.unknown`, `store.…`.
        """
        record = self._store.collections.change(id, settings={"going": True})
        self.runner.drop(record.id)
        self._leave(record.id)
        self._store.jobs.forget_index_jobs(record.id)
        return self._removal.forget_folder(record.id)

    def watch(self) -> None:
        """Start to scan the watched folders regularly, and finish interrupted removals. Called by the window only."""
        self._is_watching = True
        for record in self._store.collections.all():
            if record.settings.get("going"):
                with suppress(KnownError):
                    self.forget(record.id)
            elif record.watched:
                self.look(record.id)

    def start_over(self) -> None:
        """Go on with the folders of a history that has taken the place of the one there was."""
        for id in list(self._folders):
            self._leave(id)
        self.runner.start_over()
        if self._is_watching:
            self.watch()

    def look(self, id: str, *, resume: bool = False) -> Pending[CollectionState]:
        """Scan a folder and read its new documents. The result comes when this is done, or cannot be done now.

        `resume` also resumes its job if a person paused or cancelled the job. Raises KnownError `collection.unknown`.
        """
        record = self._store.collections.get(id)
        folder = self._folder(record)
        pending: Pending[CollectionState] = Pending()
        folder.waiting.append(pending)
        if resume:
            record = self._store.collections.change(record.id, settings={"stopped": None})
        job = self.runner.unfinished(record.id)
        if job is not None:
            self._look_at_job(folder, job, resume=resume)
        elif record.settings.get("stopped"):
            self._say(folder, record=record, status=CollectionStatus.STOPPED)
            self._end_wait(folder)
        elif folder.stop is not None:
            folder.again = True
        elif not self._closed:
            self._begin_look(folder, record)
        return pending

    def close(self) -> None:
        self._closed = True
        self.runner.close()
        self._removal.close()
        for folder in self._folders.values():
            folder.halt()

    def _look_at_job(self, folder: _Folder, job: JobRecord, *, resume: bool) -> None:
        if resume and job.status is JobStatus.PAUSED:
            self.runner.resume_job(job)
        elif resume or job.status is JobStatus.PAUSED or self._store.jobs.is_elsewhere(job):
            self._on_progress(IndexProgress(folder.state.record.id, job))
        if job.status is not JobStatus.PAUSED and not self._store.jobs.is_elsewhere(job):
            self.runner.take_up()
        self._look_later(folder)

    def _begin_look(self, folder: _Folder, record: CollectionRecord) -> None:
        stop = folder.stop = threading.Event()
        if folder.state.looked is None:
            self._say(folder, status=CollectionStatus.LOOKING)
        known = self._store.collections.kept_files(record.id)
        mark = mark_in(record.settings)
        twins, broken = twins_in(record.settings), broken_in(record.settings)

        def work() -> _Scan:
            listing = scan(folder_of(record), self._own, stop)
            vanished = is_vanished(listing, mark, len(known))
            return listing, None if vanished else plan(listing, known, twins, broken)

        on_file_thread(self._service_thread, work, lambda seen: self._on_seen(folder, record.id, seen), name="folder")

    def _on_seen(self, folder: _Folder, id: str, seen: _Scan | Problem) -> None:
        if folder.stop is None or self._closed:
            return
        stopped, folder.stop = folder.stop.is_set(), None
        if stopped:
            return
        try:
            if isinstance(seen, Problem):
                self._say(folder, status=CollectionStatus.UNREACHABLE, reason=seen.sentence)
                self._end_wait(folder)
            else:
                self._take(folder, self._store.collections.get(id), seen)
        except KnownError as err:  # a full disk or read-only history: tried again later
            self._say(folder, status=CollectionStatus.PAUSED, reason=problem_for(err).sentence)
            self._end_wait(folder)
        if folder.again:
            folder.again = False
            self.look(id)
        else:
            self._look_later(folder)

    def _take(self, folder: _Folder, record: CollectionRecord, seen: _Scan) -> None:
        listing, what = seen
        folder.seconds = listing.seconds
        if what is None:
            reason = listing.reason or _("the folder is empty, and not the one it was")
            self._say(folder, status=CollectionStatus.UNREACHABLE, reason=reason)
            self._end_wait(folder)
            return
        left: dict[str, Json] = {
            quoted(path): [code, dict(args)] for path, (code, args) in list(listing.left.items())[:MOST_LEFT]
        }
        settings: dict[str, Json] = {"left": left, "mark": list(listing.mark)}
        if any(record.settings.get(key) != value for key, value in settings.items()):
            record = self._store.collections.change(record.id, settings=settings)
        self._say(folder, record=record, looked=time.time(), later=len(listing.later), reason="")
        if not what.new and not what.gone:
            self._is_current(folder)
            return
        self.runner.begin(record.id, record.name, what)

    def _look_later(self, folder: _Folder) -> None:
        if not self._is_watching or not folder.state.record.watched or self._closed:
            return
        if folder.next:
            folder.next.cancel()
        id = folder.state.record.id
        wait = SOON_S if folder.state.later else max(WATCH_S, folder.seconds * LOOK_SHARE)
        folder.next = self._service_thread.call_later(wait, lambda: self._look_by_itself(id))

    def _look_by_itself(self, id: str) -> None:
        with suppress(KnownError):  # removed by another instance, or the store fails
            if id in self._folders and self._store.collections.get(id).watched:
                self.look(id)

    def _on_progress(self, reported: IndexProgress) -> None:
        try:
            folder = self._folder(self._store.collections.get(reported.collection))
        except KnownError:  # the folder was removed
            return
        job = reported.job
        done = job.done + job.failed
        if job.status is JobStatus.DONE:
            self._settle(folder, reported)
        elif job.status is JobStatus.CANCELLED:
            record = folder.state.record
            if not record.settings.get("going"):
                record = self._store.collections.change(record.id, settings={"stopped": True})
            self._say(folder, record=record, status=CollectionStatus.STOPPED, counted=True, job="", eta_s=None)
            self._end_wait(folder)
        elif job.status is JobStatus.PAUSED or self._store.jobs.is_elsewhere(job):
            is_paused = job.status is JobStatus.PAUSED
            status = CollectionStatus.PAUSED if is_paused else CollectionStatus.ELSEWHERE
            reason = problem_of(job.error_code, job.error_args).sentence if job.error_code else ""
            self._say(folder, status=status, done=done, total=job.total, job=job.id, reason=reason, counted=True)
            self._end_wait(folder)
        else:
            self._say(
                folder, status=CollectionStatus.INDEXING, done=done, total=job.total, eta_s=reported.eta_s, job=job.id
            )

    def _settle(self, folder: _Folder, reported: IndexProgress) -> None:
        record = self._store.collections.get(reported.collection)
        now = {file.id: file.path for file in self._store.collections.kept_files(record.id)}
        gone = [id for id, path in gone_in(reported.job).items() if now.get(id) == path]
        settings = settled(record.settings, now.keys() - set(gone), reported.twins, reported.broken)
        record = self._store.collections.change(record.id, settings=settings)
        self._store.jobs.forget_index_jobs(record.id, but=reported.job.id)
        self._say(folder, record=record, gone=folder.state.gone + len(gone))
        if gone:
            self._removal.forget_documents(gone, record.id).then(partial(self._is_current, folder))
        else:
            self._is_current(folder)

    def _is_current(self, folder: _Folder, removed: Problem | None = None) -> None:
        if removed:
            self._publish(Noticed(removed))
        self._say(folder, status=CollectionStatus.CURRENT, done=0, total=0, eta_s=None, job="", reason="", counted=True)
        self._end_wait(folder)

    def _end_wait(self, folder: _Folder) -> None:
        waiting, folder.waiting = folder.waiting, []
        for pending in waiting:
            pending.end(folder.state)

    def _folder(self, record: CollectionRecord) -> _Folder:
        folder = self._folders.get(record.id)
        if folder is None:
            folder = self._folders[record.id] = _Folder(self._state_before(record))
            folder.state = self._counted(folder.state)
        elif folder.state.record != record:
            folder.state = changed(folder.state, record=record)
        return folder

    def _present(self) -> list[CollectionRecord]:
        return [collection for collection in self._store.collections.all() if not collection.settings.get("going")]

    def _state_before(self, record: CollectionRecord) -> CollectionState:
        job = self.runner.unfinished(record.id)
        if job is not None and (job.status is JobStatus.PAUSED or self._store.jobs.is_elsewhere(job)):
            status = CollectionStatus.PAUSED if job.status is JobStatus.PAUSED else CollectionStatus.ELSEWHERE
            return CollectionState(record, status, done=job.done + job.failed, total=job.total, job=job.id)
        if record.settings.get("stopped"):
            return CollectionState(record, CollectionStatus.STOPPED)
        is_read = job is None and mark_in(record.settings) != (0, 0)
        return CollectionState(record, CollectionStatus.CURRENT if is_read else CollectionStatus.WAITING)

    def _counted(self, state: CollectionState) -> CollectionState:
        read, pages, failed = self._store.collections.count(state.record.id)
        left = len(left_in(state.record.settings)) + len(broken_in(state.record.settings))
        return changed(state, documents=read, pages=pages, unread=failed + left)

    def _say(self, folder: _Folder, *, counted: bool = False, **changes: object) -> None:
        state = changed(folder.state, **changes)  # type: ignore[arg-type]  # fields by name
        if counted:
            state = self._counted(state)
        if state != folder.state or counted:
            folder.state = state
            self._publish(CollectionChanged(state))

    def _leave(self, id: str) -> None:
        if folder := self._folders.pop(id, None):
            folder.halt()


AT_ONCE = 50
TELL_S = 0.25
REST_S = 0.5
MOST_RESTS = 40
"""Most pauses of reading before a file, while an answer is being written."""
PER_FILE = 200_000
"""Cost of a file in addition to its size, in bytes. Used to estimate the time left."""
PAUSING = ("store.", "disk.", "file.unwritable")
"""Beginnings of error codes that are not about the file. Such an error pauses the job."""


@dataclass(slots=True, eq=False)
class _Run:
    job: JobRecord
    collection: str
    stop: threading.Event = field(default_factory=threading.Event)
    work: Pending[bool] | None = None
    began: float = 0.0
    """When the first file had been read, which waited for the reader to start and is not measured."""
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
    """Service that runs the jobs of kind `index`, which read the new files of folders (see jobs.service.Runner).

    Each file is a step, so that after a kill only the current file has to be read again. A file that cannot be read is
    a failed step, and the job goes on with the next file.
    """

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

    def begin(self, collection: str, title: str, plan: Plan) -> JobRecord:
        """Store a job for the new files of a folder, and run it when its turn comes. Raises KnownError store.*."""
        nonce = new_id()
        steps: list[tuple[str, Mapping[str, Json]]] = [
            (
                f"{KIND}:{nonce}:{number}",
                {"path": quoted(file.path), "bytes": file.bytes, "mtime_ns": file.mtime_ns, "inode": file.inode},
            )
            for number, file in enumerate(plan.new)
        ]
        gone: dict[str, Json] = {id: quoted(path) for id, path in plan.gone.items()}
        settings: dict[str, Json] = {"collection": collection, "gone": gone}
        job = self._store.jobs.add(KIND, title, model_sha256="", steps=steps, settings=settings)
        self._say(job, collection)
        self._enqueue(job.id)
        return job

    def unfinished(self, collection: str) -> JobRecord | None:
        jobs = self._store.jobs.unfinished(KIND)
        return next((job for job in jobs if collection_in(job) == collection), None)

    def drop(self, collection: str) -> None:
        job = self.unfinished(collection)
        if job is not None:
            self.change_job(job, JobStatus.CANCELLED)

    def start_over(self) -> None:
        self._queue.clear()

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
        waiting = [job for job in self._store.jobs.unfinished(KIND) if job.status is JobStatus.OPEN]
        waiting.sort(key=place_of)
        order = moved([job.id for job in waiting], id, where)
        put_in_order(self._store, waiting, order)
        self._queue = deque(sorted(self._queue, key=lambda key: order.index(key) if key in order else -1))
        for job in waiting:
            self._publish(_changed(job))

    def close(self) -> None:
        self._closed = True
        self._queue.clear()
        if self._run:
            run = self._drop()
            with suppress(KnownError):  # a job whose owner is gone can be claimed as well
                self._store.jobs.leave(run.job.id, JobStatus.OPEN)

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
            run.left = sum(_cost(step) for step in self._store.jobs.open_steps(job.id, job.total))
            self._say(job, run.collection)
            run.work = in_slices(self._service_thread, self._reading(run))
            run.work.then(partial(self._end_later, run))

    def _reading(self, run: _Run) -> Slices[bool]:
        """Read the files of a job. The result is True if the job is done. It is False if the job was paused, cancelled
        or taken over elsewhere.
        """
        while steps := self._store.jobs.open_steps(run.job.id, AT_ONCE):
            for step in steps:
                rests = 0
                while self._loader.is_busy and rests < MOST_RESTS:  # somebody waits for an answer
                    rests += 1
                    yield rest(self._service_thread, REST_S)
                problem = yield from self._read(run, step)
                if problem and problem.code.startswith(PAUSING):
                    yield ended(problem)
                if problem is None:
                    kept = self._store.jobs.save_step(run.job.id, step.key, {})
                    run.job = changed(run.job, done=run.job.done + kept)
                else:
                    kept = self._store.jobs.fail_step(run.job.id, step.key, problem.code, dict(problem.args))
                    run.job = changed(run.job, failed=run.job.failed + kept)
                if not kept:
                    return False
                cost, now = _cost(step), time.monotonic()
                run.spent, run.began = (run.spent + cost, run.began) if run.began else (0, now)
                run.left = max(0, run.left - cost)
                if now - run.reported >= TELL_S:
                    run.reported = now
                    self._say(run.job, run.collection, run.eta_s)
        return True

    def _read(self, run: _Run, step: JobStep) -> Slices[Problem | None]:
        seen = _seen_in(step)
        (looked,) = yield outcome(self._look(run, seen.path))
        if isinstance(looked, Problem):
            if looked.code not in (*AGAIN, "file.missing"):
                args = {key: value for key, value in looked.args.items() if isinstance(value, str | int)}
                run.broken[seen.path] = UnreadableFile(seen, looked.code, args)
            return looked
        file = looked.file
        if looked.twin_of:
            seen = SeenFile(seen.path, file.bytes, file.mtime_ns, file.inode)
            run.twins[seen.path] = DuplicateFile(seen, looked.twin_of)
            return None
        (read,) = yield outcome(self._documents.open_found(file, collection=run.collection, instead=looked.instead))
        return read if isinstance(read, Problem) else None

    def _look(self, run: _Run, path: bytes) -> Pending[_Looked]:
        def work() -> _Looked:
            file = look_at(Path(os.fsdecode(path)), run.stop)
            if abs(time.time() - file.mtime_ns / 1e9) < STILL_S:
                raise KnownError("document.changing", path=file.path.name)
            for document in self._service_thread.call(lambda: self._same(run.collection, path, file.sha256)):
                if os.path.lexists(document.path):
                    return _Looked(file, twin_of=document.id)
                return _Looked(file, instead=document.id)
            return _Looked(file)

        return pending_on_file_thread(self._service_thread, work, name="index")

    def _same(self, collection: str, path: bytes, sha256: str) -> list[DocumentRecord]:
        """Return the documents of the folder with the same bytes. Empty if a document with this path is known."""
        same = self._store.documents.find(sha256=sha256)
        here = [document for document in self._store.documents.find(path=path) if "attachment" not in document.info]
        if here:
            return []
        return [
            document
            for document in same
            if document.collection == collection and document.status is DocumentStatus.READ
        ]

    def _end_later(self, run: _Run, end: bool | Problem) -> None:
        """End a run, but not within the reading of its last document, whose waiters have nothing to do with it."""
        self._service_thread.post(lambda: self._on_end(run, end))

    def _on_end(self, run: _Run, end: bool | Problem) -> None:
        if self._run is not run:  # paused, cancelled or closed meanwhile
            return
        self._drop()
        self._service_thread.post(self._advance)
        if isinstance(end, Problem):
            if end.report:
                self._publish(Noticed(end))
            self._pause(run, end)
        elif end:
            job = self._store.jobs.leave(run.job.id, JobStatus.DONE)
            self._publish(_changed(job))
            self._progressed(IndexProgress(run.collection, job, twins=run.twins, broken=run.broken))
        else:
            self._say(self._store.jobs.get(run.job.id), run.collection)

    def _pause(self, run: _Run, problem: Problem) -> None:
        job = changed(run.job, status=JobStatus.PAUSED)
        with suppress(
            KnownError
        ):  # a full disk: shown as paused, and resumed by another instance once this instance has ended
            job = self._store.jobs.leave(
                run.job.id, JobStatus.PAUSED, error_code=problem.code, error_args=dict(problem.args)
            )
        self._say(job, run.collection, problem=problem)

    def _drop(self) -> _Run:
        run = self._run
        assert run is not None
        self._run = None
        run.stop.set()
        if run.work:
            run.work.cancel()
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


REMOVAL_REST_S = 0.3
MOST_TRIES = 200


class FolderRemoval(Service):
    def __init__(self, runtime: Runtime, documents: DocumentService) -> None:
        super().__init__(runtime)
        self._documents = documents
        self._going: list[Pending[None]] = []
        self._closed = False

    def forget_folder(self, id: str) -> Pending[None]:
        def forget(_end: None) -> None:
            self._store.collections.forget(id)  # fails on a full disk; it is tried again later
            self._documents.purge_soon()  # even without documents, the folder's own name must be purged
            self._publish(CollectionGone(id))

        return self.forget_documents([file.id for file in self._store.collections.kept_files(id)], id).map(forget)

    def close(self) -> None:
        self._closed = True
        for going in self._going:
            going.cancel()

    def forget_documents(self, ids: Sequence[str], collection: str) -> Pending[None]:
        """Remove documents of a folder. The result comes when they are removed, or cannot be removed now."""
        going = in_slices(self._service_thread, self._forgetting(ids, collection))
        self._going = [*(removal for removal in self._going if not removal.is_ended), going]
        return going

    def _forgetting(self, ids: Sequence[str], collection: str) -> Slices[None]:
        yield rest(self._service_thread, 0)
        if self._closed:
            return
        for id in ids:
            yield
            with suppress(KnownError):  # removed already, or a full disk: tried again later
                self._forget_document(id)
        for _try in range(MOST_TRIES):
            if set(ids).isdisjoint(file.id for file in self._store.collections.kept_files(collection)):
                return
            yield rest(self._service_thread, REMOVAL_REST_S)

    def _forget_document(self, id: str) -> None:
        record = self._store.documents.get(id)
        if record.opened > 0:  # a person opened it separately, so it stays in the list
            self._store.documents.change(id, collection=None)
        else:
            self._documents.forget(id, with_folder=True)
