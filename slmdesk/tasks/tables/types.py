"""Types of a table made from documents: columns, a row for each document, and cells with their page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from slmdesk.base.protocol import stored_from
from slmdesk.base.record import Number, Record, changed
from slmdesk.base.records import DocumentRecord
from slmdesk.base.texts import N_, _
from slmdesk.base.types import page_sign
from slmdesk.claims import types as claims
from slmdesk.documents.types import Coverage


class ColumnKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    AMOUNT = "amount"
    PERSON = "person"
    """A person, a company, an office."""
    LIST = "list"
    CODE = "code"
    """The number of a document, such as an invoice number. It contains a digit."""
    IBAN = "iban"
    """A bank account with valid check digits."""
    PERIOD = "period"
    LABEL = "label"
    """One of the column's labels, judged from the whole text."""
    GIVEN = "given"
    """What comes with a text: another cell of its row, or its language, folder or day (see `texts.FACTS`)."""


KIND_WORDS: Mapping[str, str] = {
    ColumnKind.TEXT: N_("Text"),
    ColumnKind.NUMBER: N_("Number"),
    ColumnKind.DATE: N_("Date"),
    ColumnKind.AMOUNT: N_("Amount of money"),
    ColumnKind.PERSON: N_("Person or company"),
    ColumnKind.LIST: N_("List"),
    ColumnKind.CODE: N_("Number of a paper"),
    ColumnKind.IBAN: N_("Bank account (IBAN)"),
    ColumnKind.PERIOD: N_("Length of time"),
    ColumnKind.LABEL: N_("Own labels"),
}
"""Kinds of columns that a person may ask for."""
FACTS = LANGUAGE, FOLDER, DAY = "Language", "Folder", "Date"
"""Columns that a text has without saying so."""
JUDGED = frozenset((ColumnKind.LABEL, ColumnKind.GIVEN))
"""Kinds of columns whose values need not stand in the text."""


class Label(Record):
    name: str
    meaning: str = ""
    """When it fits."""


class Column(Record):
    name: str
    kind: ColumnKind = ColumnKind.TEXT
    meaning: str = ""
    labels: tuple[str, ...] = ()
    """Other names of the column in documents. A line "Invoice no: 17" then needs no model."""
    choices: tuple[Label, ...] = ()
    """Of a label column: what each text is one of."""
    examples: tuple[tuple[str, str], ...] = ()
    """Texts whose label a person corrected, with the right one: the model is shown them."""
    example: str = ""
    """A value as a person wrote it into the column, which the model is shown."""


class Flag(StrEnum):
    """What is said of a cell. FLAG_WORDS are for people."""

    NONE = ""
    NOT_FOUND = "not found"
    """The model gave no value. The document may still have one."""
    NOT_THERE = "answer not in the text"
    """The model gave a value that is not in the document, so it was left out."""
    ELSEWHERE = "elsewhere"
    PARTLY = "partly"
    TWICE = "also elsewhere in the row"
    """The same words were given for another column too, so either cell is likely to be wrong."""
    KIND = "other kind"
    CONTRADICTS = "contradicts"
    """The value contradicts others in the row: net and tax do not add up to the total, or two days are out of order."""
    UNSAID = "unsaid"
    """Only in tables that were made before 2026-11-29."""
    SIGN = "sign unclear"
    MONTH = "day or month"
    """A date in figures may be two days."""
    DIGITS = "wrong check digits"
    EARLIER = "earlier message"
    UNSURE = "low certainty"
    DIFFERS = claims.DIFFERS
    """The value is the e-invoice's, and its page shows another one, which is quoted."""
    UNSOUND = claims.UNSOUND
    OPEN = "open"
    UNREAD = "not read"
    """The model did not answer, the document has no words, or the table was cancelled before."""
    UNASKED = "no model asked"
    """Only rules looked for the value: there is no model that can be asked."""


E_INVOICE, PERSON = "e-invoice", "person"
ORIGIN_WORDS: Mapping[str, str] = {E_INVOICE: N_("from the e-invoice"), PERSON: N_("changed by you")}
NOT_LOOKED_FOR = N_("not looked for")
FLAG_WORDS: Mapping[Flag, str] = {
    Flag.NONE: "",
    Flag.NOT_FOUND: N_("nothing was found"),
    Flag.NOT_THERE: N_("left empty: the model's value is not in the document"),
    Flag.ELSEWHERE: N_("in the document, but not in the passage quoted"),
    Flag.PARTLY: N_("parts that are not in the document were left out"),
    Flag.TWICE: N_("the same words as in another column"),
    Flag.KIND: N_("not the kind of value asked for"),
    Flag.CONTRADICTS: N_("does not agree with the rest of the row"),
    Flag.UNSAID: N_("stands beside other words than the column asks for"),
    Flag.SIGN: N_("may be a negative amount"),
    Flag.MONTH: N_("may be two days: which figure is the month?"),
    Flag.DIGITS: N_("has wrong check digits"),
    Flag.EARLIER: N_("from an earlier message that is quoted"),
    Flag.UNSURE: N_("low certainty"),
    Flag.DIFFERS: claims.FLAG_WORDS[claims.DIFFERS],
    Flag.UNSOUND: claims.FLAG_WORDS[claims.UNSOUND],
    Flag.OPEN: N_("is being looked for"),
    Flag.UNREAD: N_("was not read"),
    Flag.UNASKED: N_("not looked for: a better model is needed"),
}


