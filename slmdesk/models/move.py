"""Moves the models folder. A journal allows an interrupted move to be undone or finished."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from slmdesk.base.errors import KnownError, SlmdeskError, Stopped
from slmdesk.base.files import open_new, private_folder, problem_of, sync_folder, write_atomically, writing_to
from slmdesk.base.protocol import record_from
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import ModelRecord
from slmdesk.base.texts import _
from slmdesk.models.service import ModelService
from slmdesk.runtime.events import ModelsChanged, Noticed, Pending
from slmdesk.runtime.file_io import PART_SUFFIX, SPARE_BYTES, Claim, OnBytes, Pace, chunks_of, file_name
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.service import FileWork, Report, Runtime, Service, pending_on_file_thread
from slmdesk.store.database import FileLock

CLOSE_S = 0.8
"""Seconds that a stopped move has to remove what it copied. If they are too few, the next start removes it."""
PAUSE_S = 15.0
"""Most seconds to wait until running downloads are paused."""
LOOK_S = 0.05
ROUNDS = 3
"""Most rounds of a move. Files that came into the old folder during one round are moved in the next."""


class Pausable(Protocol):
    """Downloads that write into the models folder and must be paused while it moves. Service thread."""

    def unfinished(self) -> list[str]: ...

    def pause(self, id: str) -> None: ...

    def resume_paused(self, ids: Sequence[str]) -> None: ...


class MoveService(Service):
    """Moves the models folder. A lock allows only one move at a time on the whole PC."""

    def __init__(self, runtime: Runtime, models: ModelService, downloads: Pausable) -> None:
        super().__init__(runtime)
        self._models, self._downloads = models, downloads
        self._work = FileWork(runtime.service_thread, "move-models")

    def plan(self, target: Path) -> Pending[MovePlan]:
        return pending_on_file_thread(self._service_thread, lambda: self._planned(target), name="plan-move")

    def move(self, target: Path) -> Pending[MoveResult]:
        """Move models and partial downloads to `target`, where new models are stored from then on. Linked models stay.
        Reports MoveProgress.

        If cancelled, nothing is moved, unless the library has the new paths already. Raises KnownError `move.busy`.
        """
        if self._work.is_running:
            raise KnownError("move.busy", reason=_("they are being moved already"))

        def work(stop: threading.Event, report: Report) -> MoveResult:
            try:
                return self._moved(target, stop, report)
            except Stopped:
                return MoveResult(str(target))

        return self._work.run(work)

    def close(self) -> None:
        self._work.close(CLOSE_S)

    def recover(self) -> None:
        """Undo or finish an interrupted move. Called at the start on the service thread, before a model is loaded."""
        journal = read_journal(self._paths.models_move_file)
        if journal is None:
            return
        lock = FileLock(self._lock)
        if not lock.try_alone():
            lock.close()
            return  # another instance is moving the folder now
        try:
            journal = self._settled(journal) if journal.phase == SWITCHING else journal
        except SlmdeskError as err:  # a full disk or a busy store: this start goes on, the next tries again
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
        """Check the target and return the plan of the move. File thread. Raises KnownError."""
        folder, records = self._service_thread.call(lambda: self._begin(target))
        refuse_target(folder, target, records, self._settings.policy.models_folder)
        files, missing = gather(folder, target, records)
        if real(folder) == real(target) and not files:
            raise KnownError("move.same", path=str(target))
        copied = [file for file in files if is_other_disk(Path(file.old), target)]
        copy_bytes, free = sum(file.bytes for file in copied), free_bytes(target)
        if copied:
            _need(target, copy_bytes)
        sizes = [file.bytes for file in files if file.id]
        downloads = len(self._service_thread.call(self._downloads.unfinished))
        return MovePlan(str(folder), str(target), len(sizes), sum(sizes), copy_bytes, free, downloads, missing)

    def _begin(self, target: Path) -> tuple[Path, list[ModelRecord]]:
        """Check that the models folder may change, and return it with all models. Service thread."""
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
                raise KnownError("move.busy", reason=_("another window or command moves them already"))
            self._end_earlier()
            plan = self._planned(target)
            is_new = not target.exists()
            try:
                private_folder(target)
                with self._paused_downloads():
                    moved, size = self._rounds(target, stop, report)
            except BaseException:
                if is_new:
                    remove_if_empty(target)
                raise
        finally:
            lock.close()
        if Path(plan.folder) != self._paths.models and real(Path(plan.folder)) != real(target):
            remove_if_empty(Path(plan.folder))
        return MoveResult(str(target), moved, size, plan.missing)

    def _end_earlier(self) -> None:
        """Undo or finish an earlier move that `recover` could not end, for example if the disk was missing at start."""
        if journal := read_journal(self._paths.models_move_file):
            if journal.phase == SWITCHING:
                before = journal
                journal = self._service_thread.call(lambda: self._settled(before))
            self._cleaned(journal)
            self._paths.models_move_file.unlink(missing_ok=True)

    def _rounds(self, target: Path, stop: threading.Event, report: Report) -> tuple[int, int]:
        moved = size = 0
        for number in range(ROUNDS):
            folder, records = self._service_thread.call(lambda: self._begin(target))
            found, _missing = gather(folder, target, records)
            if number and not found:
                break
            self._move_round(folder, target, found, stop, report)
            models = [file for file in found if file.id]
            moved, size = moved + len(models), size + sum(model.bytes for model in models)
        return moved, size

    def _move_round(
        self, folder: Path, target: Path, files: tuple[MovingFile, ...], stop: threading.Event, report: Report
    ) -> None:
        before, after = self._settings.current.models_folder, self._setting_for(target)
        journal = Journal(PREPARING, str(target), before, after, files)
        claims = claims_on([Path(file.old) for file in files if not file.id])
        try:
            journal.write(self._paths.models_move_file)
            for each in sorted({target, *(Path(file.old).parent for file in files)}):
                need_writable(each)
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
            raise KnownError("move.failed", path=str(target), reason=_("what was copied there is gone"))
        if self._cleaned(settled):
            self._paths.models_move_file.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _paused_downloads(self) -> Iterator[None]:
        """Pause running downloads for the block, then resume them in the new folder. Raises KnownError `move.busy`."""
        paused = self._service_thread.call(self._pause_downloads)
        try:
            deadline = time.monotonic() + PAUSE_S
            while set(self._service_thread.call(self._downloads.unfinished)) & set(paused):
                if time.monotonic() >= deadline:
                    raise KnownError("move.busy", reason=_("a download does not stop"))
                time.sleep(LOOK_S)  # a paused download ends within half a second
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
        """Write the new paths to the library and the settings. If new files are missing, keep the old paths instead.
        Service thread.

        Return the journal with the phase that says what is left to do: SWITCHING to remove the old files, PREPARING to
        remove the new ones.
        """
        if Path(journal.target).is_dir():
            for file in journal.files:
                with writing_to(Path(file.new)):
                    rename_now(file)
        paths = self._paths_by_id()
        models = [file for file in journal.files if file.id and paths.get(file.id) in (file.old, file.new)]
        if all(is_whole(model.new, model.bytes) for model in models) and Path(journal.target).is_dir():
            marks = [(model.mtime_ns, model.inode) if model.inode else None for model in models]
            self._store.models.relocate([
                (model.id, os.fsencode(model.old), os.fsencode(model.new), mark)
                for model, mark in zip(models, marks, strict=True)
            ])  # fmt: skip
            self._settings.change(models_folder=journal.new_setting)
            self._publish(ModelsChanged())
            return journal
        back = [model for model in models if is_whole(model.old, model.bytes)]
        self._store.models.relocate([(file.id, os.fsencode(file.new), os.fsencode(file.old), None) for file in back])
        self._settings.change(models_folder=journal.old_setting)
        self._publish(ModelsChanged())
        journal = changed(journal, phase=PREPARING)
        journal.write(self._paths.models_move_file)
        return journal

    def _cleaned(self, journal: Journal) -> bool:
        """Remove the files that exist twice. Return whether nothing is left to do."""
        paths = self._service_thread.call(self._paths_by_id)
        if journal.phase == SWITCHING:
            return remove_old(journal, paths)
        undo(journal, set(paths.values()))
        return Path(journal.target).is_dir()  # otherwise the disk is missing, with the copies still on it

    def _undo(self, journal: Journal) -> None:
        """Undo a move that was cancelled or failed before the library changed. Does not wait for the service thread."""
        undo(journal, in_use=())
        with contextlib.suppress(OSError):
            if Path(journal.target).is_dir():
                self._paths.models_move_file.unlink(missing_ok=True)

    def _recovered(self, journal: Journal, lock: FileLock) -> None:
        """Clean up after an interrupted move and release the lock. Notify the person if it was undone. File thread."""
        try:
            if self._cleaned(journal):
                self._paths.models_move_file.unlink(missing_ok=True)
                remove_if_empty(Path(journal.target))
                if journal.phase == PREPARING:
                    notice = Noticed(problem_for(KnownError("move.undone", path=journal.target)))
                    self._service_thread.post(lambda: self._publish(notice))
        except Exception as err:  # noqa: BLE001  a thread's outermost frame: the person is told, never nobody
            problem = problem_for(err)
            self._service_thread.post(lambda: self._publish(Noticed(problem)))
        finally:
            lock.close()

    def _paths_by_id(self) -> dict[str, str]:
        return {model.id: os.fsdecode(model.path) for model in self._store.models.all()}


def _prepared(
    target: Path, files: tuple[MovingFile, ...], stop: threading.Event, report: Report
) -> tuple[MovingFile, ...]:
    """Put each file at its new path. Return them with `how` each got there. File thread. Raises KnownError, Stopped."""
    copied = [file for file in files if is_other_disk(Path(file.old), target)]
    total = sum(file.bytes for file in copied)
    pace, done, ready = Pace(), 0, []
    for file in files:

        def say(step: MoveStep, share: int, of_one: int, file: MovingFile = file, before: int = done) -> None:
            work = 2 * before + share  # each byte is written, then read again
            eta = pace.left_s(work, 2 * total)
            shown = before + (of_one if step is MoveStep.COPYING else file.bytes)
            report(MoveProgress(step, file.name, shown, total, min(1.0, work / max(2 * total, 1)), eta))

        ready.append(
            prepare(
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


# ---- what a move of the models folder reports, and its plan


class MovePlan(Record):
    folder: str
    target: str
    models: int
    bytes: int
    copy_bytes: int
    """Bytes of the files that must be copied to another disk. The other files are only renamed or linked."""
    free_bytes: int
    downloads: int
    """Number of running downloads. They are paused during the move."""
    missing: tuple[str, ...] = ()


class MoveStep(StrEnum):
    COPYING = "copying"
    CHECKING = "checking"
    """The copy is read again and compared."""
    FINISHING = "finishing"
    """The library gets the new paths, then the old files are deleted. From here on the move cannot be cancelled."""


class MoveProgress(Record):
    step: MoveStep
    name: str
    done_bytes: int
    total_bytes: int
    """Bytes of all files to be copied; 0 if none has to be copied."""
    fraction: float
    """Fraction of copying and checking that is done, from 0 to 1."""
    eta_s: float | None = None


class MoveResult(Record):
    """Result of moving the models folder. `moved` is the number of models, or None if the move was cancelled."""

    target: str
    moved: int | None = None
    bytes: int = 0
    left: tuple[str, ...] = ()
    """Paths of model files that were missing and so could not be moved."""


def refuse_target(folder: Path, target: Path, records: Sequence[ModelRecord], shared: str) -> None:
    """Raise KnownError if `target` cannot be the models folder. `shared` is the organisation's folder of models."""
    if not target.is_absolute() or "\0" in str(target):
        raise KnownError("file.unwritable", path=str(target), reason=_("it is no whole path"))
    here, there = real(folder), real(target)
    if there != here and there.is_relative_to(here):
        raise KnownError("move.inside", path=str(target), other=str(folder))
    if shared and there.is_relative_to(real(Path(shared))):
        raise KnownError("setting.managed", key="models.folder")
    known = {str(real(path.parent) / path.name) for path in (Path(os.fsdecode(record.path)) for record in records)}
    if name := foreign_entry(there, known):
        raise KnownError("move.not_empty", path=str(target), name=name)


