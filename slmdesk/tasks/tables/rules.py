"""Cells that a document proves by itself, without a model: what stands directly behind its column's name on its line,
the only bank account, and amounts that add up. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from slmdesk.base.documents import Page
from slmdesk.base.record import changed
from slmdesk.claims.finders.numbers import find_amounts, find_ibans, find_percentages
from slmdesk.tasks.tables.cells import LISTED, cell_at, key_of, names_of, says_nothing
from slmdesk.tasks.tables.checks import CENT, SUM, adds_up, roles_of
from slmdesk.tasks.tables.layout import PageTexts, Place, without_marks
from slmdesk.tasks.tables.types import ADDS_UP, Column, ColumnKind, Flag, TableCell

MOST_PAGES = 30
"""Most pages that are read by rules. Invoices and contracts state such values at their beginning."""
MOST_SPOTS = 60
"""Most amounts of a page, and places of a label, that are looked at: a document with more proves nothing."""
MOST_LABELLED = 100
"""Most characters of a value behind a label. A longer text is a sentence in which the value is uncertain."""
WORDS = frozenset((ColumnKind.TEXT, ColumnKind.PERSON, ColumnKind.LIST, ColumnKind.PERIOD))
"""Kinds of columns whose values have no shape of their own: a colon must tell them from another label."""
_BEGINS = re.compile(r"(?:^|\n|\t| {3,}|[.;]\s)[^\w\n]*\Z")
_BESIDE = re.compile(r"\.?(?:[ \t]*\([^)\n]{0,30}\)|[ ]*\d{1,2}(?:[.,]\d+)?[ ]?%)?[ \t]*(?P<colon>:?)[ \t]*")
"""What may stand between a label and its value: a rate, a remark in brackets, a colon, a gap."""
_REST = re.compile(r"((?:(?!\t| {3,}|[.;]\s+[^\W\d_][^:.;\n]{0,40}:\s).){1,400})(?P<more>\t[\t ]*\S)?")
_OTHER_LABEL = re.compile(r"(?:^|\s)[^\W\d_]+(?:\s[^\W\d_]+)?\s?:(?:\s|$)")
_LEAD = re.compile(r"(?:[^\W\d_]{1,3}\.?|[#№:.-]|n[°º])?[ ]?", re.IGNORECASE)
"""What may stand before a value of a kind: "No. 17", "EUR 20"."""


class Rules:
    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._pages: list[Page] = []
        self._language = ""
        self.amounts: Mapping[float, TableCell] = {}
        """The amounts of the document by their numbers."""

    def feed(self, page: Page, language: str) -> None:
        if len(self._pages) < MOST_PAGES and page.text:
            self._language = self._language or language
            self._pages.append(without_marks(page))

    def result(self) -> dict[int, TableCell]:
        if not self._pages:
            return {}
        pages = PageTexts(self._pages, self._language)
        accounts, roles = _accounts(pages), roles_of(self._columns)
        self.amounts = amounts_of(pages)
        cells: dict[int, TableCell] = {}
        for at, column in enumerate(self._columns):
            behind = {key_of(cell): cell for cell in labelled(column, pages)}
            if column.kind is ColumnKind.IBAN and len(accounts) == 1:
                cells[at] = accounts[0]
            elif len(behind) == 1:
                cells[at] = next(iter(behind.values()))
        sums = {role: cells.pop(at) for role, at in roles.items() if role in SUM and at in cells}
        return cells | {roles[role]: cell for role, cell in self._proved(sums, pages).items() if role in roles}

    def _proved(self, behind: Mapping[str, TableCell], pages: PageTexts) -> Mapping[str, TableCell]:
        """Return net, tax and total. What stands behind their names is proved if it adds up; of a total it is enough
        that no amount is larger.
        """
        three = [behind[role].number or 0.0 for role in SUM if role in behind]
        if len(three) == len(SUM) and adds_up(*three):
            return {role: changed(cell, note=ADDS_UP) for role, cell in behind.items()}
        largest = max(self.amounts, default=0.0)
        total = {role: cell for role, cell in behind.items() if role == "total" and cell.number == largest}
        return sums_of(pages, self.amounts) or total


def labelled(column: Column, pages: PageTexts) -> Iterator[TableCell]:
    """Yield what stands directly behind a column's name on its line, if it is of the column's kind."""
    for name in names_of(column):
        for label in islice(pages.find(name), MOST_SPOTS):
            place = _behind(label, pages, has_shape=column.kind not in WORDS)
            cell = cell_at(column.kind, place, pages, origin="label") if place else None
            if place is None or cell is None or cell.flag is not Flag.NONE or says_nothing(cell.value):
                continue
            if column.kind is ColumnKind.LIST:
                parts = dict.fromkeys(filter(None, LISTED.split(cell.value)))
                yield changed(cell, value="; ".join(parts).rstrip("."))
            elif column.kind in WORDS or _is_certain(column.kind, cell, place, pages):
                yield cell


def _is_certain(kind: ColumnKind, cell: TableCell, place: Place, pages: PageTexts) -> bool:
    """Return whether a value is the first of what stands behind a label, no other follows, and a day has its year."""
    is_first = _LEAD.fullmatch(pages.texts[place.page], place.start, cell.start) is not None
    is_whole = kind is not ColumnKind.DATE or bool(cell.date)
    return is_first and is_whole and cell_at(kind, Place(place.page, cell.end, place.end), pages) is None


def _behind(label: Place, pages: PageTexts, *, has_shape: bool) -> Place | None:
    text = pages.texts[label.page]
    begins = _BEGINS.search(text, max(0, label.start - 40), label.start)
    gap = _BESIDE.match(text, label.end) if begins else None
    rest = _REST.match(text, gap.end()) if gap else None
    if gap is None or rest is None:
        return None
    is_row = bool(rest["more"]) and "\t" in gap[0]
    if not gap["colon"] and (is_row or not has_shape):
        return None
    words = rest[1].rstrip(" .;")
    is_sentence = len(words) > MOST_LABELLED or _OTHER_LABEL.search(words)
    return None if is_sentence else Place(label.page, gap.end(), gap.end() + len(words))


def _accounts(pages: PageTexts) -> list[TableCell]:
    """Return the accounts of a document whose check digits are right."""
    found: dict[str, TableCell] = {}
    for number, text in pages.texts.items():
        for start, end in find_ibans(text):
            if cell := cell_at(ColumnKind.IBAN, Place(number, start, end), pages, origin="rule"):
                found.setdefault(key_of(cell), cell)
    return list(found.values())


def amounts_of(pages: PageTexts) -> dict[float, TableCell]:
    amounts: dict[float, TableCell] = {}
    for number, text in pages.texts.items():
        for start, end in find_amounts(text, pages.language)[:MOST_SPOTS]:
            cell = cell_at(ColumnKind.AMOUNT, Place(number, start, end), pages, origin="rule")
            if cell and cell.number:
                amounts.setdefault(cell.number, cell)
    return amounts


def sums_of(pages: PageTexts, amounts: Mapping[float, TableCell]) -> Mapping[str, TableCell]:
    """Return net, tax and total: the only three amounts that make a sum at the rates that the document names, and none
    of its amounts is larger. {} if there are none.
    """
    rates = {rate / 100 for text in pages.texts.values() for __, rate in find_percentages(text) if 0 < rate <= 30}
    largest = max(amounts, default=0.0)
    least, most = min(rates, default=1.0), max(rates, default=0.0)
    pairs = [(net, tax) for net in amounts if net > 0 and (tax := round(largest - net, 2)) in amounts]
    fits = [(net, tax) for net, tax in pairs if net * least - CENT < tax < net * most + CENT]
    if len(fits) != 1:
        return {}
    return {role: changed(amounts[value], note=ADDS_UP) for role, value in zip(SUM, (*fits[0], largest), strict=True)}
