"""Presets of chats that a person made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.records import PresetRecord
from slmdesk.base.types import Json
from slmdesk.store.database import RowLike
from slmdesk.store.part import StorePart, new_id
from slmdesk.store.rows import mapping_from, row_to


class Presets(StorePart):
    def all(self) -> list[PresetRecord]:
        return self._all(preset_from, "select * from presets order by place, n")

    def get(self, id: str) -> PresetRecord:
        """The preset with this id.  Raises KnownError `preset.unknown`."""
        found = self._first(preset_from, "select * from presets where id = ?", (id,))
        if found is None:
            raise KnownError("preset.unknown", id=id[:80])
        return found

    def add(self, name: str, value: Mapping[str, Json]) -> PresetRecord:
        """Raises KnownError store.*."""
        ident = new_id()
        with self._db.writing():
            place = self._db.row("select coalesce(max(place), 0) + 1 from presets")
            self._insert("presets", {
                "id": ident, "name": name, "place": float(place[0]) if place else 1.0, "value": value,
                "created": self._clock(),
            })  # fmt: skip
            return self.get(ident)

    def put_back(self, record: PresetRecord) -> None:
        """Raises KnownError store.*."""
        with self._db.writing():
            self._insert("presets", {
                "id": record.id, "name": record.name, "place": record.place, "value": record.value,
                "created": record.created,
            })  # fmt: skip

    def change(self, id: str, name: str, value: Mapping[str, Json]) -> PresetRecord:
        """Replace the name and value of a preset.  Raises KnownError `preset.unknown`, store.*."""
        with self._db.writing():
            self.get(id)
            self._update("presets", {"name": name, "value": value}, "id = ?", id)
            return self.get(id)

    def delete(self, id: str) -> PresetRecord:
        """Delete a preset for good and return it.  Raises KnownError `preset.unknown`, store.*."""
        with self._db.writing():
            old = self.get(id)
            self._db.run("delete from presets where id = ?", (id,))
            self._shared.request_purge()
            return old

    def order(self, ids: Sequence[str]) -> None:
        """Raises KnownError store.*."""
        with self._db.writing():
            for place, id in enumerate(ids, 1):
                self._update("presets", {"place": float(place)}, "id = ?", id)


def preset_from(row: RowLike) -> PresetRecord:
    return row_to(PresetRecord, row, value=mapping_from(row["value"]))