def gather(
    folder: Path, target: Path, records: Sequence[ModelRecord]
) -> tuple[tuple[MovingFile, ...], tuple[str, ...]]:
    """Return the files to move, and the paths of models whose file is missing.

    The files to move are the library's own copies outside `target`, and the partial downloads in `folder`.
    """
    files, missing = [], []
    taken = {os.fsdecode(record.path) for record in records}
    for record in records:
        old = Path(os.fsdecode(record.path))
        if record.linked or real(old.parent) == real(target):
            continue
        try:
            size = old.stat().st_size
        except OSError:
            missing.append(str(old))
            continue
        new = _free_place(target, old.name, file_name(record.name, record.sha256), taken)
        taken.add(str(new))
        files.append(MovingFile(record.id, record.name, str(old), str(new), size, record.sha256))
    if real(folder) != real(target):
        for part in sorted(folder.glob(f"{DOWNLOAD_PREFIX}*")):
            if part.suffix != LOCK_SUFFIX and part.is_file() and not os.path.lexists(target / part.name):
                size = part.stat().st_size
                files.append(MovingFile("", part.name, str(part), str(target / part.name), size))
    return tuple(files), tuple(missing)


def real(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path


def _free_place(target: Path, name: str, other: str, taken: set[str]) -> Path:
    """Return a free path in `target`: with the old name `name`, else with the name `other`, else with a number."""
    stem, suffix = Path(other).stem, Path(other).suffix
    names = [name, other, *(f"{stem}-{number}{suffix}" for number in range(2, 1000))]
    for other_name in names:
        place = target / other_name
        if str(place) not in taken and not os.path.lexists(place):
            return place
    raise KnownError("file.exists", path=str(target / name))


# ---- the file work of moving the models folder
#
# Runs on file threads and uses no store and no other service. Nothing is removed from the old folder before the library
# has the new paths, so every model stays available. Steps: (1) The journal is written (`preparing`), with the old and
# new path of each file. (2) Each file appears at its new path: as a hard link if the file system supports it, otherwise
# as a copy, which is written to a temporary file, synced, read again, compared and renamed. (3) The journal says
# `switching`; the library and the settings get the new paths. (4) The old files are removed, then the journal. The next
# start undoes a move that was interrupted in step 1 or 2 (it removes the copies), and finishes one in step 3 or 4. If
# the file system has no hard links and both folders are on one disk (a stick with exFAT), a file is renamed in step 3.


COPY_PREFIX = ".moving-"
DOWNLOAD_PREFIX = ".download-"
LOCK_SUFFIX = ".lock"
OURS = (COPY_PREFIX, DOWNLOAD_PREFIX, ".import-")
PREPARING, SWITCHING = "preparing", "switching"
LINK, COPY, RENAME = "link", "copy", "rename"
MAX_JOURNAL_BYTES = 16 << 20
_SYSTEM = {
    "lost+found", "system volume information", "$recycle.bin", ".ds_store", ".spotlight-v100", ".fseventsd",
    ".trashes", ".trash-1000", "desktop.ini", "thumbs.db",
}  # fmt: skip
"""Names of entries that an operating system puts into an empty disk, or into a folder that was viewed."""


class MovingFile(Record):
    id: str
    """Id of the model; empty for a file of a download."""
    name: str
    old: str
    new: str
    bytes: int
    sha256: str = ""
    how: str = ""
    """How the file gets to its new path: "link", "copy" or "rename". Empty until the file is prepared."""
    mtime_ns: int = 0
    inode: int = 0
    """Inode of a copy whose checksum matches the library. 0: the library keeps the old time and inode."""


class Journal(Record):
    phase: str
    target: str
    old_setting: str
    """Models folder in the settings before the move; empty for the usual folder."""
    new_setting: str
    files: tuple[MovingFile, ...]

    def write(self, path: Path) -> None:
        """Write the journal to `path`. Raises KnownError `disk.full`, `file.unwritable`."""
        write_atomically(path, json.dumps(to_json(self), ensure_ascii=True).encode())


def read_journal(path: Path) -> Journal | None:
    try:
        with path.open("rb") as file:
            journal = record_from(Journal, json.loads(file.read(MAX_JOURNAL_BYTES)))
    except (OSError, ValueError, RecursionError, KnownError):
        return None
    return journal if journal.phase in (PREPARING, SWITCHING) else None


def free_bytes(folder: Path) -> int:
    """Return the free bytes of the disk that `folder` is on or will be on. Raises KnownError `file.unreadable`."""
    try:
        return shutil.disk_usage(_there(folder)).free
    except OSError as err:
        raise KnownError("file.unreadable", path=str(folder), reason=err.strerror or _("it cannot be read")) from err


def _need(folder: Path, size: int) -> None:
    if (free := free_bytes(folder)) < size + SPARE_BYTES:
        raise KnownError("disk.full", path=str(folder), needed_bytes=size + SPARE_BYTES, available_bytes=free)


def is_other_disk(file: Path, folder: Path) -> bool:
    try:
        return file.stat().st_dev != _there(folder).stat().st_dev
    except OSError:
        return True


def foreign_entry(folder: Path, known: Collection[str]) -> str:
    """Return the name of an entry that is neither ours nor the system's nor in `known`, or "" if there is none.

    Raises KnownError `file.unreadable`, or `file.unwritable` if `folder` is not a folder.
    """
    try:
        names = sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return ""
    except NotADirectoryError as err:
        raise KnownError("file.unwritable", path=str(folder), reason=_("it is no folder")) from err
    except OSError as err:
        raise KnownError("file.unreadable", path=str(folder), reason=err.strerror or _("it cannot be read")) from err
    others = (name for name in names if not name.startswith(OURS) and str(folder / name) not in known)
    return next((name for name in others if name.lower() not in _SYSTEM), "")


def need_writable(folder: Path) -> None:
    """Check that files can be created in `folder` and deleted from it. Raises KnownError if they cannot."""
    probe = folder / f"{COPY_PREFIX}{uuid4().hex[:12]}{PART_SUFFIX}"
    with writing_to(folder):
        os.close(open_new(probe))
        probe.unlink()


def claims_on(files: Sequence[Path]) -> list[Claim]:
    """Claim the right to write these partial downloads. Raises KnownError `move.busy` if another instance holds one."""
    taken: list[Claim] = []
    try:
        for lock in sorted({file.with_suffix(LOCK_SUFFIX) for file in files}):
            claim = Claim.take(lock)
            if claim is None:
                raise KnownError("move.busy", reason=_("another window or command is downloading a model"))
            taken.append(claim)
    except BaseException:
        for other_claim in taken:
            other_claim.release()
        raise
    return taken


def prepare(file: MovingFile, on_bytes: OnBytes, on_check: OnBytes, stop: threading.Event) -> MovingFile:
    """Put the file at its new path and keep the old one. On the same disk it is linked or renamed if possible, not
    copied.

    Raises KnownError `disk.full`, `file.unwritable`, `move.failed`, and Stopped. No partial copy is left in these
    cases.
    """
    if stop.is_set():
        raise Stopped
    old, new = Path(file.old), Path(file.new)
    try:
        os.link(old, new)
        sync_folder(new.parent)
        return changed(file, how=LINK)
    except OSError as err:
        if err.errno in (errno.ENOENT, errno.EIO, errno.ESTALE, errno.EROFS, errno.ENOSPC, errno.EEXIST):
            raise _problem(err, new if new.parent.is_dir() and old.exists() else old) from err
    if not is_other_disk(old, new.parent) and _can_rename(old.parent, new.parent):
        return changed(file, how=RENAME)
    digest, is_same = _copy(old, new, file, on_bytes, on_check, stop)
    if digest == file.sha256 and is_same:
        info = new.stat()
        return changed(file, how=COPY, mtime_ns=info.st_mtime_ns, inode=info.st_ino)
    return changed(file, how=COPY)


def undo(journal: Journal, in_use: Collection[str]) -> None:
    """Remove the prepared files, as far as their disk is there. Never remove an only copy or a path `in_use`."""
    for file in journal.files:
        old, new = Path(file.old), Path(file.new)
        if file.new not in in_use and old.is_file() and file.new != file.old:
            with contextlib.suppress(OSError):
                new.unlink(missing_ok=True)
    for folder in {Path(journal.target), *(Path(file.old).parent for file in journal.files)}:
        for part in folder.glob(f"{COPY_PREFIX}*{PART_SUFFIX}"):
            with contextlib.suppress(OSError):
                part.unlink()


def rename_now(file: MovingFile) -> None:
    """Rename a file that `prepare` could neither link nor copy. Does nothing for other files. Raises OSError."""
    old, new = Path(file.old), Path(file.new)
    if file.how == RENAME and old.is_file() and not os.path.lexists(new):
        old.replace(new)
        sync_folder(new.parent)


def is_whole(path: str, size: int) -> bool:
    try:
        return Path(path).stat().st_size == size
    except OSError:
        return False


def remove_old(journal: Journal, paths: Mapping[str, str]) -> bool:
    """Remove the old file of each file that is at its new path. Return whether all old files are gone.

    `paths` maps the id of a model to its path in the library. On Windows, a file that another program has open is only
    removed at the next start.
    """
    is_done = True
    for file in journal.files:
        path = paths.get(file.id, "") if file.id else file.new
        if path == file.new and is_whole(file.new, file.bytes):
            is_done &= _remove(file.old, is_part=not file.id)
        elif path not in (file.new, file.old):  # meanwhile the person removed the model, or its path was changed
            is_done &= _remove(file.new, is_part=False)
    for folder in sorted({str(Path(file.old).parent) for file in journal.files}):
        with contextlib.suppress(OSError):
            sync_folder(Path(folder))
    return is_done


def remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _remove(path: str, *, is_part: bool) -> bool:
    """Delete the file and return whether it is gone. A partial download claimed by another instance is left alone."""
    file, claim = Path(path), None
    if is_part and file.exists():
        claim = Claim.take(file.with_suffix(LOCK_SUFFIX))
        if claim is None:
            return True
    try:
        file.unlink(missing_ok=True)
    except OSError:
        return not os.path.lexists(file)
    finally:
        if claim:
            claim.release()
    return True


def _copy(
    old: Path, new: Path, file: MovingFile, on_bytes: OnBytes, on_check: OnBytes, stop: threading.Event
) -> tuple[str, bool]:
    """Copy the file and read the copy back from disk. Return its sha256 and whether the source stayed unchanged."""
    _need(new.parent, file.bytes)
    part = new.parent / f"{COPY_PREFIX}{uuid4().hex[:12]}{PART_SUFFIX}"
    try:
        before = old.stat()
        written = _write_copy(old, part, file, on_bytes, stop)
        after = old.stat()
        if _hash(part, file.bytes, on_check, stop) != written:
            raise KnownError("move.failed", path=str(new.parent), reason=_("what was written there reads differently"))
        part.replace(new)
        sync_folder(new.parent)
    except OSError as err:
        raise _problem(err, part if _is_there(part.parent) and _is_there(old) else old, file.bytes) from err
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return written, (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)


def _write_copy(old: Path, part: Path, file: MovingFile, on_bytes: OnBytes, stop: threading.Event) -> str:
    digest, done = hashlib.sha256(), 0
    with old.open("rb", buffering=0) as source, os.fdopen(open_new(part), "wb") as out:
        for chunk in chunks_of(source.read, file.bytes, on_bytes, stop):
            digest.update(chunk)
            out.write(chunk)
            done += len(chunk)
        out.flush()
        os.fsync(out.fileno())
        if hasattr(os, "posix_fadvise"):  # so that it is read back from the disk, not from memory
            os.posix_fadvise(out.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    if done != file.bytes:
        raise KnownError("move.busy", reason=_("{name} changes just now").format(name=file.name))
    return digest.hexdigest()


def _hash(path: Path, size: int, on_bytes: OnBytes, stop: threading.Event) -> str:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        for chunk in chunks_of(file.read, size, on_bytes, stop):
            digest.update(chunk)
    return digest.hexdigest()


def _can_rename(old: Path, new: Path) -> bool:
    """Try and return whether a file can be renamed from one folder to the other; two mounts of one disk refuse it."""
    probe = old / f"{COPY_PREFIX}{uuid4().hex[:12]}{PART_SUFFIX}"
    there = new / probe.name
    try:
        os.close(open_new(probe))
        probe.replace(there)
    except OSError:
        return False
    finally:
        for path in (probe, there):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
    return True


def _problem(err: OSError, path: Path, size: int = 0) -> KnownError:
    if err.errno in (errno.ENOENT, errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.EHOSTDOWN, errno.ENODEV, errno.ENXIO):
        return KnownError("move.failed", path=str(path.parent), reason=err.strerror or type(err).__name__)
    return problem_of(err, path, needed_bytes=size)


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except OSError:
        return False
    return True


def _there(folder: Path) -> Path:
    """Return the folder, or its nearest parent that exists."""
    return next((parent for parent in (folder, *folder.parents) if _is_there(parent)), folder)
