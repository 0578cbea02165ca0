"""Turns slides of any format into pages."""

from __future__ import annotations

from collections.abc import Iterable

from slmdesk.base.documents import BlockKind, Page, PageStatus, page_of
from slmdesk.formats.base import PageText
from slmdesk.formats.paging import MAX_LABEL_CHARACTERS, Piece
from slmdesk.formats.text import MAX_PAGE_CHARACTERS


def slide_page(number: int, found: Iterable[Piece], *, hidden: bool, pictured: bool) -> Page:
    """A slide by what is on it: its title first, wherever it was drawn, and named after it."""
    pieces = sorted(found, key=lambda one: one.kind is not BlockKind.HEADING)
    text, is_cut = PageText(), False
    for piece in pieces:
        is_cut = is_cut or len(text) + len(piece.text) > MAX_PAGE_CHARACTERS
        if not is_cut:
            text.add(piece.kind, piece.text, level=piece.level, place=piece.place)
    title = next((one.text for one in pieces if one.kind is BlockKind.HEADING and one.text.strip()), "")
    label = " ".join(title.split())[:MAX_LABEL_CHARACTERS] or str(number)
    status = None if text.blocks else PageStatus.SCANNED if pictured else PageStatus.EMPTY
    reason = "its end is left out: too long for a slide" if is_cut else "hidden slide" if hidden else ""
    return page_of(number, label, text.text, text.blocks, status=status, reason=reason)
