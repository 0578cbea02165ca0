"""Translates Word files: body, tables, headers, footers, notes, comments, text boxes, charts.

A paragraph is one text; its main look stays plain, other looks, links and insertions become pairs of tags, pictures,
note references and fields lone ones (ECMA-376 part 1, chapter 17).  Tabs and line ends split it: what follows one is a
text of its own.  Deleted words stay deleted, inserted ones inserted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from lxml import etree

from slmdesk.formats.ooxml import Package
from slmdesk.formats.packed import opened
from slmdesk.formats.rewriting.base import MOST_SAID, LeftAsIs, Rewriting, Unit, Units, said
from slmdesk.formats.rewriting.docx_paragraph import Paragraph
from slmdesk.formats.rewriting.inline import Group, Inline, InlineObject, Node
from slmdesk.formats.rewriting.markup import Mark, Piece, Stretch
from slmdesk.formats.rewriting.ooxml_parts import (
    Cells,
    Part,
    Parts,
    always,
    attribute_unit,
    drawing_paragraph,
    drawing_units,
    is_drawing,
    translated,
)
from slmdesk.formats.rewriting.tracked import settle
from slmdesk.formats.rewriting.twins import RepeatedTexts, twinned
from slmdesk.formats.xmls import attribute, child, local

_ASIDE = {
    "header": "header", "footer": "footer", "footnotes": "footnote", "endnotes": "footnote", "comments": "comment",
}  # fmt: skip
_SPOKEN = {
    "docPr": ("descr", "title"), "cNvPr": ("descr", "title"),
    "textpath": ("string",), "shape": ("alt",), "rect": ("alt",), "tblCaption": ("val",),
    "tblDescription": ("val",), "hyperlink": ("tooltip",),
}  # fmt: skip
_LOOKED_AT = (
    "{*}p", "{*}docPr", "{*}cNvPr", "{*}oMath", "{*}tblCaption", "{*}tblDescription", "{*}hyperlink",
    "{*}del", "{*}moveFrom", "{*}dropDownList", "{*}comboBox", "{*}ddList",
    "{urn:schemas-microsoft-com:vml}textpath", "{urn:schemas-microsoft-com:vml}shape",
    "{urn:schemas-microsoft-com:vml}rect",
)  # fmt: skip
_LEVEL = re.compile(r"(%[1-9])")
_DRAWN = {"chart": "chart", "chartEx": "chart", "diagramData": "diagram", "diagramDrawing": "diagram"}


def rewrite(rewriting: Rewriting) -> Units:
    reading = rewriting.reading
    with opened(reading) as archive:
        package = Package(archive, reading)
        parts = Parts(package, rewriting)
        main = package.main_part("word/document.xml")
        names = [(main, "")]
        for kind, word in _ASIDE.items():
            names += [(name, word) for name in parts.related(main, kind)]
        for name, word in names:
            reading.check()
            part = parts.main(name) if name == main else parts.open(name)
            if part is None:
                continue
            yield from _units(part, word)
            parts.close(part)
            if not rewriting.options.tracked:
                yield from drawn_units(parts, name)
        if rewriting.options.tracked:  # other text cannot have tracked changes
            return
        for name in parts.related(main, "numbering"):
            yield from _numbering(parts, name)
        yield from _reported_elsewhere(parts, main)
        yield from left_inside(package)
        yield from parts.damaged()
        if rewriting.options.properties:
            yield from property_units(parts, package)


def _units(part: Part, word: str) -> Units:
    places = _Places(word)
    yield from twinned(list(part.root.iter(*_LOOKED_AT)), lambda element: _element(part, element, places))
    if part.is_changed:
        part.speech.turn_sections(part.root)
    if part.is_changed and part.speech.tracked:
        settle(part.root)


def _element(part: Part, element: etree._Element, places: _Places) -> Units:
    name, keys = local(element), _SPOKEN.get(local(element), ())
    if part.speech.tracked and (keys or is_drawing(element)):
        return
    if keys:
        yield from places.twin(element)(_spoken(part, element, keys, places.of(element)))
        return
    if name == "oMath":
        yield LeftAsIs("equation", places.of(element), "".join(element.itertext())[:MOST_SAID])
    elif name in ("del", "moveFrom"):
        yield from said("deleted", places.of(element), "".join(_words_of(element)))
    elif name in ("dropDownList", "comboBox", "ddList"):
        listed = (attribute(one, "displayText") or attribute(one, "val") for one in element)
        yield from said("choices", places.of(element), ", ".join(one for one in listed if one))
    elif etree.QName(element).namespace == etree.QName(part.root).namespace:
        places.next(element)
        yield from _paragraph(part, element, places.of(element))
    elif is_drawing(element):  # a drawing that is kept in the text itself
        yield from drawing_paragraph(part, element, "paragraph", places.of(element))


def _words_of(element: etree._Element) -> Iterator[str]:
    return (one.text or "" for one in element.iter("{*}t", "{*}delText"))


def _paragraph(part: Part, element: etree._Element, place: str) -> Units:
    paragraph = Paragraph(element, part.speech)
    stretches: list[tuple[Inline | None, Sequence[Node]]] = []
    for nodes, is_break in paragraph.stretches():
        stretches.append((None if is_break else Inline(nodes), nodes))
        for words in _words_left(nodes):
            yield LeftAsIs("field", place, words[:MOST_SAID])

    def rebuild(found: Sequence[Node]) -> None:
        paragraph.rebuild(found)
        part.is_changed = True

    yield from translated(stretches, kind=paragraph.kind, place=place, rebuild=rebuild)


def _words_left(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, InlineObject):
            parts = [getattr(one, "part", one) for one in node.elements]
            words = "".join(text.text or "" for one in parts for text in one.iter("{*}t") if not _is_inside(text, one))
            if any(letter.isalpha() for letter in words):
                yield words.strip()
        elif isinstance(node, Group):
            yield from _words_left(node.children)


def _is_inside(text: etree._Element, outer: etree._Element) -> bool:
    """Whether a text belongs to a paragraph inside, which is walked by itself, or to an equation."""
    for one in text.iterancestors():
        if local(one) in ("p", "oMath"):
            return True
        if one is outer:
            break
    return local(outer) in ("oMath", "oMathPara") or etree.QName(text).namespace != etree.QName(outer).namespace


def _spoken(part: Part, element: etree._Element, keys: Sequence[str], place: str) -> Units:
    for key in keys:
        yield from attribute_unit(part, element, key, kind="alt_text", place=place)


class _Places:
    def __init__(self, word: str) -> None:
        self._word, self._paragraphs = word, 0
        self._drawn: dict[etree._Element, RepeatedTexts] = {}
        self._cells, self._tables = Cells(), dict[etree._Element, int]()

    def next(self, paragraph: etree._Element) -> None:
        self._paragraphs += 1

    def twin(self, element: etree._Element) -> Callable[[Units], Units]:
        frame = next((one for one in element.iterancestors() if local(one) in ("inline", "anchor")), None)
        if frame is None or local(element) not in ("docPr", "cNvPr"):
            return lambda units: units
        twins = self._drawn.setdefault(frame, RepeatedTexts())
        return twins.first if local(element) == "docPr" else twins.again

    def of(self, element: etree._Element) -> str:
        words = [self._word] if self._word else []
        cell = self._cells.of(element)
        if cell is not None:
            table, row, column = cell
            number = self._tables.setdefault(table, len(self._tables) + 1)
            words.append(f"table {number}, row {row}, column {column}")
        elif any(local(one) == "txbxContent" for one in element.iterancestors()):
            words.append("text box")
        elif not words:
            words.append(f"paragraph {self._paragraphs}")
        return ", ".join(words)


def drawn_units(parts: Parts, name: str) -> Units:
    """The titles of charts and the texts of diagrams a part refers to; a diagram also has a second, drawn copy."""
    twins = RepeatedTexts()
    for kind, word in _DRAWN.items():
        for drawn in parts.related(name, kind):
            part = parts.open(drawn)
            if part is None:
                continue
            units = drawing_units(part, place=always(word), kind="chart")
            if kind == "diagramData":
                units = twins.first(units)
            elif kind == "diagramDrawing":
                units = twins.again(units)
            yield from units
            parts.close(part)
            labels = {(one.text or "").strip() for one in part.root.iter("{*}v", "{*}pt") if _is_cached_text(one)}
            yield from said("chart_labels", word, ", ".join(sorted(labels)))


def _is_cached_text(element: etree._Element) -> bool:
    """Whether it is a label copied from a cell (21.2.2.196; in charts of 2016 and later, `strDim`)."""
    return any(local(one) in ("strCache", "strDim") for one in element.iterancestors())


def left_inside(package: Package) -> Units:
    for name in package.archive.names:
        key, last = name.replace("\\", "/").lower(), name.rpartition("/")[2][:80]
        if "/embeddings/" in key:
            yield LeftAsIs("embedded", "", last)
        elif key.endswith("vbaproject.bin"):
            yield LeftAsIs("macros", "", last)
        elif key.startswith("_xmlsignatures/") and key.endswith(".xml"):
            yield LeftAsIs("signature", "", last)


def _numbering(parts: Parts, name: str) -> Units:
    """The words in the numbers of lists and headings that are in use, such as "Article %1" (17.9.11)."""
    part = parts.open(name)
    if part is None:
        return
    used = {attribute(one, "val") for one in part.root.iter("{*}abstractNumId")}
    for one in part.root.iter("{*}lvlText"):
        level = one.getparent()
        outer = level.getparent() if level is not None else None
        shape = child(level, "numFmt")
        if outer is None or attribute(outer, "abstractNumId") not in used or attribute(shape, "val") == "bullet":  # type: ignore[arg-type]
            continue
        words = attribute(one, "val")
        stretch = Stretch([Piece(Mark.LONE if index % 2 else Mark.WORDS, raw)
                           for index, raw in enumerate(_LEVEL.split(words)) if raw])  # fmt: skip
        if stretch.has_words:
            answer = yield Unit(stretch.text, stretch.tags, kind="list_item", place="numbers of a list")
            if answer is not None:
                one.set(next(key for key in one.attrib if str(key).endswith("}val")), stretch.written(answer))
                part.is_changed = True
    parts.close(part)


def _reported_elsewhere(parts: Parts, main: str) -> Units:
    for name in parts.related(main, "glossaryDocument"):
        root = parts.package.tree(name)
        if root is not None:
            yield from said("definition", "building blocks", " ".join(_words_of(root)))
    for name in parts.related(main, "aFChunk"):
        yield LeftAsIs("embedded", "", name.rpartition("/")[2][:80])


def property_units(parts: Parts, package: Package) -> Units:
    part = parts.open(package.related("", "core-properties"))
    title = child(part.root, "title") if part is not None else None
    if part is None or title is None or not (title.text or "").strip():
        return
    answer = yield Unit((title.text or "").strip(), kind="property", place="properties")
    if answer is not None:
        title.text = answer
        part.is_changed = True
        parts.close(part)
