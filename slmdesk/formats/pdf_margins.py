"""Finds headers and footers of a page: lines at its edges that neighbouring pages have too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from slmdesk.base.record import Record
from slmdesk.formats.pdf_blocks import HEADING_RATIO
from slmdesk.formats.pdf_lines import Line

EDGE = 0.14
"""Of the page's height, at the top and at the bottom."""
MOST_LINES = 3
NEAR = 0.015
"""Share of the page's height: how precisely they are in the same place."""
EXACTLY = 0.003
LEAST_ALIKE = 2
REACH = 2
"""How many pages before and after are compared: left and right pages differ."""
_DIGITS = re.compile(r"\d+")
_ROMAN = re.compile(r"\b[ivxlc]+\b")
_FIRST_NUMBER = re.compile(r"\W*(\d{1,5})\b")
_LAST_NUMBER = re.compile(r"\b(\d{1,5})\W*$")
_NUMBER_ALONE = re.compile(
    r"[^\w#]*(?:(?:page|seite|pagina|p[aá]gina|p|s)\b[^\w#]*)?#(?:(?:[^\w#]|of|von|sur|de|di)+#)?[^\w#]*"
)
"""With numbers made one."""
PARTED = 0.8
"""In letter sizes: the least gap between a header and the text."""
ISOLATED = 1.7
"""A line that changes from page to page is a header only with such a gap."""


class Margin(Record):
    index: int
    is_top: bool
    middle: float
    """0..1 of the page's height."""
    size: float
    text: str
    """With numbers made one."""
    numbers: frozenset[int]
    """At its beginning and its end."""
    inner: int
    """The index of the next line towards the text."""
    gap: float
    """To that, in sizes of the letters."""


def margins_of(lines: Sequence[Line], height: float) -> tuple[Margin, ...]:
    order = sorted((at for at, line in enumerate(lines) if not line.look.is_sideways), key=lambda at: lines[at].y0)
    top = [at for at in order[: 2 * MOST_LINES] if lines[at].y1 < EDGE * height][:MOST_LINES]
    bottom = [at for at in order[-2 * MOST_LINES :] if lines[at].y0 > (1 - EDGE) * height][-MOST_LINES:]
    found = []
    for at in (*top, *bottom):
        place, is_top = order.index(at), at in top
        beyond = order[place + 1 :] if is_top else order[:place][::-1]
        beside = next((one for one in beyond if not _overlap(lines[one], lines[at])), at)
        above, below = (lines[at], lines[beside]) if is_top else (lines[beside], lines[at])
        gap = (below.y0 - above.y1) / max(lines[at].look.size, 1.0)
        found.append(_margin(lines[at], at, height, is_top=is_top, inner=beside, gap=gap))
    return tuple(found)


def repeated(
    own: Iterable[Margin], neighbours: Iterable[tuple[int, Sequence[Margin]]], size: float, number: int
) -> list[Margin]:
    """Those that a neighbour has too, and the page's own number.

    Neighbours are given with their distance in pages; `number` counts from 1.  Larger letters than `size`, the text's,
    are headings: slides repeat theirs, and they must not be lost.
    """
    others = list(neighbours)
    found = {}
    for one in own:
        if one.size >= HEADING_RATIO * size:
            continue
        same = _is_number(one, number) or any(_is_same(one, two, far) for far, many in others for two in many)
        alike = sum(any(_is_alike(one, two) for two in many) for _, many in others)
        if same or alike >= LEAST_ALIKE:
            found[one.index] = one
    parted: set[int] = set()
    for one in sorted(found.values(), key=lambda one: one.middle if not one.is_top else -one.middle):
        if one.gap > PARTED or one.inner in parted:  # from the text outwards
            parted.add(one.index)
    return [one for one in found.values() if one.index in parted]


def _is_number(one: Margin, number: int) -> bool:
    """Only the page number, apart from the text: a document of one page has no neighbours to compare with."""
    return number in one.numbers and one.gap > ISOLATED and _NUMBER_ALONE.fullmatch(one.text) is not None


def _is_same(one: Margin, other: Margin, distance: int) -> bool:
    if one.is_top != other.is_top or abs(one.middle - other.middle) > NEAR or abs(one.size - other.size) > 0.6:
        return False
    return one.text == other.text or any(number + distance in other.numbers for number in one.numbers)


def _is_alike(one: Margin, other: Margin) -> bool:
    """In the very same place, each by itself: chapter titles that change."""
    is_there = one.is_top == other.is_top and abs(one.middle - other.middle) < EXACTLY
    return is_there and min(one.gap, other.gap) > ISOLATED and abs(one.size - other.size) < 0.1


def _overlap(one: Line, other: Line) -> bool:
    return min(one.y1, other.y1) - max(one.y0, other.y0) > 0


def _margin(line: Line, at: int, height: float, *, is_top: bool, inner: int, gap: float) -> Margin:
    text = " ".join(word.text for word in line.words).casefold()
    ends = (_FIRST_NUMBER.match(text), _LAST_NUMBER.search(text))
    numbers = frozenset(int(found[1]) for found in ends if found)
    plain = _ROMAN.sub("#", _DIGITS.sub("#", text))
    middle = (line.y0 + line.y1) / 2 / max(height, 1.0)
    return Margin(at, is_top, middle, line.look.size, plain, numbers, inner, gap)
