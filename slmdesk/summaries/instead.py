"""Chooses the sentences of a paper that take the place of a written sentence which a check speaks against.

Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from slmdesk.base.documents import BlockKind
from slmdesk.claims.types import ELSEWHERE, Mark
from slmdesk.summaries.lines import count_words
from slmdesk.summaries.linking import Source
from slmdesk.summaries.told import Fitting, Paper, Passage, is_same
from slmdesk.text.checks.support import VALUES

MOST_INSTEAD = 2
MOST_LONGER = 1.5
"""How many times as long as the written sentence two sentences of the paper may be. One alone may be longer."""
LEAST_CARRIED = 0.5
"""Least weighted share of a sentence's words that its substitute has, unless it has all of its values."""
LEAST_ADDED = 0.15
VALUED, ROW = 0.5, 0.6
"""What all values of a sentence add. Factor for a row of a table: a sentence that says the same is easier to read."""
LEAST_WORDS = 4
_START = re.compile(r"[^\w]*(?:\(?\w{1,2}[.)]\s+)?([^\W\d_]|\d)")
_FORM = re.compile(r"__|\.{5}|…{2}|\|")


def instead(fitting: Fitting, marks: Sequence[Mark], passages: Sequence[Passage], paper: Paper) -> list[Passage]:
    """Return one or two sentences in the order of the paper that carry a written sentence's words and right values.

    Empty where none carries enough of it: the sentence with a mark says more than a strange one.
    """
    source, years = paper.source, paper.years
    wrong = [mark for mark in marks if mark.kind in (*VALUES, ELSEWHERE)]
    right = {
        at
        for at, value in enumerate(fitting.said.values)
        if not any(mark.start <= value.start < mark.end for mark in wrong)
    }
    known = {at for passage in passages for at in fitting.common(passage)}
    rest = [(passage, *_carried(fitting, passage, years)) for passage in passages if is_quotable(passage, source)]
    chosen, words, values, length = list[Passage](), set[int](), set[int](), 0
    most = MOST_LONGER * count_words(fitting.said.text)
    while rest and len(chosen) < MOST_INSTEAD:
        shares = [(_weight(fitting, has - words, known), holds & right - values) for _, has, holds in rest]
        gains = [share + VALUED * len(holds) / max(1, len(right)) for share, holds in shares]
        gains = [
            gain * (ROW if source.pieces[passage.piece].kind is BlockKind.TABLE_ROW else 1)
            for gain, (passage, _, _) in zip(gains, rest, strict=True)
        ]
        at = gains.index(max(gains))
        passage, has, holds = rest.pop(at)
        length += count_words(passage.text)
        if chosen and (gains[at] < LEAST_ADDED or length > most):
            break
        chosen.append(passage)
        words, values = words | has, values | holds & right
    if not (right and values == right) and _weight(fitting, words, known) < LEAST_CARRIED:
        return []
    return sorted(chosen, key=lambda passage: (passage.piece, passage.start))


def is_quotable(passage: Passage, source: Source) -> bool:
    """Return whether a passage says something by itself: no lead-in, form, signature, or half of a sentence."""
    text, kind = passage.text.strip(), source.pieces[passage.piece].kind
    start = _START.match(text)
    if kind is BlockKind.HEADING or text.endswith((":", ",")) or not start or start[1].islower() or _FORM.search(text):
        return False
    is_listed = len(passage.told.words) > LEAST_WORDS * 2 and text.count(",") * 2 > len(passage.told.words)
    return not passage.is_bare and count_words(text) >= LEAST_WORDS and not is_listed


def _carried(fitting: Fitting, passage: Passage, years: set[int]) -> tuple[set[int], set[int]]:
    """Return the indexes of the words and of the values that a passage itself has."""
    words = {at for at, much in fitting.common(passage).items() if much == 1}
    there = passage.told.values
    return words, {
        at for at, value in enumerate(fitting.said.values) if any(is_same(value, stated, years) for stated in there)
    }


def _weight(fitting: Fitting, words: set[int], known: set[int]) -> float:
    """Return the share that words have in the weight of those that the paper knows."""
    return sum(fitting.weights[at] for at in words) / (sum(fitting.weights[at] for at in known) or 1)
