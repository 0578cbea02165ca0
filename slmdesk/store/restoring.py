"""Restores a backup: checked and prepared first, then swapped in; the previous history is set aside.

Nothing is touched before the swap: a failure before it (not ours, damaged, newer, a full disk) changes nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import closing, nullcontext, suppress
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.files import dated_name, private_folder, problem_of, sync_folder, write_atomically
from slmdesk.base.ledger import Kind
from slmdesk.base.paths import Paths
from slmdesk.base.records import BackupCopy, Restored
from slmdesk.store import driver
from slmdesk.store.backup import kept_copies
from slmdesk.store.backup_file import source_of
from slmdesk.store.cipher_pages import header_of, is_encrypted
from slmdesk.store.database import Database, connect, journal_of, known_errors, uri_of
from slmdesk.store.encrypting import is_under
from slmdesk.store.keys import DataKey, adopt_next_keys, to_bytes
from slmdesk.store.ledger import Ledger, of_other_chain
from slmdesk.store.locks import FileLock
from slmdesk.store.opening import judge_header, version_of
from slmdesk.store.part import Shared
from slmdesk.store.preparing import PreparedBackup, prepare_backup
from slmdesk.store.schema import STEPS, Step
from slmdesk.store.store import Store
from slmdesk.store.unlocking import keep_keys_of, wants_key


def backups(paths: Paths, *, steps: Sequence[Step] = STEPS) -> list[BackupCopy]:
    """The copies that can be restored, judged by their headers, newest first.  Any thread."""
    found: list[BackupCopy] = []
    for path in kept_copies(paths):
        with suppress(OSError, KnownError):
            found_in = source_of(path)
            if judge_header(path, len(steps), offset=found_in.offset, end=found_in.end) == "ours":
                about = path.stat()
                found.append(BackupCopy(path, about.st_mtime, about.st_size))
    return sorted(found, key=lambda copy: copy.time, reverse=True)


def restore(
    paths: Paths,
    source: Path,
    *,
    key: DataKey | None = None,
    source_key: DataKey | None = None,
    steps: Sequence[Step] = STEPS,
) -> Restored:
    """Replace the history by the backup `source` while no instance runs, not even this one; any thread.

    The history need not be readable.  `key`: of the history, `source_key`: of the backup, where they are encrypted.
    An encrypted history stays so with its keys; where its key is not known, or it is plain, it gets those of an
    encrypted backup.  Raises KnownError store.in_use, key.missing, and as `prepare_backup` and `replace_history`.
    """
    private_folder(paths.data)
    lock = FileLock(paths.schema_lock)
    try:
        if not lock.try_alone():
            raise KnownError("store.in_use")
        if key is None and source_key is None and wants_key(paths):  # it would be plain from then on
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
    """Swap: the history is set aside whole under a dated name, the copy takes its name.

    `key`: of the history that is there, where it is known.  `store`: this instance's own, whose connection is closed
    meanwhile and leads to the new file afterwards (on its thread).
    Models of the library that the backup lacks are copied into it, and the ledger of this PC goes on in it, where
    they can be read.  Raises KnownError file.unwritable, disk.full, store.full; the old history is then still in its
    place.
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
            is_there = is_under(database, ready.key)
            if store is not None and is_there:
                store.database.key = ready.key
            if ready.keys is not None and not is_there:  # they would open what they are not for
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
    is_readable = is_under(database, key)
    if is_readable:
        _roll_back(database, key)
        _require_no_hold(database, key)
        _carry_over(database, key, ready, version)
    is_current = is_readable and _is_current(database, version)
    _go_on_with_ledger(database if is_current else None, key, ready, paths, store)
    aside = dated_name(database, "replaced")
    if is_encrypted(header_of(database)):
        keep_keys_of(paths, aside, key if is_readable else None)
    _swap(database, ready.path, aside)
    return Restored(ready.bytes, ready.sha256, aside)


# ---- the swap


def _roll_back(database: Path, key: DataKey | None) -> None:
    """Have SQLite roll back what a crash left half written; a file that cannot be opened is left unchanged."""
    with driver.suppressed(), closing(connect(database, key=key)) as conn:
        conn.execute("select count(*) from sqlite_schema").fetchall()


def _is_current(database: Path, version: int) -> bool:
    return judge_header(database, version) == "ours" and version_of(database) == version


def _require_no_hold(database: Path, key: DataKey | None) -> None:
    """Raise KnownError `hold.all` where anything in the present history is held, which would go with it.

    A history that cannot be read, or is older than holds, has none.
    """
    with driver.suppressed(), closing(connect(database, key=key, read_only=True)) as conn:
        if count := conn.execute("select count(*) from holds").fetchone()[0]:
            raise KnownError("hold.all", count=count)


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
"""What is no part of the history: the files of the models are as they are."""


def _go_on_with_ledger(
    database: Path | None, key: DataKey | None, ready: PreparedBackup, paths: Paths, store: Store | None
) -> None:
    """In the copy that will replace the history: the chain of this PC with the restoring as its next row, then what the
    backup knows of other requests.  Where the present history cannot be read, the chain of the backup goes on.
    """
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
                conn.execute("delete from main.ledger")  # the backup's: its head is kept in the row below
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
    """Swap the files.  Linked first, so that a history has the name at every moment."""
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
        aside.unlink(missing_ok=True)  # both names were one file, so the renaming did nothing
        if journal_aside.exists():
            journal_aside.replace(journal)
        raise
    if journal_aside.exists() and not journal_aside.stat().st_size:
        journal_aside.unlink()
    sync_folder(database.parent)
