"""What the parts of the store share, and the base of each part: rows read and written, text made storable."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import Paths
from slmdesk.base.types import Json
from slmdesk.store.database import Database, RowLike, Value
from slmdesk.text.words.storable import make_storable

ID_BYTES = 8
T = TypeVar("T")


def new_id() -> str:
    """A new text id: 16 hexadecimal digits, so that a short prefix of it can be typed."""
    return secrets.token_hex(ID_BYTES)


class Shared:
    """What all parts share: the database, its counters, the clock, and the instance that owns what is being written."""

    def __init__(self, database: Database, paths: Paths, instance_id: str, clock: Callable[[], float]) -> None:
        self.database = database
        self.paths = paths
        self.instance_id = instance_id
        self.clock = clock
        self.replaced = 0
        """Characters that could not be stored and became U+FFFD, not yet reported."""

    def revision(self) -> int:
        """The store's counter: each change of an item or message takes the next number."""
        return self.database.number("select value from meta where key = 'revision'")

    def next_revision(self) -> int:
        """Inside a transaction: the next number of the counter."""
        self.database.run("update meta set value = value + 1 where key = 'revision'")
        return self.revision()

    def request_purge(self) -> None:
        """Call inside the transaction that deletes something for good: until `Store.purge` has renewed the backups,
        every start knows that they still contain it, also after a kill.
        """
        self.database.run("insert or replace into meta values ('purge', ?)", (self.next_revision(),))

    def note_gone(self, id: str) -> None:
        """Inside a transaction: tell other instances that this item or message was deleted for good."""
        values = (id, self.clock(), self.next_revision())
        self.database.run("insert into gone (id, time, revision) values (?, ?, ?)", values)

    def made(self, build: Callable[[RowLike], T], row: RowLike) -> T:
        """Build the record of a row.  A row with values that this program never writes is damage, not a bug."""
        try:
            return build(row)
        except (ValueError, TypeError, KeyError, IndexError) as err:
            self.database.note_damage()
            raise KnownError("store.damaged", path=str(self.database.path)) from err


class StorePart:
    """Base class of the store's parts.  Used on the service thread."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._db = shared.database
        self._clock = shared.clock

    # ---- reading

    def _all(self, build: Callable[[RowLike], T], sql: str, values: Sequence[Value] = ()) -> list[T]:
        return [self._shared.made(build, row) for row in self._db.rows(sql, values)]

    def _first(self, build: Callable[[RowLike], T], sql: str, values: Sequence[Value] = ()) -> T | None:
        row = self._db.row(sql, values)
        return None if row is None else self._shared.made(build, row)

    def _id_of(self, table: str, requested: str) -> str | None:
        if self._db.row(f"select 1 from {table} where id = ?", (requested,)):
            return requested
        if not requested or not set(requested) <= set("0123456789abcdef"):
            return None
        rows = self._db.rows(f"select id from {table} where id >= ? and id < ? limit 2", (requested, requested + "g"))
        return str(rows[0][0]) if len(rows) == 1 else None

    # ---- writing

    def _insert(self, table: str, values: Mapping[str, object], *, otherwise: str = "") -> int:
        """Inside a transaction: add a row and return its number; `otherwise`: "or replace", "or ignore"."""
        places = ", ".join("?" * len(values))
        names = ", ".join(f'"{name}"' for name in values)
        return self._db.insert(
            f"insert {otherwise} into {table} ({names}) values ({places})",
            [self._column(one) for one in values.values()],
        )

    def _update(self, table: str, values: Mapping[str, object], where: str, *places: Value) -> int:
        """Inside a transaction: change these columns where it holds, and return the number of rows."""
        changes = ", ".join(f"{name} = ?" for name in values)
        return self._db.run(
            f"update {table} set {changes} where {where}",
            [*(self._column(one) for one in values.values()), *places],
        )

    def _column(self, value: object) -> Value:
        """A value as its column holds it: text made storable, enums by value, flags as numbers, the rest as JSON."""
        match value:
            case None | int() | float() | bytes():
                return int(value) if isinstance(value, bool) else value
            case StrEnum():
                return value.value
            case str():
                return self._text(value)
            case Path():  # file names need not be text
                return str(value).encode("utf-8", "surrogateescape")
            case _:
                return self._json(value)

    def _text(self, text: str) -> str:
        stored, replaced = make_storable(text)
        self._shared.replaced += replaced
        return stored

    def _json(self, value: object) -> str:
        """Encode as JSON text without its own escapes, which would let lone surrogates through to whoever reads it."""
        return json.dumps(self._storable(value), ensure_ascii=False, separators=(",", ":"))

    def _storable(self, value: object) -> object:
        match value:
            case str():
                return self._text(value)
            case Mapping():
                return {self._text(str(key)): self._storable(each) for key, each in value.items()}
            case list() | tuple():
                return [self._storable(each) for each in value]
            case _:
                return value


def merged(old: Mapping[str, Json], changes: Mapping[str, Json]) -> dict[str, Json]:
    """`old` updated by `changes`; a value of None removes the key."""
    return {key: value for key, value in {**old, **changes}.items() if value is not None}


def marks(values: Sequence[object]) -> str:
    return ", ".join("?" for _ in values)
