"""Make verified backups of the database, and rewrite the whole database under another key. The backup of an encrypted
history is a tar archive of its key file, the database and their checksums.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from slmdesk.base.errors import KnownError
from slmdesk.base.files import (
    EXCHANGED,
    open_new,
    private_folder,
    problem_of,
    sync_folder,
    write_atomically,
    writing_to,
)
from slmdesk.base.paths import Paths
from slmdesk.base.record import Record
from slmdesk.base.sealing import KEY_BYTES
from slmdesk.base.texts import _
from slmdesk.base.untrusted import MAX_FILE_BYTES
from slmdesk.history.store import database as driver
from slmdesk.history.store.database import Connection, Database, connect, connected, journal_of, known_errors, uri_of
from slmdesk.history.store.file import StoreFile, check_pages, check_seals, made_beside, reading, remove_pair
from slmdesk.history.store.keys import (
    DataKey,
    KeyFile,
    adopt_next_keys,
    forget_keys,
    from_bytes,
    keys_beside,
    keys_of,
    read_keys,
    to_bytes,
    wrong_of,
)
from slmdesk.history.store.messages import INDEXES

if TYPE_CHECKING:
    import tarfile

KEYS, DATABASE, SUMS = "keys.json", "slmdesk.sqlite3", "SHA256SUMS"
_MARK_AT, _MARK = 257, b"ustar"


def source_of(path: Path) -> StoreFile:
    """Return the database in a backup (plain or encrypted) or in a history that was set aside. Raises KnownError
    `file.…`, `key.file_damaged`.
    """
    with reading(path) as file:
        begin = file.read(_MARK_AT + len(_MARK))
        if begin[_MARK_AT:] == _MARK:
            return _source_in(path, file)
        return StoreFile(path, 0, file.seek(0, os.SEEK_END), read_keys(keys_beside(path)))


def _source_in(path: Path, file: BinaryIO) -> StoreFile:
    import tarfile

    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r:") as tar:
            first, second, third = tar.next(), tar.next(), tar.next()
            members = [each for each in (first, second, third) if each is not None and each.isreg()]
            if [each.name for each in members] != [KEYS, DATABASE, SUMS]:
                return StoreFile(path, 0, 0)
            first, second, third = members
            wrapped, sums = _content_of(file, first), _sums_in(_content_of(file, third))
            if hashlib.sha256(wrapped).hexdigest() != sums.get(KEYS) or DATABASE not in sums:
                return StoreFile(path, 0, 0)
            return StoreFile(path, second.offset_data, second.size, from_bytes(wrapped), sums[DATABASE])
    except (tarfile.TarError, ValueError) as err:
        raise KnownError("key.file_damaged", path=str(path)) from err


def _content_of(file: BinaryIO, member: tarfile.TarInfo) -> bytes:
    """Return the content of a small member. Empty for one that is too large to be ours."""
    file.seek(member.offset_data)
    return file.read(member.size) if member.size <= MAX_FILE_BYTES else b""


def _sums_in(untrusted: bytes) -> dict[str, str]:
    """Return the checksums by name. Empty if they cannot be read."""
    lines = [line.partition("  ") for line in untrusted.decode("utf-8", "replace").splitlines()]
    return {name: sha256 for sha256, _blank, name in lines}


def write_backup(target: Path, keys: KeyFile, database: Path, sha256: str) -> int:
    """Write a new tar file of keys, database and checksums. Returns its open handle, synced to disk. Raises OSError."""
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
    """Return an encrypted backup's key; `typed` is its passphrase or recovery key. Raises KnownError key.*, file.*."""
    source = source_of(path)
    if source.keys is None:
        raise KnownError("key.file_damaged", path=str(path))
    key = source.keys.opened_by(typed)
    if key is None:
        raise wrong_of(typed)
    if not source.fits(key):
        raise KnownError("key.file_damaged", path=str(path))
    return key


