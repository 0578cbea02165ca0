"""Reads PowerPoint files, and shapes with text in slides, charts and drawings of spreadsheets (DrawingML)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from slmdesk.base.documents import BlockKind, Note, Page, PageKind, PageStatus, page_of
from slmdesk.base.record import Record
from slmdesk.base.texts import N_
from slmdesk.formats.office_xml import Package, Relation, attribute, child, children, local, relation_id, text_of, texts
from slmdesk.formats.reading import Reading
from slmdesk.formats.text import Piece, slide_page

MAX_SLIDES = 10_000
"""Highest slide number that is tried if nothing in the file lists the slides."""


def read(reading: Reading) -> Iterator[Page]:
    reading.page_kind = PageKind.SLIDE
    with Package.opened(reading) as package:
        main = package.main_part("ppt/presentation.xml")
        package.read_about()
        parts = _slides(package, main)
        authors = dict(_authors(package, main))
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
    found = [relations[name].part for name in ids if name in relations]
    if found:
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
    pieces = [*Drawing(package, relations).pieces(tree)]
    for relation in relations.values():
        if relation.kind == "notesSlide":
            pieces += _notes(package.tree(relation.part))
        elif relation.kind in ("comments", "comment"):
            pieces += _comments(package.tree(relation.part), authors)
    hidden = root.get("show") in ("0", "false")
    if hidden:
        package.reading.note(Note.HIDDEN_TEXT)
    is_pictured = tree is not None and next(tree.iter("{*}pic"), None) is not None
    return slide_page(number, pieces, hidden=hidden, pictured=is_pictured)


def _notes(root: etree._Element | None) -> Iterator[Piece]:
    tree = child(root, "cSld", "spTree")
    for shape in tree.iter("{*}sp") if tree is not None else ():
        if placeholder_of(shape) not in ("sldNum", "hdr", "ftr", "dt", "sldImg"):
            for paragraph in children(child(shape, "txBody"), "p"):
                yield Piece(BlockKind.NOTE, paragraph_text(paragraph))


def _comments(root: etree._Element | None, authors: dict[str, str]) -> Iterator[Piece]:
    for element in root.iter("{*}cm", "{*}reply") if root is not None else ():
        body = child(element, "txBody")
        new, old = "\n".join(map(paragraph_text, children(body, "p"))), text_of(child(element, "text"))
        words = old if body is None else new
        yield Piece(BlockKind.COMMENT, words, place=authors.get(attribute(element, "authorId"), ""))


# ---- reads shapes with text, as in slides, spreadsheet drawings and charts (DrawingML, ECMA-376 part 1, 20-21)


_SHAPES = frozenset(("sp", "grpSp", "graphicFrame", "pic", "cxnSp", "contentPart"))
_WRAPPERS = frozenset(("AlternateContent", "Choice", "spTree", "twoCellAnchor", "oneCellAnchor", "absoluteAnchor"))
_MAX_NAMES = 200


class Drawing(Record):
    package: Package
    relations: dict[str, Relation]

    def pieces(self, element: etree._Element | None) -> Iterator[Piece]:
        for other_element in children(element):
            name = local(other_element)
            if name in _WRAPPERS:
                yield from self.pieces(other_element)
            elif name in _SHAPES:
                yield from self._shape(other_element, name)

    def _shape(self, shape: etree._Element, name: str) -> Iterator[Piece]:
        if name == "grpSp":
            yield from self.pieces(shape)
            return
        body = child(shape, "txBody")
        if body is not None:
            yield from _paragraphs(body, placeholder_of(shape))
        for element in shape.iter() if name == "graphicFrame" else ():
            inside = local(element)
            if inside == "tbl":
                yield from _table(element)
            elif inside == "chart" and (relation := self.relations.get(attribute(element, "id"))):
                yield from _chart(self.package.tree(relation.part))
            elif inside == "relIds" and (relation := self.relations.get(attribute(element, "dm"))):
                yield from _diagram(self.package.tree(relation.part))
        about = next(shape.iter("{*}cNvPr"), None)
        if about is not None:
            yield Piece(BlockKind.CAPTION, about.get("descr", ""))


def placeholder_of(shape: etree._Element) -> str | None:
    """Return the type of the layout's placeholder that the shape fills ("" is the usual one for content), or None if
    the shape fills no placeholder.
    """
    found = next(shape.iter("{*}ph"), None)
    return None if found is None else found.get("type", "")


def paragraph_text(paragraph: etree._Element) -> str:
    pieces = []
    for element in paragraph.iter():
        name = local(element)
        if name == "t":
            pieces.append((element.text or "").replace("\v", "\n"))
        elif name == "br":
            pieces.append("\n")
        elif name == "tab":
            pieces.append("\t")
    return "".join(pieces)


def _paragraphs(body: etree._Element, placeholder: str | None) -> Iterator[Piece]:
    if placeholder in ("title", "ctrTitle"):
        words = (" ".join(paragraph_text(element).split()) for element in children(body, "p"))
        yield Piece(BlockKind.HEADING, " ".join(word for word in words if word), 1)
        return
    if placeholder in ("ftr", "dt", "sldNum", "hdr"):
        kind = BlockKind.HEADER if placeholder == "hdr" else BlockKind.FOOTER
        yield Piece(kind, " ".join(map(paragraph_text, children(body, "p"))))
        return
    for element in children(body, "p"):
        properties = child(element, "pPr")
        level = properties.get("lvl", "0") if properties is not None else "0"
        bulleted = placeholder in ("", "obj", "body")
        if properties is not None:
            marks = {local(mark) for mark in properties}
            bulleted = "buNone" not in marks and (bulleted or bool(marks & {"buChar", "buAutoNum", "buBlip"}))
        depth = int(level) + 1 if level.isdecimal() and len(level) == 1 else 1
        kind = BlockKind.LIST_ITEM if bulleted else BlockKind.PARAGRAPH
        yield Piece(kind, paragraph_text(element), depth if bulleted else 0)


def _table(table: etree._Element) -> Iterator[Piece]:
    about = child(table, "tblPr")
    has_head = about is not None and about.get("firstRow") in ("1", "true")
    for number, row in enumerate(children(table, "tr")):
        cells = []
        for cell in children(row, "tc"):
            words = map(paragraph_text, children(child(cell, "txBody"), "p"))
            cells.append(" ".join(" ".join(words).split()))
        yield Piece(BlockKind.TABLE_ROW, "\t".join(cells), 1 if has_head and number == 0 else 0)


def _chart(root: etree._Element | None) -> Iterator[Piece]:
    """Yield the titles of a chart and its axes, and the names of its series and categories. Figures are left out."""
    if root is None:
        return
    for title in root.iter("{*}title"):
        yield Piece(BlockKind.CAPTION, " ".join("".join(texts(title)).split()))
    names: dict[str, None] = {}
    for element in root.iter("{*}tx", "{*}cat"):
        if (cache := _strings(element)) is not None:
            names.update(dict.fromkeys(" ".join(text.split()) for text in texts(cache, "v")))
    if names:
        yield Piece(BlockKind.CAPTION, "\t".join([*names][:_MAX_NAMES]))


def _strings(element: etree._Element) -> etree._Element | None:
    found = child(element, "strRef", "strCache")
    return found if found is not None else child(element, "multiLvlStrRef", "multiLvlStrCache")


def _diagram(root: etree._Element | None) -> Iterator[Piece]:
    for point in root.iter("{*}pt") if root is not None else ():
        for element in point.iter("{*}p"):
            yield Piece(BlockKind.LIST_ITEM, paragraph_text(element), 1)
