"""Reads Excel files and tables in text files, and turns spreadsheets of all formats into pages with a block per row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice

from lxml import etree

from slmdesk.base.documents import MARKED, BlockKind, Note, Page, PageKind, PageStatus, column_number, page_of
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.texts import N_, _
from slmdesk.children.formats.letters import EMPTY, TICKED, Look, settled, symbol_font
from slmdesk.children.formats.number_formats import GENERAL, NumberFormat, formats_of, shown
from slmdesk.children.formats.office_xml import Package, Stream, child, children, local, relation_id, text_of
from slmdesk.children.formats.pptx import Drawing, paragraph_text
from slmdesk.children.formats.reading import Link, PageText, Reading, link_of
from slmdesk.children.formats.text import MAX_LABEL_CHARACTERS, Piece, decoded_text

PAGE_ROWS = 200
PAGE_CHARACTERS = 60_000
ROW_CHARACTERS = 20_000
MAX_GAP = 20
"""Most empty cells between two filled cells of a block. A larger gap begins a new block, so no row is mostly tabs."""
_NUMBER = re.compile(r"[-+(]?[\d.,: /%'()\u2009\u00a0$€£¥-]*\d[\d.,: /%'()\u2009\u00a0$€£¥-]*")


class Row(Record):
    """Filled cells of a row, as (column from 1, text). If `last` > `number`, rows up to `last` have the same cells."""

    number: int
    cells: Sequence[tuple[int, str]]
    last: int = 0
    links: tuple[Link, ...] = ()


class SheetPager:
    def __init__(self, reading: Reading) -> None:
        self._reading, self._number, self._sheets = reading, 0, 0
        reading.page_kind = PageKind.SHEET

    def pages(
        self, name: str, rows: Iterable[Row], *, hidden: bool = False, more: Iterable[Piece] = ()
    ) -> Iterator[Page]:
        """Yield a sheet's pages, at least one. The pieces in `more` come below the last row, requested after it."""
        if hidden:
            self._reading.note(Note.HIDDEN_TEXT, name=name)
        self._begin()
        reason = "hidden sheet" if hidden else ""
        parts = _parts(rows, self._reading)
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
        """Return the page that stands for a sheet that cannot be read. `is_rest` means that only the rest of the last
        sheet, after its pages, cannot be read.
        """
        self._reading.note(Note.PARTLY_DAMAGED)
        if is_rest and self._sheets:
            part_pages(self._reading, self._sheets)
        else:
            self._begin()
        self._number += 1
        label = name[:MAX_LABEL_CHARACTERS] or str(self._number)
        return page_of(self._number, label, "", (), status=PageStatus.BROKEN, reason=N_("this sheet is broken"))

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
                level = 1 if head and number == 0 else 0
                text.add(piece.kind, piece.text, level=level, place=piece.place, links=piece.links)
        for piece in more:
            text.add(piece.kind, piece.text, level=piece.level, place=piece.place, links=piece.links)
        return page_of(self._number, label, text.text, text.blocks, reason=reason)


def part_pages(reading: Reading, sheets: int) -> None:
    """Record in the reading that pages are parts of sheets, and how many sheets there are so far."""
    reading.page_kind, reading.sheets = PageKind.PART, sheets


def rows_words(rows: Sequence[Row]) -> str:
    """Return the range of row numbers, such as "rows 201–400"."""
    return f"rows {rows[0].number}–{max(rows[-1].number, rows[-1].last)}"


def _parts(rows: Iterable[Row], reading: Reading) -> Iterator[list[Row]]:
    """Yield the rows that have words, as many together as make a page."""
    part = list[Row]()
    size = 0
    for row in rows:
        cells = tuple((column, clean) for column, words in row.cells if (clean := " ".join(words.split())))
        if not cells:
            continue
        length = sum(len(words) for __, words in cells)
        if part and (len(part) >= PAGE_ROWS or size + length > PAGE_CHARACTERS):
            reading.check()
            yield part
            part = []
            size = 0
        part.append(changed(row, cells=cells))
        size += length
    if part:
        yield part


