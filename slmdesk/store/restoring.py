"""Restore a backup: first check and prepare it beside the history, swap it in, and set the previous history aside."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.files import (
    dated_name,
    open_new,
    private_folder,
    problem_of,
    sync_folder,
    write_atomically,
    writing_to,
)
from slmdesk.base.paths import Paths
from slmdesk.base.record import Record
from slmdesk.base.records import BackupCopy, Kind, Restored
from slmdesk.base.texts import N_
from slmdesk.store import database as driver
from slmdesk.store import former
from slmdesk.store.backup import export, kept_copies, source_of
from slmdesk.store.database import (
    Connection,
    Database,
    FileLock,
    Shared,
    connect,
    journal_of,
    known_errors,
    uri_of,
)
from slmdesk.store.file import (
    DAMAGED,
    NEWER,
    OURS,
    StoreFile,
    check_pages,
    check_seals,
    check_tables,
    reading,
)
from slmdesk.store.keys import DataKey, KeyFile, adopt_next_keys, keep_keys_of, to_bytes, wants_key
from slmdesk.store.ledger import Ledger, of_other_chain
from slmdesk.store.opening import (
    STEPS,
    Step,
    migrate,
    schema_after,
    schema_of,
    unknown_steps,
)
from slmdesk.store.retention import RESTORED
from slmdesk.store.store import Store

BROKEN = N_("it is damaged")
NOT_OURS = N_("it is no backup of slmdesk, or only a part of one")
CHANGED = N_("its tables are not as slmdesk makes them")
IN_USE = N_("it is the history in use")
UNFINISHED = N_("it was being written when it was copied, and its journal lies beside it")


class PreparedBackup(Record):
    """A checked copy beside the history, migrated to the newest version. `bytes` and `sha256` are the original's."""

    path: Path
    bytes: int
    sha256: str
    key: DataKey | None = None
    keys: KeyFile | None = None
    """Key file that will open the history. None means that the current key file stays."""


