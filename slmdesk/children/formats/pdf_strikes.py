"""Finds the words of a PDF page that are struck out: by lines through them, by crosses over them, or by what covers
them.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import pairwise, takewhile
from math import dist
from typing import NamedTuple, TypeAlias

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from slmdesk.children.formats.pdf_file import PageLetters, Sides, Word
from slmdesk.children.formats.pdf_shapes import THIN, Shape, Texts, address

Point: TypeAlias = tuple[float, float]
MIDDLE = (0.38, 0.7)
"""Shares of a word's height between which a level line strikes it out. Underlines are lower."""
BAND = (0.2, 0.75)
"""The same for a line that is not level, by hand or slanted."""
CROSSED = 0.6
"""Least share of a word's width that a line through it goes over."""
BEYOND = 0.4
"""How far a line that strikes words out goes beyond them, in heights of theirs, without a further look at it."""
FAR_BEYOND = 1.0
"""The same over a part of the words beside."""
MOSTLY = 0.4
"""Least share of a longer line that is over the words it strikes out. A rule of a table has more blank."""
ALONG = 0.4
"""Least share of a line by hand that is in the band of the words it strikes out. A ring around them has less."""
LEVEL = 0.6
"""Most a line rises, in heights of a word, that goes along it. Others cross it."""
INK = 0.35
"""Least share of a slanted line that is over words, which it strikes out with all words around it."""
BY_HAND = 1.15
"""How much longer than the straight way a line may be that is drawn by hand."""
TOUCHES = 2.0
"""Distance in points at which lines meet."""
STEPS = 60
"""Points of a line that are looked at."""
MOST_SLANTED = 100
"""Most slanted lines of a page that may be there for its words. A drawing has more."""
TICKED, EMPTY = "☒", "☐"
EMPTY_BOX = re.compile("[☐□❏❐❑❒○◯◻⬜]")
_PALE = 250


class Stroke(NamedTuple):
    """A level line, or the middle of words that an annotation strikes out."""

    y: float
    x0: float
    x1: float
    is_meant: bool = False
    """Whether it is an annotation, which nobody draws for a table."""


class Strikes(NamedTuple):
    """What may strike out words of a page, as it is shown."""

    strokes: Sequence[Stroke] = ()
    paths: Sequence[Sequence[Point]] = ()
    """Lines with their points, by hand too."""
    uprights: Sequence[tuple[float, float, float]] = ()
    """Vertical lines: where they stand, from where to where they go."""


def strikes_of(shapes: Sequence[Shape], drawn: Iterable[Sequence[Point]], meant: Iterable[Stroke]) -> Strikes:
    """Take the lines out of what a page draws, and add what its annotations draw."""
    strokes = [*meant]
    slanted: list[Sequence[Point]] = []
    uprights: list[tuple[float, float, float]] = []
    for shape in shapes:
        if shape.is_level:
            if is_seen(shape):
                strokes.append(Stroke((shape.y0 + shape.y1) / 2, shape.x0, shape.x1))
        elif shape.is_box:
            uprights += [(x, shape.y0, shape.y1) for x in (shape.x0, shape.x1)]
        elif shape.x1 - shape.x0 < THIN:
            uprights.append((shape.x0, min(shape.y0, shape.y1), max(shape.y0, shape.y1)))
        elif is_seen(shape):
            slanted.append(((shape.x0, shape.y0), (shape.x1, shape.y1)))
    return Strikes(strokes, [*drawn, *(slanted if len(slanted) <= MOST_SLANTED else ())], uprights)


def is_seen(shape: Shape) -> bool:
    """Return whether it is drawn in a colour that paper does not have."""
    red, green, blue, opacity = shape.colour.to_bytes(4, "big")
    return min(red, green, blue) < _PALE and opacity > 255 - _PALE


def strike(words: Sequence[Word], strikes: Strikes) -> None:
    """Mark the words that lines go through."""
    if strikes.strokes:
        _strike_along(words, strikes)
    for points in strikes.paths:
        _strike_across(words, points)


def _strike_along(words: Sequence[Word], strikes: Strikes) -> None:
    ordered = sorted(strikes.strokes)
    through: dict[Stroke, list[Word]] = {}
    rows: dict[tuple[float, float], list[Stroke]] = {}
    for word in words:
        row = word.y0, word.y1
        if row not in rows:
            begin, end = (bisect(ordered, (word.y0 + share * (word.y1 - word.y0),)) for share in MIDDLE)
            rows[row] = ordered[begin : min(end, begin + 20)]
        for stroke in rows[row]:
            if min(word.x1, stroke.x1) - max(word.x0, stroke.x0) > 0:
                through.setdefault(stroke, []).append(word)
    for stroke, touched in through.items():
        struck = [word for word in touched if _shared(word, stroke) > CROSSED * (word.x1 - word.x0)]
        if struck and (stroke.is_meant or _is_strike(stroke, struck, touched, strikes, through)):
            for word in struck:
                word.is_struck = True


