"""Words of a document with their places, without what a mail quotes and without Markdown's marks. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from slmdesk.base.documents import Block, BlockKind, Page
from slmdesk.base.record import Record, changed
from slmdesk.base.text.relevance import FoldedText

MOST_QUOTE = 400
MOST_HEAD = 60
"""Most characters of a line that names what stands below it."""
NEAR = 40
"""Characters on both sides of a value in which its currency, sign or year is looked for."""
_MARKS = re.compile(
    r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=[\w.,!?)])[*_](?!\w)|^\s*(?:#{1,6}|>|[-*+\u2022\u2013])(?=\s)", re.M
)
"""Markdown's own characters, which the text of such pages contains."""
_BLANK = "\u200a"
"""Replaces a mark: it is white space, but no gap between columns."""


class Place(Record):
    page: int
    start: int
    end: int

    def part(self, start: int, end: int) -> Place:
        return Place(self.page, self.start + start, self.start + end)


def without_marks(page: Page) -> Page:
    """Return a page with unchanged positions, with white space for Markdown's marks and tabs between cells."""
    text = _MARKS.sub(lambda match: _BLANK * len(match.group()), page.text)
    for block in page.blocks:
        if block.kind is BlockKind.TABLE_ROW and "|" in text[block.start : block.end]:
            text = text[: block.start] + text[block.start : block.end].replace("|", "\t") + text[block.end :]
    return page if text == page.text else changed(page, text=text)


def is_quote(block: Block) -> bool:
    return block.kind is BlockKind.QUOTE


def newest_part(page: Page) -> Page:
    """Return a page, positions unchanged, without what it quotes from earlier messages."""
    pieces, at = list[str](), 0
    for block in filter(is_quote, page.blocks):
        pieces += page.text[at : block.start], "\n" * (block.end - max(at, block.start))
        at = max(at, block.end)
    blocks = tuple(block for block in page.blocks if not is_quote(block))
    return changed(page, text="".join((*pieces, page.text[at:])), blocks=blocks) if pieces else page


class PageTexts:
    def __init__(self, pages: Sequence[Page], language: str = "") -> None:
        self.language, self.pages = language, pages
        self.texts: Mapping[int, str] = {page.number: page.text for page in pages if page.text}
        self._folded: dict[int, FoldedText] = {}
        self._quotes = {page.number: quotes for page in pages if (quotes := [*filter(is_quote, page.blocks)])}

    def is_quoted(self, page: int, start: int) -> bool:
        return any(block.start <= start < block.end for block in self._quotes.get(page, ()))

    def find(self, words: str) -> Iterator[Place]:
        """Yield the places of words, those that an earlier message says after all others."""
        places = self._find(words)
        yield from sorted(places, key=lambda it: self.is_quoted(it.page, it.start)) if self._quotes else places

    def _find(self, words: str) -> Iterator[Place]:
        for number, text in self.texts.items():
            if number not in self._folded:
                self._folded[number] = FoldedText(text)
            for start, end in self._folded[number].find_all(words):
                yield Place(number, start, end)

    def words(self, place: Place) -> str:
        return " ".join(self.texts[place.page][place.start : place.end].split())

    def around(self, place: Place) -> Place:
        """Return the line or lines around a place. Of a long line, return the part nearest to the place."""
        text = self.texts[place.page]
        start = max(text.rfind("\n", 0, place.start) + 1, place.start - MOST_QUOTE // 2)
        end = text.find("\n", place.end)
        return Place(place.page, start, min(len(text) if end < 0 else end, place.end + MOST_QUOTE // 2))

    def near(self, place: Place) -> tuple[int, str]:
        """Return the text around a place, and where it begins."""
        first = max(0, place.start - NEAR)
        return first, self.texts[place.page][first : place.end + NEAR]

    def before(self, place: Place) -> str:
        """Return what names a value: the words before it on its line, nearest to it in a row of cells, or else a short
        line above it.
        """
        *above, line = self.texts[place.page][max(0, place.start - MOST_QUOTE) : place.start].split("\n")
        beside = next((cell for cell in reversed(line.split("\t")) if cell.strip()), "")
        lines = (words for words in reversed(above) if words.strip())
        head = next(lines, "")
        is_label = len(head) <= MOST_HEAD and not any(map(str.isdigit, head))
        return beside or (head if is_label else "")
