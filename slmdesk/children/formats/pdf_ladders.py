"""Reads tables of a PDF page that are ruled or shaded by rows alone: their columns are where no words stand."""

from __future__ import annotations

import statistics
from bisect import bisect, bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from slmdesk.children.formats.pdf_cells import LONG_LINE, Cell, Table, lines_of, middle_of
from slmdesk.children.formats.pdf_file import RIGHT_TO_LEFT, Look, Word
from slmdesk.children.formats.pdf_grid import Rule

LEAST_WIDTH = 80.0
"""Points from which a line may belong to a table. Lines for a signature and under words are shorter."""
ALIKE = 6.0
"""Points by which the ends of a table's lines differ at most."""
WIDE = 0.9
"""Least gap in letter heights that shows that a line of text has cells."""
GUTTER = 0.4
"""Least width in letter heights of what is free between two columns."""
NEXT = 1.3
"""Largest distance, in letter heights, of a row outside of the outermost lines."""
NEARBY = 40.0
"""Points from the outermost lines within which such a row is looked for."""
FILLED = 0.7
"""Least share of a column's width that lines of running text fill."""
LEAST_ROWS = 3
ROW_LINES = 6
"""Most lines of a row with a long cell."""
ASKED = 20
"""Words of a table that are asked for their font."""
STRAY = 20
"""Of so many rows one may reach into the gap between two columns, or be a text over several."""
SURE = 0.8
"""Least share of strips that are one row each, for each line to part rows."""
SAME = 0.75
"""Least share of the columns that neighbouring strips of a table have in common."""

Line = list[Word]


class _Row(NamedTuple):
    """A line of text, laid out in the columns of a table."""

    line: Line
    is_across: bool
    """Whether words of it reach into the gap between two columns."""
    cells: list[Line]

    @property
    def filled(self) -> int:
        return sum(map(bool, self.cells))


def ladders_of(words: Sequence[Word], levels: Sequence[Rule], look: Callable[[int], Look]) -> Iterator[Table]:
    """Yield the tables; a word is in one of them at most. `look` returns the font of a character."""
    left_over = list(words)
    for group in sorted(_alike(levels), key=lambda group: group[-1].at - group[0].at):
        left, right = group[0].begin, group[0].end
        inside = _inside(left_over, left - ALIKE, right + ALIKE)
        heights = [level.at for level in group]
        held: list[list[Word]] = [[] for __ in range(len(group) + 1)]
        for word in inside:
            held[bisect(heights, middle_of(word)[1])].append(word)
        if sum(map(bool, held[1:-1])) < 2:
            continue
        strips = [_ordered(lines_of(each)) for each in held[1:-1]]
        around = held[0] + held[-1]
        full = [(number, strip) for number, strip in enumerate(strips) if strip]
        for chain in _chains(full):
            if len(chain) < 2:
                continue
            top, bottom = group[chain[0][0]].at, group[chain[-1][0] + 1].at
            table = _table([strip for __, strip in chain], left, right, _outside(around, top, bottom))
            if table is not None and not _is_code(table, look) and not _goes_beyond(table, left_over):
                yield table
                taken = {word for row in table.rows for cell in row for word in cell}
                left_over = [word for word in left_over if word not in taken]


def _goes_beyond(table: Table, words: Sequence[Word]) -> bool:
    """Return whether half of the rows go on beside the lines that are drawn: these are a part of the table only."""
    rows = [{word.line for cell in row for word in cell} for row in table.rows]
    inside = {word for row in table.rows for cell in row for word in cell}
    numbers = set().union(*rows)
    beyond = {word.line for word in words if word.line in numbers and word not in inside}
    return 2 * sum(not row.isdisjoint(beyond) for row in rows) > len(rows)


