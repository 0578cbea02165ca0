"""Chooses the lines of a summary within its number of words, and what several documents say in common. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush

from slmdesk.base.record import Record, changed
from slmdesk.summaries.lines import Line, count_words, figures
from slmdesk.summaries.linking import Point
from slmdesk.summaries.types import SHARED, Length
from slmdesk.text.checks.support import stems

PAGE_WORDS, MANY_PAGES = 400, 30
_LEAST_OF_HALF = {Length.MEDIUM: 150, Length.LONG: 150}
"""Fewest words of a summary, unless that is more than half of the paper: for a letter of a page."""
_LEAST = 15
"""Fewest words that a summary may have, roughly one sentence, as long as the paper has that many."""
_TO_DO = 0.5
"""Share of the words that is left to what has to be done without a day; what is due by a day is always said."""
_AGAIN = 0.9
"""Factor for a line's worth, applied once for each line of the same section that was already chosen."""
_PER_WORD, _SHORT = 1.0, 10
"""A line's worth is divided by its number of words to this power. Shorter lines count as if they had `_SHORT` words."""
_POINT_WORDS, _FEW_SECTIONS, _OF_SECTION = 15, 3, 5
"""Estimated words of a point. If a paper has more than `_FEW_SECTIONS` sections, each section gets at most a third of
the points, but at least `_OF_SECTION` are allowed.
"""
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


def allowed_words(words: int, length: Length | int) -> int:
    """Return how many words the summary of a paper with `words` words may have. A number in `length` is used as is."""
    if isinstance(length, int):
        return length
    further = max(0, math.ceil(words / PAGE_WORDS) - 1)
    least = min(_LEAST_OF_HALF.get(length, 0), words // 2)
    base, page, most, share = {
        Length.SHORT: (60, 5, 120, 0.2),
        Length.MEDIUM: (150, 20, 400, 0.3),
        Length.LONG: (300, 60, 2500 if further + 1 >= MANY_PAGES else 1000, 0.5),
    }[length]
    return max(1, min(words, max(_LEAST, least, round(min(base + page * further, most, share * words)))))


def choose(lines: Sequence[Line], words: int, lengths: Sequence[int] | None = None) -> Chosen:
    """Choose the lines of a summary of at most `words` words. `lengths` holds each line's number of words as shown."""
    size = lengths or [count_words(line.text) for line in lines]
    content = [(_words(line.text), figures(line.text)) for line in lines]
    every, places = range(len(lines)), {line.place: at for at, line in enumerate(lines)}
    first = [at for at in every if lines[at].is_first][:1]
    chosen = list(first)

    def is_said(at: int) -> bool:
        """Return whether a chosen line says what a line says; what is due, only one that is due as well."""
        others = (other for other in chosen if lines[other].is_due or not lines[at].is_due)
        return any(_is_said(content[at], content[other]) for other in others)

    duties = sorted((at for at in every if lines[at].is_action), key=lambda at: (not lines[at].is_due, size[at]))
    begun = used = sum(size[at] for at in chosen)
    waiting = list[int]()
    for at in duties:
        if at in chosen or is_said(at):
            continue
        group = _with_needed(lines, at, chosen, places)
        length = sum(size[at] for at in group)
        most_to_do = min(words * _TO_DO, words - begun)
        if words and not lines[at].is_due and used - begun + length > most_to_do:
            waiting.append(at)
            continue
        chosen += group
        used += length
    actions = chosen[len(first) :]
    sections = Counter(lines[at].section for at in chosen)
    has_sections = len({line.section for line in lines}) > _FEW_SECTIONS
    most = max(_OF_SECTION, words // (3 * _POINT_WORDS)) if has_sections else words

    def rank(at: int) -> float:
        group = _with_needed(lines, at, chosen, places)
        worth = sum(lines[at].worth for at in group) * _AGAIN ** sections[lines[at].section]
        return worth / math.pow(max(_SHORT, sum(size[at] for at in group)), _PER_WORD)

    queue = [(lines[at].is_earlier, -rank(at), at) for at in every if not lines[at].is_action]
    heapify(queue)
    while queue:
        is_earlier, known, at = heappop(queue)
        if not known or at in chosen or is_said(at):
            continue
        if (now := -rank(at)) > known:
            heappush(queue, (is_earlier, now, at))
            continue
        group = _with_needed(lines, at, chosen, places)
        length = sum(size[at] for at in group)
        if used + length <= words and sections[lines[at].section] < most:
            chosen += group
            used += length
            sections[lines[at].section] += 1
            for after in range(group[0] + 1, len(lines)):
                if not lines[after].needs_last:
                    break
                heappush(queue, (is_earlier, -rank(after), after))
    for at in waiting:  # nothing else is left to be said
        group = _with_needed(lines, at, chosen, places)
        if at not in chosen and not is_said(at) and used + sum(size[at] for at in group) <= words:
            chosen += group
            actions += group
            used += sum(size[at] for at in group)
    is_over = used > words > 0 or any(at not in chosen and not is_said(at) for at in waiting)
    also = list[int]()
    for at in sorted(chosen):  # a line stands with the one that it rests on
        needed = _needed(lines, at, places)
        if at not in actions and (needed in first or needed in also):
            also.append(at)
        elif at not in actions and needed in actions:
            actions.append(at)
    return Chosen(
        lines[first[0]] if first else None,
        tuple(lines[at] for at in also),
        tuple(lines[at] for at in sorted(actions)),
        tuple(lines[at] for at in sorted(chosen) if at not in (*first, *also, *actions)),
        tuple(lines[at] for at in every if at not in chosen and not is_said(at)),
        is_over,
    )


def _with_needed(
    lines: Sequence[Line], at: int, chosen: Sequence[int], places: Mapping[tuple[int, int], int]
) -> list[int]:
    """Return a line with the lines before it that are needed to understand it, unless these were chosen already."""
    group = [at]
    while (needed := _needed(lines, group[0], places)) >= 0 and needed not in chosen:
        group.insert(0, needed)
    return group


def _needed(lines: Sequence[Line], at: int, places: Mapping[tuple[int, int], int]) -> int:
    """Return the line that is needed to understand a line, or -1."""
    needed = at - 1 if lines[at].needs_last else places.get(lines[at].rests_on, -1)
    return needed if needed < at else -1


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in stems(text) if len(word) > 3 and not word.isdigit())


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
    return firsts + [
        changed(every[at][number], links=tuple(link for a, n in same for link in every[a][n].links[:1]), label=SHARED)
        for same in shared
        for at, number in same[:1]
    ]


def left_out(lines: Sequence[Line], texts: Sequence[str]) -> list[Line]:
    """Return the lines that none of the texts says."""
    content = [(_words(text), figures(text)) for text in texts]

    def is_said(line: Line) -> bool:
        words = _words(line.text), figures(line.text)
        return any(_is_said(words, some) for some in content)

    return [line for line in lines if not is_said(line)]


def said_in_several(documents: Sequence[Sequence[str]]) -> list[list[tuple[int, int]]]:
    """Return what more than one document says. Each group lists (number of the document, number of its line)."""
    same = list[list[tuple[int, int]]]()
    content = [[(_words(text), figures(text)) for text in texts] for texts in documents]
    for at, lines in enumerate(content):
        for number, line in enumerate(lines):
            group = next((group for group in same if _is_said(line, content[group[0][0]][group[0][1]])), None)
            if group is None:
                same.append([(at, number)])
            elif all(other != at for other, __ in group):
                group.append((at, number))
    return [group for group in same if len(group) > 1]
