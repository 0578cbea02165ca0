"""Puts the words of a PDF page that stand in a ruled table into its rows and cells."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol

from slmdesk.children.formats.pdf_cells import FREE, LAYOUT_LINES, Cell, Part, Table, lines_of, middle_of, rows_of
from slmdesk.children.formats.pdf_file import Look, Sides, Word
from slmdesk.children.formats.pdf_grid import COVERED, OPEN, Grid, Rule, grids_of
from slmdesk.children.formats.pdf_ladders import ladders_of
from slmdesk.children.formats.pdf_shapes import address

LEAST_ROWS = 2
SURE_ROWS = 4
"""Fewest rows a cell takes from which it is parted if a line stands in each of them."""
APART = 0.6
"""Least gap in letter heights between words of two cells without a line between them."""
JUMP = 1.0
"""Distance in points between two letters of a word from which they were drawn apart."""
SPACE = 0.45
"""Widest space between words of one text, in letter heights."""
PADDING = 1.2
"""Farthest from the side of its cell, in letter heights, where a text begins that is too long for it."""
MOST_CROSSED = 0.04
"""Most words, of all, that lines go through, but for texts too long for their cells. In a drawing they are more."""
MOST_UNEVEN = 0.4
"""Largest share of a table that is in cells that are no rectangles. Around drawn boxes it is more."""
LEAST_FILLED = 0.25
_SIGNS = re.compile(r"[^\w\s.,…–—-]")
"""Matches signs. The points of a chart are more than its letters and digits."""


class Letters(Protocol):
    """The characters of a page by their index."""

    def box(self, index: int) -> Sides: ...

    def look(self, index: int) -> Look: ...

    def piece(self, index: int) -> Any:
        """Return pdfium's object of the page that draws a character; those drawn in one go have it in common."""
        ...


def tables_of(
    words: Sequence[Word], levels: Sequence[Rule], uprights: Sequence[Rule], letters: Letters
) -> tuple[Sequence[Word], dict[Word, Table]]:
    """Return the words, those parted in which the texts of two cells meet, and the table of each word in one."""
    grids = grids_of(levels, uprights)
    placed, tables = _in_grids(words, grids, letters) if grids else (words, {})
    if len(levels) > 2:
        for table in ladders_of([word for word in placed if word not in tables], levels, letters.look):
            tables |= {word: table for row in table.rows for cell in row for word in cell}
    return placed, tables


def _in_grids(
    words: Sequence[Word], grids: Sequence[Grid], letters: Letters
) -> tuple[Sequence[Word], dict[Word, Table]]:
    fillings = [_Filling(grid, letters) for grid in grids]
    last: _Filling | None = None
    for word in words:
        filling = _at(fillings, *middle_of(word))
        if last is not None and filling is not last and last.goes_on(word):
            filling = last
        if filling is not None:
            filling.words.append(word)
        last = filling
    parts: dict[Word, list[Word]] = {}
    tables: dict[Word, Table] = {}
    for filling in fillings:
        found = filling.table()
        if found is not None:
            table, parted = found
            parts |= parted
            tables |= {word: table for row in table.rows for cell in row for word in cell}
    return [part for word in words for part in parts.get(word, (word,))], tables


def _at(fillings: Sequence[_Filling], x: float, y: float) -> _Filling | None:
    for filling in fillings:
        if filling.grid.holds(x, y):
            return filling
    return None


