"""Makes a history one of the former format."""

from __future__ import annotations

import sqlite3

from slmdesk.history.store import former


def make_former(conn: sqlite3.Connection) -> None:
    for statement in former.TABLES:
        conn.execute(statement)
    for name in sorted(former.STEPS):
        conn.execute("insert or ignore into _sqlite_migrations values (null, 'slmdesk', ?, 'then')", (name,))
    conn.execute(f"PRAGMA user_version={former.VERSION}")