def flag_words(flag: Flag) -> str:
    return _(FLAG_WORDS[flag])


DOUBTFUL = frozenset((
    Flag.ELSEWHERE, Flag.PARTLY, Flag.TWICE, Flag.KIND, Flag.CONTRADICTS, Flag.UNSAID, Flag.SIGN, Flag.DIGITS,
    Flag.MONTH, Flag.EARLIER, Flag.UNSURE, Flag.NOT_THERE, Flag.DIFFERS, Flag.UNSOUND,
))  # fmt: skip
"""Flags of cells that are to be checked: they have a value, or lack one that the model named."""


DOUBTS = "doubts"
"""Setting of a table's item: how many cells are to be checked, so that a list of tables need not read them."""


class TableCell(Record, omit_defaults=True):
    value: str = ""
    quote: str = ""
    page: int = 0
    start: int = 0
    end: int = 0
    """End of the value; `start` and `end` are in characters of the page."""
    flag: Flag = Flag.NOT_FOUND
    origin: str = ""
    """`e-invoice`: of its XML; `label`: read behind its name in the document; `rule`: by the words around it; `model`;
    `person`; `judged`: a label by the model; `words`: a label by a list of words; `given`: of the text's row.
    """
    number: Number | None = None
    """Value of a number or amount, if it is unambiguous."""
    unit: str = ""
    """Unit of the number: EUR, percent …"""
    date: str = ""
    """Date in ISO 8601, if it is unambiguous."""
    edited: bool = False
    note: str = ""
    others: tuple[str, ...] = ()
    """Of an e-invoice: what it says besides."""
    finding: Any = None
    """Of an e-invoice: what is wrong with the value (`claims.einvoices.Finding` as JSON)."""
    certainty: Number = 0.0
    """Probability of a label among its column's labels. 0 where no model judged."""


class TableRow(Record, omit_defaults=True):
    document: str
    """Id of the row: of its document, with `#` and its place if the document is a table of texts."""
    name: str
    page_kind: str
    cells: tuple[TableCell, ...]
    coverage: Coverage
    is_whole: bool = True
    """Whether the model got the whole document. Otherwise it got the passages that fit each column best."""

    @property
    def source(self) -> str:
        """Id of the document."""
        return self.document.partition("#")[0]


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
    checks: tuple[Edit, ...] = ()
    """What a person found right for labels of a sample (see `counts`)."""


def example_of(table: Table, at: int) -> str:
    """Return what a person wrote last into a column of their own, as an example of its values, or ""."""
    column = table.columns[at]
    if column.kind in JUDGED or column.meaning:
        return ""
    return next((edit.value for edit in reversed(table.edits) if edit.column == at and edit.value), "")


def text_of(table: Table, row: TableRow, at: int) -> str:
    """Return the text that has a label in column `at`: of a table of texts whole, else what carries the label."""
    given = [cell.value for known, cell in zip(table.columns, row.cells, strict=True) if known.kind is ColumnKind.GIVEN]
    return max(given, key=len, default="") if row.source != row.document else row.cells[at].quote


ADDS_UP = N_("net and tax make the total")
CHOSEN = N_("chosen because net and tax then make the total")
_SUMS = (ADDS_UP, CHOSEN)
"""Notes of the cells of a row that make a sum together."""


def with_edits(table: Table) -> Table:
    """Return the table as it is shown and exported. A person's values replace the values found, and keep their page.

    Where one cell of a sum was changed, the others no longer say that they add up.
    """
    if not table.edits:
        return table
    edits = {(edit.document, edit.column): edit.value for edit in table.edits}

    def cells(row: TableRow) -> tuple[TableCell, ...]:
        values = [edits.get((row.document, at)) for at in range(len(row.cells))]
        pairs = list(zip(row.cells, values, strict=True))
        is_sum_changed = any(value is not None and cell.note in _SUMS for cell, value in pairs)
        shown = list[TableCell]()
        for cell, value in pairs:
            if value is not None:
                shown.append(edited(cell, value))
            elif is_sum_changed and cell.note in _SUMS:
                shown.append(changed(cell, note=""))
            else:
                shown.append(cell)
        return tuple(shown)

    return changed(table, rows=tuple(changed(row, cells=cells(row)) for row in table.rows))


def edited(cell: TableCell, value: str) -> TableCell:
    return changed(
        cell, value=value, flag=Flag.NONE, origin=PERSON, edited=True, number=None, unit="", date="", note="",
        others=(), finding=None,
    )  # fmt: skip


