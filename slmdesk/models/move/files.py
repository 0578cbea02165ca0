"""The file work of moving the models folder: journal, links and checked copies.  On file threads; no store, no other
service.

Nothing is removed from the old place before the library names the new one, so every model stays available.  Steps: (1)
The journal is written (`preparing`), with the old and new place of each file.  (2) Each file appears at its new place
under its new name: as a hard link where the file system can, else as a copy, written beside, synced, read again and
compared, then renamed.  (3) The journal says `switching`; library and settings get the new places.  (4) The old files
are removed, then the journal.

At the next start a move interrupted in step 1 or 2 is undone (copies are removed), one in step 3 or 4 is finished.
Where a file system has no hard links and there is no second disk (a stick with exFAT), a file is renamed in step 3.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from uuid import uuid4

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.files import PRIVATE_FILE, problem_of, sync_folder, write_atomically
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.wire import record_from
from slmdesk.runtime.file_io import CHUNK_BYTES, PART_SUFFIX, SPARE_BYTES, Claim, OnBytes

COPY_PREFIX = ".moving-"
DOWNLOAD_PREFIX = ".download-"
LOCK_SUFFIX = ".lock"
OURS = (COPY_PREFIX, DOWNLOAD_PREFIX, ".import-")
PREPARING, SWITCHING = "preparing", "switching"
LINK, COPY, RENAME = "link", "copy", "rename"
MAX_JOURNAL_BYTES = 16 << 20
_SYSTEM = frozenset(
    {
        "lost+found", "system volume information", "$recycle.bin", ".ds_store", ".spotlight-v100", ".fseventsd",
        ".trashes", ".trash-1000", "desktop.ini", "thumbs.db",
    }
)  # fmt: skip
"""What a system puts into the root of an empty disk or into a folder that was looked at."""


class MovingFile(Record):
    id: str
    """Of its model; empty for what belongs to a download."""
    name: str
    old: str
    new: str
    bytes: int
    sha256: str = ""
    how: str = ""
    """link, copy or rename; empty until it is prepared."""
    mtime_ns: int = 0
    inode: int = 0
    """Of a copy that is what the library knows; 0: its mark stays what it was."""


class Journal(Record):
    phase: str
    target: str
    old_setting: str
    """The folder in the settings before; empty: the usual one."""
    new_setting: str
    files: tuple[MovingFile, ...]

    def write(self, path: Path) -> None:
        """Raises KnownError `disk.full`, `file.unwritable`."""
        write_atomically(path, json.dumps(to_json(self), ensure_ascii=True).encode())


def read_journal(path: Path) -> Journal | None:
    try:
        with path.open("rb") as file:
            journal = record_from(Journal, json.loads(file.read(MAX_JOURNAL_BYTES)))
    except (OSError, ValueError, RecursionError, KnownError):
        return None
    return journal if journal.phase in (PREPARING, SWITCHING) else None


def free_bytes(folder: Path) -> int:
    """Of the disk `folder` is on, or will be.  Raises KnownError `file.unreadable`."""
    try:
        return shutil.disk_usage(_there(folder)).free
    except OSError as err:
        raise KnownError("file.unreadable", path=str(folder), reason=err.strerror or "it cannot be read") from err


def is_other_disk(file: Path, folder: Path) -> bool:
    try:
        return file.stat().st_dev != _there(folder).stat().st_dev
    except OSError:
        return True


def foreign_entry(folder: Path, known: Collection[str]) -> str:
    """The name of something in `folder` that is neither ours nor the system's; empty for none.

    `known`: the paths of files of the library.  Raises KnownError `file.unreadable`, and `file.unwritable` when it is
    no folder.
    """
    try:
        names = sorted(one.name for one in folder.iterdir())
    except FileNotFoundError:
        return ""
    except NotADirectoryError as err:
        raise KnownError("file.unwritable", path=str(folder), reason="it is no folder") from err
    except OSError as err:
        raise KnownError("file.unreadable", path=str(folder), reason=err.strerror or "it cannot be read") from err
    for name in names:
        is_ours = name.startswith(OURS) or str(folder / name) in known
        if not is_ours and name.lower() not in _SYSTEM:
            return name
    return ""


def need_writable(folder: Path) -> None:
    """Raises KnownError when nothing can be written into, or taken out of, `folder`."""
    probe = folder / f"{COPY_PREFIX}{uuid4().hex[:12]}{PART_SUFFIX}"
    try:
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
        probe.unlink()
    except OSError as err:
        raise problem_of(err, folder) from err


def download_files(folder: Path) -> list[Path]:
    found = sorted(folder.glob(f"{DOWNLOAD_PREFIX}*"))
    return [one for one in found if one.suffix != LOCK_SUFFIX and one.is_file()]


def claims_on(files: Sequence[Path]) -> list[Claim]:
    """The right to write these parts of downloads.  Raises KnownError `move.busy` when another instance has one."""
    taken: list[Claim] = []
    try:
        for lock in sorted({one.with_suffix(LOCK_SUFFIX) for one in files}):
            claim = Claim.take(lock)
            if claim is None:
                raise KnownError("move.busy", reason="another window or command is downloading a model")
            taken.append(claim)
    except BaseException:
        for one in taken:
            one.release()
        raise
    return taken


def prepare(file: MovingFile, on_bytes: OnBytes, on_check: OnBytes, stop: threading.Event) -> MovingFile:
    """Have the file at its new place too, where that can be done without a second copy on the same disk.

    Raises KnownError `disk.full`, `file.unwritable`, `move.failed`, and Stopped; no part stays then.
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
    """Remove what was prepared, as far as its disk is there; never the only copy, nor a path `in_use`."""
    for one in journal.files:
        old, new = Path(one.old), Path(one.new)
        if one.new not in in_use and old.is_file() and one.new != one.old:
            with contextlib.suppress(OSError):
                new.unlink(missing_ok=True)
    for folder in {Path(journal.target), *(Path(one.old).parent for one in journal.files)}:
        for part in folder.glob(f"{COPY_PREFIX}*{PART_SUFFIX}"):
            with contextlib.suppress(OSError):
                part.unlink()


