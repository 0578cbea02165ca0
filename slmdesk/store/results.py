"""What was made of an item: a summary's sentences with their links, a table's rows."""

from __future__ import annotations

from collections.abc import Mapping

from slmdesk.base.types import Json
from slmdesk.store.part import StorePart
from slmdesk.store.rows import mapping_from


class Results(StorePart):
    """The part of the store for results: one for each item."""

    def save(self, item: str, value: Mapping[str, Json]) -> None:
        with self._db.writing():
            self._insert("results", {"item": item, "value": value}, otherwise="or replace")

    def get(self, item: str) -> dict[str, Json] | None:
        return self._first(lambda row: mapping_from(row["value"]), "select value from results where item = ?", (item,))

    def delete(self, item: str) -> None:
        """Inside a transaction: delete the result of an item."""
        self._db.run("delete from results where item = ?", (item,))
