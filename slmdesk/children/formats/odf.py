"""Reads OpenDocument texts, presentations and spreadsheets (OASIS OpenDocument 1.3, part 3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from slmdesk.base.documents import BlockKind, Note, Page, PageKind, page_of
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.texts import N_, _
from slmdesk.children.formats import charts, letters
from slmdesk.children.formats.formulas import mathml_line
from slmdesk.children.formats.letters import Look
from slmdesk.children.formats.list_numbers import as_number
from slmdesk.children.formats.office_xml import (
    MAX_NAME_CHARACTERS,
    Package,
    Stream,
    attribute,
    child,
    children,
    local,
    text_of,
)
from slmdesk.children.formats.reading import Link, Reading, link_of, locked
from slmdesk.children.formats.sheets import Row, SheetPager
from slmdesk.children.formats.text import (
    Flow,
    Footnote,
    PageBreak,
    Pager,
    PictureBlock,
    Piece,
    as_row,
    has_pages,
    slide_page,
)

CONTENT = "content.xml"
_CHART = "urn:oasis:names:tc:opendocument:xmlns:chart:1.0"
MAX_REPEATED = 100
"""Most spaces or empty cells that one element may stand for. A higher count is an attack."""
_SKIPPED = frozenset(
    ("tracked-changes", "annotation-end", "sequence-decls", "variable-decls", "user-field-decls", "forms", "title",
     "desc", "ruby-text", "event-listeners", "binary-data", "bibliography-configuration", "table-columns",
     "table-column", "table-source", "named-expressions", "soft-page-break")
)  # fmt: skip
_WRAPPED_ROWS = frozenset(("table-rows", "table-row-group", "table-header-rows"))


class OdfStyle(Record):
    level: int = 0
    breaks_before: bool = False
    breaks_after: bool = False
    is_hidden: bool = False
    name: str = ""
    look: Mapping[str, Any] = {}
    """What it sets of the look of letters, by the fields of Look."""


def look_into(package: Package) -> None:
    """Store title and author of the file in the reading, and note whether the file has macros.

    Raises KnownError `document.locked` for a file with a password, `document.damaged` for a file without content.
    """
    reading = package.reading
    manifest = package.tree("META-INF/manifest.xml")
    if manifest is not None and any(local(element) == "encryption-data" for element in manifest.iter()):
        raise locked(reading)
    if CONTENT not in package:
        raise KnownError("document.damaged", path=reading.path, reason=_("its main part is missing"))
    if any(name.startswith(("Basic/", "Scripts/")) for name in package.names):
        reading.note(Note.MACROS_IGNORED)
    about = children(child(package.tree("meta.xml"), "meta"))
    values = {local(element): " ".join((element.text or "").split()) for element in about}
    reading.title = values.get("title", "")[:MAX_NAME_CHARACTERS]
    reading.author = (values.get("creator") or values.get("initial-creator", ""))[:MAX_NAME_CHARACTERS]


def styles_in(*roots: etree._Element | None) -> Mapping[str, OdfStyle]:
    elements = {}
    for group in _groups(*roots):
        elements.update({attribute(element, "name"): element for element in children(group, "style")})
    faces = [face for root in roots for face in children(child(root, "font-face-decls"))]
    fonts = {attribute(face, "name"): attribute(face, "font-family").strip("'") for face in faces}
    styles = {name: _style(name, elements, fonts) for name in elements}
    if any(value for style in styles.values() for value in style.look.values()):
        return styles
    return {name: changed(style, look={}) for name, style in styles.items()}


def _style(name: str, elements: Mapping[str, etree._Element], fonts: Mapping[str, str]) -> OdfStyle:
    chain = list[etree._Element]()
    while name in elements and elements[name] not in chain:
        chain.append(elements[name])
        name = attribute(chain[-1], "parent-style-name")
    level, hidden = "", False
    for element in chain:
        level = level or attribute(element, "default-outline-level")
        for properties in element:
            hidden = hidden or attribute(properties, "display") in ("none", "false")
            hidden = hidden or attribute(properties, "visibility") == "hidden"
    breaks = {"break-before": "", "break-after": ""}
    for properties in (properties for element in chain for properties in element):
        breaks = {name: reported or attribute(properties, name) for name, reported in breaks.items()}
    begins = breaks["break-before"] == "page" or any(attribute(element, "master-page-name") for element in chain[:1])
    chosen = chain[1] if len(chain) > 1 and re.fullmatch(r"[A-Za-z]+\d+", attribute(chain[0], "name")) else chain[0]
    outline = int(level) if level.isdecimal() and len(level) < 3 else 0
    look = _look(chain, fonts)
    return OdfStyle(outline, begins, breaks["break-after"] == "page", hidden, attribute(chosen, "name"), look)


def _look(chain: list[etree._Element], fonts: Mapping[str, str]) -> Mapping[str, Any]:
    told: dict[str, str] = {}
    for properties in (properties for element in chain for properties in children(element, "text-properties")):
        for key, value in properties.attrib.items():
            told.setdefault(str(key).rpartition("}")[2], str(value))
    look: dict[str, Any] = {}
    if line := told.get("text-line-through-style", told.get("text-line-through-type", "")):
        look["struck"] = line != "none"
    if moved := told.get("text-position", "").split(" ")[0].rstrip("%"):
        if moved == "0":
            look["shift"] = 0
        elif moved[0] == "-" or moved == "sub":
            look["shift"] = -1
        else:
            look["shift"] = 1
    if font := told.get("font-name", told.get("font-family", "")):
        look["font"] = look["high"] = letters.symbol_font(fonts.get(font, font).strip("'"))
    return look


def repeated(element: etree._Element, name: str) -> int:
    value = attribute(element, name)
    return max(1, int(value[:9])) if value.isdecimal() else 1


@dataclass(slots=True)
class _Line:
    text: list[str] = field(default_factory=list)
    before: list[Flow] = field(default_factory=list)
    after: list[Flow] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)

    @property
    def words(self) -> str:
        return letters.settled("".join(self.text))


@dataclass(slots=True)
class _Counted:
    levels: Mapping[int, etree._Element]
    counts: dict[int, int] = field(default_factory=dict)

    def next(self, level: int) -> str:
        """Return the number displayed before the next item of a level, or "" for bullets."""
        about = self.levels.get(level)
        start = attribute(about, "start-value")
        first = int(start[:6]) if start.isdecimal() else 1
        self.counts[level] = self.counts.get(level, first - 1) + 1
        for deeper in [count for count in self.counts if count > level]:
            del self.counts[deeper]
        bullet = attribute(about, "bullet-char")
        if len(bullet) == 1:
            sign = letters.sign_of(bullet, attribute(child(about, "text-properties"), "font-name"))
            return sign if sign in letters.BOXES else ""
        if about is None or local(about) != "list-level-style-number" or not attribute(about, "num-format"):
            return ""
        shown = attribute(about, "display-levels")
        depth = int(shown[:2]) if shown.isdecimal() else 1
        numbers = [self._number(index) for index in range(max(1, level - depth + 1), level + 1)]
        return f"{attribute(about, 'num-prefix')}{'.'.join(numbers)}{attribute(about, 'num-suffix')}".strip()

    def _number(self, level: int) -> str:
        about = self.levels.get(level)
        return as_number(self.counts.get(level, 1), _FORMS.get(attribute(about, "num-format"), "decimal"))


_FORMS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}


def lists_in(*roots: etree._Element | None) -> Mapping[str, Mapping[int, etree._Element]]:
    styles = {}
    for element in (element for group in _groups(*roots) for element in children(group, "list-style")):
        levels = {attribute(level, "level"): level for level in element}
        styles[attribute(element, "name")] = {int(key): level for key, level in levels.items() if key.isdecimal()}
    return styles


def _groups(*roots: etree._Element | None) -> Iterator[etree._Element]:
    return (group for root in roots for group in children(root, "styles", "automatic-styles"))


_USUAL = Look()


class OdfWalker:
    def __init__(
        self,
        reading: Reading,
        styles: Mapping[str, OdfStyle],
        lists: Mapping[str, Mapping[int, etree._Element]] | None = None,
        package: Package | None = None,
    ) -> None:
        self._package = package
        self.has_looks = any(style.look for style in styles.values())
        self._fields: dict[str, str] = {}
        """What the fields of its forms show, by their ids."""
        self.reading, self._styles, self._lists = reading, styles, lists or {}
        self._cited = 0
        self._counted: dict[str, _Counted] = {}
        self._within: list[_Counted] = []

    def flow(self, element: etree._Element, depth: int = 0) -> Iterator[Flow]:
        """Yield the pieces, footnotes and page breaks of an element. `depth` is the number of lists around it."""
        name = local(element)
        if name in ("p", "h"):
            yield from self._paragraph(element, depth)
        elif name == "list":
            yield from self._list(element, depth)
        elif name == "table" or name in _WRAPPED_ROWS:
            yield from self._table(element, name == "table-header-rows")
        elif name == "table-row":
            yield from as_row(self._cells(element), 0)
        elif name == "soft-page-break":
            yield PageBreak(seen=True)
        elif name == "annotation":
            yield self.comment(element)
        elif name == "frame":
            yield from self._frame(element, depth)
        elif name == "forms":
            self._fields.update(_fields_of(element))
        elif name == "control":
            yield Piece(BlockKind.PARAGRAPH, self._field(element))
        elif name == "tracked-changes":
            self.reading.note(Note.CHANGES_ACCEPTED)
        elif name not in _SKIPPED:
            if name == "section" and attribute(element, "display") == "none":
                self.reading.note(Note.HIDDEN_TEXT)
            for inner in element:
                yield from self.flow(inner, depth)

    def pieces(self, element: etree._Element) -> list[Piece]:
        """Return the pieces of an element without pages of its own. Each footnote directly follows its citation."""
        flows = (flow for part in element for flow in self.flow(part))
        pieces = (flow.piece if isinstance(flow, Footnote) else flow for flow in flows)
        return [piece for piece in pieces if isinstance(piece, Piece) and piece.text.strip()]

    def comment(self, annotation: etree._Element) -> Piece:
        words = "\n".join(self.line(element) for element in annotation.iter() if local(element) in ("p", "h"))
        return Piece(BlockKind.COMMENT, words, place=text_of(child(annotation, "creator"))[:100])

    def line(self, paragraph: etree._Element, look: Look = _USUAL) -> str:
        line = _Line()
        if self.has_looks:
            look = self.look_of(attribute(paragraph, "style-name"), look)
        self._walk(paragraph, line, look)
        return line.words

    def look_of(self, style: str, look: Look = _USUAL) -> Look:
        """Return the look of letters of a style. `look` is that around it."""
        named = self._styles.get(style)
        return changed(look, **named.look) if named is not None and named.look else look

    # ---- paragraphs

    def _paragraph(self, element: etree._Element, depth: int) -> Iterator[Flow]:
        style = self._styles.get(attribute(element, "style-name"), OdfStyle())
        if style.breaks_before:
            yield PageBreak()
        if style.is_hidden:
            self.reading.note(Note.HIDDEN_TEXT)
        line = _Line()
        self._walk(element, line, changed(_USUAL, **style.look) if style.look else _USUAL)
        kind, level = self._kind(element, style, depth)
        for piece in (*line.before, Piece(BlockKind.PARAGRAPH, line.words, links=tuple(line.links))):
            if isinstance(piece, Piece) and piece.kind is BlockKind.PARAGRAPH:
                piece = changed(piece, kind=kind, level=level)
            yield piece
        yield from line.after
        if style.breaks_after:
            yield PageBreak()

    def _kind(self, element: etree._Element, style: OdfStyle, depth: int) -> tuple[BlockKind, int]:
        if local(element) == "h":
            reported = attribute(element, "outline-level")
            return BlockKind.HEADING, int(reported) if reported.isdecimal() and len(reported) < 3 else style.level or 1
        if style.level or style.name == "Title":
            return BlockKind.HEADING, style.level or 1
        if depth:
            return BlockKind.LIST_ITEM, depth
        if style.name == "Quotations":
            return BlockKind.QUOTE, 0
        return (BlockKind.CODE if style.name == "Preformatted_20_Text" else BlockKind.PARAGRAPH), 0

    def _walk(self, element: etree._Element, line: _Line, look: Look) -> None:
        if element.text:
            self._write(_BLANKS.sub(" ", element.text), line, look)
        for inner in element:
            self._inline(inner, line, look)
            if inner.tail:
                self._write(_BLANKS.sub(" ", inner.tail), line, look)

    def _write(self, text: str, line: _Line, look: Look) -> None:
        line.text.append(text if look is _USUAL and text.isascii() else look.dress(self.reading, text))

    def _inline(self, element: etree._Element, line: _Line, look: Look) -> None:
        name = local(element)
        if name == "s":
            self._write(" " * min(repeated(element, "c"), MAX_REPEATED), line, look)
        elif name == "tab":
            self._write("\t", line, look)
        elif name == "line-break":
            self._write("\n", line, look)
        elif name == "control":
            line.text.append(self._field(element))
        elif name == "fieldmark":
            line.text.append(_filled(element))
        elif name == "frame":
            if formula := self._formula(element):
                self._write(letters.parted_from(line.text, formula), line, look)
            else:
                line.after += self._content(element, 0)
        elif name == "soft-page-break":
            piece = Piece(BlockKind.PARAGRAPH, line.words, links=tuple(line.links))
            line.before += (piece, *line.after, PageBreak(seen=True))
            line.text.clear()
            line.after.clear()
            line.links.clear()
        elif name == "note":
            self._note(element, line)
        elif name == "annotation":
            line.after.append(self.comment(element))
        elif name in ("custom-shape", "g", "text-box", "rect", "ellipse", "line", "table", "list", "p", "h"):
            line.after += self.flow(element)
        elif name in ("hidden-text", "hidden-paragraph"):
            self.reading.note(Note.HIDDEN_TEXT)
            line.text.append(attribute(element, "string-value") or "".join(element.itertext()))
        elif name not in _SKIPPED:
            style = self._styles.get(attribute(element, "style-name"))
            if style is not None and style.is_hidden:
                self.reading.note(Note.HIDDEN_TEXT)
            if name == "change":
                self.reading.note(Note.CHANGES_ACCEPTED)
            begun = len(line.text)
            self._walk(element, line, changed(look, **style.look) if style is not None and style.look else look)
            if name == "a":
                line.links += link_of(letters.settled("".join(line.text[begun:])).strip(), attribute(element, "href"))

    def _field(self, control: etree._Element) -> str:
        shown = self._fields.get(attribute(control, "control"))
        if shown is None:
            self.reading.note(Note.PARTS_UNREAD, name=N_("form field"))
        return shown or ""

    def _formula(self, frame: etree._Element) -> str:
        """Return the formula in a frame, or "" if something else is in it."""
        root = self._embedded(frame)
        return mathml_line(root) if root is not None and local(root) == "math" else ""

    def _embedded(self, frame: etree._Element) -> etree._Element | None:
        """Return the root of the document in a frame, if there is one that can be read."""
        embedded = next(children(frame, "object", "object-ole"), None)
        root = child(embedded, "math")
        if embedded is None or root is not None or self._package is None:
            return root
        return self._package.tree(f"{attribute(embedded, 'href').removeprefix('./')}/{CONTENT}")

    def _object(self, frame: etree._Element) -> Iterator[Flow]:
        """Yield what the chart in a frame shows. Any other embedded document is noted."""
        body = child(self._embedded(frame), "body", "chart")
        chart = child(body, "chart")
        if chart is None:
            self.reading.note(Note.PARTS_UNREAD, name=N_("embedded file") if body is None else N_("chart"))
            return
        for title in (title for name in ("title", "subtitle") for title in chart.iter(f"{{{_CHART}}}{name}")):
            yield Piece(BlockKind.CAPTION, " ".join("".join(title.itertext()).split()))
        if attribute(next(children(frame, "object"), None), "notify-on-update-of-ranges"):
            return  # it stands beside the cells of which it shows the values
        table = child(chart, "table")
        if table is None:
            self.reading.note(Note.PARTS_UNREAD, name=charts.UNREAD)
        else:
            yield from self._table(table)

    def _note(self, note: etree._Element, line: _Line) -> None:
        mark, body = child(note, "note-citation"), child(note, "note-body")
        self._cited += 1
        shown = f"[{(''.join(mark.itertext()).strip() if mark is not None else '') or self._cited}]"
        line.text.append(shown)
        words = "\n".join(piece.text.strip() for piece in self.pieces(body)) if body is not None else ""
        line.after.append(Footnote(Piece(BlockKind.FOOTNOTE, f"{shown} {words}")))

    def _frame(self, frame: etree._Element, depth: int) -> Iterator[Flow]:
        if formula := self._formula(frame):
            yield Piece(BlockKind.PARAGRAPH, formula)
        else:
            yield from self._content(frame, depth)

    def _content(self, frame: etree._Element, depth: int) -> Iterator[Flow]:
        """Yield the content of a text box or picture. Of a picture only the first form counts: others are copies."""
        inside = [element for element in frame if local(element) not in ("title", "desc")]
        if inside and local(inside[0]) in ("object", "object-ole", "image"):
            yield PictureBlock()
            if local(inside[0]) != "image":
                yield from self._object(frame)
            inside = inside[:1]
        for element in inside:
            yield from self.flow(element, depth)
        about = ("".join(element.itertext()) for element in children(frame, "title", "desc"))
        yield Piece(BlockKind.CAPTION, " ".join(" ".join(about).split()))

    # ---- lists and tables

    def _list(self, element: etree._Element, depth: int) -> Iterator[Flow]:
        name = attribute(element, "style-name")
        if not depth or name in self._lists:
            self._within.append(self._list_named(name, attribute(element, "continue-numbering") == "true"))
        counted = self._within[-1] if self._within else _Counted({})
        for item in element:
            is_item = local(item) == "list-item"
            starts = attribute(item, "start-value") if is_item else ""
            if starts.isdecimal():
                counted.counts[depth + 1] = int(starts[:6]) - 1
            is_numbered = is_item and len(item) > 0 and local(item[0]) in ("p", "h")
            number = counted.next(depth + 1) if is_numbered else ""
            for inner in item if is_item or local(item) == "list-header" else ():
                for flow in self.flow(inner, depth + 1):
                    if number and isinstance(flow, Piece) and flow.text.strip():
                        flow, number = changed(flow, text=letters.numbered(number, flow.text)), ""
                    yield flow
        if not depth or name in self._lists:
            self._within.pop()

    def _list_named(self, name: str, goes_on: bool) -> _Counted:
        if not goes_on or name not in self._counted:
            self._counted[name] = _Counted(self._lists.get(name, {}))
        return self._counted[name]

    def _table(self, table: etree._Element, head: bool = False) -> Iterator[Flow]:
        if local(table) == "table" and self._styles.get(attribute(table, "style-name"), OdfStyle()).breaks_before:
            yield PageBreak()
        for element in table:
            if local(element) in _WRAPPED_ROWS:
                yield from self._table(element, head or local(element) == "table-header-rows")
            elif local(element) == "table-row":
                yield from as_row(self._cells(element), 1 if head else 0)
            elif local(element) == "soft-page-break":
                yield PageBreak(seen=True)

    def _cells(self, row: etree._Element) -> list[list[Flow]]:
        cells: list[list[Flow]] = []
        for cell in children(row, "table-cell", "covered-table-cell"):
            flow = [block for part in cell for block in self.flow(part)]
            cells += [flow] * (1 if flow else min(repeated(cell, "number-columns-repeated"), MAX_REPEATED))
        return cells


def _fields_of(forms: etree._Element) -> Iterator[tuple[str, str]]:
    """Yield the id of each field of a form, and what it shows."""
    for element in forms.iter():
        name, label = local(element), attribute(element, "label")
        if name in ("checkbox", "radio"):
            state = attribute(element, "current-state") or attribute(element, "state")
            label = f"{letters.TICKED if state == 'checked' or _is_selected(element) else letters.EMPTY} {label}"
        elif name in ("listbox", "combobox"):
            chosen = [
                attribute(option, "label") for option in element if attribute(option, "current-selected") == "true"
            ]
            label = ", ".join(chosen) or attribute(element, "current-value")
        elif not label:
            label = attribute(element, "current-value") or attribute(element, "value")
        yield attribute(element, "id"), label.strip()


def _is_selected(element: etree._Element) -> bool:
    return (attribute(element, "current-selected") or attribute(element, "selected")) == "true"


def _filled(mark: etree._Element) -> str:
    """Return what a form field of Word shows in a file that was saved as OpenDocument."""
    values = [(attribute(about, "name"), attribute(about, "value")) for about in children(mark, "param")]
    about = dict(values)
    if attribute(mark, "type").endswith("FORMCHECKBOX"):
        return letters.TICKED if about.get("Checkbox_Checked") == "true" else letters.EMPTY
    entries = [value for name, value in values if name == "Dropdown_ListEntry"]
    return letters.chosen(entries, about.get("Dropdown_Selected", "0"))


_BLANKS = re.compile(r"[ \t\r\n]+")
"""White space, which is one space in these files. More spaces are written as elements."""


_BREAK = re.compile(rb"<text:soft-page-break ?/?>")
"""Matches LibreOffice's marks for where pages ended when the file was saved. Explicit page breaks have no such mark."""


