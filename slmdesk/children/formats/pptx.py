"""Reads PowerPoint files, and shapes with text in slides, charts and drawings of spreadsheets (DrawingML)."""

from __future__ import annotations

from collections.abc import Iterator, Set

from lxml import etree

from slmdesk.base.documents import BlockKind, Note, Page, PageKind, PageStatus, page_of
from slmdesk.base.record import Record
from slmdesk.base.texts import N_
from slmdesk.children.formats import charts, letters
from slmdesk.children.formats.formulas import omml_line
from slmdesk.children.formats.list_numbers import as_number
from slmdesk.children.formats.office_xml import (
    Package,
    Relation,
    above,
    attribute,
    child,
    children,
    local,
    relation_id,
    text_of,
    texts,
)
from slmdesk.children.formats.reading import Link, Reading, link_of
from slmdesk.children.formats.text import Piece, slide_page

MAX_SLIDES = 10_000
"""Highest slide number that is tried if nothing in the file lists the slides."""


def read(reading: Reading) -> Iterator[Page]:
    reading.page_kind = PageKind.SLIDE
    with Package.opened(reading) as package:
        main = package.main_part("ppt/presentation.xml")
        package.read_about()
        parts = _slides(package, main)
        authors = dict(_authors(package, main))
        reading.check_count(len(parts))
        reading.total = len(parts)
        for number, part in enumerate(parts, 1):
            reading.check()
            yield _slide(package, number, part, authors)
        if not parts:
            yield page_of(1, "1", "", (), reason=N_("no slides"))


def _slides(package: Package, main: str) -> list[str]:
    relations, root = package.relations(main), package.tree(main)
    listed = child(root, "sldIdLst")
    if listed is None and root is not None:
        return []
    ids = [relation_id(element) for element in children(listed, "sldId")]
    slides = [relations[name].part for name in ids if name in relations]
    if slides:
        return [relations[name].part if name in relations else "" for name in ids]
    numbers = range(1, len(ids) + 1 if ids else MAX_SLIDES)
    return [name for number in numbers if (name := f"ppt/slides/slide{number}.xml") in package]


def _authors(package: Package, main: str) -> Iterator[tuple[str, str]]:
    for relation in package.relations(main).values():
        if relation.kind in ("commentAuthors", "authors") and (root := package.tree(relation.part)) is not None:
            yield from ((element.get("id", ""), element.get("name", "")) for element in root)


def _slide(package: Package, number: int, part: str, authors: dict[str, str]) -> Page:
    root = package.tree(part)
    if root is None:
        package.reading.note(Note.PARTLY_DAMAGED)
        return page_of(number, str(number), "", (), status=PageStatus.BROKEN, reason=N_("this slide is broken"))
    relations = dict(package.relations(part))
    tree = child(root, "cSld", "spTree")
    pieces = [*Drawing(package, part).pieces(tree)]
    for relation in relations.values():
        if relation.kind == "notesSlide":
            pieces += _notes(package.reading, package.tree(relation.part))
        elif relation.kind in ("comments", "comment"):
            pieces += _comments(package.reading, package.tree(relation.part), authors)
    hidden = root.get("show") in ("0", "false")
    if hidden:
        package.reading.note(Note.HIDDEN_TEXT)
    is_pictured = tree is not None and next(tree.iter("{*}pic"), None) is not None
    return slide_page(number, pieces, hidden=hidden, pictured=is_pictured)


def _notes(reading: Reading, root: etree._Element | None) -> Iterator[Piece]:
    tree = child(root, "cSld", "spTree")
    for shape in tree.iter("{*}sp") if tree is not None else ():
        if placeholder_of(shape) not in ("sldNum", "hdr", "ftr", "dt", "sldImg"):
            for paragraph in children(child(shape, "txBody"), "p"):
                yield Piece(BlockKind.NOTE, paragraph_text(reading, paragraph))


def _comments(reading: Reading, root: etree._Element | None, authors: dict[str, str]) -> Iterator[Piece]:
    for element in root.iter("{*}cm", "{*}reply") if root is not None else ():
        body = child(element, "txBody")
        new = "\n".join(_paragraphs_text(reading, body))
        old = text_of(child(element, "text"))
        words = old if body is None else new
        yield Piece(BlockKind.COMMENT, words, place=authors.get(attribute(element, "authorId"), ""))


# Reads shapes with text, as in slides, spreadsheet drawings and charts (DrawingML, ECMA-376 part 1, 20-21)

