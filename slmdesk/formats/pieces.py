"""Pieces of a document before they become pages, for formats that have sections instead of pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from slmdesk.base.documents import BlockKind, Page, page_of
from slmdesk.base.record import Record, changed
from slmdesk.formats.base import PageText
from slmdesk.formats.text import pieces_of

SECTION_CHARACTERS = 20_000
"""A section without headings is split at this length, so that a place in it can be found by eye."""
MAX_LABEL_CHARACTERS = 200


class Piece(Record):
    kind: BlockKind
    text: str
    level: int = 0
    place: str = ""
    anchor: str = ""
    """The id that leads here, where it was asked for."""


def label_of(text: str) -> str:
    """A heading as the label of a page: one line of bounded length."""
    return " ".join(text.split())[:MAX_LABEL_CHARACTERS]


def page_from(number: int, label: str, pieces: Iterable[Piece], *, reason: str = "") -> Page:
    text = PageText()
    for piece in pieces:
        text.add(piece.kind, piece.text, level=piece.level, place=piece.place)
    return page_of(number, label or str(number), text.text, text.blocks, reason=reason)


def parted(pieces: Iterable[Piece], limit: int = SECTION_CHARACTERS) -> Iterator[list[Piece]]:
    """Pieces in portions of about `limit` characters; at least one portion, which may be empty.

    A heading is not left at the end of a portion; what is longer than a page may be is cut.
    """
    portion: list[Piece] = []
    length = 0
    for piece in _bearable(pieces):
        if portion and length + len(piece.text) > limit:
            kept = len(portion)
            while kept > 1 and portion[kept - 1].kind is BlockKind.HEADING:
                kept -= 1
            yield portion[:kept]
            portion = portion[kept:]
            length = sum(len(one.text) for one in portion)
        portion.append(piece)
        length += len(piece.text)
    yield portion


def sections_of(pieces: Sequence[Piece], *, deepest: int = 2) -> Iterator[tuple[str, list[Piece]]]:
    """Label and pieces of each section: they begin at headings down to a level, and where they would be too long."""
    label, section = "", list[Piece]()
    for piece in pieces:
        begins = piece.kind is BlockKind.HEADING and piece.level <= deepest
        if begins and not all(one.kind is BlockKind.HEADING for one in section):
            yield from ((label, portion) for portion in parted(section))
            label, section = "", []
        if begins and not label:
            label = label_of(piece.text)
        section.append(piece)
    yield from ((label, portion) for portion in parted(section))


def _bearable(pieces: Iterable[Piece]) -> Iterator[Piece]:
    for piece in pieces:
        for text in pieces_of(piece.text):
            yield changed(piece, text=text) if text is not piece.text else piece
