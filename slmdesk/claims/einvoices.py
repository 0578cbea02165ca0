"""Compares the pages of a PDF with its e-invoice, and the e-invoice with itself.

People read the pages and programs pay what the XML says, so a forger changes one of
them. Pure functions.
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
from slmdesk.base.text.folding import fold
from slmdesk.base.texts import N_, _
from slmdesk.claims.finders.names import LEGAL_FORM
from slmdesk.claims.finders.numbers import (
    find_amounts,
    find_codes,
    find_dates,
    find_days,
    find_ibans,
    find_numbers,
    is_iban,
)
from slmdesk.claims.types import DIFFERS, UNSOUND
from slmdesk.claims.values import packed


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
    """What speaks against it.

    What the page shows instead, what the parts of a sum make, or the accounts of
    earlier invoices.
    """
    source: str = ""
    """Where `value` is in the XML."""
    page: int = 0
    start: int = 0
    end: int = 0
    """Where `evidence` is, in characters of the page. Page 0: nowhere."""
    is_sure: bool = False
    """Whether nothing but a forgery or a fault of the sender explains it."""

    @property
    def kind(self) -> str:
        """The kind of its marks."""
        if self.is_sure:
            return DIFFERS
        return UNSOUND


TERMS: Mapping[str, str] = {
    "invoice.number": N_("Invoice number"),
    "invoice.date": N_("Invoice date"),
    "seller.name": N_("Seller"),
    "buyer.name": N_("Customer"),
    "total.lines": N_("Sum of the lines"),
    "total.net": N_("Net amount"),
    "total.gross": N_("Total"),
    "total.due": N_("Amount to pay"),
    "payment.iban": N_("IBAN"),
}
SENTENCES: Mapping[Alarm, str] = {
    Alarm.DIFFERS: N_("{name}: {there} on the page, {said} in the e-invoice."),
    Alarm.MISSING: N_("{name}: {said} in the e-invoice, which is not on the page."),
    Alarm.SUM: N_("{name}: {said} in the e-invoice, but its parts make {there}."),
    Alarm.CHECK_DIGITS: N_("{name}: {said} has wrong check digits."),
    Alarm.NEW_ACCOUNT: N_(
        "{name}: {said}, but earlier invoices of this seller have {there}."
    ),
}


def finding_words(finding: Finding) -> str:
    name = _(TERMS[finding.term])
    sentence = _(SENTENCES[finding.alarm])
    return sentence.format(name=name, said=finding.value, there=finding.evidence)


# The pages and the XML


class _Shown(NamedTuple):
    """A value on a page."""

    page: int
    start: int
    end: int
    text: str


class _Kind(NamedTuple):
    is_in: Callable[[str, str], bool]
    """Whether a text has the value of a field, in any writing."""
    spans: Callable[[str], Sequence[tuple[int, int]]]
    """Where a text has values of the kind."""
    keys: Callable[[str], Set[str]]
    """What the words of a value may mean."""
    rank: Callable[[_Shown], float] | None
    """The highest is named where nothing is alike. None: nothing is."""


def compared(invoice: EInvoice, pages: Sequence[Page]) -> tuple[Finding, ...]:
    """Return what the pages show otherwise than the XML.

    What they do not show at all is no difference, nor is what the XML says as something
    else: a number of a contract is no other number of the invoice.
    """
    texts = {page.number: _visible(page) for page in pages}
    text = "\n".join(texts.values())
    # no page was read off a picture: that would be a reason
    is_clear = {page.reason for page in pages} <= {"", PageStatus.EMPTY.value}
    findings = list[Finding]()
    for field in invoice.fields:
        kind = _KINDS.get(field.term)
        # on pages that are made of the XML, all values are found here
        if kind is None or kind.is_in(field.value, text):
            continue
        shown = _shown(kind, texts)
        known = _keys_of(invoice, kind)
        unknown = [other for other in shown if known.isdisjoint(kind.keys(other.text))]
        if kind.rank is None:
            match = _match(kind, field.value, shown)
            is_missing = match is None and bool(shown)
        else:
            match = _match(kind, field.value, unknown)
            is_missing = False
        if match in unknown or is_missing:
            findings.append(_difference(field, match, is_sure=is_clear))
    return tuple(dict.fromkeys(findings))


def _shown(kind: _Kind, texts: Mapping[int, str]) -> list[_Shown]:
    """Return the values of a kind on the pages."""
    shown = list[_Shown]()
    for page, text in texts.items():
        for start, end in kind.spans(text):
            shown.append(_Shown(page, start, end, text[start:end]))
    return shown


def _keys_of(invoice: EInvoice, kind: _Kind) -> set[str]:
    """Return what the values of the XML may mean, read as values of a kind."""
    fields = [field for field in invoice.fields if field.term != _REFERENCE]
    return set[str]().union(*(kind.keys(field.value) for field in fields))


_REFERENCE = "payment.reference"
"""Mostly the number of the invoice.