def read_odt(reading: Reading) -> Iterator[Page]:
    with Package.opened(reading) as package:
        look_into(package)
        about = package.tree("styles.xml")
        pager = Pager(reading, has_pages=has_pages(package.chunks(CONTENT), _BREAK, 0))
        stream = Stream(package.chunks(CONTENT), reading.path, "text", opened=("table", "section"))
        walker: OdfWalker | None = None
        for __, element in stream:
            reading.check()
            if walker is None:  # the styles stand before the text
                walker = OdfWalker(reading, styles_in(about, stream.root), lists_in(about, stream.root), package)
                yield from pager.take(_beside(about, walker))
            yield from pager.take(walker.flow(element))
        stream.note_end(reading, N_("its text is broken"), is_empty=pager.is_empty)
        yield from pager.end()


def _beside(styles: etree._Element | None, walker: OdfWalker) -> Iterator[Flow]:
    seen = set()
    for element in (element for page in children(child(styles, "master-styles")) for element in page):
        kind = BlockKind.HEADER if local(element).startswith("header") else BlockKind.FOOTER
        if not local(element).startswith(("header", "footer")):
            continue
        text = "\n".join(piece.text for piece in walker.pieces(element))
        if text and (kind, text) not in seen:
            seen.add((kind, text))
            walker.reading.note(Note.HEADERS_APART)
            yield Piece(kind, text) if kind is BlockKind.HEADER else Footnote(Piece(kind, text))


