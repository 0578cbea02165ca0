"""What a document becomes: pages of blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class BlockKind(StrEnum):
    """What a piece of a page is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    CODE = "code"
    QUOTE = "quote"


class PageStatus(StrEnum):
    """Whether a page has words."""

    READ = "read"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a page: characters `start` up to, not including, `end` of its text."""

    kind: BlockKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page, or what the format has instead.  Numbers begin with 1."""

    number: int
    label: str
    """What people call it: a page's number, a section's heading."""
    text: str
    status: PageStatus
    blocks: tuple[Block, ...]
    reason: str = ""
    """Why there are no words, or what is uncertain about them."""


Reader: TypeAlias = Callable[[str], Iterator[Page]]
"""From the text of a file to its pages, one by one: whoever watches sees that it goes on."""


def page_of(number: int, label: str, text: str, blocks: Sequence[Block]) -> Page:
    """A page that says itself whether it is empty."""
    status = PageStatus.READ if blocks else PageStatus.EMPTY
    return Page(number, label, text, status, tuple(blocks), "" if blocks else "empty")
