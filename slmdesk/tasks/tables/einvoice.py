"""The cells of a document that is an e-invoice, or has one inside: exactly what its XML says, without a model, and what
is wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.base.einvoices import EInvoice
from slmdesk.base.record import changed, to_json
from slmdesk.base.records import DocumentRecord
from slmdesk.base.text.folding import fold
from slmdesk.base.texts import _
from slmdesk.claims.einvoices import Finding
from slmdesk.documents.types import info_of
from slmdesk.tasks.tables.types import Column, ColumnKind, Flag, TableCell

ORIGIN = "e-invoice"
_TERMS = {
    "Invoice number": "invoice.number", "Invoice date": "invoice.date", "Seller": "seller.name",
    "Customer": "buyer.name", "Net amount": "total.net", "Tax": "total.tax", "Total": "total.gross",
    "Due date": "invoice.due", "IBAN": "payment.iban",
}  # fmt: skip
"""Terms of e-invoices by the columns of the preset."""
_SEVERAL = ("invoice.due", "payment.iban")
"""Terms that an invoice may rightly say several times: instalments, and accounts to choose from."""


_SHOWN_AT = {"total.due": "total.gross", "total.lines": "total.net"}
"""Terms without a column of their own, and those whose cells say what is wrong with them."""


def cells_of(
    columns: Sequence[Column], record: DocumentRecord, findings: Sequence[Finding] = ()
) -> Mapping[int, TableCell]:
    """Return the cells that a document's e-invoice decides, by the numbers of their columns. None if it holds several
    invoices, and none for what the XML does not say, or says twice differently.
    """
    invoices = info_of(record).einvoices
    if len(invoices) != 1:
        return {}
    terms = {fold(words): term for name, term in _TERMS.items() for words in (name, _(name))}
    wrong = {_SHOWN_AT.get(finding.term, finding.term): finding for finding in reversed(findings)}
    cells = {}
    for at, column in enumerate(columns):
        term = terms.get(fold(column.name), "")
        if cell := _cell(column.kind, invoices[0], term):
            cells[at] = _marked(cell, wrong[term]) if term in wrong else cell
    return cells


def _marked(cell: TableCell, finding: Finding) -> TableCell:
    """Return a cell that says what is wrong with its value, and shows what stands on the page instead."""
    cell = changed(cell, flag=Flag(finding.kind), finding=to_json(finding))
    if not finding.page:
        return cell
    return changed(cell, quote=finding.evidence, page=finding.page, start=finding.start, end=finding.end)


def _cell(kind: ColumnKind, invoice: EInvoice, term: str) -> TableCell | None:
    fields = sorted(invoice.every(term), key=lambda field: field.value) if term in _SEVERAL else []
    field = fields[0] if fields else invoice.one(term)
    if field is None:
        return None
    others = dict.fromkeys(other.shown for other in fields if other.value != field.value)
    number = field.number if kind is ColumnKind.AMOUNT else None
    day = field.day if kind is ColumnKind.DATE else ""
    is_of_kind = kind not in (ColumnKind.AMOUNT, ColumnKind.DATE) or number is not None or day
    return TableCell(
        field.shown, field.shown, field.page, field.start, field.end, Flag.NONE if is_of_kind else Flag.KIND, ORIGIN,
        number, field.unit if number is not None else "", day, note=field.place, others=tuple(others),
    )  # fmt: skip
