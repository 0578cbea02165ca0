"""Reads what stands on its side or upside down on an upright page, such as a stamp at the margin or a wide table: each
direction is laid out as on a page turned for it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from slmdesk.base.record import changed
from slmdesk.children.formats.pdf_file import Look, PageLetters, View, Word
from slmdesk.children.formats.pdf_layout import LaidOutPage, Line, lay_out, lines_of_words, measures_of
from slmdesk.children.formats.pdf_shapes import Shape
from slmdesk.children.formats.pdf_strikes import strike, strikes_of
from slmdesk.children.formats.scans import Turn


@dataclass(slots=True)
class TurnedLines:
    """Lines of one direction, with coordinates on the page turned so that they are upright."""

    turn: Turn
    lines: list[Line]
    hidden: frozenset[int] = frozenset()

    @property
    def characters(self) -> int:
        return sum(line.characters for line in self.lines)

    @property
    def words(self) -> list[Word]:
        return [word for line in self.lines for word in line.words]

    def shown(self) -> list[Line]:
        """Return the lines where they are on the page as it is."""
        return [Line(line.words, line.look, *self.turn.box_back(_sides(line))) for line in self.lines]

    def laid(self) -> LaidOutPage:
        """Lay the lines out. The words are then again where they are on the page as it is."""
        none: frozenset[int] = frozenset()
        usual = measures_of(self.lines, self.turn.size[1])
        laid = lay_out(self.lines, usual, none, none, self.hidden)
        laid.places = [(at, _moved(word, self.turn)) for at, word in laid.places]
        return laid


def upright_and_turned(
    words: Sequence[Word], letters: PageLetters, shapes: Sequence[Shape]
) -> tuple[list[Word], list[TurnedLines]]:
    """Return the words that are upright, and the lines of those in each other direction."""
    by_quarter: dict[int, list[Word]] = {}
    for word in words:
        by_quarter.setdefault(letters.quarters(word.first), []).append(word)
    upright = by_quarter.pop(0, [])
    return upright, [_lines(by_quarter[at], at, letters.view, letters.look, shapes) for at in sorted(by_quarter)]


def _lines(
    words: Sequence[Word], quarters: int, view: View, look: Callable[[int], Look], shapes: Sequence[Shape]
) -> TurnedLines:
    turn = Turn(view.width, view.height, 4 - quarters)
    forth = Turn(*turn.size, quarters)
    placed = _in_order([_moved(word, forth) for word in words])
    strike(placed, strikes_of(_moved_shapes(shapes, forth), (), ()))
    return TurnedLines(turn, lines_of_words(placed, lambda index: changed(look(index), is_sideways=False)))


def _in_order(words: Sequence[Word]) -> list[Word]:
    """Return the words from top to bottom, those of a row from left to right: pdfium's order is that of the upright."""
    runs: list[list[Word]] = []
    for word in words:
        last = runs[-1][-1] if runs else None
        if last is not None and last.line == word.line and last.y0 < (word.y0 + word.y1) / 2 < last.y1:
            runs[-1].append(word)
        else:
            runs.append([word])
    rows: list[list[list[Word]]] = []
    for run in sorted(runs, key=lambda run: run[0].y0 + run[0].y1):
        if rows and rows[-1][0][0].y0 < (run[0].y0 + run[0].y1) / 2 < rows[-1][0][0].y1:
            rows[-1].append(run)
        else:
            rows.append([run])
    return [word for row in rows for run in sorted(row, key=lambda run: run[0].x0) for word in run]


def _moved(word: Word, turn: Turn) -> Word:
    moved = copy.copy(word)
    moved.x0, moved.y0, moved.x1, moved.y1 = turn.box_back(_sides(word))
    return moved


def _moved_shapes(shapes: Iterable[Shape], turn: Turn) -> list[Shape]:
    moved = []
    for shape in shapes:
        begin, end = turn.back(shape.x0, shape.y0), turn.back(shape.x1, shape.y1)
        if shape.is_box:
            sides = turn.box_back(shape[:4])
        else:
            (x0, y0), (x1, y1) = sorted((begin, end))
            sides = x0, y0, x1, y1
        moved.append(shape._replace(x0=sides[0], y0=sides[1], x1=sides[2], y1=sides[3]))
    return moved


def _sides(placed: Word | Line) -> tuple[float, float, float, float]:
    return placed.x0, placed.y0, placed.x1, placed.y1
