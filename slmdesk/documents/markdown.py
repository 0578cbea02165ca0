"""Markdown, read line by line: sections begin at headings of the first two levels, and nothing is left out.

Block structure only, after CommonMark's kinds of lines (spec.commonmark.org, sections 4 and 5) and GFM's tables; what
is unclear is a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from slmdesk.documents.base import Block, BlockKind, Page, page_of
from slmdesk.documents.text import pieces_of

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]|$)")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ROW = re.compile(r" {0,3}\|")
_QUOTE = re.compile(r" {0,3}>")
_KINDS = (
    (_FENCE, BlockKind.CODE),
    (_HEADING, BlockKind.HEADING),
    (_ITEM, BlockKind.LIST_ITEM),
    (_ROW, BlockKind.TABLE_ROW),
    (_QUOTE, BlockKind.QUOTE),
)


def read(text: str) -> Sequence[Page]:
    """The sections of a Markdown text, named after their headings."""
    pieces = [piece for section in _sections(text) for piece in pieces_of(section)]
    return [page_of(n, _label(piece, n), piece, list(_blocks(piece))) for n, piece in enumerate(pieces, 1)]


def _sections(text: str) -> Iterator[str]:
    begun = 0
    for block, level in _walk(text):
        if block.kind is BlockKind.HEADING and level <= 2 and block.start > begun and text[begun : block.start].strip():
            yield text[begun : block.start]
            begun = block.start
    yield text[begun:]


def _blocks(text: str) -> Iterator[Block]:
    return (block for block, _ in _walk(text))


def _walk(text: str) -> Iterator[tuple[Block, int]]:
    """Blocks with the level of headings (0 for what is none)."""
    walker = _Walker()
    at = 0
    for line in text.split("\n"):
        yield from walker.feed(line, at)
        at += len(line) + 1
    yield from walker.end_block()


class _Walker:
    """Takes lines, gives blocks as they end."""

    def __init__(self) -> None:
        self._kind: BlockKind | None = None
        self._start = self._end = self._level = 0
        self._fence = ""

    def feed(self, line: str, at: int) -> Iterator[tuple[Block, int]]:
        """One line, which begins at character `at`."""
        end, kind, underline = at + len(line), _kind(line), _UNDERLINE.match(line)
        if self._fence:
            self._end = end
            if line.strip().startswith(self._fence) and not line.strip().strip(self._fence[0]):
                yield from self.end_block()
        elif underline and self._kind is BlockKind.PARAGRAPH:
            self._kind, self._end, self._level = BlockKind.HEADING, end, 1 if underline[1][0] == "=" else 2
            yield from self.end_block()
        elif self._goes_on(kind):
            self._end = end
        else:
            yield from self.end_block()
            self._kind, self._start, self._end = kind, at, end
            if found := _FENCE.match(line):
                self._fence = found[1]
            elif found := _HEADING.match(line):
                self._level = len(found[1])
                yield from self.end_block()

    def end_block(self) -> Iterator[tuple[Block, int]]:
        """Give what is open."""
        if self._kind is not None:
            yield Block(self._kind, self._start, self._end), self._level
        self._kind, self._level, self._fence = None, 0, ""

    def _goes_on(self, kind: BlockKind | None) -> bool:
        if kind is BlockKind.PARAGRAPH:
            return self._kind in (BlockKind.PARAGRAPH, BlockKind.QUOTE, BlockKind.LIST_ITEM)
        return kind is BlockKind.QUOTE and self._kind is BlockKind.QUOTE


def _kind(line: str) -> BlockKind | None:
    if not line.strip():
        return None
    for pattern, kind in _KINDS:
        if pattern.match(line):
            return kind
    return BlockKind.PARAGRAPH


def _label(section: str, number: int) -> str:
    first = next(_blocks(section), None)
    if first is None or first.kind is not BlockKind.HEADING:
        return str(number)
    return section[first.start : first.end].partition("\n")[0].strip(" #\t")[:200] or str(number)
