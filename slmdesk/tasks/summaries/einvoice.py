"""What an e-invoice asks for, told exactly from its fields: who wants how much until when, to which account. Before it
stands what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slmdesk.base.einvoices import EInvoice, InvoiceField
from slmdesk.base.texts import _, cut
from slmdesk.claims.einvoices import Finding, finding_words
from slmdesk.claims.types import Mark
from slmdesk.documents.types import info_of
from slmdesk.tasks.summaries.linking import Piece, Point, SingleText

FORMAT = "einvoice"
"""The format of a document that is an e-invoice, and no PDF with one inside."""
_CREDITS = ("381", "396", "TD04")
"""Codes of the kinds that give money back."""
MOST_TERMS = 120
"""Most characters of terms of payment that are told where no day is named."""
_LEAST_LETTERS = 4
"""A shorter value may stand anywhere on a page."""


def told(text: SingleText, pieces: Sequence[Piece], findings: Sequence[Finding]) -> list[Point]:
    """Return a sentence for each finding and each invoice, linked with the pieces that have its values."""
    here = [at for at in text.pieces if not pieces[at].is_heading]
    points = [_warning(finding, here, pieces) for finding in findings if here]
    for invoice in info_of(text.record).einvoices if here else ():
        fields = [*_fields(invoice)]
        links = [at for at in here if any(_stands(field, pieces[at]) for field in fields)]
        points.append(Point(_sentence(invoice), tuple(links or here[:1])))
    return points


def _warning(finding: Finding, here: Sequence[int], pieces: Sequence[Piece]) -> Point:
    words = finding_words(finding)
    start = words.rfind(finding.value)
    mark = Mark(finding.kind, finding.value, start, start + len(finding.value), finding.evidence)
    links = [at for at in here if pieces[at].page == finding.page and finding.start in _range(pieces[at])]
    return Point(words, tuple(links or here[:1]), (mark,))


def _range(piece: Piece) -> range:
    return range(piece.start, piece.end)


def _sentence(invoice: EInvoice) -> str:
    said = {field.term: field.shown for field in _fields(invoice)}
    amount = said.get("total.due") or said.get("total.gross", "?")
    kind = invoice.one("invoice.type")
    asks = _("{seller} asks {buyer} for {amount}")
    if kind and kind.value in _CREDITS:
        asks = _("{seller} gives {buyer} a credit of {amount}")
    parts = [asks.format(seller=said.get("seller.name", "?"), buyer=said.get("buyer.name", "?"), amount=amount)]
    when = ("invoice.due", _("due on {value}")) if "invoice.due" in said else ("terms.text", _("terms: {value}"))
    for term, words in (when, ("payment.iban", _("to the account {value}"))):
        if values := dict.fromkeys(cut(field.shown, MOST_TERMS).rstrip(".") for field in invoice.every(term)):
            parts.append(words.format(value=" / ".join(values)))
    number, day = said.get("invoice.number", "?"), said.get("invoice.date", "?")
    return _("{words} (invoice {number} of {day}).").format(number=number, day=day, words=", ".join(parts))


def _fields(invoice: EInvoice) -> Iterator[InvoiceField]:
    for term in ("invoice.number", "invoice.date", "seller.name", "buyer.name", "total.due", "total.gross"):
        if field := invoice.one(term):
            yield field
    for term in ("invoice.due", "payment.iban"):
        yield from invoice.every(term)


def _stands(field: InvoiceField, piece: Piece) -> bool:
    if field.page:
        return field.page == piece.page and piece.start <= field.start < piece.end
    words = "".join(field.value.split())
    return len(words) >= _LEAST_LETTERS and words in "".join(piece.text.split())
