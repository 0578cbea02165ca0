"""Restore a backup: first check and prepare it beside the history, swap it in, and set the previous history aside."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
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
from slmdesk.base.records import BackupCopy, HistoryContents, Kind, Restored
from slmdesk.base.texts import N_
from slmdesk.base.types import Json
from slmdesk.history.store import brought, former
from slmdesk.history.store import database as driver
from slmdesk.history.store.backup import export, kept_copies, note_former, source_of
from slmdesk.history.store.database import (
    Connection,
    Database,
    FileLock,
    Shared,
    connect,
    journal_of,
    known_errors,
    uri_of,
)
from slmdesk.history.store.file import (
    DAMAGED,
    NEWER,
    OURS,
    StoreFile,
    check_pages,
    check_seals,
    check_tables,
    reading,
    scratch_folder,
)
from slmdesk.history.store.keys import (
    DataKey,
    KeyFile,
    adopt_next_keys,
    forget_keys,
    keep_keys_of,
    keys_beside,
    to_bytes,
    wants_key,
)
from slmdesk.history.store.ledger import Ledger, of_other_chain
from slmdesk.history.store.opening import (
    STEPS,
    Step,
    migrate,
    schema_after,
    schema_of,
    unknown_steps,
)
from slmdesk.history.store.retention import RESTORED
from slmdesk.history.store.store import Store, set_aside

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
    is_own: bool = False
    """Whether the history was set aside or copied by slmdesk here. Nothing in it is asked about then."""


@contextmanager
def prepare_backup(
    paths: Paths,
    source: Path,
    *,
    key: DataKey | None = None,
    source_key: DataKey | None = None,
    is_undo: bool = False,
    steps: Sequence[Step] = STEPS,
) -> Iterator[PreparedBackup]:
    """Yield a copy of `source` beside the history. The copy is complete, ours, fully read, migrated to the newest
    version, synced, and encrypted with `key`. `source_key` is the backup's key if it is another one. With `is_undo` no
    time is noted in it. The schema lock must be held exclusively. Any thread. Raises KnownError file.*,
    backup.unusable, store.newer, disk.full, store.full, key.*; an error leaves nothing behind.
    """
    file = _check_source(paths, source, len(steps))
    if file.is_encrypted:
        driver.cipher()
    source_key = file.proved(source_key, key)
    private_folder(paths.data)
    with scratch_folder(paths.data, "restored") as folder:  # a damage mark of the copy must not be the history's
        beside = folder / paths.database.name
        sha256, of_database = _copy(file, beside)
        try:
            if file.sha256 and of_database != file.sha256:
                raise KnownError("store.damaged", path=str(source))
            with known_errors(beside):
                _check(beside, source, source_key, steps)
                _update_copy(beside, source, paths, source_key, steps, is_undo=is_undo)
                if key is not None and key != source_key:
                    beside = _put_under(beside, source_key, key)
        except driver.errors() as err:  # a file with our header but without our tables
            raise KnownError("backup.unusable", path=str(source), reason=NOT_OURS) from err
        except KnownError as known:
            if known.code != "store.damaged":
                raise
            raise KnownError("backup.unusable", path=str(source), reason=BROKEN) from known
        keys = None if key is not None else file.keys
        is_own = source.parent.resolve() in (paths.data.resolve(), paths.backups.resolve())
        yield PreparedBackup(beside, source.stat().st_size, sha256, key or source_key, keys, is_own)


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


def _copy(file: StoreFile, beside: Path) -> tuple[str, str]:
    """Copy the database. Returns the checksums of the whole file and of the database."""
    whole, database, at = hashlib.sha256(), hashlib.sha256(), 0
    with (
        reading(file.path) as untrusted,
        writing_to(beside, needed_bytes=file.size or 0),
        os.fdopen(open_new(beside), "wb") as copy,
    ):
        while block := untrusted.read(1 << 20):
            part = block[max(0, file.offset - at) : max(0, file.end - at)]
            whole.update(block)
            database.update(part)
            copy.write(part)
            at += len(block)
        copy.flush()
        os.fsync(copy.fileno())
        return whole.hexdigest(), database.hexdigest()


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


def _update_copy(
    beside: Path, source: Path, paths: Paths, key: DataKey | None, steps: Sequence[Step], *, is_undo: bool
) -> None:
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
        if not is_undo:
            copy.retention.keep_time(RESTORED, time.time())


def contents_of(ready: PreparedBackup) -> HistoryContents:
    """Return what a prepared copy holds. Any thread."""
    with known_errors(ready.path), closing(connect(ready.path, key=ready.key, read_only=True)) as conn:
        return contents_in(conn)


def contents_in(conn: Connection) -> HistoryContents:
    kinds = conn.execute("select kind, count(*) from items where deleted_at is null group by kind").fetchall()
    documents = conn.execute("select count(*) from documents").fetchone()[0]
    last = conn.execute(
        "select max((select coalesce(max(updated), 0) from items),"
        " (select coalesce(max(max(opened, added)), 0) from documents),"
        " (select coalesce(max(time), 0) / 1e6 from ledger))"
    ).fetchone()[0]
    return HistoryContents({row[0]: row[1] for row in kinds}, documents, float(last))


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
    with _alone(paths):
        if key is None and source_key is None and wants_key(paths):  # otherwise the history would become plain
            raise KnownError("key.missing")
        with prepare_backup(paths, source, key=key, source_key=source_key, steps=steps) as ready:
            return replace_history(paths, ready, key=key, steps=steps)


def look_into(
    paths: Paths, source: Path, *, key: DataKey | None = None, source_key: DataKey | None = None
) -> tuple[HistoryContents, HistoryContents | None]:
    """Return what a backup holds, wholly checked, and what the history of now holds, if it can be read. Nothing is
    changed. No instance may run. Any thread. Raises the errors of `restore`.
    """
    with _alone(paths):
        with prepare_backup(paths, source, key=key, source_key=source_key) as ready:
            theirs = contents_of(ready)
        if not paths.database.exists() or not StoreFile(paths.database).is_under(key):
            return theirs, None
        with driver.suppressed(), closing(connect(paths.database, key=key)) as conn:
            return theirs, contents_in(conn)
    return theirs, None


@contextmanager
def _alone(paths: Paths) -> Iterator[None]:
    private_folder(paths.data)
    lock = FileLock(paths.schema_lock)
    try:
        if not lock.try_alone():
            raise KnownError("store.in_use")
        yield
    finally:
        lock.close()


# Undo. The history that a restore replaced comes back as it was, and the restored one is set aside in its turn, so that
# a second undo is a redo.


def last_replaced(paths: Paths) -> Path:
    """Return the history that the last restore, or its undo, replaced. Raises KnownError `backup.no_undo`."""
    replaced = [path for path in set_aside(paths.database, "replaced") if path.is_file() and not path.is_symlink()]
    if not replaced:
        raise KnownError("backup.no_undo")
    return max(replaced, key=lambda path: path.stem)  # the stem ends in the time, and a number if one has it already


@contextmanager
def prepare_undo(
    paths: Paths, replaced: Path, *, key: DataKey | None, source_key: DataKey | None = None
) -> Iterator[PreparedBackup]:
    """Yield a copy of a replaced history, as `prepare_backup` does, under the keys that it had. `key` is the key of the
    history of now.
    """
    same = key if source_of(replaced).is_under(key) else None
    with prepare_backup(paths, replaced, key=same, source_key=source_key, is_undo=True) as ready:
        yield ready


def undo(paths: Paths, *, key: DataKey | None = None, source_key: DataKey | None = None) -> Restored:
    """Bring back the history that the last restore replaced, while no instance runs. Any thread. Raises KnownError
    backup.no_undo, and the errors of `restore`.
    """
    with _alone(paths):
        replaced = last_replaced(paths)
        with prepare_undo(paths, replaced, key=key, source_key=source_key) as ready:
            done = replace_history(paths, ready, key=key)
    forget_replaced(replaced)
    return done


def forget_replaced(replaced: Path) -> None:
    """Remove a replaced history that is back in its place."""
    for path in (replaced, journal_of(replaced), keys_beside(replaced)):
        with suppress(OSError):
            path.unlink()


def replace_history(
    paths: Paths,
    ready: PreparedBackup,
    *,
    key: DataKey | None = None,
    store: Store | None = None,
    steps: Sequence[Step] = STEPS,
) -> Restored:
    """Set the history aside whole under a dated name, and give its name to the copy. `store` is this instance's own
    store, which is connected to the new file afterwards (on its thread). Model records and the ledger of this PC are
    carried over, if they can be read; what else the backup brings that would act here is marked
    (history/store/brought.py). Raises KnownError file.unwritable, disk.full, store.full; the old history is then
    still in its place.
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
        if ready.key is None:
            forget_keys(paths)
        return restored


