"""Finds cells by rules: which kind of value is where, and what the words around it call it. Pure.

If the rules are sure, no model is asked. If they are not, they give the values from which the model may choose. If the
document has no value of the kind, the cell is empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import pairwise

from slmdesk.base.documents import BlockKind, Page
from slmdesk.base.record import Record, changed
from slmdesk.tables.cells import (
    CENT,
    LISTED,
    SUM,
    cell_at,
    label_of,
    names_of,
    numbers_in,
    presets,
    row_of_sums,
    says_nothing,
    sums_of,
    widened,
)
from slmdesk.tables.layout import (
    OTHER,
    Line,
    PageTexts,
    Place,
    Said,
    Span,
    Strength,
    cues_of,
    heading_above,
    laws_of,
    lines_of,
    notices_of,
    numbers_of_invoice,
    phrase,
    subjects_of,
    without_marks,
)
from slmdesk.tables.parties import Party, customer_of, parties_of, seller_of
from slmdesk.tables.types import Column, ColumnKind, TableCell
from slmdesk.text.checks.names import LEGAL_FORM, has_address, name_span
from slmdesk.text.checks.numbers import (
    find_amounts,
    find_codes,
    find_dates,
    find_days,
    find_ibans,
    find_identifiers,
    find_periods,
)
from slmdesk.text.folding import fold

MOST_PAGES = 30
"""Most pages that are read by rules. Invoices and contracts state such values at their beginning."""
MOST_LINES, MOST_LINE = 1200, 1500
"""Most lines, and most characters of a line, to read. Longer ones belong to no usual document and would take long."""
MOST_VALUES = 120
MOST_OPTIONS = 9
ORIGIN = "rule"
PARTIES = ("seller", "customer", "first_party", "second_party")
MOST_BEFORE = 240
_LITTLE = re.compile(r"\W*(?:(?:del|vom|du|of|dated|de|le|am|den|on|il|el)\W+)?")
CUED = {ColumnKind.DATE: "date", ColumnKind.AMOUNT: "amount", ColumnKind.NUMBER: "amount"}


class Target(Record):
    paper: str
    role: str


@dataclass(slots=True)
class ByRule:
    cells: dict[int, TableCell] = field(default_factory=dict)
    options: dict[int, tuple[TableCell, ...]] = field(default_factory=dict)
    """Possible values of each undecided column. None are given if the document has no value of the kind."""
    amounts: tuple[TableCell, ...] = ()
    """All amounts of the document, if it is an invoice."""


class Rules:
    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._targets = [target_of(column) for column in columns]
        self._labels = Labels(columns)
        self._pages: list[Page] = []
        self.lines: list[Line] = []
        self._language = ""

    def feed(self, page: Page, language: str) -> None:
        plain = without_marks(page)
        lines: list[Line] = []
        if len(self._pages) < MOST_PAGES and plain.text:
            self._language = self._language or language
            self._pages.append(plain)
            room = MOST_LINES - len(self.lines)
            lines = [line for line in lines_of(plain) if len(line.text) <= MOST_LINE][:room]
            self.lines += lines
        self._labels.feed(plain, language, lines)

    def result(self) -> ByRule:
        by_rule = ByRule(dict(self._labels.cells))
        if not self.lines:
            return by_rule
        pages = PageTexts(self._pages, self._language)
        values = {kind: self._values(kind, pages) for kind in ("date", "amount")}
        self._by_words(by_rule, values)
        self._by_place(by_rule, pages)
        if any(target is not None and target.paper == "invoice" for target in self._targets):
            self._by_sum(by_rule, values["amount"])
            by_rule.amounts = tuple(value.cell for value in values["amount"].get("invoice", ()))
        self._open(by_rule, values, pages)
        return by_rule

    def _values(self, kind: str, pages: PageTexts) -> dict[str, list[Value]]:
        papers = {target.paper for target in self._targets if target is not None}
        return {paper: self.values_of(paper, kind, pages) for paper in papers if cues_of(paper, kind)}

    def values_of(self, paper: str, kind: str, pages: PageTexts) -> list[Value]:
        """Return the days or amounts, each with what the words around it call it in this kind of paper."""
        cues = cues_of(paper, kind)
        assert cues is not None
        spans_of: Callable[[str, str], list[tuple[int, int]]] = find_days if kind == "date" else find_amounts
        column = ColumnKind.DATE if kind == "date" else ColumnKind.AMOUNT
        mentions: list[Value] = []
        for at, line in enumerate(self.lines):
            if len(mentions) >= MOST_VALUES:
                break
            last = 0
            for start, end in spans_of(line.text, self._language):
                before, after = around(self.lines, at, start, end, last)
                is_rate = phrase("base").search(before) or phrase("per_area").match(after)
                said = Said(OTHER, Strength.NEAR) if is_rate else cues.read(before, after)
                if paper == "contract" and phrase("earlier").search(fold(line.text[slice(*line.sentence(start))])):
                    said = Said(OTHER, Strength.NEAR)
                elif kind == "date":
                    said = said_of_day(paper, said, line, (start, end), before, mentions)
                cell = cell_at(column, line.place(start, end), pages, origin=ORIGIN)
                if kind == "date" or cell.number is not None:
                    mentions.append(Value(line, start, end, cell, said))
                last = end
        return mentions if kind == "date" else _without_columns(mentions)

    def _by_words(self, by_rule: ByRule, values: Mapping[str, Mapping[str, Sequence[Value]]]) -> None:
        for at, target in enumerate(self._targets):
            kind = CUED.get(self._columns[at].kind)
            if target is None or kind is None or at in by_rule.cells:
                continue
            if target.role == "ends_on" and self._is_open_ended:
                continue
            some = [value for value in values[kind].get(target.paper, ()) if value.said.role == target.role]
            cell = _surest(some, is_first=target.role == "amount") or self._below_heading(some, target.role)
            if cell is not None:
                by_rule.cells[at] = cell

    @cached_property
    def _is_open_ended(self) -> bool:
        """Return whether the document is a contract without an end. It can be called once all pages are read."""
        return any(phrase("open_ended").search(fold(line.text)) for line in self.lines)

    def _below_heading(self, some: Sequence[Value], role: str) -> TableCell | None:
        """Return the only value of a role in the clause whose heading announces it ("§ 4 Vergütung"), or None."""
        pattern = HEADINGS.get(role)
        below = [value for value in some if pattern and phrase(pattern).search(heading_above(self.lines, value.line))]
        best = max((value.said.strength for value in below), default=Strength.NONE)
        top = [value for value in below if value.said.strength == best]
        is_first = role == "amount"  # a clause states its main amount before additional ones
        return top[0].cell if top and (is_first or len({value.key for value in top}) == 1) else None

    def _by_sum(self, by_rule: ByRule, amounts: Mapping[str, Sequence[Value]]) -> None:
        some = amounts.get("invoice", ())
        known = {
            target.role: by_rule.cells[at]
            for at, target in enumerate(self._targets)
            if target is not None and target.role in ("net_amount", "tax", "total") and at in by_rule.cells
        }
        sums = sums_of([(value.cell, value.said) for value in some], known, "\n".join(line.text for line in self.lines))
        if not known and not sums:
            rows: dict[int, list[TableCell]] = {}
            for value in some:
                rows.setdefault(id(value.line), []).append(value.cell)
            sums = row_of_sums(list(rows.values()))
        for at, target in enumerate(self._targets):
            if target is not None and target.role in sums and at not in by_rule.cells:
                by_rule.cells[at] = sums[target.role]

    def _by_place(self, by_rule: ByRule, pages: PageTexts) -> None:
        places: dict[str, list[tuple[Place, Strength]]] = {}
        papers = {target.paper for target in self._targets if target is not None}
        if "invoice" in papers:
            places["invoice_number"] = list(numbers_of_invoice(self.lines, self._language))
            places["seller"] = _of_party(seller_of(self.lines))
            places["customer"] = _of_party(customer_of(self.lines))
        if "contract" in papers:
            first, second = parties_of(self.lines)
            places |= {"first_party": _of_party(first), "second_party": _of_party(second)}
            places["subject"] = list(subjects_of(self.lines))
            places["notice_period"] = list(notices_of(self.lines))
            places["governing_law"] = list(laws_of(self.lines))
        for at, target in enumerate(self._targets):
            column = self._columns[at]
            if at in by_rule.cells or target is None or target.role not in places:
                continue
            kind = ColumnKind.TEXT if target.role in PARTIES else column.kind
            some = [(cell_at(kind, place, pages, origin=ORIGIN), strength) for place, strength in places[target.role]]
            if target.role in ("seller", "customer") and _is_other_side(some, target.role, self._targets, by_rule):
                continue
            cell = _one_of(some, is_first=target.role in ("governing_law", "subject"))
            if cell is not None:
                by_rule.cells[at] = cell
        ours = _cells((place for place, is_theirs in self._ibans() if not is_theirs), pages)
        for at, column in enumerate(self._columns):
            if at not in by_rule.cells and is_iban_column(column) and len(ours) == 1:
                by_rule.cells[at] = ours[0]

    def _ibans(self) -> Iterator[tuple[Place, bool]]:
        """Yield the accounts, and whether money is collected from them."""
        for at, line in enumerate(self.lines):
            for start, end in find_ibans(line.text):
                yield line.place(start, end), bool(phrase("theirs").search(_before(self.lines, at, start)))

    def _open(self, by_rule: ByRule, values: Mapping[str, Mapping[str, Sequence[Value]]], pages: PageTexts) -> None:
        for at, column in enumerate(self._columns):
            if at in by_rule.cells:
                continue
            target = self._targets[at]
            used = {key_of(cell) for other, cell in by_rule.cells.items() if self._columns[other].kind is column.kind}
            if is_iban_column(column):
                by_rule.options[at] = _cells((place for place, __ in self._ibans()), pages)
                continue
            if column.kind is ColumnKind.PERIOD or (target is not None and target.role == "notice_period"):
                by_rule.options[at] = _cells((place for place, strength in notices_of(self.lines) if strength), pages)
                continue
            kind = CUED.get(column.kind)
            if kind is None or target is None or column.kind is ColumnKind.NUMBER:
                continue
            some = [
                value
                for value in values[kind].get(target.paper, ())
                if value.key not in used and value.said.role in ("", target.role)
            ]
            some = _without_doubles(some)
            some.sort(key=lambda value: (value.said.role != target.role, -value.said.strength))
            has_role = any(value.said.role == target.role for value in some)
            if target.paper == "invoice" and kind == "amount" and not has_role:
                some = []  # a total always has words that announce it
            is_without_end = target.role == "ends_on" and self._is_open_ended
            if is_without_end or (target.role in ("ends_on", "due_date") and not has_role):
                some = []
            by_rule.options[at] = tuple(value.cell for value in some[:MOST_OPTIONS])


def _cells(places: Iterable[Place], pages: PageTexts) -> tuple[TableCell, ...]:
    """Return a cell for each place whose words are no other's."""
    cells: dict[str, TableCell] = {}
    for place in places:
        cell = cell_at(ColumnKind.TEXT, place, pages, origin=ORIGIN)
        cells.setdefault(key_of(cell), cell)
    return tuple(cells.values())[:MOST_OPTIONS]


