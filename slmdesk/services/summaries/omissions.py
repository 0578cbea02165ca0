"""Finds what a document says that its summary does not: amounts, dates, duties, headings.  Pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from slmdesk.core.chunking import Piece
from slmdesk.core.documents import BlockKind
from slmdesk.core.record import Record
from slmdesk.services.summaries.linking import Point
from slmdesk.services.summaries.selection import LEAST_QUOTED, MARKS, MOST_QUOTED, item_spans
from slmdesk.text.checks.overlap import Rarity, stems
from slmdesk.text.passages.salience import announces, salient, sums_up, weight
from slmdesk.text.words.anaphora import refers_back

LEAST_WEIGHT = 1.0
"""A sentence that matters less is missed by nobody (see text.passages.salience)."""
SAID = 0.55
"""Of a sentence's words, by weight, that a summary holds when it says the same."""
SAID_WITH_FIGURES = 0.35
"""The same, where all its figures stand in the summary too."""
OWN_SECTION = 1_000_000
"""Added to the number of a sentence of the text's own summary: each of them counts as a section."""
LEAST_LISTED, PER_SENTENCE = 4, 0.8
"""Passages listed at most: so many, or so many for each sentence of the summary."""

_FIGURE = re.compile(r"\d+(?:[.,'’ \u00a0\u202f]\d+)*")
_RULE = "| --- |"
_BETWEEN_ROWS = re.compile(r"(?<=\|) ; (?=\|)|(?<=\S) ; (?=[^|;]+ \| )")
_FIGURES_ALONE = re.compile(r"\|\s*[\d.,%+\u2212-]+\s*\|\s*[\d.,%+\u2212-]+\s*(?:\||$)")
"""Cells that say nothing without the head of their column."""
MARKS_OF_ROWS = f"{MARKS}|;"
_UNLISTED = frozenset({BlockKind.HEADING, BlockKind.CODE, BlockKind.COMMENT})

MOST_CANDIDATES = 800


class Candidate(Record):
    piece: int
    text: str
    worth: float
    is_announced: bool = False
    sums_up: bool = False


Sentences = Callable[[str], Sequence[tuple[int, int]]]
"""Cuts a text into sentences: start and end of each."""


def figures_in(text: str) -> frozenset[str]:
    """Return the figures of a text without what groups their digits."""
    return frozenset(re.sub(r"\D", "", found) for found in _FIGURE.findall(text))


def weighty(pieces: Sequence[Piece], here: range, spans: Sentences, language: str = "") -> list[Candidate]:
    found: list[Candidate] = []
    above = _heading_above(pieces, here)
    is_announced, is_summary = announces(above), sums_up(above)
    for at in here:
        piece = pieces[at]
        if piece.is_heading:
            is_announced, is_summary = announces(piece.text), sums_up(piece.text)
        if piece.kind in _UNLISTED or piece.is_figures or _RULE in piece.text:
            continue
        for start, end in _sentences(piece, spans, language):
            text = piece.text[start:end].strip(MARKS_OF_ROWS if piece.kind is BlockKind.TABLE_ROW else MARKS)
            if LEAST_QUOTED <= len(text) <= MOST_QUOTED:
                worth = weight(text, language) + LEAST_WEIGHT * (is_announced or is_summary)
                if worth >= LEAST_WEIGHT:
                    found.append(Candidate(at, text, worth, is_announced or is_summary, is_summary))
    return found


def omitted(
    candidates: Sequence[Candidate],
    said: Sequence[Point],
    sections: Mapping[int, int],
    rarity: Rarity,
    language: str,
    most: int | None = None,
) -> list[Point]:
    """Return those of a text's sentences that matter most and of which its summary `said` has nothing, as quotations in
    text order.

    `sections`: of each piece, the number of its section, so that each is heard before one is heard twice; `most`: how
    many; None: as many as can be listed beside the summary.
    """
    words = frozenset().union(*(stems(one.text) for one in said)) if said else frozenset[str]()
    figures = frozenset().union(*(figures_in(one.text) for one in said)) if said else frozenset[str]()
    most_worth = sorted(candidates, key=lambda one: -one.worth)[:MOST_CANDIDATES]
    unsaid = [one for one in most_worth if not _is_said(one.text, said, words, figures, rarity)]
    unsaid.sort(key=lambda one: one.piece)
    taken = [sections[at] for one in said for at in one.links[:1] if at in sections]
    most = max(LEAST_LISTED, round(PER_SENTENCE * len(said))) if most is None else most
    numbers = [OWN_SECTION + at if one.sums_up else sections[one.piece] for at, one in enumerate(unsaid)]
    announced = [one.is_announced for one in unsaid]
    chosen = salient([one.text for one in unsaid], numbers, most, language, taken, announced)
    return [Point(unsaid[at].text, (unsaid[at].piece,), is_quotation=True) for at in chosen]


def _heading_above(pieces: Sequence[Piece], here: range) -> str:
    return next((pieces[at].text for at in range(here.start - 1, -1, -1) if pieces[at].is_heading), "")


def _sentences(piece: Piece, spans: Sentences, language: str) -> Sequence[tuple[int, int]]:
    """Return start and end of what is taken of a piece as one: a sentence with those that refer to it, a row."""
    if piece.kind is BlockKind.TABLE_ROW:
        cuts = [0, *(found.start() for found in _BETWEEN_ROWS.finditer(piece.text)), len(piece.text)]
        return [(begin, end) for begin, end in pairwise(cuts) if not _FIGURES_ALONE.search(piece.text, begin, end)]
    found = list[tuple[int, int]]()
    for begin, end in item_spans(piece):
        alone = [(begin + start, begin + stop) for start, stop in spans(piece.text[begin:end])]
        for start, stop in alone:
            is_more = bool(found) and found[-1][0] >= begin and refers_back(piece.text[start:stop].lstrip(), language)
            if is_more and stop - found[-1][0] <= MOST_QUOTED:
                found[-1] = (found[-1][0], stop)
            else:
                found.append((start, stop))
    return found


def _is_said(text: str, said: Sequence[Point], words: frozenset[str], figures: frozenset[str], rarity: Rarity) -> bool:
    """Whether the summary holds a sentence: most of its words, or many of them with all its figures."""
    mine = figures_in(text)
    requested = stems(text)
    weights = {one: max(0.1, rarity.weight(one)) for one in requested}
    whole = sum(weights.values()) or 1.0

    def share(there: frozenset[str]) -> float:
        return sum(weights[one] for one in requested if one in there) / whole

    if mine and not mine <= figures:
        return False
    if share(words) < SAID_WITH_FIGURES:
        return False
    return any(share(stems(one.text)) >= (SAID_WITH_FIGURES if mine else SAID) for one in said)
