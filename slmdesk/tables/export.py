"""Exports a table made from documents as a spreadsheet, CSV, document or JSON, even if it is unfinished."""

from __future__ import annotations

import csv
import datetime
import io
from contextlib import suppress

from slmdesk.base.documents import Paper, Piece, heading, small, table
from slmdesk.base.record import to_json
from slmdesk.base.records import Item
from slmdesk.exports.writers import Cell, Noted, to_xlsx
from slmdesk.runtime.service import Make, json_bytes
from slmdesk.tables.cells import CURRENCIES
from slmdesk.tables.service import ExtractionService
from slmdesk.tables.types import Flag, Table, TableCell, TableRow
from slmdesk.text.markup import harmless_cell

FORMAT = "slmdesk-table"
TO_LOOK_AT = "Needs review"


def export_table(tables: ExtractionService, item: Item, form: str) -> Make | None:
    extraction = tables.open(item.id).table
    if extraction is None:
        return None
    if form == "json":
        return lambda: json_bytes(
            {"format": FORMAT, "version": 1, "id": item.id, "title": item.title, **to_json(extraction)}
        )
    if form == "csv":
        return lambda: table_csv(extraction)
    if form == "xlsx":
        return lambda: to_xlsx(table_sheets(extraction))
    return lambda: table_paper(item.title, extraction)


def table_sheets(extraction: Table) -> dict[str, list[list[Cell]]]:
    """Return the sheets of a spreadsheet: the table, with a page beside each cell and its quotation as a comment, and
    the coverage of each file.

    Unambiguous numbers, amounts and dates are stored as numbers and dates.
    """
    head: list[Cell] = ["Document"]
    for column in extraction.columns:
        head += [column.name, "Page"]
    sheet: list[list[Cell]] = [[*head, TO_LOOK_AT]]
    for row in extraction.rows:
        line: list[Cell] = [row.name]
        for cell in row.cells:
            line += [_xlsx_cell(cell), _page(cell)]
        sheet.append([*line, _doubts(extraction, row)])
    return {"Table": sheet, "What was read": _coverage(extraction)}


def table_csv(extraction: Table) -> bytes:
    """Return the table as CSV (RFC 4180, UTF-8 with a BOM). It has the document's own text and no formulas."""
    head = ["Document"]
    for column in extraction.columns:
        head += [column.name, f"{column.name}: page"]
    lines = [[*head, TO_LOOK_AT]]
    for row in extraction.rows:
        line = [row.name]
        for cell in row.cells:
            line += [cell.value, str(_page(cell) or "")]
        lines.append([*line, _doubts(extraction, row)])
    out = io.StringIO()
    csv.writer(out).writerows([harmless_cell(cell) for cell in line] for line in lines)
    return ("\ufeff" + out.getvalue()).encode("utf-8", "replace")


def table_paper(title: str, extraction: Table) -> Paper:
    pieces: list[Piece] = []
    for row in extraction.rows:
        lines = tuple(
            (column.name, cell.value or "–", str(_page(cell) or ""), _said(cell))
            for column, cell in zip(extraction.columns, row.cells, strict=False)
        )
        pieces += [heading(row.name), table(("", "Value", row.page_kind.capitalize(), ""), lines)]
    head, *read = (tuple(map(str, line)) for line in _coverage(extraction))
    pieces += [heading("What was read"), table(head, tuple(read))]
    if extraction.note:
        pieces.append(small(extraction.note))
    if not extraction.is_done:
        pieces.append(small("This table is not finished."))
    return Paper(title, tuple(pieces), "A table taken from documents by slmdesk")


def _xlsx_cell(cell: TableCell) -> Cell:
    page = _page(cell)
    proof = f"p. {page}: “{cell.quote}”" if page and cell.quote else ""
    notes = [proof, f"In the document: {cell.value}" if cell.number is not None or cell.date else "", _said(cell)]
    note = "\n".join(line for line in notes if line) if cell.value else ""
    if cell.number is not None:
        return Noted(cell.number, note, f'#,##0.00 "{cell.unit}"' if cell.unit in CURRENCIES else "")
    with suppress(ValueError):
        return Noted(datetime.date.fromisoformat(cell.date), note, "yyyy-mm-dd")
    return Noted(cell.value, note)


def _page(cell: TableCell) -> int | None:
    return cell.page if cell.page and cell.value else None


def _said(cell: TableCell) -> str:
    return "changed by hand" if cell.edited else cell.flag.value if cell.value or cell.flag is Flag.OPEN else ""


def _doubts(extraction: Table, row: TableRow) -> str:
    pairs = zip(extraction.columns, row.cells, strict=False)
    return "; ".join(f"{column.name}: {_said(cell)}" for column, cell in pairs if _said(cell))


def _coverage(extraction: Table) -> list[list[Cell]]:
    sheet: list[list[Cell]] = [["Document", "Pages", "Pages read", "Not read", "Given to the model"]]
    for row in extraction.rows:
        coverage = row.coverage
        missing = ", ".join(f"{unread.page} ({unread.reason})" for unread in coverage.unreadable[:200])
        given = "whole" if row.is_whole else "the passages that fit best"
        sheet.append([row.name, coverage.pages_total, coverage.pages_read, missing, given])
    return sheet
