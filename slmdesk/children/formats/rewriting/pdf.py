"""Translates a PDF into a new Word file with headings, paragraphs, list items and tables, page by page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from html import escape
from itertools import groupby

from slmdesk.base.documents import MARKS, Block, BlockKind, Page, PageStatus
from slmdesk.children.formats.containers import zipped
from slmdesk.children.formats.pdf import read
from slmdesk.children.formats.rewriting.rewriters import UNPRINTED, LeftAsIs, Rewriting, Unit, Units

MOST_COLUMNS = 63
"""Most columns of a table, as Word allows."""
TABLE_WIDTH = 9_000
"""Width of a table between the margins of an A4 page, in twentieths of a point."""
_EAST_ASIAN = frozenset(("zh", "ja", "ko"))


class Style(StrEnum):
    NORMAL = "Normal"
    ITEM = "ListParagraph"
    CAPTION = "Caption"
    FOOTNOTE = "FootnoteText"
    QUOTE = "Quote"
    CODE = "Code"
    COMMENT = "CommentText"
    MARGIN = "PageMargin"
    NOTICE = "Notice"


class WordFile:
    """Writer of a new Word file of headings, paragraphs, list items and tables, for formats that cannot be rewritten.

    WordprocessingML after ECMA-376 part 1, chapter 17. Elements are in the order that its schema requires.
    """

    def __init__(self, language: str, *, right_to_left: bool = False) -> None:
        self._language, self._right_to_left = language, right_to_left
        self._body: list[str] = []
        self._breaks_page = False
        self._ends_with_table = False

    def end_page(self) -> None:
        self._breaks_page = bool(self._body)

    def heading(self, words: str, level: int) -> None:
        """Add a heading of level 1 (the highest) to 6."""
        self._add(f"Heading{min(6, max(1, level))}", words)

    def paragraph(self, words: str, style: Style = Style.NORMAL) -> None:
        self._add(style.value, words)

    def item(self, mark: str, words: str, level: int = 1) -> None:
        left = 360 * min(9, max(1, level))
        indent = f'<w:ind w:left="{left}" w:hanging="360"/>'
        self._add(Style.ITEM.value, f"{mark}\t{words}" if mark else words, indent)

    def table(self, rows: Sequence[Sequence[str]], *, has_head: bool = False) -> None:
        """Add a table. Rows may have different numbers of cells, at most MOST_COLUMNS."""
        columns = max(map(len, rows))
        if self._breaks_page or self._ends_with_table:  # a table has no page break, and would join a table before it
            self._add(Style.NORMAL.value, "")
        width = TABLE_WIDTH // columns
        turned = "<w:bidiVisual/>" if self._right_to_left else ""
        self._body.append(
            f'<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/>{turned}<w:tblW w:w="0" w:type="auto"/></w:tblPr>'
            f"<w:tblGrid>{f'<w:gridCol w:w={chr(34)}{width}{chr(34)}/>' * columns}</w:tblGrid>"
        )
        for number, row in enumerate(rows):
            is_head = has_head and not number
            cells = "".join(self._cell(words, width, is_head) for words in (*row, *[""] * (columns - len(row))))
            self._body.append(f"<w:tr>{'<w:trPr><w:tblHeader/></w:trPr>' if is_head else ''}{cells}</w:tr>")
        self._body.append("</w:tbl>")
        self._ends_with_table = True

    def data(self) -> bytes:
        """Return the bytes of the file. The same content gives the same bytes."""
        if self._ends_with_table or not self._body:  # a body must end with a paragraph
            self._add(Style.NORMAL.value, "")
        document = (
            f'{_XML}<w:document xmlns:w="{_SPACE}"><w:body>{"".join(self._body)}<w:sectPr>'
            '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1417" w:right="1417" w:bottom="1134" w:left="1417" '
            f'w:header="708" w:footer="708" w:gutter="0"/>{"<w:bidi/>" if self._right_to_left else ""}</w:sectPr>'
            "</w:body></w:document>"
        )
        parts = {**_PARTS, "word/styles.xml": self._styles(), "word/document.xml": document}
        return zipped({name: text.encode("utf-8") for name, text in parts.items()})

    # ---- inside

    def _add(self, style: str, words: str, indent: str = "") -> None:
        begins = "<w:pageBreakBefore/>" if self._breaks_page else ""
        bidi = "<w:bidi/>" if self._right_to_left else ""
        about = f'<w:pStyle w:val="{style}"/>' if style != Style.NORMAL.value else ""
        about += begins + bidi + indent
        self._body.append(f"<w:p>{f'<w:pPr>{about}</w:pPr>' if about else ''}{self._run(words)}</w:p>")
        self._breaks_page = self._ends_with_table = False

    def _cell(self, words: str, width: int, is_head: bool) -> str:
        bidi = "<w:pPr><w:bidi/></w:pPr>" if self._right_to_left else ""
        return (
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>'
            f"<w:p>{bidi}{self._run(words, '<w:b/>' if is_head else '')}</w:p></w:tc>"
        )

    def _run(self, words: str, look: str = "") -> str:
        if not words:
            return ""
        if self._right_to_left:
            look += "<w:rtl/>"
        parts = []
        for piece in re.split(r"([\t\n])", UNPRINTED.sub("", words)):
            if piece in ("\t", "\n"):
                parts.append("<w:tab/>" if piece == "\t" else "<w:br/>")
            elif piece:
                parts.append(f'<w:t xml:space="preserve">{escape(piece, quote=False)}</w:t>')
        return f"<w:r>{f'<w:rPr>{look}</w:rPr>' if look else ''}{''.join(parts)}</w:r>"

    def _styles(self) -> str:
        if self._right_to_left:
            key = "bidi"
        elif self._language in _EAST_ASIAN:
            key = "eastAsia"
        else:
            key = "val"
        language = f'<w:lang w:{key}="{escape(self._language)}"/>' if self._language else ""
        return _STYLE_DEFINITIONS.replace("@LANGUAGE@", language)


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_PARTS = {
    "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_KIND}.document.main+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{_KIND}.styles+xml"/></Types>',
    "_rels/.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
    "word/_rels/document.xml.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
}


def _style(id: str, name: str, paragraph: str = "", look: str = "", *, following: str = "Normal") -> str:
    return (
        f'<w:style w:type="paragraph" w:styleId="{id}"><w:name w:val="{name}"/><w:basedOn w:val="Normal"/>'
        f'<w:next w:val="{following}"/><w:qFormat/><w:pPr>{paragraph}</w:pPr><w:rPr>{look}</w:rPr></w:style>'
    )


_HEADINGS = "".join(
    _style(
        f"Heading{level}", f"heading {level}",
        f'<w:keepNext/><w:keepLines/><w:spacing w:before="{360 - 40 * level}" w:after="80"/>'
        f'<w:outlineLvl w:val="{level - 1}"/>',
        f'<w:b/><w:bCs/><w:sz w:val="{size}"/><w:szCs w:val="{size}"/>',
    )
    for level, size in enumerate((36, 30, 26, 24, 22, 22), start=1)
)  # fmt: skip
_GREY = '<w:color w:val="595959"/><w:sz w:val="18"/><w:szCs w:val="18"/>'
_STYLE_DEFINITIONS = (
    f'{_XML}<w:styles xmlns:w="{_SPACE}"><w:docDefaults><w:rPrDefault><w:rPr>'
    '<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:cs="Arial"/><w:sz w:val="22"/><w:szCs w:val="22"/>@LANGUAGE@'
    '</w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="120" w:line="259" w:lineRule="auto"/></w:pPr>'
    '</w:pPrDefault></w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name '
    'w:val="Normal"/><w:qFormat/></w:style>'
    + _HEADINGS
    + _style("ListParagraph", "List Paragraph", '<w:contextualSpacing/>', following="ListParagraph")
    + _style("Caption", "caption", "", "<w:i/><w:iCs/>")
    + _style("FootnoteText", "footnote text", "", '<w:sz w:val="18"/><w:szCs w:val="18"/>')
    + _style("Quote", "Quote", '<w:ind w:left="720" w:right="720"/>', "<w:i/><w:iCs/>")
    + _style("Code", "Code", '<w:spacing w:after="120" w:line="240" w:lineRule="auto"/>',
             '<w:rFonts w:ascii="Courier New" w:hAnsi="Courier New" w:cs="Courier New"/><w:noProof/>'
             '<w:sz w:val="18"/><w:szCs w:val="18"/>')
    + _style("CommentText", "annotation text", '<w:ind w:left="360"/>', _GREY)
    + _style("PageMargin", "Page margin", "", _GREY)
    + _style("Notice", "Notice", "", f"<w:i/><w:iCs/>{_GREY}")
    + '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:tblPr>'
    '<w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar><w:left w:w="108" w:type="dxa"/><w:right w:w="108" w:type="dxa"/>'
    '</w:tblCellMar></w:tblPr></w:style>'
    '<w:style w:type="table" w:styleId="TableGrid"><w:name w:val="Table Grid"/><w:basedOn w:val="TableNormal"/>'
    '<w:pPr><w:spacing w:after="0"/></w:pPr><w:tblPr><w:tblBorders>'
    + "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="auto"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    + "</w:tblBorders></w:tblPr></w:style></w:styles>"
)  # fmt: skip


_MARK = re.compile(r"([•‣⁃◦▪▫■□●○◆◇➢➤►✓∗*–—-]|\(?(?:\d{1,3}|[A-Za-z]|[ivxlc]{1,5})[.)])[ \u00a0]+(?=\S)")
_NUMBER = re.compile(r"((?:[A-Z]|\d{1,3})(?:\.\d{1,3})*\.?)[ \u00a0]+(?=\S)")
_STYLES = {
    BlockKind.CAPTION: Style.CAPTION, BlockKind.FOOTNOTE: Style.FOOTNOTE, BlockKind.QUOTE: Style.QUOTE,
    BlockKind.COMMENT: Style.COMMENT, BlockKind.NOTE: Style.COMMENT, BlockKind.HEADER: Style.MARGIN,
    BlockKind.FOOTER: Style.MARGIN,
}  # fmt: skip
_WHY = {
    PageStatus.SCANNED: "scanned", PageStatus.EMPTY: "empty", PageStatus.LOCKED: "locked", PageStatus.BROKEN: "broken",
}  # fmt: skip


def rewrite(rewriting: Rewriting) -> Units:
    """Yield the units of a PDF page by page. The result is a Word file."""
    reading, options = rewriting.reading, rewriting.options
    file = WordFile(options.language, right_to_left=options.is_right_to_left)
    reported: dict[str, str | None] = {}
    yield LeftAsIs("layout", "", "pictures, lines, colours and the layout of the pages")
    for page in read(reading):
        reading.check()
        reading.worked()
        place = f"page {page.number}"
        struck = [block.place for block in page.blocks if block.kind is BlockKind.STRUCK]
        if struck:  # no longer in force
            yield LeftAsIs("deleted", place, " ".join(struck)[:80])
        shown = [block for block in page.blocks if block.place != "hidden" and block.kind not in MARKS]
        if not shown:
            why = _reason(page)
            yield LeftAsIs("page", place, why)
            file.paragraph(f"[Page {page.number} has no text ({why}).]", Style.NOTICE)
        elif page.reason:  # read by OCR, or not completely
            yield LeftAsIs("page", place, page.reason)
            file.paragraph(f"[Page {page.number}: {page.reason}.]", Style.NOTICE)
        for is_table, blocks in groupby(shown, key=lambda block: block.kind is BlockKind.TABLE_ROW):
            group = list(blocks)
            if is_table:
                yield from _table(file, page, group, place)
                continue
            for block in group:
                yield from _block(file, page, block, place, reported)
        for block in page.blocks:
            if block.place == "hidden":  # a translation would make hidden text visible
                yield LeftAsIs("hidden", place, page.text[block.start : block.end][:80])
        file.end_page()
    for attachment in reading.attachments:
        yield LeftAsIs("embedded", "", attachment.name[:80])
    rewriting.data = file.data()


def _reason(page: Page) -> str:
    why = _WHY.get(page.status, "")
    return f"{why}: {page.reason}" if why and page.reason not in ("", why) else page.reason or why or "empty"


def _block(file: WordFile, page: Page, block: Block, place: str, reported: dict[str, str | None]) -> Units:
    words = page.text[block.start : block.end]
    if block.kind is BlockKind.CODE:
        yield LeftAsIs("code", place, words[:80])
        file.paragraph(words, Style.CODE)
        return
    mark, words = _parted(block.kind, words)
    is_repeated = block.kind in (BlockKind.HEADER, BlockKind.FOOTER)
    if is_repeated and words in reported:
        answer = reported[words]
    else:
        answer = yield from _answered(words, block.kind.value, place)
    if is_repeated:
        reported[words] = answer
    written = words if answer is None else answer
    if block.kind is BlockKind.HEADING:
        file.heading(f"{mark} {written}" if mark else written, block.level)
    elif block.kind is BlockKind.LIST_ITEM:
        file.item(mark, written, block.level)
    else:
        file.paragraph(written, _STYLES.get(block.kind, Style.NORMAL))


def _parted(kind: BlockKind, words: str) -> tuple[str, str]:
    pattern = {BlockKind.LIST_ITEM: _MARK, BlockKind.HEADING: _NUMBER}.get(kind)
    match = pattern.match(words) if pattern is not None else None
    if match is None or (kind is BlockKind.HEADING and not any(sign.isdigit() for sign in match[1])):
        return "", words
    return match[1], words[match.end() :]


def _answered(words: str, kind: str, place: str) -> Units:
    """Yield a text's unit. The generator returns its translation, or None if it has no letters or stays unchanged."""
    if not any(letter.isalpha() for letter in words):
        return None
    answer = yield Unit(words, kind=kind, place=place)
    return answer


def _table(file: WordFile, page: Page, rows: Sequence[Block], place: str) -> Units:
    table: list[list[str]] = []
    for number, row in enumerate(rows, start=1):
        cells: list[str] = []
        for column, words in enumerate(page.text[row.start : row.end].split("\t"), start=1):
            where = f"{place}, row {number}, column {column}"
            answer = yield from _answered(words.strip(), row.kind.value, where)
            cells.append(words.strip() if answer is None else answer)
        if len(cells) > MOST_COLUMNS:
            cells[MOST_COLUMNS - 1 :] = [" ".join(cells[MOST_COLUMNS - 1 :])]
        table.append(cells)
    file.table(table, has_head=rows[0].level == 1)
