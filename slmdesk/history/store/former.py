"""Takes over a history as it was before format 1, once. To be dropped after the first release."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slmdesk.history.store.database import Connection

VERSION = 17
"""Number of the format before number 1."""
_MADE = "m001_history"
STEPS = frozenset(
    {
        _MADE, "m002_titles", "m003_jobs", "m004_measurements", "m005_documents", "m006_translations", "m007_doubts",
        "m008_thoughts", "m009_edits", "m010_presets", "m011_archive", "m012_ledger", "m013_retention",
        "m014_encryption", "m015_redactions", "m016_hold_end", "m017_arrived",
    }
)  # fmt: skip
TABLES = (
    """create table rules (
        n integer primary key, id text not null unique, kind text not null, folder text not null,
        days integer not null, "then" text not null, trash_days integer not null, set_by text not null,
        since real not null)""",
    """create table holds (
        n integer primary key, id text not null unique, what text not null, target text not null,
        reason text not null, set_by text not null, since real not null, "until" real)""",
    "create index holds_by_target on holds (what, target)",
    """create table retention_log (
        n integer primary key, time real not null, rule text not null, kind text not null, done text not null,
        count integer not null)""",
    "create table redactions (item text not null references items (id) on delete cascade, n integer not null,"
    " kind text not null, original text not null, substitute text not null, forms text not null,"
    " primary key (item, n))",
)
"""Tables and an index that are dropped."""
RULES = "former-rules"
"""Key of `meta`: JSON with the number of rules, the number of holds, and the days after which the rules deleted
everything (0: other rules).
"""


def is_former(conn: Connection) -> bool:
    if conn.execute("PRAGMA user_version").fetchone()[0] != VERSION:
        return False
    names = conn.execute("select name from _sqlite_migrations where migration_set = 'slmdesk'").fetchall()
    return {str(row[0]) for row in names} == STEPS


def take_over(conn: Connection) -> None:
    """Drop what is not used any more, and note the rules and holds that end. Does nothing with another format."""
    if not is_former(conn):
        return
    conn.execute("PRAGMA foreign_keys=OFF")
    conn.execute("BEGIN IMMEDIATE")
    try:
        if any(rules := _rules(conn)):
            conn.execute("insert or replace into meta values (?, ?)", (RULES, json.dumps(rules)))
        for table in ("rules", "holds", "retention_log", "redactions"):
            conn.execute(f"drop table {table}")
        conn.execute("delete from _sqlite_migrations where migration_set = 'slmdesk' and name != ?", (_MADE,))
        conn.execute("PRAGMA user_version=1")
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise
    finally:
        conn.execute("PRAGMA foreign_keys=ON")


def _rules(conn: Connection) -> tuple[int, int, int]:
    rules = conn.execute("select kind, folder, days from rules where set_by = 'person'").fetchall()
    holds = conn.execute("select count(*) from holds").fetchone()[0]
    kinds, days = {(row[0], row[1]) for row in rules}, {row[2] for row in rules}
    is_all = len(rules) == 2 and kinds == {("", ""), ("document", "")} and len(days) == 1
    return len(rules), int(holds), int(days.pop()) if is_all and not holds else 0