def _shared(word: Word, stroke: Stroke) -> float:
    return min(word.x1, stroke.x1) - max(word.x0, stroke.x0)


def _is_strike(
    stroke: Stroke, struck: Sequence[Word], touched: Sequence[Word], strikes: Strikes, through: Container[Stroke]
) -> bool:
    """Return whether a line is there for the words it goes through. The rules and borders of a table meet each other,
    or are as long as others, `through` which no words go.
    """
    height = struck[0].y1 - struck[0].y0
    beyond = max(min(word.x0 for word in struck) - stroke.x0, stroke.x1 - max(word.x1 for word in struck))
    if beyond < BEYOND * height:
        return True
    others = max((_shared(word, stroke) for word in touched if word not in struck), default=0.0)
    is_over = sum(_shared(word, stroke) for word in struck) > MOSTLY * (stroke.x1 - stroke.x0)
    meets = any(
        min(abs(x - stroke.x0), abs(x - stroke.x1)) < TOUCHES and top - TOUCHES < stroke.y < bottom + TOUCHES
        for x, top, bottom in strikes.uprights
    )
    repeats = any(
        max(abs(other.x0 - stroke.x0), abs(other.x1 - stroke.x1)) < TOUCHES < height < abs(other.y - stroke.y)
        for other in strikes.strokes
        if other not in through
    )
    return is_over and not meets and not repeats and others < FAR_BEYOND * height


