"""A document after reading, for app and children: pages of blocks, and information about the whole document."""

from __future__ import annotations

from enum import StrEnum

from slmdesk.base.record import Record

READER_VERSION = "4"
"""Changes whenever a reader gives other pages for the same bytes: what was read by an older one is read again."""


class BlockKind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    """Cells parted by tabs."""
    CODE = "code"
    QUOTE = "quote"
    CAPTION = "caption"
    FOOTNOTE = "footnote"
    COMMENT = "comment"
    NOTE = "note"
    """A speaker's."""
    HEADER = "header"
    """Repeated on many pages: kept apart, and no part of what is summarized."""
    FOOTER = "footer"


ASIDE = frozenset({BlockKind.HEADER, BlockKind.FOOTER})
"""Blocks that are shown, but not given to a model."""


class PageStatus(StrEnum):
    READ = "read"
    EMPTY = "empty"
    SCANNED = "scanned"
    LOCKED = "locked"
    BROKEN = "broken"


class PageKind(StrEnum):
    PAGE = "page"
    SLIDE = "slide"
    SHEET = "sheet"
    SECTION = "section"
    CHAPTER = "chapter"
    PART = "part"
    """Of a mail: its text, its attachments; of subtitles: a stretch of time; of sheets: rows, where one is too long."""


class Note(StrEnum):
    MACROS_IGNORED = "macros_ignored"
    CHANGES_ACCEPTED = "changes_accepted"
    HIDDEN_TEXT = "hidden_text"
    """Words that are not to be seen in the document (invisible, white, hidden cells or slides) are read too."""
    EXTERNAL_IGNORED = "external_ignored"
    OTHER_FORMAT = "other_format"
    ENCODING_GUESSED = "encoding_guessed"
    PARTLY_DAMAGED = "partly_damaged"
    OCR_USED = "ocr_used"
    OCR_MISSING = "ocr_missing"
    HEADERS_APART = "headers_apart"
    IMAGES_IGNORED = "images_ignored"
    UNTIMED = "untimed"


class Block(Record):
    """A part of a page: characters `start` up to, not including, `end` of its text."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    """Of headings, 1 the highest; of list items, 1 the outermost; of table rows, 1 names the columns; 0: not known."""
    place: str = ""
    """Where it stands, if people have a name for that: a cell range (B2:D2), a comment's author, a time."""


class Page(Record):
    """Numbers begin with 1."""

    number: int
    label: str
    """What people call it: the number printed on it, a section's heading, a sheet's name."""
    text: str
    status: PageStatus
    blocks: tuple[Block, ...]
    reason: str = ""
    has_image: bool = False
    """It can be pictured (job `page_image`)."""


class Attachment(Record):
    index: int
    """From 0: how it is asked for."""
    name: str
    """As it calls itself: a label, never a path."""
    bytes: int
    format: str
    """An id of core.formats, empty where no reader knows it."""


def attachment_line(one: Attachment) -> str:
    return f"{one.name} ({one.bytes} bytes)"


class DocumentInfo(Record):
    format: str
    pages: int
    page_kind: PageKind = PageKind.PAGE
    title: str = ""
    author: str = ""
    encoding: str = ""
    doubt: str = ""
    """Why that is a guess, if it is one."""
    notes: tuple[Note, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    sheets: int = 0
    """How many sheets there are, where one of them is parted so that it has several pages; else 0."""


def page_of(
    number: int,
    label: str,
    text: str,
    blocks: tuple[Block, ...] | list[Block],
    *,
    status: PageStatus | None = None,
    reason: str = "",
    has_image: bool = False,
) -> Page:
    found = status or (PageStatus.READ if blocks else PageStatus.EMPTY)
    why = reason or ("" if found is PageStatus.READ else found.value)
    return Page(number, label, text, found, tuple(blocks), why, has_image)
