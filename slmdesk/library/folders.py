"""Folders whose documents are asked together (collections): scanned regularly, new documents read in the background.

Everything on the service thread, except the scanning, which runs on file threads.  Files are never changed.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.records import CollectionRecord, DocumentRecord, JobRecord, JobStatus
from slmdesk.base.types import Json
from slmdesk.library.events import CollectionChanged
from slmdesk.library.folder_indexing import IndexProgress, IndexRunner, gone_in
from slmdesk.library.folder_removal import FolderRemoval
from slmdesk.library.folder_scan import Listing, Plan, is_vanished, place_of, plan, scan
from slmdesk.library.folder_types import (
    CollectionState,
    CollectionStatus,
    SkippedDocument,
    broken_in,
    folder_of,
    left_in,
    left_out_in,
    mark_in,
    quoted,
    settled,
    twins_in,
)
from slmdesk.library.service import DocumentService
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.runtime.events import Problem
from slmdesk.runtime.file_thread import on_file_thread, pending_on_file_thread
from slmdesk.runtime.messages import problem_for, problem_of
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service
from slmdesk.runtime.service_thread import Later

WATCH_S = 10.0
"""Time between two scans of a watched folder; more where a scan takes long."""
LOOK_SHARE = 50
"""A scan may take at most one part in this many of the time."""
SOON_S = 3.0
"""Time to the next scan when a file is being written."""
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
"""A listing, and what has to be done after it; None: the folder has vanished."""


class CollectionService(Service):
    def __init__(self, runtime: Runtime, documents: DocumentService, loader: ModelLoader) -> None:
        super().__init__(runtime)
        self._documents = documents
        paths = runtime.paths
        self._own = (paths.data, paths.models, paths.cache, paths.logs, paths.config)
        self.runner = IndexRunner(runtime, documents, loader, self._on_progress)
        self._folders: dict[str, _Folder] = {}
        self._removal = FolderRemoval(runtime, documents)
        self._is_watching = False
        self._closed = False

    # ---- which there are

    def all(self) -> list[CollectionState]:
        return [self._folder(one).state for one in self._present()]

    def get(self, id: str) -> CollectionRecord:
        """Return a folder's record by id or unique prefix.  Raises KnownError `collection.unknown`."""
        return self._store.collections.get(id)

    def state(self, id: str) -> CollectionState:
        """Return a folder by id or unique beginning of one.  Raises KnownError `collection.unknown`."""
        return self._folder(self._store.collections.get(id)).state

    def at(self, path: Path) -> CollectionRecord | None:
        requested = os.fsencode(path.absolute())
        return next((one for one in self._present() if one.path == requested), None)

    def readable(self, id: str) -> list[DocumentRecord]:
        """Return the documents of a folder that can be asked, without their details."""
        return self._store.collections.asked_documents(self._store.collections.get(id).id)

    def documents(self, id: str, limit: int = 100_000) -> list[DocumentRecord]:
        return self._store.documents.page(limit, collection=self._store.collections.get(id).id)

    def unread(self, id: str, limit: int = MOST_LEFT) -> list[SkippedDocument]:
        record = self._store.collections.get(id)
        reported = [*left_out_in(record.settings), *self._store.collections.failed_documents(record.id, limit)]
        reported.sort(key=lambda one: one[0])
        return [
            SkippedDocument(os.fsdecode(path), code, problem_of(code, args).sentence) for path, code, args in reported
        ][:limit]

    def add(self, path: Path, *, watched: bool = True) -> Pending[CollectionState]:
        """Add a folder, whose documents are then read; the result is its state before the first scan.

        A folder that is known already is returned as it is.  Problems: `collection.no_folder`, `collection.nested` when
        it lies in another one or around it, `store.…`.
        """
        path = path.absolute()
        others = [(one.id, folder_of(one)) for one in self._present()]

        def added(known: str) -> CollectionState:
            collections = self._store.collections
            record = collections.get(known) if known else collections.add(path, path.name or str(path), watched=watched)
            if watched and not record.watched:
                record = collections.change(record.id, watched=True)
            folder = self._folder(record)
            self._say(folder, record=record)
            self._service_thread.post(lambda: self.look(record.id))  # its answer comes first
            return folder.state

        looking = pending_on_file_thread(self._service_thread, lambda: place_of(path, others), name="folder")
        return looking.map(added)

    def set_watched(self, id: str, watched: bool) -> None:
        """Scan a folder regularly, or only on request.  Raises KnownError `collection.unknown`, store.*."""
        folder = self._folder(self._store.collections.change(id, watched=watched))
        self._say(folder, record=self._store.collections.get(id))
        if folder.next:
            folder.next.cancel()
            folder.next = None
        if watched and self._is_watching:
            self.look(folder.state.record.id)

    def forget(self, id: str) -> Pending[None]:
        """Remove a folder and what was read for it; its files stay, and so do documents a person opened separately.

        It is removed in pieces; CollectionGone is published at the end.  There is no undo: call it when the time for
        undo is over.  Raises KnownError `collection.unknown`, `hold.folder`, `store.…`.
        """
        self._store.holds.require_folder_free(self._store.collections.get(id).id)
        record = self._store.collections.change(id, settings={"going": True})
        self.runner.drop(record.id)
        self._leave(record.id)
        self._store.jobs.forget_index_jobs(record.id)
        return self._removal.forget_folder(record.id).then(partial(self._on_forgotten, record.id))

    def _on_forgotten(self, id: str, end: Problem | None) -> None:
        """Put on hold meanwhile, it is a folder again: what was removed of it is read anew."""
        if isinstance(end, Problem) and end.code == "hold.folder":
            record = self._store.collections.change(id, settings={"going": None})
            self._say(self._folder(record), record=record)
            self.look(id)

    # ---- looking

    def watch(self) -> None:
        """Start scanning the watched folders regularly and finish interrupted removals.  Called by the window only."""
        self._is_watching = True
        for record in self._store.collections.all():
            if record.settings.get("going"):
                try:
                    self.forget(record.id)
                except KnownError as err:
                    self._on_forgotten(record.id, problem_for(err))
            elif record.watched:
                self.look(record.id)

    def look(self, id: str, *, resume: bool = False) -> Pending[CollectionState]:
        """Scan a folder and have its new documents read; ends when that is done or cannot be done now.

        `resume`: also resume its job if a person paused or cancelled it.  Raises KnownError `collection.unknown`.
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
        known, mark = self._store.collections.kept_files(record.id), mark_in(record.settings)
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
        except KnownError as err:  # the disk is full, the history read-only: shown, and tried again later
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
            reason = listing.reason or "the folder is empty, and not the one it was"
            self._say(folder, status=CollectionStatus.UNREACHABLE, reason=reason)
            self._end_wait(folder)
            return
        left: dict[str, Json] = {
            quoted(path): [code, dict(args)] for path, (code, args) in list(listing.left.items())[:MOST_LEFT]
        }
        found: dict[str, Json] = {"left": left, "mark": list(listing.mark)}
        if any(record.settings.get(key) != value for key, value in found.items()):
            record = self._store.collections.change(record.id, settings=found)
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
        with suppress(KnownError):  # forgotten by another instance, or a store in trouble, which says so by itself
            if id in self._folders and self._store.collections.get(id).watched:
                self.look(id)

    # ---- the job

    def _on_progress(self, reported: IndexProgress) -> None:
        try:
            folder = self._folder(self._store.collections.get(reported.collection))
        except KnownError:  # it was forgotten
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
        now = {one.id: one.path for one in self._store.collections.kept_files(record.id)}
        gone = [id for id, path in gone_in(reported.job).items() if now.get(id) == path]
        settings = settled(record.settings, now.keys() - set(gone), reported.twins, reported.broken)
        record = self._store.collections.change(record.id, settings=settings)
        self._store.jobs.forget_index_jobs(record.id, but=reported.job.id)
        self._say(folder, record=record, gone=folder.state.gone + len(gone))
        if gone:
            self._removal.forget_documents(gone, record.id, lambda: self._is_current(folder))
        else:
            self._is_current(folder)

    def _is_current(self, folder: _Folder) -> None:
        self._say(folder, status=CollectionStatus.CURRENT, done=0, total=0, eta_s=None, job="", reason="", counted=True)
        self._end_wait(folder)

    def _end_wait(self, folder: _Folder) -> None:
        waiting, folder.waiting = folder.waiting, []
        for pending in waiting:
            pending.end(folder.state)

    # ---- inside

    def _folder(self, record: CollectionRecord) -> _Folder:
        folder = self._folders.get(record.id)
        if folder is None:
            folder = self._folders[record.id] = _Folder(self._state_before(record))
            folder.state = self._counted(folder.state)
        elif folder.state.record != record:
            folder.state = changed(folder.state, record=record)
        return folder

    def _present(self) -> list[CollectionRecord]:
        return [one for one in self._store.collections.all() if not one.settings.get("going")]

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
