"""Translates PowerPoint files: slides, notes, tables, charts, diagrams, alternative texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lxml import etree

from slmdesk.formats.ooxml import Package, relation_id
from slmdesk.formats.packed import opened
from slmdesk.formats.rewriting.base import Rewriting, Unit, Units
from slmdesk.formats.rewriting.docx import drawn_units, left_inside, property_units
from slmdesk.formats.rewriting.ooxml_parts import (
    Cells,
    Part,
    Parts,
    attribute_unit,
    drawing_paragraph,
    drawing_units,
    is_drawing,
)
from slmdesk.formats.xmls import attribute, local


def rewrite(rewriting: Rewriting) -> Units:
    reading = rewriting.reading
    with opened(reading) as archive:
        package = Package(archive, reading)
        parts = Parts(package, rewriting)
        main = package.main_part("ppt/presentation.xml")
        parts.main(main)
        for number, name in enumerate(_slides(package, main), start=1):
            reading.check()
            yield from _slide(parts, name, f"slide {number}")
            for notes in parts.related(name, "notesSlide"):
                yield from _slide(parts, notes, f"slide {number}, notes")
            for comments in parts.related(name, "comments"):
                yield from _comments(parts, comments, f"slide {number}, comment")
        yield from _furniture(parts, main)
        yield from left_inside(package)
        yield from parts.damaged()
        if rewriting.options.properties:
            yield from property_units(parts, package)


def _slides(package: Package, main: str) -> Iterator[str]:
    root = package.tree(main)
    relations = package.relations(main)
    for one in root.iter("{*}sldId") if root is not None else ():
        relation = relations.get(relation_id(one))
        if relation is not None:
            yield relation.part


def _slide(parts: Parts, name: str, word: str) -> Units:
    part = parts.open(name)
    if part is None:
        return
    yield from drawing_units(part, place=_placed(word))
    for element in part.root.iter("{*}cNvPr", "{*}hlinkClick"):
        for key in ("descr", "title", "tooltip"):
            yield from attribute_unit(part, element, key, kind="alt_text", place=word)
    parts.close(part)
    yield from drawn_units(parts, name)


def _furniture(parts: Parts, main: str) -> Units:
    """What layouts and masters show on slides: texts that are no placeholders, whose words are hints for authors."""
    masters = list(parts.related(main, "slideMaster"))
    for name in (*masters, *(layout for master in masters for layout in parts.related(master, "slideLayout"))):
        part = parts.open(name)
        if part is None:
            continue
        for shape in part.root.iter("{*}sp"):
            if next(shape.iter("{*}ph"), None) is None:
                paragraphs = [one for one in shape.iter("{*}p") if is_drawing(one)]
                for paragraph in paragraphs:
                    yield from drawing_paragraph(part, paragraph, "paragraph", "layout of slides")
        parts.close(part)


def _comments(parts: Parts, name: str, word: str) -> Units:
    """Comments as PowerPoint before 2021 wrote them are plain; newer ones are DrawingML."""
    part = parts.open(name)
    if part is None:
        return
    yield from drawing_units(part, place=_placed(word), kind="comment")
    for one in part.root.iter("{*}text"):
        if local(one) == "text" and (one.text or "").strip():
            yield from _plain(part, one, word)
    parts.close(part)


def _plain(part: Part, element: etree._Element, word: str) -> Units:
    answer = yield Unit((element.text or "").strip(), kind="comment", place=word)
    if answer is not None:
        element.text = answer
        part.is_changed = True


def _placed(word: str) -> Callable[[etree._Element], str]:
    cells = Cells()

    def place(element: etree._Element) -> str:
        cell = cells.of(element)
        if cell is not None:
            return f"{word}, row {cell[1]}, column {cell[2]}"
        shape = next((one for one in element.iterancestors() if local(one) in ("sp", "graphicFrame")), None)
        holder = next((one for one in shape.iter("{*}ph")), None) if shape is not None else None
        kind = attribute(holder, "type") if holder is not None else ""
        return f"{word}, title" if kind in ("title", "ctrTitle") else word

    return place
