"""Reads cells that need no model: a line that names a column itself ("Invoice no: 17").  Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from slmdesk.base.documents import BlockKind, Page
from slmdesk.base.record import changed
from slmdesk.tables.grounding import LISTED, cell_at, label_of, names_of, numbers_in, says_nothing, widened
from slmdesk.tables.layout import Line
from slmdesk.tables.places import PageTexts, Place
from slmdesk.tables.types import Column, ColumnKind, TableCell
from slmdesk.text.candidates.names import LEGAL_FORM, has_address, name_span
from slmdesk.text.candidates.values import find_codes, find_ibans, find_periods
from slmdesk.text.checks.dates import find_dates
from slmdesk.text.checks.numbers import find_identifiers
from slmdesk.text.words.folding import fold

MOST_LABELLED = 100
"""Characters behind a label; more is a sentence, and what of it is meant is not certain."""
MOST_LABEL = 60
MOST_BEFORE_NUMBER = 12
"""Characters before the number itself: "No. 17"."""
MOST_NUMBER = 30
_ANOTHER_LABEL = re.compile(r"\s[^\W\d_]+(?:\s[^\W\d_]+)?:(?:\s|$)")
_NEXT_LABEL = re.compile(r"(?<=[.;])\s+(?=[^\W\d_][^:.;]{0,40}:(?:\s|$))")
"""Between what stands behind one label and the next, where a reader had to join lines."""
_CELLS = re.compile(r"[^\t]*[^\t\s][^\t]*")
_GAP = re.compile(r"\t| {3,}")
_BESIDE_NAME = re.compile(
    r"\([^()]*\)|\s(?:in|at|of|zu|von|à|de|al)?\s?\d+(?:[.,]\d+)?\s?%|\d+(?:[.,]\d+)?\s?%\s|\s(?:in |en )?(?:eur|"
    r"usd|gbp|chf|€|£|\$)$"
)
"""What may stand beside a name in a label: "VAT 20 %", "Total (EUR)"."""
BELOW_HEADS = frozenset({ColumnKind.CODE, ColumnKind.PERSON, ColumnKind.IBAN})
"""Kinds of columns whose value may stand below their name; a day there may be that of an item (see `days`)."""
_REST_OF_NAME = re.compile(r"\d|vertreten|represented|repr[ée]sent|rappresentat", re.IGNORECASE)


class Labels:
    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._names = [names_of(one) for one in columns]
        self._every = set().union(*self._names)
        self._found: list[dict[str, TableCell]] = [{} for _ in columns]
        self._below: list[dict[str, TableCell]] = [{} for _ in columns]
        """What stands below names of columns, where nothing stands behind one."""
        self._doubtful: set[int] = set()

    def feed(self, page: Page, language: str, lines: Sequence[Line] = ()) -> None:
        places = [(self._named(one[0]), *one[1:]) for one in _behind_labels(page)]
        places = [one for one in places if one[0]]
        texts = PageTexts([page], language) if places else None
        for label, place, is_beside in places:
            assert texts is not None
            if is_beside and label_of(texts.words(place)) in self._every:
                continue  # the head of a table: names of columns, one beside the other
            for at, column in enumerate(self._columns):
                if label not in self._names[at] or at in self._doubtful:
                    continue
                cell = _certain(column, place, texts)
                if cell is None:
                    self._doubtful.add(at)
                else:
                    self._found[at].setdefault(fold(cell.value), cell)
        self._feed_heads(page, language, lines)

    def _feed_heads(self, page: Page, language: str, lines: Sequence[Line]) -> None:
        """Read the row below a row of names: "Invoice no. | Date" above "10316 | 3 July"; sums are read elsewhere."""
        texts: PageTexts | None = None
        for line in lines:
            for head, (start, end) in zip(line.head, line.cells, strict=False):
                label = self._named(label_of(head.rstrip(": ")))
                if not label:
                    continue
                texts = texts or PageTexts([page], language)
                other = _ANOTHER_LABEL.search(line.text, start, end)
                place = Place(page.number, line.start + start, line.start + (other.start() if other else end))
                words = line.text[start:end]
                is_firm = has_address(words) or LEGAL_FORM.search(words)  # and not the town of a journey: "From", "To"
                for at, column in enumerate(self._columns):
                    is_below = column.kind in BELOW_HEADS and (is_firm or column.kind is not ColumnKind.PERSON)
                    if label in self._names[at] and is_below:
                        cell = _certain(column, place, texts)
                        if cell is not None:
                            self._below[at].setdefault(fold(cell.value), cell)

    def _named(self, label: str) -> str:
        """The name of a column that a label has, also with a rate or a currency beside it; empty where it has none."""
        if label in self._every:
            return label
        bare = label_of(_BESIDE_NAME.sub(" ", label))
        return bare if bare in self._every else ""

    @property
    def cells(self) -> dict[int, TableCell]:
        """Return the cells of columns whose labels have one value and never another."""
        return {
            at: next(iter(found.values()))
            for at, found in enumerate(one or other for one, other in zip(self._found, self._below, strict=True))
            if len(found) == 1 and at not in self._doubtful
        }


def _behind_labels(page: Page) -> Iterator[tuple[str, Place, bool]]:
    """What stands behind something that may be a label, on the same line; and whether it is in the cell beside it."""
    heads = {one.start for one in page.blocks if one.kind is BlockKind.TABLE_ROW and one.level == 1}
    at = 0
    for line in page.text.split("\n"):
        cells = [found.span() for found in _CELLS.finditer(line)]
        for number, (start, end) in enumerate(cells):
            words = line[start:end]
            head, colon, rest = words.partition(":")
            if colon and rest.strip():
                yield from _behind_colons(page.number, words, at + start)
            elif len(head) <= MOST_LABEL and len(cells) == 2 and not number and at not in heads:
                beside = line[slice(*cells[1])]
                begin = at + cells[1][0] + len(beside) - len(beside.lstrip())
                yield label_of(words), Place(page.number, begin, begin + len(beside.strip())), True
            elif colon and len(head) <= MOST_LABEL and number + 1 < len(cells) and at not in heads:
                beside = line[slice(*cells[number + 1])]
                begin = at + cells[number + 1][0] + len(beside) - len(beside.lstrip())
                if not beside.rstrip().endswith(":"):
                    yield label_of(head), Place(page.number, begin, begin + len(beside.strip())), True
        at += len(line) + 1


def _behind_colons(page: int, words: str, at: int) -> Iterator[tuple[str, Place, bool]]:
    """Two labels of "Landlord: Ada Byron. Tenant: Alan Turing"; `at` is where it stands on the page."""
    cuts = [0, *(found.end() for found in _NEXT_LABEL.finditer(words)), len(words)]
    for start, end in pairwise(cuts):
        head, colon, rest = words[start:end].partition(":")
        bare = rest.strip()
        if len(cuts) > 2:
            bare = bare.removesuffix(".").removesuffix(";").rstrip()
        if colon and bare and len(head) <= MOST_LABEL:
            gap = _GAP.search(bare)
            begin = at + start + len(head) + 1 + len(rest) - len(rest.lstrip())
            yield label_of(head), Place(page, begin, begin + (gap.start() if gap else len(bare))), False


def _certain(column: Column, place: Place, pages: PageTexts) -> TableCell | None:
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
        parts = [one for one in LISTED.split(words) if one]
        cell = cell_at(column.kind, place, pages, origin="label")
        return changed(cell, value="; ".join(dict.fromkeys(parts)).rstrip("."))
    return cell_at(column.kind, place, pages, origin="label")


def _name(place: Place, pages: PageTexts) -> TableCell | None:
    found = name_span(pages.texts[place.page], place.start, place.end)
    return cell_at(ColumnKind.TEXT, Place(place.page, *found), pages, origin="label") if found else None


def _number(column: Column, place: Place, pages: PageTexts) -> TableCell | None:
    text = pages.texts[place.page][place.start : place.end]
    found = find_ibans(text) if column.kind is ColumnKind.IBAN else find_codes(text, pages.language)
    if not found or (column.kind is ColumnKind.IBAN and len(found) > 1) or found[0][0] > MOST_BEFORE_NUMBER:
        return None
    start, end = found[0]
    if column.kind is ColumnKind.CODE and len(found) > 1:
        last = found[-1][1]
        if last - start > MOST_NUMBER or re.search(r"[^\W\d_]{3,}", text[start:last]):
            return cell_at(
                column.kind, Place(place.page, place.start + start, place.start + end), pages, origin="label"
            )
        end = last  # parts of one: "2025 / 17", "GB 318 5527"
    return cell_at(column.kind, Place(place.page, place.start + start, place.start + end), pages, origin="label")