So it does not tell that a number on a page is another one.
"""


def _match(kind: _Kind, value: str, shown: Sequence[_Shown]) -> _Shown | None:
    """Return what is shown instead of a value.

    It is much like it, letter by letter, else the highest in rank.
    """
    by_key = dict[str, _Shown]()
    for other in reversed(shown):  # of two alike the first is kept
        by_key |= dict.fromkeys(kind.keys(other.text), other)
    alike = get_close_matches(min(kind.keys(value)), by_key, n=1)
    if alike:
        return by_key[alike[0]]
    if kind.rank is None:
        return None
    return max(shown, key=kind.rank, default=None)


def _difference(field: InvoiceField, shown: _Shown | None, *, is_sure: bool) -> Finding:
    if shown is None:
        return Finding(
            Alarm.MISSING, field.term, field.shown, source=field.place, is_sure=is_sure
        )
    return Finding(
        Alarm.DIFFERS,
        field.term,
        field.shown,
        " ".join(shown.text.split()),
        field.place,
        shown.page,
        shown.start,
        shown.end,
        is_sure,
    )


def _visible(page: Page) -> str:
    """Return the text of a page, with blanks for words that nobody sees on it."""
    text = page.text
    for block in page.blocks:
        if block.place == HIDDEN:
            blanks = " " * (block.end - block.start)
            text = text[: block.start] + blanks + text[block.end :]
    return text


HIDDEN = "hidden"
"""Place of a block whose words are invisible on the page."""


def _has_account(value: str, text: str) -> bool:
    return packed(value) in packed(text)


def _has_number(value: str, text: str) -> bool:
    """Return whether a text has a number by itself.

    42 is none of 2013-42, and R 17 is R-17.
    """
    parts = r"[\W_]{0,3}".join(map(re.escape, re.findall(r"[^\W_]+", value)))
    pattern = rf"(?<![^\W_])(?<!\d[-/.,]){parts}(?![^\W_]|[-/.,]\d)"
    return re.search(pattern, text, re.IGNORECASE) is not None


def _has_amount(value: str, text: str) -> bool:
    """Return whether a text has an amount with its cents or a currency.

    That nothing is due need not be there.
    """
    shown = "\n".join(text[start:end] for start, end in find_amounts(text, ""))
    return _amounts(value) <= {*_amounts(shown), "0.00"}


def _has_day(value: str, text: str) -> bool:
    return _days(value) <= _days(text)


def _has_name(value: str, text: str) -> bool:
    """Return whether a text has most letters of a name, word by word.

    Apart from legal forms and umlauts.
    """
    letters = _letters(text)
    words = [_letters(word) for word in LEGAL_FORM.sub(" ", value).split()]
    found = [word for word in words if word in letters]
    return 2 * len("".join(found)) >= len("".join(words))


def _letters(text: str) -> str:
    return packed(re.sub("([aou])e", r"\1", fold(text)))


def _amounts(text: str) -> Set[str]:
    return {
        f"{abs(value):.2f}" for number in find_numbers(text) for value in number.values
    }


def _days(text: str) -> Set[str]:
    return {
        "{}-{:02}-{:02}".format(*day)
        for mention in find_dates(text)
        for day in mention.readings
        if None not in day
    }


def _packed(text: str) -> Set[str]:
    return {packed(text)}


def _whole(text: str) -> Sequence[tuple[int, int]]:
    return [(0, len(text))]


def _highest_amount(shown: _Shown) -> float:
    return max(map(float, _amounts(shown.text)))


def _no_rank(_value: _Shown) -> float:
    """The first on the pages is the highest then."""
    return 0.0


_ACCOUNT = _Kind(_has_account, partial(find_ibans, checked=False), _packed, _no_rank)
_AMOUNT = _Kind(
    _has_amount, partial(find_amounts, language=""), _amounts, _highest_amount
)
_DAY = _Kind(_has_day, partial(find_days, language=""), _days, _no_rank)
_NUMBER = _Kind(_has_number, find_codes, _packed, None)
_NAME = _Kind(_has_name, _whole, _packed, None)
_KINDS: Mapping[str, _Kind] = {
    "invoice.number": _NUMBER,
    "invoice.date": _DAY,
    "seller.name": _NAME,
    "buyer.name": _NAME,
    "total.gross": _AMOUNT,
    "total.due": _AMOUNT,
    "payment.iban": _ACCOUNT,
}


# The XML and itself


def unsound(invoice: EInvoice) -> Iterator[Finding]:
    """Yield sums that do not add up, and accounts whose check digits are wrong."""
    if _has_all_parts(invoice):
        yield from _sums(invoice)
    for field in invoice.every("payment.iban"):
        if _IBAN.fullmatch(packed(field.value)) and not is_iban(field.value):
            yield Finding(
                Alarm.CHECK_DIGITS, field.term, field.shown, source=field.place
            )


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
        first = next(iter(parts))
        if not invoice.every(first):
            continue
        expected = _sum_of(invoice, parts)
        shown = _("{n:,.{places}f}").format(n=expected, places=2)
        for field in invoice.every(term):
            if abs(_number(field) - expected) >= LEAST_DIFFERENCE:
                evidence = f"{shown} {field.unit}".rstrip()
                yield Finding(Alarm.SUM, term, field.shown, evidence, field.place)


def _sum_of(invoice: EInvoice, parts: Mapping[str, int]) -> float:
    expected = 0.0
    for term, sign in parts.items():
        for field in invoice.every(term):
            expected += sign * _number(field)
    return expected


def _number(field: InvoiceField) -> float:
    return field.number or 0.0


LEAST_DIFFERENCE = 0.015
"""From how much on a sum does not add up. A cent may come of rounding."""


def _has_all_parts(invoice: EInvoice) -> bool:
    """Return whether the sums are those of EN 16931.

    FatturaPA has others, extensions of the standard ("conformant") have more parts, and
    an extract that does not even name the sum of its lines has fewer.
    """
    profile = "".join(field.value for field in invoice.every("invoice.profile"))
    if invoice.syntax == "fatturapa" or "#conformant#" in profile:
        return False
    return bool(invoice.every("total.lines"))


def new_accounts(invoice: EInvoice, earlier: Sequence[EInvoice]) -> Iterator[Finding]:
    """Yield the accounts that no earlier invoice of the same seller had.

    None if these had no account.
    """
    known = dict[str, str]()
    for other in earlier:
        for field in other.every("payment.iban"):
            known[packed(field.value)] = field.shown
    accounts = ", ".join(known.values())
    for field in invoice.every("payment.iban"):
        if known and packed(field.value) not in known:
            yield Finding(
                Alarm.NEW_ACCOUNT, field.term, field.shown, accounts, field.place
            )