_ASIDE = {"header": BlockKind.HEADER, "footer": BlockKind.FOOTER, "date-time": BlockKind.FOOTER}


def read_odp(reading: Reading) -> Iterator[Page]:
    reading.page_kind = PageKind.SLIDE
    number = 0
    with Package.opened(reading) as package:
        look_into(package)
        about = package.tree("styles.xml")
        stream = Stream(package.chunks(CONTENT), reading.path, "presentation", "drawing")
        styles = None
        for __, element in stream:
            reading.check()
            styles = styles if styles is not None else styles_in(about, stream.root)
            if local(element) == "page":
                number += 1
                hidden = styles.get(attribute(element, "style-name"), OdfStyle()).is_hidden
                walker = OdfWalker(reading, styles, lists_in(about, stream.root), package)
                yield _slide(walker, element, number, hidden)
        stream.note_end(reading, N_("its slides are broken"), is_empty=not number)
    if not number:
        yield page_of(1, "1", "", (), reason=N_("no slides"))


def _slide(walker: OdfWalker, slide: etree._Element, number: int, hidden: bool) -> Page:
    pieces = [piece for shape in slide for piece in _shape(walker, shape)]
    if hidden:
        walker.reading.note(Note.HIDDEN_TEXT)
    return slide_page(number, pieces, hidden=hidden, pictured=next(slide.iter("{*}image"), None) is not None)


