"""Compares what the pages of a PDF show with its e-invoice, and the e-invoice with itself. Pure functions.

People read the pages and programs pay what the XML says, so a forger changes one of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from difflib import get_close_matches
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from slmdesk.base.documents import Page, PageStatus
from slmdesk.base.einvoices import EInvoice, InvoiceField
from slmdesk.base.record import Record
from slmdesk.base.texts import N_, _
from slmdesk.claims.types import DIFFERS, UNSOUND
from slmdesk.claims.values import packed
from slmdesk.text.checks.names import LEGAL_FORM
from slmdesk.text.checks.numbers import (
    find_amounts,
    find_codes,
    find_dates,
    find_days,
    find_ibans,
    find_numbers,
    is_iban,
)
from slmdesk.text.folding import fold


class Alarm(StrEnum):
    """What is wrong. SENTENCES are for people."""

    DIFFERS = "differs"
    MISSING = "missing"
    SUM = "sum"
    CHECK_DIGITS = "check_digits"
    NEW_ACCOUNT = "new_account"


class Finding(Record, omit_defaults=True):
    alarm: Alarm
    term: str
    """What it is about, as in InvoiceField: `total.due`, `payment.iban` …"""
    value: str
    """What the e-invoice says, as people read it."""
    evidence: str = ""
    """What speaks against it: what the page shows instead, what the parts of a sum make, or earlier accounts."""
    source: str = ""
    """Where `value` stands in the XML."""
    page: int = 0
    start: int = 0
    end: int = 0
    """Where `evidence` stands, in characters of the page. Page 0: nowhere."""
    is_sure: bool = False
    """Whether nothing but a forgery or a fault of the sender explains it."""

    @property
    def kind(self) -> str:
        """The kind of its marks."""
        return DIFFERS if self.is_sure else UNSOUND


TERMS: Mapping[str, str] = {
    "invoice.number": N_("Invoice number"), "invoice.date": N_("Invoice date"), "seller.name": N_("Seller"),
    "buyer.name": N_("Customer"), "total.lines": N_("Sum of the lines"), "total.net": N_("Net amount"),
    "total.gross": N_("Total"), "total.due": N_("Amount to pay"), "payment.iban": N_("IBAN"),
}  # fmt: skip
SENTENCES: Mapping[Alarm, str] = {
    Alarm.DIFFERS: N_("{name}: {there} on the page, {said} in the e-invoice."),
    Alarm.MISSING: N_("{name}: {said} in the e-invoice, which is not on the page."),
    Alarm.SUM: N_("{name}: {said} in the e-invoice, but its parts make {there}."),
    Alarm.CHECK_DIGITS: N_("{name}: {said} has wrong check digits."),
    Alarm.NEW_ACCOUNT: N_("{name}: {said}, but earlier invoices of this seller have {there}."),
}


def finding_words(finding: Finding) -> str:
    name = _(TERMS[finding.term])
    return _(SENTENCES[finding.alarm]).format(name=name, said=finding.value, there=finding.evidence)


# The pages and the XML


class _Shown(NamedTuple):
    """A value on a page."""

    page: int
    start: int
    end: int
    words: str


class _Kind(NamedTuple):
    stands: Callable[[str, str], bool]
    """Whether the value of a field stands in a text, in any writing."""
    spans: Callable[[str], Sequence[tuple[int, int]]]
    """Where a text has values of the kind."""
    keys: Callable[[str], Set[str]]
    """What the words of a value may mean."""
    rank: Callable[[_Shown], float] | None
    """The highest is told where nothing is alike. None: nothing is."""


def compared(invoice: EInvoice, pages: Sequence[Page]) -> tuple[Finding, ...]:
    """Return what the pages show otherwise than the XML.

    What they do not show at all is no difference, nor is what the XML says as something else: a number of a contract
    is no other number of the invoice.
    """
    texts = {page.number: _seen(page) for page in pages}
    text = "\n".join(texts.values())
    is_clear = {page.reason for page in pages} <= {"", PageStatus.EMPTY.value}  # not read off a picture
    findings = list[Finding]()
    for field in invoice.fields:
        kind = _KINDS.get(field.term)
        if kind is None or kind.stands(field.value, text):  # as all do on pages that are made of the XML
            continue
        shown, others = _shown(invoice, kind, texts)
        other = _nearest(kind, field.value, others if kind.rank else shown)
        if other in others or (kind.rank is None and other is None and shown):
            findings.append(_difference(field, other, is_sure=is_clear))
    return tuple(dict.fromkeys(findings))


def _shown(invoice: EInvoice, kind: _Kind, texts: Mapping[int, str]) -> tuple[list[_Shown], list[_Shown]]:
    """Return the values of a kind on the pages, and those among them that the XML says nowhere."""
    shown = [_Shown(page, *span, text[slice(*span)]) for page, text in texts.items() for span in kind.spans(text)]
    known = {key for field in invoice.fields if field.term != _REFERENCE for key in kind.keys(field.value)}
    return shown, [value for value in shown if known.isdisjoint(kind.keys(value.words))]


_REFERENCE = "payment.reference"
"""Mostly the number of the invoice, so it does not tell that a number on a page is another one."""


def _nearest(kind: _Kind, value: str, shown: Sequence[_Shown]) -> _Shown | None:
    """Return what is shown instead of a value: what is much like it, letter by letter, else the highest in rank."""
    by_key = {key: other for other in reversed(shown) for key in kind.keys(other.words)}
    for key in get_close_matches(min(kind.keys(value)), by_key, n=1):
        return by_key[key]
    return max(shown, key=kind.rank, default=None) if kind.rank else None


def _difference(field: InvoiceField, other: _Shown | None, *, is_sure: bool) -> Finding:
    if other is None:
        return Finding(Alarm.MISSING, field.term, field.shown, source=field.place, is_sure=is_sure)
    page, start, end, words = other
    there = " ".join(words.split())
    return Finding(Alarm.DIFFERS, field.term, field.shown, there, field.place, page, start, end, is_sure)


def _seen(page: Page) -> str:
    """Return the text of a page, with blanks for words that nobody sees on it."""
    text = page.text
    for block in page.blocks:
        if block.place == HIDDEN:
            text = text[: block.start] + " " * (block.end - block.start) + text[block.end :]
    return text


HIDDEN = "hidden"
"""Place of a block whose words are invisible on the page."""


def _account_stands(value: str, text: str) -> bool:
    return packed(value) in packed(text)


def _number_stands(value: str, text: str) -> bool:
    """Return whether a number stands there by itself: 42 is none of 2013-42, and R 17 is R-17."""
    parts = r"[\W_]{0,3}".join(map(re.escape, re.findall(r"[^\W_]+", value)))
    return re.search(rf"(?<![^\W_])(?<!\d[-/.,]){parts}(?![^\W_]|[-/.,]\d)", text, re.IGNORECASE) is not None


def _amount_stands(value: str, text: str) -> bool:
    """Return whether an amount stands there with its cents or a currency. That nothing is due need not stand."""
    shown = "\n".join(text[start:end] for start, end in find_amounts(text, ""))
    return _amounts(value) <= {*_amounts(shown), "0.00"}


def _day_stands(value: str, text: str) -> bool:
    return _days(value) <= _days(text)


def _name_stands(value: str, text: str) -> bool:
    """Return whether most letters of a name stand there, word by word, apart from legal forms and umlauts."""
    there = _letters(text)
    words = [*map(_letters, LEGAL_FORM.sub(" ", value).split())]
    found = filter(there.__contains__, words)
    return 2 * len("".join(found)) >= len("".join(words))


def _letters(text: str) -> str:
    return packed(re.sub("([aou])e", r"\1", fold(text)))


def _amounts(text: str) -> Set[str]:
    return {f"{abs(value):.2f}" for number in find_numbers(text) for value in number.values}


def _days(text: str) -> Set[str]:
    return {
        "{}-{:02}-{:02}".format(*day) for when in find_dates(text) for day in when.readings if None not in day
    }  # fmt: skip


def _packed(text: str) -> Set[str]:
    return {packed(text)}


def _amount(shown: _Shown) -> float:
    return max(map(float, _amounts(shown.words)))


_ACCOUNT = _Kind(_account_stands, partial(find_ibans, checked=False), _packed, lambda _shown: 0)
_AMOUNT = _Kind(_amount_stands, partial(find_amounts, language=""), _amounts, _amount)
_DAY = _Kind(_day_stands, partial(find_days, language=""), _days, lambda _shown: 0)
_NUMBER = _Kind(_number_stands, find_codes, _packed, None)
_NAME = _Kind(_name_stands, lambda text: [(0, len(text))], _packed, None)
_KINDS: Mapping[str, _Kind] = {
    "invoice.number": _NUMBER, "invoice.date": _DAY, "seller.name": _NAME, "buyer.name": _NAME,
    "total.gross": _AMOUNT, "total.due": _AMOUNT, "payment.iban": _ACCOUNT,
}  # fmt: skip


# The XML and itself


def unsound(invoice: EInvoice) -> Iterator[Finding]:
    """Yield sums that do not add up, and accounts whose check digits are wrong."""
    if _has_all_parts(invoice):
        yield from _sums(invoice)
    for field in invoice.every("payment.iban"):
        if _IBAN.fullmatch(packed(field.value)) and not is_iban(field.value):
            yield Finding(Alarm.CHECK_DIGITS, field.term, field.shown, source=field.place)


_IBAN = re.compile(r"[a-z]{2}[0-9]{2}[a-z0-9]+")
_SUMS: Mapping[str, Mapping[str, int]] = {
    "total.lines": {"line.net": 1},
    "total.net": {"total.lines": 1, "total.allowances": -1, "total.charges": 1},
    "total.gross": {"total.net": 1, "total.tax": 1},
    "total.due": {"total.gross": 1, "total.paid": -1, "total.rounding": 1},
}
"""The parts of each sum, of which the first must be there."""


def _sums(invoice: EInvoice) -> Iterator[Finding]:
    for term, parts in _SUMS.items():
        said = [sign * (field.number or 0) for part, sign in parts.items() for field in invoice.every(part)]
        for field in invoice.every(term) if invoice.every(next(iter(parts))) else ():
            if abs((field.number or 0) - sum(said)) >= LEAST_DIFFERENCE:
                there = _("{n:,.{places}f}").format(n=sum(said), places=2)
                yield Finding(Alarm.SUM, term, field.shown, f"{there} {field.unit}".rstrip(), field.place)


LEAST_DIFFERENCE = 0.015
"""From how much on a sum does not add up. A cent may come of rounding."""


def _has_all_parts(invoice: EInvoice) -> bool:
    """Return whether the sums are those of EN 16931. FatturaPA has others, extensions of the standard ("conformant")
    have more parts, and an extract that does not even name the sum of its lines has fewer.
    """
    profile = "".join(field.value for field in invoice.every("invoice.profile"))
    return invoice.syntax != "fatturapa" and "#conformant#" not in profile and bool(invoice.every("total.lines"))


def new_accounts(invoice: EInvoice, earlier: Sequence[EInvoice]) -> Iterator[Finding]:
    """Yield the accounts that no earlier invoice of the same seller had, if these had any."""
    before = {packed(field.value): field.shown for other in earlier for field in other.every("payment.iban")}
    for field in invoice.every("payment.iban"):
        if before and packed(field.value) not in before:
            yield Finding(Alarm.NEW_ACCOUNT, field.term, field.shown, ", ".join(before.values()), field.place)