def _without_columns(values: Sequence[Value]) -> list[Value]:
    """Return the values, but only the last sum of a row that has a sum for each tax rate and then the sum of all."""
    rows: dict[int, list[Value]] = {}
    for value in values:
        rows.setdefault(id(value.line), []).append(value)
    updated: dict[int, Value] = {}
    for row in rows.values():
        *parts, last = row
        role = next((value.said.role for value in row if value.said.role), "")
        is_row = len(last.line.cells) > len(row)
        if (
            len(parts) > 1
            and is_row
            and role in SUM
            and abs(sum(part.cell.number or 0 for part in parts) - (last.cell.number or 0)) < CENT
        ):
            updated |= {id(part): changed(part, said=Said(OTHER, Strength.LABEL)) for part in parts}
            updated[id(last)] = changed(last, said=Said(role, Strength.LABEL))
    return [updated.get(id(value), value) for value in values]


def _before(lines: Sequence[Line], at: int, start: int) -> str:
    above = lines[at - 1].text if at and lines[at - 1].block == lines[at].block else ""
    return fold(f"{above} {lines[at].text[:start]}")[-MOST_BEFORE:]


@cache
def _known() -> Mapping[str, Target]:
    """Return the presets' columns that have rules, by name. An invoice's columns are also included by their labels."""
    targets: dict[str, Target] = {}
    for paper in presets():
        if paper.id in ("invoice", "contract"):
            for column in paper.columns:
                target = Target(paper.id, label_of(column.name).replace(" ", "_"))
                targets[label_of(column.name)] = target
                for label in column.labels if paper.id == "invoice" else ():
                    targets.setdefault(label_of(label), target)
    return targets


