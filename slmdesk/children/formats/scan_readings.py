"""Makes one text of two readings of a page: the letters that one network read of each line, and Tesseract's words.

The letters are the network's, which reads real papers better. Tesseract sees blanks that it passes over, and is the
second opinion on figures.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from slmdesk.children.formats.pdf_file import Word
from slmdesk.children.formats.scan_lines import FoundLine, Letter, surely_read

ALIKE = 60
"""Likeness, of 100, from which both have read the same line."""
SURE = 70
"""Least confidence, of 100, of a figure that only one of them read. What is read with less is doubtful."""
TALL = 0.75
"""How much of a line's height its letters take."""
WIDER = 1.1
"""By how much letters stand further apart than usual where a blank is that Tesseract alone sees."""
SURE_WORDS = 85
"""Confidence, of 100, of its words from which there is a blank between them in any case."""
_WITHIN = re.compile(r"(?<=\d)[.,]\d")
"""Where a figure goes on: Tesseract sees blanks in 1,034. 27."""


def joined(found: Sequence[tuple[FoundLine, Sequence[Letter]]], words: Sequence[Word]) -> list[list[Word]]:
    """Return the words of the lines that were found, from above. Coordinates are those of the lines."""
    lines: list[list[Word]] = []
    for line, letters in sorted(found, key=lambda each: (round(each[0].y), each[0].x)):
        inside = (word for word in words if line.holds((word.x0 + word.x1) / 2, (word.y0 + word.y1) / 2))
        lines.append([*_words(line, letters, sorted(inside, key=lambda word: word.x0), len(lines))])
    return [line for line in lines if line]


def _words(line: FoundLine, letters: Sequence[Letter], others: Sequence[Word], number: int) -> Iterator[Word]:
    from rapidfuzz import fuzz

    read = [letter for letter in letters if letter.sign.strip()]
    if not read:
        return
    mine, theirs = "".join(letter.sign for letter in read), "".join(word.text for word in others)
    inked = [at for at, letter in enumerate(letters) if letter.sign.strip()]
    ends = {0, len(read)} | {count for count, (at, then) in enumerate(pairwise(inked), 1) if then > at + 1}
    there, back = _counterparts(theirs, mine), _counterparts(mine, theirs)
    places = [letter.place for letter in read]
    steps = [0.0, *(then - one for one, then in pairwise(places)), 0.0]  # to each letter from the one before
    usual = statistics.median(steps)
    is_alike = fuzz.ratio(mine, theirs) >= ALIKE
    seen: dict[tuple[int, int], Word] = {}
    if is_alike:
        sides = [there[side] for side in accumulate((len(word.text) for word in others), initial=0)]
        seen = dict(zip(pairwise(sides), others, strict=True))
        for end, (one, then) in zip(sides[1:-1], pairwise(others), strict=True):
            is_wide = steps[end] >= WIDER * usual or min(one.sureness, then.sureness) >= SURE_WORDS
            if is_wide and not _WITHIN.match(mine, end - 1):
                ends.add(end)
    edges = [0.0, *((one + then) / 2 for one, then in pairwise(places)), 1.0]
    wide = line.height / line.length / 2
    for first, behind in pairwise(sorted(ends)):
        left = max(edges[first], places[first] - wide)
        right = min(edges[behind], places[behind - 1] + wide)
        (x0, y0), (x1, y1) = (line.at((place - 0.5) * line.length) for place in (left, right))
        top, bottom = min(y0, y1) - TALL * line.height / 2, max(y0, y1) + TALL * line.height / 2
        text, sureness = mine[first:behind], surely_read(read[first:behind])
        box = seen.get((first, behind))
        if box and box.text == text:  # it knows better where a letter ends
            x0, x1 = box.x0, box.x1
        word = Word(text, -1, None, number, x0, top, x1, bottom, sureness=sureness)
        other = theirs[back[first] : back[behind]] if is_alike else ""
        word.is_doubtful, word.other = _doubt(text, other, sureness)
        yield word


def _doubt(text: str, other: str, sureness: float) -> tuple[bool, str]:
    """Return whether a word may be misread, and a figure as it was read otherwise."""
    if not other or not any(map(str.isdigit, text + other)):
        return sureness < SURE, ""
    is_same = [*filter(str.isalnum, text)] == [*filter(str.isalnum, other)]
    return not is_same, "" if is_same else other


def _counterparts(text: str, other: str) -> list[int]:
    """Return for each place in a text, and its end, the place in another that is like it."""
    from rapidfuzz.distance import Levenshtein

    places = []
    for change in Levenshtein.opcodes(text, other):
        for step in range(change.src_end - change.src_start):
            places.append(min(change.dest_start + step, change.dest_end))
    return [*places, len(other)]