KEPT_DAYS = 30
PAGES_A_STEP = 2_000
MAX_RESTARTS = 5
_PREFIX, _WHEN = "slmdesk-", "%Y%m%d-%H%M%S"
_PLAIN, _ENCRYPTED = ".sqlite3", ".slmbackup"
"""File name endings of a plain copy and of an encrypted copy."""
WHOLE = "copy.slmbackup"


class BackupResult(Record):
    bytes: int
    sha256: str


def backup(
    paths: Paths, target: Path, on_progress: Callable[[int, int], None] | None = None, *, key: DataKey | None = None
) -> BackupResult:
    """Copy the live database to `target`, verified and synced, on any thread. Only a complete copy replaces `target`.
    `key` is the key of an encrypted history; its copy is encrypted too. `on_progress(done, total)` counts pages; an
    exception raised in it ends the backup. The app must hold schema.lock exclusively meanwhile. Raises KnownError
    store.*, disk.full, key.file_damaged.
    """
    if not paths.database.exists():
        raise KnownError("file.missing", path=str(paths.database))
    with writing_to(target):
        with _made_beside(target) as (beside, held):
            handle = held.fileno()
            try:
                with known_errors(beside):
                    _copy(paths.database, beside, handle, on_progress, key)
                result = _summed(handle)
            except KnownError as known:
                if _is_ours(beside, handle):
                    raise
                raise _replaced(target) from known
            if not _is_ours(beside, handle):
                raise _replaced(target)
            if key is None:
                held.close()  # Windows renames no open file
                beside.replace(target)
            else:
                result = _put_together(beside, target, result.sha256, keys_of(paths, key))
        sync_folder(target.parent)
    return result


def plain_backup(paths: Paths, target: Path, key: DataKey) -> BackupResult:
    """Copy an encrypted history as a verified plain database. Any thread; the app must hold schema.lock exclusively."""
    with writing_to(target):
        with _made_beside(target) as (beside, __):
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
def _made_beside(target: Path) -> Iterator[tuple[Path, io.FileIO]]:
    """Yield an empty file in a new private folder beside `target`. Other users may write to the folder of `target`, so
    no file name that they could have created is used.
    """
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix=f".{target.name[:40]}.", suffix=".new", dir=target.parent))
    beside = folder / "copy.sqlite3"
    try:
        # closed by its object, once: the number of a closed file may soon be that of another thread's
        with io.FileIO(open_new(beside), "r+") as held:
            yield beside, held
    finally:
        with suppress(OSError):
            for each in (beside, beside.with_name(WHOLE)):
                remove_pair(each)
            folder.rmdir()


def _is_ours(beside: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), beside.lstat())
    except OSError:
        return False


def _replaced(target: Path) -> KnownError:
    return KnownError("file.unwritable", path=str(target), reason=_(EXCHANGED))


def _copy(
    source: Path, beside: Path, handle: int, on_progress: Callable[[int, int], None] | None, key: DataKey | None
) -> None:
    seen: list[int] = []

    def notify(__: int, remaining: int, total: int) -> None:
        seen.append(remaining)
        if on_progress is not None:
            on_progress(total - remaining, total)
        restarts = sum(later > earlier for earlier, later in pairwise(seen))
        if restarts > MAX_RESTARTS:
            raise _TooBusyError

    with closing(connect(source, key=key, read_only=True)) as live, closing(connect(beside, key=key)) as copy:
        copy.execute("PRAGMA user_version=1")  # write a page, to see below that SQLite opened our file
        if not os.fstat(handle).st_size:
            raise KnownError("file.unwritable", path=str(beside), reason=_("it is another file"))
        try:
            live.backup(copy, pages=PAGES_A_STEP, progress=notify, sleep=0.01)
        except _TooBusyError:  # writers restart it again and again: copy in one step
            live.backup(copy, pages=-1)
    with connected(beside, key=key, read_only=True) as copy:
        check_pages(copy, source)


class _TooBusyError(Exception):
    pass


