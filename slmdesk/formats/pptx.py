"""Reads PowerPoint files: slides in presentation order, with their notes and comments."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from slmdesk.base.documents import BlockKind, Note, Page, PageKind, PageStatus, page_of
from slmdesk.formats.base import Reading
from slmdesk.formats.drawing import Drawing, paragraph_text, placeholder_of
from slmdesk.formats.ooxml import Package, relation_id
from slmdesk.formats.packed import opened
from slmdesk.formats.paging import Piece
from slmdesk.formats.slides import slide_page
from slmdesk.formats.xmls import attribute, child, local

MAX_SLIDES = 10_000
"""Tried when nothing lists the parts."""


def read(reading: Reading) -> Iterator[Page]:
    reading.page_kind = PageKind.SLIDE
    with opened(reading) as archive:
        package = Package(archive, reading)
        main = package.main_part("ppt/presentation.xml")
        package.read_about()
        parts = _slides(package, main)
        authors = dict(_authors(package, main))
        reading.total = len(parts)
        for number, part in enumerate(parts, 1):
            reading.check()
            yield _slide(package, reading, number, part, authors)
        if not parts:
            yield page_of(1, "1", "", (), reason="no slides")


def _slides(package: Package, main: str) -> list[str]:
    relations, root = package.relations(main), package.tree(main)
    listed = child(root, "sldIdLst")
    if listed is None and root is not None:
        return []
    ids = [relation_id(one) for one in listed if local(one) == "sldId"] if listed is not None else []
    found = [relations[name].part for name in ids if name in relations]
    if found:
        return [relations[name].part if name in relations else "" for name in ids]
    numbers = range(1, len(ids) + 1 if ids else MAX_SLIDES)
    return [name for number in numbers if (name := f"ppt/slides/slide{number}.xml") in package]


def _authors(package: Package, main: str) -> Iterator[tuple[str, str]]:
    for relation in package.relations(main).values():
        if relation.kind in ("commentAuthors", "authors") and (root := package.tree(relation.part)) is not None:
            yield from ((one.get("id", ""), one.get("name", "")) for one in root)


def _slide(package: Package, reading: Reading, number: int, part: str, authors: dict[str, str]) -> Page:
    root = package.tree(part)
    if root is None:
        reading.note(Note.PARTLY_DAMAGED)
        return page_of(number, str(number), "", (), status=PageStatus.BROKEN, reason="this slide is broken")
    relations = dict(package.relations(part))
    tree = child(root, "cSld", "spTree")
    pieces = [*Drawing(package, relations).pieces(tree)] if tree is not None else []
    for relation in relations.values():
        if relation.kind == "notesSlide":
            pieces += _notes(package.tree(relation.part))
        elif relation.kind in ("comments", "comment"):
            pieces += _comments(package.tree(relation.part), authors)
    hidden = root.get("show") in ("0", "false")
    if hidden:
        reading.note(Note.HIDDEN_TEXT)
    return slide_page(number, pieces, hidden=hidden, pictured=_has_picture(tree))


def _has_picture(tree: etree._Element | None) -> bool:
    return tree is not None and any(local(one) == "pic" for one in tree.iter())


def _notes(root: etree._Element | None) -> Iterator[Piece]:
    tree = child(root, "cSld", "spTree")
    for shape in tree.iter() if tree is not None else ():
        if local(shape) != "sp" or placeholder_of(shape) in ("sldNum", "hdr", "ftr", "dt", "sldImg"):
            continue
        body = child(shape, "txBody")
        for one in body if body is not None else ():
            if local(one) == "p":
                yield Piece(BlockKind.NOTE, paragraph_text(one))


def _comments(root: etree._Element | None, authors: dict[str, str]) -> Iterator[Piece]:
    for one in root.iter() if root is not None else ():
        if local(one) not in ("cm", "reply"):
            continue
        body = child(one, "txBody")
        old = child(one, "text")
        words = (
            "\n".join(paragraph_text(part) for part in body if local(part) == "p")
            if body is not None
            else (old.text or "" if old is not None else "")
        )
        yield Piece(BlockKind.COMMENT, words, place=authors.get(attribute(one, "authorId"), ""))
