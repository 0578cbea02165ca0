"""Finds cells by rule: what kind of value stands where, and what the words around it say it is.  Pure.

Where the rules are sure, no model is asked; where they are not, they give what the model may choose from; where the
document has nothing of the kind, the cell is empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

from slmdesk.base.documents import Page
from slmdesk.base.record import Record, changed
from slmdesk.tables.clauses import EARLIER, HEADINGS, OPEN_ENDED, THEIRS
from slmdesk.tables.crosschecks import CENT, SUM, row_of_sums, sums_of
from slmdesk.tables.cues import OTHER, Said, Strength, cues_of
from slmdesk.tables.days import Value, key_of, said_of_day
from slmdesk.tables.grounding import cell_at, label_of
from slmdesk.tables.labels import Labels
from slmdesk.tables.layout import Line, heading_above, lines_of, without_marks
from slmdesk.tables.parties import Party, customer_of, parties_of, seller_of
from slmdesk.tables.places import PageTexts, Place
from slmdesk.tables.prompts import presets
from slmdesk.tables.types import Column, ColumnKind, TableCell
from slmdesk.tables.wording import laws_of, notices_of, numbers_of_invoice, subjects_of
from slmdesk.text.candidates.values import find_amounts, find_days, find_ibans
from slmdesk.text.words.folding import fold

MOST_PAGES = 30
"""Read by rule; a paper of which cells are wanted says them at its beginning."""
MOST_LINES, MOST_LINE = 1200, 1500
"""Lines, and characters of one: what is longer is no line of a paper, and would take long."""
MOST_VALUES = 120
MOST_OPTIONS = 9
ORIGIN = "rule"
PARTIES = ("seller", "customer", "first_party", "second_party")
MOST_BEFORE = 240
_LITTLE = re.compile(r"\W*(?:(?:del|vom|du|of|dated|de|le|am|den|on|il|el)\W+)?")
_BASE = re.compile(
    r"(?:\d ?% ?(?:of|von|de|del|di|on)|(?:vat|tax|mwst|ust|umsatzsteuer|tva|iva)\.? ?(?:\(?\d+ ?%\)? )?(?:on|auf|"
    r"aus|sur|sobre|su))\W*$",
    re.IGNORECASE,
)
"""Before an amount of which the tax is taken."""
_BOTH = {ColumnKind.DATE: "date", ColumnKind.AMOUNT: "amount", ColumnKind.NUMBER: "amount"}


class Target(Record):
    paper: str
    role: str


@dataclass(slots=True)
class ByRule:
    cells: dict[int, TableCell] = field(default_factory=dict)
    options: dict[int, tuple[TableCell, ...]] = field(default_factory=dict)
    """For columns that stay open the values that they may have; none: the document has nothing of the kind."""
    amounts: tuple[TableCell, ...] = ()
    """All of the document, where an invoice is read."""


class Rules:
    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._targets = [target_of(one) for one in columns]
        self._labels = Labels(columns)
        self._pages: list[Page] = []
        self._lines: list[Line] = []
        self._language = ""

    def feed(self, page: Page, language: str) -> None:
        plain = without_marks(page)
        lines: list[Line] = []
        if len(self._pages) < MOST_PAGES and plain.text:
            self._language = self._language or language
            self._pages.append(plain)
            room = MOST_LINES - len(self._lines)
            lines = [one for one in lines_of(plain) if len(one.text) <= MOST_LINE][:room]
            self._lines += lines
        self._labels.feed(plain, language, lines)

    def result(self) -> ByRule:
        found = ByRule(dict(self._labels.cells))
        if not self._lines:
            return found
        pages = PageTexts(self._pages, self._language)
        values = {one: self._values(one, pages) for one in ("date", "amount")}
        self._by_words(found, values)
        self._by_place(found, pages)
        if any(one is not None and one.paper == "invoice" for one in self._targets):
            self._by_sum(found, values["amount"])
            found.amounts = tuple(one.cell for one in values["amount"].get("invoice", ()))
        self._open(found, values, pages)
        return found

    # ---- days and amounts

    def _values(self, kind: str, pages: PageTexts) -> dict[str, list[Value]]:
        papers = {one.paper for one in self._targets if one is not None}
        return {paper: self._values_of(paper, kind, pages) for paper in papers if cues_of(paper, kind)}

    def _values_of(self, paper: str, kind: str, pages: PageTexts) -> list[Value]:
        cues = cues_of(paper, kind)
        assert cues is not None
        spans_of: Callable[[str, str], list[tuple[int, int]]] = find_days if kind == "date" else find_amounts
        column = ColumnKind.DATE if kind == "date" else ColumnKind.AMOUNT
        found: list[Value] = []
        for at, line in enumerate(self._lines):
            if len(found) >= MOST_VALUES:
                break
            last = 0
            for start, end in spans_of(line.text, self._language):
                before, after = _around(self._lines, at, start, end, last)
                said = Said(OTHER, Strength.NEAR) if _BASE.search(before) else cues.read(before, after)
                if paper == "contract" and EARLIER.search(fold(line.text[slice(*line.sentence(start))])):
                    said = Said(OTHER, Strength.NEAR)
                elif kind == "date":
                    said = said_of_day(paper, said, line, (start, end), before, found)
                cell = cell_at(column, _place(line, start, end), pages, origin=ORIGIN)
                if kind == "date" or cell.number is not None:
                    found.append(Value(line, start, end, cell, said))
                last = end
        return found if kind == "date" else _without_columns(found)

    def _by_words(self, found: ByRule, values: Mapping[str, Mapping[str, Sequence[Value]]]) -> None:
        for at, target in enumerate(self._targets):
            kind = _BOTH.get(self._columns[at].kind)
            if target is None or kind is None or at in found.cells:
                continue
            if target.role == "ends_on" and self._is_open_ended:
                continue
            some = [one for one in values[kind].get(target.paper, ()) if one.said.role == target.role]
            cell = _surest(some, is_first=target.role == "amount") or self._below_heading(some, target.role)
            if cell is not None:
                found.cells[at] = cell

    @cached_property
    def _is_open_ended(self) -> bool:
        """Whether the document is a contract without an end; asked once all pages are there."""
        return any(OPEN_ENDED.search(fold(one.text)) for one in self._lines)

    def _below_heading(self, some: Sequence[Value], role: str) -> TableCell | None:
        """The one value of a role in the clause whose heading announces it: "§ 4 Vergütung"."""
        pattern = HEADINGS.get(role)
        below = [one for one in some if pattern and pattern.search(heading_above(self._lines, one.line))]
        best = max((one.said.strength for one in below), default=Strength.NONE)
        top = [one for one in below if one.said.strength == best]
        is_first = role == "amount"  # the sum of a clause stands before what is paid besides
        return top[0].cell if top and (is_first or len({one.key for one in top}) == 1) else None

    def _by_sum(self, found: ByRule, amounts: Mapping[str, Sequence[Value]]) -> None:
        some = amounts.get("invoice", ())
        known = {
            target.role: found.cells[at]
            for at, target in enumerate(self._targets)
            if target is not None and target.role in ("net_amount", "tax", "total") and at in found.cells
        }
        sums = sums_of([(one.cell, one.said) for one in some], known, "\n".join(one.text for one in self._lines))
        if not known and not sums:
            rows: dict[int, list[TableCell]] = {}
            for one in some:
                rows.setdefault(id(one.line), []).append(one.cell)
            sums = row_of_sums(list(rows.values()))
        for at, target in enumerate(self._targets):
            if target is not None and target.role in sums and at not in found.cells:
                found.cells[at] = sums[target.role]

    # ---- names, numbers, wording

    def _by_place(self, found: ByRule, pages: PageTexts) -> None:
        places: dict[str, list[tuple[Place, Strength]]] = {}
        papers = {one.paper for one in self._targets if one is not None}
        if "invoice" in papers:
            places["invoice_number"] = list(numbers_of_invoice(self._lines, self._language))
            places["seller"] = _of_party(seller_of(self._lines))
            places["customer"] = _of_party(customer_of(self._lines))
        if "contract" in papers:
            first, second = parties_of(self._lines)
            places |= {"first_party": _of_party(first), "second_party": _of_party(second)}
            places["subject"] = list(subjects_of(self._lines))
            places["notice_period"] = list(notices_of(self._lines))
            places["governing_law"] = list(laws_of(self._lines))
        for at, target in enumerate(self._targets):
            column = self._columns[at]
            if at in found.cells or target is None or target.role not in places:
                continue
            kind = ColumnKind.TEXT if target.role in PARTIES else column.kind
            some = [(cell_at(kind, place, pages, origin=ORIGIN), strength) for place, strength in places[target.role]]
            if target.role in ("seller", "customer") and _is_other_side(some, target.role, self._targets, found):
                continue
            cell = _one_of(some, is_first=target.role in ("governing_law", "subject"))
            if cell is not None:
                found.cells[at] = cell
        ibans = [
            cell_at(ColumnKind.TEXT, _place(line, start, end), pages, origin=ORIGIN)
            for at, line in enumerate(self._lines)
            for start, end in find_ibans(line.text)
            if not THEIRS.search(_before(self._lines, at, start))
        ]
        for at, column in enumerate(self._columns):
            if at not in found.cells and is_iban_column(column) and len({key_of(one) for one in ibans}) == 1:
                found.cells[at] = ibans[0]

    # ---- what stays open

    def _open(self, found: ByRule, values: Mapping[str, Mapping[str, Sequence[Value]]], pages: PageTexts) -> None:
        for at, column in enumerate(self._columns):
            if at in found.cells:
                continue
            target = self._targets[at]
            used = {key_of(cell) for other, cell in found.cells.items() if self._columns[other].kind is column.kind}
            if is_iban_column(column):
                found.options[at] = self._cells(lambda text: find_ibans(text), ColumnKind.TEXT, pages)
                continue
            if column.kind is ColumnKind.PERIOD or (target is not None and target.role == "notice_period"):
                found.options[at] = self._notices(pages)
                continue
            kind = _BOTH.get(column.kind)
            if kind is None or target is None or column.kind is ColumnKind.NUMBER:
                continue
            some = [
                one
                for one in values[kind].get(target.paper, ())
                if one.key not in used and one.said.role in ("", target.role)
            ]
            some = _without_doubles(some)
            some.sort(key=lambda one: (one.said.role != target.role, -one.said.strength))
            has_role = any(one.said.role == target.role for one in some)
            if target.paper == "invoice" and kind == "amount" and not has_role:
                some = []  # a sum is always announced
            is_without_end = target.role == "ends_on" and self._is_open_ended
            if is_without_end or (target.role in ("ends_on", "due_date") and not has_role):
                some = []
            found.options[at] = tuple(one.cell for one in some[:MOST_OPTIONS])

    def _notices(self, pages: PageTexts) -> tuple[TableCell, ...]:
        cells: dict[str, TableCell] = {}
        for place, strength in notices_of(self._lines):
            cell = cell_at(ColumnKind.TEXT, place, pages, origin=ORIGIN)
            if strength:
                cells.setdefault(key_of(cell), cell)
        return tuple(cells.values())[:MOST_OPTIONS]

    def _cells(
        self, spans_of: Callable[[str], Sequence[tuple[int, int]]], kind: ColumnKind, pages: PageTexts
    ) -> tuple[TableCell, ...]:
        cells: dict[str, TableCell] = {}
        for line in self._lines:
            for start, end in spans_of(line.text):
                cell = cell_at(kind, _place(line, start, end), pages, origin=ORIGIN)
                cells.setdefault(key_of(cell), cell)
        return tuple(cells.values())[:MOST_OPTIONS]


def _without_columns(found: Sequence[Value]) -> list[Value]:
    """Of a row with a sum for each rate of tax and the sum of them all, the last one alone is what the row says."""
    rows: dict[int, list[Value]] = {}
    for one in found:
        rows.setdefault(id(one.line), []).append(one)
    updated: dict[int, Value] = {}
    for row in rows.values():
        *parts, last = row
        role = next((one.said.role for one in row if one.said.role), "")
        is_row = len(last.line.cells) > len(row)
        if (
            len(parts) > 1
            and is_row
            and role in SUM
            and abs(sum(one.cell.number or 0 for one in parts) - (last.cell.number or 0)) < CENT
        ):
            updated |= {id(one): changed(one, said=Said(OTHER, Strength.LABEL)) for one in parts}
            updated[id(last)] = changed(last, said=Said(role, Strength.LABEL))
    return [updated.get(id(one), one) for one in found]


def _before(lines: Sequence[Line], at: int, start: int) -> str:
    above = lines[at - 1].text if at and lines[at - 1].block == lines[at].block else ""
    return fold(f"{above} {lines[at].text[:start]}")[-MOST_BEFORE:]


@cache
def _known() -> Mapping[str, Target]:
    """The columns of the presets that have rules, by their names; an invoice's also by what they are called."""
    found: dict[str, Target] = {}
    for paper in presets():
        if paper.id in ("invoice", "contract"):
            for one in paper.columns:
                target = Target(paper.id, label_of(one.name).replace(" ", "_"))
                found[label_of(one.name)] = target
                for label in one.labels if paper.id == "invoice" else ():
                    found.setdefault(label_of(label), target)
    return found


