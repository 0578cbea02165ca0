"""Finds the tables of a PDF page by the lines and the shading drawn for them, and tells which cell a place is in."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from slmdesk.children.formats.pdf_shapes import THIN, Shape

NEAR = 3.0
"""Points within which lines are one line, or meet."""
OPEN = 12.0
"""Least width in points of a column or row that has no line at its outer side."""
COVERED = 0.7
"""Least share of a cell's side that is drawn."""
WHITE = 0xF8
MOST_PAIRS = 100_000
"""Most pairs of a level and an upright line that are looked at. A drawing has more."""


class Rule(NamedTuple):
    """A level line at a height `at` from left to right, or an upright one from top to bottom."""

    at: float
    begin: float
    end: float


@dataclass(slots=True, eq=False)
class Grid:
    """A table. Its finest rows and columns lie between neighbouring lines; a cell may take several."""

    xs: list[float]
    ys: list[float]
    owners: list[list[tuple[int, int]]]
    """For each finest row and column the first row and column of its cell."""
    spans: dict[tuple[int, int], tuple[int, int, int, int]] = field(init=False)
    """For each cell the rows from and to before which it reaches, then the columns."""

    def __post_init__(self) -> None:
        self.spans = {}
        for row, owners in enumerate(self.owners):
            for column, owner in enumerate(owners):
                first, __, left, right = self.spans.get(owner, (row, row, column, column))
                self.spans[owner] = first, row + 1, min(left, column), max(right, column + 1)

    def holds(self, x: float, y: float) -> bool:
        return self.xs[0] - NEAR < x < self.xs[-1] + NEAR and self.ys[0] < y < self.ys[-1]

    def row_at(self, y: float) -> int:
        return bisect(self.ys, y, 1, len(self.ys) - 1) - 1

    def cell_at(self, x: float, y: float) -> tuple[int, int]:
        return self.owners[self.row_at(y)][bisect(self.xs, x, 1, len(self.xs) - 1) - 1]

    def share_uneven(self) -> float:
        """Return how much of the area is in cells that are no rectangles, 0..1."""
        count: dict[tuple[int, int], int] = {}
        area: dict[tuple[int, int], float] = {}
        for (top, bottom), row in zip(pairwise(self.ys), self.owners, strict=True):
            for (left, right), owner in zip(pairwise(self.xs), row, strict=True):
                count[owner] = count.get(owner, 0) + 1
                area[owner] = area.get(owner, 0.0) + (bottom - top) * (right - left)
        spans = self.spans.items()
        uneven = [owner for owner, (first, last, begin, end) in spans if count[owner] != (last - first) * (end - begin)]
        return sum(area[owner] for owner in uneven) / sum(area.values())

    def sides_between(self, x0: float, x1: float, y: float) -> list[float]:
        """Return where a line parts cells at this height, from left to right."""
        first, last = bisect(self.xs, x0), bisect(self.xs, x1)
        if first == last:
            return []
        owners = self.owners[self.row_at(y)]
        return [self.xs[at] for at in range(max(first, 1), min(last, len(owners))) if owners[at - 1] != owners[at]]


def grids_of(levels: Sequence[Rule], uprights: Sequence[Rule]) -> list[Grid]:
    """Return the tables that are ruled both ways, the smallest first."""
    if not levels or not uprights or len(levels) * len(uprights) > MOST_PAIRS:
        return []
    grids = []
    for across, down in _connected(levels, uprights):
        grid = _grid(across, down)
        if grid is not None:
            grids.append(grid)
    return sorted(grids, key=lambda grid: (grid.xs[-1] - grid.xs[0]) * (grid.ys[-1] - grid.ys[0]))


def rules_of(shapes: Sequence[Shape], width: float, height: float) -> tuple[list[Rule], list[Rule]]:
    """Return the level and the upright lines that are seen. The sides of a shaded box count, the upright ones where
    another line or box ends too: else it only marks words.
    """
    levels: list[Rule] = []
    uprights: list[Rule] = []
    shades = [shape for shape in shapes if shape.is_box and shape.is_filled and _is_thick(shape) and _is_seen(shape)]
    lone: list[Rule] = []
    for shape in shapes:
        across, down = shape.x1 - shape.x0, abs(shape.y1 - shape.y0)
        is_outlined = shape.is_stroked and shape.is_filled
        top, bottom = min(shape.y0, shape.y1), max(shape.y0, shape.y1)
        if across < THIN or down < THIN:
            if not _is_seen(shape) and not any(_is_on(shape, shade) for shade in shades):
                continue
            if across >= down:
                levels.append(Rule((top + bottom) / 2, shape.x0, shape.x1))
            if down >= across:
                uprights.append(Rule((shape.x0 + shape.x1) / 2, top, bottom))
        elif shape.is_box and (is_outlined or _is_seen(shape)) and (across < 0.9 * width or down < 0.9 * height):
            levels += [Rule(top, shape.x0, shape.x1), Rule(bottom, shape.x0, shape.x1)]
            sides = [Rule(shape.x0, top, bottom), Rule(shape.x1, top, bottom)]
            if shape.is_stroked:
                uprights.extend(sides)
            else:
                lone.extend(sides)
    places = sorted(rule.at for rule in (*uprights, *lone))
    uprights += [rule for rule in lone if bisect(places, rule.at + NEAR) - bisect(places, rule.at - NEAR) > 1]
    return _merged(levels), _merged(uprights)


