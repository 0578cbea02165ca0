"""What an e-invoice asks for, told exactly from its fields: who wants how much until when, to which account. Before it
stands what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from slmdesk.base.einvoices import EInvoice, InvoiceField
from slmdesk.base.protocol import stored_from
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.texts import _, cut
from slmdesk.claims.einvoices import Finding, finding_words
from slmdesk.claims.types import Mark
from slmdesk.documents.types import info_of
from slmdesk.tasks.summaries.linking import Piece, Point, SingleText
from slmdesk.tasks.summaries.types import Sentence, Summary

FORMAT = "einvoice"
"""The format of a document that is an e-invoice, and no PDF with one inside."""
_CREDITS = ("381", "396", "TD04")
"""Codes of the kinds that give money back."""
_ONCE = ("invoice.number", "invoice.date", "seller.name", "buyer.name", "total.due", "total.gross")
_SEVERAL = ("invoice.due", "payment.iban")
MOST_TERMS = 120
"""Most characters of terms of payment that are told where no day is named."""
_LEAST_LETTERS = 4
"""A shorter value may stand anywhere on a page."""


class Told(Record, omit_defaults=True):
    """What a sentence says: what is wrong with an invoice, or else what it asks for."""

    finding: Finding | None = None
    is_credit: bool = False
    values: Mapping[str, tuple[str, ...]] = {}
    """What is shown of the invoice, by its terms."""


def told(text: SingleText, pieces: Sequence[Piece], findings: Sequence[Finding]) -> list[Point]:
    """Return a sentence for each finding and each invoice, linked with the pieces that have its values."""
    here = [at for at in text.pieces if not pieces[at].is_heading]
    if not here:
        return []
    points = [_warning(finding, here, pieces) for finding in findings]
    for invoice in info_of(text.record).einvoices:
        fields = [*_fields(invoice)]
        links = [at for at in here if any(_stands(field, pieces[at]) for field in fields)]
        points.append(_point(_told_of(invoice), links or [here[0]]))
    return points


def _warning(finding: Finding, here: Sequence[int], pieces: Sequence[Piece]) -> Point:
    links = [at for at in here if pieces[at].page == finding.page and finding.start in _range(pieces[at])]
    return _point(Told(finding), links or [here[0]])


def _point(told: Told, links: Sequence[int]) -> Point:
    words, marks = _said(told)
    return Point(words, tuple(links), marks, told=to_json(told))


def told_anew(summary: Summary) -> Summary:
    """Return a summary whose sentences about e-invoices are in the language that is spoken."""

    def anew(sentences: Sequence[Sentence]) -> tuple[Sentence, ...]:
        return tuple(map(_told_anew, sentences))

    documents = tuple(
        changed(
            document,
            sentences=anew(document.sentences),
            omitted=anew(document.omitted),
            own_words=anew(document.own_words),
        )
        for document in summary.documents
    )
    return changed(summary, sentences=anew(summary.sentences), own_words=anew(summary.own_words), documents=documents)


def _told_anew(sentence: Sentence) -> Sentence:
    told = stored_from(Told, sentence.told)
    if told is None:
        return sentence
    words, marks = _said(told)
    return changed(sentence, text=words, flags=marks)


def _said(told: Told) -> tuple[str, tuple[Mark, ...]]:
    """Return the sentence, and what is marked in it."""
    finding = told.finding
    if finding is None:
        return _sentence(told), ()
    words = finding_words(finding)
    start = words.rfind(finding.value)
    return words, (Mark(finding.kind, finding.value, start, start + len(finding.value), finding.evidence),)


def _range(piece: Piece) -> range:
    return range(piece.start, piece.end)


def _told_of(invoice: EInvoice) -> Told:
    values = dict[str, tuple[str, ...]]()
    for term in _ONCE:
        if field := invoice.one(term):
            values[term] = (field.shown,)
    for term in (*_SEVERAL, "terms.text"):
        if fields := invoice.every(term):
            values[term] = tuple(field.shown for field in fields)
    kind = invoice.one("invoice.type")
    return Told(None, kind is not None and kind.value in _CREDITS, values)


def _sentence(told: Told) -> str:
    said = {term: values[0] for term, values in told.values.items()}
    amount = said.get("total.due") or said.get("total.gross", "?")
    asks = _("{seller} asks {buyer} for {amount}")
    if told.is_credit:
        asks = _("{seller} gives {buyer} a credit of {amount}")
    parts = [asks.format(seller=said.get("seller.name", "?"), buyer=said.get("buyer.name", "?"), amount=amount)]
    when = ("invoice.due", _("due on {value}")) if "invoice.due" in said else ("terms.text", _("terms: {value}"))
    for term, words in (when, ("payment.iban", _("to the account {value}"))):
        if values := dict.fromkeys(cut(shown, MOST_TERMS).rstrip(".") for shown in told.values.get(term, ())):
            parts.append(words.format(value=" / ".join(values)))
    number, day = said.get("invoice.number", "?"), said.get("invoice.date", "?")
    return _("{words} (invoice {number} of {day}).").format(number=number, day=day, words=", ".join(parts))


def _fields(invoice: EInvoice) -> Iterator[InvoiceField]:
    for term in _ONCE:
        if field := invoice.one(term):
            yield field
    for term in _SEVERAL:
        yield from invoice.every(term)


def _stands(field: InvoiceField, piece: Piece) -> bool:
    if field.page:
        return field.page == piece.page and piece.start <= field.start < piece.end
    words = "".join(field.value.split())
    return len(words) >= _LEAST_LETTERS and words in "".join(piece.text.split())
