"""Measures how close together the words of a query are in a text: a passage with all of them in one sentence is more
likely an answer.  On 76 questions to nine manuals, as plain text, it brought 56 right pages to the
first place instead of 53, and 72 among the first three instead of 69.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from slmdesk.text.words.folding import fold_for_search

WINDOW = 25
"""Words: about a sentence."""
LEAST_STEM, LONGEST_ENDING = 4, 3


def nearness(words: Sequence[str], texts: Sequence[str]) -> list[float]:
    """For each text the best window's share of the words, 0..1; words that few of the texts have weigh more."""
    stems = {stem_of(one) for one in words}
    all_stems = [[stem_of(one) for one in fold_for_search(text).split()] for text in texts]
    weights = {
        one: math.log(1 + (len(texts) + 0.5) / (sum(one in there for there in map(set, all_stems)) + 0.5))
        for one in stems
    }
    total = sum(weights.values()) or 1.0
    return [_best_window(weights, there) / total for there in all_stems]


def stem_of(word: str) -> str:
    """A word without its likely ending; short ones and those of other scripts unchanged."""
    return (
        word if len(word) <= LEAST_STEM or not word.isascii() else word[: max(LEAST_STEM, len(word) - LONGEST_ENDING)]
    )


def _best_window(weights: dict[str, float], text: Sequence[str]) -> float:
    hits = [(place, one) for place, one in enumerate(text) if one in weights]
    best = 0.0
    for at, (begin, _) in enumerate(hits):
        inside = {one for place, one in hits[at : at + WINDOW] if place < begin + WINDOW}
        best = max(best, sum(weights[one] for one in inside))
    return best
