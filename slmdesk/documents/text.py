"""Plain text: pages where form feeds part them, paragraphs where empty lines do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slmdesk.documents.base import Block, BlockKind, Page, page_of

MAX_PAGE_CHARACTERS = 200_000
"""Longer pages are parted at line ends, so that one message stays small."""
_PARAGRAPH = re.compile(r"[^\n]*\S[^\n]*(?:\n[^\n]*\S[^\n]*)*")


def read(text: str) -> Iterator[Page]:
    """The pages of a plain text, as they are found."""
    pages = (piece for part in text.split("\f") for piece in pieces_of(part))
    return (page_of(number, str(number), page, _blocks(page)) for number, page in enumerate(pages, 1))


def pieces_of(text: str) -> Iterator[str]:
    """A text in pieces of bounded length, parted after a line end where there is one; joined they are the text."""
    at = 0
    while len(text) - at > MAX_PAGE_CHARACTERS:
        cut = text.rfind("\n", at, at + MAX_PAGE_CHARACTERS) + 1
        end = cut if cut > at else at + MAX_PAGE_CHARACTERS
        yield text[at:end]
        at = end
    yield text[at:]


def _blocks(page: str) -> list[Block]:
    return [Block(BlockKind.PARAGRAPH, found.start(), found.end()) for found in _PARAGRAPH.finditer(page)]
