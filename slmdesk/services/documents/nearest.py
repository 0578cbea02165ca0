"""Finds the sentence of a passage that matches the searched words best, as a citation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from slmdesk.core.documents import ASIDE, BlockKind, Page
from slmdesk.core.records import Passage
from slmdesk.text.words.folding import fold_for_search

LEAST_STEM, LONGEST_ENDING = 4, 3
"""Letters of words that count as the same in another form."""


_ENDS = re.compile(r"(?<=[.!?\u2026])[\"'\u201d\u2019)\]]*\s+|(?<=[\u3002\uff01\uff1f])|\n\s*\n")


_DAY_END = re.compile(r"(?<!\d)\d{1,2}\.$")


_LONGEST_DATE = 24


@dataclass(frozen=True, slots=True)
class Citation:
    """Words on a page, and where they stand."""

    document: str
    page: int
    start: int
    end: int
    quote: str
    """As they stand on the page."""


PageOf = Callable[[str, int], Page | None]
"""A page as it was read, by its document and number; None where it is not kept."""


def nearest_of(words: Sequence[str], passages: Sequence[Passage], page_of: PageOf, limit: int) -> list[Citation]:
    """Return for each passage the sentence with most of the searched words, as it stands on its page."""
    return [_best_sentence(words, one, page_of) for one in passages[:limit]]


def _best_sentence(words: Sequence[str], passage: Passage, page_of: PageOf) -> Citation:
    """Return the best sentence on any of its pages; of equal ones the first that is not a heading."""
    best, best_of = Citation(passage.document, passage.page, 0, 0, ""), (-1.0, False)
    for kind, one in stretches_of(passage, page_of):
        worth = share_of(words, one.quote), kind is not BlockKind.HEADING
        if worth > best_of:
            best, best_of = one, worth
    return best


def stretches_of(passage: Passage, page_of: PageOf) -> Iterator[tuple[BlockKind, Citation]]:
    """Yield the sentences of a passage as they stand on its pages."""
    for number in range(passage.page, passage.page_end + 1):
        page = page_of(passage.document, number)
        for kind, start, end in _sentences_of(passage, page) if page else ():
            if page:
                yield kind, Citation(passage.document, number, start, end, page.text[start:end])


def _sentences_of(passage: Passage, page: Page) -> Iterator[tuple[BlockKind, int, int]]:
    """Yield the sentences of a passage on one of its pages; no sentence crosses a block."""
    begin = passage.start if page.number == passage.page else 0
    until = passage.end if page.number == passage.page_end else len(page.text)
    for block in page.blocks:
        if block.kind not in ASIDE:
            for start, end in _sentences(page.text, max(begin, block.start), min(until, block.end)):
                yield block.kind, start, end


def share_of(words: Sequence[str], text: str) -> float:
    """Return the share of the words found in a text, 0..1; endings may differ."""
    there = set(fold_for_search(text).split())
    return sum(one in there or any(_are_alike(one, other) for other in there) for one in words) / max(1, len(words))


def _are_alike(one: str, other: str) -> bool:
    """Return whether two words differ at most in an ending of three letters; short ones in one letter ("end",
    "ends").
    """
    beginning = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    if beginning == LEAST_STEM - 1 == min(len(one), len(other)):
        return max(len(one), len(other)) == LEAST_STEM
    return beginning >= LEAST_STEM and max(len(one), len(other)) - beginning <= LONGEST_ENDING


def _is_in_date(text: str, at: int) -> bool:
    """Return whether this position lies within a date."""
    from slmdesk.text.checks.dates import find_dates  # its tables are read when they are needed

    begin = max(0, at - 4)
    whens = find_dates(text[begin : at + _LONGEST_DATE])
    return any(begin + one.start < at < begin + one.end for one in whens)


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    for gap in [*_ENDS.finditer(text, start, end), None] if start < end else ():
        until = gap.start() if gap else end
        piece = text[at:until]
        if gap and not any(one.isalpha() for one in piece):  # "2. Rent": a number by itself is no sentence
            continue
        if gap and _DAY_END.search(piece) and _is_in_date(text, gap.start()):  # "bis zum 20. | Oktober"
            continue
        if piece.strip():
            yield at + len(piece) - len(piece.lstrip()), at + len(piece.rstrip())
        at = gap.end() if gap else end
