"""Tables of texts: the rows of a spreadsheet, of which one column has the texts, and what comes with them. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import PurePath

from slmdesk.base.documents import Block, BlockKind, Page, PageStatus, column_number
from slmdesk.base.record import Record
from slmdesk.base.records import DocumentRecord
from slmdesk.base.text.folding import fold
from slmdesk.base.text.sentences import detect
from slmdesk.base.text.words import tongue
from slmdesk.base.texts import cut
from slmdesk.base.translation import LANGUAGES
from slmdesk.claims.finders.numbers import DateMention, find_dates
from slmdesk.tasks.tables.labels import GIVEN
from slmdesk.tasks.tables.types import FOLDER, LANGUAGE, Column, ColumnKind, Flag, TableCell

SHEETS = frozenset(("xlsx", "xlsb", "xls", "csv", "ods"))
MOST_KEPT = 8
"""Most columns of a table of texts that are kept beside the texts."""
MOST_NAME = 80
MOST_SHOWN = 2000
"""Most characters of a text in its cell. It is judged whole."""
LEAST_WORDS = 3.0
"""Mean of words in the cells of a column of texts."""
SAMPLE = 300
DAY_WORDS = 40
_PLACE = re.compile(r"([A-Z]*)(\d+)(?:\D+(\d+))?")
MOST_ALIKE = 10_000
_NUMBER = re.compile(r"-?\d+(?:[.,]\d{1,2})?")


class Value(Record):
    """Words of a cell and their place on the page."""

    text: str
    start: int
    end: int


class TextRow(Record):
    number: int
    page: int
    values: Mapping[int, Value]
    """Filled cells by their column, from 1."""
    is_head: bool = False


def is_table(document: DocumentRecord) -> bool:
    return document.format in SHEETS


def rows_of(page: Page) -> Iterator[TextRow]:
    """Yield the rows of a page of a spreadsheet. A row whose cells stand far apart is several blocks, and rows that are
    the same are one.
    """
    places = ((_PLACE.search(block.place.removeprefix("row ")), block) for block in page.blocks)
    rows = ((place, block) for place, block in places if place and block.kind is BlockKind.TABLE_ROW)
    for number, blocks in groupby(rows, key=lambda found: int(found[0][2])):
        values, last, is_head = dict[int, Value](), number, False
        for place, block in blocks:
            values |= _values_of(page, block, column_number(place[1]) or 1)
            last, is_head = int(place[3] or number), block.level == 1
        for same in range(number, max(number, min(last, number + MOST_ALIKE)) + 1) if values else ():
            yield TextRow(same, page.number, values, is_head)


def _values_of(page: Page, block: Block, first: int) -> dict[int, Value]:
    """Return the filled cells of a block by their column. `first`: the column of its first cell."""
    values, at = dict[int, Value](), block.start
    for column, cell in enumerate(page.text[block.start : block.end].split("\t"), first):
        if words := cell.strip():
            start = at + cell.index(words)
            values[column] = Value(words, start, start + len(words))
        at += len(cell) + 1
    return values


class TextTable:
    """The columns of a table of texts, guessed from its first page."""

    def __init__(self, first: Page, text: str = "") -> None:
        """`text`: the name of the column with the texts. Empty: the one with most words."""
        rows = list(rows_of(first))
        head = rows[0].values if rows and rows[0].is_head else {}
        sample = rows[bool(head) :][:SAMPLE]
        columns = sorted({column for row in rows for column in row.values})
        self.names: dict[int, str] = {}
        for column in columns:
            name = " ".join(head[column].text.split())[:MOST_NAME] if column in head else ""
            is_new = any(map(str.isalnum, name)) and fold(name) not in map(fold, self.names.values())
            self.names[column] = name if is_new else f"Column {column}"
        self._cells = {
            column: [row.values[column].text for row in sample if column in row.values] for column in columns
        }
        long = {at: sum(len(cell.split()) for cell in cells) / max(1, len(sample)) for at, cells in self._cells.items()}
        named = [at for at, name in self.names.items() if fold(name) == fold(text)]
        best = max(long, key=lambda at: long[at], default=0)
        if named:
            self.text = named[0]
        elif not text and long.get(best, 0.0) >= LEAST_WORDS:
            self.text = best
        else:
            self.text = 0
        """Number of the column with the texts. 0: there is none."""
        self._is_day_first = {column: _is_day_first(cells) for column, cells in self._cells.items()}

    @property
    def kept(self) -> tuple[Column, ...]:
        """The columns that are kept, the texts first, then those with few values, by which can be counted."""
        others = [at for at in self.names if at != self.text and self._cells[at]]
        others.sort(key=lambda at: (not self._is_day(at), len(set(self._cells[at])) == len(self._cells[at]) > 3, at))
        return tuple(Column(self.names[at], ColumnKind.GIVEN) for at in (self.text, *sorted(others[:MOST_KEPT])))

    def number(self, name: str) -> int:
        return next((at for at, known in self.names.items() if fold(known) == fold(name)), 0)

    def cell(self, column: int, row: TextRow) -> TableCell:
        value = row.values.get(column)
        if value is None:
            return TableCell(origin=GIVEN)
        return given(value.text, row.page, (value.start, value.end), day_first=self._is_day_first.get(column))

    def _is_day(self, column: int) -> bool:
        days = sum(bool(day_of(cell, day_first=self._is_day_first[column])) for cell in self._cells[column])
        return 2 * days > len(self._cells[column])


def given(words: str, page: int = 0, span: tuple[int, int] = (0, 0), *, day_first: bool | None = None) -> TableCell:
    number = float(words.replace(",", ".")) if _NUMBER.fullmatch(words) and len(words) < 12 else None
    day = day_of(words, day_first=day_first) if number is None else ""
    return TableCell(
        cut(words, MOST_SHOWN), "", page, *span, Flag.NONE if words else Flag.NOT_FOUND, GIVEN, number, date=day
    )


def day_of(words: str, *, day_first: bool | None = None) -> str:
    """Return the day that a short cell is, in ISO 8601, or "". `day_first` tells what 03/04 is; None: nothing does."""
    if len(words) > DAY_WORDS or not any(map(str.isdigit, words)):
        return ""
    days = [day for mention in find_dates(words) if (day := _iso(mention, words, day_first))]
    return days[0] if len(days) == 1 else ""


def _iso(mention: DateMention, words: str, day_first: bool | None) -> str:
    whole = sorted({(year, month, day) for year, month, day in mention.readings if year and month and day})
    if len(whole) > 1 and day_first is not None:
        first = re.match(r"\d+", words[mention.start :])
        whole = [day for day in whole if first and (day[2] if day_first else day[1]) == int(first[0])]
    return "{:04}-{:02}-{:02}".format(*whole[0]) if len(whole) == 1 else ""


def _is_day_first(cells: Sequence[str]) -> bool | None:
    """Return whether the days of a column begin with the day, or None if none of them tells."""
    votes = Counter[bool]()
    for cell in cells:
        parts = re.match(r"(\d{1,2})[./-](\d{1,2})[./-]\d", cell)
        if parts and (int(parts[1]) > 12) != (int(parts[2]) > 12):
            votes[int(parts[1]) > 12] += 1
        elif parts and cell[len(parts[1])] == ".":
            votes[True] += 1
    return votes.most_common(1)[0][0] if votes else None


def text_rows(pages: Callable[[int], Sequence[Page]], text: str) -> Iterator[tuple[TextTable, TextRow]]:
    """Yield the rows of a table of texts, with its columns. `pages` returns pages from a number on."""
    table, begin = None, 1
    while some := pages(begin):
        for page in some:
            for row in rows_of(page):
                if table is None or row.is_head:
                    table = TextTable(page, text)
                if table.text and not row.is_head:
                    yield table, row
        begin = some[-1].number + 1


def page_of_text(page: int, text: str) -> Page:
    """Return a text of a table as a page of its own, whose positions begin with the text."""
    return Page(page, "", text, PageStatus.READ, (Block(BlockKind.PARAGRAPH, 0, len(text)),))


def fact(name: str, document: DocumentRecord, text: str, language: str) -> TableCell:
    """Return the cell of a column of FACTS."""
    if name == LANGUAGE:
        return given(LANGUAGES[language].name if language in LANGUAGES else "")
    if name == FOLDER:
        return given(PurePath(document.path.decode("utf-8", "replace")).parent.name)
    for mention in find_dates(text[:SAMPLE], language):
        if day := _iso(mention, text, None):
            return given(day)
    return TableCell(origin=GIVEN)


def common_language(texts: Sequence[str]) -> str:
    counts = Counter(spoken(text) for text in texts[:SAMPLE])
    return next((code for code, __ in counts.most_common(2) if code), "")


def spoken(text: str, likely: str = "") -> str:
    """Return which of the eight languages of the lists a text is in, or "". `likely`: that of one too short to tell."""
    return detect(text[:MOST_SHOWN])[0] or tongue(text, likely=likely)