def rename_now(file: MovingFile) -> None:
    """The step of a file that could be neither linked nor copied.  Raises OSError."""
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
    """Remove the old files of what has its new place in the library, `paths` by id.  Whether all are gone.

    A file that is open elsewhere cannot be removed on Windows: it goes at the next start.
    """
    is_done = True
    for one in journal.files:
        path = paths.get(one.id, "") if one.id else one.new
        if path == one.new and is_whole(one.new, one.bytes):
            is_done &= _remove(one.old, is_part=not one.id)
        elif path not in (one.new, one.old):  # removed by its owner, or mended elsewhere, meanwhile
            is_done &= _remove(one.new, is_part=False)
    for folder in sorted({str(Path(one.old).parent) for one in journal.files}):
        with contextlib.suppress(OSError):
            sync_folder(Path(folder))
    return is_done


def remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def failed(path: Path, err: OSError) -> KnownError:
    return KnownError("move.failed", path=str(path), reason=err.strerror or type(err).__name__)


# ---- inside


def _remove(path: str, *, is_part: bool) -> bool:
    """Whether it is gone.  A part that somebody fetches is his."""
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
    """The sha256 of the copy, and whether the source stayed what it was.  The copy is read back from its disk."""
    free = free_bytes(new.parent)
    if free < file.bytes + SPARE_BYTES:
        path = str(new.parent)
        raise KnownError("disk.full", path=path, needed_bytes=file.bytes + SPARE_BYTES, available_bytes=free)
    part = new.parent / f"{COPY_PREFIX}{uuid4().hex[:12]}{PART_SUFFIX}"
    try:
        before = old.stat()
        written = _write_copy(old, part, file, on_bytes, stop)
        after = old.stat()
        if _hash(part, file.bytes, on_check, stop) != written:
            raise KnownError("move.failed", path=str(new.parent), reason="what was written there reads differently")
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
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with old.open("rb", buffering=0) as source, os.fdopen(os.open(part, flags, PRIVATE_FILE), "wb") as out:
        while chunk := source.read(CHUNK_BYTES):
            if stop.is_set():
                raise Stopped
            digest.update(chunk)
            out.write(chunk)
            done += len(chunk)
            on_bytes(done, file.bytes)
        out.flush()
        os.fsync(out.fileno())
        if hasattr(os, "posix_fadvise"):  # so that it is read back from the disk, not from memory
            os.posix_fadvise(out.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    if done != file.bytes:
        raise KnownError("move.busy", reason=f"{file.name} changes just now")
    return digest.hexdigest()


def _hash(path: Path, size: int, on_bytes: OnBytes, stop: threading.Event) -> str:
    digest, done = hashlib.sha256(), 0
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK_BYTES):
            if stop.is_set():
                raise Stopped
            digest.update(chunk)
            done += len(chunk)
            on_bytes(done, size)
    return digest.hexdigest()


def _can_rename(old: Path, new: Path) -> bool:
    """Tried: two mounts of one disk refuse it."""
    probe = old / f"{COPY_PREFIX}{uuid4().hex[:12]}{PART_SUFFIX}"
    there = new / probe.name
    try:
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
        probe.replace(there)
    except OSError:
        return False
    finally:
        for one in (probe, there):
            with contextlib.suppress(OSError):
                one.unlink(missing_ok=True)
    return True


def _problem(err: OSError, path: Path, size: int = 0) -> KnownError:
    if err.errno in (errno.ENOENT, errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.EHOSTDOWN, errno.ENODEV, errno.ENXIO):
        return failed(path.parent, err)
    return problem_of(err, path, needed_bytes=size)


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except OSError:
        return False
    return True


def _there(folder: Path) -> Path:
    """The folder, or what is there of the way to it."""
    return next((one for one in (folder, *folder.parents) if _is_there(one)), folder)
