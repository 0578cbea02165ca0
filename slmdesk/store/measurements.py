"""Measurements of this PC: one row for each, the newest replaces the one before."""

from __future__ import annotations

from collections.abc import Mapping

from slmdesk.base.records import Measurement
from slmdesk.base.types import Json
from slmdesk.store.database import RowLike
from slmdesk.store.part import StorePart
from slmdesk.store.rows import row_to


class Measurements(StorePart):
    """The part of the store for measurements.  Not rescued from a damaged file: they take a second to repeat."""

    def get(self, key: str) -> Measurement | None:
        return self._first(measurement_from, "select * from measurements where key = ?", (key,))

    def all(self, prefix: str = "") -> list[Measurement]:
        return self._all(
            measurement_from,
            "select * from measurements where substr(key, 1, ?) = ? order by time desc, n desc",
            (len(prefix), prefix),
        )

    def keep(self, key: str, value: Mapping[str, Json]) -> Measurement:
        """Raises KnownError store.*."""
        with self._db.writing():
            values = {"key": key, "value": value, "time": self._clock()}
            if not self._update("measurements", values, "key = ?", self._text(key)):
                self._insert("measurements", values)
            found = self.get(self._text(key))
        assert found is not None
        return found


def measurement_from(row: RowLike) -> Measurement:
    return row_to(Measurement, row)
