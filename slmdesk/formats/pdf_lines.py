"""Arranges the words of a page into lines in reading order: columns one after another, table rows with their cells.

The order of the file is kept wherever it makes sense, since programs that write PDF mostly write in reading order.
Where lines stand side by side in one row, with a gap that continues through several rows, they are either columns of
text, which are read one after the other, or a table, which is read row by row.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from slmdesk.formats.pdf_words import Look, Word

GAP = 0.9
"""In letter sizes: the largest distance between the words of a line, justified or not."""
WIDE_GAP = 1.6
"""A gap this wide separates cells even in a table of two rows."""
COLUMN_ROWS = 4
COLUMN_CHARACTERS = 16
"""In the middle of the lines of a column of text; cells of tables are shorter."""
COLUMN_FILLED = 0.55
"""Lines of text fill their column; cells do not."""


@dataclass(slots=True, eq=False)
class Line:
    words: list[Word]
    look: Look
    x0: float
    y0: float
    x1: float
    y1: float
    cells: tuple[list[Word], ...] = ()
    column: int = 0
    """Which column of text it stands in; only differences mean something."""
    is_bold: bool = False
    is_mono: bool = False
    """All of it: code."""

    @property
    def characters(self) -> int:
        return sum(len(word.text) for word in self.words)


@dataclass(slots=True)
class _Row:
    parts: list[Line] = field(default_factory=list)

    def takes(self, part: Line) -> bool:
        if part.look.is_sideways or self.parts[0].look.is_sideways:
            return False
        top, bottom = min(one.y0 for one in self.parts), max(one.y1 for one in self.parts)
        shared = min(bottom, part.y1) - max(top, part.y0)
        if shared < 0.5 * min(bottom - top, part.y1 - part.y0):
            return False
        return all(part.x0 >= one.x1 - 1 or part.x1 <= one.x0 + 1 for one in self.parts)


def lines_of(words: Sequence[Word], look: Callable[[int], Look]) -> list[Line]:
    """The lines of a page in reading order.  `look` says how the character of an index is set."""
    rows: list[_Row] = []
    for part in _parts(words, look):
        if rows and rows[-1].takes(part):
            rows[-1].parts.append(part)
        else:
            rows.append(_Row([part]))
    lines: list[Line] = []
    for band, gutters in _bands(rows):
        lines += _arranged(band, gutters, len(lines))
    return lines


def _parts(words: Sequence[Word], look: Callable[[int], Look]) -> Iterator[Line]:
    held: list[Word] = []
    for word in words:
        if held and (word.line != held[-1].line or _is_apart(held[-1], word)):
            yield _line(held, look)
            held = []
        held.append(word)
    if held:
        yield _line(held, look)


def _is_apart(one: Word, other: Word) -> bool:
    high, low = one.y1 - one.y0, other.y1 - other.y0
    height = high if high < low else low
    if height < 1.0:
        height = 1.0
    if other.x0 - one.x1 > GAP * height or one.x0 - other.x1 > GAP * height:
        return True
    if one.y0 == other.y0:
        return False
    return min(one.y1, other.y1) - max(one.y0, other.y0) < 0.2 * height


def _line(words: list[Word], look: Callable[[int], Look], cells: tuple[list[Word], ...] = ()) -> Line:
    longest = max(words, key=lambda word: len(word.text))
    looks = [look(longest.first)]
    if len(words) > 1 and (looks[0].is_bold or looks[0].is_mono):
        looks += [look(word.first) for word in (words[0], words[len(words) // 2], words[-1])]
    return Line(
        words,
        looks[0],
        min(word.x0 for word in words),
        min(word.y0 for word in words),
        max(word.x1 for word in words),
        max(word.y1 for word in words),
        cells,
        is_bold=all(one.is_bold for one in looks),
        is_mono=all(one.is_mono for one in looks),
    )


Gutters = list[tuple[float, float]]
"""Strips of the page without a letter, from left to right."""


def _bands(rows: Sequence[_Row]) -> Iterator[tuple[list[_Row], Gutters]]:
    held: list[_Row] = []
    gutters: Gutters = []
    for row in rows:
        row.parts.sort(key=lambda part: part.x0)
        gaps = _gaps(row)
        shared = _shared(gutters, gaps) if held and _is_near(held[-1], row) else []
        if not shared and held:
            yield held, gutters
            held = []
        gutters = shared or [gap for gap in gaps if gap[0] > float("-inf") and gap[1] < float("inf")]
        if held or gutters:
            held.append(row)
        else:
            yield [row], []
    if held:
        yield held, gutters


def _is_near(above: _Row, below: _Row) -> bool:
    bottom = max(part.y1 for part in above.parts)
    top = min(part.y0 for part in below.parts)
    height = max(part.y1 - part.y0 for part in (*above.parts, *below.parts))
    return -0.7 * height < top - bottom < 2.2 * height and not below.parts[0].look.is_sideways


def _gaps(row: _Row) -> Gutters:
    edges = [float("-inf")]
    for part in row.parts:
        edges += [part.x0, part.x1]
    edges.append(float("inf"))
    return [(edges[at], edges[at + 1]) for at in range(0, len(edges), 2) if edges[at + 1] > edges[at]]


def _shared(gutters: Gutters, gaps: Gutters) -> Gutters:
    found = []
    for left, right in gutters:
        for begin, end in gaps:
            low, high = max(left, begin), min(right, end)
            if high - low > 3:
                found.append((low, high))
    return found


def _arranged(band: list[_Row], gutters: Gutters, begun: int) -> list[Line]:
    many = [row for row in band if len(row.parts) > 1]
    if not gutters or not many or all(part.is_mono for row in band for part in row.parts):
        return [_whole(row) for row in band]
    width = statistics.median(part.y1 - part.y0 for row in many for part in row.parts)
    if len(many) < 3 and not any(right - left > WIDE_GAP * width for left, right in gutters):
        return [_whole(row) for row in band]
    grid = [_cells(row, gutters) for row in band]
    if len(many) >= COLUMN_ROWS and _are_columns(grid):
        columns = [[row[at] for row in grid if row[at]] for at in range(len(gutters) + 1)]
        if _runs_left(part.words for row in band for part in row.parts):
            columns.reverse()
        return [
            _joined(parts, column=begun + number + 1) for number, column in enumerate(columns) for parts in column
        ]  # fmt: skip
    if len(many) == 1 and len(many[0].parts) < 3:
        return [_whole(row) for row in band]
    return [_table_row(cells) for cells in grid]


def _cells(row: _Row, gutters: Gutters) -> list[list[Line]]:
    cells: list[list[Line]] = [[] for _ in range(len(gutters) + 1)]
    for part in row.parts:
        middle = (part.x0 + part.x1) / 2
        cells[sum(middle > (left + right) / 2 for left, right in gutters)].append(part)
    return cells


def _are_columns(grid: Sequence[Sequence[Sequence[Line]]]) -> bool:
    for at in range(len(grid[0])):
        cells = [row[at] for row in grid if row[at]]
        if len(cells) < COLUMN_ROWS:
            return False
        left = min(part.x0 for cell in cells for part in cell)
        right = max(part.x1 for cell in cells for part in cell)
        characters = statistics.median(sum(part.characters for part in cell) for cell in cells)
        filled = statistics.median((cell[-1].x1 - cell[0].x0) / max(1.0, right - left) for cell in cells)
        if characters < COLUMN_CHARACTERS or filled < COLUMN_FILLED:
            return False
    return True


def _whole(row: _Row) -> Line:
    if len(row.parts) == 1:
        return row.parts[0]
    parts = sorted(row.parts, key=lambda part: part.words[0].first)
    return _joined(parts, column=0)


def _joined(parts: Sequence[Line], *, column: int) -> Line:
    first = parts[0]
    line = Line(
        [word for part in parts for word in part.words],
        max(parts, key=lambda part: part.characters).look,
        min(part.x0 for part in parts),
        min(part.y0 for part in parts),
        max(part.x1 for part in parts),
        max(part.y1 for part in parts),
        column=column,
        is_bold=all(part.is_bold for part in parts),
        is_mono=all(part.is_mono for part in parts),
    )
    line.column = column or first.column
    return line


def _table_row(cells: Sequence[Sequence[Line]]) -> Line:
    parts = [part for cell in cells for part in cell]
    line = _joined(parts, column=0)
    if len(cells) > 1:
        line.cells = tuple([word for part in cell for word in part.words] for cell in cells)
        if _runs_left(part.words for part in parts):
            line.cells = line.cells[::-1]
        line.words = [word for cell in line.cells for word in cell]
    return line


def _runs_left(many: Iterator[list[Word]] | Sequence[list[Word]]) -> bool:
    """Whether these words are mostly of a script that is written from right to left."""
    left = right = 0
    for words in many:
        for word in words:
            letter = word.text[0]
            if "\u0590" <= letter <= "\u08ff" or "\ufb1d" <= letter <= "\ufefc":
                left += 1
            elif letter.isalpha():
                right += 1
    return left > right
