"""Ranks texts in memory by the words of a question: for text that is in no index.

BM25 (Robertson and Zaragoza 2009), weighed by how near one another the words stand, as the store's passages are.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from slmdesk.text.passages.nearness import nearness, stem_of
from slmdesk.text.words.folding import fold_for_search

SATURATION, LENGTH_SHARE = 1.2, 0.75
"""The two constants of BM25, as SQLite has them."""


def ranked_by_words(words: Sequence[str], texts: Sequence[str]) -> list[int]:
    """The positions of the texts that have any of the words (text.stop_words.search_words), the best first."""
    stems = {stem_of(one) for one in words}
    counts = [Counter(stem_of(one) for one in fold_for_search(text).split()) for text in texts]
    lengths = [sum(one.values()) for one in counts]
    usual = sum(lengths) / max(1, len(lengths)) or 1.0
    weights = {one: _rarity(sum(one in each for each in counts), len(counts)) for one in stems}
    scores: dict[int, float] = {}
    for place, (count, length) in enumerate(zip(counts, lengths, strict=True)):
        long = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * length / usual)
        score = sum(weights[one] * count[one] * (SATURATION + 1) / (count[one] + long) for one in stems if count[one])
        if score:
            scores[place] = score
    hits = list(scores)
    for place, near in zip(hits, nearness(words, [texts[one] for one in hits]), strict=True):
        scores[place] *= near
    return sorted(hits, key=lambda place: (-scores[place], place))


def _rarity(having: int, all: int) -> float:
    return math.log(1 + (all - having + 0.5) / (having + 0.5))