def target_of(column: Column) -> Target | None:
    return _known().get(label_of(column.name))


def is_iban_column(column: Column) -> bool:
    return column.kind is ColumnKind.IBAN or label_of(column.name) == "iban"


def around(lines: Sequence[Line], at: int, start: int, end: int, last: int) -> tuple[str, str]:
    """Return the words before and after a value, within its sentence or row and behind the previous value."""
    line = lines[at]
    first, until = line.sentence(start)
    before = line.text[max(first, last) : start]
    cell = line.cell_of(start)
    is_first_of_cell = not last or (line.cells and last <= line.cells[cell][0])
    if line.head and cell < len(line.head):
        before = f"{line.head[cell]}: {before}"
    elif line.cells and cell and is_first_of_cell and _LITTLE.fullmatch(before):
        others = [line.text[slice(*span)] for span in line.cells[:cell]]
        is_name = not any(sign.isdigit() for sign in others[-1])
        before = f"{others[-1] if is_name else ' '.join(others)}: {before}"
    if not before.strip() and at and not last and len(line.cells) < 2:
        above = lines[at - 1]
        if len(above.words) <= 40 and not any(sign.isdigit() for sign in above.words) and len(above.cells) < 2:
            before = f"{above.words}: "
    return before[-MOST_BEFORE:], line.text[end : min(until, end + MOST_BEFORE)]