def _summed(handle: int) -> BackupResult:
    """Sync an open file, and return its size and its checksum."""
    digest = hashlib.sha256()
    with os.fdopen(handle, "r+b", closefd=False) as file:
        file.seek(0)
        while block := file.read(1 << 20):
            digest.update(block)
        os.fsync(file.fileno())
        return BackupResult(file.tell(), digest.hexdigest())


def keep_copy(paths: Paths, why: str, key: DataKey | None) -> Path:
    """Make a verified copy in the backups folder; its name tells day and reason. Raises the errors of `backup`."""
    private_folder(paths.backups)
    target = paths.backups / f"{_PREFIX}{time.strftime(_WHEN)}-{why}{_suffix(key)}"
    backup(paths, target, key=key)
    return target


def kept_copies(paths: Paths) -> list[Path]:
    plain = paths.backups.glob(f"{_PREFIX}*{_PLAIN}")
    encrypted = paths.backups.glob(f"{_PREFIX}*{_ENCRYPTED}")
    return sorted([*plain, *encrypted])


def _suffix(key: DataKey | None) -> str:
    return _PLAIN if key is None else _ENCRYPTED


def drop_old_copies(paths: Paths, now: float) -> None:
    """Delete copies whose names say that they are older than 30 days. A copy that cannot be deleted stays."""
    for copy in kept_copies(paths):
        day = copy.name.removeprefix(_PREFIX)[:15]
        with suppress(ValueError, OverflowError, OSError):
            made = time.mktime(time.strptime(day, _WHEN))
            if now - made > KEPT_DAYS * 86_400:
                copy.unlink()


def renew_copies(paths: Paths, until: float | None = None, key: DataKey | None = None) -> bool:
    """Replace every kept copy by the current database, encrypted with `key`. `until`: monotonic time to give up."""

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


# Former keys, with which the files beside the history may still be encrypted. When the key changes, the new database
# is renamed first, and the files beside it are rewritten after that. Until then the new database stores the keys of
# these files: a crash between the two steps loses nothing.


SEALED = ("settings", "words")
"""Purposes of the keys (`DataKey.derive`) that encrypt the files beside the history. Of a former data key, only these
derived keys are kept.
"""
_KEY = re.compile(f"[0-9a-f]{{{2 * KEY_BYTES}}}")
_ROW = "select value from main.meta where key = 'former-keys'"  # of the file, also where nothing is kept


def note_former(conn: Connection, key: DataKey) -> None:
    """Save in the database that the files beside it are still encrypted with keys derived from `key`. No store may have
    the database open.
    """
    row = conn.execute(_ROW).fetchone()
    former = [*_listed(row[0] if row else "[]"), {purpose: key.derive(purpose).hex() for purpose in SEALED}]
    conn.execute("insert or replace into meta values ('former-keys', ?)", (json.dumps(former),))


def former_keys(database: Database, purpose: str) -> tuple[bytes, ...]:
    """Return the former keys that the file of this purpose may still be encrypted with, the latest first."""
    row = database.row(_ROW)
    keys = [slot.get(purpose) for slot in _listed(row[0])] if row is not None else []
    return tuple(bytes.fromhex(text) for text in reversed(keys) if isinstance(text, str) and _KEY.fullmatch(text))


def forget_former(database: Database) -> None:
    if database.row(_ROW) is not None:
        with database.writing():
            database.run("delete from main.meta where key = 'former-keys'")


def _listed(text: object) -> list[dict[str, object]]:
    """Return the slots of the row. Empty for a value that this program never writes: it opens no file."""
    try:
        slots = json.loads(text) if isinstance(text, str) else []
    except (ValueError, RecursionError):
        return []
    return [slot for slot in slots if isinstance(slot, dict)] if isinstance(slots, list) else []


# Rewrites a history under another key, or under none. This encrypts, decrypts, or changes all keys. The caller holds
# schema.lock exclusively, and no connection of this process has the file open.


ROOM = 2.2
"""Free disk space needed, in multiples of the history's size: for the new file and its copies in the backups folder."""


