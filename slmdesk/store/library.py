"""Records of the model library, and the network log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from slmdesk.core.errors import KnownError
from slmdesk.core.records import LedgerRow, ModelRecord
from slmdesk.core.types import Json
from slmdesk.store.database import RowLike, Value
from slmdesk.store.part import StorePart, mapping_from, merged, new_id


class Models(StorePart):
    """The part of the store for model files."""

    def add_model(
        self,
        *,
        name: str,
        path: bytes | Path,
        linked: bool,
        bytes: int,
        sha256: str,
        mtime_ns: int,
        inode: int,
        header: Mapping[str, Json],
        source: str,
    ) -> ModelRecord:
        """Add a record of a model file.  Adding a file twice gives two records: check before.  Raises store.*."""
        ident = new_id()
        with self._db.writing():
            self._db.insert(
                "insert into models (id, name, path, linked, bytes, sha256, mtime_ns, inode, header, source, added,"
                " facts) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '{}')",
                (
                    ident,
                    self._text(name),
                    _path_bytes(path),
                    int(linked),
                    bytes,
                    sha256,
                    mtime_ns,
                    str(inode),
                    self._json(header),
                    self._text(source),
                    self._clock(),
                ),
            )
            return self.model(ident)

    def models(self) -> list[ModelRecord]:
        """All models, in the order they were added."""
        return [self._made(model_from, row) for row in self._db.rows("select * from models order by n")]

    def model(self, requested: str) -> ModelRecord:
        """By id, by the only id that begins with it, or by name.  Raises KnownError model.unknown, which lists the
        names.
        """
        found = self._id_of("models", requested)
        rows = self._db.rows("select * from models where id = ?", (found,)) if found else []
        if not rows:
            rows = self._db.rows("select * from models where lower(name) = lower(?) limit 2", (self._text(requested),))
        if len(rows) != 1:
            known = ", ".join(f"{model.id} {model.name}" for model in self.models()[:20])
            raise KnownError("model.unknown", wanted=requested[:80], known=known)
        return self._made(model_from, rows[0])

    def change_model(self, id: str, **values: Any) -> ModelRecord:
        """Change fields of a record by name (name, path, bytes, sha256, mtime_ns, inode, header, last_used …)."""
        columns: dict[str, Value] = {}
        for key, value in values.items():
            if key not in _CHANGEABLE:
                raise ValueError(f"a model record has no field {key}")
            columns["facts" if key == "info" else key] = self._column(key, value)
        with self._db.writing():
            found = self.model(id).id
            assignments = ", ".join(f"{key} = ?" for key in columns)
            self._db.run(f"update models set {assignments} where id = ?", [*columns.values(), found])
            return self.model(found)

    def relocate_models(self, places: Sequence[tuple[str, bytes, bytes, tuple[int, int] | None]]) -> None:
        """Set the new paths of moved files, all or none: (id, old path, new path, time and inode if new).

        A record that is gone, or whose path is not the old one, is left unchanged.  Raises store.*.
        """
        with self._db.writing():
            for ident, old, new, mark in places:
                values: list[Value] = [new, ident, old]
                self._db.run("update models set path = ? where id = ? and path = ?", values)
                if mark is not None:
                    values = [mark[0], str(mark[1]), ident, new]
                    self._db.run("update models set mtime_ns = ?, inode = ? where id = ? and path = ?", values)

    def set_model_info(self, id: str, **info: Json) -> ModelRecord:
        """Save what was measured of a model on this PC; a value of None removes the key."""
        with self._db.writing():
            record = self.model(id)
            return self.change_model(record.id, info=merged(record.info, info))

    def remove_model(self, id: str, before: Callable[[], object] | None = None) -> None:
        """Delete the record; `before`, called when nothing else can fail, may delete the file.

        If `before` raises, the record is kept.  Raises KnownError model.unknown, store.*.
        """
        with self._db.writing():
            self._db.run("delete from models where id = ?", (self.model(id).id,))
            if before:
                before()

    def _column(self, key: str, value: Any) -> Value:
        match key:
            case "path":
                return _path_bytes(value)
            case "header" | "info":
                return self._json(value)
            case "inode":
                return str(value)
            case "linked":
                return int(value)
            case "name" | "source":
                return self._text(value)
            case _:
                column: Value = value
                return column


_LAST = (1 << 63) - 1
_HOLDS = "host || ' ' || method || ' ' || path || ' ' || purpose like ? escape '!'"


class Ledger(StorePart):
    """The part of the store for the network log: what left this PC."""

    def record_request(self, host: str, method: str, path: str, purpose: str) -> int:
        """Log a request before it is sent; it is on the disk when this returns.  Returns its number in the log."""
        with self._db.writing():
            return self._db.insert(
                "insert into requests (time, host, method, path, purpose) values (?, ?, ?, ?, ?)",
                (self._clock(), self._text(host), self._text(method), self._text(path), self._text(purpose)),
            )

    def finish_request(self, n: int, bytes: int) -> None:
        """Log how many bytes of the answer were received."""
        with self._db.writing():
            self._db.run("update requests set bytes = ? where n = ?", (bytes, n))

    def requests_since(self, time: float) -> int:
        """How many requests were allowed since `time`, seconds since the epoch."""
        row = self._db.row("select count(*) from requests where time >= ?", (time,))
        return int(row[0]) if row else 0

    def requests(self, limit: int = 100, words: str = "", before: int = _LAST) -> list[LedgerRow]:
        """The last requests, newest first, whose host, path or purpose contains `words`; only those with a number below
        `before`, so that a long list is read in pages.
        """
        rows = self._db.rows(
            f"select * from requests where n < ? and {_HOLDS} order by n desc limit ?",
            (before, self._pattern(words), limit),
        )
        return [LedgerRow(**{name: row[name] for name in row.keys()}) for row in rows]  # noqa: SIM118 (a Row)

    def count_requests(self, words: str = "") -> int:
        """How many requests contain `words`."""
        if words:
            row = self._db.row(f"select count(*) from requests where {_HOLDS}", (self._pattern(words),))
        else:
            row = self._db.row("select count(*) from requests")
        return int(row[0]) if row else 0

    def _pattern(self, words: str) -> str:
        return self._text(f"%{words.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%")


_CHANGEABLE = {
    "name", "path", "linked", "bytes", "sha256", "mtime_ns", "inode", "header", "source", "last_used", "info",
}  # fmt: skip


def _path_bytes(path: bytes | Path) -> bytes:
    """A path in bytes: file names need not be text."""
    return path if isinstance(path, bytes) else str(path).encode("utf-8", "surrogateescape")


def model_from(row: RowLike) -> ModelRecord:
    """Build the dataclass of a row."""
    plain = ("id", "name", "path", "bytes", "sha256", "mtime_ns", "source", "added", "last_used")
    return ModelRecord(
        **{name: row[name] for name in plain},
        linked=bool(row["linked"]),
        inode=int(row["inode"]),
        header=mapping_from(row["header"]),
        info=mapping_from(row["facts"]),
    )
