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
from slmdesk.base.texts import _, in_quotes, retold
from slmdesk.base.types import Json, page_sign, page_word
from slmdesk.exports import phrases
from slmdesk.exports.charts import svg_of
from slmdesk.exports.writers import Book, Cell, Noted
from slmdesk.library.types import unread_reason
from slmdesk.runtime.service import Make, json_bytes
from slmdesk.tables.cells import CURRENCIES
from slmdesk.tables.counts import charts_of, error_of, labels_of
from slmdesk.tables.types import (
    DOUBTFUL,
    E_INVOICE,
    NOT_LOOKED_FOR,
    ColumnKind,
    Flag,
    Table,
    TableCell,
    TableRow,
    certainty_words,
    doubt_words,
    origin_words,
    value_words,
)
from slmdesk.tasks.service import TaskService
from slmdesk.text.markup import harmless_cell

FORMAT = "slmdesk-table"
MOST_ROWS = 200
"""Most texts that a report lists behind its counts."""
NUMBER_FORMATS = {**{unit: f"#,##0.00 [${unit}]" for unit in CURRENCIES}, "percent": 'General "%"'}
MISSING = {Flag.UNASKED: NOT_LOOKED_FOR, Flag.OPEN: phrases.NOT_READ_CELL, Flag.UNREAD: phrases.NOT_READ_CELL}
BY_MODEL = ("model", "judged")
"""Origins of cells that a model filled."""
DAY_FORMAT = "mm-dd-yy"
"""The short day of a spreadsheet, which each program shows as its reader writes days."""


def export_table(tasks: TaskService, item: Item, form: str) -> Make | None:
    extraction = tasks.open(item.id).newest
    if extraction is None:
        return None
    shape: dict[str, Json] = {"format": FORMAT, "version": 1, "id": item.id, "title": item.title}
    makers: dict[str, Make] = {
        "json": lambda: json_bytes({**shape, **to_json(extraction)}),
        "csv": lambda: table_csv(extraction),
        "xlsx": lambda: Book(table_sheets(extraction), charts_of(extraction), model_of(extraction)),
        "svg": lambda: svg_of(charts_of(extraction)),
    }
    return makers.get(form, lambda: table_paper(item.shown_title, extraction))


def table_sheets(extraction: Table) -> dict[str, list[list[Cell]]]:
    """Return the sheets of a spreadsheet: the table, with a page beside each cell and its quotation as a comment, what
    was found about its labels, and the coverage of each file.

    Unambiguous numbers, amounts and dates are stored as numbers and dates. Beside a label stand its certainty and the
    words that carry it.
    """
    about: list[list[Cell]] = [[_(phrases.ABOUT_LABELS)]]
    about += [[words] for words in _about_labels(extraction)]
    sheets = {
        _(phrases.TABLE_SHEET): _lines(extraction, _xlsx_cell, phrases.PAGE),
        _(phrases.READ): _coverage(extraction),
    }
    return sheets | {_(phrases.LABELS_SHEET): about} if len(about) > 1 else sheets


def _lines(extraction: Table, written: Callable[[TableCell], Cell], page: str) -> list[list[Cell]]:
    """Return the lines of the table. `written` returns the value of a cell; `page` names the column beside it."""
    head: list[Cell] = [_(phrases.DOCUMENT)]
    for column in extraction.columns:
        of_kind = {ColumnKind.LABEL: (phrases.CERTAIN_OF, phrases.WORDS_OF), ColumnKind.GIVEN: ()}
        name, beside = _(column.name), of_kind.get(column.kind, (page,))
        head += [name, *(_(words).format(name=name) for words in beside)]
    lines = [[*head, _(phrases.NEEDS_REVIEW)]]
    for row in extraction.rows:
        line: list[Cell] = [row.name]
        for column, cell in zip(extraction.columns, row.cells, strict=True):
            if column.kind is ColumnKind.LABEL:
                share = Noted(cell.certainty, "", "0%") if certainty_words(cell) else None
                line += [value_words(column, cell), share, cell.quote]
            elif column.kind is ColumnKind.GIVEN:
                line.append(written(cell) if cell.date else value_words(column, cell))
            else:
                line += [written(cell), _page(cell)]
        lines.append([*line, _doubts(extraction, row)])
    return lines


def _about_labels(extraction: Table) -> list[str]:
    """Say which model told the labels, and how often a person found them wrong in a sample."""
    notes = []
    for at in labels_of(extraction) if extraction.model else ():
        error = error_of(extraction, at)
        checked = error.words if error else _(phrases.UNCHECKED)
        told = _(phrases.LABEL_TOLD)
        notes.append(told.format(name=_(extraction.columns[at].name), model=extraction.model, checked=checked))
    return notes


def model_of(extraction: Table) -> str:
    """Return the model that found or judged a value that is still shown, or ""."""
    origins = {cell.origin for row in extraction.rows for cell in row.cells if cell.value}
    return "" if origins.isdisjoint(BY_MODEL) else extraction.model


