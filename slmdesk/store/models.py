"""Records of the model files in the library."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.records import ModelRecord
from slmdesk.base.types import Json
from slmdesk.store.database import RowLike
from slmdesk.store.part import StorePart, merged, new_id
from slmdesk.store.rows import mapping_from, row_to

_CHANGEABLE = {
    "name", "path", "linked", "bytes", "sha256", "mtime_ns", "inode", "header", "source", "last_used", "info",
}  # fmt: skip


class Models(StorePart):
    def add(
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
            self._insert("models", {
                "id": ident, "name": name, "path": path, "linked": linked, "bytes": bytes, "sha256": sha256,
                "mtime_ns": mtime_ns, "inode": str(inode), "header": header, "source": source, "added": self._clock(),
                "facts": {},
            })  # fmt: skip
            return self.get(ident)

    def all(self) -> list[ModelRecord]:
        return self._all(model_from, "select * from models order by n")

    def get(self, requested: str) -> ModelRecord:
        """By id, by the only id that begins with it, or by name.  Raises KnownError model.unknown, which lists the
        names.
        """
        found = self._all(model_from, "select * from models where id = ?", (self._id_of("models", requested),))
        if not found:
            name = self._text(requested)
            found = self._all(model_from, "select * from models where lower(name) = lower(?) limit 2", (name,))
        if len(found) != 1:
            known = ", ".join(f"{model.id} {model.name}" for model in self.all()[:20])
            raise KnownError("model.unknown", wanted=requested[:80], known=known)
        return found[0]

    def change(self, id: str, **values: Any) -> ModelRecord:
        """Change fields of a record by name (name, path, bytes, sha256, mtime_ns, inode, header, last_used …)."""
        if unknown := values.keys() - _CHANGEABLE:
            raise ValueError(f"a model record has no field {', '.join(unknown)}")
        if "inode" in values:
            values["inode"] = str(values["inode"])
        columns = {"facts" if key == "info" else key: value for key, value in values.items()}
        with self._db.writing():
            found = self.get(id).id
            self._update("models", columns, "id = ?", found)
            return self.get(found)

    def relocate(self, places: Sequence[tuple[str, bytes, bytes, tuple[int, int] | None]]) -> None:
        """Set the new paths of moved files, all or none: (id, old path, new path, time and inode if new).

        A record that is gone, or whose path is not the old one, is left unchanged.  Raises store.*.
        """
        with self._db.writing():
            for ident, old, new, mark in places:
                self._update("models", {"path": new}, "id = ? and path = ?", ident, old)
                if mark is not None:
                    values = {"mtime_ns": mark[0], "inode": str(mark[1])}
                    self._update("models", values, "id = ? and path = ?", ident, new)

    def set_info(self, id: str, **info: Json) -> ModelRecord:
        """Save what was measured of a model on this PC; a value of None removes the key."""
        with self._db.writing():
            record = self.get(id)
            return self.change(record.id, info=merged(record.info, info))

    def remove(self, id: str, before: Callable[[], object] | None = None) -> None:
        """Delete the record; `before`, called when nothing else can fail, may delete the file.

        If `before` raises, the record is kept.  Raises KnownError model.unknown, store.*.
        """
        with self._db.writing():
            self._db.run("delete from models where id = ?", (self.get(id).id,))
            if before:
                before()


def model_from(row: RowLike) -> ModelRecord:
    return row_to(ModelRecord, row, inode=int(row["inode"]), info=mapping_from(row["facts"]))
