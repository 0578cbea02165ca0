"""Reads XML files of Excel and Word 2003 (SpreadsheetML, WordprocessingML), and Word files that are one XML file."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import suppress

from lxml import etree

from slmdesk.base.documents import BlockKind, Note, Page
from slmdesk.base.errors import KnownError
from slmdesk.base.texts import _
from slmdesk.children.formats import docx
from slmdesk.children.formats.containers import zipped
from slmdesk.children.formats.number_formats import format_of_code, shown
from slmdesk.children.formats.office_xml import attribute, child, children, local, parse
from slmdesk.children.formats.reading import Link, Reading, link_of
from slmdesk.children.formats.sheets import Row, SheetPager
from slmdesk.children.formats.text import Pager, Piece

_NAMED_CODES = {
    "General Number": "General", "Currency": "#,##0.00", "Euro Currency": "€ #,##0.00", "Fixed": "0.00",
    "Standard": "#,##0.00", "Percent": "0.00%", "Scientific": "0.00E+00",
    "Yes/No": '"Yes";"Yes";"No"', "True/False": '"True";"True";"False"', "On/Off": '"On";"On";"Off"',
    **dict.fromkeys(("General Date",), "yyyy-mm-dd h:mm"),
    **dict.fromkeys(("Long Date", "Medium Date", "Short Date"), "yyyy-mm-dd"),
    **dict.fromkeys(("Long Time",), "h:mm:ss"), **dict.fromkeys(("Medium Time", "Short Time"), "h:mm"),
}  # fmt: skip
"""Codes of number formats by the names that these files give them."""
_MOST_COLUMN = 16_384


# Sheets


def read_sheets(reading: Reading) -> Iterator[Page]:
    root = parse(reading.all_bytes(), reading.path)
    about = child(root, "DocumentProperties")
    reading.title, reading.author = (_words(child(about, name)) for name in ("Title", "Author"))
    codes = {
        attribute(style, "ID"): attribute(child(style, "NumberFormat"), "Format")
        for style in children(child(root, "Styles"), "Style")
    }
    pager = SheetPager(reading)
    sheets = [*children(root, "Worksheet")]
    if not sheets:
        raise KnownError("document.damaged", path=reading.path, reason=_("its list of sheets is broken"))
    reading.check_count(len(sheets))
    for sheet in sheets:
        reading.check()
        state = _words(child(sheet, "WorksheetOptions", "Visible"))
        rows = _Sheet(reading, sheet, codes)
        yield from pager.pages(attribute(sheet, "Name"), rows, hidden=state.startswith("Sheet"), more=rows.comments)


class _Sheet:
    def __init__(self, reading: Reading, sheet: etree._Element, codes: dict[str, str]) -> None:
        self._reading, self._sheet, self._codes = reading, sheet, codes
        self.comments: list[Piece] = []

    def __iter__(self) -> Iterator[Row]:
        number = 0
        for row in children(child(self._sheet, "Table"), "Row"):
            number = _place(row, number)
            links = list[Link]()
            cells = [*self._cells(row, number, links)]
            if attribute(row, "Hidden") == "1":
                self._reading.note(Note.HIDDEN_TEXT, name=f"{attribute(self._sheet, 'Name')}!{number}")
            yield Row(number, cells, links=tuple(links))

    def _cells(self, row: etree._Element, number: int, links: list[Link]) -> Iterator[tuple[int, str]]:
        column = 0
        for cell in children(row, "Cell"):
            column = _place(cell, column)
            data, comment = child(cell, "Data"), child(cell, "Comment")
            if comment is not None:
                words = _words(child(comment, "Data"))
                author = attribute(comment, "Author")
                self.comments.append(Piece(BlockKind.COMMENT, words, place=f"row {number} {author}".strip()))
            text = self._shown(cell, data)
            links += link_of(text, attribute(cell, "HRef"))
            if text:
                yield column, text
            elif attribute(cell, "Formula"):
                self._reading.note(Note.FORMULAS_EMPTY, count=1)
            across = attribute(cell, "MergeAcross")
            if across.isdecimal():
                column += int(across[:5])

    def _shown(self, cell: etree._Element, data: etree._Element | None) -> str:
        text, kind = _words(data), attribute(data, "Type")
        if kind == "DateTime":
            return text.removesuffix(".000").replace("T00:00:00", "").replace("T", " ")
        if kind == "Boolean":
            return "TRUE" if text == "1" else "FALSE"
        row = cell.getparent()
        code = self._codes.get(attribute(cell, "StyleID") or attribute(row, "StyleID"), "")
        try:
            number = float(text) if kind == "Number" else None
        except ValueError:
            return text
        if number is None or number - number:
            return text
        return shown(number, format_of_code(_NAMED_CODES.get(code, code)))


def _place(element: etree._Element, last: int) -> int:
    told = attribute(element, "Index")
    return min(int(told[:8]), _MOST_COLUMN * 64) if told.isdecimal() else last + 1


def _words(element: etree._Element | None) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())


# Texts


def read_text(reading: Reading) -> Iterator[Page]:
    root = parse(reading.all_bytes(), reading.path)
    if local(root) == "package":
        inner = reading.inside(reading.path, zipped(dict(_parts(root))))
        yield from docx.read(inner)
        reading.title, reading.author, reading.page_kind = inner.title, inner.author, inner.page_kind
        reading.take_notes(inner)
        return
    body = child(root, "body")
    if body is None:
        raise KnownError("document.damaged", path=reading.path, reason=_("its main part is missing"))
    about = child(root, "DocumentProperties")
    reading.title, reading.author = (_words(child(about, name)) for name in ("Title", "Author"))
    pager = Pager(reading, has_pages=False)
    walker = docx.Walker(reading, None, "", docx.styles_of(child(root, "styles")), docx.Numbering(None), {})
    for element in body:
        reading.check()
        yield from pager.take(walker.flow(element))
    yield from pager.take(walker.rest())
    yield from pager.end()


def _parts(root: etree._Element) -> Iterator[tuple[str, bytes]]:
    """Yield the parts of a Word file that is one XML file."""
    for part in children(root, "part"):
        name, held = attribute(part, "name").lstrip("/"), child(part, "xmlData")
        if held is not None and len(held):
            yield name, etree.tostring(held[0])
        else:
            with suppress(binascii.Error):
                yield name, base64.b64decode(_words(child(part, "binaryData")))