def _surest(some: Sequence[Value], *, is_first: bool = False) -> TableCell | None:
    best = max((value.said.strength for value in some), default=Strength.NONE)
    if best < Strength.ADJACENT:
        return None
    top = [value for value in some if value.said.strength == best]
    if len({value.key for value in top}) == 1 or (is_first and all(value.line is top[0].line for value in top)):
        return top[0].cell
    return None


def _one_of(some: Sequence[tuple[TableCell, Strength]], *, is_first: bool = False) -> TableCell | None:
    best = max((strength for _cell, strength in some), default=Strength.NONE)
    if best < Strength.ADJACENT:
        return None
    top = [cell for cell, strength in some if strength == best]
    return top[0] if is_first or len({key_of(cell) for cell in top}) == 1 else None


def _of_party(party: Party | None) -> list[tuple[Place, Strength]]:
    return [(party.place, party.strength)] if party is not None else []


def _is_other_side(
    some: Sequence[tuple[TableCell, Strength]], role: str, targets: Sequence[Target | None], by_rule: ByRule
) -> bool:
    other = {"seller": "customer", "customer": "seller"}[role]
    known = [
        key_of(by_rule.cells[at])
        for at, target in enumerate(targets)
        if target and target.role == other and at in by_rule.cells
    ]
    return any(key_of(cell)[:12] == key[:12] for cell, _strength in some for key in known)


