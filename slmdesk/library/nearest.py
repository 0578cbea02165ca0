"""Finds the sentence of a passage that matches the searched words best, as a citation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import takewhile

from slmdesk.base.documents import ASIDE, BlockKind, Page
from slmdesk.base.record import Record
from slmdesk.base.records import Passage
from slmdesk.text.passages.ranking import groups_of
from slmdesk.text.words.folding import fold_for_search
from slmdesk.text.words.sentences import sentence_spans

LEAST_STEM, LONGEST_ENDING = 4, 3


_ENDS = re.compile(r"\n\s*\n")


class Citation(Record):
    document: str
    page: int
    start: int
    end: int
    quote: str


PageOf = Callable[[str, int], Page | None]
"""A page as it was read, by its document and number; None where it is not kept."""


def nearest_of(words: Sequence[str], passages: Sequence[Passage], page_of: PageOf, limit: int) -> list[Citation]:
    """Return for each passage the sentence with most of the searched words, as it stands on its page."""
    return [_best_sentence(words, one, page_of) for one in passages[:limit]]


def _best_sentence(words: Sequence[str], passage: Passage, page_of: PageOf) -> Citation:
    best, best_of = Citation(passage.document, passage.page, 0, 0, ""), (-1.0, False)
    for kind, one in stretches_of(passage, page_of):
        worth = share_of(words, one.quote), kind is not BlockKind.HEADING
        if worth > best_of:
            best, best_of = one, worth
    return best


def stretches_of(passage: Passage, page_of: PageOf) -> Iterator[tuple[BlockKind, Citation]]:
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
            for start, end in sentences_of_span(page.text, max(begin, block.start), min(until, block.end)):
                yield block.kind, start, end


def share_of(words: Sequence[str], text: str) -> float:
    """Return the share of the words found in a text, 0..1; in other forms and compounds they count in part."""
    folded = f" {fold_for_search(text)} "
    return sum(sum(group in folded for group in one) / len(one) for one in map(groups_of, words)) / max(1, len(words))


def are_alike(one: str, other: str) -> bool:
    """Return whether two words differ at most in an ending of three letters; short ones in one letter ("end",
    "ends").
    """
    beginning = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    if beginning == LEAST_STEM - 1 == min(len(one), len(other)):
        return max(len(one), len(other)) == LEAST_STEM
    return beginning >= LEAST_STEM and max(len(one), len(other)) - beginning <= LONGEST_ENDING


def sentences_of_span(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for piece_start, piece_end in _spans(text[start:end]) if start < end else ():
        yield start + piece_start, start + piece_end


@lru_cache(maxsize=4096)
def _spans(text: str) -> tuple[tuple[int, int], ...]:
    """An empty line ends a sentence too; a number by itself, as of a heading, is none."""
    from slmdesk.text.checks.words import tongue  # its tables are read when they are needed

    language, found, at = tongue(text), list[tuple[int, int]](), 0
    for gap in [*_ENDS.finditer(text), None]:
        until = gap.start() if gap else len(text)
        for start, end in sentence_spans(text[at:until], language):
            if found and not any(map(str.isalpha, text[slice(*found[-1])])):
                found[-1] = found[-1][0], at + end
            else:
                found.append((at + start, at + end))
        at = gap.end() if gap else until
    return tuple(found)
