"""Exports a table made from documents: as a spreadsheet, CSV, or document.

`result` is {columns: [{name, kind}], rows: [{name, page_kind, is_whole, cells: [{value, quote, page, flag, number,
unit, date, edited}], coverage: {pages_total, pages_read, unreadable: [{page, reason}]}}], model}.
"""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Mapping, Sequence
from contextlib import suppress

from slmdesk.core.paper import Paper, Piece, heading, paragraph, small, table
from slmdesk.core.types import Json
from slmdesk.exports.json_values import mapping, objects
from slmdesk.exports.xlsx import Cell, Noted
from slmdesk.text.words.spreadsheet_cells import harmless_cell

TO_LOOK_AT = "Needs review"
_CURRENCIES = frozenset(("EUR", "USD", "GBP", "CHF", "PLN", "JPY", "SEK", "CZK"))


def table_sheets(result: Mapping[str, Json]) -> dict[str, list[list[Cell]]]:
    """The table with a page beside each cell and its quotation as a comment; the coverage of each file on a second
    sheet.

    Numbers, amounts and dates are such where they can be read in one way only.
    """
    columns, rows = objects(result.get("columns")), objects(result.get("rows"))
    head: list[Cell] = ["Document"]
    for one in columns:
        head += [str(one.get("name", "")), "Page"]
    sheet: list[list[Cell]] = [[*head, TO_LOOK_AT]]
    for row in rows:
        line: list[Cell] = [str(row.get("name", ""))]
        for cell in objects(row.get("cells")):
            line += [_xlsx_cell(cell), _page(cell)]
        sheet.append([*line, _doubts(columns, row)])
    return {"Table": sheet, "What was read": _coverage(rows)}


def table_csv(result: Mapping[str, Json]) -> bytes:
    """RFC 4180, UTF-8 with a BOM; the document's own text, and no formulas."""
    out = io.StringIO()
    writer = csv.writer(out)
    for line in table_lines(result):
        writer.writerow([harmless_cell(one) for one in line])
    return ("\ufeff" + out.getvalue()).encode("utf-8", "replace")


def table_lines(result: Mapping[str, Json]) -> list[list[str]]:
    """The table as text, the head first: a page after each cell."""
    columns = objects(result.get("columns"))
    head = ["Document"]
    for one in columns:
        head += [str(one.get("name", "")), f"{one.get('name', '')}: page"]
    lines = [[*head, TO_LOOK_AT]]
    for row in objects(result.get("rows")):
        line = [str(row.get("name", ""))]
        for cell in objects(row.get("cells")):
            line += [str(cell.get("value", "")), str(_page(cell) or "")]
        lines.append([*line, _doubts(columns, row)])
    return lines


def table_paper(title: str, result: Mapping[str, Json]) -> Paper:
    columns = objects(result.get("columns"))
    pieces: list[Piece] = []
    for row in objects(result.get("rows")):
        lines = tuple(
            (str(column.get("name", "")), str(cell.get("value", "")) or "–", str(_page(cell) or ""), _said(cell))
            for column, cell in zip(columns, objects(row.get("cells")), strict=False)
        )
        place = str(row.get("page_kind") or "page").capitalize()
        pieces += [heading(str(row.get("name", ""))), table(("", "Value", place, ""), lines)]
    pieces.append(heading("What was read"))
    read = _coverage(objects(result.get("rows")))
    pieces.append(table(tuple(str(one) for one in read[0]), tuple(tuple(map(str, one)) for one in read[1:])))
    if result.get("note"):
        pieces.append(small(str(result["note"])))
    if not result.get("is_done", True):
        pieces.append(small("This table is not finished."))
    return Paper(title, tuple(pieces) or (paragraph("Nothing yet."),), "A table taken from documents by slmdesk")


def _xlsx_cell(cell: Mapping[str, Json]) -> Cell:
    value, number, unit = str(cell.get("value", "")), cell.get("number"), str(cell.get("unit") or "")
    quote, page = str(cell.get("quote") or ""), _page(cell)
    proof = f"p. {page}: “{quote}”" if page and quote else ""
    notes = [proof, f"In the document: {value}" if number is not None or cell.get("date") else "", _said(cell)]
    note = "\n".join(one for one in notes if one) if value else ""
    if isinstance(number, int | float) and not isinstance(number, bool):
        return Noted(number, note, f'#,##0.00 "{unit}"' if unit in _CURRENCIES else "")
    with suppress(ValueError):
        return Noted(datetime.date.fromisoformat(str(cell.get("date"))), note, "yyyy-mm-dd")
    return Noted(value, note)


def _page(cell: Mapping[str, Json]) -> int | None:
    page = cell.get("page")
    return page if isinstance(page, int) and page and cell.get("value") else None


def _said(cell: Mapping[str, Json]) -> str:
    return "changed by hand" if cell.get("edited") else str(cell.get("flag") or "") if cell.get("value") else ""


def _doubts(columns: Sequence[Mapping[str, Json]], row: Mapping[str, Json]) -> str:
    pairs = zip(columns, objects(row.get("cells")), strict=False)
    said = [f"{column.get('name', '')}: {_said(cell)}" for column, cell in pairs if _said(cell)]
    return "; ".join(said)


def _coverage(rows: Sequence[Mapping[str, Json]]) -> list[list[Cell]]:
    sheet: list[list[Cell]] = [["Document", "Pages", "Pages read", "Not read", "Given to the model"]]
    for row in rows:
        coverage = mapping(row.get("coverage"))
        unread = objects(coverage.get("unreadable"))
        missing = ", ".join(f"{one.get('page')} ({one.get('reason')})" for one in unread[:200])
        given = "whole" if row.get("is_whole", True) else "the passages that fit best"
        total, read = coverage.get("pages_total"), coverage.get("pages_read")
        sheet.append([
            str(row.get("name", "")), total if isinstance(total, int) else 0, read if isinstance(read, int) else 0,
            missing, given,
        ])  # fmt: skip
    return sheet
