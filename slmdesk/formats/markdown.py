"""Reads Markdown line by line: sections begin at headings of the first two levels, and nothing is left out.
Where there are thousands of them, such as in a list that was written by a program, a section holds several.

Block structure only, after CommonMark's kinds of lines (spec.commonmark.org, sections 4 and 5) and GFM's tables; what
is unclear is a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import count

from slmdesk.base.documents import Block, BlockKind, Page, PageKind, page_of
from slmdesk.formats.base import Reading
from slmdesk.formats.decoding import text_of
from slmdesk.formats.paging import SMALL_CHARACTERS
from slmdesk.formats.text import MAX_PAGE_CHARACTERS, pieces_of

MAX_LABEL_CHARACTERS = 200
MANY_HEADINGS = 2_000
"""With more headings than this, a section continues past a heading until it has SMALL_CHARACTERS."""
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


def read(reading: Reading) -> Iterator[Page]:
    reading.page_kind = PageKind.SECTION
    return sections_of(text_of(reading))


def sections_of(text: str) -> Iterator[Page]:
    numbers = count(1)
    begun, label = 0, ""
    blocks: list[Block] = []
    walked = list(_walk(text))
    least = SMALL_CHARACTERS if sum(map(_is_high, walked)) > MANY_HEADINGS else 0
    for block in walked:
        begins = _is_high(block) and block.start - begun >= least
        if blocks and (begins or block.end - begun > MAX_PAGE_CHARACTERS):
            yield from _pages(text[begun : block.start], begun, label, blocks, numbers)
            begun, blocks = block.start, []
        if begins or (_is_high(block) and not blocks):
            label = text[block.start : block.end].partition("\n")[0].strip(" #\t")[:MAX_LABEL_CHARACTERS]
        blocks.append(block)
    yield from _pages(text[begun:], begun, label, blocks, numbers)


def _is_high(block: Block) -> bool:
    return block.kind is BlockKind.HEADING and block.level <= 2


def _pages(section: str, begun: int, label: str, blocks: Sequence[Block], numbers: Iterator[int]) -> Iterator[Page]:
    """A section, which begins at character `begun`, in pages of bounded length; a block that is cut is in both."""
    for piece in pieces_of(section):
        upto = begun + len(piece)
        inside = [
            Block(block.kind, max(block.start, begun) - begun, min(block.end, upto) - begun, block.level)
            for block in blocks
            if block.start < upto and block.end > begun
        ]
        number = next(numbers)
        yield page_of(number, label or str(number), piece, inside)
        begun = upto


def _walk(text: str) -> Iterator[Block]:
    walker = _Walker()
    at = 0
    for line in text.split("\n"):
        yield from walker.feed(line, at)
        at += len(line) + 1
    yield from walker.end_block()


class _Walker:
    def __init__(self) -> None:
        self._kind: BlockKind | None = None
        self._start = self._end = self._level = 0
        self._fence = ""

    def feed(self, line: str, at: int) -> Iterator[Block]:
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

    def end_block(self) -> Iterator[Block]:
        if self._kind is not None:
            yield Block(self._kind, self._start, self._end, self._level)
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
