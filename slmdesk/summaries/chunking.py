"""Cuts a document for a model with a small context: pieces that can be cited, and chunks of pieces that fit.

Cuts depend on the text at that place, not on a count from the beginning: after an edit the later chunks are soon
the same again, and need not be sent to the model again (the idea of content-defined chunking: Muthitacharoen, Chen
and Mazières 2001, "A low-bandwidth network file system").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from slmdesk.base.documents import ASIDE, Block, BlockKind, Page
from slmdesk.base.record import Record

LONG_CHARACTERS = 900
PIECE_CHARACTERS = 600
SHORT_CHARACTERS = 100
"""Items of lists and rows of tables below that are named together, up to JOINED_CHARACTERS."""
JOINED_CHARACTERS = 300

TITLE_CHARACTERS = 120
"""A paragraph of no more, that does not end as a sentence does, is a title, a line of contents or the like."""

LEAST_FIGURES, DIGITS_PER_LETTER = 4, 1.5
"""So many numbers, with so many digits to a letter, are a table's or a chart's, which tell nothing alone."""
_FIGURE = re.compile(r"\d[\d.,:/%-]*")
_JOINED = frozenset({BlockKind.LIST_ITEM, BlockKind.TABLE_ROW, BlockKind.CODE})
_END = re.compile(r"[.!?…。！？][\"'”’»)\]]*(?:\s+|(?<=[。！？]))|\n+")


class Piece(Record):
    """A source that can be cited: characters `start` up to, not including, `end` of a page."""

    document: str
    page: int
    start: int
    end: int
    kind: BlockKind
    text: str
    """White space is one space; cells of a table are parted by bars."""
    level: int = 0

    @property
    def is_heading(self) -> bool:
        return self.kind is BlockKind.HEADING

    @property
    def says_nothing(self) -> bool:
        ends = self.text.rstrip("_-= \"'”’»)]").endswith((".", "!", "?", "…", ":", ";", "。", "！", "？"))
        looks_so = self.kind is BlockKind.PARAGRAPH and len(self.text) <= TITLE_CHARACTERS and not ends
        return self.is_heading or looks_so

    @property
    def is_figures(self) -> bool:
        """Whether it is little more than numbers: a model that rewords such a piece mixes them up."""
        return _are_figures(self.text)


def pieces_of(
    document: str, page: Page, ends: Callable[[str], Sequence[int]] | None = None
) -> tuple[tuple[Piece, ...], int]:
    """The pieces of a page, and how many of its blocks they cover.  Headers and footers are left out.

    `ends`: where a long text may be cut (ends of sentences); None: by punctuation.
    """
    pieces: list[Piece] = []
    blocks = 0
    for block in page.blocks:
        if block.kind in ASIDE or not page.text[block.start : block.end].strip():
            continue
        blocks += 1
        last = pieces[-1] if pieces else None
        if last and _belong_together(last, block, page.text[block.start : block.end]):
            pieces[-1] = _piece(document, page, last.start, block.end, block)
        else:
            cuts = _cuts(page.text[block.start : block.end], ends or ends_by_punctuation)
            for start, end in cuts:
                if page.text[block.start + start : block.start + end].strip():
                    pieces.append(_piece(document, page, block.start + start, block.start + end, block))
    return tuple(pieces), blocks


def ends_by_punctuation(text: str) -> list[int]:
    return [found.end() for found in _END.finditer(text)]


def _are_figures(text: str) -> bool:
    digits, letters = sum(map(str.isdigit, text)), sum(map(str.isalpha, text))
    return digits >= DIGITS_PER_LETTER * letters and len(_FIGURE.findall(text)) >= LEAST_FIGURES


def _belong_together(last: Piece, block: Block, text: str) -> bool:
    """Whether two blocks stay together: items and rows; figures only with figures, so that the words among them are
    read.
    """
    return (
        block.kind in _JOINED
        and last.kind is block.kind
        and block.end - block.start <= SHORT_CHARACTERS
        and block.end - last.start <= JOINED_CHARACTERS
        and block.start >= last.end
        and last.is_figures is _are_figures(text)
    )


def _piece(document: str, page: Page, start: int, end: int, block: Block) -> Piece:
    raw = page.text[start:end]
    if block.kind is BlockKind.TABLE_ROW:
        raw = raw.replace("\t", " | ").replace("\n", " ; ")
    lead = len(raw) - len(raw.lstrip())
    text = " ".join(raw.split())
    if block.kind is BlockKind.HEADING:
        text = text.lstrip("#").strip() or text  # Markdown's marks say nothing
    return Piece(
        document, page.number, start + lead if lead < end - start else start, end, block.kind, text, block.level
    )


def _cuts(text: str, ends: Callable[[str], Sequence[int]]) -> Iterator[tuple[int, int]]:
    if len(text) <= LONG_CHARACTERS:
        yield 0, len(text)
        return
    start = 0
    places = [*ends(text), len(text)]
    for before, after in zip(places, [*places[1:], len(text)], strict=True):
        while before - start > LONG_CHARACTERS:  # a sentence without an end
            cut = text.rfind(" ", start + PIECE_CHARACTERS // 2, start + PIECE_CHARACTERS)
            cut = cut + 1 if cut > 0 else start + PIECE_CHARACTERS
            yield start, cut
            start = cut
        if before > start and (after - start > PIECE_CHARACTERS or before == len(text)):
            yield start, before
            start = before
    if start < len(text):
        yield start, len(text)