def _shape(walker: OdfWalker, shape: etree._Element) -> Iterator[Piece]:
    if local(shape) == "notes":
        for element in shape:
            if attribute(element, "class") not in ("page", "page-number", "header", "footer", "date-time"):
                yield from (Piece(BlockKind.NOTE, piece.text, place=piece.place) for piece in walker.pieces(element))
        return
    if local(shape) == "annotation":
        yield walker.comment(shape)
        return
    kind = attribute(shape, "class")
    pieces = [piece for piece in walker.flow(shape) if isinstance(piece, Piece)]
    if kind == "title":
        words = [" ".join(piece.text.split()) for piece in pieces if piece.kind is not BlockKind.CAPTION]
        yield Piece(BlockKind.HEADING, " ".join(word for word in words if word), 1)
        pieces = [piece for piece in pieces if piece.kind is BlockKind.CAPTION]
    for piece in pieces:
        yield changed(piece, kind=_ASIDE.get(kind, piece.kind))


MAX_SAME_CELLS = 50
"""Most adjacent cells with content that one element may stand for. If there are more, only the first ones are read."""
_COLUMNS = ("table-column", "table-columns", "table-column-group", "table-header-columns")
_GROUPS = ("table-row-group", "table-rows", "table-header-rows")


def read_ods(reading: Reading) -> Iterator[Page]:
    pager = SheetPager(reading)
    with Package.opened(reading) as package:
        look_into(package)
        about = package.tree("styles.xml")
        stream = Stream(package.chunks(CONTENT), reading.path, "table", opened=_GROUPS)
        rows = _Rows(reading, stream)
        walker: OdfWalker | None = None
        while (table := rows.next_table()) is not None:
            styles = styles_in(about, stream.root)
            walker = walker or OdfWalker(reading, styles, package=package)
            hidden = styles.get(attribute(table, "style-name"), OdfStyle()).is_hidden
            name = attribute(table, "name")
            yield from pager.pages(name, rows.of_table(table, walker), hidden=hidden, more=rows.beside)
        if stream.root is None:
            raise KnownError("document.damaged", path=reading.path, reason=_("its sheets are broken"))
        if stream.broken:
            yield pager.broken("", is_rest=True)