def _replaced(paths: Paths, ready: PreparedBackup, key: DataKey | None, store: Store | None, version: int) -> Restored:
    database = paths.database
    if not os.path.lexists(database):
        journal_of(database).unlink(missing_ok=True)
        _carry_over(None, None, ready, paths, store)
        ready.path.replace(database)
        sync_folder(paths.data)
        return Restored(ready.bytes, ready.sha256, None)
    file = StoreFile(database)
    is_readable = file.is_under(key)
    if is_readable:
        _roll_back(database, key)
    is_current = is_readable and _is_current(database, version)
    old = database if is_current else None
    _carry_over(old, key, ready, paths, store)
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


def _carry_over(
    database: Path | None, key: DataKey | None, ready: PreparedBackup, paths: Paths, store: Store | None
) -> None:
    """Give the copy the models of this PC, mark what it brings, and continue the ledger of this PC in it. Of a history
    of now that cannot be read all that is brought is marked, and the ledger of the backup goes on.
    """
    _with_or_without(database, lambda old: _take_in(old, key, ready))
    _with_or_without(database, lambda old: _append_restoring(old, key, ready, paths, store))


def _with_or_without(database: Path | None, work: Callable[[Path | None], None]) -> None:
    try:
        work(database)
    except Exception as err:
        if database is None or not _is_unreadable(err):
            raise
        work(None)


