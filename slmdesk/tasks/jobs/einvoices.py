"""What is wrong with the e-invoices of a document: against its pages, in themselves, and against earlier ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slmdesk.base.documents import DocumentInfo
from slmdesk.base.einvoices import EInvoice
from slmdesk.base.protocol import lenient_from
from slmdesk.base.records import DocumentRecord
from slmdesk.claims.einvoices import Finding, compared, new_accounts, unsound
from slmdesk.history.store import Store

MOST_PAGES = 100
"""Most pages that are compared. What is to be paid stands on the first or the last of few."""
MOST_EARLIER = 100
"""Most documents that are looked at for earlier invoices of a seller."""


def findings_of(store: Store, record: DocumentRecord) -> Sequence[Finding]:
    """Return what is wrong, the sure things first. Service thread."""
    found = list[Finding]()
    for invoice in _invoices(record):
        found += compared(invoice, store.pages.of_document(record.id, limit=MOST_PAGES))
        found += unsound(invoice)
        found += new_accounts(invoice, [*_earlier(store, invoice)])
    return sorted(dict.fromkeys(found), key=lambda finding: not finding.is_sure)


def _invoices(record: DocumentRecord) -> Sequence[EInvoice]:
    return lenient_from(DocumentInfo, record.info, format="", pages=0).einvoices


def _earlier(store: Store, invoice: EInvoice) -> Iterator[EInvoice]:
    """Yield invoices of an earlier day and the same seller, known by the VAT number, else by the name."""
    term = "seller.vat" if invoice.one("seller.vat") else "seller.name"
    seller, day = _said(invoice, term), _said(invoice, "invoice.date")
    for record in store.documents.with_fact(seller, MOST_EARLIER):
        for other in _invoices(record):
            if _said(other, term) == seller and _said(other, "invoice.date") < day:
                yield other


def _said(invoice: EInvoice, term: str) -> str:
    field = invoice.one(term)
    return field.value if field else ""