class _Filling:
    """Puts words into the cells of a table. A text that is drawn in one go and too long for its cell stays in it,
    unless this file draws several cells in one go.
    """

    def __init__(self, grid: Grid, letters: Letters) -> None:
        self.grid = grid
        self.words: list[Word] = []
        self._letters = letters

    def goes_on(self, word: Word) -> bool:
        return bool(self.words) and self._is_one_text(self.words[-1], word)

    @cached_property
    def _draws_cells_together(self) -> bool:
        """Whether words of two cells were drawn in one go and far apart, more than once."""
        cells = [self.grid.cell_at(*middle_of(word)) for word in self.words]
        places = zip(pairwise(self.words), pairwise(cells), strict=True)
        return sum(own != other and _gap(*pair) > SPACE and self._in_one_go(*pair) for pair, (own, other) in places) > 1

    def _is_one_text(self, word: Word, after: Word) -> bool:
        return _gap(word, after) < SPACE and self._in_one_go(word, after)

    def _in_one_go(self, word: Word, after: Word) -> bool:
        """Return whether two words on a line were drawn in one go."""
        if word.line != after.line or word.first < 0 or after.first < 0 or after.x0 < word.x1:
            return False
        end = word.indices[-1] if word.indices else word.first + len(word.text) - 1
        return address(self._letters.piece(end)) == address(self._letters.piece(after.first))

    def cells(self) -> tuple[dict[tuple[int, int], list[Word]], dict[Word, list[Word]], int]:
        """Return the words of each cell, the parts of each word in which cells meet, and how many words lines cross."""
        cells: dict[tuple[int, int], list[Word]] = {}
        parted: dict[Word, list[Word]] = {}
        crossed, begin, owner = 0, 0.0, (-1, -1)
        last: Word | None = None
        for word in self.words:
            sides = self.grid.sides_between(word.x0 + 1, word.x1 - 1, middle_of(word)[1])
            own = self.grid.cell_at(*middle_of(word))
            is_over = last is not None and own != owner and self._is_one_text(last, word)
            is_over = is_over and not self._draws_cells_together
            if is_over and not sides:
                sides = [word.x0]  # the text of the cell it is over may meet it
            parts = self._parted(word, sides) if sides else [word]
            if len(parts) > 1:
                parted[word] = parts
            for part in parts:
                cell = own if part is word else self.grid.cell_at(*middle_of(part))
                if not (is_over and part is parts[0]) and cell != owner:
                    owner, begin = cell, part.x0
                cells.setdefault(owner, []).append(part)
                last = part
            height = word.y1 - word.y0
            crossed += bool(sides) and len(parts) == 1 and begin - self.grid.xs[owner[1]] > PADDING * height
        return cells, parted, crossed

    def _parted(self, word: Word, sides: Sequence[float]) -> list[Word]:
        """Part a word in which the texts of two cells meet, where they do: they were not drawn in one go."""
        if word.first < 0 or word.field is not None or len(word.text) < 2:
            return [word]
        indices = word.indices or tuple(range(word.first, word.first + len(word.text)))
        boxes = [self._letters.box(index) for index in indices]
        if self._draws_cells_together:
            cuts = {_cut(boxes, side) for side in sides} - {0, len(boxes)}
        else:
            pieces = [address(self._letters.piece(index)) for index in indices]
            jumps = [
                at
                for at in range(1, len(boxes))
                if pieces[at] != pieces[at - 1] or abs(boxes[at][0] - boxes[at - 1][2]) > JUMP
            ]
            cuts = {min(jumps, key=lambda at: abs(boxes[at][0] - side)) for side in sides if jumps}
        if not cuts:
            return [word]
        parts = []
        for begin, end in pairwise((0, *sorted(cuts), len(boxes))):
            x0, y0, x1, y1 = zip(*boxes[begin:end], strict=True)
            own = word.indices[begin:end] if word.indices else None
            part = Word(word.text[begin:end], indices[begin], own, word.line, min(x0), min(y0), max(x1), max(y1))
            part.is_struck = word.is_struck
            parts.append(part)
        parts[-1].hyphen = word.hyphen
        return parts

    def table(self) -> tuple[Table, dict[Word, list[Word]]] | None:
        """Return the table and the parts of words in it, or None if it is a drawing, or a frame around text."""
        if self.grid.share_uneven() > MOST_UNEVEN:
            return None
        cells, parted, crossed = self.cells()
        text = "".join(word.text for word in self.words)
        if crossed > 1 + MOST_CROSSED * len(self.words) or len(_SIGNS.findall(text)) > len(text) / 2:
            return None
        rows = _rows(self.grid, cells)
        filled = [[cell for cell in row if cell] for row in rows]
        many = [row for row in filled if len(row) > 1]
        if len(many) < LEAST_ROWS or sum(map(len, filled)) < LEAST_FILLED * sum(map(len, rows)):
            return None
        if statistics.median(len(cell) for row in many for cell in row) >= LAYOUT_LINES:
            return None
        return Table.of(rows), parted


