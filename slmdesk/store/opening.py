"""How the store is opened: version from the file header, schema lock, damage recovery, migration, unclean end.

Before any connection exists the file is read as bytes; after that nothing in this process opens it but SQLite
(closing another handle would drop its locks).  See design.md, *Store*.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.files import PRIVATE_FILE, dated_name, open_new, private_folder, problem_of, sync_folder
from slmdesk.base.paths import Paths
from slmdesk.base.record import Record
from slmdesk.store import driver
from slmdesk.store.backup import drop_old_copies, keep_copy
from slmdesk.store.cipher_pages import MAGIC, header_of
from slmdesk.store.database import CHECK_MARK, Database, connect, journal_of, known_errors
from slmdesk.store.encrypting import check_pages
from slmdesk.store.keys import DataKey
from slmdesk.store.locks import FileLock, InstanceLock, is_instance_alive, sweep_dead_instances
from slmdesk.store.schema import APPLICATION_ID, STEPS, Step, migrate, unknown_steps
from slmdesk.store.store import Store
from slmdesk.store.unlocking import keep_keys_of, proved_key
from slmdesk.text.words.folding import VERSION as FOLDING_VERSION

HEADER_BYTES = 100


class OpenedStore(Record):
    store: Store
    notices: tuple[KnownError, ...]
    read_only: bool


@dataclass(slots=True)
class _Opening:
    paths: Paths
    steps: Sequence[Step]
    lock: FileLock
    is_alone: bool
    unclean: bool
    damage_met: bool
    key: DataKey | None
    """Of the file that is there."""
    new_key: DataKey | None
    """Of one that is begun."""
    notices: list[KnownError] = field(default_factory=list)


def open_store(
    paths: Paths,
    *,
    instance_id: str,
    key: DataKey | None = None,
    steps: Sequence[Step] = STEPS,
    clock: Callable[[], float] = time.time,
) -> OpenedStore:
    """Open or create the store of these paths, on the thread that will use it.  Holds the instance lock until `close`.

    `key`: opens an encrypted history, and encrypts a new one; a plain one is opened without it.
    A damaged file is set aside whole and a new one is begun (notice store.damaged, its path for `rescue`); a file that
    cannot be written is opened read-only (notice store.read_only).  Raises KnownError: key.missing, key.wrong,
    key.library_missing, store.newer (nothing touched), store.in_use (a migration or repair needs the other instances
    closed), store.busy (after 5 s), store.full.
    """
    proved = proved_key(paths.database, key)
    if paths.database.exists() and not _is_writable(paths):
        return _open_to_read(paths, instance_id, proved, steps, clock)
    private_folder(paths.data)
    lock = FileLock(paths.schema_lock)
    try:
        is_alone = lock.try_alone()
        if not is_alone and not lock.share():
            raise KnownError("store.busy")
        opening = _Opening(
            paths,
            steps,
            lock,
            is_alone,
            unclean=_was_unclean(paths, is_alone),
            damage_met=(paths.data / CHECK_MARK).exists(),
            key=proved_key(paths.database, key),  # once more: it may have been encrypted before we had the lock
            new_key=key,
        )
        database = _open_to_write(opening)
        try:
            return _finish(opening, database, instance_id, clock)
        except KnownError as known:
            database.close()
            if known.code != "store.damaged" or not is_alone:
                raise
            return _finish(opening, _start_over(opening, paths.database), instance_id, clock)
        except BaseException:
            database.close()
            raise
    except BaseException:
        lock.close()
        raise


def _finish(opening: _Opening, database: Database, instance_id: str, clock: Callable[[], float]) -> OpenedStore:
    instance_lock = _hold_instance(opening, instance_id)
    store = Store(
        database, opening.paths, instance_id, schema_lock=opening.lock, instance_lock=instance_lock, clock=clock
    )
    try:
        if opening.damage_met:  # damage in a row's text or in the index passes the quick check
            store.read_everything()
        if not store.index.is_current(thorough=opening.damage_met):
            store.index.rebuild()
        store.messages.mark_interrupted()
        sweep_dead_instances(opening.paths)
    except KnownError as known:  # a full disk or a busy instance must not keep anybody from reading
        if known.code not in ("store.full", "store.busy", "disk.full"):
            if instance_lock is not None:
                instance_lock.close()
            raise
        opening.notices.append(known)
    if not opening.lock.share():
        raise KnownError("store.busy")
    return OpenedStore(store, tuple(opening.notices), read_only=False)


def _hold_instance(opening: _Opening, instance_id: str) -> InstanceLock | None:
    """The instance lock; None on a disk so full that not even an empty file can be created: reading still works."""
    try:
        return InstanceLock(opening.paths, instance_id)
    except KnownError as known:
        if known.code != "disk.full":
            raise
        opening.notices.append(known)
        return None


def _open_to_write(opening: _Opening) -> Database:
    paths = opening.paths
    if opening.is_alone:
        _clear_leftovers(paths)
        drop_old_copies(paths, time.time())
    if not paths.database.exists():
        _begin_new(opening)
    verdict = judge_header(paths.database, len(opening.steps))
    if verdict == "newer":
        raise KnownError("store.newer", path=str(paths.database), version=version_of(paths.database))
    if verdict == "damaged":
        return _start_over(opening, paths.database)
    original = _copy_before_rollback(opening)
    try:
        database = _connect_checked(opening)
    except KnownError as known:
        if known.code != "store.damaged":
            raise
        return _start_over(opening, original)
    if original != paths.database:
        _remove_pair(original)
    return database


def _connect_checked(opening: _Opening) -> Database:
    """A connection to a file that looks like ours: checked after an unclean end, migrated to the newest version."""
    paths = opening.paths
    with known_errors(paths.database):
        conn = connect(paths.database, key=opening.key)
        try:
            check_tables(conn, paths.database)
            if unknown_steps(conn, opening.steps):
                version = conn.execute("PRAGMA user_version").fetchone()[0]
                raise KnownError("store.newer", path=str(paths.database), version=version)
            if opening.unclean and not check_pages(conn, paths.database):
                opening.damage_met = True
            if conn.execute("PRAGMA user_version").fetchone()[0] < len(opening.steps):
                _migrate(opening, conn)
        except BaseException:
            conn.close()
            raise
    (paths.data / CHECK_MARK).unlink(missing_ok=True)
    return Database(conn, paths.database, read_only=False, key=opening.key)


def check_tables(conn: driver.Connection, path: Path) -> None:
    """Raise store.damaged for a file with our header but without our tables."""
    try:
        conn.execute("select 1 from _sqlite_migrations, meta, items, messages, gone, models limit 0")
    except driver.operational_errors() as err:
        if driver.code_of(err) != driver.ERROR:
            raise
        raise KnownError("store.damaged", path=str(path)) from err


def _migrate(opening: _Opening, conn: driver.Connection) -> None:
    """Migrate to the newest version; a verified copy is made before, and kept 30 days."""
    if not opening.is_alone:
        raise KnownError("store.in_use")
    check_pages(conn, opening.paths.database)
    version = conn.execute("PRAGMA user_version").fetchone()[0]
    keep_copy(opening.paths, f"before-{version + 1}", opening.key)
    migrate(conn, opening.steps)


# ---- the file as bytes


def judge_header(database: Path, newest: int, *, offset: int = 0, end: int | None = None) -> str:
    """Return "ours", "newer" or "damaged", from the header's bytes only; opens no connection and changes nothing.

    `offset`, `end`: where in the file the database is; else the file is the database.
    """
    header = header_of(database, offset)
    if len(header) < HEADER_BYTES or not header.startswith(MAGIC):
        return "damaged"
    page_bytes = int.from_bytes(header[16:18], "big")
    page_bytes = 65536 if page_bytes == 1 else page_bytes
    if page_bytes < 512 or page_bytes & (page_bytes - 1) or int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        return "damaged"
    if int.from_bytes(header[60:64], "big") > newest:
        return "newer"
    size = (_size_of(database) if end is None else end) - offset
    pages = int.from_bytes(header[28:32], "big")
    is_cut = size < pages * page_bytes and not _has_journal(database)  # SQLite repairs it from the journal
    return "damaged" if is_cut else "ours"


def version_of(database: Path, offset: int = 0) -> int:
    return int.from_bytes(header_of(database, offset)[60:64], "big")


def _size_of(database: Path) -> int:
    try:
        return database.stat().st_size
    except OSError as err:
        raise KnownError("file.unreadable", path=str(database), reason=err.strerror or "") from err


def _has_journal(database: Path) -> bool:
    with suppress(OSError):
        return journal_of(database).stat().st_size > 0
    return False


def _is_writable(paths: Paths) -> bool:
    return os.access(paths.data, os.W_OK) and os.access(paths.database, os.W_OK)


def _was_unclean(paths: Paths, is_alone: bool) -> bool:
    """Whether an instance ended without closing, or damage was found while one ran."""
    if (paths.data / CHECK_MARK).exists() or (is_alone and _has_journal(paths.database)):
        return True
    return any(not is_instance_alive(paths, each.stem) for each in paths.instance_locks.glob("*.lock"))


def _clear_leftovers(paths: Paths) -> None:
    """Remove half-written files of a start that was killed; only when no other instance runs."""
    for leftover in (*paths.data.glob(".*.new"), *paths.data.glob(".*.new-journal"), *paths.backups.glob(".*.new*")):
        with suppress(OSError):
            if leftover.is_dir():
                shutil.rmtree(leftover)
            else:
                leftover.unlink()


# ---- a new database, or a new one after damage


def _begin_new(opening: _Opening) -> None:
    """Create an empty store, built beside and renamed: a file under the real name is never incomplete."""
    if not opening.is_alone:
        raise KnownError("store.in_use")
    with _made_beside(opening) as fresh:
        fresh.replace(opening.paths.database)
        sync_folder(opening.paths.data)
    opening.key = opening.new_key


@contextmanager
def _made_beside(opening: _Opening) -> Iterator[Path]:
    beside = opening.paths.data / f".{opening.paths.database.name}.new"
    try:
        _remove_pair(beside)  # left over from a crash
        os.close(open_new(beside))
        try:
            with known_errors(beside), closing(connect(beside, key=opening.new_key)) as conn:
                migrate(conn, opening.steps)
                conn.execute("insert or replace into meta values ('folding', ?)", (FOLDING_VERSION,))
            yield beside
        finally:
            _remove_pair(beside)
    except OSError as err:
        raise problem_of(err, beside) from err


def _copy_before_rollback(opening: _Opening) -> Path:
    """Copy file and journal before SQLite rolls the journal back, in case it is the journal that is damaged.

    Returns where the untouched bytes are: the copy, or the file itself when there is nothing to roll back.
    """
    database = opening.paths.database
    if not (opening.is_alone and _has_journal(database)):
        return database
    copy = database.with_name(f".{database.name}.before-rollback.new")
    try:
        for source, target in ((database, copy), (journal_of(database), journal_of(copy))):
            shutil.copyfile(source, target)
            target.chmod(PRIVATE_FILE)
    except OSError:  # no space for it: the rollback must still happen, as it makes the file consistent
        _remove_pair(copy)
        return database
    return copy


def _start_over(opening: _Opening, original: Path) -> Database:
    """Set the damaged file aside whole, with its journal, and begin a new one.  The notice names its new path."""
    database = opening.paths.database
    if not opening.is_alone:
        raise KnownError("store.damaged", path=str(database))
    with _made_beside(opening) as fresh:  # first: on a full disk this fails, and nothing has been moved
        aside = dated_name(database, "damaged")
        if opening.new_key is not None:
            keep_keys_of(opening.paths, aside, opening.new_key)
        for source, target in ((original, aside), (journal_of(original), journal_of(aside))):
            if source.exists():
                source.replace(target)
        _remove_pair(database)
        fresh.replace(database)
        sync_folder(opening.paths.data)
    opening.notices.append(KnownError("store.damaged", path=str(aside)))
    opening.unclean = opening.damage_met = False
    opening.key = opening.new_key
    return _connect_checked(opening)


def _remove_pair(database: Path) -> None:
    for each in (database, journal_of(database)):
        each.unlink(missing_ok=True)


# ---- read-only


def _open_to_read(
    paths: Paths, instance_id: str, key: DataKey | None, steps: Sequence[Step], clock: Callable[[], float]
) -> OpenedStore:
    verdict = judge_header(paths.database, len(steps))
    if verdict == "damaged":
        raise KnownError("store.damaged", path=str(paths.database))
    if verdict == "newer" or version_of(paths.database) < len(steps):
        raise KnownError(
            "store.newer" if verdict == "newer" else "store.read_only",
            path=str(paths.database),
            **({"version": version_of(paths.database)} if verdict == "newer" else {}),
        )
    with known_errors(paths.database):
        conn = connect(paths.database, key=key, read_only=True)
        try:
            check_tables(conn, paths.database)
        except BaseException:
            conn.close()
            raise
    store = Store(Database(conn, paths.database, read_only=True, key=key), paths, instance_id, clock=clock)
    return OpenedStore(store, (KnownError("store.read_only", path=str(paths.database)),), read_only=True)
