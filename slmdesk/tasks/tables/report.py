"""The report of a table: a section for each row, a statement for each cell."""

from __future__ import annotations

from slmdesk.base.record import changed
from slmdesk.base.texts import N_, _, retold
from slmdesk.claims.types import Mark
from slmdesk.documents.types import Span
from slmdesk.exports import phrases
from slmdesk.tasks.report import Column as ReportColumn
from slmdesk.tasks.report import Layout, Report, Section, Statement, Value, ValueKind
from slmdesk.tasks.tables.counts import charts_of, counted_by, error_of, labels_of
from slmdesk.tasks.tables.labels import label_presets
from slmdesk.tasks.tables.types import (
    ADDS_UP,
    CHOSEN,
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
    doubt_words,
    flag_words,
    note_words,
    origin_words,
    place_words,
    unasked_words,
    value_words,
)

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
OFFERED = {"sentiment": N_("Mood"), "topic": N_("Topics")}
"""Columns of labels that one press adds, each with its words."""


def report_of(title: str, table: Table, *, is_exported: bool = True) -> Report:
    """Return a table as a report. Ids of its cells are the row's id and the number of the column, after a space."""
    if not is_exported:
        return _shown(_report(title, table, ()), table)
    return _report(title, table, tuple(_section(table, row) for row in table.rows))


def _report(title: str, table: Table, sections: tuple[Section, ...]) -> Report:
    notes = [retold(line) for line in table.note.split("\n") if line]
    has_labels = bool(labels_of(table))
    documents = [(row.source, row.name) for row in table.rows if row.source == row.document]
    return Report(
        "extraction",
        title,
        sections,
        Layout.GRID,
        lead="\n".join(_about_labels(table)),
        columns=tuple(map(_column, table.columns)),
        notes=tuple(notes if table.is_done else [*notes, _(phrases.UNFINISHED)]),
        subtitle=_(phrases.OF_LABELS if has_labels else phrases.FROM_DOCUMENTS),
        charts=tuple(charts_of(table)), documents=tuple(documents),
        model=model_of(table), is_draft=not table.is_done, seconds=table.seconds,
    )  # fmt: skip


def _shown(report: Report, table: Table) -> Report:
    """Return the report with what a person sees and does in the window alone."""
    presets = {column.name: key for key, column in label_presets()}
    columns = [
        changed(
            shown,
            is_own=True,
            id=presets.get(column.name, "") if column.kind is ColumnKind.LABEL else "",
            meaning=_(column.meaning) if column.meaning else "",
            note=_trust(table, at) if column.kind is ColumnKind.LABEL else "",
        )
        for at, (column, shown) in enumerate(zip(table.columns, report.columns, strict=True))
    ]
    wanting = unasked_words(table)
    return changed(
        report,
        sections=shown_rows(table),
        columns=tuple(columns),
        lead="",
        notes=tuple(f"⚠ {retold(line)}" for line in table.note.split("\n") if line),
        offers=offered_columns(),
        counted=tuple(counted_by(table)),
        wanting=wanting,
        is_unfilled=bool(wanting) or not table.is_done,
        is_editable=True,
    )


def offered_columns() -> tuple[ReportColumn, ...]:
    return tuple(ReportColumn(_(words), ValueKind.LABEL, id=key) for key, words in OFFERED.items())


def shown_rows(table: Table) -> tuple[Section, ...]:
    """Return the rows of a table as the window has them: with what each cell is and may be."""
    checked = {(check.document, check.column) for check in table.checks}
    choices = [_choices(column) for column in table.columns]
    sections = []
    for row in table.rows:
        section = _section(table, row)
        statements = [
            changed(
                statement,
                notes=_notes(table, row, cell),
                choices=choices[at],
                is_approved=(row.document, at) in checked,
            )
            for at, (cell, statement) in enumerate(zip(row.cells, section.statements, strict=True))
        ]
        sections.append(changed(section, statements=tuple(statements)))
    return tuple(sections)


def _choices(column: Column) -> tuple[str, ...]:
    return tuple(_(label.name) for label in column.choices)


def _trust(table: Table, at: int) -> str:
    error = error_of(table, at)
    if error is None:
        return _("No sample was checked by hand.")
    return f"{error.words}."


def _notes(table: Table, row: TableRow, cell: TableCell) -> tuple[str, ...]:
    """Return where a value comes from, and how sure it is, why there is none, or what a check found."""
    found = certainty_words(cell)
    if not found and cell.flag not in DOUBTFUL:
        found = flag_words(cell.flag)
    if not found and cell.note == ADDS_UP:
        found = _sum_words(table, row)
    elif not found:
        found = note_words(cell)
    return tuple(words for words in (origin_words(cell), found) if words)


def _sum_words(table: Table, row: TableRow) -> str:
    """Return "Net + Tax = Total ✓" if a check found so and no cell was changed since."""
    cells = zip(table.columns, row.cells, strict=True)
    amounts = [(cell.number or 0, _(column.name)) for column, cell in cells if cell.note in (ADDS_UP, CHOSEN)]
    if len(amounts) != 3:
        return ""
    tax, net, total = sorted(amounts, key=lambda amount: abs(amount[0]))
    return f"{net[1]} + {tax[1]} = {total[1]} ✓"


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
    is_doubtful, value, note = cell.flag in DOUBTFUL, None, note_words(cell)
    certainty = cell.certainty if certainty_words(cell) else 0.0
    if cell.number is not None or cell.date or certainty:
        value = Value(cell.number, cell.unit, cell.date, certainty)
    marks = tuple[Mark, ...]()
    if is_doubtful:
        is_told = cell.flag in (Flag.DIFFERS, Flag.UNSOUND)  # the note says what page and e-invoice have
        kind, detail = (cell.flag.value, doubt_words(cell)) if is_told else (FLAG_WORDS[cell.flag], "")
        marks, note = (Mark(kind, cell.value, 0, len(cell.value), detail),), ""
    origin = origin_words(cell) if cell.origin == E_INVOICE else ""
    return Statement(
        value_words(column, cell), (Span(row.source, cell.page, cell.start, cell.end),) if cell.page else (),
        place_words(cell, row.page_kind), (cell.quote,) if cell.quote else (), marks, f"{row.document} {at}",
        notes=tuple(filter(None, (origin, note))), value=value, is_open=cell.flag is Flag.OPEN,
        is_edited=cell.edited, missing="" if cell.value or is_doubtful else _(MISSING.get(cell.flag, "")),
    )  # fmt: skip