class _Rows:
    def __init__(self, reading: Reading, stream: Stream) -> None:
        self._reading, self._children = reading, iter(stream)
        self._next: tuple[etree._Element, etree._Element] | None = None
        self.beside = list[Piece]()
        self._columns = list[tuple[int, str]]()
        """For each group of columns its last one, and the style of cells that name none."""

    def next_table(self) -> etree._Element | None:
        if self._next is None:
            self._next = next(self._children, None)
        return None if self._next is None else self._next[0]

    def of_table(self, table: etree._Element, walker: OdfWalker) -> Iterator[Row]:
        self.beside.clear()
        self._columns.clear()
        number = 1
        while self._next is not None and self._next[0] is table:
            for element in self._next[1].iter("{*}table-column") if local(self._next[1]) in _COLUMNS else ():
                last = (self._columns[-1][0] if self._columns else 0) + repeated(element, "number-columns-repeated")
                self._columns.append((last, attribute(element, "default-cell-style-name")))
            for row in _rows_in(self._next[1]):
                count = repeated(row, "number-rows-repeated")
                cells = self._cells(row, walker, number)
                if cells:
                    if attribute(row, "visibility") in ("collapse", "filter"):
                        self._reading.note(Note.HIDDEN_TEXT, name=f"{attribute(table, 'name')}!{number}")
                    yield Row(number, cells, number + count - 1)
                number += count
            if local(self._next[1]) in ("shapes", "forms"):
                self.beside += [part for part in walker.flow(self._next[1]) if isinstance(part, Piece)]
            self._next = next(self._children, None)

    def _cells(self, row: etree._Element, walker: OdfWalker, number: int) -> list[tuple[int, str]]:
        cells, column = list[tuple[int, str]](), 1
        for cell in children(row, "table-cell", "covered-table-cell"):
            count = repeated(cell, "number-columns-repeated")
            if len(cell) or cell.attrib:
                look = walker.look_of(self._style_of(cell, row, column)) if walker.has_looks else _USUAL
                words = self._words(cell, walker, number, look)
                if words:
                    cells += [(column + more, words) for more in range(min(count, MAX_SAME_CELLS))]
                if not words and attribute(cell, "formula") and not attribute(cell, "value-type"):
                    self._reading.note(Note.FORMULAS_EMPTY, count=count)
            column += count
        return cells

    def _style_of(self, cell: etree._Element, row: etree._Element, column: int) -> str:
        style = attribute(cell, "style-name") or attribute(row, "default-cell-style-name")
        return style or next((style for last, style in self._columns if column <= last), "")

    def _words(self, cell: etree._Element, walker: OdfWalker, number: int, look: Look) -> str:
        """Return the words of a cell in row `number`. What else is in it, such as a comment, goes `beside` the table.

        A date is read from its value: what the cell shows may lack the year.
        """
        paragraphs = list[str]()
        for element in cell:
            if local(element) == "p":
                paragraphs.append(walker.line(element, look))
            elif local(element) == "annotation":
                comment = walker.comment(element)
                place = f"row {number} {comment.place}".strip()
                self.beside.append(Piece(comment.kind, comment.text, place=place))
            elif local(element) != "forms":
                self.beside += [part for part in walker.flow(element) if isinstance(part, Piece)]
        if attribute(cell, "value-type") == "date":
            date = attribute(cell, "date-value").replace("T00:00:00", "").replace("T", " ")
            return look.dress(self._reading, date)
        return "\n".join(paragraphs) or look.dress(self._reading, attribute(cell, "value"))


def _rows_in(element: etree._Element) -> Iterator[etree._Element]:
    if local(element) == "table-row":
        yield element
    elif local(element) in _GROUPS:
        for inner in element:
            yield from _rows_in(inner)
