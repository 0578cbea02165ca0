"""Puts the words of a PDF page that stand in a ruled table into its rows and cells."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from slmdesk.formats.pdf_file import Sides, Word
from slmdesk.formats.pdf_grid import COVERED, Grid

LEAST_ROWS = 2
LEAST_LINES = 3
"""Fewest lines of cells that may be rows which no line parts."""
SURE_ROWS = 4
"""Fewest rows a cell takes from which it is parted if a line stands in each of them."""
FREE = 0.7
"""Share of the ends of lines with room for the next word from which they are ends of rows."""
APART = 0.6
"""Least gap in letter heights between words of two cells without a line between them."""
LAYOUT_LINES = 14
"""Median lines of a cell from which a frame holds text, and is no table."""

Cell = list[list[Word]]
"""Lines of words."""


@dataclass(slots=True, eq=False)
class Table:
    rows: list[list[list[Word]]] = field(default_factory=list)
    """Words of each cell of each row, in the order in which they are read."""


def tables_of(
    words: Sequence[Word], grids: Sequence[Grid], box: Callable[[int], Sides]
) -> tuple[list[Word], dict[Word, Table]]:
    """Return the words, those parted through which a line of a table goes, and the table of each word in one. `box`
    tells the place of the character at an index.
    """
    if not grids:
        return list(words), {}
    whole: list[Word] = []
    held: dict[int, list[Word]] = {}
    for word in words:
        at = _grid_at(grids, word)
        parts = [word] if at is None else _parted(word, grids[at], box)
        whole += parts
        if at is not None:
            held.setdefault(at, []).extend(parts)
    tables: dict[Word, Table] = {}
    for at, inside in held.items():
        rows = _rows(grids[at], inside)
        if _is_table(rows):
            table = Table([[[word for line in cell for word in line] for cell in row] for row in rows])
            tables |= dict.fromkeys(inside, table)
    return whole, tables


def _grid_at(grids: Sequence[Grid], word: Word) -> int | None:
    x, y = (word.x0 + word.x1) / 2, (word.y0 + word.y1) / 2
    return next((at for at, grid in enumerate(grids) if grid.holds(x, y)), None)


def _parted(word: Word, grid: Grid, box: Callable[[int], Sides]) -> list[Word]:
    """Part a word where a line of the table goes through it: the texts of two cells met."""
    sides = grid.sides_between(word.x0 + 1, word.x1 - 1, (word.y0 + word.y1) / 2)
    if not sides or word.first < 0 or word.field is not None or len(word.text) < 2:
        return [word]
    indices = word.indices or tuple(range(word.first, word.first + len(word.text)))
    boxes = [box(index) for index in indices]
    cuts = sorted({_cut(boxes, side) for side in sides} - {0, len(boxes)})
    parts = []
    for begin, end in pairwise((0, *cuts, len(boxes))):
        around = boxes[begin:end]
        sides_of_part = (
            min(each[0] for each in around),
            min(each[1] for each in around),
            max(each[2] for each in around),
            max(each[3] for each in around),
        )
        own = word.indices[begin:end] if word.indices else None
        part = Word(word.text[begin:end], indices[begin], own, word.line, *sides_of_part)
        part.is_struck = word.is_struck
        parts.append(part)
    parts[-1].hyphen = word.hyphen
    return parts


def _cut(boxes: Sequence[Sides], side: float) -> int:
    """Return before which letter the word is cut: where its letters do not go on in one line, else at the side."""
    at = sum((x0 + x1) / 2 < side for x0, __, x1, __ in boxes)
    near = [place for place in (at - 1, at, at + 1) if 0 < place < len(boxes)]
    jumps = {place: abs(boxes[place][0] - boxes[place - 1][2]) for place in near}
    widest = max(near, key=lambda place: jumps[place], default=at)
    return widest if jumps and jumps[widest] > 1 else at


def _rows(grid: Grid, words: Sequence[Word]) -> list[list[Cell]]:
    held: dict[tuple[int, int], list[Word]] = {}
    for word in words:
        held.setdefault(grid.cell_at((word.x0 + word.x1) / 2, (word.y0 + word.y1) / 2), []).append(word)
    cells: dict[tuple[int, int], _Part] = {}
    for owner, inside in held.items():
        for part in _parts_of(grid, owner, inside):
            cells[part.row, part.column] = part
    columns = sorted({column for __, column in cells})
    rows: list[list[Cell]] = []
    for row in sorted({row for row, __ in cells}):
        parts = [cells.get((row, column)) for column in columns]
        only = [part for part in parts if part is not None]
        if len(only) == 1 and only[0].width > COVERED * (grid.xs[-1] - grid.xs[0]):
            rows.append([only[0].lines])
        else:
            rows += _split(parts)
    return rows


def _parts_of(grid: Grid, owner: tuple[int, int], words: Sequence[Word]) -> Iterator[_Part]:
    """Yield the cell. One that takes several rows or columns and whose words keep to them is parted there."""
    __, bottom, __, right = grid.span_of(owner)
    row, column = owner
    ends = [at for at in range(column + 1, right) if _keeps_apart(words, grid.xs[at])]
    for begin, end in pairwise((column, *ends, right)):
        x0, x1 = grid.xs[begin], grid.xs[end]
        own = [word for word in words if x0 <= (word.x0 + word.x1) / 2 < x1] if ends else words
        part = _Part(row, begin, x1 - x0, lines_of(own))
        rows = [grid.row_at((line[0].y0 + line[0].y1) / 2) for line in part.lines]
        is_one_each = len(set(rows)) == len(rows) > 1 and 2 * len(rows) >= bottom - row
        is_full = len(rows) == bottom - row >= SURE_ROWS
        if bottom > row + 1 and is_one_each and (is_full or part.share_free() >= FREE):
            for at, line in zip(rows, part.lines, strict=True):
                yield _Part(at, begin, x1 - x0, [line])
        elif part.lines:
            yield part


def _keeps_apart(words: Sequence[Word], x: float) -> bool:
    """Return whether words stand on both sides of a line that is not drawn here, and none near it."""
    height = words[0].y1 - words[0].y0
    left = [word for word in words if (word.x0 + word.x1) / 2 < x]
    if not left or len(left) == len(words) or any(word.x0 < x - 1 and word.x1 > x + 1 for word in words):
        return False
    return all(
        other.x0 - word.x1 > APART * height
        for word in left
        for other in words
        if (other.x0 + other.x1) / 2 >= x and other.x0 - word.x1 < 2 * height and _is_beside(word, other)
    )


@dataclass(slots=True)
class _Part:
    """A cell, or what of it stands in one of the rows and columns it takes."""

    row: int
    column: int
    width: float
    lines: Cell

    def share_free(self) -> float:
        """Return at how many ends of lines the next word had room, of 1."""
        free = [_is_free(above, below, self.width) for above, below in pairwise(self.lines)]
        return sum(free) / len(free) if free else 1.0


def lines_of(words: Sequence[Word]) -> Cell:
    """Arrange the words of a cell in lines. Words on their side stay as they are."""
    if not words or _is_sideways(words):
        return [list(words)] if words else []
    lines: Cell = []
    for word in words:
        own = next((line for line in reversed(lines) if _is_beside(line[0], word)), None)
        if own is None:
            lines.append([word])
        else:
            own.append(word)
    return sorted(lines, key=lambda line: line[0].y0 + line[0].y1)


def _is_sideways(words: Sequence[Word]) -> bool:
    longest = max(words, key=lambda word: len(word.text))
    return len(longest.text) > 2 and longest.y1 - longest.y0 > 1.5 * (longest.x1 - longest.x0)


def _is_beside(word: Word, other: Word) -> bool:
    shared = min(word.y1, other.y1) - max(word.y0, other.y0)
    return shared > 0.5 * min(word.y1 - word.y0, other.y1 - other.y0)


def _split(parts: Sequence[_Part | None]) -> Iterator[list[Cell]]:
    """Yield the rows that stand between two level lines: each line is one where its cells end before the next word
    would not fit in.
    """
    cells = [part.lines if part is not None else [] for part in parts]
    many = [part for part in parts if part is not None and len(part.lines) >= LEAST_LINES]
    if len(many) < 2 or statistics.median(part.share_free() for part in many) < FREE:
        yield cells
        return
    heights = sorted(((line[0].y0 + line[0].y1) / 2, line[0].y1 - line[0].y0) for cell in cells for line in cell)
    levels: list[float] = []
    for middle, height in heights:
        if not levels or middle - levels[-1] > 0.5 * height:
            levels.append(middle)
    if statistics.median(len(cell) for cell in cells if cell) < 0.5 * len(levels):
        yield cells
        return
    for number, level in enumerate(levels):
        below = levels[number + 1] if number + 1 < len(levels) else float("inf")
        yield [[line for line in cell if level <= (line[0].y0 + line[0].y1) / 2 < below] for cell in cells]


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


def _is_table(rows: Sequence[Sequence[Cell]]) -> bool:
    filled = [[cell for cell in row if cell] for row in rows]
    many = [row for row in filled if len(row) > 1]
    if len(many) < LEAST_ROWS:
        return False
    return statistics.median(len(cell) for row in many for cell in row) < LAYOUT_LINES