@contextmanager
def prepare_backup(
    paths: Paths,
    source: Path,
    *,
    key: DataKey | None = None,
    source_key: DataKey | None = None,
    steps: Sequence[Step] = STEPS,
) -> Iterator[PreparedBackup]:
    """Yield a copy of `source` beside the history. The copy is complete, ours, fully read, migrated to the newest
    version, synced, and encrypted with `key`. `source_key` is the backup's key if it is another one. The schema lock
    must be held exclusively. Any thread. Raises KnownError file.*, backup.unusable, store.newer, disk.full, store.full,
    key.*; an error leaves nothing behind.
    """
    file = _check_source(paths, source, len(steps))
    if file.is_encrypted:
        driver.cipher()
    source_key = file.proved(source_key, key)
    private_folder(paths.data)
    with writing_to(paths.data):  # own folder: a damage mark of the copy must not be the history's
        folder = Path(tempfile.mkdtemp(prefix=".restored.", suffix=".new", dir=paths.data))
    beside = folder / paths.database.name
    try:
        sha256 = _copy(file, beside)
        try:
            with known_errors(beside):
                _check(beside, source, source_key, steps)
                _update_copy(beside, source, paths, source_key, steps)
                if key is not None and key != source_key:
                    beside = _put_under(beside, source_key, key)
        except driver.errors() as err:  # a file with our header but without our tables
            raise KnownError("backup.unusable", path=str(source), reason=NOT_OURS) from err
        except KnownError as known:
            if known.code != "store.damaged":
                raise
            raise KnownError("backup.unusable", path=str(source), reason=BROKEN) from known
        yield PreparedBackup(
            beside, source.stat().st_size, sha256, key or source_key, None if key is not None else file.keys
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check_source(paths: Paths, source: Path, newest: int) -> StoreFile:
    try:
        if not source.exists():
            raise KnownError("file.missing", path=str(source))
        if paths.database.exists() and source.samefile(paths.database):
            raise KnownError("backup.unusable", path=str(source), reason=IN_USE)
        journal = journal_of(source)
        if journal.exists() and journal.stat().st_size:
            raise KnownError("backup.unusable", path=str(source), reason=UNFINISHED)
    except OSError as err:
        raise KnownError("file.unreadable", path=str(source), reason=err.strerror or "") from err
    file = source_of(source)
    verdict = file.verdict(newest)
    if verdict == NEWER:
        raise KnownError("store.newer", path=str(source), version=file.version)
    if verdict == DAMAGED:
        raise KnownError("backup.unusable", path=str(source), reason=NOT_OURS)
    return file


def _copy(file: StoreFile, beside: Path) -> str:
    digest, at = hashlib.sha256(), 0
    with (
        reading(file.path) as untrusted,
        writing_to(beside, needed_bytes=file.size or 0),
        os.fdopen(open_new(beside), "wb") as copy,
    ):
        while block := untrusted.read(1 << 20):
            digest.update(block)
            copy.write(block[max(0, file.offset - at) : max(0, file.end - at)])
            at += len(block)
        copy.flush()
        os.fsync(copy.fileno())
        return digest.hexdigest()


def _check(beside: Path, source: Path, key: DataKey | None, steps: Sequence[Step]) -> None:
    """Check the copy before anything is written to it: its tables and indexes must have exactly this program's SQL."""
    with closing(connect(beside, key=key, read_only=True)) as conn:
        check_seals(conn, beside, key)
        if conn.execute("select 1 from sqlite_schema where type in ('trigger', 'view')").fetchone():
            raise KnownError("backup.unusable", path=str(source), reason=CHANGED)  # our files have neither
        check_tables(conn, beside)
        is_former = former.is_former(conn)
        if not is_former and unknown_steps(conn, steps):
            raise KnownError("store.newer", path=str(source), version=StoreFile(beside).version)
        ours = schema_after(steps[:1], former.TABLES) if is_former else schema_after(steps[: _version(conn)])
        if schema_of(conn) != ours:
            raise KnownError("backup.unusable", path=str(source), reason=CHANGED)


def _update_copy(beside: Path, source: Path, paths: Paths, key: DataKey | None, steps: Sequence[Step]) -> None:
    with closing(connect(beside, key=key)) as conn:
        _empty_indexes(conn)
        check_pages(conn, beside)
        former.take_over(conn)
        if _version(conn) < len(steps):
            migrate(conn, steps)
            if schema_of(conn) != schema_after(steps):  # steps were recorded but not done
                raise KnownError("backup.unusable", path=str(source), reason=CHANGED)
        copy = Store(Database(conn, beside, read_only=False, key=key), paths, "restored")
        copy.read_everything()
        copy.index.rebuild()
        copy.messages.mark_interrupted(lambda _owner: True)
        copy.retention.keep_time(RESTORED, time.time())


def _version(conn: Connection) -> int:
    return int(conn.execute("PRAGMA user_version").fetchone()[0])


def _empty_indexes(conn: Connection) -> None:
    """Replace the backup's search indexes by empty ones. FTS5 never reads the old pages, which may hold anything."""
    virtual = "type = 'table' and sql like 'create virtual table%'"
    made_by = conn.execute(f"select name, sql from sqlite_schema where {virtual}").fetchall()
    conn.execute("PRAGMA writable_schema=ON")  # FTS5 would read the pages of a table that is dropped normally
    conn.execute(f"delete from sqlite_schema where {virtual}")
    conn.execute("PRAGMA writable_schema=RESET")
    conn.execute("BEGIN IMMEDIATE")
    for name, sql in made_by:
        for part in ("data", "idx", "docsize", "config"):
            conn.execute(f"drop table {name}_{part}")
        conn.execute(sql)
    conn.execute("COMMIT")


def _put_under(beside: Path, before: DataKey | None, after: DataKey) -> Path:
    """Encrypt the copy with `after`, and return its new path. Raises OSError as well."""
    under = beside.with_name(f"under-{beside.name}")
    with writing_to(under):
        export(beside, under, before, after)
        beside.unlink()
    return under


# Restores a backup. The backup is checked and prepared first, then swapped in, and the previous history is set aside.
# A failure before the swap (not our file, damaged, newer, a full disk) changes nothing.


def backups(paths: Paths, *, steps: Sequence[Step] = STEPS) -> list[BackupCopy]:
    """Return the copies that can be restored, newest first. Only their headers are checked. Any thread."""
    copies: list[BackupCopy] = []
    for path in kept_copies(paths):
        with suppress(OSError, KnownError):
            if source_of(path).verdict(len(steps)) == OURS:
                about = path.stat()
                copies.append(BackupCopy(path, about.st_mtime, about.st_size))
    return sorted(copies, key=lambda copy: copy.time, reverse=True)


def restore(
    paths: Paths,
    source: Path,
    *,
    key: DataKey | None = None,
    source_key: DataKey | None = None,
    steps: Sequence[Step] = STEPS,
) -> Restored:
    """Replace the history by a backup while no instance runs. The current history need not be readable. Any thread. The
    history stays encrypted with its key. If `key` is None or the history is plain, the history gets the keys of an
    encrypted backup. Raises KnownError store.in_use, key.missing, and the errors of `prepare_backup` and
    `replace_history`.
    """
    private_folder(paths.data)
    lock = FileLock(paths.schema_lock)
    try:
        if not lock.try_alone():
            raise KnownError("store.in_use")
        if key is None and source_key is None and wants_key(paths):  # otherwise the history would become plain
            raise KnownError("key.missing")
        with prepare_backup(paths, source, key=key, source_key=source_key, steps=steps) as ready:
            return replace_history(paths, ready, key=key, steps=steps)
    finally:
        lock.close()


def replace_history(
    paths: Paths,
    ready: PreparedBackup,
    *,
    key: DataKey | None = None,
    store: Store | None = None,
    steps: Sequence[Step] = STEPS,
) -> Restored:
    """Set the history aside whole under a dated name, and give its name to the copy. `store` is this instance's own
    store, which is connected to the new file afterwards (on its thread). Model records that the backup lacks and the
    ledger of this PC are carried over, if they can be read. Raises KnownError file.unwritable, disk.full, store.full;
    the old history is then still in its place.
    """
    database = paths.database
    key = store.key if store is not None else key
    with store.disconnected() if store is not None else nullcontext():
        if ready.keys is not None:
            write_atomically(paths.next_keys_file, to_bytes(ready.keys))
        try:
            restored = _replaced(paths, ready, key, store, len(steps))
        except OSError as err:
            raise problem_of(err, database, needed_bytes=ready.bytes) from err
        finally:
            is_there = StoreFile(database).is_under(ready.key)
            if store is not None and is_there:
                store.database.key = ready.key
            if ready.keys is not None and not is_there:  # the old history stays, and these keys do not open it
                paths.next_keys_file.unlink(missing_ok=True)
        if ready.keys is not None:
            adopt_next_keys(paths, ready.keys)
        return restored


def _replaced(paths: Paths, ready: PreparedBackup, key: DataKey | None, store: Store | None, version: int) -> Restored:
    database = paths.database
    if not os.path.lexists(database):
        journal_of(database).unlink(missing_ok=True)
        _go_on_with_ledger(None, None, ready, paths, store)
        ready.path.replace(database)
        sync_folder(paths.data)
        return Restored(ready.bytes, ready.sha256, None)
    file = StoreFile(database)
    is_readable = file.is_under(key)
    if is_readable:
        _roll_back(database, key)
        _carry_over(database, key, ready, version)
    is_current = is_readable and _is_current(database, version)
    _go_on_with_ledger(database if is_current else None, key, ready, paths, store)
    aside = dated_name(database, "replaced")
    if file.is_encrypted:
        keep_keys_of(paths, aside, key if is_readable else None)
    _swap(database, ready.path, aside)
    return Restored(ready.bytes, ready.sha256, aside)


def _roll_back(database: Path, key: DataKey | None) -> None:
    """Let SQLite roll back a transaction left half written by a crash. A file that cannot be opened stays unchanged."""
    with driver.suppressed(), closing(connect(database, key=key)) as conn:
        conn.execute("select count(*) from sqlite_schema").fetchall()


def _is_current(database: Path, version: int) -> bool:
    file = StoreFile(database)
    return file.verdict(version) == OURS and file.version == version


def _carry_over(database: Path, key: DataKey | None, ready: PreparedBackup, version: int) -> None:
    if not _is_current(database, version):
        return
    with driver.suppressed(), closing(connect(ready.path, key=ready.key)) as conn:
        try:
            with known_errors(ready.path):
                driver.attach(conn, uri_of(database, "ro"), "old", key, is_cipher=ready.key is not None)
                conn.execute("BEGIN IMMEDIATE")
                for statement in _CARRIED_OVER:
                    conn.execute(statement)
                conn.execute("COMMIT")
        except KnownError as known:
            if known.code != "store.damaged":
                raise


_CARRIED_OVER = (
    "insert into models (id, name, path, linked, bytes, sha256, mtime_ns, inode, header, source, added, last_used,"
    " facts) select id, name, path, linked, bytes, sha256, mtime_ns, inode, header, source, added, last_used, facts"
    " from old.models as theirs where not exists (select 1 from main.models as mine"
    " where mine.id = theirs.id or mine.sha256 = theirs.sha256 and mine.path = theirs.path)",
)
"""Statements that copy the records of model files, which are no part of the history: the files do not change."""


def _go_on_with_ledger(
    database: Path | None, key: DataKey | None, ready: PreparedBackup, paths: Paths, store: Store | None
) -> None:
    """Continue the ledger of this PC in the copy. If that ledger cannot be read, continue the ledger of the backup."""
    try:
        _append_restoring(database, key, ready, paths, store)
    except Exception as err:
        is_unreadable = isinstance(err, driver.errors()) or getattr(err, "code", "") == "store.damaged"
        if database is None or not is_unreadable:
            raise
        _append_restoring(None, None, ready, paths, store)


def _append_restoring(
    database: Path | None, key: DataKey | None, ready: PreparedBackup, paths: Paths, store: Store | None
) -> None:
    name, clock = (store.shared.instance_id, store.shared.clock) if store is not None else ("restore", time.time)
    with closing(connect(ready.path, key=ready.key)) as conn, known_errors(ready.path):
        if database is not None:
            driver.attach(conn, uri_of(database, "ro"), "old", key, is_cipher=ready.key is not None)
        copy = Database(conn, ready.path, read_only=False, key=ready.key)
        ledger = Ledger(Shared(copy, paths, name, clock))
        with copy.writing():
            head = ledger.head()
            theirs = list(of_other_chain(ledger.of_requests())) if database is not None else []
            if database is not None:
                conn.execute("delete from main.ledger")  # the backup's; the row added below names its last row
                conn.execute("insert into main.ledger select * from old.ledger order by n")
            ledger.append(
                Kind.RESTORE,
                {
                    "backup_sha256": ready.sha256,
                    "head": {"n": head.n, "hash": head.hash} if head else None,
                    "goes_on": "this PC's ledger" if database is not None else "the backup's ledger",
                },
            )
            ledger.take_over(theirs)


def _swap(database: Path, ready: Path, aside: Path) -> None:
    """Swap the files. The old file is linked to its new name first, so the history's name exists at every moment."""
    journal, journal_aside = journal_of(database), journal_of(aside)
    try:
        os.link(database, aside)
    except OSError:  # a file system without links
        database.replace(aside)
    try:
        if journal.exists():
            journal.replace(journal_aside)
        ready.replace(database)
    except BaseException:
        aside.replace(database)
        aside.unlink(missing_ok=True)  # both names were the same file, so the renaming did nothing
        if journal_aside.exists():
            journal_aside.replace(journal)
        raise
    if journal_aside.exists() and not journal_aside.stat().st_size:
        journal_aside.unlink()
    sync_folder(database.parent)
