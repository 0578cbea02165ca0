"""Chooses what a summary of a document says: what the paper is, what has to be done, then what is worth most.

Pure functions; `lines` says what there is to choose from.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from slmdesk.base.record import Record
from slmdesk.summaries.lines import Line, count_words, figures
from slmdesk.summaries.prompts import Length
from slmdesk.text.checks.overlap import stems

PAGE_WORDS, MANY_PAGES = 400, 30
_LEAST = 15
"""A sentence's words: so many are allowed of the smallest paper that has them."""
_AGAIN = 0.85
"""What a line is worth when another of its section is chosen already; so for each."""
_PER_WORD, _SHORT = 0.6, 10
"""A line's worth is divided by this power of its words, but of so many at least."""
_POINT_WORDS, _FEW_SECTIONS, _OF_SECTION = 15, 3, 5
"""Words of a point; of a paper with more than so few sections one gets at most a third of the points, or so many."""
_SAID, _SAID_WITH_FIGURES = 0.7, 0.5
"""Of the words of the shorter of two lines, which both have when one says the other; where that has the figures too."""

_Content = tuple[frozenset[str], frozenset[str]]
"""Words and figures of a line."""


class Chosen(Record):
    first: Line | None
    actions: tuple[Line, ...]
    points: tuple[Line, ...]
    rest: tuple[Line, ...]
    """Passages with figures or duties that are not said."""
    is_over: bool = False
    """What has to be done has alone more words than are allowed."""

    @property
    def every(self) -> tuple[Line, ...]:
        return (*((self.first,) if self.first else ()), *self.actions, *self.points)


def allowed_words(words: int, length: Length | int) -> int:
    """Return how many words the summary of a paper of so many may have; a number asked for is kept."""
    if isinstance(length, int):
        return length
    further = max(0, math.ceil(words / PAGE_WORDS) - 1)
    base, page, most, share = {
        Length.SHORT: (60, 5, 120, 0.2),
        Length.MEDIUM: (150, 20, 400, 0.3),
        Length.LONG: (300, 60, 2500 if further + 1 >= MANY_PAGES else 1000, 0.5),
    }[length]
    return max(1, min(words, max(_LEAST, round(min(base + page * further, most, share * words)))))


def choose(lines: Sequence[Line], words: int, lengths: Sequence[int] | None = None) -> Chosen:
    """Choose what a summary of so many words says.  `lengths`: words of each line as it will be shown."""
    size = lengths or [count_words(one.text) for one in lines]
    content = [(_words(one.text), figures(one.text)) for one in lines]
    every = range(len(lines))
    first = [at for at in every if lines[at].is_first][:1]
    chosen = list(first)

    def is_said(at: int) -> bool:
        return any(_is_said(content[at], content[one]) for one in chosen)

    for at in sorted((at for at in every if lines[at].is_action), key=size.__getitem__):
        if not is_said(at):
            chosen += _with_needed(lines, at, chosen)
    actions = chosen[len(first) :]
    used = sum(size[at] for at in chosen)
    is_over = bool(actions) and used > words
    sections = Counter(lines[at].section for at in chosen)
    has_sections = len({line.section for line in lines}) > _FEW_SECTIONS
    most = max(_OF_SECTION, words // (3 * _POINT_WORDS)) if has_sections else words

    def rank(at: int) -> float:
        group = _with_needed(lines, at, chosen)
        worth = sum(lines[one].worth for one in group) * _AGAIN ** sections[lines[at].section]
        return worth / math.pow(max(_SHORT, sum(size[one] for one in group)), _PER_WORD)

    queue = [(-rank(at), at) for at in every if not lines[at].is_action]
    heapify(queue)
    while queue and queue[0][0]:
        known, at = heappop(queue)
        if at in chosen or is_said(at):
            continue
        if (now := -rank(at)) > known:
            heappush(queue, (now, at))
            continue
        group = _with_needed(lines, at, chosen)
        length = sum(size[one] for one in group)
        if used + length <= words and sections[lines[at].section] < most:
            chosen += group
            used += length
            sections[lines[at].section] += 1
            for after in range(group[0] + 1, len(lines)):
                if not lines[after].needs_last:
                    break
                heappush(queue, (-rank(after), after))
    return Chosen(
        lines[first[0]] if first else None,
        tuple(lines[at] for at in sorted(actions)),
        tuple(lines[at] for at in sorted(chosen) if at not in first and at not in actions),
        tuple(lines[at] for at in every if at not in chosen and lines[at].has_weight and not is_said(at)),
        is_over,
    )


def said_in_several(documents: Sequence[Sequence[str]]) -> list[list[tuple[int, int]]]:
    """Return what more than one of the documents says: for each thing, the number of the document and of its line."""
    same = list[list[tuple[int, int]]]()
    content = [[(_words(text), figures(text)) for text in texts] for texts in documents]
    for at, lines in enumerate(content):
        for number, line in enumerate(lines):
            group = next((one for one in same if _is_said(line, content[one[0][0]][one[0][1]])), None)
            if group is None:
                same.append([(at, number)])
            elif all(other != at for other, _ in group):
                group.append((at, number))
    return [group for group in same if len(group) > 1]


def _with_needed(lines: Sequence[Line], at: int, chosen: Sequence[int]) -> list[int]:
    """Return a line with those before it without which it says nothing, as far as they are not chosen."""
    group = [at]
    while lines[group[0]].needs_last and group[0] and group[0] - 1 not in chosen:
        group.insert(0, group[0] - 1)
    return group


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in stems(text) if len(word) > 3 and not word.isdigit())


def _is_said(one: _Content, other: _Content) -> bool:
    """Whether another line says what one says: it has its figures and many of its words; most where it has none."""
    if not one[1] <= other[1]:
        return False
    share = len(one[0] & other[0]) / (min(len(one[0]), len(other[0])) or 1)
    return share >= (_SAID_WITH_FIGURES if one[1] else _SAID)