_SHAPES = frozenset(("sp", "grpSp", "graphicFrame", "pic", "cxnSp", "contentPart"))
_WRAPPERS = frozenset(
    ("AlternateContent", "Choice", "spTree", "twoCellAnchor", "oneCellAnchor", "absoluteAnchor", "relSizeAnchor",
     "absSizeAnchor")
)  # fmt: skip
_USUAL = letters.Look()
_BULLETS = frozenset(("buNone", "buChar", "buAutoNum", "buBlip"))
_NUMBERS = {"romanUc": "upperRoman", "romanLc": "lowerRoman", "alphaUc": "upperLetter", "alphaLc": "lowerLetter"}


class Drawing(Record):
    package: Package
    source: str
    """The part that it is in."""
    repeats_cells: bool = False
    """Whether it stands beside the cells of which its charts show the values."""

    def pieces(self, element: etree._Element | None) -> Iterator[Piece]:
        for inner in children(element):
            name = local(inner)
            if name in _WRAPPERS:
                yield from self.pieces(inner)
            elif name in _SHAPES:
                yield from self._shape(inner, name)

    def _shape(self, shape: etree._Element, name: str) -> Iterator[Piece]:
        if name == "grpSp":
            yield from self.pieces(shape)
            return
        body = child(shape, "txBody")
        if body is not None:
            yield from self._paragraphs(body, placeholder_of(shape))
        for element in shape.iter() if name == "graphicFrame" else ():
            inside = local(element)
            if inside == "tbl":
                yield from _table(self.package.reading, element)
            elif inside in ("chart", "relIds"):
                yield from self.part(element)
            elif inside == "oleObj":
                is_formula = attribute(element, "progId").startswith("Equation")
                self.package.reading.note(Note.PARTS_UNREAD, name=N_("formula") if is_formula else N_("embedded file"))
        about = next(shape.iter("{*}cNvPr"), None)
        if about is not None:
            yield Piece(BlockKind.CAPTION, about.get("descr", ""))

    def part(self, element: etree._Element) -> Iterator[Piece]:
        """Yield the words of the chart or diagram that an element refers to. One without words is noted."""
        is_chart = local(element) == "chart"
        relation = self.package.relations(self.source).get(attribute(element, "id" if is_chart else "dm"))
        root = self.package.tree(relation.part) if relation is not None else None
        reading = self.package.reading
        drawn = self._chart(relation, root) if is_chart else _diagram(reading, root)
        pieces = [piece for piece in drawn if piece.text.strip()]
        if not pieces:
            reading.note(Note.PARTS_UNREAD, name=N_("chart") if is_chart else N_("diagram"))
        yield from pieces

    def _paragraphs(self, body: etree._Element, placeholder: str | None) -> Iterator[Piece]:
        reading, paragraphs = self.package.reading, [*children(body, "p")]
        if placeholder in ("title", "ctrTitle"):
            words = (" ".join(text.split()) for text in _paragraphs_text(reading, body))
            links = tuple(link for element in paragraphs for link in self._links(element))
            yield Piece(BlockKind.HEADING, " ".join(word for word in words if word), 1, links=links)
            return
        if placeholder in ("ftr", "dt", "sldNum", "hdr"):
            kind = BlockKind.HEADER if placeholder == "hdr" else BlockKind.FOOTER
            yield Piece(kind, " ".join(_paragraphs_text(reading, body)))
            return
        numbers = _Numbers(body)
        for element in paragraphs:
            properties = child(element, "pPr")
            level = properties.get("lvl", "0") if properties is not None else "0"
            depth = int(level) + 1 if level.isdecimal() and len(level) == 1 else 1
            text = paragraph_text(reading, element)
            marks = {local(mark) for mark in children(properties)}
            number = numbers.next(properties, marks, depth) if text.strip() else ""
            bulleted = placeholder in ("", "obj", "body")
            bulleted = "buNone" not in marks and (bulleted or bool(number) or bool(marks & _BULLETS))
            bullet = attribute(child(properties, "buChar"), "char")
            font = attribute(child(properties, "buFont"), "typeface")
            sign = letters.sign_of(bullet, font) if len(bullet) == 1 else ""
            number = sign if sign in letters.BOXES else number
            if number and text.strip():
                text = letters.numbered(number, text)
            kind = BlockKind.LIST_ITEM if bulleted else BlockKind.PARAGRAPH
            yield Piece(kind, text, depth if bulleted else 0, links=self._links(element))

    def _links(self, paragraph: etree._Element) -> tuple[Link, ...]:
        links = list[Link]()
        for click in paragraph.iter("{*}hlinkClick"):
            run = above(click, "r", "fld")
            words = "" if run is None else "".join(texts(run)).strip()
            links += link_of(words, self.package.links(self.source).get(attribute(click, "id"), ""))
        return tuple(links)

    def _chart(self, relation: Relation | None, root: etree._Element | None) -> Iterator[Piece]:
        """Yield what a chart shows, with the text boxes that are drawn upon it."""
        if relation is None or root is None:
            return
        yield from charts.pieces_of(root, self.package.reading, repeats_cells=self.repeats_cells)
        for other in self.package.relations(relation.part).values():
            if other.kind == "chartUserShapes":
                yield from Drawing(self.package, other.part).pieces(self.package.tree(other.part))