def target_of(column: Column) -> Target | None:
    return _known().get(label_of(column.name))


def is_iban_column(column: Column) -> bool:
    return column.kind is ColumnKind.IBAN or label_of(column.name) == "iban"


def _around(lines: Sequence[Line], at: int, start: int, end: int, last: int) -> tuple[str, str]:
    """The words of its sentence or row before and behind a value, from the value before it on."""
    line = lines[at]
    first, until = line.sentence(start)
    before = line.text[max(first, last) : start]
    cell = line.cell_of(start)
    is_first_of_cell = not last or (line.cells and last <= line.cells[cell][0])
    if line.head and cell < len(line.head):
        before = f"{line.head[cell]}: {before}"
    elif line.cells and cell and is_first_of_cell and _LITTLE.fullmatch(before):
        others = [line.text[slice(*one)] for one in line.cells[:cell]]
        is_name = not any(sign.isdigit() for sign in others[-1])
        before = f"{others[-1] if is_name else ' '.join(others)}: {before}"
    if not before.strip() and at and not last and len(line.cells) < 2:
        above = lines[at - 1]
        if len(above.words) <= 40 and not any(sign.isdigit() for sign in above.words) and len(above.cells) < 2:
            before = f"{above.words}: "
    return before[-MOST_BEFORE:], line.text[end : min(until, end + MOST_BEFORE)]


