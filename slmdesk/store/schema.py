"""The tables, created by migration steps.  A released step is never edited; a new one is added at the end.

All pending steps, their records and `user_version` are one transaction: a crash leaves the old version or the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, TypeAlias

from slmdesk.base.ledger import BEGINNING, Kind, canonical, chain_hash
from slmdesk.store import driver
from slmdesk.text.words.folding import fold_for_search

if TYPE_CHECKING:
    from sqlite_utils import Database

Step: TypeAlias = "Callable[[Database], None]"

APPLICATION_ID = 0x534C4D44
"""'SLMD', in the file's header: tells our file from another program's."""

_M001 = (
    "create table meta (key text primary key, value not null) without rowid",
    "insert into meta values ('revision', 0)",
    """create table items (
        n integer primary key, id text not null unique, kind text not null, title text not null, folder text,
        pinned integer not null, created real not null, updated real not null, deleted_at real,
        revision integer not null, settings text not null)""",
    "create index items_by_time on items (kind, updated, n)",
    "create index items_by_revision on items (revision)",
    """create table messages (
        n integer primary key, id text not null unique, item text not null references items (id), parent text,
        role text not null, parts text not null, text text not null, status text not null, owner text,
        model_sha256 text, model_name text, preset text, sampling text not null, seed integer, tokens_in integer,
        tokens_out integer, tokens_reused integer, seconds real, finish_reason text, prompt_version text,
        error_code text, error_args text not null, created real not null, revision integer not null)""",
    "create index messages_by_item on messages (item, n)",
    "create index messages_by_revision on messages (revision)",
    "create index messages_streaming on messages (n) where status = 'streaming'",
    # contentless: the words are in messages already; written by the store itself, without triggers (design.md)
    "create virtual table words using fts5 (folded, content='', prefix='2 3', tokenize='ascii')",
    "create table gone (n integer primary key, id text not null, time real not null, revision integer not null)",
    """create table models (
        n integer primary key, id text not null unique, name text not null, path blob not null,
        linked integer not null, bytes integer not null, sha256 text not null, mtime_ns integer not null,
        inode text not null, header text not null, source text not null, added real not null, last_used real,
        facts text not null)""",
    """create table requests (
        n integer primary key, time real not null, host text not null, method text not null, path text not null,
        purpose text not null, bytes integer)""",
    "create index requests_by_time on requests (time)",
)


def m001_history(db: Database) -> None:
    for statement in _M001:
        db.conn.execute(statement)


def m002_titles(db: Database) -> None:
    db.conn.execute("create virtual table titles using fts5 (folded, content='', prefix='2 3', tokenize='ascii')")
    for n, title in db.conn.execute("select n, title from items").fetchall():
        if folded := fold_for_search(title):
            db.conn.execute("insert into titles (rowid, folded) values (?, ?)", (n, folded))


_M003 = (
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
)


def m003_jobs(db: Database) -> None:
    for statement in _M003:
        db.conn.execute(statement)


def m004_measurements(db: Database) -> None:
    db.conn.execute(
        "create table measurements (n integer primary key, key text not null unique, value text not null,"
        " time real not null)"
    )


_M005 = (
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
)


def m005_documents(db: Database) -> None:
    for statement in _M005:
        db.conn.execute(statement)


_M006 = (
    """create table segments (
        item text not null references items (id), number integer not null, unit integer not null, place text not null,
        kind text not null, source text not null, lead text not null, trail text not null, tags text not null,
        language text not null, target text not null, state text not null, origin text, flags text not null,
        reason text not null, revision integer not null, primary key (item, number))""",
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
)


def m006_translations(db: Database) -> None:
    for statement in _M006:
        db.conn.execute(statement)


def m007_doubts(db: Database) -> None:
    db.conn.execute("alter table segments add column doubts text not null default '[]'")


def m008_thoughts(db: Database) -> None:
    db.conn.execute("alter table messages add column thought text not null default ''")
    db.conn.execute("alter table messages add column thought_seconds real")


def m009_edits(db: Database) -> None:
    db.conn.execute("alter table messages add column original text")


def m010_presets(db: Database) -> None:
    db.conn.execute(
        "create table presets (n integer primary key, id text not null unique, name text not null, place real not null,"
        " value text not null, created real not null)"
    )


def m011_archive(db: Database) -> None:
    """Items that are archived, and the order of the list of chats: pinned ones first."""
    db.conn.execute("alter table items add column archived integer not null default 0")
    db.conn.execute("create index items_listed on items (kind, archived, pinned, updated, n) where deleted_at is null")


_M012 = (
    """create table ledger (
        n integer primary key, time integer not null, monotonic integer not null, boot text not null,
        kind text not null, data text not null, hash text not null, about integer)""",
    "create index ledger_by_kind on ledger (kind, n)",
    "create index ledger_by_time on ledger (time) where kind = 'request'",
    "create index ledger_by_about on ledger (about) where about is not null",
)


def m012_ledger(db: Database) -> None:
    """The network log as a chain of rows; what was logged before is its beginning."""
    for statement in _M012:
        db.conn.execute(statement)
    before = BEGINNING
    rows = db.conn.execute("select time, host, method, path, purpose, bytes from requests order by n").fetchall()
    for n, (seconds, host, method, path, purpose, size) in enumerate(rows, 1):
        shape = {"host": host, "method": method, "path": path, "purpose": purpose, "imported": True}
        when, data = round(seconds * 1_000_000), canonical({**shape, **({} if size is None else {"bytes": size})})
        before = chain_hash(before, n, when, 0, "", Kind.REQUEST, data)
        db.conn.execute(
            "insert into ledger values (?, ?, 0, '', ?, ?, ?, null)", (n, when, Kind.REQUEST.value, data, before)
        )
    db.conn.execute("drop table requests")


_M013 = (
    """create table rules (
        n integer primary key, id text not null unique, kind text not null, folder text not null,
        days integer not null, "then" text not null, trash_days integer not null, set_by text not null,
        since real not null)""",
    """create table holds (
        n integer primary key, id text not null unique, what text not null, target text not null,
        reason text not null, set_by text not null, since real not null)""",
    "create index holds_by_target on holds (what, target)",
    """create table retention_log (
        n integer primary key, time real not null, rule text not null, kind text not null, done text not null,
        count integer not null)""",
)


def m013_retention(db: Database) -> None:
    for statement in _M013:
        db.conn.execute(statement)


def m014_encryption(_db: Database) -> None:
    """No table changes: an older slmdesk says “newer” of an encrypted history, which it would take for damaged."""


def m015_redactions(db: Database) -> None:
    db.conn.execute(
        "create table redactions (item text not null references items (id) on delete cascade, n integer not null,"
        " kind text not null, original text not null, substitute text not null, forms text not null,"
        " primary key (item, n))"
    )
    db.conn.execute(
        "create table private_names (n integer primary key, words text not null unique, kind text not null)"
    )


def m016_hold_end(db: Database) -> None:
    db.conn.execute('alter table holds add column "until" real')


def m017_arrived(db: Database) -> None:
    """When an item came here, however old it is: rules count from then on.  An imported one says when that was."""
    db.conn.execute("alter table items add column arrived real not null default 0")
    db.conn.execute(
        "update items set arrived = max(created, case when json_valid(settings)"
        " then coalesce(json_extract(settings, '$.imported.time') + 0.0, 0) else 0 end)"
    )


STEPS: tuple[Step, ...] = (
    m001_history, m002_titles, m003_jobs, m004_measurements, m005_documents, m006_translations, m007_doubts,
    m008_thoughts, m009_edits, m010_presets, m011_archive, m012_ledger, m013_retention,
    m014_encryption, m015_redactions, m016_hold_end, m017_arrived,
)  # fmt: skip


def names_of(steps: Sequence[Step]) -> list[str]:
    return [step.__name__ for step in steps]


def migrate(conn: driver.Connection, steps: Sequence[Step]) -> None:
    """Apply pending steps, all or none.  Raises an error of `driver.errors()` and then leaves the file as it was."""
    from sqlite_utils import Database, Migrations  # 130 ms, and rarely needed

    migrations = Migrations("slmdesk")
    for step in steps:
        migrations(name=step.__name__)(step)
    conn.execute("PRAGMA foreign_keys=OFF")  # a table may be rebuilt inside the transaction; checked at its end
    conn.execute("BEGIN IMMEDIATE")
    try:
        # plugins of sqlite-utils are foreign code: never run here
        migrations.apply(Database(conn, execute_plugins=False, recursive_triggers=False))
        if conn.execute("PRAGMA foreign_key_check").fetchall():
            raise driver.inconsistent("a step left rows without their parents")
        conn.execute(f"PRAGMA application_id={APPLICATION_ID}")
        conn.execute(f"PRAGMA user_version={len(steps)}")
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise
    finally:
        conn.execute("PRAGMA foreign_keys=ON")


def schema_of(conn: driver.Connection) -> set[tuple[str | None, ...]]:
    """All tables and indexes, those behind the search among them: type, name, table, and the SQL they were made by."""
    return {tuple(row) for row in conn.execute("select type, name, tbl_name, sql from sqlite_schema").fetchall()}


def schema_after(steps: Sequence[Step]) -> set[tuple[str | None, ...]]:
    with closing(driver.in_memory()) as conn:
        migrate(conn, steps)
        return schema_of(conn)


def unknown_steps(conn: driver.Connection, steps: Sequence[Step]) -> list[str]:
    """Steps recorded in the file that this version does not know: a newer version made them."""
    rows = conn.execute("select name from _sqlite_migrations where migration_set = 'slmdesk'").fetchall()
    return sorted({str(row[0]) for row in rows} - set(names_of(steps)))