def _take_in(database: Path | None, key: DataKey | None, ready: PreparedBackup) -> None:
    with _joined(ready, database, key) as conn:
        conn.execute("BEGIN IMMEDIATE")
        if not ready.is_own:
            brought.mark(conn, knows=database is not None)
        elif database is not None:
            brought.add_models(conn)
        if ready.key is None and key is not None:  # the files beside the history are still encrypted with it
            note_former(conn, key)
        conn.execute("COMMIT")


@contextmanager
def _joined(ready: PreparedBackup, database: Path | None, key: DataKey | None) -> Iterator[Connection]:
    """Connect to the copy, with the history of now attached as `old`. Raises an error of `errors()`."""
    by_cipher = ready.key is not None or (database is not None and key is not None)
    with closing(connect(ready.path, key=ready.key, by_cipher=by_cipher)) as conn, known_errors(ready.path):
        if database is not None:
            driver.attach(conn, uri_of(database, "ro"), "old", key, is_cipher=by_cipher)
        yield conn


def _is_unreadable(err: Exception) -> bool:
    return isinstance(err, driver.errors()) or getattr(err, "code", "") == "store.damaged"


def _append_restoring(
    database: Path | None, key: DataKey | None, ready: PreparedBackup, paths: Paths, store: Store | None
) -> None:
    name, clock = (store.shared.instance_id, store.shared.clock) if store is not None else ("restore", time.time)
    with _joined(ready, database, key) as conn:
        copy = Database(conn, ready.path, read_only=False, key=ready.key)
        ledger = Ledger(Shared(copy, paths, name, clock))
        with copy.writing():
            head = ledger.head()
            goes_on = "the backup's ledger"
            theirs: list[tuple[int, dict[str, Json]]] = []
            if database is not None:
                goes_on = "this PC's ledger"
                theirs = list(of_other_chain(ledger.of_requests()))
                conn.execute("delete from main.ledger")  # the backup's; the row added below names its last row
                conn.execute("insert into main.ledger select * from old.ledger order by n")
            ledger.append(
                Kind.RESTORE,
                {
                    "backup_sha256": ready.sha256,
                    "head": {"n": head.n, "hash": head.hash} if head else None,
                    "goes_on": goes_on,
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