def change_key(paths: Paths, before: DataKey | None, after: DataKey | None, keys: KeyFile | None) -> None:
    """Encrypt the history with `after`, which `keys` opens; if both are None, make the history plain. At every moment
    the disk holds either the old or the new history, with the keys to open it: new keys are written first under their
    own name (`Paths.next_keys_file`), old keys are deleted last. Saved model states, which contain words too, are
    deleted. Kept copies are left to `Store.purge`. Raises KnownError store.*, disk.full, file.unwritable,
    key.library_missing. After an error the old history is in place; only if the folder could not be synced after the
    renaming, it is the new history.
    """
    driver.cipher()
    if keys is not None:
        write_atomically(paths.next_keys_file, to_bytes(keys))
    try:
        _remove_states(paths)
        _rewrite(paths.database, before, after)
    except BaseException:
        if not StoreFile(paths.database).is_under(after):  # otherwise the new file is in place and needs these keys
            paths.next_keys_file.unlink(missing_ok=True)
        raise
    if keys is not None:
        adopt_next_keys(paths, keys)
    else:
        forget_keys(paths)
    _remove_states(paths)  # states that were saved meanwhile


def _rewrite(database: Path, before: DataKey | None, after: DataKey | None) -> None:
    with made_beside(database) as beside:
        with connected(database, key=before) as conn:
            check_pages(conn, database)
        needed, free = round(ROOM * database.stat().st_size), shutil.disk_usage(database.parent).free
        if free < needed:
            raise KnownError("disk.full", path=str(database), needed_bytes=needed, available_bytes=free)
        export(database, beside, before, after, is_renewing=True)
        journal_of(database).unlink(missing_ok=True)  # empty: it was rolled back, and nobody writes
        beside.replace(database)
        sync_folder(database.parent)


def export(
    source: Path, target: Path, before: DataKey | None, after: DataKey | None, *, is_renewing: bool = False
) -> None:
    """Write the whole database `source` into the new file `target`, compare both, and sync. `is_renewing` says that
    `target` will replace `source`, so its copies and the files beside it have to be renewed. Raises KnownError store.*,
    key.*, and OSError.
    """
    os.close(open_new(target))
    with known_errors(target), closing(driver.open_file(uri_of(source, "ro"), before, by_cipher=True)) as conn:
        expected = _content(conn)  # only sqlcipher3 can write an encrypted file; it is not read-only
        driver.attach(conn, uri_of(target, "rw"), "new", after)
        conn.execute("PRAGMA new.journal_mode=OFF").fetchall()  # the file is new, so nothing can be lost
        conn.execute("select sqlcipher_export('new')").fetchall()
        for pragma in ("application_id", "user_version"):
            value = conn.execute(f"PRAGMA main.{pragma}").fetchone()[0]
            conn.execute(f"PRAGMA new.{pragma}={value}")
    with connected(target, key=after) as conn:
        check_pages(conn, target)
        check_seals(conn, target, after)
        if _content(conn) != expected:
            raise KnownError("store.damaged", path=str(target))
        for index in INDEXES:
            conn.execute(f"insert into {index} ({index}) values ('integrity-check')")
        if is_renewing:  # as `Shared.request_purge` does, but no store has the file open
            conn.execute("update meta set value = value + 1 where key = 'revision'")
            conn.execute("insert or replace into meta select 'purge', value from meta where key = 'revision'")
            if before is not None:
                note_former(conn, before)
    with target.open("r+b") as file:
        os.fsync(file.fileno())


def _content(conn: Connection) -> list[tuple[object, ...]]:
    entries = conn.execute(
        "select type, name, tbl_name, sql from sqlite_schema where name not like 'sqlite!_%' escape '!'"
        " order by type, name"
    ).fetchall()
    return [
        (*row, conn.execute(f'select count(*) from "{row["name"]}"').fetchone()[0] if row["type"] == "table" else 0)
        for row in entries
    ]


def _remove_states(paths: Paths) -> None:
    """Delete saved model states. They hold what a model has read, and are made again when needed."""
    with suppress(OSError):
        for each in paths.states.iterdir():
            with suppress(OSError):
                each.unlink()
