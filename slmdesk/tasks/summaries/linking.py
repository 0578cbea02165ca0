"""The sentences of a summary, and the pieces of the documents that they rest on. Pure functions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from slmdesk.base.documents import ASIDE, Block, BlockKind, Page, PageStatus
from slmdesk.base.record import Record
from slmdesk.base.records import DocumentRecord
from slmdesk.base.text.relevance import FoldedText
from slmdesk.base.text.sentences import LANGUAGES, detect, sentence_spans
from slmdesk.base.text.stems import beginnings
from slmdesk.base.text.threads import headers_in
from slmdesk.base.text.words import tongue
from slmdesk.claims.types import Mark
from slmdesk.documents.types import Coverage, Span, Unread, unread_parts
from slmdesk.tasks.jobs.documents import Pages
from slmdesk.tasks.jobs.runner import Yield
from slmdesk.tasks.summaries.types import DocumentSummary, Sentence

ALIKE = 0.7
"""Share of common words from which two points count as saying the same."""


class Point(Record):
    text: str
    links: tuple[int, ...]
    flags: tuple[Mark, ...] = ()
    label: str = ""
    quotation: str = ""
    """The passage of the piece that was chosen as this point; empty for other points."""
    told: Any = None
    """What is told of an e-invoice, as in `Sentence`."""

    @property
    def is_supported(self) -> bool:
        return not self.flags


class Source(Record):
    pieces: Sequence[Piece]
    language: str
    headings: Sequence[int] = ()
    """For each piece the index of the heading above it, or -1 if there is none."""

    def text_of(self, links: Sequence[int]) -> str:
        """Return the text of the linked pieces, each below its heading, as a heading's words count as support too."""
        lines: dict[int, str] = {}
        for at in links:
            above = self.headings[at] if self.headings else -1
            if above >= 0:
                lines.setdefault(above, self.pieces[above].text)
            lines[at] = self.pieces[at].text
        return "\n".join(lines.values())


def headings_above(pieces: Sequence[Piece]) -> list[int]:
    """Return for each piece the index of the last heading before it in its document, or -1 if there is none."""
    headings: list[int] = []
    above = -1
    for at, piece in enumerate(pieces):
        if at and pieces[at - 1].document != piece.document:
            above = -1
        if piece.is_heading:
            above = at
        headings.append(above)
    return headings


def distinct(points: Sequence[Point]) -> list[Point]:
    """Drop points that say the same as an earlier point. If only one of the two is supported, keep that one."""
    kept: list[Point] = []
    for point in points:
        words = beginnings(point.text)
        same = next((at for at, other in enumerate(kept) if _alike(words, beginnings(other.text))), None)
        if same is None:
            kept.append(point)
        elif point.is_supported and not kept[same].is_supported:
            kept[same] = point
    return kept


def _alike(words: frozenset[str], other: frozenset[str]) -> bool:
    return bool(words and other) and len(words & other) >= ALIKE * min(len(words), len(other)) and (
        len(words & other) >= 0.5 * max(len(words), len(other))
    )  # fmt: skip


PAGES_AT_ONCE = 50
LANGUAGE_CHARACTERS = 4000
FIGURES_CHARACTERS = 120
"""From this many characters of mere figures on, a page counts as having a table that the summary does not cover."""
STOPS = ".!?…。！？\"'”’»)"
"""Characters that may end a quotation. They are ignored when the quotation is searched for."""


@dataclass(slots=True, eq=False)
class SingleText:
    record: DocumentRecord
    pages: dict[int, PageStatus]
    reasons: dict[int, str]
    blocks: dict[int, int]
    pieces: range
    language: str


