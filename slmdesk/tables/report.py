"""The report of a table: a section for each row, a statement for each cell."""

from __future__ import annotations

from slmdesk.base.texts import _, retold
from slmdesk.claims.types import Mark
from slmdesk.exports import phrases
from slmdesk.library.types import Span
from slmdesk.tables.counts import charts_of, error_of, labels_of
from slmdesk.tables.types import (
    DOUBTFUL,
    E_INVOICE,
    FLAG_WORDS,
    NOT_LOOKED_FOR,
    Column,
    ColumnKind,
    Flag,
    Table,
    TableCell,
    TableRow,
    certainty_words,
    origin_words,
    place_words,
    value_words,
)
from slmdesk.tasks.report import Column as ReportColumn
from slmdesk.tasks.report import Layout, Report, Section, Statement, Value, ValueKind

MISSING = {Flag.UNASKED: NOT_LOOKED_FOR, Flag.OPEN: phrases.NOT_READ_CELL, Flag.UNREAD: phrases.NOT_READ_CELL}
"""What stands for a value that nobody looked for, so that its cell is not taken for an empty one."""
BY_MODEL = ("model", "judged")
"""Origins of cells that a model filled."""
KINDS = {
    ColumnKind.NUMBER: ValueKind.NUMBER,
    ColumnKind.DATE: ValueKind.DATE,
    ColumnKind.AMOUNT: ValueKind.AMOUNT,
    ColumnKind.LABEL: ValueKind.LABEL,
}
"""Kinds of columns whose values are no mere texts."""


def report_of(title: str, table: Table) -> Report:
    """Return a table as a report. Ids of its cells are the row's id and the number of the column, after a space."""
    notes = [retold(line) for line in table.note.split("\n") if line]
    has_labels = bool(labels_of(table))
    documents = [(row.source, row.name) for row in table.rows if row.source == row.document]
    return Report(
        "extraction",
        title,
        tuple(_section(table, row) for row in table.rows),
        Layout.GRID,
        lead="\n".join(_about_labels(table)),
        columns=tuple(map(_column, table.columns)),
        notes=tuple(notes if table.is_done else [*notes, _(phrases.UNFINISHED)]),
        subtitle=_(phrases.OF_LABELS if has_labels else phrases.FROM_DOCUMENTS),
        charts=tuple(charts_of(table)), documents=tuple(documents),
        model=model_of(table), is_draft=not table.is_done, seconds=table.seconds,
    )  # fmt: skip


def model_of(table: Table) -> str:
    """Return the model that found or judged a value that is still shown, or ""."""
    origins = {cell.origin for row in table.rows for cell in row.cells if cell.value}
    return "" if origins.isdisjoint(BY_MODEL) else table.model


def _about_labels(table: Table) -> list[str]:
    """Say which model told the labels, and how often a person found them wrong in a sample."""
    notes = []
    for at in labels_of(table) if table.model else ():
        error = error_of(table, at)
        checked = error.words if error else _(phrases.UNCHECKED)
        told = _(phrases.LABEL_TOLD)
        notes.append(told.format(name=_(table.columns[at].name), model=table.model, checked=checked))
    return notes


def _column(column: Column) -> ReportColumn:
    kind = KINDS.get(column.kind, ValueKind.TEXT)
    is_given = column.kind is ColumnKind.GIVEN
    return ReportColumn(_(column.name), kind, is_own=not is_given, is_given=is_given)


def _section(table: Table, row: TableRow) -> Section:
    cells = enumerate(zip(table.columns, row.cells, strict=True))
    is_text = row.source != row.document  # of a table, which was read whole
    return Section(
        tuple(_statement(row, at, column, cell) for at, (column, cell) in cells), row.name, 1, row.document, row.source,
        row.page_kind, None if is_text else row.coverage,
        notes=() if row.is_whole else (_(phrases.BEST_PASSAGES),),
    )  # fmt: skip


def _statement(row: TableRow, at: int, column: Column, cell: TableCell) -> Statement:
    is_doubtful, value, note = cell.flag in DOUBTFUL, None, cell.note
    certainty = cell.certainty if certainty_words(cell) else 0.0
    if cell.number is not None or cell.date or certainty:
        value = Value(cell.number, cell.unit, cell.date, certainty)
    marks = tuple[Mark, ...]()
    if is_doubtful:
        is_told = cell.flag in (Flag.DIFFERS, Flag.UNSOUND)  # the note says what page and e-invoice have
        kind, detail = (cell.flag.value, cell.note.partition("\n")[0]) if is_told else (FLAG_WORDS[cell.flag], "")
        marks, note = (Mark(kind, cell.value, 0, len(cell.value), detail),), ""
    origin = origin_words(cell) if cell.origin == E_INVOICE else ""
    return Statement(
        value_words(column, cell), (Span(row.source, cell.page, cell.start, cell.end),) if cell.page else (),
        place_words(cell, row.page_kind), (cell.quote,) if cell.quote else (), marks, f"{row.document} {at}",
        notes=tuple(filter(None, (origin, _(note)))), value=value, is_open=cell.flag is Flag.OPEN,
        is_edited=cell.edited, missing="" if cell.value or is_doubtful else _(MISSING.get(cell.flag, "")),
    )  # fmt: skip
