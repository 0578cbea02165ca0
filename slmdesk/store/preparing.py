"""Makes a backup ready to be restored: a copy beside the history that is whole, ours, of this version and its keys."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.files import open_new, private_folder, problem_of
from slmdesk.base.paths import Paths
from slmdesk.base.record import Record
from slmdesk.store import driver
from slmdesk.store.backup_file import BackupSource, source_of
from slmdesk.store.database import Database, connect, journal_of, known_errors
from slmdesk.store.encrypting import check_pages, check_seals, export
from slmdesk.store.keys import DataKey, KeyFile
from slmdesk.store.opening import check_tables, judge_header, version_of
from slmdesk.store.retention import RESTORED
from slmdesk.store.schema import STEPS, Step, migrate, schema_after, schema_of, unknown_steps
from slmdesk.store.store import Store

DAMAGED = "it is damaged"
NOT_OURS = "it is no backup of slmdesk, or only a part of one"
CHANGED = "its tables are not as slmdesk makes them"
IN_USE = "it is the history in use"
UNFINISHED = "it was being written when it was copied, and its journal lies beside it"


class PreparedBackup(Record):
    """A checked copy beside the history, at the newest version; the counts are those of the backup it came from."""

    path: Path
    bytes: int
    sha256: str
    key: DataKey | None = None
    keys: KeyFile | None = None
    """That the history will be opened by; None: as it is now."""


@contextmanager
def prepare_backup(
    paths: Paths,
    source: Path,
    *,
    key: DataKey | None = None,
    source_key: DataKey | None = None,
    steps: Sequence[Step] = STEPS,
) -> Iterator[PreparedBackup]:
    """Yield a copy of `source` beside the history: whole, ours, fully read, migrated to the newest version, synced.

    `key`: of an encrypted history; the copy is encrypted with it.  `source_key`: of an encrypted backup, where it is
    not the same.  The schema lock is held exclusively meanwhile.  Any thread.  Raises KnownError file.missing,
    file.unreadable, backup.unusable, store.newer, disk.full, store.full, key.missing, key.wrong, key.file_damaged,
    key.library_missing; nothing is left behind then.
    """
    found = _check_source(paths, source, len(steps))
    source_key = _key_of(found, key, source_key)
    private_folder(paths.data)
    try:  # in a folder of its own: a damage mark for the copy must not apply to the history
        folder = Path(tempfile.mkdtemp(prefix=".restored.", suffix=".new", dir=paths.data))
    except OSError as err:
        raise problem_of(err, paths.data) from err
    beside = folder / paths.database.name
    try:
        sha256 = _copy(found, beside)
        try:
            with known_errors(beside):
                _check(beside, source, source_key, steps)
                _update_copy(beside, source, paths, source_key, steps)
                if key is not None and key != source_key:
                    beside = _put_under(beside, source_key, key)
        except driver.errors() as err:  # a file with our mark but without our tables
            raise KnownError("backup.unusable", path=str(source), reason=NOT_OURS) from err
        except KnownError as known:
            if known.code != "store.damaged":
                raise
            raise KnownError("backup.unusable", path=str(source), reason=DAMAGED) from known
        yield PreparedBackup(
            beside, source.stat().st_size, sha256, key or source_key, None if key is not None else found.keys
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check_source(paths: Paths, source: Path, newest: int) -> BackupSource:
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
    found = source_of(source)
    verdict = judge_header(source, newest, offset=found.offset, end=found.end)
    if verdict == "newer":
        raise KnownError("store.newer", path=str(source), version=version_of(source, found.offset))
    if verdict == "damaged":
        raise KnownError("backup.unusable", path=str(source), reason=NOT_OURS)
    return found


def _key_of(found: BackupSource, key: DataKey | None, source_key: DataKey | None) -> DataKey | None:
    """What opens a backup: the key that was given for it, else that of the history.  Proved; None for a plain one."""
    if not found.is_encrypted:
        return None
    driver.cipher()
    for one in (source_key, key):
        if one is not None and found.fits(one):
            return one
    raise KnownError("key.missing" if source_key is None else "key.wrong")


def _copy(found: BackupSource, beside: Path) -> str:
    """Copy the database of a backup.  Returns the sum of the whole file."""
    digest = hashlib.sha256()
    try:
        untrusted = found.path.open("rb")
    except OSError as err:
        raise KnownError("file.unreadable", path=str(found.path), reason=err.strerror or "") from err
    with untrusted:
        try:
            with os.fdopen(open_new(beside), "wb") as copy:
                at = 0
                while block := untrusted.read(1 << 20):
                    digest.update(block)
                    copy.write(block[max(0, found.offset - at) : max(0, found.end - at)])
                    at += len(block)
                copy.flush()
                os.fsync(copy.fileno())
                return digest.hexdigest()
        except OSError as err:
            raise problem_of(err, beside, needed_bytes=found.bytes) from err


def _check(beside: Path, source: Path, key: DataKey | None, steps: Sequence[Step]) -> None:
    """Check through a read-only connection, before anything is written to the copy: its tables and indexes are word
    for word those that we make, so that nothing but what stands in the rows is foreign.
    """
    with closing(connect(beside, key=key, read_only=True)) as conn:
        check_seals(conn, beside, key)
        if conn.execute("select 1 from sqlite_schema where type in ('trigger', 'view')").fetchone():
            raise KnownError("backup.unusable", path=str(source), reason=CHANGED)  # our files never have one
        check_tables(conn, beside)
        if unknown_steps(conn, steps):
            raise KnownError("store.newer", path=str(source), version=version_of(beside))
        if schema_of(conn) != schema_after(steps[: _version(conn)]):
            raise KnownError("backup.unusable", path=str(source), reason=CHANGED)


def _update_copy(beside: Path, source: Path, paths: Paths, key: DataKey | None, steps: Sequence[Step]) -> None:
    with closing(connect(beside, key=key)) as conn:
        _empty_indexes(conn)
        check_pages(conn, beside)
        if _version(conn) < len(steps):
            migrate(conn, steps)
            if schema_of(conn) != schema_after(steps):  # steps were recorded that had not been done
                raise KnownError("backup.unusable", path=str(source), reason=CHANGED)
        copy = Store(Database(conn, beside, read_only=False, key=key), paths, "restored")
        copy.read_everything()
        copy.index.rebuild()
        copy.messages.mark_interrupted(lambda _owner: True)
        copy.rules.keep_time(RESTORED, time.time())


def _version(conn: driver.Connection) -> int:
    return int(conn.execute("PRAGMA user_version").fetchone()[0])


def _empty_indexes(conn: driver.Connection) -> None:
    """Put empty indexes of the search in the place of those that came: FTS5 never sees their pages, which may hold
    anything, and no word is found that stands in no row.
    """
    virtual = "type = 'table' and sql like 'create virtual table%'"
    made_by = conn.execute(f"select name, sql from sqlite_schema where {virtual}").fetchall()
    conn.execute("PRAGMA writable_schema=ON")  # to drop one in the ordinary way, FTS5 would read its pages
    conn.execute(f"delete from sqlite_schema where {virtual}")
    conn.execute("PRAGMA writable_schema=RESET")
    conn.execute("BEGIN IMMEDIATE")
    for name, sql in made_by:
        for part in ("data", "idx", "docsize", "config"):
            conn.execute(f"drop table {name}_{part}")
        conn.execute(sql)
    conn.execute("COMMIT")


def _put_under(beside: Path, before: DataKey | None, after: DataKey) -> Path:
    """Raises OSError as well."""
    under = beside.with_name(f"under-{beside.name}")
    try:
        export(beside, under, before, after)
        beside.unlink()
    except OSError as err:
        raise problem_of(err, under) from err
    return under