def _is_thick(shape: Shape) -> bool:
    return shape.x1 - shape.x0 >= THIN and shape.y1 - shape.y0 >= THIN


def _is_seen(shape: Shape) -> bool:
    colour = shape.colour
    return colour & 0xFF > 0xFF - WHITE and min(colour >> 24, colour >> 16 & 0xFF, colour >> 8 & 0xFF) < WHITE


def _is_on(shape: Shape, shade: Shape) -> bool:
    x, y = (shape.x0 + shape.x1) / 2, (shape.y0 + shape.y1) / 2
    return shade.number < shape.number and shade.x0 - 1 < x < shade.x1 + 1 and shade.y0 - 1 < y < shade.y1 + 1


def _merged(rules: list[Rule]) -> list[Rule]:
    """Put lines at nearly the same place together, and join those that meet end to end."""
    merged: list[Rule] = []
    rules.sort()
    begin = 0
    for at in range(1, len(rules) + 1):
        if at < len(rules) and rules[at].at - rules[at - 1].at <= NEAR and rules[at].at - rules[begin].at <= 2 * NEAR:
            continue
        group = rules[begin:at]
        place = sum(rule.at for rule in group) / len(group)
        first, last = float("inf"), float("-inf")
        for rule in sorted(group, key=lambda rule: rule.begin):
            if rule.begin > last + NEAR:
                if last > first:
                    merged.append(Rule(place, first, last))
                first, last = rule.begin, rule.end
            last = max(last, rule.end)
        if last > first:
            merged.append(Rule(place, first, last))
        begin = at
    return merged


def _connected(levels: Sequence[Rule], uprights: Sequence[Rule]) -> Iterator[tuple[list[Rule], list[Rule]]]:
    """Yield the lines of each figure: those that cross or meet each other."""
    parents = list(range(len(levels) + len(uprights)))

    def root(at: int) -> int:
        while parents[at] != at:
            parents[at] = parents[parents[at]]
            at = parents[at]
        return at

    for at, (y, x0, x1) in enumerate(levels):
        for other, (x, y0, y1) in enumerate(uprights, start=len(levels)):
            if x0 - NEAR <= x <= x1 + NEAR and y0 - NEAR <= y <= y1 + NEAR:
                parents[root(at)] = root(other)
    figures: dict[int, tuple[list[Rule], list[Rule]]] = {}
    for at, rule in enumerate((*levels, *uprights)):
        figures.setdefault(root(at), ([], []))[at >= len(levels)].append(rule)
    for across, down in figures.values():
        if across and down:
            yield across, down


def _grid(levels: Sequence[Rule], uprights: Sequence[Rule]) -> Grid | None:
    xs = _places(uprights, levels)
    ys = _places(levels, uprights)
    if len(xs) < 3 or len(ys) < 3:
        return None
    at_x, at_y = [_near(uprights, x) for x in xs], [_near(levels, y) for y in ys]
    beside = [[_covers(near, top, bottom) for near in at_x] for top, bottom in pairwise(ys)]
    below = [[_covers(near, left, right) for left, right in pairwise(xs)] for near in at_y]
    rows, columns = len(ys) - 1, len(xs) - 1
    owners = [[(-1, -1)] * columns for __ in range(rows)]
    for row in range(rows):
        for column in range(columns):
            if owners[row][column] == (-1, -1):
                _own(owners, (row, column), beside, below)
    return Grid(xs, ys, owners)


def _places(rules: Sequence[Rule], crossing: Sequence[Rule]) -> list[float]:
    """Return where the lines are, and where the table ends if its outer sides are open."""
    places = sorted({rule.at for rule in rules})
    begin = min(rule.begin for rule in crossing)
    end = max(rule.end for rule in crossing)
    if begin < places[0] - OPEN:
        places.insert(0, begin)
    if end > places[-1] + OPEN:
        places.append(end)
    return [place for at, place in enumerate(places) if not at or place - places[at - 1] > NEAR]


def _near(rules: Sequence[Rule], at: float) -> list[Rule]:
    return [rule for rule in rules if abs(rule.at - at) <= NEAR]


def _covers(rules: Sequence[Rule], begin: float, end: float) -> bool:
    drawn = sum(max(0.0, min(rule.end, end) - max(rule.begin, begin)) for rule in rules)
    return drawn >= COVERED * (end - begin)


def _own(
    owners: list[list[tuple[int, int]]],
    first: tuple[int, int],
    beside: Sequence[Sequence[bool]],
    below: Sequence[Sequence[bool]],
) -> None:
    """Give all finest cells that no line parts from the first one to it."""
    held = [first]
    owners[first[0]][first[1]] = first
    while held:
        row, column = held.pop()
        steps = (
            (row, column + 1, beside[row][column + 1]),
            (row, column - 1, beside[row][column]),
            (row + 1, column, below[row + 1][column]),
            (row - 1, column, below[row][column]),
        )
        for to_row, to_column, is_parted in steps:
            is_inside = 0 <= to_row < len(owners) and 0 <= to_column < len(owners[0])
            if is_inside and not is_parted and owners[to_row][to_column] == (-1, -1):
                owners[to_row][to_column] = first
                held.append((to_row, to_column))
