"""Chooses the lines of a summary within its number of words, and what several documents say in common. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from slmdesk.base.record import Record, changed
from slmdesk.base.text.stems import beginnings
from slmdesk.tasks.summaries.lines import Line, count_words, figures
from slmdesk.tasks.summaries.linking import Point
from slmdesk.tasks.summaries.types import SHARED, Length

PAGE_WORDS, MANY_PAGES = 400, 30
_LEAST_OF_HALF = 150
"""Fewest words of a summary that is not short, unless that is more than half of the paper: for a letter of a page."""
_LEAST = 15
"""Fewest words that a summary may have, roughly one sentence, as long as the paper has that many."""
UNWRITTEN = 100
"""So many words more a summary of medium length has where no model writes it: it is less dense."""
_TO_DO = 0.5
"""Share of the words that is left to what has to be done without a day; what is due by a day is always said."""
_SAID, _SAID_WITH_FIGURES = 0.7, 0.5
"""Share of the shorter line's words from which two lines count as saying the same. The second number applies if the
lines share their figures as well.
"""

_Content = tuple[frozenset[str], frozenset[str]]
"""The words and the figures of a line."""


class Chosen(Record):
    first: Line | None
    also: tuple[Line, ...]
    """Lines that say nothing without the first."""
    actions: tuple[Line, ...]
    points: tuple[Line, ...]
    rest: tuple[Line, ...]
    """Lines that the summary leaves out."""
    is_over: bool = False
    """True when not all that has to be done is said, or when it alone takes more words than allowed."""

    @property
    def every(self) -> tuple[Line, ...]:
        return (*((self.first,) if self.first else ()), *self.also, *self.actions, *self.points)


def allowed_words(words: int, length: Length | int, *, is_written: bool = True) -> int:
    """Return how many words the summary of a paper with `words` words may have. A number in `length` is used as is."""
    if isinstance(length, int):
        return length
    further = max(0, math.ceil(words / PAGE_WORDS) - 1)
    base, page, most, share = {
        Length.SHORT: (60, 5, 120, 0.2),
        Length.MEDIUM: (150, 20, 400, 0.3),
        Length.LONG: (300, 60, 2500 if further + 1 >= MANY_PAGES else 1000, 0.5),
    }[length]
    least = 0
    if length is not Length.SHORT:
        least = min(_LEAST_OF_HALF, words // 2)
    if length is Length.MEDIUM and not is_written:
        base += UNWRITTEN
        least = min(base, words * 2 // 3)
    return max(1, min(words, max(_LEAST, least, round(min(base + page * further, most, share * words)))))


class _Choice:
    """The lines chosen so far."""

    def __init__(self, lines: Sequence[Line], sizes: Sequence[int]) -> None:
        self.lines, self.sizes = lines, sizes
        self.content = [_content(line.text.removeprefix(line.head)) for line in lines]
        self.places = {line.place: at for at, line in enumerate(lines)}
        self.chosen = list[int]()
        self.used = 0

    def needed(self, at: int) -> int:
        """Return the line that is needed to understand a line, or -1."""
        return self.places.get(self.lines[at].rests_on, -1)

    def group(self, at: int) -> list[int]:
        """Return a line with the lines before it that are needed to understand it, unless these were chosen already."""
        group = [at]
        while (needed := self.needed(group[0])) >= 0 and needed not in self.chosen:
            group.insert(0, needed)
        return group

    def size(self, group: Iterable[int]) -> int:
        return sum(self.sizes[at] for at in group)

    def is_said(self, at: int) -> bool:
        """Return whether a chosen line says what a line says."""
        return any(_is_said(self.content[at], self.content[other]) for other in self.chosen)

    def take(self, group: Sequence[int]) -> None:
        self.chosen += group
        self.used += self.size(group)

    def rank(self, at: int) -> tuple[bool, float]:
        """Return by what lines are sorted: the worth for each word; of words the root, so that short ones don't win."""
        return self.lines[at].is_earlier, -self.lines[at].worth / math.sqrt(max(1, self.size(self.group(at))))


