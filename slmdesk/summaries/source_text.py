"""The text of the documents being summarized: numbered pieces, their places, and the coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from slmdesk.base.documents import BlockKind, PageStatus
from slmdesk.base.records import DocumentRecord
from slmdesk.jobs.plan import Yield
from slmdesk.library.citations import Coverage, Pages, Span, Unread
from slmdesk.summaries.chunking import Piece, pieces_of
from slmdesk.summaries.linking import Point, Source, headings_above
from slmdesk.summaries.types import DocumentSummary, Sentence
from slmdesk.text.checks.overlap import Rarity
from slmdesk.text.passages.quotes import FoldedText
from slmdesk.text.words.language import LANGUAGES, detect

PAGES_AT_ONCE = 50
LANGUAGE_CHARACTERS = 4000
FIGURES_CHARACTERS = 120
"""Of figures alone, from which on a page is said to hold a table that is not retold."""
STOPS = ".!?…。！？\"'”’»)"
"""What ends a quotation, and is passed over where it is looked for."""


@dataclass(slots=True, eq=False)
class SingleText:
    record: DocumentRecord
    pages: dict[int, PageStatus]
    reasons: dict[int, str]
    blocks: dict[int, int]
    pieces: range
    language: str


class SummaryTexts:
    """The texts of all documents of a summary; pieces are numbered across documents."""

    def __init__(self, records: Sequence[DocumentRecord], pages: Pages) -> None:
        self._records, self._pages = records, pages
        self.pieces: list[Piece] = []
        self.texts: list[SingleText] = []
        self.unread: dict[int, str] = {}
        """Pieces no answer came for, and why."""
        self._rarity = Rarity()
        self._headings: list[int] = []

    def read(self) -> Iterator[Yield]:
        for record in self._records:
            begin, first = 1, len(self.pieces)
            text = SingleText(record, {}, {}, {}, range(first, first), "")
            while pages := self._pages(record.id, begin, PAGES_AT_ONCE):
                for page in pages:
                    pieces, blocks = pieces_of(record.id, page)
                    self.pieces += pieces
                    self._rarity.add(piece.text for piece in pieces)
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
        """Language of the first document whose language is known; empty: the language of the text."""
        return next((text.language for text in self.texts if text.language), "")

    @property
    def page_kind(self) -> str:
        """What the pages of all documents are called; "page" where they differ."""
        kinds = {str(one.info.get("page_kind") or "page") for one in self._records}
        return kinds.pop() if len(kinds) == 1 else "page"

    @property
    def page_count(self) -> int:
        return sum(len(text.pages) for text in self.texts)

    def text_at(self, piece: int) -> SingleText:
        return next(text for text in self.texts if piece in text.pieces)

    def source(self, piece: int, language: str) -> Source:
        is_translated = bool(language) and self.text_at(piece).language != language
        return Source(self.pieces, self._rarity, language, is_translated, self._headings)

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
        """Return pages with tables or charts of figures: (name of the document, page); no name for a single
        document.
        """
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
        spans = tuple(Span(one.document, one.page, one.start, one.end) for one in pieces)
        if point.quotation:
            spans = (self._place_of(point.quotation, pieces[0]), *spans[1:])
        files = dict.fromkeys(names[one.document] for one in pieces if one.document in names)
        return Sentence(
            text=point.text,
            blocks=spans,
            pages=tuple(dict.fromkeys(one.page for one in pieces)),
            supported=point.is_supported,
            flags=point.flags,
            quotation=point.text == point.quotation,
            group=point.label,
            file=", ".join(files),
        )

    def _place_of(self, quotation: str, piece: Piece) -> Span:
        for page in self._pages(piece.document, piece.page, 1):
            if page.number == piece.page:
                raw = page.text[piece.start : piece.end]
                if found := FoldedText(raw).find(quotation):
                    stops = quotation[len(quotation.rstrip(STOPS)) :]
                    end = found[1] + (len(stops) if raw.startswith(stops, found[1]) else 0)
                    return Span(piece.document, piece.page, piece.start + found[0], piece.start + end)
        return Span(piece.document, piece.page, piece.start, piece.end)

    def coverage(self, texts: Sequence[SingleText] | None = None) -> Coverage:
        pages = read = blocks = blocks_read = 0
        unread: list[Unread] = []
        for text in self.texts if texts is None else texts:
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
        return Coverage(pages, read, blocks, blocks_read, tuple(unread))
