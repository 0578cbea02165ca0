"""Moves the models folder with a journal, and undoes or finishes an interrupted move.  See `files.py` for the file
work.

Called on the service thread, where events are published too; the work runs on a file thread.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from slmdesk.base.errors import KnownError, SlmdeskError, Stopped
from slmdesk.base.files import private_folder, problem_of
from slmdesk.base.record import changed
from slmdesk.base.records import ModelRecord
from slmdesk.loader.events import ModelsChanged
from slmdesk.models.move import files as move_files
from slmdesk.models.move.files import PREPARING, SWITCHING, Journal, MovingFile
from slmdesk.models.move.plan import (
    MovePlan,
    MoveProgress,
    MoveResult,
    MoveRound,
    MoveStep,
    gather,
    real,
    refuse_target,
)
from slmdesk.models.service import ModelService
from slmdesk.runtime.eta import Pace
from slmdesk.runtime.events import Noticed
from slmdesk.runtime.file_io import SPARE_BYTES
from slmdesk.runtime.file_thread import FileWork, Report, pending_on_file_thread
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service
from slmdesk.store.locks import FileLock

CLOSE_S = 0.8
"""For a stopped move to remove what it copied; else the next start does."""
PAUSE_S = 15.0
"""For running downloads to be paused."""
LOOK_S = 0.05
TELL_S = 0.1
ROUNDS = 3
"""What came into the old folder while it was moved is moved in another round."""


class Pausable(Protocol):
    """Downloads that write into the folder and are paused while it moves.  On the service thread."""

    def unfinished(self) -> list[str]: ...

    def pause(self, id: str) -> None: ...

    def resume_paused(self, ids: Sequence[str]) -> None: ...


class MoveService(Service):
    """Moves the models folder; only one move runs at a time on the whole PC."""

    def __init__(self, runtime: Runtime, models: ModelService, downloads: Pausable) -> None:
        super().__init__(runtime)
        self._models, self._downloads = models, downloads
        self._work = FileWork(runtime.service_thread, "move-models")

    def plan(self, target: Path) -> Pending[MovePlan]:
        return pending_on_file_thread(self._service_thread, lambda: self._planned(target), name="plan-move")

    def move(self, target: Path) -> Pending[MoveResult]:
        """Move the models and partial downloads into `target`, and store new ones there.

        Linked models stay.  Reports MoveProgress.  Cancelled, the models stay where they were; that has no effect once
        the library names the new places.  Raises KnownError `move.busy` while a move runs.
        """
        if self._work.is_running:
            raise KnownError("move.busy", reason="they are being moved already")

        def work(stop: threading.Event, report: Report) -> MoveResult:
            try:
                return self._moved(target, stop, report)
            except Stopped:
                return MoveResult(str(target))

        return self._work.run(work)

    def close(self) -> None:
        self._work.close(CLOSE_S)

    def recover(self) -> None:
        """Undo or finish an interrupted move.  Called at the start, on the service thread, before a model is loaded."""
        journal = move_files.read_journal(self._paths.models_move_file)
        if journal is None:
            return
        lock = FileLock(self._lock)
        if not lock.try_alone():
            lock.close()
            return  # it is being moved by another instance, just now
        try:
            journal = self._settled(journal) if journal.phase == SWITCHING else journal
        except SlmdeskError as err:  # a full disk, a busy store: the next start tries again, this one goes on
            lock.close()
            self._publish(Noticed(problem_for(err)))
            return
        settled = journal
        threading.Thread(target=lambda: self._recovered(settled, lock), name="recover-move", daemon=True).start()

    # ---- planning

    @property
    def _lock(self) -> Path:
        return self._paths.data / "models-move.lock"

    def _planned(self, target: Path) -> MovePlan:
        """On a file thread.  Raises KnownError."""
        folder, found = self._look(target)
        copied = [one for one in found.files if move_files.is_other_disk(Path(one.old), target)]
        copy_bytes, free = sum(one.bytes for one in copied), move_files.free_bytes(target)
        if copied and free < copy_bytes + SPARE_BYTES:
            needed = copy_bytes + SPARE_BYTES
            raise KnownError("disk.full", path=str(target), needed_bytes=needed, available_bytes=free)
        models = [one for one in found.files if one.id]
        return MovePlan(
            str(folder),
            str(target),
            models=len(models),
            bytes=sum(one.bytes for one in models),
            copy_bytes=copy_bytes,
            free_bytes=free,
            downloads=len(self._service_thread.call(self._downloads.unfinished)),
            missing=found.missing,
        )

    def _look(self, target: Path) -> tuple[Path, MoveRound]:
        """Raises KnownError for a target that cannot be."""
        folder, records = self._service_thread.call(lambda: self._begin(target))
        refuse_target(folder, target, records, self._settings.policy.models_folder)
        found = gather(folder, target, records)
        if real(folder) == real(target) and not found.files:
            raise KnownError("move.same", path=str(target))
        return folder, found

    def _begin(self, target: Path) -> tuple[Path, list[ModelRecord]]:
        """On the service thread."""
        self._store.require_writable()
        self._settings.policy.refuse("models_folder", self._setting_for(target))
        return self._models.folder, self._store.models.all()

    def _setting_for(self, target: Path) -> str:
        return "" if real(target) == real(self._paths.models) else str(target)

    # ---- the work, on a file thread

    def _moved(self, target: Path, stop: threading.Event, report: Report) -> MoveResult:
        lock = FileLock(self._lock)
        try:
            if not lock.try_alone():
                raise KnownError("move.busy", reason="another window or command moves them already")
            self._end_earlier()
            plan = self._planned(target)
            is_new = not target.exists()
            try:
                private_folder(target)
                with self._paused_downloads():
                    moved, size = self._rounds(target, stop, report)
            except BaseException:
                if is_new:
                    move_files.remove_if_empty(target)
                raise
        finally:
            lock.close()
        if Path(plan.folder) != self._paths.models and real(Path(plan.folder)) != real(target):
            move_files.remove_if_empty(Path(plan.folder))
        return MoveResult(str(target), moved, size, plan.missing)

    def _end_earlier(self) -> None:
        """What is left of a move that was broken off, such as one whose disk was away at the start."""
        if journal := move_files.read_journal(self._paths.models_move_file):
            if journal.phase == SWITCHING:
                before = journal
                journal = self._service_thread.call(lambda: self._settled(before))
            self._cleaned(journal)
            self._paths.models_move_file.unlink(missing_ok=True)

    def _rounds(self, target: Path, stop: threading.Event, report: Report) -> tuple[int, int]:
        moved = size = 0
        for number in range(ROUNDS):
            folder, records = self._service_thread.call(lambda: self._begin(target))
            found = gather(folder, target, records).files
            if number and not found:
                break
            self._move_round(folder, target, found, stop, report)
            models = [one for one in found if one.id]
            moved, size = moved + len(models), size + sum(one.bytes for one in models)
        return moved, size

    def _move_round(
        self, folder: Path, target: Path, files: tuple[MovingFile, ...], stop: threading.Event, report: Report
    ) -> None:
        before, after = self._settings.current.models_folder, self._setting_for(target)
        journal = Journal(PREPARING, str(target), before, after, files)
        claims = move_files.claims_on([Path(one.old) for one in files if not one.id])
        try:
            journal.write(self._paths.models_move_file)
            for each in sorted({target, *(Path(one.old).parent for one in files)}):
                move_files.need_writable(each)
            ready = _prepared(target, files, stop, report)
            journal = changed(journal, phase=SWITCHING, files=ready)
            journal.write(self._paths.models_move_file)
        except BaseException:
            self._undo(changed(journal, phase=PREPARING))
            raise
        finally:
            for claim in claims:
                claim.release()
        report(MoveProgress(MoveStep.FINISHING, "", 0, 0, 1.0))
        settled = self._service_thread.call(lambda: self._settled(journal))
        if settled.phase == PREPARING:
            raise KnownError("move.failed", path=str(target), reason="what was copied there is gone")
        if self._cleaned(settled):
            self._paths.models_move_file.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _paused_downloads(self) -> Iterator[None]:
        """Those that run are paused, and go on afterwards in the new folder.  Raises KnownError `move.busy`."""
        paused = self._service_thread.call(self._pause_downloads)
        try:
            deadline = time.monotonic() + PAUSE_S
            while set(self._service_thread.call(self._downloads.unfinished)) & set(paused):
                if time.monotonic() >= deadline:
                    raise KnownError("move.busy", reason="a download does not stop")
                time.sleep(LOOK_S)  # it ends by itself within half a second
            yield
        finally:
            self._service_thread.post(lambda: self._downloads.resume_paused(paused))

    def _pause_downloads(self) -> list[str]:
        running = self._downloads.unfinished()
        for id in running:
            self._downloads.pause(id)
        return running

    # ---- switching and cleaning, also after a crash

    def _settled(self, journal: Journal) -> Journal:
        """The library and the settings get the new places, or, when those are gone, keep the old ones.

        Returns the journal with what is left to do: SWITCHING to remove the old files, PREPARING to remove the new
        ones.  On the service thread.
        """
        if Path(journal.target).is_dir():
            for one in journal.files:
                try:
                    move_files.rename_now(one)
                except OSError as err:
                    raise problem_of(err, Path(one.new)) from err
        paths = self._paths_by_id()
        models = [one for one in journal.files if one.id and paths.get(one.id) in (one.old, one.new)]
        if all(move_files.is_whole(one.new, one.bytes) for one in models) and Path(journal.target).is_dir():
            self._store.models.relocate(
                [
                    (
                        one.id,
                        os.fsencode(one.old),
                        os.fsencode(one.new),
                        (one.mtime_ns, one.inode) if one.inode else None,
                    )
                    for one in models
                ]
            )
            self._settings.change(models_folder=journal.new_setting)
            self._publish(ModelsChanged())
            return journal
        back = [one for one in models if move_files.is_whole(one.old, one.bytes)]
        self._store.models.relocate([(one.id, os.fsencode(one.new), os.fsencode(one.old), None) for one in back])
        self._settings.change(models_folder=journal.old_setting)
        self._publish(ModelsChanged())
        journal = changed(journal, phase=PREPARING)
        journal.write(self._paths.models_move_file)
        return journal

    def _cleaned(self, journal: Journal) -> bool:
        """Remove what is there twice.  Whether nothing is left to do."""
        paths = self._service_thread.call(self._paths_by_id)
        if journal.phase == SWITCHING:
            return move_files.remove_old(journal, paths)
        move_files.undo(journal, set(paths.values()))
        return Path(journal.target).is_dir()  # else its disk is away, and what was copied is still on it

    def _undo(self, journal: Journal) -> None:
        """After a cancel or a failure, before the library was told anything.  Does not wait for the service thread."""
        move_files.undo(journal, in_use=())
        with contextlib.suppress(OSError):
            if Path(journal.target).is_dir():
                self._paths.models_move_file.unlink(missing_ok=True)

    def _recovered(self, journal: Journal, lock: FileLock) -> None:
        """On a file thread."""
        try:
            if self._cleaned(journal):
                self._paths.models_move_file.unlink(missing_ok=True)
                move_files.remove_if_empty(Path(journal.target))
                if journal.phase == PREPARING:
                    notice = Noticed(problem_for(KnownError("move.undone", path=journal.target)))
                    self._service_thread.post(lambda: self._publish(notice))
        except Exception as err:  # noqa: BLE001  a thread's outermost frame: the person is told, never nobody
            problem = problem_for(err)
            self._service_thread.post(lambda: self._publish(Noticed(problem)))
        finally:
            lock.close()

    def _paths_by_id(self) -> dict[str, str]:
        return {one.id: os.fsdecode(one.path) for one in self._store.models.all()}


def _prepared(
    target: Path, files: tuple[MovingFile, ...], stop: threading.Event, report: Report
) -> tuple[MovingFile, ...]:
    """The files with how each got to its new place.  On a file thread.  Raises KnownError, Stopped."""
    copied = [one for one in files if move_files.is_other_disk(Path(one.old), target)]
    total = sum(one.bytes for one in copied)
    pace, reported, done, ready = Pace(), 0.0, 0, []
    for file in files:

        def say(step: MoveStep, share: int, of_one: int, file: MovingFile = file, before: int = done) -> None:
            nonlocal reported
            if time.monotonic() - reported < TELL_S and of_one < file.bytes:
                return
            reported = time.monotonic()
            work = 2 * before + share  # each byte is written, then read again
            eta = pace.left_s(work, 2 * total)
            shown = before + (of_one if step is MoveStep.COPYING else file.bytes)
            report(MoveProgress(step, file.name, shown, total, min(1.0, work / max(2 * total, 1)), eta))

        ready.append(
            move_files.prepare(
                file,
                lambda of_one, _all, say=say: say(MoveStep.COPYING, of_one, of_one),  # type: ignore[misc]
                lambda of_one, size, say=say: say(MoveStep.CHECKING, size + of_one, of_one),  # type: ignore[misc]
                stop,
            )
        )
        done += file.bytes if file in copied else 0
    if stop.is_set():
        raise Stopped
    return tuple(ready)