def choose(lines: Sequence[Line], words: int, lengths: Sequence[int] | None = None) -> Chosen:
    """Choose the lines of a summary of at most `words` words. `lengths` holds each line's number of words as shown."""
    choice = _Choice(lines, lengths or [count_words(line.text) for line in lines])
    every = range(len(lines))
    first = [at for at in every if lines[at].is_first][:1]
    choice.take(first)
    begun = choice.used
    waiting = list[int]()
    for at in sorted((at for at in every if lines[at].is_action), key=lambda at: not lines[at].is_due):
        if at in choice.chosen or choice.is_said(at):
            continue
        group = choice.group(at)
        used = choice.used - begun + choice.size(group)
        if words and not lines[at].is_due and used > min(words * _TO_DO, words - begun):
            waiting.append(at)
        else:
            choice.take(group)
    actions = choice.chosen[len(first) :]
    points = sorted((at for at in every if not lines[at].is_action and lines[at].worth > 0), key=choice.rank)
    for at in (*points, *waiting):
        group = choice.group(at)
        if at in choice.chosen or choice.is_said(at) or choice.used + choice.size(group) > words:
            continue
        choice.take(group)
        if at in waiting:
            actions += group
    is_over = choice.used > words > 0 or any(at not in choice.chosen and not choice.is_said(at) for at in waiting)
    also = list[int]()
    for at in sorted(choice.chosen):  # a line stands with the one that it rests on
        if at in actions:
            continue
        if choice.needed(at) in (*first, *also):
            also.append(at)
        elif choice.needed(at) in actions:
            actions.append(at)
    placed = {*first, *also, *actions}
    return Chosen(
        lines[first[0]] if first else None,
        tuple(lines[at] for at in also),
        tuple(lines[at] for at in sorted(actions)),
        tuple(lines[at] for at in sorted(choice.chosen) if at not in placed),
        tuple(lines[at] for at in every if at not in choice.chosen and not choice.is_said(at)),
        is_over,
    )


def _content(text: str) -> _Content:
    return frozenset(word for word in beginnings(text) if len(word) > 3 and not word.isdigit()), figures(text)


def _is_said(line: _Content, other: _Content) -> bool:
    """Return whether `other` says what `line` says: it contains all figures and many words of `line`, or most words if
    `line` has no figures.
    """
    if not line[1] <= other[1]:
        return False
    share = len(line[0] & other[0]) / (min(len(line[0]), len(other[0])) or 1)
    return share >= (_SAID_WITH_FIGURES if line[1] else _SAID)


def joint(documents: Sequence[Sequence[Point]]) -> list[Point]:
    """Return the points of the joint summary: what each document is, then what several documents say."""
    firsts = [changed(points[0], label="") for points in documents if points]
    every = [points[1:] for points in documents]
    shared = said_in_several([[point.text for point in points] for points in every])
    for same in shared:
        alike = [every[at][number] for at, number in same]
        links = tuple(point.links[0] for point in alike if point.links)
        firsts.append(changed(alike[0], links=links, label=SHARED))
    return firsts


def left_out(lines: Sequence[Line], texts: Sequence[str]) -> list[Line]:
    """Return the lines that none of the texts says."""
    content = [_content(text) for text in texts]

    return [line for line in lines if not any(_is_said(_content(line.text), some) for some in content)]


def said_in_several(documents: Sequence[Sequence[str]]) -> list[list[tuple[int, int]]]:
    """Return what more than one document says. Each group lists (number of the document, number of its line)."""
    same = list[list[tuple[int, int]]]()
    content = [[_content(text) for text in texts] for texts in documents]
    for at, lines in enumerate(content):
        for number, line in enumerate(lines):
            group = next((group for group in same if _is_said(line, content[group[0][0]][group[0][1]])), None)
            if group is None:
                same.append([(at, number)])
            elif all(other != at for other, __ in group):
                group.append((at, number))
    return [group for group in same if len(group) > 1]
