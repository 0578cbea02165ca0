"""The base of the store's parts: the connection, the shared revision counter, text made storable."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from slmdesk.core.errors import KnownError
from slmdesk.core.types import Json
from slmdesk.paths import Paths
from slmdesk.store.database import Database, RowLike
from slmdesk.text.words.storable import make_storable

ID_BYTES = 8
T = TypeVar("T")


def new_id() -> str:
    """A new text id: 16 hexadecimal digits, so that a short prefix of it can be typed."""
    return secrets.token_hex(ID_BYTES)


class StorePart:
    """Base class of the store's parts.  Used on the service thread."""

    def __init__(
        self, database: Database, paths: Paths, instance_id: str, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._db = database
        self._paths = paths
        self._instance_id = instance_id
        self._clock = clock
        self._replaced = 0

    def take_replaced(self) -> int:
        """How many characters since the last call could not be stored and became U+FFFD (lone surrogates)."""
        replaced, self._replaced = self._replaced, 0
        return replaced

    def revision(self) -> int:
        """The store's counter: each change of an item or message takes the next number."""
        row = self._db.row("select value from meta where key = 'revision'")
        return int(row[0]) if row else 0

    def data_version(self) -> int:
        """A number that changes when another instance has written."""
        row = self._db.row("PRAGMA data_version")
        return int(row[0]) if row else 0

    def _next_revision(self) -> int:
        self._db.run("update meta set value = value + 1 where key = 'revision'")
        return self.revision()

    def _want_purge(self) -> None:
        """Call inside the transaction that deletes something for good: until `Store.purge` has renewed the backups,
        every start knows that they still contain it, also after a kill.  The number differs each time.
        """
        self._db.run("insert or replace into meta values ('purge', ?)", (self._next_revision(),))

    def _text(self, text: str) -> str:
        stored, replaced = make_storable(text)
        self._replaced += replaced
        return stored

    def _maybe_text(self, text: str | None) -> str | None:
        return None if text is None else self._text(text)

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

    def _made(self, build: Callable[[RowLike], T], row: RowLike) -> T:
        """Build the dataclass of a row.  A row with values that this program never writes is damage, not a bug."""
        try:
            return build(row)
        except (ValueError, TypeError, KeyError, IndexError) as err:
            self._db.note_damage()
            raise KnownError("store.damaged", path=str(self._db.path)) from err

    def _id_of(self, table: str, requested: str, column: str = "id") -> str | None:
        """The id that is `requested`, or the only one that begins with it."""
        if self._db.row(f"select 1 from {table} where {column} = ?", (requested,)):
            return requested
        if not requested or not set(requested) <= set("0123456789abcdef"):
            return None
        rows = self._db.rows(
            f"select {column} from {table} where {column} >= ? and {column} < ? limit 2", (requested, requested + "g")
        )
        return str(rows[0][0]) if len(rows) == 1 else None


def merged(old: Mapping[str, Json], changes: Mapping[str, Json]) -> dict[str, Json]:
    """`old` updated by `changes`; a value of None removes the key."""
    return {key: value for key, value in {**old, **changes}.items() if value is not None}


def mapping_from(text: Any) -> dict[str, Json]:
    """Parse a column that holds a JSON object."""
    shape = json.loads(text)
    if not isinstance(shape, dict):
        raise ValueError("not an object")
    return shape