def _surest(some: Sequence[Value], *, is_first: bool = False) -> TableCell | None:
    best = max((one.said.strength for one in some), default=Strength.NONE)
    if best < Strength.ADJACENT:
        return None
    top = [one for one in some if one.said.strength == best]
    if len({one.key for one in top}) == 1 or (is_first and all(one.line is top[0].line for one in top)):
        return top[0].cell
    return None


def _one_of(some: Sequence[tuple[TableCell, Strength]], *, is_first: bool = False) -> TableCell | None:
    best = max((strength for _cell, strength in some), default=Strength.NONE)
    if best < Strength.ADJACENT:
        return None
    top = [cell for cell, strength in some if strength == best]
    return top[0] if is_first or len({key_of(one) for one in top}) == 1 else None


def _of_party(party: Party | None) -> list[tuple[Place, Strength]]:
    return [(party.place, party.strength)] if party is not None else []


def _is_other_side(
    some: Sequence[tuple[TableCell, Strength]], role: str, targets: Sequence[Target | None], found: ByRule
) -> bool:
    other = {"seller": "customer", "customer": "seller"}[role]
    known = [
        key_of(found.cells[at]) for at, one in enumerate(targets) if one and one.role == other and at in found.cells
    ]
    return any(key_of(cell)[:12] == one[:12] for cell, _strength in some for one in known)


def _without_doubles(some: Sequence[Value]) -> list[Value]:
    found: dict[str, Value] = {}
    for one in sorted(some, key=lambda one: -one.said.strength):
        found.setdefault(one.key, one)
    return list(found.values())


def _place(line: Line, start: int, end: int) -> Place:
    return Place(line.page, line.start + start, line.start + end)
