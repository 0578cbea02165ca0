"""Turns the elements of a Word file into the text and blocks that flow over its pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from slmdesk.base.documents import BlockKind, Note
from slmdesk.formats.base import Reading
from slmdesk.formats.docx_styles import Numbering, Style, as_number, number_of, outline_level
from slmdesk.formats.ooxml import is_on
from slmdesk.formats.paging import Flow, Footnote, PageBreak, PictureBlock, Piece
from slmdesk.formats.rows import as_row
from slmdesk.formats.xmls import attribute, child, local

_SKIPPED = frozenset(
    ("delText", "delInstrText", "instrText", "rPr", "pPr", "tblPr", "tblGrid", "trPr", "tcPr", "sdtPr", "sdtEndPr",
     "Fallback", "fldData", "footnoteRef", "endnoteRef", "annotationRef", "proofErr", "sectPr", "del", "moveFrom")
)  # fmt: skip
_REMOVED = frozenset(("del", "moveFrom", "delText"))
_CHANGES = _REMOVED | {"ins", "moveTo"}
_LETTERS = {"tab": "\t", "ptab": "\t", "cr": "\n", "noBreakHyphen": "\u2011", "softHyphen": "\u00ad"}
_CITED = {"footnoteReference": ("footnotes", "decimal"), "endnoteReference": ("endnotes", "lowerRoman")}
_PICTURES = frozenset(("blip", "imagedata", "OLEObject", "chart", "relIds"))
_MAX_SPAN = 63
"""Columns of a Word table."""


@dataclass(slots=True)
class _Line:
    kind: BlockKind
    level: int
    text: list[str] = field(default_factory=list)
    before: list[Flow] = field(default_factory=list)
    after: list[Flow] = field(default_factory=list)
    fields: list[bool] = field(default_factory=list)
    """Of the open fields: whether their result is reached."""

    def cut(self, *, seen: bool) -> None:
        self.before += (Piece(self.kind, "".join(self.text), self.level), *self.after, PageBreak(seen))
        self.text.clear()
        self.after.clear()


class Walker:
    def __init__(
        self,
        reading: Reading,
        styles: Mapping[str, Style],
        numbering: Numbering,
        aside: Mapping[str, Mapping[str, etree._Element]],
    ) -> None:
        self.reading = reading
        self._styles, self._numbering, self._aside = styles, numbering, aside
        self._carried = ""
        self._table: etree._Element | None = None
        self._cited = dict.fromkeys(aside, 0)

    def flow(self, element: etree._Element) -> Iterator[Flow]:
        name = local(element)
        if name == "p":
            yield from self._paragraph(element)
        elif name == "tbl":
            for number, row in enumerate(self._inside(element, "tr")):
                yield from self._row(row, may_be_head=number == 0)
        elif name == "tr":  # rows of a table that is read as it is unpacked
            table, self._table = self._table, element.getparent()
            yield from self._row(element, may_be_head=self._table is not table)
        elif name == "sectPr":
            if not self._is_continuous(element):
                yield PageBreak()
        elif name == "altChunk":
            self.reading.note(Note.EXTERNAL_IGNORED)
        elif name not in _SKIPPED:
            self._see(name)
            for one in element:
                yield from self.flow(one)
        else:
            self._see(name)

    def rest(self) -> Iterator[Flow]:
        if self._carried:
            yield Piece(BlockKind.PARAGRAPH, self._carried)
            self._carried = ""

    def plain(self, element: etree._Element) -> str:
        carried, self._carried = self._carried, ""
        lines = [one.text for part in element for one in self.flow(part) if isinstance(one, Piece)]
        lines += [one.text for one in self.rest() if isinstance(one, Piece)]
        self._carried = carried
        return "\n".join(line.strip() for line in lines if line.strip())

    # ---- paragraphs

    def _paragraph(self, element: etree._Element) -> Iterator[Flow]:
        properties = child(element, "pPr")
        named = child(properties, "pStyle")
        style_id = attribute(named, "val") if named is not None else ""
        style = self._styles.get(style_id) or self._styles.get("") or Style()
        broken = child(properties, "pageBreakBefore")
        if is_on(broken) if broken is not None else style.breaks_before:
            yield PageBreak()
        kind, level, number = self._kind(properties, style, style_id)
        line = _Line(kind, level)
        if style.is_hidden:
            self.reading.note(Note.HIDDEN_TEXT)
        self._walk(element, line)
        if self._carried:
            line.text.insert(0, self._carried)
            self._carried = ""
        if child(properties, "rPr", "del") is not None:  # its paragraph mark was deleted: it continues in the next one
            self.reading.note(Note.CHANGES_ACCEPTED)
            yield from line.before
            self._carried = "".join(line.text)
            yield from line.after
            return
        yield from self._numbered(line, number)
        section = child(properties, "sectPr")
        if section is not None and not self._is_continuous(section):
            yield PageBreak()

    def _numbered(self, line: _Line, number: str) -> Iterator[Flow]:
        pieces: list[Flow] = [*line.before, Piece(line.kind, "".join(line.text), line.level)]
        for one in pieces:
            if isinstance(one, Piece) and one.text.strip() and number:
                one, number = Piece(one.kind, f"{number} {one.text.lstrip()}", one.level), ""
            yield one
        yield from line.after

    def _kind(self, properties: etree._Element | None, style: Style, style_id: str) -> tuple[BlockKind, int, str]:
        own, depth = number_of(properties)
        number = style.number if own is None else own
        if depth is None:
            depth = self._numbering.level_of_style(number, style_id)
        if depth is None:
            depth = style.item_level
        shown = self._numbering.next(number, depth) if number else ""
        outline = outline_level(properties)
        if outline or (outline is None and style.kind is BlockKind.HEADING):
            return BlockKind.HEADING, outline or style.level, shown
        if number:
            return BlockKind.LIST_ITEM, depth + 1, shown
        kind = style.kind if style.kind is not BlockKind.HEADING else None
        return kind or BlockKind.PARAGRAPH, 1 if kind is BlockKind.LIST_ITEM else 0, shown

    def _walk(self, element: etree._Element, line: _Line) -> None:
        for one in element:
            name = local(one)
            if name == "t":
                if all(line.fields):
                    line.text.append(one.text or "")
            elif name in _LETTERS:
                line.text.append(_LETTERS[name])
            elif name == "br":
                self._break(one, line)
            elif name == "lastRenderedPageBreak":
                line.cut(seen=True)
            elif name == "fldChar":
                self._field(attribute(one, "fldCharType"), line)
            elif name in _CITED:
                self._cite(one, name, line)
            elif name == "commentReference":
                self._comment(attribute(one, "id"), line)
            elif name == "txbxContent":
                for part in one:
                    line.after += self.flow(part)
            elif name not in _SKIPPED:
                self._see(name)
                self._look(one, name, line)
                self._walk(one, line)
            else:
                self._see(name)

    def _look(self, element: etree._Element, name: str, line: _Line) -> None:
        if name == "r":
            properties = child(element, "rPr")
            if is_on(child(properties, "vanish")) or _is_white(element, properties):
                self.reading.note(Note.HIDDEN_TEXT)
        elif name == "docPr":
            line.after.append(Piece(BlockKind.CAPTION, element.get("descr", "")))
        elif name in _PICTURES:
            line.after.append(PictureBlock())
        elif name == "sym":
            code = attribute(element, "char")
            if len(code) == 4 and code[0] not in "Ff" and all(letter in "0123456789abcdefABCDEF" for letter in code):
                line.text.append(chr(int(code, 16)))
        elif name == "rt":
            line.text.append(" ")  # a ruby annotation

    def _break(self, element: etree._Element, line: _Line) -> None:
        if attribute(element, "type") == "page":
            line.cut(seen=False)
        else:
            line.text.append("\n")

    def _field(self, kind: str, line: _Line) -> None:
        if kind == "begin":
            line.fields.append(False)
        elif line.fields and kind == "separate":
            line.fields[-1] = True
        elif line.fields and kind == "end":
            line.fields.pop()

    def _cite(self, element: etree._Element, name: str, line: _Line) -> None:
        kind, form = _CITED[name]
        note = self._aside[kind].get(attribute(element, "id"))
        if note is None:
            return
        self._cited[kind] += 1
        mark = f"[{as_number(self._cited[kind], form)}]"
        line.text.append(mark)
        line.after.append(Footnote(Piece(BlockKind.FOOTNOTE, f"{mark} {self.plain(note)}")))

    def _comment(self, name: str, line: _Line) -> None:
        comment = self._aside["comments"].get(name)
        if comment is not None:
            line.after.append(Piece(BlockKind.COMMENT, self.plain(comment), place=attribute(comment, "author")))

    # ---- tables

    def _inside(self, element: etree._Element, requested: str) -> Iterator[etree._Element]:
        for one in element:
            name = local(one)
            if name == requested:
                yield one
            elif name not in _SKIPPED:
                self._see(name)
                yield from self._inside(one, requested)

    def _row(self, row: etree._Element, *, may_be_head: bool = False) -> Iterator[Flow]:
        properties = child(row, "trPr")
        if child(properties, "del") is not None:
            self.reading.note(Note.CHANGES_ACCEPTED)
            return
        if is_on(child(properties, "hidden")):
            self.reading.note(Note.HIDDEN_TEXT)
        cells: list[list[Flow]] = []
        for cell in self._inside(row, "tc"):
            cells.append([flow for part in cell for flow in self.flow(part)])
            span = child(cell, "tcPr", "gridSpan")
            wide = attribute(span, "val") if span is not None else "1"
            cells += [[] for _ in range(min(int(wide[:3]), _MAX_SPAN) - 1)] if wide.isdecimal() else []
        is_head = is_on(child(properties, "tblHeader")) or (may_be_head and len(cells) > 1 and _is_bold(row))
        yield from as_row(cells, 1 if is_head else 0)

    def _see(self, name: str) -> None:
        if name in _CHANGES:
            self.reading.note(Note.CHANGES_ACCEPTED)

    @staticmethod
    def _is_continuous(section: etree._Element) -> bool:
        kind = child(section, "type")
        return kind is not None and attribute(kind, "val") == "continuous"


def _is_bold(row: etree._Element) -> bool:
    runs = [one.getparent() for one in row.iter("{*}t") if (one.text or "").strip()]
    return bool(runs) and all(is_on(child(child(run, "rPr"), "b")) for run in runs)


def _is_white(run: etree._Element, properties: etree._Element | None) -> bool:
    """White text on white; text in tables, boxes and on shading is visible."""
    colour = child(properties, "color")
    if colour is None or attribute(colour, "val").upper() != "FFFFFF":
        return False
    if child(properties, "shd") is not None or child(properties, "highlight") is not None:
        return False
    around = [*run.iterancestors()]
    if any(local(one) in ("tc", "txbxContent") for one in around):
        return False
    return all(child(one, "pPr", "shd") is None for one in around if local(one) == "p")
