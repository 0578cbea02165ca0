"""Open the store: create or migrate its tables, check its version, take the locks, recover from damage or a crash."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from slmdesk.base.errors import KnownError
from slmdesk.base.files import PRIVATE_FILE, dated_name, open_new, private_folder, sync_folder
from slmdesk.base.paths import Paths
from slmdesk.base.record import Record
from slmdesk.base.text.folding import VERSION as FOLDING_VERSION
from slmdesk.history.store import database, former
from slmdesk.history.store.backup import drop_old_copies, keep_copy
from slmdesk.history.store.database import (
    CHECK_MARK,
    Database,
    FileLock,
    InstanceLock,
    connect,
    connected,
    is_instance_alive,
    journal_of,
    known_errors,
    sweep_dead_instances,
)
from slmdesk.history.store.file import (
    APPLICATION_ID,
    DAMAGED,
    NEWER,
    StoreFile,
    check_pages,
    check_tables,
    has_journal,
    made_beside,
    remove_pair,
    scratch_folder,
)
from slmdesk.history.store.keys import DataKey, keep_keys_of, keys_beside
from slmdesk.history.store.store import Store

if TYPE_CHECKING:
    from sqlite_utils import Database as SqliteDatabase

Step: TypeAlias = "Callable[[SqliteDatabase], None]"


def _step(name: str, *statements: str) -> Step:
    def run(db: SqliteDatabase) -> None:
        for statement in statements:
            db.conn.execute(statement)

    run.__name__ = name
    return run


STEPS: tuple[Step, ...] = (
    _step(
        "m001_history",
        "create table meta (key text primary key, value not null) without rowid",
        "insert into meta values ('revision', 0)",
        """create table items (
        n integer primary key, id text not null unique, kind text not null, title text not null, folder text,
        pinned integer not null, created real not null, updated real not null, deleted_at real,
        revision integer not null, settings text not null, archived integer not null default 0,"""
        " arrived real not null default 0)",
        "create index items_by_time on items (kind, updated, n)",
        "create index items_by_revision on items (revision)",
        "create index items_listed on items (kind, archived, pinned, updated, n) where deleted_at is null",
        """create table messages (
        n integer primary key, id text not null unique, item text not null references items (id), parent text,
        role text not null, parts text not null, text text not null, status text not null, owner text,
        model_sha256 text, model_name text, preset text, sampling text not null, seed integer, tokens_in integer,
        tokens_out integer, tokens_reused integer, seconds real, finish_reason text, prompt_version text,
        error_code text, error_args text not null, created real not null, revision integer not null,"""
        " thought text not null default '', thought_seconds real, original text)",
        "create index messages_by_item on messages (item, n)",
        "create index messages_by_revision on messages (revision)",
        "create index messages_streaming on messages (n) where status = 'streaming'",
        # contentless: the words are in messages already; written by the store itself, without triggers (design.md)
        "create virtual table words using fts5 (folded, content='', prefix='2 3', tokenize='ascii')",
        "create virtual table titles using fts5 (folded, content='', prefix='2 3', tokenize='ascii')",
        "create table gone (n integer primary key, id text not null, time real not null, revision integer not null)",
        """create table models (
        n integer primary key, id text not null unique, name text not null, path blob not null,
        linked integer not null, bytes integer not null, sha256 text not null, mtime_ns integer not null,
        inode text not null, header text not null, source text not null, added real not null, last_used real,
        facts text not null)""",
        """create table jobs (
        n integer primary key, id text not null unique, kind text not null, title text not null, status text not null,
        owner text, item text references items (id), model_sha256 text not null, settings text not null,
        error_code text, error_args text not null, created real not null, updated real not null)""",
        "create index jobs_by_item on jobs (item) where item is not null",
        """create table steps (
        n integer primary key, job text not null references jobs (id), key text not null, input text not null,
        status text not null, value text, deaths integer not null, error_code text, error_args text not null,
        unique (job, key))""",
        "create index steps_open on steps (job, n) where status = 'open'",
        "create index steps_done on steps (key) where status = 'done'",
        "create table measurements (n integer primary key, key text not null unique, value text not null,"
        " time real not null)",
        """create table collections (
        n integer primary key, id text not null unique, name text not null, path blob not null,
        watched integer not null, settings text not null, added real not null)""",
        """create table documents (
        n integer primary key, id text not null unique, path blob not null, name text not null, sha256 text not null,
        format text not null, bytes integer not null, mtime_ns integer not null, reader text not null,
        status text not null, facts text not null, collection text references collections (id), error_code text,
        error_args text not null, added real not null, opened real not null)""",
        "create index documents_by_sum on documents (sha256)",
        "create index documents_by_path on documents (path)",
        "create index documents_by_time on documents (opened, n)",
        """create table pages (
        document text not null references documents (id), number integer not null, label text not null,
        status text not null, reason text not null, text text not null, blocks text not null,
        has_image integer not null, primary key (document, number))""",
        """create table passages (
        n integer primary key, document text not null references documents (id), page integer not null,
        page_end integer not null, start integer not null, end integer not null, text text not null)""",
        "create index passages_by_document on passages (document, n)",
        # porter: stems English endings; in other languages it cuts little.  Words are folded before (text.folding).
        "create virtual table passage_words using fts5 (folded, content='', tokenize='porter ascii')",
        """create table vectors (
        passage integer not null references passages (n), model_sha256 text not null, data blob not null,
        primary key (passage, model_sha256))""",
        """create table item_documents (
        item text not null references items (id), place integer not null, document text not null references
        documents (id), primary key (item, place))""",
        "create index item_documents_by_document on item_documents (document)",
        "create table results (item text primary key references items (id), value text not null)",
        """create table segments (
        item text not null references items (id), number integer not null, unit integer not null, place text not null,
        kind text not null, source text not null, lead text not null, trail text not null, tags text not null,
        language text not null, target text not null, state text not null, origin text, flags text not null,
        reason text not null, revision integer not null, doubts text not null default '[]',"""
        " primary key (item, number))",
        """create table memory (
        n integer primary key, source_language text not null, target_language text not null, domain text not null,
        key text not null, source text not null, target text not null, origin text not null, item text,
        created real not null, used real not null, unique (source_language, target_language, domain, key))""",
        "create index memory_by_key on memory (key)",
        "create index memory_by_item on memory (item) where item is not null",
        "create virtual table memory_words using fts5 (folded, content='', tokenize='ascii')",
        """create table glossaries (
        n integer primary key, id text not null unique, name text not null, source_language text not null,
        target_language text not null, domain text not null, active integer not null, created real not null)""",
        """create table terms (
        n integer primary key, glossary text not null references glossaries (id), source text not null,
        target text not null, folded text not null, extra text not null)""",
        "create index terms_by_glossary on terms (glossary, n)",
        "create table presets (n integer primary key, id text not null unique, name text not null, place real not null,"
        " value text not null, created real not null)",
        """create table ledger (
        n integer primary key, time integer not null, monotonic integer not null, boot text not null,
        kind text not null, data text not null, hash text not null, about integer)""",
        "create index ledger_by_kind on ledger (kind, n)",
        "create index ledger_by_time on ledger (time) where kind = 'request'",
        "create index ledger_by_about on ledger (about) where about is not null",
        "create table private_names (n integer primary key, words text not null unique, kind text not null)",
    ),
)
"""Each brings the tables to its number. `items.arrived` is when an item came to this PC, however old the item is."""


def names_of(steps: Sequence[Step]) -> list[str]:
    return [step.__name__ for step in steps]


def migrate(conn: database.Connection, steps: Sequence[Step]) -> None:
    """Apply all pending migration steps, or none. Raises one of `driver.errors()`, leaving the file unchanged."""
    with hidden("numpy"):  # sqlite-utils loads it wherever it is installed: 26 MB and a tenth of a second
        from sqlite_utils import Database, Migrations  # rarely needed

    migrations = Migrations("slmdesk")
    for step in steps:
        migrations(name=step.__name__)(step)
    conn.execute("PRAGMA foreign_keys=OFF")  # a table may be rebuilt inside the transaction; checked at its end
    conn.execute("BEGIN IMMEDIATE")
    try:
        # plugins of sqlite-utils are foreign code: never run here
        migrations.apply(Database(conn, execute_plugins=False, recursive_triggers=False))
        if conn.execute("PRAGMA foreign_key_check").fetchall():
            raise database.inconsistent("a step left rows without their parents")
        conn.execute(f"PRAGMA application_id={APPLICATION_ID}")
        conn.execute(f"PRAGMA user_version={len(steps)}")
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise
    finally:
        conn.execute("PRAGMA foreign_keys=ON")


class _Hidden:
    """Hides a library from the imports of one thread, as if it were not installed. Other threads find it."""

    def __init__(self, name: str) -> None:
        self._name, self._thread = name, threading.get_ident()

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname == self._name and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(name=fullname)


@contextmanager
def hidden(name: str) -> Iterator[None]:
    """Hide a library that was not imported yet from what this thread imports in the block."""
    finder = _Hidden(name)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def schema_of(conn: database.Connection) -> set[tuple[str | None, ...]]:
    """Return type, name, table and SQL of all tables and indexes, including the inner tables of the search indexes."""
    return {tuple(row) for row in conn.execute("select type, name, tbl_name, sql from sqlite_schema").fetchall()}


def schema_after(steps: Sequence[Step], more: Sequence[str] = ()) -> set[tuple[str | None, ...]]:
    """Return the same of a new file, with what the statements `more` add to it."""
    with closing(database.in_memory()) as conn:
        migrate(conn, steps)
        for statement in more:
            conn.execute(statement)
        return schema_of(conn)


def unknown_steps(conn: database.Connection, steps: Sequence[Step]) -> list[str]:
    rows = conn.execute("select name from _sqlite_migrations where migration_set = 'slmdesk'").fetchall()
    return sorted({str(row[0]) for row in rows} - set(names_of(steps)))


# How the store is opened. The steps: version from the file header, schema lock, damage recovery, migration, check
# after a crash. Before any connection exists the file is read as bytes. After that only SQLite opens the file in this
# process, since closing another handle would drop SQLite's locks. See design.md, *Store*.


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
    """Key of the existing database. None if the database is plain."""
    new_key: DataKey | None
    """Key for a new history, if one has to be created."""
    notices: list[KnownError] = field(default_factory=list)
    aside: Path | None = None
    """The damaged file, once it was set aside."""
    filled: int = 0
    """How many of its rows came from a copy in the backups folder."""
    lost: int | None = 0
    """How much of it is not in the new file. None: all."""


def open_store(
    paths: Paths,
    *,
    instance_id: str,
    key: DataKey | None = None,
    steps: Sequence[Step] = STEPS,
    clock: Callable[[], float] = time.time,
) -> OpenedStore:
    """Open or create the store, on the thread that will use the store. The store holds the instance lock until `close`.
    `key` opens an encrypted history, and encrypts a new history. A damaged file is set aside whole, and all that can be
    read of it is copied to a new one (notices store.rebuilt, store.repaired, store.set_aside). An unwritable file is
    opened read-only (notice store.read_only). Raises KnownError: key.*, store.newer (nothing is changed), store.in_use
    (other instances must be closed), store.busy (after 5 s), store.full.
    """
    proved = _proved(paths, key)
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
            key=_proved(paths, key),  # again: it may have been encrypted before we had the lock
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


def _proved(paths: Paths, key: DataKey | None) -> DataKey | None:
    return StoreFile(paths.database).proved(key) if os.path.lexists(paths.database) else key


def _finish(opening: _Opening, database: Database, instance_id: str, clock: Callable[[], float]) -> OpenedStore:
    instance_lock = _hold_instance(opening, instance_id)
    store = Store(
        database, opening.paths, instance_id, schema_lock=opening.lock, instance_lock=instance_lock, clock=clock
    )
    try:
        if opening.damage_met:  # the quick check does not find damaged text or indexes
            _mend(opening, store)
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
    if opening.aside is not None:
        opening.notices.append(_outcome(opening, opening.aside))
    return OpenedStore(store, tuple(opening.notices), read_only=False)


def _mend(opening: _Opening, store: Store) -> None:
    from slmdesk.history.store.rescue import mend

    wrong = store.wrong_rows()
    if opening.aside is None:
        if wrong:  # the file is kept as it was, before a row is left out
            raise KnownError("store.damaged", path=str(opening.paths.database))
    elif opening.lost is not None:
        opening.lost += mend(store, wrong).removed


def _outcome(opening: _Opening, aside: Path) -> KnownError:
    if opening.lost == 0:
        remove_pair(aside)
        keys_beside(aside).unlink(missing_ok=True)
        return KnownError("store.rebuilt")
    if opening.filled:
        return KnownError("store.filled", path=str(aside), count=opening.filled)
    return KnownError("store.set_aside" if opening.lost is None else "store.repaired", path=str(aside))


def _hold_instance(opening: _Opening, instance_id: str) -> InstanceLock | None:
    """Take and return the instance lock. Returns None if the disk is so full that not even an empty file can be
    created, since reading still works.
    """
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
    file = StoreFile(paths.database)
    verdict = file.verdict(len(opening.steps))
    if verdict == NEWER:
        raise KnownError("store.newer", path=str(paths.database), version=file.version)
    if verdict == DAMAGED:
        return _start_over(opening, paths.database)
    original = _copy_before_rollback(opening)
    try:
        database = _connect_checked(opening)
    except KnownError as known:
        if known.code != "store.damaged":
            raise
        return _start_over(opening, original)
    if original != paths.database:
        remove_pair(original)
    return database


def _connect_checked(opening: _Opening) -> Database:
    """Connect to a file that looks like our database; check it after a crash and migrate it to the newest version."""
    paths = opening.paths
    with known_errors(paths.database):
        conn = connect(paths.database, key=opening.key)
        try:
            check_tables(conn, paths.database)
            version = conn.execute("PRAGMA user_version").fetchone()[0]
            if not former.is_former(conn) and unknown_steps(conn, opening.steps):
                raise KnownError("store.newer", path=str(paths.database), version=version)
            if opening.unclean and not check_pages(conn, paths.database):
                opening.damage_met = True
            if former.is_former(conn) or version < len(opening.steps):
                _migrate(opening, conn)
        except BaseException:
            conn.close()
            raise
    (paths.data / CHECK_MARK).unlink(missing_ok=True)
    return Database(conn, paths.database, read_only=False, key=opening.key)


def _migrate(opening: _Opening, conn: database.Connection) -> None:
    """Migrate to the newest version. Before that a verified copy is made, which is kept for 30 days."""
    if not opening.is_alone:
        raise KnownError("store.in_use")
    check_pages(conn, opening.paths.database)
    version = 0 if former.is_former(conn) else conn.execute("PRAGMA user_version").fetchone()[0]
    keep_copy(opening.paths, f"before-{version + 1}", opening.key)
    former.take_over(conn)
    migrate(conn, opening.steps)


def _is_writable(paths: Paths) -> bool:
    return os.access(paths.data, os.W_OK) and os.access(paths.database, os.W_OK)


def _was_unclean(paths: Paths, is_alone: bool) -> bool:
    if (paths.data / CHECK_MARK).exists() or (is_alone and has_journal(paths.database)):
        return True
    return any(not is_instance_alive(paths, each.stem) for each in paths.instance_locks.glob("*.lock"))


def _clear_leftovers(paths: Paths) -> None:
    """Remove half-written files of a start that was killed. Only called when no other instance runs."""
    for leftover in (*paths.data.glob(".*.new"), *paths.data.glob(".*.new-journal"), *paths.backups.glob(".*.new*")):
        with suppress(OSError):
            if leftover.is_dir():
                shutil.rmtree(leftover)
            else:
                leftover.unlink()


def _begin_new(opening: _Opening) -> None:
    """Create an empty store under another name, then rename it, so the file with the real name is never incomplete."""
    if not opening.is_alone:
        raise KnownError("store.in_use")
    with _made_beside(opening) as fresh:
        fresh.replace(opening.paths.database)
        sync_folder(opening.paths.data)
    opening.key = opening.new_key


@contextmanager
def _made_beside(opening: _Opening, version: int | None = None) -> Iterator[Path]:
    with made_beside(opening.paths.database) as fresh:
        os.close(open_new(fresh))
        with connected(fresh, key=opening.new_key) as conn:
            migrate(conn, opening.steps[:version])
            conn.execute("insert or replace into meta values ('folding', ?)", (FOLDING_VERSION,))
        yield fresh


def _copy_before_rollback(opening: _Opening) -> Path:
    """Copy the database and its journal before SQLite rolls back, in case the journal is what is damaged. Returns the
    path of the unchanged files.
    """
    database = opening.paths.database
    if not (opening.is_alone and has_journal(database)):
        return database
    copy = database.with_name(f".{database.name}.before-rollback.new")
    try:
        for source, target in ((database, copy), (journal_of(database), journal_of(copy))):
            shutil.copyfile(source, target)
            target.chmod(PRIVATE_FILE)
    except OSError:  # no space for it: the rollback must still happen, as it makes the file consistent
        remove_pair(copy)
        return database
    return copy


def _start_over(opening: _Opening, original: Path) -> Database:
    """Set the whole damaged file aside with its journal; create a new history of what can be read of it."""
    database = opening.paths.database
    if not opening.is_alone:
        raise KnownError("store.damaged", path=str(database))
    version = StoreFile(database).version
    with _made_beside(opening, version if 0 < version < len(opening.steps) else None) as fresh:
        # first: on a full disk this fails, and nothing has been moved
        opening.lost = _take_over(opening, fresh)
        if opening.lost is not None and original != database:  # its journal may be what is damaged
            opening.lost += 1
        aside = dated_name(database, "damaged")
        if opening.new_key is not None:
            keep_keys_of(opening.paths, aside, opening.new_key)
        for source, target in ((original, aside), (journal_of(original), journal_of(aside))):
            if source.exists():
                source.replace(target)
        remove_pair(database)
        fresh.replace(database)
        sync_folder(opening.paths.data)
    opening.aside, opening.unclean, opening.damage_met = aside, False, opening.lost is not None
    opening.key = opening.new_key
    return _connect_checked(opening)


def _take_over(opening: _Opening, fresh: Path) -> int | None:
    """Copy what can be read of the damaged file into the new one. Returns how much is missing, or None for all."""
    from slmdesk.history.store.rescue import key_of
    from slmdesk.history.store.salvage import salvage

    source = opening.paths.database
    key = key_of(source, opening.new_key)
    with scratch_folder(source.parent, "salvaged") as folder, connected(fresh, key=opening.new_key) as conn:
        salvaged = salvage(source, key, conn, folder, _verified_copy(opening))
        conn.execute("delete from meta where key = 'folding'")  # so that the search indexes are made
    if salvaged is None:
        return None
    opening.filled = salvaged.filled
    return salvaged.missing + salvaged.uncounted + salvaged.filled


def _verified_copy(opening: _Opening) -> Iterator[tuple[Path, DataKey | None]]:
    """Yield the newest copy of the history that can be read, and its key."""
    from slmdesk.history.store.restoring import backups, prepare_backup

    for copy in backups(opening.paths, steps=opening.steps):
        with (
            suppress(KnownError),
            prepare_backup(opening.paths, copy.path, key=opening.new_key, steps=opening.steps) as ready,
        ):
            yield ready.path, ready.key
            return


def _open_to_read(
    paths: Paths, instance_id: str, key: DataKey | None, steps: Sequence[Step], clock: Callable[[], float]
) -> OpenedStore:
    file, path = StoreFile(paths.database), str(paths.database)
    verdict = file.verdict(len(steps))
    if verdict == DAMAGED:
        raise KnownError("store.damaged", path=path)
    if verdict == NEWER:
        raise KnownError("store.newer", path=path, version=file.version)
    if file.version < len(steps) or file.version == former.VERSION:
        raise KnownError("store.read_only", path=path)
    with known_errors(paths.database):
        conn = connect(paths.database, key=key, read_only=True)
        try:
            check_tables(conn, paths.database)
        except BaseException:
            conn.close()
            raise
    store = Store(Database(conn, paths.database, read_only=True, key=key), paths, instance_id, clock=clock)
    return OpenedStore(store, (KnownError("store.read_only", path=path),), read_only=True)