def _is_code(table: Table, look: Callable[[int], Look]) -> bool:
    """Return whether it is a listing in a frame, or text from right to left, whose order is another."""
    words = [word for row in table.rows for cell in row for word in cell]
    asked = [word for word in words[:: max(1, len(words) // ASKED)] if word.first >= 0]
    mono = sum(look(word.first).is_mono for word in asked)
    return 2 * mono > len(asked) or any(RIGHT_TO_LEFT.search(word.text) for word in words)


def _inside(words: Sequence[Word], left: float, right: float) -> list[Word]:
    """Return the words between the ends of lines, and those with which a text goes on beyond them."""
    inside: list[Word] = []
    for word in words:
        goes_on = inside and inside[-1].line == word.line and 0 < _gap(inside[-1], word) < GUTTER
        if goes_on or left < middle_of(word)[0] < right:
            inside.append(word)
    return inside


Strips = list[tuple[int, list[Line]]]
"""What stands between neighbouring lines, with the number of the upper one."""


def _chains(strips: Strips) -> Iterator[Strips]:
    """Yield the strips below each other that have the same columns. The first one may be the head of a table."""
    chain: Strips = []
    rows: list[Line] = []
    columns = 0
    for number, strip in strips:
        own = _with_cells(strip)
        has_cells = _has_cells(strip, own)
        shared = len(_gutters([*rows, *own])) if chain and has_cells else 0
        is_alike = has_cells and (not rows or shared >= SAME * max(columns, len(_gutters(own))))
        if chain and not is_alike:
            yield chain
            chain, rows = [], []
        elif chain:
            rows, columns = [*rows, *own], shared
        if has_cells:
            chain.append((number, strip))
    if chain:
        yield chain


def _alike(levels: Sequence[Rule]) -> list[list[Rule]]:
    """Return the lines that begin and end below each other, from the top down, as many as part two rows."""
    groups: list[list[Rule]] = []
    for level in levels:
        if level.end - level.begin < LEAST_WIDTH:
            continue
        for group in groups:
            if abs(group[0].begin - level.begin) < ALIKE and abs(group[0].end - level.end) < ALIKE:
                group.append(level)
                break
        else:
            groups.append([level])
    return [group for group in groups if len(group) > 2]


def _ordered(lines: Cell) -> list[Line]:
    return [sorted(line, key=lambda word: word.x0) for line in lines]


def _outside(words: Sequence[Word], top: float, bottom: float) -> tuple[list[Line], list[Line]]:
    """Return the lines next to the outermost lines of a table, above and below it."""
    near = [word for word in words if top - NEARBY < word.y1 < top + NEARBY or abs(word.y0 - bottom) < NEARBY]
    lines = _ordered(lines_of(near))
    height = statistics.median([word.y1 - word.y0 for word in near]) if near else 0.0
    above = [line for line in lines if 0 <= top - line[0].y1 + 0.3 * height < NEXT * height]
    below = [line for line in lines if 0 <= line[0].y0 - bottom + 0.3 * height < NEXT * height]
    return above[-1:], below[:1]


def _with_cells(lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if any(_gap(*pair) > WIDE for pair in pairwise(line))]


def _has_cells(strip: Sequence[Line], several: Sequence[Line]) -> bool:
    """Return whether half of the lines have cells, or the first one has, as in a row with a long cell."""
    return 2 * len(several) >= len(strip) or (several[:1] == strip[:1] and len(strip) <= ROW_LINES)


def _gap(word: Word, after: Word) -> float:
    return (after.x0 - word.x1) / (word.y1 - word.y0 or 1.0)


def _table(
    strips: Sequence[Sequence[Line]], left: float, right: float, outside: tuple[list[Line], list[Line]]
) -> Table | None:
    body = [line for strip in (strips[1:] or strips) for line in strip]
    xs = [left, *_gutters(_with_cells(body)), right]
    if len(xs) < 3 or _is_text(body, xs):
        return None
    laid = [[_row(line, xs) for line in strip] for strip in strips]
    is_ruled = len(laid) >= LEAST_ROWS and sum(map(_is_row, laid)) >= SURE * len(laid)
    if not _is_sure([row for strip in (laid[1:] or laid) for row in strip], right - left, is_ruled=is_ruled):
        return None
    above, below = ([[row] for line in lines if _keeps_to(row := _row(line, xs))] for lines in outside)
    rows: list[list[Cell]] = []
    for number, strip in enumerate((*above, *laid, *below)):
        is_whole = number == len(above) or (is_ruled and _is_row(strip))
        for is_across, some in groupby(strip, key=lambda row: row.is_across):
            lines = [row.cells for row in some]
            if is_across or not is_whole:
                rows += [[[cell] if cell else [] for cell in line] for line in lines]
            else:
                rows.append([[line[column] for line in lines if line[column]] for column in range(len(xs) - 1)])
    return Table.of(rows) if sum(sum(map(bool, row)) > 1 for row in rows) >= LEAST_ROWS else None


def _is_row(strip: Sequence[_Row]) -> bool:
    """Return whether the first line of text begins a row, and no further one does."""
    begins = [bool(row.cells[0]) and row.filled > 1 for row in strip]
    return begins[0] and not any(begins[1:])


def _is_sure(body: Sequence[_Row], width: float, *, is_ruled: bool) -> bool:
    """Return whether the lines are rows: their cells keep to the columns, and either a line parts row from row
    (`is_ruled`), or there are several columns below a head.
    """
    if sum(_is_wide(row, width) for row in body) > len(body) / STRAY:
        return False
    rows = [row for row in body if row.filled > 1]
    loose = sum(any(_gap(*pair) > WIDE for cell in row.cells for pair in pairwise(cell)) for row in rows)
    dots = sum(not any(map(str.isalnum, word.text)) for row in body for word in row.line)
    if loose > 2 * len(rows) / STRAY or dots > sum(len(row.line) for row in body) / 3:
        return False
    if is_ruled:
        return True
    full = sum(2 * row.filled >= len(row.cells) for row in rows)
    return len(body[0].cells) >= LEAST_ROWS and len(rows) >= LEAST_ROWS and full >= FILLED * len(rows)


def _row(line: Line, xs: Sequence[float]) -> _Row:
    """Lay a line out in columns. A text over several columns is in the first of them."""
    crossed = _crossed(line, xs)
    free = [x for x in xs[1:-1] if x not in crossed]
    texts: list[list[Word]] = [[] for __ in range(len(free) + 1)]
    for word in line:
        texts[bisect(free, middle_of(word)[0])].append(word)
    middles = [(x + to_x) / 2 for x, to_x in pairwise(xs)]
    cells: list[list[Word]] = [[] for __ in middles]
    for words in filter(None, texts):
        begin, end = words[0].x0, words[-1].x1
        column = bisect_left(middles, begin)
        if column == len(middles) or middles[column] > end:
            column = bisect_left(xs, (begin + end) / 2, 1, len(xs) - 1) - 1
        cells[column] += words
    return _Row(line, bool(crossed), cells)


def _is_wide(row: _Row, width: float) -> bool:
    """Return whether one text takes more than half of the table's width."""
    is_one = row.is_across and all(_gap(*pair) < WIDE for pair in pairwise(row.line))
    return is_one and row.line[-1].x1 - row.line[0].x0 > width / 2


def _gutters(rows: Sequence[Line]) -> list[float]:
    """Return the middles of what is free between the columns of lines that have cells."""
    if not rows:
        return []
    words = [word for row in rows for word in row]
    height = statistics.median([word.y1 - word.y0 for word in words])
    ends = sorted([(word.x0, 1) for word in words] + [(word.x1, -1) for word in words])
    most, covered = len(rows) // STRAY, 0
    middles = []
    begin = float("inf")
    for x, step in ends:
        if covered == most and step > 0 and x - begin > GUTTER * height:
            middles.append((begin + x) / 2)
        covered += step
        if covered == most and step < 0:
            begin = x
    return middles


def _is_text(lines: Sequence[Line], xs: Sequence[float]) -> bool:
    """Return whether all columns are running text: long lines that fill their column."""
    for left, right in pairwise(xs):
        cells = [own for line in lines if (own := [word for word in line if left < middle_of(word)[0] < right])]
        widths = [own[-1].x1 - own[0].x0 for own in cells]
        if len(cells) < LEAST_ROWS or statistics.median(widths) < FILLED * (max(widths) or 1.0):
            return False
        if statistics.median(sum(len(word.text) for word in own) for own in cells) < LONG_LINE:
            return False
    return True


def _crossed(line: Line, xs: Sequence[float]) -> list[float]:
    """Return the gaps between columns that words of a line reach into, a title's over several of them."""
    return [
        x
        for x in xs[1:-1]
        if any(word.x0 < x - 1 and word.x1 > x + 1 for word in line)
        or any(word.x1 <= x + 1 and after.x0 >= x - 1 and _gap(word, after) < GUTTER for word, after in pairwise(line))
    ]


def _keeps_to(row: _Row) -> bool:
    return row.filled > 1 and not row.is_across