def placeholder_of(shape: etree._Element) -> str | None:
    """Return the type of the layout's placeholder that the shape fills ("" is the usual one for content), or None if
    the shape fills no placeholder.
    """
    placeholder = next(shape.iter("{*}ph"), None)
    return None if placeholder is None else placeholder.get("type", "")


def _paragraphs_text(reading: Reading, body: etree._Element | None) -> list[str]:
    return [paragraph_text(reading, paragraph) for paragraph in children(body, "p")]


def paragraph_text(reading: Reading, paragraph: etree._Element) -> str:
    text = list[str]()
    _walk(reading, paragraph, text)
    return letters.settled("".join(text))


def _walk(reading: Reading, element: etree._Element, text: list[str]) -> None:
    for run in element:
        name = local(run)
        if name in ("r", "fld"):
            text.append(_run(reading, run))
        elif name in ("br", "tab"):
            text.append("\n" if name == "br" else "\t")
        elif name in ("oMath", "oMathPara"):
            text.append(letters.parted_from(text, omml_line(run)))
        elif name not in ("pPr", "endParaRPr", "Fallback"):
            _walk(reading, run, text)


def _run(reading: Reading, run: etree._Element) -> str:
    """Return a run of letters, whose properties are its first child and whose words the last."""
    look, count = _USUAL, len(run)
    words = run[-1] if count and local(run[-1]) == "t" else child(run, "t")
    text = text_of(words).replace("\v", "\n")
    about = run[0] if count > 1 else None
    if about is not None and (len(about) or "strike" in about.attrib or "baseline" in about.attrib):
        font, sign = (attribute(child(about, kind), "typeface") for kind in ("latin", "sym"))
        font, shift = letters.symbol_font(font), about.get("baseline", "")
        if not shift.strip("-%0"):
            moved = 0
        elif shift.startswith("-"):
            moved = -1
        else:
            moved = 1
        look = letters.Look(about.get("strike", "noStrike") != "noStrike", moved, font, font, sign)
    return text if look is _USUAL and text.isascii() else look.dress(reading, text)


class _Numbers:
    """The numbers of the lists in a shape (21.1.2.4.1)."""

    def __init__(self, body: etree._Element) -> None:
        self._styles = child(body, "lstStyle")
        self._counts: dict[int, tuple[str, int]] = {}
        """By the level of a list: its form, and its last number."""

    def next(self, properties: etree._Element | None, marks: Set[str], level: int) -> str:
        """Return the number before a paragraph that is `level` deep, or "" if it has none."""
        for deeper in [deeper for deeper in self._counts if deeper > level]:
            del self._counts[deeper]
        about = child(properties, "buAutoNum")
        if about is None and not marks & _BULLETS:
            about = child(self._styles, f"lvl{level}pPr", "buAutoNum")
        if about is None:
            self._counts.pop(level, None)
            return ""
        form, start = about.get("type", ""), about.get("startAt", "")
        before, count = self._counts.get(level, ("", 0))
        if before == form:
            count += 1
        elif start.isdecimal():
            count = int(start[:6])
        else:
            count = 1
        self._counts[level] = form, count
        kind = next((kind for name, kind in _NUMBERS.items() if form.startswith(name)), "decimal")
        left = "(" if form.endswith("ParenBoth") else ""
        if "Paren" in form:
            right = ")"
        elif form.endswith("Plain"):
            right = ""
        else:
            right = "."
        return f"{left}{as_number(count, kind)}{right}"


def _table(reading: Reading, table: etree._Element) -> Iterator[Piece]:
    about = child(table, "tblPr")
    has_head = about is not None and about.get("firstRow") in ("1", "true")
    for number, row in enumerate(children(table, "tr")):
        cells = []
        for cell in children(row, "tc"):
            words = _paragraphs_text(reading, child(cell, "txBody"))
            cells.append(" ".join(" ".join(words).split()))
        yield Piece(BlockKind.TABLE_ROW, "\t".join(cells), 1 if has_head and number == 0 else 0)


def _diagram(reading: Reading, root: etree._Element | None) -> Iterator[Piece]:
    for point in root.iter("{*}pt") if root is not None else ():
        for element in point.iter("{*}p"):
            yield Piece(BlockKind.LIST_ITEM, paragraph_text(reading, element), 1)