def _without_doubles(some: Sequence[Value]) -> list[Value]:
    by_key: dict[str, Value] = {}
    for value in sorted(some, key=lambda value: -value.said.strength):
        by_key.setdefault(value.key, value)
    return list(by_key.values())


MOST_LABELLED = 100
"""Most characters of a value behind a label. A longer text is a sentence in which the value is uncertain."""
MOST_LABEL = 60
MOST_BEFORE_NUMBER = 12
"""Most characters before the number itself, as in "No. 17"."""
MOST_NUMBER = 30
_ANOTHER_LABEL = re.compile(r"\s[^\W\d_]+(?:\s[^\W\d_]+)?:(?:\s|$)")
_NEXT_LABEL = re.compile(r"(?<=[.;])\s+(?=[^\W\d_][^:.;]{0,40}:(?:\s|$))")
"""The gap between a labelled value and the next label on the same line, where the reader had to join lines."""
_CELLS = re.compile(r"[^\t]*[^\t\s][^\t]*")
_GAP = re.compile(r"\t| {3,}")
BELOW_HEADS = frozenset({ColumnKind.CODE, ColumnKind.PERSON, ColumnKind.IBAN})
"""Kinds of columns whose value may be below their name. A day below a name may belong to an item (see `days`)."""
_REST_OF_NAME = re.compile(r"\d|vertreten|represented|repr[ée]sent|rappresentat", re.IGNORECASE)


class Labels:
    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._names = [names_of(column) for column in columns]
        self._every = set().union(*self._names)
        self._found: list[dict[str, TableCell]] = [{} for _ in columns]
        self._below: list[dict[str, TableCell]] = [{} for _ in columns]
        """Values below column names, for columns that have no value behind a label."""
        self._doubtful: set[int] = set()

    def feed(self, page: Page, language: str, lines: Sequence[Line] = ()) -> None:
        places = [(self._named(label[0]), *label[1:]) for label in behind_labels(page)]
        places = [place for place in places if place[0]]
        texts = PageTexts([page], language) if places else None
        for label, place, is_beside in places:
            assert texts is not None
            if is_beside and label_of(texts.words(place)) in self._every:
                continue  # the head of a table: names of columns side by side
            for at, column in enumerate(self._columns):
                if label not in self._names[at] or at in self._doubtful:
                    continue
                cell = certain(column, place, texts)
                if cell is None:
                    self._doubtful.add(at)
                else:
                    self._found[at].setdefault(fold(cell.value), cell)
        self._feed_heads(page, language, lines)

    def _feed_heads(self, page: Page, language: str, lines: Sequence[Line]) -> None:
        """Read the row below a row of names: "Invoice no. | Date" above "10316 | 3 July". Sums are read elsewhere."""
        texts: PageTexts | None = None
        for line in lines:
            for head, (start, end) in zip(line.head, line.cells, strict=False):
                label = self._named(label_of(head.rstrip(": ")))
                if not label:
                    continue
                texts = texts or PageTexts([page], language)
                other = _ANOTHER_LABEL.search(line.text, start, end)
                place = line.place(start, other.start() if other else end)
                words = line.text[start:end]
                is_firm = has_address(words) or LEGAL_FORM.search(words)  # and not the town of a journey: "From", "To"
                for at, column in enumerate(self._columns):
                    is_below = column.kind in BELOW_HEADS and (is_firm or column.kind is not ColumnKind.PERSON)
                    if label in self._names[at] and is_below:
                        cell = certain(column, place, texts)
                        if cell is not None:
                            self._below[at].setdefault(fold(cell.value), cell)

    def _named(self, label: str) -> str:
        """Return the column name in a label, which may also have a rate or a currency. Empty if it names no column."""
        if label in self._every:
            return label
        bare = label_of(phrase("beside_name").sub(" ", label))
        return bare if bare in self._every else ""

    @property
    def cells(self) -> dict[int, TableCell]:
        """Return the cells of columns whose labels have a single value."""
        return {
            at: next(iter(hits.values()))
            for at, hits in enumerate(value or other for value, other in zip(self._found, self._below, strict=True))
            if len(hits) == 1 and at not in self._doubtful
        }


