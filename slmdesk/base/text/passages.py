"""Cuts a document into passages for search and quotation.

A passage has about 180 words, begins and ends with blocks, and starts with its heading. In a test on real manuals, this
size found 43 of 45 right pages with BM25 alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from slmdesk.base.documents import ASIDE, Block, BlockKind, Page
from slmdesk.base.record import Record
from slmdesk.base.records import Passage

REQUESTED_WORDS = 180
MOST_WORDS = 300
LEAST_WORDS = 60
"""Words a passage needs to end at a heading or at the end of a page. A shorter one continues."""
MOST_HEADING = 160

_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(f"[{_UNSPACED}]|[^\\s{_UNSPACED}]+")
"""Matches a word, or a single letter of a script without spaces."""
_SENTENCE = re.compile(r"(?<=[.!?\u2026])[\"'\u201d\u2019)\]]*\s+|(?<=[\u3002\uff01\uff1f])|\n")
_LONGEST_WORD = 2000
"""Characters of a word. Text without spaces is cut after four times this length."""


def count_words(text: str) -> int:
    return len(text.split()) if text.isascii() else len(_WORD.findall(text))


class _Piece(Record):
    page: int
    start: int
    end: int
    text: str
    words: int


class PassageBuilder:
    def __init__(self, document: str) -> None:
        self._document = document
        self._heading = ""
        self._is_earlier = False
        """Whether the heading is that of an earlier mail, which the newest quotes."""
        self._above = ""
        self._open: list[_Piece] = []
        self._words = 0
        self._only_headings = True

    def feed(self, page: Page) -> Iterator[Passage]:
        for block in page.blocks:
            if block.kind not in ASIDE:
                yield from self._add(page, block)
        if self._open and (self._words >= LEAST_WORDS or self._open[0].page != page.number):
            yield from self._close()

    def finish(self) -> Iterator[Passage]:
        self._only_headings = False
        yield from self._close()

    def _add(self, page: Page, block: Block) -> Iterator[Passage]:
        is_earlier = block.kind is BlockKind.QUOTE and block.place == "header"
        is_answer = self._is_earlier and block.kind is not BlockKind.QUOTE
        is_heading = is_earlier or block.kind is BlockKind.HEADING
        if is_answer or is_earlier:
            self._heading = ""
        if is_answer or (is_heading and (is_earlier or self._words >= LEAST_WORDS) and not self._only_headings):
            yield from self._close(whatever=True)
        self._is_earlier = is_earlier or (self._is_earlier and not is_answer)
        for start, end in parts_of(page.text, block.start, block.end):
            text = page.text[start:end]
            words = count_words(text)
            if not words:
                continue
            if self._open and self._words + words > (REQUESTED_WORDS if self._words >= LEAST_WORDS else MOST_WORDS):
                yield from self._close(whatever=self._words + words > MOST_WORDS)
            if not self._open:
                self._above = self._heading
                self._only_headings = True
            self._open.append(_Piece(page.number, start, end, text, words))
            self._words += words
            self._only_headings = self._only_headings and is_heading
        if is_heading:
            self._heading = " ".join(page.text[block.start : block.end].split())[:MOST_HEADING]

    def _close(self, *, whatever: bool = False) -> Iterator[Passage]:
        """Yield the open passage. A passage of headings alone stays open for the text below them, unless `whatever`."""
        if not self._open or (self._only_headings and not whatever):
            return
        first, last = self._open[0], self._open[-1]
        text = "\n".join(piece.text for piece in self._open)
        if self._above and not text.startswith(self._above):
            text = f"{self._above}\n{text}"
        yield Passage(0, self._document, first.page, last.page, first.start, last.end, text)
        self._open, self._words, self._only_headings = [], 0, True


def parts_of(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Split a span into parts of at most MOST_WORDS words, cut at ends of sentences or else between words."""
    if end - start <= MOST_WORDS or count_words(text[start:end]) <= MOST_WORDS:
        yield start, end
        return
    begin, words = start, 0
    for at, until in _sentences(text, start, end):
        here = count_words(text[at:until])
        if words and words + here > REQUESTED_WORDS:
            yield begin, at
            begin, words = at, 0
        if here > MOST_WORDS:
            yield from _cut(text, begin, until)
            begin = until
            continue
        words += here
    if begin < end:
        yield begin, end


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    for gap in _SENTENCE.finditer(text, start, end):
        if gap.end() > at:
            yield at, gap.end()
            at = gap.end()
    if at < end:
        yield at, end


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin, words = start, 0
    for word in _WORD.finditer(text, start, end):
        while word.end() - begin > _LONGEST_WORD * 4:
            yield begin, begin + _LONGEST_WORD * 4
            begin, words = begin + _LONGEST_WORD * 4, 0
        words += 1
        if words >= REQUESTED_WORDS:
            yield begin, word.end()
            begin, words = word.end(), 0
    if begin < end:
        yield begin, end
