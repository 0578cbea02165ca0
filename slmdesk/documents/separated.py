"""Tables as text: values parted by commas, semicolons, tabs or bars (RFC 4180, read leniently).

`csv.Sniffer` takes any frequent letter for a delimiter, and `csv.reader` swallows the rest of a file behind a single
quotation mark; so both are done here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from slmdesk.core.documents import BlockKind, Page, PageKind, page_of
from slmdesk.documents.base import PageText, Reading
from slmdesk.documents.decoding import text_of
from slmdesk.documents.sheets import PAGE_CHARACTERS, PAGE_ROWS, ROW_CHARACTERS, Row, is_head

DELIMITERS = ",;\t|"
_TOLD = re.compile(r"sep=(.)\n", re.IGNORECASE)
_SAMPLE_ROWS = 200
_SAMPLE_CHARACTERS = 200_000
_MAX_QUOTED = 32_767
"""Characters in a quoted value, as many as Excel has for a cell; beyond it the quotation mark is a mere letter."""
_MAX_CELLS = 16_384


def read(reading: Reading) -> Iterator[Page]:
    """The rows of a table, some hundred to a page."""
    reading.page_kind = PageKind.SHEET
    text = text_of(reading)
    told = _TOLD.match(text)
    delimiter, begin = (told[1], told.end()) if told else (delimiter_of(text), 0)
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
    label = f"rows {rows[0].number}-{rows[-1].number}" if is_parted and rows else "1"
    return page_of(number, label, text.text, text.blocks)


def _pieces(cells: list[str]) -> Iterator[str]:
    """A row, or pieces of one that is very long."""
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
    """The delimiter that gives the most rows of the same width, and the widest of such; a comma if none does."""
    sample = text[:_SAMPLE_CHARACTERS]
    best, found = (0.0, 0), ","
    for delimiter in DELIMITERS:
        widths = Counter(len(row) for row in islice(rows_of(sample, delimiter), _SAMPLE_ROWS) if any(row))
        wide = {width: count for width, count in widths.items() if width > 1}
        if not wide:
            continue
        width, count = max(wide.items(), key=lambda one: (one[1], one[0]))
        score = (round(count / widths.total(), 1), width)
        if score > best:
            best, found = score, delimiter
    return found


def rows_of(text: str, delimiter: str, begin: int = 0) -> Iterator[list[str]]:
    """The values of each row; quoted ones may hold delimiters and line ends."""
    mark = re.escape(delimiter)
    value = re.compile(
        rf'[ ]*"((?:[^"]|""){{0,{_MAX_QUOTED}}}+)"[ ]*(?={mark}|\n|\Z)|([^{mark}\n]*)', re.DOTALL
    )  # possessive, so that no mark without an end makes it try again and again
    at, row, size = begin, list[str](), len(text)
    while at < size:
        found = value.match(text, at)
        if found is None:  # cannot be: the second form matches nothing as well
            return
        quoted = found[1]
        row.append(found[2] if quoted is None else quoted.replace('""', '"'))
        at = found.end()
        is_end = at >= size or text[at] == "\n"
        at += 1
        if is_end or len(row) >= _MAX_CELLS:
            yield row
            row = []
        elif at >= size:
            row.append("")
    if row:
        yield row