def row_pieces(row: Row, left: int) -> Iterator[Piece]:
    """Yield a row as blocks of cells separated by tabs. `left` is the first column of the page."""
    texts, first, size = list[str](), left, 0
    last = left - 1
    for column, words in row.cells:
        if texts and (column - last > MAX_GAP or size + len(words) > ROW_CHARACTERS):
            yield _row_piece(row, texts, first, last)
            texts, size = [], 0
        if not texts and (column - last > MAX_GAP or last >= left):
            first = last = column
            texts = [words]
        else:
            texts += [""] * (column - last - 1)
            texts.append(words)
        last, size = column, size + len(words)
    yield _row_piece(row, texts, first, last)


def _row_piece(row: Row, texts: Sequence[str], first: int, last: int) -> Piece:
    links = tuple(link for link in row.links if link[0] in texts)
    return Piece(BlockKind.TABLE_ROW, "\t".join(texts), place=_place(row, first, last), links=links)


def _place(row: Row, first: int, last: int) -> str:
    end = max(row.number, row.last)
    begin, finish = f"{column_name(first)}{row.number}", f"{column_name(last)}{end}"
    return begin if begin == finish else f"{begin}:{finish}"


@lru_cache(maxsize=20_000)
def column_name(column: int) -> str:
    """Return the letters of a column: A for 1, AA for 27."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def is_head(rows: Sequence[Row]) -> bool:
    """Return whether the first row is a header: several cells without numbers, above a row of several cells."""
    if len(rows) < 2:
        return False
    names, below = rows[0].cells, rows[1].cells
    return len(names) > 1 and len(below) > 1 and not any(_NUMBER.fullmatch(words) for __, words in names)


# Reads Excel files row by row while unpacking. No range of cells is ever allocated, however far apart two cells are
# (X4). ECMA-376 part 1, chapter 18. Formulas give the values they had when the file was saved.

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_OLD_BOX = re.compile(rb"""ObjectType=["'](?:Checkbox|Radio|Drop|List)["']""")
MAX_SHARED_CHARACTERS = 64 << 20
_LINK, _ATTRIBUTE = re.compile(rb"<(?:\w+:)?hyperlink\s([^>]*)>"), re.compile(rb"""([\w:]+)=["']([^"']*)["']""")
_TAG_BYTES = 40
_LEADS = re.compile(r"""\s*(?:_xlfn\.)?HYPERLINK\(\s*"([^"]+)\"""", re.IGNORECASE)
"""Matches a formula that is a link."""
_ON = ("1", "true")
_TEXTS = frozenset(("s", "str", "inlineStr"))


class _Book(Record):
    package: Package
    strings: Sequence[str]
    formats: Sequence[NumberFormat]
    looks: Mapping[str, Look]
    """By the number of a cell's style. Those without a look that says something are left out."""
    from_1904: bool
    around_text: Mapping[str, str]
    """What the number of a cell's style shows of texts, with {} for the text. Those without words are left out."""


def read_xlsx(reading: Reading) -> Iterator[Page]:
    pager = SheetPager(reading)
    with Package.opened(reading) as package:
        main = package.main_part("xl/workbook.xml")
        package.read_about()
        root = package.tree(main)
        if root is None:
            raise KnownError("document.damaged", path=reading.path, reason=_("its list of sheets is broken"))
        about = child(root, "workbookPr")
        styles = package.tree(package.related(main, "styles"))
        formats = formats_of(styles)
        book = _Book(
            package, _strings(package, package.related(main, "sharedStrings")),
            formats, _looks_of(styles), about is not None and about.get("date1904") in _ON,
            {str(number): "{}".join(form.around_text) for number, form in enumerate(formats) if any(form.around_text)},
        )  # fmt: skip
        relations = package.relations(main)
        for number, sheet in enumerate(children(child(root, "sheets"), "sheet"), 1):
            reading.check()
            reading.check_count(number)
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
        self._stream = Stream(book.package.chunks(part), book.package.reading.path, "sheetData")
        self._name = ""
        self._targets = dict(self._linked())
        """Where the links of cells lead, by the names of the cells."""
        self._links: list[Link] = []
        """Those of the row."""

    def pages(self, pager: SheetPager, name: str, hidden: bool) -> Iterator[Page]:
        """Yield the pages of the sheet. If it breaks off, the rows before the break are yielded, then a broken page."""
        self._name = name
        yield from pager.pages(name, self._rows(), hidden=hidden, more=self._more())
        if self._stream.broken:
            self._book.package.reading.note(Note.PARTLY_DAMAGED)
            yield pager.broken(name, is_rest=True)

    def _rows(self) -> Iterator[Row]:
        number = 0
        for __, row in self._stream:
            if local(row) != "row":
                continue
            reported = row.get("r", "")
            number = int(reported) if reported.isdecimal() and len(reported) < 8 else number + 1
            self._links.clear()
            cells = [*self._cells(row, number)]
            if cells and row.get("hidden") in _ON:
                self._book.package.reading.note(Note.HIDDEN_TEXT, name=f"{self._name}!{number}")
            yield Row(number, cells, links=tuple(self._links))

    def _cells(self, row: etree._Element, number: int) -> Iterator[tuple[int, str]]:
        column, looks = 0, self._book.looks
        for cell in row:
            letters = cell.get("r", "").rstrip("0123456789")
            column = column_number(letters) or column + 1
            if text := self._words(cell):
                if self._book.around_text and cell.get("t") in _TEXTS:
                    text = self._book.around_text.get(cell.get("s", "0"), "{}").replace("{}", text)
                if looks and (look := looks.get(cell.get("s", "0"))) is not None:
                    text = settled(look.dress(self._book.package.reading, MARKED.sub(r"\1", text)))
                if self._targets and (target := self._targets.get(f"{column_name(column)}{number}", "")):
                    self._links += link_of(" ".join(text.split()), target)
                elif len(cell) > 1 and (leads := _LEADS.match(text_of(child(cell, "f")))):
                    self._links += link_of(" ".join(text.split()), leads[1])
                yield column, text
            elif len(cell) and cell.get("t") != "str" and child(cell, "f") is not None:
                self._book.package.reading.note(Note.FORMULAS_EMPTY, count=1)

    def _linked(self) -> Iterator[tuple[str, str]]:
        """Yield the name of each cell with a link out of the file, and where that leads. They stand behind the rows."""
        links = self._book.package.links(self._part)
        if not links:
            return
        behind = b""
        for chunk in self._book.package.chunks(self._part):
            behind += chunk
            if b"hyperlinks" not in behind:
                behind = behind[-_TAG_BYTES:]
        for tag in _LINK.findall(behind):
            about = {name.rpartition(b":")[2].decode(): value.decode() for name, value in _ATTRIBUTE.findall(tag)}
            first = about.get("ref", "").partition(":")[0]
            yield first, links.get(about.get("id", ""), "")

    def _words(self, cell: etree._Element) -> str:
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            inline = child(cell, "is")
            return "" if inline is None else _rich(inline, self._book.package.reading)
        value = next((element.text or "" for element in cell if local(element) == "v"), "")
        raw = value.strip()
        if not raw:
            return ""
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
        for column in children(child(root, "cols")):
            first, last = (column.get(end, "")[:5] for end in ("min", "max"))
            if column.get("hidden") in _ON and first.isdecimal() and last.isdecimal():
                names = dict.fromkeys((column_name(int(first)), column_name(int(last))))
                self._book.package.reading.note(Note.HIDDEN_TEXT, name=f"{self._name}!{':'.join(names)}")
        package = self._book.package
        for relation in package.relations(self._part).values():
            if relation.kind == "comments" and (tree := package.tree(relation.part)) is not None:
                yield from _comments(tree, package.reading)
            elif relation.kind == "drawing" and (tree := package.tree(relation.part)) is not None:
                yield from self._controls(tree)
                if next(tree.iter("{*}pic"), None) is not None:
                    package.reading.note(Note.IMAGES_IGNORED)
                repeats_cells = root is not None and child(root, "sheetData") is not None
                yield from Drawing(package, relation.part, repeats_cells).pieces(tree)
            elif relation.kind == "control" or (
                relation.kind == "vmlDrawing"
                and not any(other.kind == "ctrlProp" for other in package.relations(self._part).values())
                and _OLD_BOX.search(b"".join(package.chunks(relation.part)))
            ):
                package.reading.note(Note.PARTS_UNREAD, name=N_("form control"))

    def _controls(self, drawing: etree._Element) -> Iterator[Piece]:
        """Yield the boxes of a sheet with their labels, which are taken out of its drawing. What else a control shows
        is noted.
        """
        package, root = self._book.package, self._stream.root
        named = ((about.get("id", ""), next(about.iterancestors("{*}sp"), None)) for about in drawing.iter("{*}cNvPr"))
        shapes = dict(named)
        relations = package.relations(self._part)
        controls = {} if root is None else {control.get("shapeId", ""): control for control in root.iter("{*}control")}
        for number, control in controls.items():
            relation = relations.get(relation_id(control))
            about = package.tree(relation.part) if relation is not None and relation.kind == "ctrlProp" else None
            kind = "" if about is None else about.get("objectType", "")
            shape = shapes.get(number)
            if about is not None and kind in ("CheckBox", "Radio"):
                words = control.get("name", "")
                if shape is not None and (parent := shape.getparent()) is not None:
                    words = " ".join(paragraph_text(package.reading, shape).split()) or words
                    parent.remove(shape)
                yield Piece(BlockKind.PARAGRAPH, f"{TICKED if about.get('checked') == 'Checked' else EMPTY} {words}")
            elif kind in ("Drop", "List", "Scroll", "Spin", "EditBox"):
                package.reading.note(Note.PARTS_UNREAD, name=N_("form control"))


def _comments(root: etree._Element, reading: Reading) -> Iterator[Piece]:
    authors = [element.text or "" for element in children(child(root, "authors"))]
    for entry in children(child(root, "commentList")):
        number, words = entry.get("authorId", ""), child(entry, "text")
        author = authors[int(number)] if number.isdecimal() and int(number) < len(authors) else ""
        place = f"{entry.get('ref', '')[:20]} {author}".strip()
        yield Piece(BlockKind.COMMENT, "" if words is None else _rich(words, reading), place=place)


def _strings(package: Package, part: str) -> list[str]:
    strings, size = list[str](), 0
    stream = Stream(package.chunks(part), package.reading.path, "sst")
    for __, element in stream:
        strings.append(_rich(element, package.reading))
        size += len(strings[-1])
        if size > MAX_SHARED_CHARACTERS:
            raise KnownError("document.too_large", path=package.reading.path, bytes=size, limit=MAX_SHARED_CHARACTERS)
    if part and stream.broken:
        package.reading.note(Note.PARTLY_DAMAGED)
    return strings


PLAIN_LOOK = Look()


def _look(properties: etree._Element | None) -> Look:
    about = {local(element): element.get("val") for element in children(properties)}
    struck = "strike" in about and about["strike"] in (None, *_ON)
    shift = {"superscript": 1, "subscript": -1}.get(about.get("vertAlign") or "", 0)
    name = symbol_font(about.get("rFont") or about.get("name") or "")
    return Look(struck, shift, name, name) if struck or shift or name else PLAIN_LOOK


def _looks_of(styles: etree._Element | None) -> dict[str, Look]:
    fonts = {str(number): _look(font) for number, font in enumerate(children(child(styles, "fonts")))}
    if all(look is PLAIN_LOOK for look in fonts.values()):
        return {}
    used = enumerate(children(child(styles, "cellXfs")))
    looks = ((str(number), fonts.get(style.get("fontId", "0"), PLAIN_LOOK)) for number, style in used)
    return {number: look for number, look in looks if look is not PLAIN_LOOK}


def _rich(element: etree._Element, reading: Reading) -> str:
    pieces, is_dressed = [], False
    for inner in element:
        name = local(inner)
        if name == "t":
            pieces.append(inner.text or "")
        elif name == "r":
            words = "".join(part.text or "" for part in inner if local(part) == "t")
            look = _look(child(inner, "rPr"))
            if look is not PLAIN_LOOK:
                words, is_dressed = look.dress(reading, words), True
            pieces.append(words)
    text = _unescaped("".join(pieces))
    return settled(text) if is_dressed else text


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


# Reads tables in text files. Values are separated by commas, semicolons, tabs or bars (RFC 4180, read leniently).
# This code does not use the csv module: `csv.Sniffer` takes any frequent letter for a delimiter, and `csv.reader`
# swallows the rest of a file after a single quotation mark.

DELIMITERS = "\t;|,"
REPORTED = re.compile(r"sep=(.)\n", re.IGNORECASE)
_SAMPLE_ROWS = 200
_SAMPLE_CHARACTERS = 200_000
_MAX_QUOTED = 32_767
"""Most characters of a quoted value, as Excel allows in a cell. If no closing mark follows within them, the quotation
mark is an ordinary character.
"""
_MAX_CELLS = 16_384


def read_separated(reading: Reading) -> Iterator[Page]:
    reading.page_kind = PageKind.SHEET
    text = decoded_text(reading)
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
        for piece in _pieces([words for __, words in row.cells]):
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
    """Return the delimiter that gives most rows the same number of cells, or a comma if none does.

    If several do equally well, the sign that is rarer in text and numbers wins: "1,50;2,75" has equally many commas in
    each row.
    """
    sample = text[:_SAMPLE_CHARACTERS]
    best, likeliest = 0.0, ","
    for delimiter in DELIMITERS:
        rows = (row for row in islice(rows_of(sample, delimiter), _SAMPLE_ROWS) if any(row))
        torn = ((row, any(value.startswith('"') != value.endswith('"') for value in row)) for row in rows)
        widths = Counter(0 if is_torn else len(row) for row, is_torn in torn)
        same = max((count for width, count in widths.items() if width > 1), default=0)
        share = round(same / max(1, widths.total()), 1)
        if share > best:
            best, likeliest = share, delimiter
    return likeliest


class Cell(Record):
    """Value of a table and its position: `start` to `end` in the text, including quotation marks."""

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
        match = value.match(text, at)
        assert match is not None  # the second alternative also matches the empty string
        quoted, at = match[1], match.end()
        width += 1
        words = match[2] if quoted is None else quoted.replace('""', '"')
        is_end = at >= size or text[at] == "\n"
        at += 1
        is_last = not is_end and at >= size
        ends = is_end or width >= _MAX_CELLS
        yield Cell(words, match.start(), match.end(), quoted is not None, ends)
        if is_last and not ends:
            yield Cell("", size, size, False, True)
        width = 0 if ends else width


def rows_of(text: str, delimiter: str, begin: int = 0) -> Iterator[list[str]]:
    return ([cell.value for cell in row] for row in rows_of_cells(text, delimiter, begin))


def rows_of_cells(text: str, delimiter: str, begin: int) -> Iterator[list[Cell]]:
    row: list[Cell] = []
    for cell in cells_of(text, delimiter, begin):
        row.append(cell)
        if cell.ends_row:
            yield row
            row = []
    if row:
        yield row
