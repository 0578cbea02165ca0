"""Reads OpenDocument texts while they are unpacked, with the pages they had when last displayed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from slmdesk.base.documents import BlockKind, Note, Page
from slmdesk.base.errors import KnownError
from slmdesk.formats.base import Reading
from slmdesk.formats.odf import CONTENT, OdfWalker, lists_in, look_into, styles_in, tree_of
from slmdesk.formats.packed import opened
from slmdesk.formats.paging import Flow, Footnote, Pager, Piece, has_pages
from slmdesk.formats.xmls import Stream, child, local

_BREAK = re.compile(rb"<text:soft-page-break ?/?>")
"""LibreOffice records where pages ended when the file was saved, except at explicit breaks."""


def read(reading: Reading) -> Iterator[Page]:
    with opened(reading) as archive:
        look_into(archive, reading)
        about = tree_of(archive, reading, "styles.xml")
        pager = Pager(reading, has_pages=has_pages(archive.chunks(CONTENT), _BREAK, 0))
        stream = Stream(archive.chunks(CONTENT), reading.path, "text", opened=("table", "section"))
        walker: OdfWalker | None = None
        for _, element in stream:
            reading.check()
            if walker is None:  # the styles stand before the text
                walker = OdfWalker(reading, styles_in(about, stream.root), lists_in(about, stream.root))
                yield from pager.take(_beside(about, walker))
            yield from pager.take(walker.flow(element))
        if stream.root is None or (stream.broken and pager.is_empty):
            raise KnownError("document.damaged", path=reading.path, reason="its text is broken")
        if stream.broken:
            reading.note(Note.PARTLY_DAMAGED)
        yield from pager.end()


def _beside(styles: etree._Element | None, walker: OdfWalker) -> Iterator[Flow]:
    pages, seen = child(styles, "master-styles"), set()
    for one in (one for page in pages for one in page) if pages is not None else ():
        kind = BlockKind.HEADER if local(one).startswith("header") else BlockKind.FOOTER
        if not local(one).startswith(("header", "footer")):
            continue
        text = "\n".join(piece.text for piece in walker.pieces(one))
        if text and (kind, text) not in seen:
            seen.add((kind, text))
            walker.reading.note(Note.HEADERS_APART)
            yield Piece(kind, text) if kind is BlockKind.HEADER else Footnote(Piece(kind, text))
