"""Reads tables as text: values separated by commas, semicolons, tabs or bars (RFC 4180, read leniently).

`csv.Sniffer` takes any frequent letter for a delimiter, and `csv.reader` swallows the rest of a file behind a single
quotation mark; so both are done here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from slmdesk.base.documents import BlockKind, Page, PageKind, page_of
from slmdesk.base.record import Record
from slmdesk.formats.base import PageText, Reading
from slmdesk.formats.decoding import text_of
from slmdesk.formats.sheets import PAGE_CHARACTERS, PAGE_ROWS, ROW_CHARACTERS, Row, is_head, part_pages, rows_words

DELIMITERS = "\t;|,"
REPORTED = re.compile(r"sep=(.)\n", re.IGNORECASE)
_SAMPLE_ROWS = 200
_SAMPLE_CHARACTERS = 200_000
_MAX_QUOTED = 32_767
"""Characters in a quoted value, as many as Excel allows in a cell; beyond that the quotation mark is literal."""
_MAX_CELLS = 16_384


def read(reading: Reading) -> Iterator[Page]:
    reading.page_kind = PageKind.SHEET
    text = text_of(reading)
    reported = REPORTED.match(text)
    delimiter, begin = (reported[1], reported.end()) if reported else (delimiter_of(text), 0)
    number, part, size = 1, list[Row](), 0
    is_parted = False
    for at, cells in enumerate(rows_of(text, delimiter, begin), 1):
        row = Row(at, [(column, words) for column, words in enumerate(cells, 1)])
        if not any(words.strip() for words in cells):
            continue
        length = sum(map(len, cells))
        if part and (len(part) >= PAGE_ROWS or size + length > PAGE_CHARACTERS):
            reading.check()
            is_parted = True
            part_pages(reading, 1)
            yield _page(number, part, is_parted)
            number, part, size = number + 1, [], 0
        part.append(row)
        size += length
    yield _page(number, part, is_parted)


def _page(number: int, rows: list[Row], is_parted: bool) -> Page:
    text, head = PageText(), number == 1 and is_head(rows)
    for row in rows:
        for piece in _pieces([words for _, words in row.cells]):
            level = 1 if head and row is rows[0] else 0
            text.add(BlockKind.TABLE_ROW, piece, level=level, place=f"row {row.number}")
    label = rows_words(rows) if is_parted and rows else "1"
    return page_of(number, label, text.text, text.blocks)


def _pieces(cells: list[str]) -> Iterator[str]:
    piece, size = list[str](), 0
    for words in (" ".join(cell.split()) for cell in cells):
        for at in range(0, max(1, len(words)), ROW_CHARACTERS):
            if piece and size + len(words) - at > ROW_CHARACTERS:
                yield "\t".join(piece)
                piece, size = [], 0
            piece.append(words[at : at + ROW_CHARACTERS])
            size += len(piece[-1]) + 1
    yield "\t".join(piece)


def delimiter_of(text: str) -> str:
    """The delimiter that gives most rows the same width; a comma if none does.

    Of equals the one that is rarer in text and numbers counts: "1,50;2,75" has as many commas in each row.
    """
    sample = text[:_SAMPLE_CHARACTERS]
    best, found = 0.0, ","
    for delimiter in DELIMITERS:
        rows = (row for row in islice(rows_of(sample, delimiter), _SAMPLE_ROWS) if any(row))
        widths = Counter(0 if any(map(_is_torn, row)) else len(row) for row in rows)
        same = max((count for width, count in widths.items() if width > 1), default=0)
        share = round(same / max(1, widths.total()), 1)
        if share > best:
            best, found = share, delimiter
    return found


def _is_torn(value: str) -> bool:
    return value.startswith('"') != value.endswith('"')


class Cell(Record):
    """A value where it stands: from `start` up to `end` of the text, quotation marks included."""

    value: str
    start: int
    end: int
    is_quoted: bool
    ends_row: bool


def cells_of(text: str, delimiter: str, begin: int = 0) -> Iterator[Cell]:
    mark = re.escape(delimiter)
    value = re.compile(
        rf'[ ]*"((?:[^"]|""){{0,{_MAX_QUOTED}}}+)"[ ]*(?={mark}|\n|\Z)|([^{mark}\n]*)', re.DOTALL
    )  # possessive, so that no mark without an end makes it try again and again
    at, width, size = begin, 0, len(text)
    while at < size:
        found = value.match(text, at)
        if found is None:  # unreachable: the second alternative also matches the empty string
            return
        quoted, at = found[1], found.end()
        width += 1
        words = found[2] if quoted is None else quoted.replace('""', '"')
        is_end = at >= size or text[at] == "\n"
        at += 1
        is_last = not is_end and at >= size
        ends = is_end or width >= _MAX_CELLS
        yield Cell(words, found.start(), found.end(), quoted is not None, ends)
        if is_last and not ends:
            yield Cell("", size, size, False, True)
        width = 0 if ends else width


def rows_of(text: str, delimiter: str, begin: int = 0) -> Iterator[list[str]]:
    row: list[str] = []
    for cell in cells_of(text, delimiter, begin):
        row.append(cell.value)
        if cell.ends_row:
            yield row
            row = []
    if row:
        yield row
