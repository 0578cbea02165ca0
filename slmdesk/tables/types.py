"""The types of a table made from documents: columns, a row for each document, cells with their page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from slmdesk.base.record import Number, Record, changed
from slmdesk.base.texts import _
from slmdesk.base.types import page_sign
from slmdesk.library.types import Coverage
from slmdesk.redaction.labels import RedactionReport
from slmdesk.runtime.events import Event


class ColumnKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    AMOUNT = "amount"
    PERSON = "person"
    """A person, a company, an office."""
    LIST = "list"
    CODE = "code"
    """The number of a paper, such as an invoice: it has a digit."""
    IBAN = "iban"
    """A bank account; its check digits are right."""
    PERIOD = "period"


class Column(Record):
    name: str
    kind: ColumnKind = ColumnKind.TEXT
    meaning: str = ""
    labels: tuple[str, ...] = ()
    """What it is called in documents, beside its name: a line "Invoice no: 17" needs no model."""


class Flag(StrEnum):
    NONE = ""
    NOT_FOUND = "not found"
    """The model named nothing; whether the document says it is another question."""
    NOT_THERE = "answer not in the text"
    """The model named something that is not in the document; it was left out."""
    ELSEWHERE = "elsewhere"
    """It is in the document, but not in the words given as its proof."""
    PARTLY = "partly"
    """Items of a list that are not in the document were left out."""
    TWICE = "also elsewhere in the row"
    """The same words were given for another column, too: either is likely to be wrong."""
    KIND = "other kind"
    """Words where a number, a date, an amount or a name was wanted."""
    CONTRADICTS = "contradicts"
    """It does not agree with other cells of the row: net and tax with the total, a day with another."""
    UNSAID = "unsaid"
    """The model chose it; no words around it say that it is this, so far as rules know them."""
    OPEN = "open"
    UNREAD = "not read"
    """The model did not answer, or the document has no words."""

    @classmethod
    def _missing_(cls, value: object) -> Flag | None:
        """Tables kept by earlier versions have a name that could be taken for a word about the document."""
        return cls.NOT_THERE if value == "not in the text" else None


FLAG_WORDS: Mapping[Flag, str] = {
    Flag.NONE: "",
    Flag.NOT_FOUND: _("nothing was found"),
    Flag.NOT_THERE: _("left empty: what the model named does not stand in the document"),
    Flag.ELSEWHERE: _("stands in the document, but not in the words given as its proof: look at this"),
    Flag.PARTLY: _("a part of it was left out, since it does not stand in the document: look at this"),
    Flag.TWICE: _("the same words as in another column: look at this"),
    Flag.KIND: _("not the kind of words that was asked for: look at this"),
    Flag.CONTRADICTS: _("does not agree with other cells of this row: look at this"),
    Flag.UNSAID: _("chosen by the model; no words around it say that it is this: look at this"),
    Flag.OPEN: _("is being looked for"),
    Flag.UNREAD: _("could not be read"),
}
DOUBTFUL = frozenset({Flag.ELSEWHERE, Flag.PARTLY, Flag.TWICE, Flag.KIND, Flag.CONTRADICTS, Flag.UNSAID})
"""Flags of cells that have a value."""


class TableCell(Record):
    value: str = ""
    quote: str = ""
    page: int = 0
    start: int = 0
    end: int = 0
    """Characters of the page."""
    flag: Flag = Flag.NOT_FOUND
    origin: str = ""
    """`label`: read behind its name in the document; `rule`: known by the words around it; `model`; `person`."""
    number: Number | None = None
    """Of numbers and amounts, where it can be read in a single way only."""
    unit: str = ""
    """EUR, percent …"""
    date: str = ""
    """ISO 8601, where it can be read in a single way only."""
    edited: bool = False
    note: str = ""


class TableRow(Record):
    document: str
    name: str
    page_kind: str
    cells: tuple[TableCell, ...]
    coverage: Coverage
    is_whole: bool = True
    """The model was given all of it; else the passages that fit each column best."""


class Edit(Record):
    document: str
    column: int
    value: str


class Table(Record):
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    edits: tuple[Edit, ...] = ()
    model: str = ""
    is_done: bool = False
    seconds: Number = 0.0
    note: str = ""
    redaction: RedactionReport | None = None


def with_edits(table: Table) -> Table:
    """Return the table as shown and exported: a person's values replace those found, and keep their page."""
    if not table.edits:
        return table
    edits = {(edit.document, edit.column): edit.value for edit in table.edits}

    def cells(row: TableRow) -> tuple[TableCell, ...]:
        return tuple(
            edited(cell, edits[row.document, at]) if (row.document, at) in edits else cell
            for at, cell in enumerate(row.cells)
        )

    return changed(table, rows=tuple(changed(row, cells=cells(row)) for row in table.rows))


def edited(cell: TableCell, value: str) -> TableCell:
    return changed(
        cell, value=value, flag=Flag.NONE, origin="person", edited=True, number=None, unit="", date="", note=""
    )  # fmt: skip


def changed_edits(
    edits: Sequence[Edit], document: str, column: int, value: str | None
) -> tuple[tuple[Edit, ...], str | None]:
    """Return the edits with an edit set or removed (None), and its previous value."""
    before = next((edit.value for edit in edits if (edit.document, edit.column) == (document, column)), None)
    kept = [edit for edit in edits if (edit.document, edit.column) != (document, column)]
    return tuple(kept if value is None else [*kept, Edit(document, column, value)]), before


def place_words(cell: TableCell, page_kind: str = "page") -> str:
    """Format where a cell stands: "p. 3", "section 2"; empty where it has no place."""
    return f"{page_sign(page_kind)} {cell.page}" if cell.page else ""


def doubts_of(table: Table) -> list[tuple[str, str, str]]:
    """Return the doubtful cells: document, column and why."""
    return [
        (row.name, column.name, FLAG_WORDS[cell.flag])
        for row in table.rows
        for column, cell in zip(table.columns, row.cells, strict=True)
        if cell.flag in DOUBTFUL
    ]


def cell_words(cell: TableCell, page_kind: str = "page") -> str:
    """A cell's place and doubts in a line: "p. 3 — not in the words given as its proof"."""
    said = _("changed by you") if cell.edited else FLAG_WORDS[cell.flag] or cell.note
    return ", ".join(words for words in (place_words(cell, page_kind), said) if words)


# ---- events of tables


class ExtractionGrew(Event):
    """A row of a table, or a cell of it, was found.  Time left: the JobChanged of its job."""

    item: str
    job: str
    row: TableRow
    is_complete: bool = True
    """No cell of it is still looked for; such cells have the flag `open`."""


class ExtractionEnded(Event):
    """A table is done and stored, as the result of its item and as a message."""

    item: str
    table: Table