def table_csv(extraction: Table) -> bytes:
    """Return the table as CSV (RFC 4180, UTF-8 with a BOM). It has the document's own text and no formulas."""
    out = io.StringIO()
    for line in _lines(extraction, lambda cell: cell.value, phrases.PAGE_OF):
        words = (f"{cell.value:.2f}" if isinstance(cell, Noted) else str(cell or "") for cell in line)
        csv.writer(out).writerow(map(harmless_cell, words))
    return ("\ufeff" + out.getvalue()).encode("utf-8", "replace")


def table_paper(title: str, extraction: Table) -> Paper:
    if labels_of(extraction):
        return _labels_paper(title, extraction)
    pieces: list[Piece] = []
    for row in extraction.rows:
        lines = tuple(
            (_(column.name), value_words(column, cell) or "–", str(_page(cell) or ""), _said(cell))
            for column, cell in zip(extraction.columns, row.cells, strict=False)
        )
        page = page_word(row.page_kind, 1)
        head = ("", _(phrases.VALUE), page[:1].upper() + page[1:], _(phrases.NEEDS_REVIEW))
        pieces += [heading(row.name), table(head, lines)]
    first, *read = (tuple(map(str, line)) for line in _coverage(extraction))
    pieces += [heading(_(phrases.READ)), table(first, tuple(read)), *_notes(extraction)]
    return Paper(title, tuple(pieces), _(phrases.FROM_DOCUMENTS), model=model_of(extraction))


def _labels_paper(title: str, extraction: Table) -> Paper:
    """Return the report of a table of labels: how far they can be trusted, the counts, and the first rows."""
    pieces: list[Piece] = [paragraph(words) for words in _about_labels(extraction)]
    for chart in charts_of(extraction):
        (by, *lines), shown = chart.rows, Piece(PieceKind.CHART, (Run(chart.title),), chart=chart)
        pieces += [heading(chart.title), shown, table(by, tuple(lines))]
    columns, count = extraction.columns, len(extraction.rows)
    head = (_(phrases.DOCUMENT), *(_(column.name) for column in columns))
    rows = [
        (row.name, *(value_words(column, cell) or "–" for column, cell in zip(columns, row.cells, strict=True)))
        for row in extraction.rows[:MOST_ROWS]
    ]
    pieces += [heading(_(phrases.TEXTS)), table(head, tuple(rows))]
    if count > MOST_ROWS:
        pieces.append(small(_(phrases.LISTED_OF).format(shown=MOST_ROWS, count=count)))
    pieces += _notes(extraction)
    return Paper(title, tuple(pieces), _(phrases.OF_LABELS), model=model_of(extraction))


def _notes(extraction: Table) -> list[Piece]:
    notes = [small(retold(line)) for line in extraction.note.split("\n") if line]
    return notes if extraction.is_done else [*notes, small(_(phrases.UNFINISHED))]


def _xlsx_cell(cell: TableCell) -> Cell:
    page = _page(cell)
    proof = f"{page_sign('page')} {page}: {in_quotes(cell.quote)}" if page and cell.quote else ""
    is_other = cell.number is not None or cell.date
    source = origin_words(cell) if cell.origin == E_INVOICE else ""
    notes = [proof, _(phrases.IN_DOCUMENT_SO).format(value=cell.value) if is_other else "", source, _said(cell)]
    note = "\n".join(filter(None, notes)) if cell.value or cell.flag in DOUBTFUL else ""
    if cell.number is not None:
        return Noted(cell.number, note, NUMBER_FORMATS.get(cell.unit, ""))
    with suppress(ValueError):
        return Noted(datetime.date.fromisoformat(cell.date), note, DAY_FORMAT)
    return Noted(cell.value or _missing(cell), note)


def _page(cell: TableCell) -> int | None:
    return cell.page if cell.page and cell.value else None


def _missing(cell: TableCell) -> str:
    """Return what stands for a value that nobody looked for, so that its cell is not taken for an empty one."""
    return "" if cell.value else _(MISSING.get(cell.flag, ""))


def _said(cell: TableCell) -> str:
    if cell.edited:
        return _(phrases.CHANGED_BY_HAND)
    return doubt_words(cell) if cell.value or cell.flag in DOUBTFUL else _missing(cell)


def _doubts(extraction: Table, row: TableRow) -> str:
    pairs = zip(extraction.columns, row.cells, strict=False)
    return "; ".join(f"{_(column.name)}: {_said(cell)}" for column, cell in pairs if _said(cell))


def _coverage(extraction: Table) -> list[list[Cell]]:
    sheet: list[list[Cell]] = [[*phrases.told(phrases.READ_HEAD)]]
    for row in extraction.rows:
        if row.source != row.document:  # a text of a table, which was read whole
            continue
        coverage = row.coverage
        pages = (f"{unread.page} ({unread_reason(unread.reason)})" for unread in coverage.unreadable[:200])
        missing = ", ".join((*pages, *map(_, coverage.parts)))
        given = _(phrases.WHOLE) if row.is_whole else _(phrases.BEST_PASSAGES)
        sheet.append([row.name, coverage.pages_total, coverage.pages_read, missing, given])
    return sheet
