"""Reads OpenDocument presentations: slides with their notes."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from slmdesk.base.documents import BlockKind, Note, Page, PageKind, page_of
from slmdesk.base.errors import KnownError
from slmdesk.formats.base import Reading
from slmdesk.formats.odf import CONTENT, OdfStyle, OdfWalker, lists_in, look_into, styles_in, tree_of
from slmdesk.formats.packed import opened
from slmdesk.formats.paging import Piece
from slmdesk.formats.slides import slide_page
from slmdesk.formats.xmls import Stream, attribute, local

_TITLES = frozenset(("title",))
_ASIDE = {"header": BlockKind.HEADER, "footer": BlockKind.FOOTER, "date-time": BlockKind.FOOTER}


def read(reading: Reading) -> Iterator[Page]:
    reading.page_kind = PageKind.SLIDE
    number = 0
    with opened(reading) as archive:
        look_into(archive, reading)
        about = tree_of(archive, reading, "styles.xml")
        stream = Stream(archive.chunks(CONTENT), reading.path, "presentation", "drawing")
        styles = None
        for _, element in stream:
            reading.check()
            styles = styles if styles is not None else styles_in(about, stream.root)
            if local(element) == "page":
                number += 1
                hidden = styles.get(attribute(element, "style-name"), OdfStyle()).is_hidden
                yield _slide(OdfWalker(reading, styles, lists_in(about, stream.root)), element, number, hidden)
        if stream.root is None or (stream.broken and not number):
            raise KnownError("document.damaged", path=reading.path, reason="its slides are broken")
        if stream.broken:
            reading.note(Note.PARTLY_DAMAGED)
    if not number:
        yield page_of(1, "1", "", (), reason="no slides")


def _slide(walker: OdfWalker, slide: etree._Element, number: int, hidden: bool) -> Page:
    pieces = [one for shape in slide for one in _shape(walker, shape)]
    if hidden:
        walker.reading.note(Note.HIDDEN_TEXT)
    return slide_page(number, pieces, hidden=hidden, pictured=any(local(one) == "image" for one in slide.iter()))


def _shape(walker: OdfWalker, shape: etree._Element) -> Iterator[Piece]:
    if local(shape) == "notes":
        for one in shape:
            if attribute(one, "class") not in ("page", "page-number", "header", "footer", "date-time"):
                yield from (Piece(BlockKind.NOTE, piece.text, place=piece.place) for piece in walker.pieces(one))
        return
    if local(shape) == "annotation":
        yield walker.comment(shape)
        return
    kind = attribute(shape, "class")
    pieces = [one for one in walker.flow(shape) if isinstance(one, Piece)]
    if kind in _TITLES:
        words = [" ".join(one.text.split()) for one in pieces if one.kind is not BlockKind.CAPTION]
        yield Piece(BlockKind.HEADING, " ".join(one for one in words if one), 1)
        pieces = [one for one in pieces if one.kind is BlockKind.CAPTION]
    for piece in pieces:
        yield Piece(_ASIDE.get(kind, piece.kind), piece.text, piece.level, piece.place)