def reshaped(table: Table, columns: Sequence[Column], edits: Sequence[Edit] | None = None) -> Table:
    """Return a table with other columns. Cells of new columns are open. `edits` None: those of columns that stay."""
    places = [table.columns.index(column) if column in table.columns else None for column in columns]
    now = {old: at for at, old in enumerate(places) if old is not None}
    if edits is None:
        edits = [changed(edit, column=now[edit.column]) for edit in table.edits if edit.column in now]
    checks = tuple(changed(check, column=now[check.column]) for check in table.checks if check.column in now)
    opened = TableCell(flag=Flag.OPEN)
    rows = [
        changed(row, cells=tuple(opened if old is None else row.cells[old] for old in places)) for row in table.rows
    ]
    is_done = table.is_done and None not in places
    return changed(table, columns=tuple(columns), rows=tuple(rows), edits=tuple(edits), checks=checks, is_done=is_done)


def with_rows_for(table: Table, documents: Sequence[DocumentRecord], *, is_over: bool) -> Table:
    """Return a table with a row for each of its documents, in their order, also for those that were never reached.

    `is_over`: nothing looks for the open cells any more, so they were not read.
    """
    empty = TableCell(flag=Flag.UNREAD if is_over else Flag.OPEN)
    there = {row.source for row in table.rows}
    cells = (empty,) * len(table.columns)
    rows = [
        changed(row, cells=tuple(empty if cell.flag is Flag.OPEN else cell for cell in row.cells)) for row in table.rows
    ]
    rows += [
        TableRow(document.id, document.name, str(document.info.get("page_kind", "page")), cells, Coverage(0, 0, 0, 0))
        for document in documents
        if document.id not in there
    ]
    return changed(table, rows=in_order(rows, [document.id for document in documents]))


def in_order(rows: Iterable[TableRow], documents: Sequence[str]) -> tuple[TableRow, ...]:
    """Return rows in the order of their documents. Those of other documents come last."""
    places = {document: at for at, document in enumerate(documents)}
    return tuple(sorted(rows, key=lambda row: places.get(row.source, len(places))))


def place_words(cell: TableCell, page_kind: str = "page") -> str:
    """Return where a cell's value is, in words: "p. 3", "section 2". Empty if it has no place."""
    return f"{page_sign(page_kind)} {cell.page}" if cell.page else ""


def doubts_of(table: Table) -> list[tuple[str, str, str]]:
    """Return the doubtful cells as (document, column, reason)."""
    return [
        (row.name, column.name, doubt_words(cell))
        for row in table.rows
        for column, cell in zip(table.columns, row.cells, strict=True)
        if cell.flag in DOUBTFUL
    ]


def origin_words(cell: TableCell) -> str:
    """Return where a value comes from, in words, if that says how far it can be trusted."""
    return _(ORIGIN_WORDS.get(cell.origin, ""))


def columns_with(table: Table, flag: Flag, rows: Sequence[TableRow]) -> list[str]:
    """Return the names of the columns in which a cell of these rows has a flag."""
    found = {at for row in rows for at, cell in enumerate(row.cells) if cell.flag is flag}
    return [_(table.columns[at].name) for at in sorted(found)]


def unasked_words(table: Table) -> str:
    """Return what a model would look for that none was asked for, in a sentence, or ""."""
    columns = ", ".join(columns_with(table, Flag.UNASKED, table.rows))
    return _("A model of about 1B or more would fill: {columns}.").format(columns=columns) if columns else ""


def gaps_in(table: Table) -> tuple[str, ...]:
    """Return for which columns of which documents the model failed. Their empty cells mean nothing."""
    gaps = [(row.name, columns_with(table, Flag.UNREAD, [row])) for row in table.rows if row.coverage.pages_read]
    words = _("{name}: no answer of the model could be used for {columns}, so that is empty.")
    return tuple(words.format(name=name, columns=", ".join(columns)) for name, columns in gaps if columns)


def doubt_words(cell: TableCell) -> str:
    """Return what is doubtful about a cell; of an e-invoice, what its page and its XML say."""
    if cell.finding is not None:
        from slmdesk.claims.einvoices import Finding, finding_words  # late: all that compares them

        finding = stored_from(Finding, cell.finding)
        if finding is not None:
            return finding_words(finding)
    if cell.flag in (Flag.DIFFERS, Flag.UNSOUND):  # a table of before has the words themselves
        return cell.note.partition("\n")[0]
    return flag_words(cell.flag)


def note_words(cell: TableCell) -> str:
    """Return what is noted about a cell; of an e-invoice, what is wrong, where it stands and what else it says."""
    also = [_("also {value}").format(value=value) for value in cell.others]
    note = "; ".join([_(cell.note), *also])
    if cell.finding is None:
        return note
    return f"{doubt_words(cell)}\n{note}"


def certainty_words(cell: TableCell) -> str:
    return _("{share:.0%} certain").format(share=cell.certainty) if cell.certainty and not cell.edited else ""


def value_words(column: Column, cell: TableCell) -> str:
    """Return a cell's value as people read it: words of the program, such as a label, in the chosen language."""
    is_ours = column.kind is ColumnKind.LABEL or (column.name == LANGUAGE and not cell.page)
    return _(cell.value) if is_ours else cell.value
