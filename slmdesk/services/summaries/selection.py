"""Selects the points that are kept, and the sentences that represent a text.  Pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from slmdesk.core.chunking import Piece
from slmdesk.core.documents import BlockKind
from slmdesk.services.documents.citations import LEAST_SHARE, WORDS
from slmdesk.services.summaries.linking import Point, Source
from slmdesk.services.summaries.prompts import LABELS
from slmdesk.text.checks.overlap import stems
from slmdesk.text.passages.salience import salient

ALIKE = 0.7
"""Two points with so many words in common say the same."""
LEAST_QUOTED, MOST_QUOTED = 25, 400
"""Characters of a sentence that may stand for a text."""
MOST_SECTIONS = 30
MARKS = "*_#>`•▪◦‣ "
"""Round a sentence these are Markdown or a list's, and no words of it."""

_ITEM = re.compile(r"(\d{1,2})[.)]\s")
_UNQUOTED = frozenset({BlockKind.HEADING, BlockKind.TABLE_ROW, BlockKind.CODE, BlockKind.COMMENT})


def kept(points: Sequence[Point], instead: Callable[[Point], Point | None] = lambda _point: None) -> list[Point]:
    """Return the points that go into a summary, each thing said once, without those that two checks or the words mark:
    what stands nowhere in the text is none of its points.

    `instead`: what stands in the place of such a point; None: nothing.
    """
    held = (one if is_kept(one) else instead(one) for one in distinct(points))
    return distinct([one for one in held if one is not None])


def is_kept(point: Point) -> bool:
    """Return whether a point holds well enough: no check marks it, or one alone that is not about its words."""
    return point.is_supported or (len({flag.kind for flag in point.flags}) == 1 and point.flags[0].kind != WORDS)


def sentence_for(
    point: Point, source: Source, here: Sequence[int], spans: Callable[[str], Sequence[tuple[int, int]]]
) -> Point | None:
    """Return the sentence of a text with most of a point's words, as a quotation; None where none has many."""
    best, most = None, LEAST_SHARE
    if source.is_translated:
        return None
    for at in point.links:
        piece = source.pieces[at]
        if at not in here or piece.kind in _UNQUOTED:
            continue
        cuts = [
            (begin + one, begin + end)
            for begin, stop in item_spans(piece)
            for one, end in spans(piece.text[begin:stop])
        ]
        for start, end in cuts:
            text = piece.text[start:end].strip(MARKS)
            share = source.rarity.share(text, point.text)
            if LEAST_QUOTED <= len(text) <= MOST_QUOTED and share > most:
                best, most = Point(text, (at,), label=point.label, is_quotation=True), share
    return best


def select(points: Sequence[Point], count: int, sections: Callable[[Point], int], *, focus: str = "") -> list[Point]:
    """Return the `count` points that matter most, in text order; those that speak of the focus first.

    `sections`: of a point, the number of its section or document: none is heard twice before others are.
    """
    unique = distinct(points)
    requested = stems(focus)
    near = [one for one in unique if requested & stems(one.text)][:count] if requested else []
    rest = [one for one in unique if one not in near]
    taken = [sections(one) for one in near]
    chosen = salient([one.text for one in rest], [sections(one) for one in rest], count - len(near), taken=taken)
    return in_order([*near, *(rest[at] for at in chosen)])


def distinct(points: Sequence[Point]) -> list[Point]:
    """Drop points that say the same as an earlier one; the supported one of the two stays."""
    kept: list[Point] = []
    for one in points:
        words = stems(one.text)
        same = next((at for at, other in enumerate(kept) if _alike(words, stems(other.text))), None)
        if same is None:
            kept.append(one)
        elif one.is_supported and not kept[same].is_supported:
            kept[same] = one
    return kept


def in_order(points: Sequence[Point]) -> list[Point]:
    """Sort points by their place in the text; by label first in an executive summary."""
    order = {label: at for at, label in enumerate(LABELS)}
    return sorted(points, key=lambda one: (order.get(one.label, 0), one.links[0] if one.links else 0))


def quotations(
    pieces: Sequence[Piece],
    here: range,
    count: int,
    spans: Callable[[str], Sequence[tuple[int, int]]],
    focus: str = "",
    language: str = "",
) -> list[Point]:
    found: list[tuple[int, str]] = []
    known: set[str] = set()
    for at in here:
        if pieces[at].kind in _UNQUOTED:
            continue
        for start, end in spans(pieces[at].text):
            if LEAST_QUOTED <= end - start <= MOST_QUOTED:
                text = pieces[at].text[start:end].strip(MARKS)
                if text not in known:
                    known.add(text)
                    found.append((at, text))
    whole = [one for one in found if one[1].rstrip("\"'”’»)]").endswith((".", "!", "?", "…", "。", "！", "？"))]
    if len(whole) >= count:
        found = whole  # lines that end without a stop are titles and remains of tables
    if not found:
        found = [(at, pieces[at].text[:MOST_QUOTED]) for at in here]
    requested = stems(focus)
    near = [one for one in found if requested & stems(one[1])] if requested else []
    pool = near if len(near) >= count else found
    numbers = section_numbers(pieces, here)
    sections = [numbers[at - here.start] for at, _text in pool]
    chosen = salient([text for _, text in pool], sections, count, language)
    return [Point(text, (at,), is_quotation=True) for at, text in (pool[one] for one in chosen)]


def item_spans(piece: Piece) -> list[tuple[int, int]]:
    """Return start and end of the items of a numbered list that are one piece, "1. … 2. …"; else of the whole piece."""
    first = _ITEM.match(piece.text) if piece.kind is BlockKind.LIST_ITEM else None
    starts = [0]
    number = int(first[1]) if first else 0
    while first and (after := re.compile(rf"\s(?={number + 1}[.)]\s)").search(piece.text, starts[-1])):
        starts.append(after.end())
        number += 1
    return list(pairwise([*starts, len(piece.text)]))


def section_numbers(pieces: Sequence[Piece], here: range) -> list[int]:
    """Return for each piece the number of its section: pieces below one heading, or of one page without headings."""
    by_page = not any(pieces[at].is_heading for at in here)
    numbers, number = [0] if here else [], 0
    for before, at in pairwise(here):
        number += pieces[before].page != pieces[at].page if by_page else pieces[at].is_heading
        numbers.append(number)
    return numbers


def sections_of(pieces: Sequence[Piece], here: range) -> dict[int, str]:
    """Map each piece to the heading above it; without headings to its pages."""
    headings = [at for at in here if pieces[at].is_heading]
    levels = sorted({pieces[at].level for at in headings})
    top = [at for level in levels[:1] for at in headings if pieces[at].level <= level]
    for level in levels[1:]:
        more = [at for at in headings if pieces[at].level <= level]
        if len(top) >= 3 or len(more) > MOST_SECTIONS:
            break
        top = more
    if len(top) < 2:
        return {at: f"Page {pieces[at].page}" for at in here}
    names: dict[int, str] = {}
    name = ""
    starts = set(top)
    for at in here:
        if at in starts:
            name = pieces[at].text[:120]
        names[at] = name
    return names


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one and other) and len(one & other) >= ALIKE * min(len(one), len(other)) and (
        len(one & other) >= 0.5 * max(len(one), len(other))
    )  # fmt: skip