def _gap(word: Word, after: Word) -> float:
    """Return the gap between words in letter heights."""
    return (after.x0 - word.x1) / (after.y1 - after.y0 or 1.0)


def _cut(boxes: Sequence[Sides], side: float) -> int:
    """Return before which letter a line goes through: a letter further where they jump, else in the middle."""
    at = sum(x0 + x1 < 2 * side for x0, __, x1, __ in boxes)
    near = [place for place in (at, at - 1, at + 1) if 0 < place < len(boxes)]
    widest = max(near, key=lambda place: abs(boxes[place][0] - boxes[place - 1][2]), default=at)
    return widest if near and abs(boxes[widest][0] - boxes[widest - 1][2]) > JUMP else at


def _rows(grid: Grid, held: Mapping[tuple[int, int], Sequence[Word]]) -> list[list[Cell]]:
    cells: dict[tuple[int, int], Part] = {}
    for owner, inside in held.items():
        for part in _parts_of(grid, owner, inside):
            if part.rows == 1 or not part.is_figure():
                cells[part.row, part.column] = part
    _straighten(grid, cells)
    columns = sorted({column for __, column in cells})
    rows: list[list[Cell]] = []
    for row in sorted({row for row, __ in cells}):
        parts = [cells.get((row, column)) for column in columns]
        only = [part for part in parts if part is not None]
        if len(only) == 1 and only[0].width > COVERED * (grid.xs[-1] - grid.xs[0]):
            rows.append([only[0].lines])
        else:
            rows += rows_of(parts)
    return rows


def _straighten(grid: Grid, cells: dict[tuple[int, int], Part]) -> None:
    """Put columns together that begin beside each other, by a box drawn in a cell, and never hold words both."""
    columns = sorted({column for __, column in cells})
    for left, right in pairwise(columns):
        rows = [{row for row, column in cells if column == each} for each in (left, right)]
        if grid.xs[right] - grid.xs[left] < OPEN and not rows[0] & rows[1]:
            for row in rows[0]:
                cells[row, right] = cells.pop((row, left))


def _parts_of(grid: Grid, owner: tuple[int, int], words: Sequence[Word]) -> Iterator[Part]:
    """Yield the cell. One that takes several rows or columns and whose words keep to them is parted there."""
    __, bottom, __, right = grid.spans[owner]
    row, column = owner
    ends = [at for at in range(column + 1, right) if _keeps_apart(words, grid.xs[at])]
    for begin, end in pairwise((column, *ends, right)):
        x0, x1 = grid.xs[begin], grid.xs[end]
        own = [word for word in words if x0 <= middle_of(word)[0] < x1] if ends else words
        part = Part(row, begin, x1 - x0, lines_of(own), bottom - row)
        rows = [grid.row_at(middle_of(line[0])[1]) for line in part.lines] if part.rows > 1 else []
        is_one_each = len(set(rows)) == len(rows) > 1 and 2 * len(rows) >= bottom - row
        is_full = len(rows) == bottom - row >= SURE_ROWS
        if is_one_each and (is_full or part.share_free() >= FREE):
            for at, line in zip(rows, part.lines, strict=True):
                yield Part(at, begin, x1 - x0, [line])
        elif part.lines:
            yield part


def _keeps_apart(words: Sequence[Word], x: float) -> bool:
    """Return whether words stand on both sides of a line that is not drawn here, and none near it."""
    height = words[0].y1 - words[0].y0
    left = [word for word in words if middle_of(word)[0] < x]
    if not left or len(left) == len(words) or any(word.x0 < x - 1 and word.x1 > x + 1 for word in words):
        return False
    for line in lines_of(words):
        before, after = ([word for word in line if (middle_of(word)[0] < x) is side] for side in (True, False))
        if before and after and min(word.x0 for word in after) - max(word.x1 for word in before) < APART * height:
            return False
    return True