def behind_labels(page: Page) -> Iterator[tuple[str, Place, bool]]:
    """Yield each possible label, the place of the text behind it on its line, and whether that is in the next cell."""
    heads = {block.start for block in page.blocks if block.kind is BlockKind.TABLE_ROW and block.level == 1}
    at = 0
    for line in page.text.split("\n"):
        cells = [match.span() for match in _CELLS.finditer(line)]
        for number, (start, end) in enumerate(cells):
            words = line[start:end]
            head, colon, rest = words.partition(":")
            if colon and rest.strip():
                yield from _behind_colons(page.number, words, at + start)
            elif len(head) <= MOST_LABEL and number + 1 < len(cells) and at not in heads:
                beside = line[slice(*cells[number + 1])]
                begin = at + cells[number + 1][0] + len(beside) - len(beside.lstrip())
                if len(cells) == 2 or (colon and not beside.rstrip().endswith(":")):
                    yield label_of(head), Place(page.number, begin, begin + len(beside.strip())), True
        at += len(line) + 1


def _behind_colons(page: int, words: str, at: int) -> Iterator[tuple[str, Place, bool]]:
    """Yield the labels and places of a line like "Landlord: Ada. Tenant: Alan". `at` is its position on the page."""
    cuts = [0, *(match.end() for match in _NEXT_LABEL.finditer(words)), len(words)]
    for start, end in pairwise(cuts):
        head, colon, rest = words[start:end].partition(":")
        bare = rest.strip()
        if len(cuts) > 2:
            bare = bare.removesuffix(".").removesuffix(";").rstrip()
        if colon and bare and len(head) <= MOST_LABEL:
            gap = _GAP.search(bare)
            begin = at + start + len(head) + 1 + len(rest) - len(rest.lstrip())
            yield label_of(head), Place(page, begin, begin + (gap.start() if gap else len(bare))), False


def certain(column: Column, place: Place, pages: PageTexts) -> TableCell | None:
    words = pages.words(place)
    if not words or says_nothing(words) or _ANOTHER_LABEL.search(words):
        return None
    if column.kind is ColumnKind.PERSON and _REST_OF_NAME.search(words):
        return _name(place, pages)
    if len(words) > MOST_LABELLED:
        return None
    if column.kind is ColumnKind.IBAN or column.kind is ColumnKind.CODE:
        return _number(column, place, pages)
    if column.kind is ColumnKind.PERIOD and not find_periods(words):
        return None
    if column.kind is ColumnKind.DATE:
        days = [when for when in find_dates(words, pages.language) if when.readings]
        if len(days) != 1 or not any(day[2] for day in days[0].readings):
            return None
        inside = pages.within(place, days[0].start, days[0].end)
        return cell_at(column.kind, inside, pages, origin="label")
    if column.kind in (ColumnKind.NUMBER, ColumnKind.AMOUNT):
        numbers = numbers_in(words, pages.language)
        if len(numbers) != 1 or find_identifiers(words) or find_dates(words, pages.language):
            return None
        inside = widened(column.kind, pages.within(place, numbers[0].start, numbers[0].end), pages)
        return cell_at(column.kind, inside, pages, origin="label")
    if column.kind is ColumnKind.LIST:
        parts = [part for part in LISTED.split(words) if part]
        cell = cell_at(column.kind, place, pages, origin="label")
        return changed(cell, value="; ".join(dict.fromkeys(parts)).rstrip("."))
    return cell_at(column.kind, place, pages, origin="label")


