"""Reads Excel files row by row while unpacking: no range is ever allocated, however far apart two cells are (X4).

ECMA-376 part 1, chapter 18.  Formulas give the values they had when the file was saved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lxml import etree

from slmdesk.base.documents import BlockKind, Note, Page
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.formats.base import Reading
from slmdesk.formats.drawing import Drawing
from slmdesk.formats.number_formats import GENERAL, NumberFormat, built_in, format_of_code, shown
from slmdesk.formats.ooxml import Package, relation_id
from slmdesk.formats.packed import opened
from slmdesk.formats.paging import Piece
from slmdesk.formats.sheets import Row, SheetPager, column_number
from slmdesk.formats.xmls import Stream, child, local

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
MAX_SHARED_CHARACTERS = 64 << 20
_ON = ("1", "true")


class _Book(Record):
    package: Package
    reading: Reading
    strings: Sequence[str]
    formats: Sequence[NumberFormat]
    from_1904: bool


def read(reading: Reading) -> Iterator[Page]:
    pager = SheetPager(reading)
    with opened(reading) as archive:
        package = Package(archive, reading)
        main = package.main_part("xl/workbook.xml")
        package.read_about()
        root = package.tree(main)
        if root is None:
            raise KnownError("document.damaged", path=reading.path, reason="its list of sheets is broken")
        about = child(root, "workbookPr")
        book = _Book(
            package, reading, _strings(package, reading, package.related(main, "sharedStrings")),
            formats_of(package.tree(package.related(main, "styles"))),
            about is not None and about.get("date1904") in _ON,
        )  # fmt: skip
        relations = package.relations(main)
        listed = child(root, "sheets")
        for number, sheet in enumerate(
            (one for one in listed if local(one) == "sheet") if listed is not None else (), 1
        ):
            reading.check()
            name, relation = sheet.get("name", ""), relations.get(relation_id(sheet))
            part = relation.part if relation is not None else f"xl/worksheets/sheet{number}.xml"
            if part not in package:
                yield pager.broken(name)
                continue
            hidden = sheet.get("state", "visible") != "visible"
            yield from _Sheet(book, part).pages(pager, name, hidden)


class _Sheet:
    def __init__(self, book: _Book, part: str) -> None:
        self._book, self._part = book, part
        self._stream = Stream(book.package.chunks(part), book.reading.path, "sheetData")

    def pages(self, pager: SheetPager, name: str, hidden: bool) -> Iterator[Page]:
        """Its pages; a sheet that breaks off gives what came before."""
        yield from pager.pages(name, self._rows(), hidden=hidden, more=self._more())
        if self._stream.broken:
            self._book.reading.note(Note.PARTLY_DAMAGED)
            yield pager.broken(name, is_rest=True)

    def _rows(self) -> Iterator[Row]:
        number = 0
        for _, row in self._stream:
            if local(row) != "row":
                continue
            reported = row.get("r", "")
            number = int(reported) if reported.isdecimal() and len(reported) < 8 else number + 1
            cells = [*self._cells(row)]
            if cells and row.get("hidden") in _ON:
                self._book.reading.note(Note.HIDDEN_TEXT)
            yield Row(number, cells)

    def _cells(self, row: etree._Element) -> Iterator[tuple[int, str]]:
        column = 0
        for cell in row:
            letters = cell.get("r", "").rstrip("0123456789")
            column = column_number(letters) or column + 1
            if text := self._words(cell):
                yield column, text

    def _words(self, cell: etree._Element) -> str:
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            inline = child(cell, "is")
            return "" if inline is None else _rich(inline)
        value = next((one.text or "" for one in cell if local(one) == "v"), "")
        raw = value.strip()
        if not raw:
            return ""
        if kind == "n":
            return self._number(raw, cell.get("s", "0"))
        if kind == "s":
            return self._book.strings[int(raw)] if raw.isdecimal() and int(raw) < len(self._book.strings) else ""
        if kind == "b":
            return "TRUE" if raw == "1" else "FALSE"
        if kind in ("str", "e"):
            return _unescaped(value)
        if kind == "d":
            return raw.replace("T00:00:00", "").replace("T", " ").rstrip("Z")
        return self._number(raw, cell.get("s", "0"))

    def _number(self, raw: str, style: str) -> str:
        formats = self._book.formats
        form = formats[int(style)] if style.isdecimal() and int(style) < len(formats) else GENERAL
        try:
            value = float(raw)
        except ValueError:
            return raw
        if value - value != 0:  # infinite, or no number
            return raw
        return shown(value, form, from_1904=self._book.from_1904)

    def _more(self) -> Iterator[Piece]:
        root = self._stream.root
        columns = child(root, "cols")
        if columns is not None and any(one.get("hidden") in _ON for one in columns):
            self._book.reading.note(Note.HIDDEN_TEXT)
        package = self._book.package
        for relation in package.relations(self._part).values():
            if relation.kind == "comments" and (tree := package.tree(relation.part)) is not None:
                yield from _comments(tree)
            elif relation.kind == "drawing" and (tree := package.tree(relation.part)) is not None:
                yield from Drawing(package, dict(package.relations(relation.part))).pieces(tree)


def _comments(root: etree._Element) -> Iterator[Piece]:
    listed = child(root, "authors")
    authors = [one.text or "" for one in listed] if listed is not None else []
    entries = child(root, "commentList")
    for one in entries if entries is not None else ():
        number, words = one.get("authorId", ""), child(one, "text")
        author = authors[int(number)] if number.isdecimal() and int(number) < len(authors) else ""
        place = f"{one.get('ref', '')[:20]} {author}".strip()
        yield Piece(BlockKind.COMMENT, "" if words is None else _rich(words), place=place)


def _strings(package: Package, reading: Reading, part: str) -> list[str]:
    found, size = list[str](), 0
    stream = Stream(package.chunks(part), reading.path, "sst")
    for _, one in stream:
        found.append(_rich(one))
        size += len(found[-1])
        if size > MAX_SHARED_CHARACTERS:
            raise KnownError("document.too_large", path=reading.path, bytes=size, limit=MAX_SHARED_CHARACTERS)
    if part and stream.broken:
        reading.note(Note.PARTLY_DAMAGED)
    return found


def _rich(element: etree._Element) -> str:
    pieces = []
    for one in element:
        name = local(one)
        if name == "t":
            pieces.append(one.text or "")
        elif name == "r":
            pieces += (part.text or "" for part in one if local(part) == "t")
    return _unescaped("".join(pieces))


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def formats_of(root: etree._Element | None) -> list[NumberFormat]:
    own: dict[str, str] = {}
    listed = child(root, "numFmts")
    for one in listed if listed is not None else ():
        own[one.get("numFmtId", "")] = one.get("formatCode", "")
    styles = child(root, "cellXfs")
    found = []
    for one in styles if styles is not None else ():
        number = one.get("numFmtId", "0")
        found.append(
            format_of_code(own[number]) if number in own else built_in(int(number) if number.isdecimal() else 0)
        )
    return found
