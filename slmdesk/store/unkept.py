"""A store that keeps nothing: tables in memory stand before those of the file, for commands that are not to be saved.

SQLite looks for a name without a schema among the temporary tables first, and these are in memory (`temp_store` in
database.py), their journal too.  So everything works as usual, and no word of it reaches the disk.
"""

from __future__ import annotations

import re

from slmdesk.store.database import Database
from slmdesk.store.search_index import SearchIndex

WRITTEN = frozenset({"models", "measurements", "presets", "ledger", "_sqlite_migrations", "sqlite_sequence"})
"""Tables that stay those of the file: what was measured of models and of this PC, and the network log."""
COPIED = ("meta", "glossaries", "terms", "memory", "private_names")
"""Tables whose rows are read but must not be added to; all others begin empty."""
_NAME = re.compile(r"create (virtual )?table\s+[\"'`\[]?(\w+)[\"'`\]]?", re.IGNORECASE)
_INDEX = re.compile(r"create (unique )?index\s+[\"'`\[]?(\w+)[\"'`\]]?", re.IGNORECASE)


def keep_nothing(database: Database, index: SearchIndex) -> None:
    """From here on nothing is written to the file but the tables of WRITTEN.  Raises KnownError store.*.

    To be called before anything was read or begun: the history is as empty as a new one afterwards.
    """
    rows = database.rows(
        "select type, name, tbl_name, sql from main.sqlite_schema where sql is not null order by rowid"
    )
    virtual = [row["name"] for row in rows if row["sql"].lower().startswith("create virtual")]
    hidden = {
        row["name"]
        for row in rows
        if row["type"] == "table"
        and row["name"] not in WRITTEN
        and not any(row["name"].startswith(f"{one}_") for one in virtual)  # FTS5 makes its own tables
    }
    for row in rows:
        if row["type"] == "table" and row["name"] in hidden:
            database.run(_NAME.sub(lambda found: f"create {found[1] or ''}table temp.{found[2]}", row["sql"], count=1))
        elif row["type"] == "index" and row["tbl_name"] in hidden:
            database.run(_INDEX.sub(lambda found: f"create {found[1] or ''}index temp.{found[2]}", row["sql"], count=1))
    for name in COPIED:
        database.run(f"insert into temp.{name} select * from main.{name}")
    database.run("delete from temp.meta where key = 'purge'")  # of the file, which this program now leaves alone
    index.rebuild()