def _strike_across(words: Sequence[Word], points: Sequence[Point]) -> None:
    """Mark what a line that is not level is drawn for: the words along it, or all those a slanted one goes over."""
    left = min(x for x, __ in points)
    right = max(x for x, __ in points)
    top = min(y for __, y in points)
    bottom = max(y for __, y in points)
    near = [word for word in words if word.x0 < right and word.x1 > left and word.y0 < bottom and word.y1 > top]
    if not near:
        return
    height = sorted(word.y1 - word.y0 for word in near)[len(near) // 2]
    steps = [*_steps(points)]
    if bottom - top < LEVEL * height or not _is_straight(points):
        struck = [word for word in near if _crossed(word, steps) > CROSSED * (word.x1 - word.x0)]
        rows = [(word.x0 - height / 2, word.x1 + height / 2, *_band(word)) for word in struck]
        along = sum(any(x0 < x < x1 and y0 < y < y1 for x0, x1, y0, y1 in rows) for x, y in steps)
        is_meant = along > ALONG * len(steps)
    else:
        margin = height / 2
        struck = [
            word
            for word in near
            if left - margin < word.x0 and word.x1 < right + margin and top - margin < word.y0
            and word.y1 < bottom + margin
        ]  # fmt: skip
        over = sum(any(word.x0 < x < word.x1 and word.y0 < y < word.y1 for word in struck) for x, y in steps)
        is_meant = over > INK * len(steps)
    for word in struck if is_meant else ():
        if EMPTY_BOX.fullmatch(word.text):  # what is crossed there is ticked
            word.text = TICKED
        else:
            word.is_struck = word.text != TICKED


def _is_straight(points: Sequence[Point]) -> bool:
    way = sum(dist(begin, end) for begin, end in pairwise(points))
    return way < BY_HAND * dist(points[0], points[-1])


def _steps(points: Sequence[Point]) -> Iterator[Point]:
    """Yield points on the way along a line, at equal distances."""
    step = max(sum(dist(begin, end) for begin, end in pairwise(points)) / STEPS, 0.01)
    for (x0, y0), (x1, y1) in pairwise(points):
        count = max(1, round(dist((x0, y0), (x1, y1)) / step))
        for at in range(count):
            share = (at + 0.5) / count
            yield x0 + share * (x1 - x0), y0 + share * (y1 - y0)


def _band(word: Word) -> tuple[float, float]:
    top, bottom = (word.y0 + share * (word.y1 - word.y0) for share in BAND)
    return top, bottom


def _crossed(word: Word, steps: Sequence[Point]) -> float:
    """Return from where to where a line goes through the middle of a word, as a length."""
    top, bottom = _band(word)
    inside = [x for x, y in steps if word.x0 <= x <= word.x1 and top < y < bottom]
    return max(inside) - min(inside) if inside else 0.0


LEAST_COVERED = 0.6
"""Least share of a word that must lie under something that covers it."""
CONTRAST = 30
"""Least difference of letters from their ground, of 255."""
MOST_COVERS = 500
"""Most boxes of a page that are looked at for words under them."""


def strike_covered(
    page: pdfium.PdfPage,
    words: Sequence[Word],
    letters: PageLetters,
    shapes: Sequence[Shape],
    texts: Texts,
    notes: Sequence[Sides],
) -> None:
    """Mark the words that nobody sees, since something opaque was put over them: a box of the page, or one of the
    annotations, whose places are `notes`. It is tried whether the page looks the same without them.
    """
    boxes = [shape for shape in shapes if shape.is_box and shape.is_filled and not shape.is_level and shape.is_opaque]
    hidden = _under(boxes[:MOST_COVERS], texts, words, letters) if boxes else []
    under_notes = [word for word in words if notes and any(_is_under(word, sides) for sides in notes[:MOST_COVERS])]
    if under_notes:
        seen_alone = _seen(page, under_notes, letters, draws_annotations=False)
        hidden += [word for word in under_notes if word in seen_alone]
    if not hidden:
        return
    others = [word for word in words if word not in hidden]
    picture = _picture(page, draws_annotations=True)
    seen = _seen(page, hidden, letters, draws_annotations=True)
    for word in hidden:
        word.is_struck |= word not in seen and not picture.has_ink(word, others)


def _is_under(word: Word, sides: Sequence[float]) -> bool:
    x0, y0, x1, y1 = sides
    across, down = min(word.x1, x1) - max(word.x0, x0), min(word.y1, y1) - max(word.y0, y0)
    return across > LEAST_COVERED * (word.x1 - word.x0) and down > LEAST_COVERED * (word.y1 - word.y0)


def _under(boxes: Sequence[Shape], texts: Texts, words: Sequence[Word], letters: PageLetters) -> list[Word]:
    """Return the words in whose place a box was painted later than they were. The first word in a box tells it of all
    that were painted later still: they stand in this order.
    """
    first = texts[0][0] if texts else 0
    boxes = [box for box in boxes if box.number > first]
    rows: dict[float, list[Shape]] = {}
    within: dict[int, list[Word]] = {}
    for word in words if boxes else ():
        top = word.y0
        if top not in rows:
            middle = (top + word.y1) / 2
            rows[top] = [box for box in boxes if box.y0 < middle < box.y1]
        if rows[top]:
            middle = (word.x0 + word.x1) / 2
            for box in rows[top]:
                if box.x0 < middle < box.x1 and word.first >= 0:
                    within.setdefault(box.number, []).append(word)
    if not within:
        return []
    last = max(within)
    before = {address(piece): number for number, piece in takewhile(lambda placed: placed[0] < last, texts)}

    def is_before(word: Word, number: int) -> bool:
        return before.get(address(letters.piece(word.first)), number) < number

    painted = [(number, some) for number, some in within.items() if is_before(some[0], number)]
    sides = {box.number: box[:4] for box in boxes}
    return [
        word for number, some in painted for word in some if _is_under(word, sides[number]) and is_before(word, number)
    ]


def _seen(page: pdfium.PdfPage, words: Sequence[Word], letters: PageLetters, *, draws_annotations: bool) -> set[Word]:
    """Return those of the words without which the page looks different."""
    pieces = [letters.piece(word.first) for word in words if word.first >= 0]
    before = _picture(page, draws_annotations=draws_annotations)
    for piece in pieces:
        pdfium_c.FPDFPageObj_SetIsActive(piece, False)
    after = _picture(page, draws_annotations=draws_annotations)
    for piece in pieces:
        pdfium_c.FPDFPageObj_SetIsActive(piece, True)
    return {word for word in words if before.part(word) != after.part(word)}


class _Picture(NamedTuple):
    """The page in grey, a pixel for each point."""

    grey: bytes
    width: int
    height: int
    stride: int

    def has_ink(self, word: Word, others: Sequence[Word]) -> bool:
        """Return whether something is drawn where a word is that no other word is: pdfium tells of what is drawn twice
        only once.
        """
        letters = b"".join(row[1:-2] for row in self.part(word)[2:-2])
        is_plain = not letters or max(letters) - min(letters) < CONTRAST
        return not is_plain and not any(
            other.x0 < word.x1 and other.x1 > word.x0 and other.y0 < word.y1 and other.y1 > word.y0 for other in others
        )

    def part(self, word: Word) -> list[bytes]:
        left, right = max(0, int(word.x0)), min(self.width, int(word.x1) + 1)
        rows = range(max(0, int(word.y0)), min(self.height, int(word.y1) + 1))
        return [self.grey[y * self.stride + left : y * self.stride + right] for y in rows]


def _picture(page: pdfium.PdfPage, *, draws_annotations: bool) -> _Picture:
    bitmap = page.render(
        scale=1, grayscale=True, force_bitmap_format=pdfium_c.FPDFBitmap_Gray, draw_annots=draws_annotations,
        may_draw_forms=False,
    )  # fmt: skip
    try:
        return _Picture(bytes(bitmap.buffer), bitmap.width, bitmap.height, bitmap.stride)
    finally:
        bitmap.close()
