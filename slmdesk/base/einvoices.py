"""The record of an e-invoice, in the terms of EN 16931: what its XML says, each value with its place in the XML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from slmdesk.base.record import Record

_ROOT = re.compile(
    rb"(?>\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*)"  # atomic: comments can be parted in one way alone
    rb"<(?:[\w.-]+:)?(?:CrossIndustry(?:Invoice|Document)|Invoice|CreditNote|FatturaElettronica)\s[^>]*"
    rb"(?:uncefact:data:standard|urn:ferd:|specification:ubl:schema|agenziaentrate\.gov|fatturapa\.gov)",
    re.DOTALL | re.IGNORECASE,
)
"""Matches the root element of an e-invoice."""
EINVOICE_HEAD_BYTES = 16 << 10
_NUMBER = re.compile(r"[-+]?[0-9]{1,20}(?:\.[0-9]{1,30})?")


class InvoiceField(Record, omit_defaults=True):
    term: str
    """Section and name, as in children/formats/einvoices.toml: `invoice.number`, `seller.name`, `line.net` …"""
    value: str
    """As it is written, but a day in ISO 8601 and a number with a point and without zeros at its end."""
    shown: str
    """The value as people read it, in the language in which the document was read."""
    path: str = ""
    """Where it stands in the XML, without prefixes: /Invoice/LegalMonetaryTotal/PayableAmount."""
    line: int = 0
    """Line of the XML file."""
    row: int = 0
    """Number of the invoice's line, tax, account … that it belongs to, from 1; 0 for what stands once."""
    unit: str = ""
    """Currency, unit of the quantity, or scheme of the number."""
    page: int = 0
    start: int = 0
    end: int = 0
    """Where it is shown if the XML itself was opened, in characters of the page. Page 0: it stands beside a PDF."""

    @property
    def number(self) -> float | None:
        return float(self.value) if _NUMBER.fullmatch(self.value) else None

    @property
    def day(self) -> str:
        """The value in ISO 8601, or "" if it is no day."""
        try:
            return date.fromisoformat(self.value).isoformat()
        except ValueError:
            return ""

    @property
    def place(self) -> str:
        return f"XML {self.line}: {self.path}"


class EInvoice(Record):
    syntax: str
    """Key in children/formats/einvoices.toml: cii, ubl, fatturapa."""
    fields: tuple[InvoiceField, ...]

    def every(self, term: str, row: int | None = None) -> Sequence[InvoiceField]:
        return [field for field in self.fields if field.term == term and row in (None, field.row)]

    def one(self, term: str, row: int | None = None) -> InvoiceField | None:
        """Return the field, or None if the XML does not have it or has several that say different things."""
        fields = self.every(term, row)
        return fields[0] if len({field.value for field in fields}) == 1 else None

    def rows(self, section: str) -> Sequence[int]:
        """Return the numbers of the rows of a repeated section, such as `line`."""
        return sorted({field.row for field in self.fields if field.term.startswith(f"{section}.")})


def is_einvoice(head: bytes) -> bool:
    """Return whether a file that begins so is XML whose root is that of an e-invoice, in any encoding."""
    return _ROOT.match(head.lstrip(b"\xef\xbb\xbf\xff\xfe").replace(b"\0", b"")) is not None
