"""Exports a table made from documents as a spreadsheet, CSV, document or JSON, even if it is unfinished."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Callable
from contextlib import suppress

from slmdesk.base.documents import Paper, Piece, PieceKind, Run, heading, paragraph, small, table
from slmdesk.base.record import to_json
from slmdesk.base.records import Item
from slmdesk.exports.charts import svg_of
from slmdesk.exports.writers import Cell, Noted, to_xlsx
from slmdesk.runtime.service import Make, json_bytes
from slmdesk.tables.cells import CURRENCIES
from slmdesk.tables.counts import charts_of, error_of, is_by_words, labels_of
from slmdesk.tables.service import ExtractionService
from slmdesk.tables.types import ColumnKind, Flag, Table, TableCell, TableRow, certainty_words
from slmdesk.text.markup import harmless_cell

FORMAT = "slmdesk-table"
TO_LOOK_AT = "Needs review"
MOST_ROWS = 200
"""Most texts that a report lists behind its counts."""


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
        return lambda: to_xlsx(table_sheets(extraction), charts_of(extraction))
    if form == "svg":
        return lambda: svg_of(charts_of(extraction))
    return lambda: table_paper(item.title, extraction)


def table_sheets(extraction: Table) -> dict[str, list[list[Cell]]]:
    """Return the sheets of a spreadsheet: the table, with a page beside each cell and its quotation as a comment, what
    was found about its labels, and the coverage of each file.

    Unambiguous numbers, amounts and dates are stored as numbers and dates. Beside a label stand its certainty and the
    words that carry it.
    """
    about: list[list[Cell]] = [["About the labels"]]
    about += [[words] for words in _about_labels(extraction)]
    sheets = {"Table": _lines(extraction, _xlsx_cell, "Page"), "What was read": _coverage(extraction)}
    return sheets | {"Labels": about} if len(about) > 1 else sheets


def _lines(extraction: Table, written: Callable[[TableCell], Cell], page: str) -> list[list[Cell]]:
    """Return the lines of the table. `written` returns the value of a cell; `page` names the column beside it."""
    head: list[Cell] = ["Document"]
    for column in extraction.columns:
        of_kind = {ColumnKind.LABEL: ("{name}: certain", "{name}: words"), ColumnKind.GIVEN: ()}
        beside = of_kind.get(column.kind, (page,))
        head += [column.name, *(name.format(name=column.name) for name in beside)]
    lines = [[*head, TO_LOOK_AT]]
    for row in extraction.rows:
        line: list[Cell] = [row.name]
        for column, cell in zip(extraction.columns, row.cells, strict=True):
            if column.kind is ColumnKind.LABEL:
                line += [cell.value, Noted(cell.certainty, "", "0%") if certainty_words(cell) else None, cell.quote]
            else:
                line += [written(cell), *([_page(cell)] if column.kind is not ColumnKind.GIVEN else ())]
        lines.append([*line, _doubts(extraction, row)])
    return lines


def _about_labels(extraction: Table) -> list[str]:
    """Say how the labels were told, and how often a person found them wrong in a sample."""
    notes = []
    for at in labels_of(extraction):
        name, error = extraction.columns[at].name, error_of(extraction, at)
        how = "by lists of words" if is_by_words(extraction, at) else f"by {extraction.model}"
        checked = error.words if error else "no sample was checked by hand"
        notes.append(f"{name}: told {how}; {checked}.")
    return notes


def table_csv(extraction: Table) -> bytes:
    """Return the table as CSV (RFC 4180, UTF-8 with a BOM). It has the document's own text and no formulas."""
    out = io.StringIO()
    for line in _lines(extraction, lambda cell: cell.value, "{name}: page"):
        words = (f"{cell.value:.2f}" if isinstance(cell, Noted) else str(cell or "") for cell in line)
        csv.writer(out).writerow(map(harmless_cell, words))
    return ("\ufeff" + out.getvalue()).encode("utf-8", "replace")


def table_paper(title: str, extraction: Table) -> Paper:
    if labels_of(extraction):
        return _labels_paper(title, extraction)
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


def _labels_paper(title: str, extraction: Table) -> Paper:
    """Return the report of a table of labels: how far they can be trusted, the counts, and the first rows."""
    pieces: list[Piece] = [paragraph(words) for words in _about_labels(extraction)]
    for chart in charts_of(extraction):
        (by, *lines), shown = chart.rows, Piece(PieceKind.CHART, (Run(chart.title),), chart=chart)
        pieces += [heading(chart.title), shown, table(by, tuple(lines))]
    head = ("Document", *(column.name for column in extraction.columns))
    rows = [(row.name, *(cell.value or "–" for cell in row.cells)) for row in extraction.rows[:MOST_ROWS]]
    pieces += [heading("Texts"), table(head, tuple(rows))]
    if len(extraction.rows) > MOST_ROWS:
        pieces.append(small(f"The first {MOST_ROWS} of {len(extraction.rows):,}; the spreadsheet has them all."))
    pieces += [small(line) for line in extraction.note.split("\n") if line]
    if not extraction.is_done:
        pieces.append(small("This table is not finished."))
    return Paper(title, tuple(pieces), "A table of labelled texts, made by slmdesk")


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
        if row.source != row.document:  # a text of a table, which was read whole
            continue
        coverage = row.coverage
        pages = (f"{unread.page} ({unread.reason})" for unread in coverage.unreadable[:200])
        missing = ", ".join((*pages, *coverage.parts))
        given = "whole" if row.is_whole else "the passages that fit best"
        sheet.append([row.name, coverage.pages_total, coverage.pages_read, missing, given])
    return sheet
