"""Verified copies of the database, and an encrypted history's backup: a tar of its keys, it and their sums."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from slmdesk.base.errors import KnownError
from slmdesk.base.files import open_new, private_folder, problem_of, sync_folder, writing_to
from slmdesk.base.paths import Paths
from slmdesk.base.record import Record
from slmdesk.base.untrusted import MAX_FILE_BYTES
from slmdesk.store.database import connect, journal_of, known_errors
from slmdesk.store.encryption import (
    check_pages,
    export,
    fits,
    header_of,
    is_encrypted,
    keys_beside,
    opened_file,
    wrong_of,
)
from slmdesk.store.keys import DataKey, KeyFile, from_bytes, keys_of, read_keys, to_bytes

if TYPE_CHECKING:
    import tarfile

KEYS, DATABASE, SUMS = "keys.json", "slmdesk.sqlite3", "SHA256SUMS"
_MARK_AT, _MARK = 257, b"ustar"
BLOCK = 1 << 20


class BackupSource(Record):
    path: Path
    offset: int
    bytes: int
    """Of the database."""
    keys: KeyFile | None = None

    @property
    def end(self) -> int:
        return self.offset + self.bytes

    @property
    def is_encrypted(self) -> bool:
        return is_encrypted(header_of(self.path, self.offset))

    def fits(self, key: DataKey) -> bool:
        return fits(self.path, key, offset=self.offset)


def source_of(path: Path) -> BackupSource:
    """A backup of either kind, or a history set aside.  Raises KnownError `file.…`, `key.file_damaged`."""
    try:
        with opened_file(path) as file:
            begin = file.read(_MARK_AT + len(_MARK))
            if begin[_MARK_AT:] != _MARK:
                return BackupSource(path, 0, file.seek(0, os.SEEK_END), read_keys(keys_beside(path)))
            return _source_in(path, file)
    except FileNotFoundError as err:
        raise KnownError("file.missing", path=str(path)) from err
    except OSError as err:
        raise KnownError("file.unreadable", path=str(path), reason=err.strerror or "") from err


def _source_in(path: Path, file: BinaryIO) -> BackupSource:
    import tarfile

    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r:") as tar:
            first, second = tar.next(), tar.next()
            if first is None or second is None or (first.name, second.name) != (KEYS, DATABASE):
                return BackupSource(path, 0, 0)
            if not (first.isreg() and second.isreg()) or first.size > MAX_FILE_BYTES:
                return BackupSource(path, 0, 0)
            file.seek(first.offset_data)
            keys = from_bytes(file.read(first.size))
            return BackupSource(path, second.offset_data, second.size, keys)
    except (tarfile.TarError, ValueError) as err:
        raise KnownError("key.file_damaged", path=str(path)) from err


def write_backup(target: Path, keys: KeyFile, database: Path, sha256: str) -> int:
    """Write a new file of a database and its sum.  Returns its open handle, synced.  Raises OSError."""
    handle = open_new(target)
    try:
        with os.fdopen(handle, "w+b", closefd=False) as out:
            _write(out, keys, database, sha256)
        os.fsync(handle)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _write(out: BinaryIO, keys: KeyFile, database: Path, sha256: str) -> None:
    import tarfile

    wrapped = to_bytes(keys)
    sums = f"{hashlib.sha256(wrapped).hexdigest()}  {KEYS}\n{sha256}  {DATABASE}\n".encode()
    with tarfile.open(fileobj=out, mode="w:", format=tarfile.GNU_FORMAT) as tar, database.open("rb") as source:
        _add(tar, KEYS, io.BytesIO(wrapped), len(wrapped))
        _add(tar, DATABASE, source, os.fstat(source.fileno()).st_size)
        _add(tar, SUMS, io.BytesIO(sums), len(sums))


def _add(tar: tarfile.TarFile, name: str, content: io.BufferedIOBase, size: int) -> None:
    info = tar.tarinfo(name)
    info.size, info.mode = size, 0o600
    tar.addfile(info, content)


def unlock_backup(path: Path, typed: str) -> DataKey:
    """The key of an encrypted backup, by its passphrase or its recovery key.  Raises KnownError key.*, file.*."""
    source = source_of(path)
    if source.keys is None:
        raise KnownError("key.file_damaged", path=str(path))
    key = source.keys.opened_by(typed)
    if key is None:
        raise wrong_of(typed)
    if not source.fits(key):
        raise KnownError("key.file_damaged", path=str(path))
    return key


# ---- verified copies of the database


KEPT_DAYS = 30
PAGES_A_STEP = 2_000
MAX_RESTARTS = 5
_PREFIX, _WHEN = "slmdesk-", "%Y%m%d-%H%M%S"
_SUFFIXES = (".sqlite3", ".slmbackup")
"""Of a plain copy, and of an encrypted one."""
WHOLE = "copy.slmbackup"


class BackupResult(Record):
    bytes: int
    sha256: str


def backup(
    paths: Paths, target: Path, on_progress: Callable[[int, int], None] | None = None, *, key: DataKey | None = None
) -> BackupResult:
    """Copy the live database to `target`, verified and synced, on any thread; `target` is replaced by a whole copy
    only.  `key`: of an encrypted history; so is the copy then.  `on_progress(done, total)` counts pages; what it raises
    ends the backup.  The app holds schema.lock alone meanwhile.  Raises KnownError store.*, disk.full,
    key.file_damaged.
    """
    if not paths.database.exists():
        raise KnownError("file.missing", path=str(paths.database))
    with writing_to(target):
        with _made_beside(target) as (beside, handle):
            try:
                _copy(paths.database, beside, handle, on_progress, key)
                result = _checked(beside, handle, paths.database, key)
            except KnownError as known:
                if _is_ours(beside, handle):
                    raise
                raise _replaced(target) from known
            if not _is_ours(beside, handle):
                raise _replaced(target)
            if key is None:
                os.close(handle)  # Windows renames no open file
                beside.replace(target)
            else:
                result = _put_together(beside, target, result.sha256, keys_of(paths, key))
        sync_folder(target.parent)
    return result


def plain_backup(paths: Paths, target: Path, key: DataKey) -> BackupResult:
    """Copy an encrypted history as a plain, verified database.  Any thread; the app holds schema.lock alone."""
    with writing_to(target):
        with _made_beside(target) as (beside, _):
            plain = beside.with_name(WHOLE)
            export(paths.database, plain, key, None)
            handle = os.open(plain, os.O_RDWR | getattr(os, "O_BINARY", 0))
            try:
                result = _summed(handle)
            finally:
                os.close(handle)
            plain.replace(target)
        sync_folder(target.parent)
    return result


def _put_together(beside: Path, target: Path, sha256: str, keys: KeyFile) -> BackupResult:
    whole = beside.with_name(WHOLE)
    handle = write_backup(whole, keys, beside, sha256)
    try:
        result = _summed(handle)
        if not _is_ours(whole, handle):
            raise _replaced(target)
    finally:
        os.close(handle)
    whole.replace(target)
    return result


@contextmanager
def _made_beside(target: Path) -> Iterator[tuple[Path, int]]:
    """An empty file in a new private folder beside `target`, whose folder others may write to: no name of theirs is
    used.
    """
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name[:40]}.", suffix=".new", dir=target.parent))
    beside = folder / "copy.sqlite3"
    try:
        handle = open_new(beside)
        try:
            yield beside, handle
        finally:
            with suppress(OSError):
                os.close(handle)
    finally:
        whole = beside.with_name(WHOLE)
        for each in (beside, journal_of(beside), whole, journal_of(whole)):
            with suppress(OSError):
                each.unlink()
        with suppress(OSError):
            folder.rmdir()


def _is_ours(beside: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), beside.lstat())
    except OSError:
        return False


def _replaced(target: Path) -> KnownError:
    return KnownError("file.unwritable", path=str(target), reason="another program replaced it while it was written")


def _copy(
    source: Path, beside: Path, handle: int, on_progress: Callable[[int, int], None] | None, key: DataKey | None
) -> None:
    seen: list[int] = []

    def notify(_: int, remaining: int, total: int) -> None:
        seen.append(remaining)
        if on_progress is not None:
            on_progress(total - remaining, total)
        restarts = sum(later > earlier for earlier, later in pairwise(seen))
        if restarts > MAX_RESTARTS:
            raise _TooBusyError

    with (
        known_errors(beside),
        closing(connect(source, key=key, read_only=True)) as live,
        closing(connect(beside, key=key)) as copy,
    ):
        copy.execute("PRAGMA user_version=1")  # an empty page: whatever SQLite opened by the name, it writes there
        if not os.fstat(handle).st_size:
            raise KnownError("file.unwritable", path=str(beside), reason="it is another file")
        try:
            live.backup(copy, pages=PAGES_A_STEP, progress=notify, sleep=0.01)
        except _TooBusyError:  # others write between the steps, which starts it over each time: one step, they wait
            live.backup(copy, pages=-1)


class _TooBusyError(Exception):
    pass


def _checked(beside: Path, handle: int, source: Path, key: DataKey | None) -> BackupResult:
    with known_errors(beside), closing(connect(beside, key=key, read_only=True)) as copy:
        check_pages(copy, source)
    return _summed(handle)


def _summed(handle: int) -> BackupResult:
    """Sync an open file; its size and its sum."""
    digest = hashlib.sha256()
    with os.fdopen(handle, "r+b", closefd=False) as file:
        file.seek(0)
        while block := file.read(1 << 20):
            digest.update(block)
        os.fsync(file.fileno())
        return BackupResult(file.tell(), digest.hexdigest())


def keep_copy(paths: Paths, why: str, key: DataKey | None) -> Path:
    """Make a verified copy in the backups folder, named by day and reason.  Raises as `backup`."""
    private_folder(paths.backups)
    target = paths.backups / f"{_PREFIX}{time.strftime(_WHEN)}-{why}{_suffix(key)}"
    backup(paths, target, key=key)
    return target


def kept_copies(paths: Paths) -> list[Path]:
    return sorted(each for suffix in _SUFFIXES for each in paths.backups.glob(f"{_PREFIX}*{suffix}"))


def _suffix(key: DataKey | None) -> str:
    return _SUFFIXES[key is not None]


def drop_old_copies(paths: Paths, now: float) -> None:
    """Delete copies that are older than 30 days by their names; one that cannot be deleted stays."""
    for copy in kept_copies(paths):
        day = copy.name.removeprefix(_PREFIX)[:15]
        try:
            made = time.mktime(time.strptime(day, _WHEN))
            if now - made > KEPT_DAYS * 86_400:
                copy.unlink()
        except (ValueError, OverflowError, OSError):
            continue


def renew_copies(paths: Paths, until: float | None = None, key: DataKey | None = None) -> bool:
    """Replace every kept copy by the current database, encrypted with `key`; `until` (monotonic clock): give up."""

    def look(_done: int, _total: int) -> None:
        if until is not None and time.monotonic() > until:
            raise _OutOfTimeError

    try:
        for copy in kept_copies(paths):
            look(0, 0)
            renewed = copy.with_suffix(_suffix(key))
            backup(paths, renewed, look, key=key)
            if renewed != copy:
                copy.unlink()
    except _OutOfTimeError:
        return False
    except OSError as err:
        raise problem_of(err, paths.backups) from err
    return True


class _OutOfTimeError(Exception):
    pass