class SummaryTexts:
    """The texts of all documents of a summary. Pieces are numbered across all documents."""

    def __init__(self, records: Sequence[DocumentRecord], pages: Pages) -> None:
        self._records, self._pages = records, pages
        self.pieces: list[Piece] = []
        self.texts: list[SingleText] = []
        self.unread: dict[int, str] = {}
        """Index of each piece for which no answer came -> the reason."""
        self._headings: list[int] = []

    def read(self) -> Iterator[Yield]:
        for record in self._records:
            begin, first = 1, len(self.pieces)
            text = SingleText(record, {}, {}, {}, range(first, first), "")
            while pages := self._pages(record.id, begin, PAGES_AT_ONCE):
                for page in pages:
                    pieces, blocks = pieces_of(record.id, page)
                    self.pieces += pieces
                    text.pages[page.number], text.reasons[page.number] = page.status, page.reason
                    text.blocks[page.number] = blocks
                begin = pages[-1].number + 1
                yield Yield()
            text.pieces = range(first, len(self.pieces))
            text.language = self._language_of(text.pieces)
            self.texts.append(text)
        self._headings = headings_above(self.pieces)

    @property
    def language(self) -> str:
        """Return the language of the first document whose language is known; empty if none is known."""
        return next((text.language for text in self.texts if text.language), "")

    @property
    def page_kind(self) -> str:
        """Return the word for the pages of all documents; "page" if the documents differ."""
        kinds = {str(record.info.get("page_kind") or "page") for record in self._records}
        return kinds.pop() if len(kinds) == 1 else "page"

    @property
    def page_count(self) -> int:
        return sum(len(text.pages) for text in self.texts)

    def source(self, language: str) -> Source:
        return Source(self.pieces, language, self._headings)

    def _language_of(self, pieces: range) -> str:
        sample, length = [], 0
        for at in pieces:
            if not self.pieces[at].is_heading:
                sample.append(self.pieces[at].text)
                length += len(sample[-1])
            if length > LANGUAGE_CHARACTERS:
                break
        return detect(" ".join(sample)[:LANGUAGE_CHARACTERS], LANGUAGES)[0] or ""

    def figures(self) -> list[tuple[str, int]]:
        """Return the pages with tables or charts as (document name, page); the name is empty for a single document."""
        sizes: Counter[tuple[str, int]] = Counter()
        for piece in self.pieces:
            if piece.is_figures and piece.kind is not BlockKind.TABLE_ROW:
                sizes[piece.document, piece.page] += len(piece.text)
        names = {text.record.id: text.record.name for text in self.texts} if len(self.texts) > 1 else {}
        return [(names.get(id, ""), page) for (id, page), size in sizes.items() if size >= FIGURES_CHARACTERS]

    def one(self, text: SingleText, points: Sequence[Point], paper: str = "") -> DocumentSummary:
        page_kind = str(text.record.info.get("page_kind") or "page")
        return DocumentSummary(
            text.record.id, text.record.name, page_kind, self.sentences(points), self.coverage([text]),
            paper=paper,
        )  # fmt: skip

    def sentences(self, points: Sequence[Point], names: Mapping[str, str] | None = None) -> tuple[Sentence, ...]:
        return tuple(self._sentence(point, names or {}) for point in points)

    def _sentence(self, point: Point, names: Mapping[str, str]) -> Sentence:
        pieces = [self.pieces[at] for at in point.links]
        spans = tuple(Span(piece.document, piece.page, piece.start, piece.end) for piece in pieces)
        if point.quotation:
            spans = (self._place_of(point.quotation, pieces[0]), *spans[1:])
        files = dict.fromkeys(names[piece.document] for piece in pieces if piece.document in names)
        return Sentence(
            text=point.text,
            blocks=spans,
            pages=tuple(dict.fromkeys(piece.page for piece in pieces)),
            supported=point.is_supported,
            flags=point.flags,
            quotation=point.text == point.quotation,
            group=point.label,
            file=", ".join(files),
            told=point.told,
        )

    def _place_of(self, quotation: str, piece: Piece) -> Span:
        for page in self._pages(piece.document, piece.page, 1):
            if page.number == piece.page:
                raw = page.text[piece.start : piece.end]
                if span := FoldedText(raw).find(quotation):
                    stops = quotation[len(quotation.rstrip(STOPS)) :]
                    end = span[1] + (len(stops) if raw.startswith(stops, span[1]) else 0)
                    return Span(piece.document, piece.page, piece.start + span[0], piece.start + end)
        return Span(piece.document, piece.page, piece.start, piece.end)

    def coverage(self, texts: Sequence[SingleText] | None = None) -> Coverage:
        pages = read = blocks = blocks_read = 0
        unread, parts = list[Unread](), list[str]()
        for text in self.texts if texts is None else texts:
            parts += unread_parts(text.record.info)
            failed = {self.pieces[at].page: why for at, why in self.unread.items() if at in text.pieces}
            for number, status in text.pages.items():
                pages += 1
                blocks += text.blocks[number]
                if status is not PageStatus.READ:
                    unread.append(Unread(number, text.reasons[number] or status.value, text.record.id))
                elif number in failed:
                    unread.append(Unread(number, failed[number], text.record.id))
                else:
                    read += 1
                    blocks_read += text.blocks[number]
        return Coverage(pages, read, blocks, blocks_read, tuple(unread), tuple(dict.fromkeys(parts)))


