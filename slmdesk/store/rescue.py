"""What can be read of a damaged database comes into the current one; the damaged file is never written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from slmdesk.core.records import Status
from slmdesk.store.carve import Carver, Cell
from slmdesk.store.items import item_from
from slmdesk.store.library import Ledger, Models, model_from
from slmdesk.store.messages import Messages, message_from

_ID = re.compile(r"[0-9a-f]{16}")
_TITLE_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Rescued:
    """How many rows were brought over; `unreadable` counts those that were found but could not be read,
    `seen` those that could, also when they are here already.
    """

    items: int
    messages: int
    models: int
    requests: int
    unreadable: int
    seen: int = 0


class Rescue(Messages, Models, Ledger):
    """The part of the store that takes over what another file still holds."""

    def rescue(self, damaged: Path, on_progress: Callable[[int], None] | None = None) -> Rescued:
        """Take over items, messages, models and ledger rows that are not here yet, all or nothing.

        Ids, parents and order stay; the rows come before what is here.  A message whose item is lost gets a new one,
        named by its first words.  A growing answer becomes `interrupted`.  `on_progress` hears the number of rows.
        Raises KnownError file.unreadable, store.full.
        """
        counts = dict.fromkeys(_TABLES, 0)
        carver = Carver(damaged)
        with self._db.writing():
            seen = 0
            first = self._first_free(damaged)
            for tables in (("items", "models", "requests"), ("messages",)):  # messages want their items there
                carver = Carver(damaged)
                for table, n, values in _rows_in(carver, tables):
                    counts[table] += self._take_over(table, first[table] + n, values)
                    seen += 1
                    if on_progress is not None and seen % 500 == 0:
                        on_progress(seen)
            self._db.run(
                "update messages set parent = null, revision = ? where parent is not null"
                " and parent not in (select id from messages)",
                (self._next_revision(),),
            )
        return Rescued(**counts, unreadable=carver.unreadable, seen=seen)

    def _first_free(self, damaged: Path) -> dict[str, int]:
        """What to add to a row's number, so that all of them come before those that are here, in their old order."""
        most = dict.fromkeys(_TABLES, 0)
        for table, n, _ in _rows_in(Carver(damaged), tuple(_TABLES)):
            most[table] = max(most[table], n)
        first = {}
        for table in _TABLES:
            row = self._db.row(f"select min(n) from {table}")
            least = row[0] if row and row[0] is not None else 1
            first[table] = min(least, 1) - 1 - most[table]
        return first

    def _take_over(self, table: str, n: int, values: dict[str, Cell]) -> int:
        if table != "requests" and self._db.row(f"select 1 from {table} where id = ?", (values["id"],)):
            return 0
        if table == "messages":
            self._prepare_message(values)
        if "revision" in values:
            values["revision"] = self._next_revision()
        values["n"] = n
        places = ", ".join("?" * len(values))
        self._db.insert(f"insert into {table} ({', '.join(values)}) values ({places})", list(values.values()))
        if table == "messages":
            self._index_message(n)
        if table == "items":
            self._index(n, str(values["title"]), "titles")
        return 1

    def _prepare_message(self, values: dict[str, Cell]) -> None:
        if values["status"] == Status.STREAMING:
            values["status"], values["owner"] = Status.INTERRUPTED.value, None
        item = str(values["item"])
        if self._db.row("select 1 from items where id = ?", (item,)):
            return
        words = " ".join(self._words_of(str(values["parts"]), str(values["text"]))[:500].split())
        title = words[:_TITLE_CHARACTERS]
        n = self._db.insert(
            "insert into items (id, kind, title, pinned, created, updated, revision, settings)"
            " values (?, 'chat', ?, 0, ?, ?, ?, '{}')",
            (item, title, values["created"], values["created"], self._next_revision()),
        )
        self._index(n, title, "titles")


def _rows_in(carver: Carver, tables: tuple[str, ...]) -> Iterator[tuple[str, int, dict[str, Cell]]]:
    """Rows of our tables, told by their width and checked as if they came from a stranger."""
    widths = {len(_TABLES[table]): table for table in tables}
    for n, cells in carver.rows():
        table = widths.get(len(cells))
        if table is None:
            continue
        values = dict(zip(_TABLES[table], cells, strict=True))
        values["n"] = n
        if _is_ours(table, values):
            yield table, n, values
        else:
            carver.unreadable += 1


def _is_ours(table: str, values: dict[str, Cell]) -> bool:
    n = values["n"]
    if not isinstance(n, int) or abs(n) > 1 << 50:
        return False
    if table != "requests" and not _ID.fullmatch(str(values["id"])):
        return False
    for name, value in values.items():
        if name in _REALS and isinstance(value, int):  # SQLite keeps a whole number short
            values[name] = float(value)
        if not isinstance(values[name], _kind_of(table, name)):
            return False
    try:
        _CHECKS[table](values)
    except (ValueError, TypeError, KeyError, IndexError):
        return False
    return True


def _kind_of(table: str, name: str) -> type | tuple[type, ...]:
    if name in _REALS:
        kind: type = float
    elif name in _INTS:
        kind = int
    else:
        kind = bytes if name == "path" and table == "models" else str
    return (kind, type(None)) if name in _MAY_BE_NULL or (table, name) == ("requests", "bytes") else kind


def _no_more_to_check(values: dict[str, Cell]) -> None:
    """A ledger row is text and numbers alone."""


_TABLES = {
    "items": ("n", "id", "kind", "title", "folder", "pinned", "created", "updated", "deleted_at", "revision",
              "settings"),
    "messages": ("n", "id", "item", "parent", "role", "parts", "text", "status", "owner", "model_sha256", "model_name",
                 "preset", "sampling", "seed", "tokens_in", "tokens_out", "tokens_reused", "seconds", "finish_reason",
                 "prompt_version", "error_code", "error_args", "created", "revision"),
    "models": ("n", "id", "name", "path", "linked", "bytes", "sha256", "mtime_ns", "inode", "header", "source",
               "added", "last_used", "facts"),
    "requests": ("n", "time", "host", "method", "path", "purpose", "bytes"),
}  # fmt: skip
"""The columns in the order of schema.py."""

_REALS = {"created", "updated", "deleted_at", "seconds", "added", "last_used", "time"}
_INTS = {
    "n", "pinned", "revision", "seed", "tokens_in", "tokens_out", "tokens_reused", "linked", "bytes", "mtime_ns",
}  # fmt: skip
_MAY_BE_NULL = {
    "folder", "deleted_at", "parent", "owner", "model_sha256", "model_name", "preset", "seed", "tokens_in",
    "tokens_out", "tokens_reused", "seconds", "finish_reason", "prompt_version", "error_code", "last_used",
}  # fmt: skip
_CHECKS: dict[str, Callable[[dict[str, Cell]], object]] = {
    "items": item_from,
    "messages": message_from,
    "models": model_from,
    "requests": _no_more_to_check,
}
