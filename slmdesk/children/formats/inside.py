"""Reads a file that stands inside a document as a part of its text."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from slmdesk.base.documents import MARKS, BlockKind, Page, deleted
from slmdesk.base.errors import KnownError
from slmdesk.children.formats.containers import HEAD_BYTES, format_by_name, format_of_bytes, format_of_text
from slmdesk.children.formats.reading import Reading, reader_of
from slmdesk.children.formats.text import Piece

MOST_DEPTH = 4
MOST_FILES = 500
"""Most files that are read inside one document, those inside them included."""
_READ = frozenset(("docx", "odt", "html", "mht", "rtf", "txt", "md"))


def pieces_inside(reading: Reading, name: str, data: bytes) -> list[Piece] | None:
    """Return what a text inside a document says, or None if it cannot be read. What is noted of it is noted of the
    document. Raises Stopped.
    """
    if reading.depth >= MOST_DEPTH or len(reading.files_inside) >= MOST_FILES:
        return None
    chosen = format_of_bytes(BytesIO(data)) or format_by_name(name) or format_of_text(data[:HEAD_BYTES])
    if chosen not in _READ:
        return None
    reading.files_inside.append(name)
    inner = reading.inside(name, data)
    try:
        pieces = [piece for page in reader_of(chosen)(inner) for piece in _pieces(page)]
    except KnownError:
        return None
    reading.take_notes(inner)
    return pieces


def _pieces(page: Page) -> Iterator[Piece]:
    """Yield the blocks of a page as they were before it was made, with the words that are struck."""
    struck = [block for block in page.blocks if block.kind is BlockKind.STRUCK]
    for block in page.blocks:
        if block.kind in MARKS:
            continue
        text, at = list[str](), block.start
        for mark in struck:
            if block.start <= mark.start <= block.end:
                text += page.text[at : mark.start], deleted(mark.place)
                at = mark.start
        yield Piece(block.kind, "".join((*text, page.text[at : block.end])), block.level, block.place)
