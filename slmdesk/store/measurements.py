"""Measurements of this PC: one row for each, the newest replaces the one before."""

from __future__ import annotations

from collections.abc import Mapping

from slmdesk.core.records import Measurement
from slmdesk.core.types import Json
from slmdesk.store.database import RowLike
from slmdesk.store.part import StorePart, mapping_from


class Measurements(StorePart):
    """The part of the store for measurements.  Not rescued from a damaged file: they take a second to repeat."""

    def measurement(self, key: str) -> Measurement | None:
        """The last measurement under this key."""
        row = self._db.row("select * from measurements where key = ?", (key,))
        return self._made(measurement_from, row) if row else None

    def measurements(self, prefix: str = "") -> list[Measurement]:
        """All measurements whose keys begin with `prefix`, newest first."""
        rows = self._db.rows(
            "select * from measurements where substr(key, 1, ?) = ? order by time desc, n desc", (len(prefix), prefix)
        )
        return [self._made(measurement_from, row) for row in rows]

    def keep_measurement(self, key: str, value: Mapping[str, Json]) -> Measurement:
        """Save a measurement in place of the one before.  Raises KnownError store.*."""
        with self._db.writing():
            self._db.run(
                "insert into measurements (key, value, time) values (?, ?, ?)"
                " on conflict (key) do update set value = excluded.value, time = excluded.time",
                (self._text(key), self._json(value), self._clock()),
            )
            found = self.measurement(self._text(key))
        assert found is not None
        return found

    def forget_measurements(self, prefix: str) -> int:
        """Delete all measurements whose keys begin with `prefix`.  Returns how many.  Raises KnownError store.*."""
        with self._db.writing():
            return self._db.run("delete from measurements where substr(key, 1, ?) = ?", (len(prefix), prefix))


def measurement_from(row: RowLike) -> Measurement:
    """Build the dataclass of a row."""
    return Measurement(key=row["key"], value=mapping_from(row["value"]), time=float(row["time"]))
