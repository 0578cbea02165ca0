"""Keys of before, with which the files beside the history may still be sealed.

New keys or none come with a renaming of the database, and these files are written anew after it.  So the database that
gets the name has in it what they are sealed with until then: a kill between the two loses nothing.
"""

from __future__ import annotations

import json

from slmdesk.store import driver
from slmdesk.store.database import Database
from slmdesk.store.keys import DataKey

SEALED = ("settings", "words")
"""Purposes of the keys of these files (`DataKey.derive`); no other key of before is kept."""
_ROW = "select value from main.meta where key = 'former-keys'"  # of the file, also where nothing is kept


def note_former(conn: driver.Connection, key: DataKey) -> None:
    """In a database that no store has open: the files are still sealed with what this key gives."""
    row = conn.execute(_ROW).fetchone()
    former = [*_listed(row[0] if row else "[]"), {purpose: key.derive(purpose).hex() for purpose in SEALED}]
    conn.execute("insert or replace into meta values ('former-keys', ?)", (json.dumps(former),))


def former_keys(database: Database, purpose: str) -> tuple[bytes, ...]:
    """What the file of this purpose may be sealed with, beside the key of now; the last first."""
    row = database.row(_ROW)
    found = [one.get(purpose) for one in _listed(row[0])] if row is not None else []
    return tuple(bytes.fromhex(one) for one in reversed(found) if isinstance(one, str))


def forget_former(database: Database) -> None:
    """All of the files are written anew."""
    if database.row(_ROW) is not None:
        with database.writing():
            database.run("delete from main.meta where key = 'former-keys'")


def _listed(text: str) -> list[dict[str, object]]:
    return [one for one in json.loads(text) if isinstance(one, dict)]
