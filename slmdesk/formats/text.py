"""Reads plain text: pages end at form feeds, paragraphs at empty lines."""

from __future__ import annotations

from collections.abc import Iterator

from slmdesk.base.documents import Block, BlockKind, Page, page_of
from slmdesk.base.record import changed
from slmdesk.formats.base import Reading
from slmdesk.formats.decoding import text_of

MAX_PAGE_CHARACTERS = 200_000
"""Longer pages are split at line ends, so that one message stays small."""


def read(reading: Reading) -> Iterator[Page]:
    return pages_of(text_of(reading))


def read_code(reading: Reading) -> Iterator[Page]:
    line = 1
    for page in pages_of(text_of(reading), kind=BlockKind.CODE):
        blocks = []
        for block in page.blocks:
            first = line + page.text.count("\n", 0, block.start)
            last = first + page.text.count("\n", block.start, block.end)
            blocks.append(changed(block, place=f"line {first}" if first == last else f"lines {first}-{last}"))
        line += page.text.count("\n")
        yield changed(page, blocks=tuple(blocks))


def pages_of(text: str, *, kind: BlockKind = BlockKind.PARAGRAPH) -> Iterator[Page]:
    pages = (piece for part in text.split("\f") for piece in pieces_of(part))
    return (page_of(number, str(number), page, _blocks(page, kind)) for number, page in enumerate(pages, 1))


def pieces_of(text: str) -> Iterator[str]:
    """A text in pieces of bounded length, split after a line end where there is one; joined they are the text."""
    at = 0
    while len(text) - at > MAX_PAGE_CHARACTERS:
        cut = text.rfind("\n", at, at + MAX_PAGE_CHARACTERS) + 1
        end = cut if cut > at else at + MAX_PAGE_CHARACTERS
        yield text[at:end]
        at = end
    yield text[at:]


def _blocks(page: str, kind: BlockKind) -> list[Block]:
    """Consecutive lines with words; line by line, since a regular expression would backtrack on a line of spaces."""
    blocks: list[Block] = []
    begun, at = -1, 0
    for line in page.split("\n"):
        if line and not line.isspace():
            begun = at if begun < 0 else begun
        elif begun >= 0:
            blocks.append(Block(kind, begun, at - 1))
            begun = -1
        at += len(line) + 1
    if begun >= 0:
        blocks.append(Block(kind, begun, at - 1))
    return blocks