# Pages are cut into pieces that can be cited. Cuts depend on the text at that place, not on a count from the beginning.
# After an edit the later pieces are therefore soon the same again and need not be sent to the model again (the idea of
# content-defined chunking: Muthitacharoen, Chen and Mazières 2001, "A low-bandwidth network file system").

LONG_CHARACTERS = 900
PIECE_CHARACTERS = 600

TITLE_CHARACTERS = 120
"""A paragraph of at most this many characters that does not end like a sentence counts as a title, a line of a table of
contents or the like.
"""

LEAST_FIGURES, DIGITS_PER_LETTER = 4, 1.5
"""A text with at least this many numbers and digits per letter is a table or chart; its numbers alone mean nothing."""
_FIGURE = re.compile(r"\d[\d.,:/%-]*")
_QUOTE_MARKS = re.compile(r"^(?:[ \t]*>)+", re.MULTILINE)


class Piece(Record):
    """A part of a page that can be cited: the characters from `start` up to but not including `end`."""

    document: str
    page: int
    start: int
    end: int
    kind: BlockKind
    text: str
    """The text, with single spaces for all white space and bars between the cells of a table."""
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
        """Return whether the piece is little more than numbers, which a model would mix up when rewording them."""
        return _are_figures(self.text)


def pieces_of(document: str, page: Page) -> tuple[tuple[Piece, ...], int]:
    """Return the pieces of a page without headers and footers, and the number of blocks they cover."""
    pieces: list[Piece] = []
    blocks = 0
    for block in page.blocks:
        if block.kind in ASIDE or not page.text[block.start : block.end].strip():
            continue
        blocks += 1
        for begin, stop in _parts(page.text[block.start : block.end]):
            at = block.start + begin
            for start, end in _cuts(page.text[at : block.start + stop]):
                if page.text[at + start : at + end].strip():
                    pieces.append(_piece(document, page, at + start, at + end, block))
    return tuple(pieces), blocks


BULLETS = "-–—*•·▪◦‣○●■□►➢✓"
_ITEM = re.compile(rf"\s*[{BULLETS}]\s+\S")
"""A line that begins an item of a list."""


def _are_figures(text: str) -> bool:
    digits, letters = sum(map(str.isdigit, text)), sum(map(str.isalpha, text))
    return digits >= DIGITS_PER_LETTER * letters and len(_FIGURE.findall(text)) >= LEAST_FIGURES


def _piece(document: str, page: Page, start: int, end: int, block: Block) -> Piece:
    raw = page.text[start:end]
    lead = len(raw) - len(raw.lstrip())
    if block.kind is BlockKind.TABLE_ROW:
        lead = 0  # a first cell may be empty
        raw = raw.replace("\t", " | ")
    if block.kind is BlockKind.QUOTE:
        raw = _QUOTE_MARKS.sub("", raw)
    text = " ".join(raw.split())
    if block.kind is BlockKind.HEADING:
        text = text.lstrip("#").strip() or text  # drop the marks of Markdown
    is_item = block.kind is BlockKind.PARAGRAPH and _ITEM.match(raw)
    kind = BlockKind.LIST_ITEM if is_item else block.kind
    return Piece(document, page.number, start + lead, end, kind, text, block.level)


def _parts(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each header of a mail and each item of a list in a text, and of what stands around
    them.
    """
    lines = text.split("\n")
    cuts = {cut for header in headers_in(lines) for cut in header} if len(lines) > 1 else set[int]()
    cuts |= {number for number, line in enumerate(lines) if _ITEM.match(line)}
    if not cuts:
        yield 0, len(text)
        return
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    yield from ((starts[first], starts[stop] - 1) for first, stop in pairwise(sorted({0, *cuts, len(lines)})))


def _cuts(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each part of a text. A long text is cut between its sentences."""
    if len(text) <= LONG_CHARACTERS:
        yield 0, len(text)
        return
    start = 0
    places = [*(begin for begin, _ in sentence_spans(text, tongue(text))[1:]), len(text)]
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
