"""Exports a table of documents, as far as it is made."""

from __future__ import annotations

from slmdesk.core.record import to_json
from slmdesk.core.records import Item
from slmdesk.exports.tables import table_csv, table_paper, table_sheets
from slmdesk.exports.xlsx import to_xlsx
from slmdesk.services.base.exporting import Make, json_bytes
from slmdesk.services.tables.service import ExtractionService

FORMAT = "slmdesk-table"


def export_table(tables: ExtractionService, item: Item, form: str) -> Make | None:
    table = tables.open(item.id).table
    if table is None:
        return None
    shape = to_json(table)
    if form == "json":
        return lambda: json_bytes({"format": FORMAT, "version": 1, "id": item.id, "title": item.title, **shape})
    if form == "csv":
        return lambda: table_csv(shape)
    if form == "xlsx":
        return lambda: to_xlsx(table_sheets(shape))
    return lambda: table_paper(item.title, shape)
