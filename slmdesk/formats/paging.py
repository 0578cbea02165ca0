"""Splits formats without fixed pages: at page breaks in the file, else into sections that begin at headings."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator

from slmdesk.base.documents import ASIDE, BlockKind, Page, PageKind, page_of
from slmdesk.base.record import Record
from slmdesk.formats.base import PageText, Reading
from slmdesk.formats.text import MAX_PAGE_CHARACTERS, pieces_of

SECTION_CHARACTERS = 8_000
"""A longer section is split between blocks: about three printed pages, so that a link to it is still useful."""
SMALL_CHARACTERS = 3_000
"""A second-level heading begins a new section only after this many characters."""
MAX_LABEL_CHARACTERS = 200
MAX_PRINTED_BYTES = 12_000
"""More letters than a printed page holds; in scripts that take three bytes a letter, two pages of a novel."""
ENOUGH_PAGES = 0.8
_TAG = re.compile(rb"<[^>]*>")


class Piece(Record):
    kind: BlockKind
    text: str
    level: int = 0
    place: str = ""


class PageBreak(Record):
    seen: bool = False
    """It is where a page ended when the file was last shown; else only asked for."""


class PictureBlock(Record): ...


class Footnote(Record):
    piece: Piece


Flow = Piece | PageBreak | Footnote | PictureBlock


def has_pages(chunks: Iterable[bytes], breaks: re.Pattern[bytes], reported: int) -> bool:
    """Whether the breaks in the XML of a text are those of its printed pages: there are some, not many fewer than the
    pages the program that wrote it recorded (`told`, 0: none), and between two of them is never more than a page can
    hold.
    """
    rest, found, size = b"", 0, 0
    for chunk in chunks:
        data = rest + chunk
        cut = data.rfind(b">") + 1
        whole, rest = data[:cut], data[cut:]
        for number, piece in enumerate(breaks.split(whole)):
            if number:
                found, size = found + 1, 0
            size += len(_TAG.sub(b"", piece))
            if size > MAX_PRINTED_BYTES:
                return False
    return found > 0 and (found + 1) >= reported * ENOUGH_PAGES


class Pager:
    def __init__(self, reading: Reading, *, has_pages: bool) -> None:
        """`has_pages`: the breaks in the file are those of printed pages; else sections begin there and at headings."""
        self._has_pages = has_pages
        reading.page_kind = PageKind.PAGE if has_pages else PageKind.SECTION
        self._ready: deque[Page] = deque()
        self._text, self._feet = PageText(), list[Piece]()
        self._number = self._printed = 1
        self._label, self._continued = "", 1
        self._only_headings, self._has_words, self._is_pictured = True, False, False
        self._last_break: PageBreak | None = None

    @property
    def is_empty(self) -> bool:
        return self._number == 1 and not self._has_words

    def take(self, flow: Iterable[Flow]) -> Iterator[Page]:
        for one in flow:
            if isinstance(one, PageBreak):
                self._end_page(one)
            elif isinstance(one, PictureBlock):
                self._is_pictured, self._last_break = True, None
            elif isinstance(one, Footnote):
                self._feet.append(one.piece)
            else:
                self._add(one)
            while self._ready:
                yield self._ready.popleft()

    def end(self) -> Iterator[Page]:
        if len(self._text) or self._feet or self._is_pictured or self._number == 1:
            self._finish()
        yield from self._ready
        self._ready.clear()

    def _add(self, piece: Piece) -> None:
        is_heading = piece.kind is BlockKind.HEADING
        if not self._has_pages:
            if is_heading and piece.level <= 2 and not self._only_headings:
                if piece.level <= 1 or len(self._text) >= SMALL_CHARACTERS:
                    self._break()
            elif len(self._text) + len(piece.text) > SECTION_CHARACTERS and not self._only_headings:
                self._go_on()
            if is_heading and not self._label:
                self._label = " ".join(piece.text.split())[:MAX_LABEL_CHARACTERS]
        for part in pieces_of(piece.text):
            if len(self._text) and len(self._text) + len(part) > MAX_PAGE_CHARACTERS:
                self._go_on()
            self._text.add(piece.kind, part, level=piece.level, place=piece.place)
        self._only_headings = self._only_headings and (is_heading or piece.kind in ASIDE)
        if piece.kind not in ASIDE and piece.text.strip():
            self._has_words, self._last_break = True, None

    def _end_page(self, found: PageBreak) -> None:
        """An explicit break is also recorded as a rendered one; two rendered ones have an empty page between them."""
        last, self._last_break = self._last_break, found
        is_blank = not self._has_words and not self._is_pictured
        if is_blank and not (self._has_pages and found.seen and last is not None and last.seen):
            return
        self._break()

    def _break(self) -> None:
        self._finish()
        self._printed += 1
        self._label, self._continued = "", 1

    def _go_on(self) -> None:
        """The page is too long for one message, or the section for a useful link; it goes on under the same name."""
        self._finish()
        self._continued += 1

    def _finish(self) -> None:
        for foot in self._feet:
            self._text.add(foot.kind, foot.text, level=foot.level, place=foot.place)
        label = str(self._printed) if self._has_pages else self._label or str(self._number)
        if self._continued > 1 and (self._has_pages or self._label):
            label = f"{label} ({self._continued})"
        reason = "only pictures" if self._is_pictured and not self._text.blocks else ""
        self._ready.append(page_of(self._number, label, self._text.text, self._text.blocks, reason=reason))
        self._number += 1
        self._text, self._feet = PageText(), []
        self._only_headings, self._has_words, self._is_pictured = True, False, False
