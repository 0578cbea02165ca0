"""Reads OpenDocument spreadsheets: values as displayed, dates as ISO 8601."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from slmdesk.base.documents import Note, Page
from slmdesk.base.errors import KnownError
from slmdesk.formats.base import Reading
from slmdesk.formats.odf import CONTENT, OdfStyle, OdfWalker, look_into, repeated, styles_in, tree_of
from slmdesk.formats.packed import opened
from slmdesk.formats.paging import Piece
from slmdesk.formats.sheets import Row, SheetPager
from slmdesk.formats.xmls import Stream, attribute, local

MAX_SAME_CELLS = 50
"""Filled cells beside each other that one element may stand for; of more, the first ones are read."""
_GROUPS = ("table-row-group", "table-rows", "table-header-rows")


def read(reading: Reading) -> Iterator[Page]:
    pager = SheetPager(reading)
    with opened(reading) as archive:
        look_into(archive, reading)
        about = tree_of(archive, reading, "styles.xml")
        stream = Stream(archive.chunks(CONTENT), reading.path, "table", opened=_GROUPS)
        rows = _Rows(reading, stream)
        walker: OdfWalker | None = None
        while (table := rows.next_table()) is not None:
            styles = styles_in(about, stream.root)
            walker = walker or OdfWalker(reading, styles)
            hidden = styles.get(attribute(table, "style-name"), OdfStyle()).is_hidden
            name = attribute(table, "name")
            yield from pager.pages(name, rows.of_table(table, walker), hidden=hidden, more=rows.beside)
        if stream.root is None:
            raise KnownError("document.damaged", path=reading.path, reason="its sheets are broken")
        if stream.broken:
            yield pager.broken("", is_rest=True)


class _Rows:
    def __init__(self, reading: Reading, stream: Stream) -> None:
        self._reading, self._children = reading, iter(stream)
        self._next: tuple[etree._Element, etree._Element] | None = None
        self.beside = list[Piece]()

    def next_table(self) -> etree._Element | None:
        if self._next is None:
            self._next = next(self._children, None)
        return None if self._next is None else self._next[0]

    def of_table(self, table: etree._Element, walker: OdfWalker) -> Iterator[Row]:
        self.beside.clear()
        number = 1
        while self._next is not None and self._next[0] is table:
            for row in _rows_in(self._next[1]):
                count = repeated(row, "number-rows-repeated")
                cells = self._cells(row, walker, number)
                if cells:
                    if attribute(row, "visibility") in ("collapse", "filter"):
                        self._reading.note(Note.HIDDEN_TEXT)
                    yield Row(number, cells, number + count - 1)
                number += count
            if local(self._next[1]) == "shapes":
                self.beside += walker.pieces(self._next[1])
            self._next = next(self._children, None)

    def _cells(self, row: etree._Element, walker: OdfWalker, number: int) -> list[tuple[int, str]]:
        cells, column = list[tuple[int, str]](), 1
        for cell in row:
            if local(cell) not in ("table-cell", "covered-table-cell"):
                continue
            count = repeated(cell, "number-columns-repeated")
            if len(cell) or cell.attrib:
                words = self._words(cell, walker, number)
                cells += [(column + more, words) for more in range(min(count, MAX_SAME_CELLS))] if words else []
            column += count
        return cells

    def _words(self, cell: etree._Element, walker: OdfWalker, number: int) -> str:
        kind, shown = attribute(cell, "value-type"), list[str]()
        for one in cell:
            if local(one) == "p":
                shown.append(walker.line(one))
            elif local(one) == "annotation":
                comment = walker.comment(one)
                self.beside.append(Piece(comment.kind, comment.text, place=f"row {number} {comment.place}".strip()))
            elif local(one) != "forms":
                self.beside += [part for part in walker.flow(one) if isinstance(part, Piece)]
        if kind == "date":
            return attribute(cell, "date-value").replace("T00:00:00", "").replace("T", " ")
        return "\n".join(shown) or attribute(cell, "value")


def _rows_in(element: etree._Element) -> Iterator[etree._Element]:
    if local(element) == "table-row":
        yield element
    elif local(element) in _GROUPS:
        for one in element:
            yield from _rows_in(one)
