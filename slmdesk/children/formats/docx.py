"""Reads Word files paragraph by paragraph while they are unpacked, with their styles and list numbering."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from slmdesk.base.documents import BlockKind, Note, Page
from slmdesk.base.record import Record, changed
from slmdesk.base.texts import N_
from slmdesk.children.formats import letters
from slmdesk.children.formats.bound_controls import BoundData, fill
from slmdesk.children.formats.formulas import omml_line
from slmdesk.children.formats.inside import pieces_inside
from slmdesk.children.formats.letters import Look
from slmdesk.children.formats.list_numbers import as_number
from slmdesk.children.formats.office_xml import Package, Stream, attribute, child, children, is_on, local, texts
from slmdesk.children.formats.pptx import Drawing
from slmdesk.children.formats.reading import Link, Reading, link_of
from slmdesk.children.formats.text import Flow, Footnote, PageBreak, Pager, PictureBlock, Piece, as_row, has_pages

_BREAK = re.compile(rb"<\w+:(?:lastRenderedPageBreak|br [^>]*type=\"page\"|pageBreakBefore)[^>]*>")


def read(reading: Reading) -> Iterator[Page]:
    """Yield the pages of a Word file if the file records where pages end, else its sections."""
    with Package.opened(reading) as package:
        main = package.main_part("word/document.xml")
        package.read_about()
        walker = _walker(package, main)
        pager = Pager(reading, has_pages=has_pages(package.chunks(main), _BREAK, package.pages_reported()))
        beside = [*_beside(package, walker, main)]
        yield from pager.take(beside)
        stream = Stream(package.chunks(main), reading.path, "body", opened=("tbl",))
        for _, element in stream:
            reading.check()
            yield from pager.take(walker.flow(element))
        stream.note_end(reading, N_("its text is broken"), is_empty=pager.is_empty)
        yield from pager.take(walker.rest())
        yield from pager.end()


def _walker(package: Package, main: str) -> Walker:
    def aside(kind: str) -> _Aside:
        part = package.related(main, kind)
        notes = children(package.tree(part), kind.rstrip("s"))
        return _Aside(part, {attribute(element, "id"): element for element in notes})

    return Walker(
        package.reading,
        package,
        main,
        styles_of(package.tree(package.related(main, "styles"))),
        Numbering(package.tree(package.related(main, "numbering"))),
        {kind: aside(kind) for kind in ("footnotes", "endnotes", "comments")},
    )


def _beside(package: Package, walker: Walker, main: str) -> Iterator[Flow]:
    """Yield each distinct header and footer once: headers as ordinary pieces, footers as first-page footnotes."""
    seen = set()
    for relation in package.relations(main).values():
        if relation.kind not in ("header", "footer") or (root := package.tree(relation.part)) is None:
            continue
        text = walker.plain(root, relation.part)
        if text.strip() and (relation.kind, text) not in seen:
            seen.add((relation.kind, text))
            piece = Piece(BlockKind(relation.kind), text)
            yield piece if piece.kind is BlockKind.HEADER else Footnote(piece)
    if seen:
        walker.reading.note(Note.HEADERS_APART)


_SKIPPED = frozenset(
    ("delText", "delInstrText", "instrText", "rPr", "pPr", "tblPr", "tblGrid", "trPr", "tcPr", "sdtPr", "sdtEndPr",
     "Fallback", "fldData", "footnoteRef", "endnoteRef", "annotationRef", "proofErr", "sectPr", "del", "moveFrom")
)  # fmt: skip
_JOINED = frozenset(("del", "moveFrom"))
_REMOVED = _JOINED | {"delText"}
_CHANGES = _REMOVED | {"ins", "moveTo"}
_LETTERS = {"tab": "\t", "ptab": "\t", "cr": "\n", "noBreakHyphen": "\u2011", "softHyphen": "\u00ad"}
_CITED = {"footnoteReference": ("footnotes", "decimal"), "endnoteReference": ("endnotes", "lowerRoman")}
_PICTURES = frozenset(("blip", "imagedata", "OLEObject", "chart", "relIds"))
_UNREAD = {"OLEObject": N_("embedded file"), "control": N_("form field")}
_EQUATION = re.compile(r"\s*EQ\s(?:\s*\\[fF]\s*\(([\w.]+)\s*[;,]\s*([\w.]+)\)\s*$)?", re.IGNORECASE)
"""Matches the code of a field that is a formula, and the parts of a fraction."""
_LINKS = frozenset(("hyperlink", "hlink", "fldSimple"))
_LEADS = re.compile(r"""\s*HYPERLINK\s+(?!\\l)["']?([^"'\s\\]+)""", re.IGNORECASE)
"""Matches the code of a field that is a link out of the file."""
_PLAIN_BULLETS = frozenset("·•o§\uf0b7\uf0a7-–")
_RECKONED = re.compile(r"\s*(?:=|DDE|LINK|INCLUDETEXT|DOCVARIABLE|MERGEFIELD)", re.IGNORECASE)
"""Matches the code of a field that shows nothing before a program has worked it out."""
_MOST_CODE = 2_000
_MAX_SPAN = 63
"""Most columns of a Word table."""
_MOST_RAISED, _LEAST_RAISED = 6, 6
"""Most letters that are raised by a position, and least half points of it. More letters are a line that was moved."""


@dataclass(slots=True)
class _Field:
    form: etree._Element | None
    """Its settings, if a person fills it in."""
    is_shown: bool = False
    """Whether its result (the visible text) has begun."""
    begun: int = 0
    """How many pieces of text the line had before its result."""
    code: str = ""


@dataclass(slots=True)
class _Line:
    kind: BlockKind
    level: int
    look: Look
    """Look of runs that set nothing themselves."""
    text: list[str] = field(default_factory=list)
    before: list[Flow] = field(default_factory=list)
    after: list[Flow] = field(default_factory=list)
    fields: list[_Field] = field(default_factory=list)
    """The open fields, the innermost last."""
    links: list[Link] = field(default_factory=list)

    @property
    def words(self) -> str:
        return letters.settled("".join(self.text))

    @property
    def piece(self) -> Piece:
        return Piece(self.kind, self.words, self.level, links=tuple(self.links))

    def cut(self, *, seen: bool) -> None:
        self.before += (self.piece, *self.after, PageBreak(seen))
        self.text.clear()
        self.after.clear()
        self.links.clear()

    def link(self, begun: int, target: str) -> None:
        """Note where the words lead that were written since the line had `begun` pieces of text."""
        self.links += link_of(letters.settled("".join(self.text[begun:])).strip(), target)


class _Aside(Record):
    """The notes of a kind: the part they are in, and each by its id."""

    part: str
    notes: Mapping[str, etree._Element]


class Walker:
    def __init__(
        self, reading: Reading, package: Package | None, part: str, styles: Mapping[str, Style], numbering: Numbering,
        aside: Mapping[str, _Aside],
    ) -> None:  # fmt: skip
        self.reading, self._package, self._part = reading, package, part
        self._styles, self._numbering, self._aside = styles, numbering, aside
        self._data = None if package is None else BoundData(package, part)
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
        elif name in ("oMath", "oMathPara"):
            yield Piece(BlockKind.PARAGRAPH, omml_line(element))
        elif name == "sdt":
            self._bind(element)
            for inner in children(element, "sdtContent"):
                yield from self.flow(inner)
        elif name == "altChunk":
            yield from self._inserted(attribute(element, "id"))
        else:
            self._see(name)
            for inner in element if name not in _SKIPPED else ():
                yield from self.flow(inner)

    def rest(self) -> Iterator[Flow]:
        if self._carried:
            yield Piece(BlockKind.PARAGRAPH, self._carried)
            self._carried = ""

    def plain(self, element: etree._Element, part: str) -> str:
        """Return the words of an element that is beside the text, in a part of its own."""
        carried, self._carried = self._carried, ""
        outer, self._part = self._part, part
        lines = [piece.text for part in element for piece in self.flow(part) if isinstance(piece, Piece)]
        lines += [piece.text for piece in self.rest() if isinstance(piece, Piece)]
        self._carried, self._part = carried, outer
        return "\n".join(line.strip() for line in lines if line.strip())

    # ---- paragraphs

    def _paragraph(self, element: etree._Element) -> Iterator[Flow]:
        properties = child(element, "pPr")
        style_id = attribute(child(properties, "pStyle"), "val")
        style = self._styles.get(style_id) or self._styles.get("") or Style()
        broken = child(properties, "pageBreakBefore")
        if is_on(broken) if broken is not None else style.breaks_before:
            yield PageBreak()
        about = child(properties, "rPr")
        # where its mark was deleted it joins the next paragraph, and has no number
        joins = about is not None and any(local(mark) in _JOINED for mark in about)
        kind, level, number = self._kind(properties, style, style_id, counts=not joins)
        line = _Line(kind, level, style.look)
        if style.is_hidden:
            self.reading.note(Note.HIDDEN_TEXT)
        self._walk(element, line, line.look)
        if self._carried:
            line.text.insert(0, self._carried)
            self._carried = ""
        if joins:
            self.reading.note(Note.CHANGES_ACCEPTED)
            yield from line.before
            self._carried = line.words
            yield from line.after
            return
        yield from self._numbered(line, number)
        section = child(properties, "sectPr")
        if section is not None and not self._is_continuous(section):
            yield PageBreak()

    def _numbered(self, line: _Line, number: str) -> Iterator[Flow]:
        pieces: list[Flow] = [*line.before, line.piece]
        for piece in pieces:
            if isinstance(piece, Piece) and piece.text.strip() and number:
                piece, number = changed(piece, text=letters.numbered(number, piece.text)), ""
            yield piece
        yield from line.after

    def _kind(
        self, properties: etree._Element | None, style: Style, style_id: str, *, counts: bool
    ) -> tuple[BlockKind, int, str]:
        told = "" if self._package is not None else attribute(child(properties, "listPr", "t"), "val")
        if told:  # of Word 2003, which gives the number itself
            return BlockKind.LIST_ITEM, 1, "" if told in _PLAIN_BULLETS else told
        own, depth = number_of(properties)
        number = style.number if own is None else own
        if depth is None:
            depth = self._numbering.level_of_style(number, style_id)
        if depth is None:
            depth = style.item_level
        shown = self._numbering.next(number, depth) if number and counts else ""
        outline = outline_level(properties)
        if outline or (outline is None and style.kind is BlockKind.HEADING):
            return BlockKind.HEADING, outline or style.level, shown
        if number:
            return BlockKind.LIST_ITEM, depth + 1, shown
        kind = style.kind if style.kind is not BlockKind.HEADING else None
        return kind or BlockKind.PARAGRAPH, 1 if kind is BlockKind.LIST_ITEM else 0, shown

    def _walk(self, element: etree._Element, line: _Line, look: Look) -> None:
        for inner in element:
            name = local(inner)
            if name == "t":
                if not line.fields or all(opened.is_shown for opened in line.fields):
                    self._write(inner.text or "", line, look)
            elif name == "r":
                self._walk(inner, line, self._look_of(inner, line))
            elif name in _LETTERS:
                self._write(_LETTERS[name], line, look)
            elif name == "br" and attribute(inner, "type") == "page":
                line.cut(seen=False)
            elif name == "br":
                self._write("\n", line, look)
            elif name == "lastRenderedPageBreak":
                line.cut(seen=True)
            elif name == "fldChar":
                self._field(inner, line)
            elif name in _LINKS:
                begun = len(line.text)
                self._walk(inner, line, look)
                line.link(begun, self._target(inner, name))
            elif name in _CITED:
                self._cite(inner, name, line)
            elif name == "commentReference":
                self._comment(attribute(inner, "id"), line)
            elif name == "txbxContent":
                for deeper in inner:
                    line.after += self.flow(deeper)
            elif name == "sym":
                self._sign(inner, line, look)
            elif name == "instrText" and line.fields:
                line.fields[-1].code = (line.fields[-1].code + (inner.text or ""))[:_MOST_CODE]
            elif name in ("oMath", "oMathPara"):
                self._write(letters.parted_from(line.text, omml_line(inner)), line, look)
            elif name == "sdt":
                self._bind(inner)
                begun = len(line.text)
                self._walk(inner, line, look)
                shown = "".join(line.text[begun:]).strip()
                if len(shown) < 2 and (chosen := _chosen(child(inner, "sdtPr"), shown)):
                    line.text[begun:] = [chosen]
            else:
                self._see(name)
                if name not in _SKIPPED:
                    self._look(inner, name, line)
                    self._walk(inner, line, look)

    def _write(self, text: str, line: _Line, look: Look) -> None:
        is_plain = look is _USUAL and (text.isascii() or not letters.PRIVATE.search(text))
        line.text.append(text if is_plain else look.dress(self.reading, text))

    def _look_of(self, run: etree._Element, line: _Line) -> Look:
        properties = child(run, "rPr")
        if properties is None:
            return line.look
        about = {name: element for element in properties if (name := local(element)) in _OF_LOOKS}
        if not about:
            return line.look
        if is_on(about.get("vanish")) or ("color" in about and _is_white(run, properties)):
            self.reading.note(Note.HIDDEN_TEXT)
        look = line.look
        if (named := about.get("rStyle")) is not None:
            style = self._styles.get(attribute(named, "val"))
            look = look if style is None else _over(look, style.look)
        look = _looking(look, about)
        if not look.shift and "position" in about and line.text and not line.text[-1][-1:].isspace():
            look = changed(look, shift=_raise_of(about["position"], run))
        return look

    def _sign(self, element: etree._Element, line: _Line, look: Look) -> None:
        code, font = attribute(element, "char"), attribute(element, "font")
        if re.fullmatch("[0-9a-fA-F]{4}", code):
            own = letters.symbol_font(font)
            self._write(chr(int(code, 16)), line, Look(look.struck, look.shift, own, own, font))

    def _look(self, element: etree._Element, name: str, line: _Line) -> None:
        if name == "docPr":
            line.after.append(Piece(BlockKind.CAPTION, element.get("descr", "")))
        elif name in ("chart", "relIds") and (pieces := [*self._drawn(element)]):
            line.after += pieces
        elif name in _PICTURES:
            line.after.append(PictureBlock())
        elif name == "textpath":  # the words of a watermark
            line.text.append(attribute(element, "string"))
        if name in _UNREAD:
            is_formula = attribute(element, "ProgID").startswith("Equation")
            self.reading.note(Note.PARTS_UNREAD, name=N_("formula") if is_formula else _UNREAD[name])
        elif name == "rt":
            line.text.append(" ")  # a ruby annotation

    def _field(self, element: etree._Element, line: _Line) -> None:
        kind = attribute(element, "fldCharType")
        if kind == "begin":
            line.fields.append(_Field(child(element, "ffData")))
        elif line.fields and kind == "separate":
            line.fields[-1].is_shown, line.fields[-1].begun = True, len(line.text)
        elif line.fields and kind == "end":
            ended = line.fields.pop()
            if ended.form is not None and not (ended.is_shown and "".join(line.text[ended.begun :]).strip()):
                line.text.append(_filled(ended.form))
            elif not ended.is_shown and _RECKONED.match(ended.code):
                self.reading.note(Note.FORMULAS_EMPTY, count=1)
            elif leads := _LEADS.match(ended.code):
                line.link(ended.begun, leads[1])
            elif equation := _EQUATION.match(ended.code):
                if equation[1]:
                    line.text.append(letters.parted_from(line.text, f"{equation[1].strip()}/{equation[2].strip()}"))
                else:
                    self.reading.note(Note.PARTS_UNREAD, name=N_("formula"))

    def _cite(self, element: etree._Element, name: str, line: _Line) -> None:
        kind, form = _CITED[name]
        aside = self._aside[kind]
        note = aside.notes.get(attribute(element, "id"))
        if note is None:
            return
        self._cited[kind] += 1
        mark = f"[{as_number(self._cited[kind], form)}]"
        line.text.append(mark)
        line.after.append(Footnote(Piece(BlockKind.FOOTNOTE, f"{mark} {self.plain(note, aside.part)}")))

    def _comment(self, name: str, line: _Line) -> None:
        aside = self._aside["comments"]
        comment = aside.notes.get(name)
        if comment is not None:
            line.after.append(
                Piece(BlockKind.COMMENT, self.plain(comment, aside.part), place=attribute(comment, "author"))
            )

    # ---- tables

    def _inside(self, element: etree._Element, requested: str) -> Iterator[etree._Element]:
        for inner in element:
            name = local(inner)
            if name == requested:
                yield inner
            elif name not in _SKIPPED:
                self._see(name)
                if name == "sdt":
                    self._bind(inner)
                yield from self._inside(inner, requested)

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
            wide = attribute(child(cell, "tcPr", "gridSpan"), "val")
            if wide.isdecimal():
                cells += [[] for _ in range(min(int(wide[:3]), _MAX_SPAN) - 1)]
        is_head = is_on(child(properties, "tblHeader")) or (may_be_head and len(cells) > 1 and _is_bold(row))
        yield from as_row(cells, 1 if is_head else 0)

    def _bind(self, control: etree._Element) -> None:
        if self._data is not None and (value := self._data.value_of(child(control, "sdtPr"))):
            fill(control, value)

    def _drawn(self, element: etree._Element) -> Iterator[Piece]:
        if self._package is not None:
            yield from Drawing(self._package, self._part).part(element)

    def _target(self, element: etree._Element, name: str) -> str:
        """Return where a link out of the file leads, or "" for any other."""
        if name == "fldSimple":
            leads = _LEADS.match(attribute(element, "instr"))
            return leads[1] if leads else ""
        if self._package is None:
            return attribute(element, "dest")
        return self._package.links(self._part).get(attribute(element, "id"), "")

    def _inserted(self, name: str) -> Iterator[Flow]:
        """Yield what a file says that is inserted whole (17.17.2.1), of whatever format."""
        package, pieces = self._package, None
        relation = None if package is None else package.relations(self._part).get(name)
        if package is not None and relation is not None and relation.part:
            pieces = pieces_inside(self.reading, relation.part, b"".join(package.chunks(relation.part)))
        if pieces is None:
            self.reading.note(Note.PARTS_UNREAD, name=N_("embedded file"))
        yield from pieces or ()

    def _see(self, name: str) -> None:
        if name in _CHANGES:
            self.reading.note(Note.CHANGES_ACCEPTED)

    @staticmethod
    def _is_continuous(section: etree._Element) -> bool:
        return attribute(child(section, "type"), "val") == "continuous"


def _filled(form: etree._Element) -> str:
    """Return what a form field shows whose result is empty in the file (17.16.7, 17.16.9, 17.16.29)."""
    for field_of in form:
        values = {local(about): about for about in field_of}
        default = attribute(values.get("default"), "val")
        if local(field_of) == "checkBox":
            is_ticked = is_on(values.get("checked", values.get("default")))
            return letters.TICKED if is_ticked else letters.EMPTY
        if local(field_of) == "ddList":
            entries = [attribute(entry, "val") for entry in children(field_of, "listEntry")]
            return letters.chosen(entries, attribute(values.get("result"), "val") or default or "0")
        if local(field_of) == "textInput":
            return default
    return ""


def _chosen(properties: etree._Element | None, shown: str) -> str:
    """Return the value of a content control (17.5.2): that of a box in one form, any other only if none is shown."""
    for about in children(properties, "checkbox", "dropDownList", "comboBox", "date"):
        if local(about) == "checkbox":
            return letters.TICKED if is_on(child(about, "checked")) else letters.EMPTY
        if shown:
            break
        value = attribute(about, "lastValue")
        names = {attribute(entry, "value"): attribute(entry, "displayText") for entry in children(about, "listItem")}
        return names.get(value) or value or attribute(about, "fullDate")[:10]
    return ""


def _raise_of(position: etree._Element, run: etree._Element) -> int:
    """Return 1 for figures that are raised right behind other letters (by half points), -1 for lowered ones, else 0."""
    value, words = attribute(position, "val"), "".join(texts(run))
    if len(words) > _MOST_RAISED or not re.fullmatch(r"-?\d{1,3}", value) or abs(int(value)) < _LEAST_RAISED:
        return 0
    return 1 if int(value) > 0 else -1


def _is_bold(row: etree._Element) -> bool:
    runs = [element.getparent() for element in row.iter("{*}t") if (element.text or "").strip()]
    return bool(runs) and all(is_on(child(child(run, "rPr"), "b")) for run in runs)


def _is_white(run: etree._Element, properties: etree._Element | None) -> bool:
    """Return whether the run is white text on a white page. In tables, text boxes and shading it counts as visible."""
    if attribute(child(properties, "color"), "val").upper() != "FFFFFF":
        return False
    if child(properties, "shd") is not None or child(properties, "highlight") is not None:
        return False
    around = [*run.iterancestors()]
    if any(local(element) in ("tc", "txbxContent") for element in around):
        return False
    first = [element[0] for element in around if local(element) == "p"]  # not a search among 100,000 runs, for each
    return all(local(element) != "pPr" or child(element, "shd") is None for element in first)


# Styles and numbering of Word files. Decides which paragraph is a heading, and which is a list item with what number.
# ECMA-376 part 1, 17.7 (styles) and 17.9 (numbering).

_HEADING = re.compile(r"heading ([1-9])$")
_LEVELS = 9
_KIND_OF_NAME = (
    ("list bullet", BlockKind.LIST_ITEM),
    ("list number", BlockKind.LIST_ITEM),
    ("caption", BlockKind.CAPTION),
    ("quote", BlockKind.QUOTE),
    ("intense quote", BlockKind.QUOTE),
    ("html preformatted", BlockKind.CODE),
    ("source code", BlockKind.CODE),
)
"""Kinds of blocks by the beginning of the style's name. Names of built-in styles are English in files of every
language; only their ids are translated.
"""


_USUAL = Look()
_OF_LOOKS = frozenset(("vanish", "color", "rStyle", "rFonts", "strike", "dstrike", "vertAlign", "position"))


def _looking(look: Look, about: Mapping[str, etree._Element]) -> Look:
    """Return a look with what these properties of a run change."""
    if "strike" in about or "dstrike" in about:
        look = changed(look, struck=is_on(about.get("strike")) or is_on(about.get("dstrike")))
    if (shift := about.get("vertAlign")) is not None:
        look = changed(look, shift={"superscript": 1, "subscript": -1}.get(attribute(shift, "val"), 0))
    fonts = about.get("rFonts")
    if fonts is not None and (look.font or look.high or any(map(letters.symbol_font, fonts.attrib.values()))):
        names = {str(key).rpartition("}")[2]: str(value) for key, value in fonts.attrib.items()}
        font, high = (names.get(f"{kind}Theme", names.get(kind)) for kind in ("ascii", "hAnsi"))
        look = changed(
            look,
            font=look.font if font is None else letters.symbol_font(font),
            high=look.high if high is None else letters.symbol_font(high),
        )
    return look


def _over(look: Look, style: Look) -> Look:
    """Return the look of a paragraph's style under a style of letters: striking through is a toggle (17.7.3)."""
    font, high = style.font or look.font, style.high or look.high
    return Look(look.struck != style.struck, style.shift or look.shift, font, high)


class Style(Record):
    kind: BlockKind | None = None
    level: int = 0
    number: str = ""
    """The id of the list that paragraphs of this style belong to, or "" for none."""
    item_level: int = 0
    is_hidden: bool = False
    breaks_before: bool = False
    look: Look = _USUAL


def styles_of(root: etree._Element | None) -> Mapping[str, Style]:
    elements = {attribute(element, "styleId"): element for element in children(root, "style")}
    styles: dict[str, Style] = {}
    for name, element in elements.items():
        styles[name] = _resolved(name, elements, styles)
        if attribute(element, "type") == "paragraph" and attribute(element, "default") in ("1", "true", "on"):
            styles[""] = styles[name]
    return styles


def _resolved(name: str, elements: Mapping[str, etree._Element], known: Mapping[str, Style]) -> Style:
    chain: list[etree._Element] = []
    while name in elements and name not in known and elements[name] not in chain:
        chain.append(elements[name])
        name = attribute(child(chain[-1], "basedOn"), "val")
    style = known[name] if name and name in known else Style()
    for element in reversed(chain):
        style = _with(style, element)
    return style


def _with(style: Style, element: etree._Element) -> Style:
    name = attribute(child(element, "name"), "val").lower()
    if heading := _HEADING.match(name):
        style = changed(style, kind=BlockKind.HEADING, level=int(heading[1]))
    elif name == "title":
        style = changed(style, kind=BlockKind.HEADING, level=1)
    else:
        kind = next((kind for beginning, kind in _KIND_OF_NAME if name.startswith(beginning)), None)
        style = changed(style, kind=kind or style.kind)
    properties = child(element, "pPr")
    if (level := outline_level(properties)) is not None:
        style = changed(style, kind=BlockKind.HEADING if level else None, level=level)
    number, item_level = number_of(properties)
    if number is not None:
        style = changed(style, number=number)
    if item_level is not None:
        style = changed(style, item_level=item_level)
    if (broken := child(properties, "pageBreakBefore")) is not None:
        style = changed(style, breaks_before=is_on(broken))
    of_runs = {name: about for about in children(child(element, "rPr")) if (name := local(about)) in _OF_LOOKS}
    if not of_runs:
        return style
    if (vanish := of_runs.get("vanish")) is not None:
        style = changed(style, is_hidden=is_on(vanish))
    look = _looking(style.look, of_runs)
    return style if look is style.look else changed(style, look=look)


def outline_level(properties: etree._Element | None) -> int | None:
    """Return the heading level in a paragraph's properties: 1 to 9, 0 for body text, or None if they set no level."""
    outline = attribute(child(properties, "outlineLvl"), "val")
    if not outline.isdecimal():
        return None
    level = int(outline[:3])
    return level + 1 if level < _LEVELS else 0


def number_of(properties: etree._Element | None) -> tuple[str | None, int | None]:
    """Return the id of the paragraph's list ("": no list) and the level in the list, from 0. Each is None if the
    properties do not set it.
    """
    about = child(properties, "numPr")
    number, level = child(about, "numId"), child(about, "ilvl")
    list_id = attribute(number, "val") if number is not None else None
    depth = attribute(level, "val")
    return "" if list_id == "0" else list_id, min(int(depth), _LEVELS - 1) if depth.isdecimal() and len(
        depth
    ) < 3 else None


class _Level(Record):
    start: int = 1
    format: str = "decimal"
    text: str = ""
    style: str = ""
    is_legal: bool = False


@dataclass(slots=True)
class _List:
    levels: dict[int, _Level]
    counts: dict[int, int] = field(default_factory=dict)


class Numbering:
    def __init__(self, root: etree._Element | None) -> None:
        self._lists: dict[str, _List] = {}
        self._list_of: dict[str, str] = {}
        self._starts: dict[str, dict[int, int]] = {}
        links: dict[str, str] = {}
        requested: dict[str, str] = {}
        for element in children(root):
            if local(element) == "abstractNum":
                name = attribute(element, "abstractNumId")
                self._lists[name] = _List(dict(_levels(element)))
                if (linked := child(element, "styleLink")) is not None:
                    links[attribute(linked, "val")] = name
                if (linked := child(element, "numStyleLink")) is not None:
                    requested[name] = attribute(linked, "val")
            elif local(element) == "num":
                self._take(element)
        for name, style in requested.items():
            if style in links:
                self._lists[name] = self._lists[links[style]]

    def _take(self, num: etree._Element) -> None:
        name = attribute(num, "numId")
        self._list_of[name] = attribute(child(num, "abstractNumId"), "val")
        for element in num:
            level, value = attribute(element, "ilvl"), attribute(child(element, "startOverride"), "val")
            if level.isdecimal() and value.isdecimal():
                self._starts.setdefault(name, {})[int(level[:2])] = int(value[:6])

    def level_of_style(self, number: str, style: str) -> int | None:
        listed = self._lists.get(self._list_of.get(number, ""))
        return next((level for level, about in listed.levels.items() if about.style == style), None) if listed else None

    def next(self, number: str, level: int) -> str:
        """Return the number displayed before the next list item, or "" for bullets and unknown lists."""
        listed = self._lists.get(self._list_of.get(number, ""))
        if listed is None or level not in listed.levels:
            return ""
        about = listed.levels[level]
        start = self._starts.get(number, {}).pop(level, None)
        listed.counts[level] = listed.counts.get(level, about.start - 1) + 1 if start is None else start
        for deeper in [deeper for deeper in listed.counts if deeper > level]:
            del listed.counts[deeper]
        if about.format in ("bullet", "none"):
            return about.text if about.text in letters.BOXES and about.format == "bullet" else ""

        def shown(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            other = listed.levels.get(at, _Level())
            return as_number(listed.counts.get(at, other.start), "decimal" if about.is_legal else other.format)

        return re.sub(r"%([1-9])", shown, about.text).strip()


def _levels(element: etree._Element) -> Iterator[tuple[int, _Level]]:
    for inner in element:
        number = attribute(inner, "ilvl")
        if local(inner) != "lvl" or not number.isdecimal():
            continue
        values = {local(about): attribute(about, "val") for about in inner}
        start, text = values.get("start", ""), values.get("lvlText", "")
        if values.get("numFmt") == "bullet" and len(text) == 1:
            text = letters.sign_of(text, attribute(child(inner, "rPr", "rFonts"), "ascii"))
        yield int(number[:2]), _Level(
            int(start[:6]) if start.isdecimal() else 1, values.get("numFmt", "decimal"), text,
            values.get("pStyle", ""), is_on(child(inner, "isLgl")),
        )  # fmt: skip
