"""Cuts a paper by its numbered items and its headings.  Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from slmdesk.base.documents import BlockKind
from slmdesk.summaries.chunking import Piece

MOST_SECTIONS = 30
MARKS = "*_#>`•▪◦‣ "
"""Round a sentence these are Markdown or a list's, and no words of it."""

_ITEM = re.compile(r"(\d{1,2})[.)]\s")


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
