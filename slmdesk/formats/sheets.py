"""Turns spreadsheets of any format into pages: a row is a block located by its range of cells; long sheets are
split.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from slmdesk.base.documents import BlockKind, Note, Page, PageKind, PageStatus, page_of
from slmdesk.base.record import Record, changed
from slmdesk.formats.base import PageText, Reading
from slmdesk.formats.paging import MAX_LABEL_CHARACTERS, Piece

PAGE_ROWS = 200
PAGE_CHARACTERS = 60_000
ROW_CHARACTERS = 20_000
MAX_GAP = 20
"""Empty cells between two filled ones; beyond it they are blocks of their own, so that no row is a row of tabs."""
_MOST_LETTERS = 3
_NUMBER = re.compile(r"[-+(]?[\d.,: /%'()\u2009\u00a0$€£¥-]*\d[\d.,: /%'()\u2009\u00a0$€£¥-]*")


class Row(Record):
    """The filled cells of a row: (column from 1, words).  `last` beyond `number`: the rows up to it are the same."""

    number: int
    cells: Sequence[tuple[int, str]]
    last: int = 0


class SheetPager:
    def __init__(self, reading: Reading) -> None:
        self._reading, self._number, self._sheets = reading, 0, 0
        reading.page_kind = PageKind.SHEET

    def pages(
        self, name: str, rows: Iterable[Row], *, hidden: bool = False, more: Iterable[Piece] = ()
    ) -> Iterator[Page]:
        """The pages of a sheet, at least one; `more` stands below its last row, and is asked for after it."""
        if hidden:
            self._reading.note(Note.HIDDEN_TEXT)
        self._begin()
        reason, parts = "hidden sheet" if hidden else "", _parts(rows, self._reading)
        part = next(parts, [])
        is_first, head = True, is_head(part)
        while True:
            following = next(parts, None)
            label = name[:MAX_LABEL_CHARACTERS] or str(self._number + 1)
            if part and (following is not None or not is_first):
                label = f"{label}, {rows_words(part)}"
                part_pages(self._reading, self._sheets)
            yield self._page(label, part, head and is_first, reason, more if following is None else ())
            if following is None:
                return
            part, is_first = following, False

    def broken(self, name: str, *, is_rest: bool = False) -> Page:
        """The page of a sheet that cannot be read; `is_rest`: of the last one, what came after its pages."""
        self._reading.note(Note.PARTLY_DAMAGED)
        if is_rest and self._sheets:
            part_pages(self._reading, self._sheets)
        else:
            self._begin()
        self._number += 1
        label = name[:MAX_LABEL_CHARACTERS] or str(self._number)
        return page_of(self._number, label, "", (), status=PageStatus.BROKEN, reason="this sheet is broken")

    def _begin(self) -> None:
        self._sheets += 1
        if self._reading.sheets:
            self._reading.sheets = self._sheets

    def _page(self, label: str, rows: Sequence[Row], head: bool, reason: str, more: Iterable[Piece]) -> Page:
        self._number += 1
        text = PageText()
        left = min((row.cells[0][0] for row in rows), default=1)
        for number, row in enumerate(rows):
            for piece in row_pieces(row, left):
                text.add(piece.kind, piece.text, level=1 if head and number == 0 else 0, place=piece.place)
        for piece in more:
            text.add(piece.kind, piece.text, level=piece.level, place=piece.place)
        return page_of(self._number, label, text.text, text.blocks, reason=reason)


def part_pages(reading: Reading, sheets: int) -> None:
    """A sheet has several pages: they are parts, and sheets are counted by themselves."""
    reading.page_kind, reading.sheets = PageKind.PART, sheets


def rows_words(rows: Sequence[Row]) -> str:
    """Which rows these are: "rows 201–400"."""
    return f"rows {rows[0].number}–{max(rows[-1].number, rows[-1].last)}"


def _parts(rows: Iterable[Row], reading: Reading) -> Iterator[list[Row]]:
    part, size = list[Row](), 0
    for row in rows:
        cells = tuple((column, clean) for column, words in row.cells if (clean := " ".join(words.split())))
        if not cells:
            continue
        length = sum(len(words) for _, words in cells)
        if part and (len(part) >= PAGE_ROWS or size + length > PAGE_CHARACTERS):
            reading.check()
            yield part
            part, size = [], 0
        part.append(changed(row, cells=cells))
        size += length
    if part:
        yield part


def row_pieces(row: Row, left: int) -> Iterator[Piece]:
    """A row as blocks, its cells separated by tabs from the column `left` on, where the page's cells begin."""
    texts, first, size = list[str](), left, 0
    last = left - 1
    for column, words in row.cells:
        if texts and (column - last > MAX_GAP or size + len(words) > ROW_CHARACTERS):
            yield Piece(BlockKind.TABLE_ROW, "\t".join(texts), place=_place(row, first, last))
            texts, size = [], 0
        if not texts and (column - last > MAX_GAP or last >= left):
            first = last = column
            texts = [words]
        else:
            texts += [""] * (column - last - 1)
            texts.append(words)
        last, size = column, size + len(words)
    yield Piece(BlockKind.TABLE_ROW, "\t".join(texts), place=_place(row, first, last))


def _place(row: Row, first: int, last: int) -> str:
    end = max(row.number, row.last)
    begin, finish = f"{column_name(first)}{row.number}", f"{column_name(last)}{end}"
    return begin if begin == finish else f"{begin}:{finish}"


@lru_cache(maxsize=20_000)
def column_name(column: int) -> str:
    """The letters of a column: 1 is A, 27 is AA."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


@lru_cache(maxsize=20_000)
def column_number(letters: str) -> int:
    """The number of a column's letters; 0 for none, and for anything else."""
    number = 0
    if not (len(letters) <= _MOST_LETTERS and letters.isascii() and letters.isalpha()):
        return 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def is_head(rows: Sequence[Row]) -> bool:
    """Whether the first row names the columns: words alone, above a row as wide."""
    if len(rows) < 2:
        return False
    names, below = rows[0].cells, rows[1].cells
    return len(names) > 1 and len(below) > 1 and not any(_NUMBER.fullmatch(words) for _, words in names)