def _name(place: Place, pages: PageTexts) -> TableCell | None:
    span = name_span(pages.texts[place.page], place.start, place.end)
    return cell_at(ColumnKind.TEXT, Place(place.page, *span), pages, origin="label") if span else None


def _number(column: Column, place: Place, pages: PageTexts) -> TableCell | None:
    text = pages.texts[place.page][place.start : place.end]
    spans = find_ibans(text) if column.kind is ColumnKind.IBAN else find_codes(text, pages.language)
    if not spans or (column.kind is ColumnKind.IBAN and len(spans) > 1) or spans[0][0] > MOST_BEFORE_NUMBER:
        return None
    start, end = spans[0]
    if column.kind is ColumnKind.CODE and len(spans) > 1:
        last = spans[-1][1]
        if last - start > MOST_NUMBER or re.search(r"[^\W\d_]{3,}", text[start:last]):
            return cell_at(column.kind, place.part(start, end), pages, origin="label")
        end = last  # parts of a number: "2025 / 17", "GB 318 5527"
    return cell_at(column.kind, place.part(start, end), pages, origin="label")


LONG_RANGE = 4
"""Fewest months of a range "from … to …" that is taken for the term of a contract without further words."""


class Value(Record):
    line: Line
    start: int
    end: int
    cell: TableCell
    said: Said

    @property
    def key(self) -> str:
        """Return a key that is equal for the same day or amount in different spellings."""
        return key_of(self.cell)


def key_of(cell: TableCell) -> str:
    if cell.date:
        return cell.date
    if cell.number is not None:
        return f"{cell.number:.4f}"
    return "".join(sign for sign in label_of(cell.value) if sign.isalnum())


def said_of_day(paper: str, said: Said, line: Line, span: Span, before: str, days: list[Value]) -> Said:
    """Return what a day stands for. A line with a place and a day gives the date of writing, a range gives the term.

    `found` has the previous days. If this day ends a long range, the previous day becomes its start.
    """
    start, end = span
    earlier = days[-1] if days and days[-1].line is line else None
    if earlier is not None and phrase("until").match(before):
        roles = {"begins_on": "ends_on", OTHER: OTHER}
        strength = earlier.said.strength
        if earlier.said.role == "begins_on" and _is_long(earlier, line, end):
            strength = max(strength, Strength.ADJACENT)
            days[-1] = changed(earlier, said=Said("begins_on", strength))
        if earlier.said.role in roles:
            return Said(roles[earlier.said.role], strength)
    if paper == "invoice" and phrase("by").search(before):
        sentence = line.text[slice(*line.sentence(start))]
        if phrase("paid").search(sentence):
            return Said("due_date", Strength.LABEL if said == Said("due_date", Strength.LABEL) else Strength.ADJACENT)
    role = "invoice_date" if paper == "invoice" else "signed_on"
    cell = line.cell(start)
    rest = line.text[end : cell[1]]
    if said.role in ("", OTHER, role) and len(rest.strip(" .")) <= (40 if paper == "contract" else 0):
        head = line.text[cell[0] : start]
        if phrase("date_line").match(head) and (said.role != OTHER or not re.search(r"[:.]", head)):
            is_bare = not rest.strip(" .") or bool(re.match(r"\s*,", rest))
            if is_bare and len(line.cells) < 2:
                return Said(role, max(said.strength, Strength.ADJACENT) if said.role == role else Strength.ADJACENT)
    return said


def _is_long(earlier: Value, line: Line, end: int) -> bool:
    later = [date for date in find_dates(line.text[earlier.end : end]) if date.readings]
    first = earlier.cell.date
    if not later or not first:
        return False
    year, month, _day = later[0].readings[0]
    months = ((year or 0) - int(first[:4])) * 12 + (month or 0) - int(first[5:7])
    return months >= LONG_RANGE


HEADINGS: Mapping[str, str] = {"begins_on": "term", "ends_on": "term", "amount": "amount_heading"}
