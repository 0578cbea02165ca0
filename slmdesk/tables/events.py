"""Events of tables."""

from __future__ import annotations

from slmdesk.runtime.events import Event
from slmdesk.tables.types import Table, TableRow


class ExtractionGrew(Event):
    """A row of a table, or a cell of one, was found.  Time left: the JobChanged of its job."""

    item: str
    job: str
    row: TableRow
    is_complete: bool = True
    """No cell of it is still looked for; such cells have the flag `open`."""


class ExtractionEnded(Event):
    """A table is done and stored, as the result of its item and as a message."""

    item: str
    table: Table
