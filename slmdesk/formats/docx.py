"""Reads Word files, paragraph by paragraph while they are unpacked.

What a reader of the printed document sees, in its order: ECMA-376 part 1, chapter 17.  Tracked changes are taken as
accepted, each text box once (`mc:Fallback` is a second copy), of fields their results.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from slmdesk.base.documents import BlockKind, Note, Page
from slmdesk.base.errors import KnownError
from slmdesk.formats.base import Reading
from slmdesk.formats.docx_styles import Numbering, styles_of
from slmdesk.formats.docx_walker import Walker
from slmdesk.formats.ooxml import Package
from slmdesk.formats.packed import opened
from slmdesk.formats.paging import Flow, Footnote, Pager, Piece, has_pages
from slmdesk.formats.xmls import Stream, attribute, local

_BREAK = re.compile(rb"<\w+:(?:lastRenderedPageBreak|br [^>]*type=\"page\"|pageBreakBefore)[^>]*>")


def read(reading: Reading) -> Iterator[Page]:
    """The pages of a Word file if it records where they end, else its sections."""
    with opened(reading) as archive:
        package = Package(archive, reading)
        main = package.main_part("word/document.xml")
        package.read_about()
        walker = _walker(package, reading, main)
        pager = Pager(reading, has_pages=has_pages(package.chunks(main), _BREAK, package.pages_reported()))
        beside = [*_beside(package, walker, main)]
        yield from pager.take(beside)
        stream = Stream(package.chunks(main), reading.path, "body", opened=("tbl",))
        for _, element in stream:
            reading.check()
            yield from pager.take(walker.flow(element))
        if stream.root is None or (stream.broken and pager.is_empty):
            raise KnownError("document.damaged", path=reading.path, reason="its text is broken")
        if stream.broken:
            reading.note(Note.PARTLY_DAMAGED)
        yield from pager.take(walker.rest())
        yield from pager.end()


def _walker(package: Package, reading: Reading, main: str) -> Walker:
    def elements(kind: str) -> dict[str, etree._Element]:
        root = package.tree(package.related(main, kind))
        return {attribute(one, "id"): one for one in root if local(one) == kind.rstrip("s")} if root is not None else {}

    return Walker(
        reading,
        styles_of(package.tree(package.related(main, "styles"))),
        Numbering(package.tree(package.related(main, "numbering"))),
        {kind: elements(kind) for kind in ("footnotes", "endnotes", "comments")},
    )


def _beside(package: Package, walker: Walker, main: str) -> Iterator[Flow]:
    """Headers and footers, each once: the headers first, the footers at the foot of the first page."""
    seen = set()
    for relation in package.relations(main).values():
        if relation.kind not in ("header", "footer") or (root := package.tree(relation.part)) is None:
            continue
        text = walker.plain(root)
        if text.strip() and (relation.kind, text) not in seen:
            seen.add((relation.kind, text))
            piece = Piece(BlockKind(relation.kind), text)
            yield piece if piece.kind is BlockKind.HEADER else Footnote(piece)
    if seen:
        walker.reading.note(Note.HEADERS_APART)
