"""Finds the numbers beside the lines of a page, by which pleadings are cited. They are no part of the text."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from itertools import pairwise

from slmdesk.base.record import Record
from slmdesk.children.formats.pdf_file import Word

LEAST = 3
"""Fewest numbers of a page, or lines between two of them, that need no page beside with more of them."""
MOST_DIGITS = 4
ALIGNED = 3.0
"""Most points by which the numbers of a column are out of line."""
MOST_BEYOND = 0.1
"""Largest share of the words of a page that stand farther out than the numbers, such as a header."""
SAMPLE = 20
"""About how many words are looked at first: of most pages half of them stand farther out than any number."""
MORE_LINES = 1.2
"""Most lines of text for each number, or for each step of the numbers. Numbered paragraphs have more."""
RUNNING = 0.3
"""Least share of lines that go on in the next, as the rows of a table or the items of a list do not."""
FULL = 0.7
"""Least share of the width that a line fills which goes on."""
WIDE = 2.0
"""Gap between words, in their height, that parts the cells of a table."""
MOST_PARTED = 0.25
"""Largest share of lines with such gaps."""


class Column(Record):
    """Numbers below each other at a margin."""

    is_left: bool
    x0: float
    x1: float
    begins: int
    ends: int
    words: tuple[Word, ...]
    is_sure: bool
    """Whether they are told by their page alone. Fewer than LEAST need a page beside."""

    def goes_with(self, other: Column) -> bool:
        """Return whether both are of one document: at the same place, and counted anew or on."""
        is_there = min(abs(self.x0 - other.x0), abs(self.x1 - other.x1)) < ALIGNED
        return is_there and self.is_left == other.is_left and (self.begins <= other.begins or self.begins > other.ends)


def line_numbers(words: Sequence[Word]) -> list[Column]:
    """Return the columns of numbers beside the lines of a page."""
    numbers = [word for word in words if word.text.isdecimal() and len(word.text) <= MOST_DIGITS]
    return [found for is_left in (True, False) if numbers and (found := _column(numbers, words, is_left))]


def _column(numbers: Sequence[Word], words: Sequence[Word], is_left: bool) -> Column | None:
    outer = min(numbers, key=lambda word: word.x0) if is_left else max(numbers, key=lambda word: word.x1)
    sample = words[:: max(1, len(words) // SAMPLE)]
    if 2 * sum(word.x0 < outer.x0 if is_left else word.x1 > outer.x1 for word in sample) > len(sample):
        return None
    by_begin = [word for word in numbers if abs(word.x0 - outer.x0) < ALIGNED]
    by_end = [word for word in numbers if abs(word.x1 - outer.x1) < ALIGNED]
    aligned = by_begin if len(by_begin) > len(by_end) else by_end
    column = _counted(sorted(aligned, key=lambda word: word.y0))
    if not column:
        return None
    x0 = min(word.x0 for word in column)
    x1 = max(word.x1 for word in column)
    beyond = sum([word.x0 < x1 for word in words] if is_left else [word.x1 > x0 for word in words]) - len(column)
    if beyond > MOST_BEYOND * (len(words) - len(column)):
        return None
    begins, ends = int(column[0].text), int(column[-1].text)
    if len(column) == 1:
        return Column(is_left, x0, x1, begins, ends, tuple(column), is_sure=False)
    held, top, bottom = {*column}, column[0].y0, column[-1].y1
    lines = _lines([word for word in words if word.y1 > top and word.y0 < bottom and word not in held])
    if len(lines) > MORE_LINES * (ends - begins + 1) + 1:
        return None
    is_spaced = abs(len(lines) - (ends - begins + 1)) <= 1 and ends - begins >= LEAST
    is_sure = (len(column) >= LEAST or is_spaced) and _is_running(lines)
    if len(column) >= LEAST and not is_sure:
        return None
    return Column(is_left, x0, x1, begins, ends, tuple(column), is_sure)


def _counted(column: Sequence[Word]) -> list[Word]:
    """Return the words of a column that count by the same step, without a page number above or below. None if they do
    not.
    """
    for begin, end in ((0, len(column)), (1, len(column)), (0, len(column) - 1), (1, len(column) - 1)):
        part = [*column[begin:end]]
        steps = {int(below.text) - int(above.text) for above, below in pairwise(part)}
        if part and len(steps) <= 1 and min(steps, default=1) > 0:
            return part
    return []


def _lines(words: Sequence[Word]) -> list[list[Word]]:
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda word: word.y0 + word.y1):
        middle = (word.y0 + word.y1) / 2
        if lines and lines[-1][0].y0 < middle < lines[-1][0].y1:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [sorted(line, key=lambda word: word.x0) for line in lines]


def _is_running(lines: Sequence[Sequence[Word]]) -> bool:
    """Return whether the lines are of sentences that go on from one to the next, as far as small letters tell it."""
    parted = sum(any(word.x0 - last.x1 > WIDE * (word.y1 - word.y0) for last, word in pairwise(line)) for line in lines)
    left = statistics.median(line[0].x0 for line in lines)
    width = max(line[-1].x1 for line in lines) - left
    full = [below[0].text[:1] for above, below in pairwise(lines) if above[-1].x1 - left > FULL * width]
    has_cases = any(word.text[:1].islower() for line in lines for word in line)
    goes_on = sum(letter.islower() or not has_cases for letter in full)
    return parted <= MOST_PARTED * len(lines) and goes_on >= max(1.0, RUNNING * (len(lines) - 1))
