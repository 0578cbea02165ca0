"""Finds the rows among the lines of text that stand in cells beside each other in a table of a PDF page."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from slmdesk.children.formats.pdf_file import Word

LEAST_LINES = 3
"""Fewest lines of cells that may be rows which no line parts."""
FREE = 0.7
"""Share of the ends of lines with room for the next word from which they are ends of rows."""
FULL = 0.7
"""Least share of the cells that have as many lines, or several at all, for the lines to be rows."""
EVEN_ROWS = 6
"""Fewest lines of neighbouring cells that are rows if all cells have as many. The head of a table has fewer."""
LONG_LINE = 16
"""Letters of a line of text. Lines of cells in rows are shorter."""
LAYOUT_LINES = 14
"""Lines of a cell from which it holds text as on a page. If half of the cells do, there is no table."""
FAR = 3.0
"""Gap in letter heights between words on a line that is no cell's."""

Cell = list[list[Word]]
"""Lines of words."""


@dataclass(slots=True, eq=False)
class Table:
    rows: list[list[list[Word]]]
    """Words of each cell of each row, in the order in which they are read."""

    @classmethod
    def of(cls, rows: Sequence[Sequence[Cell]]) -> Table:
        return cls([[[word for line in cell for word in line] for cell in row] for row in rows])


@dataclass(slots=True)
class Part:
    """A cell, or what of it stands in one of the rows and columns it takes."""

    row: int
    column: int
    width: float
    lines: Cell
    rows: int = 1

    def is_figure(self) -> bool:
        """Return whether words stand far apart on its lines, as around a drawing, or it is a text of its own."""
        gaps = [
            (after.x0 - word.x1) / (word.y1 - word.y0 or 1.0) for line in self.lines for word, after in pairwise(line)
        ]
        return len(self.lines) >= LAYOUT_LINES or (len(self.lines) > 1 and max(gaps, default=0.0) > FAR)

    def share_free(self) -> float:
        """Return at how many ends of lines the next word had room, of 1."""
        free = [_is_free(above, below, self.width) for above, below in pairwise(self.lines)]
        return sum(free) / len(free) if free else 1.0


def lines_of(words: Sequence[Word]) -> Cell:
    """Arrange the words of a cell in lines. Words on their side stay as they are."""
    if len(words) < 2 or _is_sideways(words):
        return [list(words)] if words else []
    lines: Cell = []
    for word in words:
        own = next((line for line in reversed(lines) if is_beside(line[0], word)), None)
        if own is None:
            lines.append([word])
        else:
            own.append(word)
    return sorted(lines, key=lambda line: line[0].y0 + line[0].y1)


def _is_sideways(words: Sequence[Word]) -> bool:
    longest = max(words, key=lambda word: len(word.text))
    return len(longest.text) > 2 and longest.y1 - longest.y0 > 1.5 * (longest.x1 - longest.x0)


def is_beside(word: Word, other: Word) -> bool:
    shared = min(word.y1, other.y1) - max(word.y0, other.y0)
    return shared > 0.5 * min(word.y1 - word.y0, other.y1 - other.y0)


def middle_of(word: Word) -> tuple[float, float]:
    return (word.x0 + word.x1) / 2, (word.y0 + word.y1) / 2


def rows_of(parts: Sequence[Part | None]) -> Iterator[list[Cell]]:
    """Yield the rows that stand between two level lines: each line is one where its cells end before the next word
    would not fit in, or where all cells have the same many short lines.
    """
    cells = [part.lines if part is not None else [] for part in parts]
    many = [part for part in parts if part is not None and len(part.lines) >= LEAST_LINES]
    if len(many) < 2 and sum(map(len, cells)) < EVEN_ROWS:
        yield cells
        return
    levels = _levels(cells)
    is_free = len(many) > 1 and statistics.median(part.share_free() for part in many) >= FREE
    full = [cell for cell in cells if len(cell) > FULL * len(levels)]
    lengths = [sum(len(word.text) for word in line) for cell in full for line in cell]
    is_even = len(levels) >= EVEN_ROWS and len(full) > 1 and statistics.median(lengths) < LONG_LINE
    count = sum(map(bool, cells))
    several = sum(len(cell) > 1 for cell in cells)
    is_free = is_free and several >= FULL * count and 2 * sum(map(len, cells)) >= count * len(levels)
    if is_free or (is_even and len(full) >= FULL * count):
        for number, level in enumerate(levels):
            below = levels[number + 1] if number + 1 < len(levels) else float("inf")
            yield [[line for line in cell if level <= middle_of(line[0])[1] < below] for cell in cells]
    else:
        yield cells


def _levels(cells: Sequence[Cell]) -> list[float]:
    """Return the middle of each line of cells beside each other, those at nearly the same height as one."""
    levels: list[float] = []
    for middle, height in sorted((middle_of(line[0])[1], line[0].y1 - line[0].y0) for cell in cells for line in cell):
        if not levels or middle - levels[-1] > 0.5 * height:
            levels.append(middle)
    return levels


def _is_free(above: Sequence[Word], below: Sequence[Word], width: float) -> bool:
    """Return whether the first word of the next line had room in this one, it ends in dots, or both are figures."""
    if "".join(word.text for word in above).endswith("...") or not any(_is_told(line) for line in (above, below)):
        return True
    height = above[0].y1 - above[0].y0
    used = max(word.x1 for word in above) - min(word.x0 for word in above)
    return used + 0.3 * height + below[0].x1 - below[0].x0 < width - height


def _is_told(line: Sequence[Word]) -> bool:
    """Return whether a line holds more letters than a sign or a mark beside figures."""
    return sum(letter.isalpha() for word in line for letter in word.text) > 1
