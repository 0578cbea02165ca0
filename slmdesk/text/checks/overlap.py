"""Measures how much of a sentence is in a text: content words, rare ones counting more.

Weights as in tf-idf (Spärck Jones 1972, "A statistical interpretation of term specificity").
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from slmdesk.text.words.folding import fold_for_search

STEM = 6
"""Letters of a word that count: endings differ between a text and what is said of it."""


class Rarity:
    """How rare words are among some texts; used in place of stop word lists."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._words: list[frozenset[str]] = []
        self._spread: Counter[str] = Counter()
        self.add(texts)

    def add(self, texts: Iterable[str]) -> None:
        """Add texts; their numbers continue."""
        for text in texts:
            words = stems(text)
            self._words.append(words)
            self._spread.update(words)

    def weight(self, word: str) -> float:
        """0 for a word in every text, the maximum for a word in none."""
        count = len(self._words)
        return math.log((count + 1.0) / (self._spread[word] + 0.5)) if count > 1 else 1.0

    def share(self, sentence: str, text: str) -> float:
        """How much of the sentence is in the text, 0..1; 1 for a sentence without words."""
        return self._share(stems(sentence), stems(text))

    def best(self, sentence: str, among: Sequence[int], *, beside: str = "") -> tuple[int, float]:
        """Which of the texts (by number) contains most of it, the first of equals; and how much, 0..1.

        `beside`: a text that contains some of it already; only the rest counts.
        """
        requested = stems(sentence) - stems(beside)
        shares = [(self._share(requested, self._words[at]), -at) for at in among]
        share, at = max(shares)
        return -at, share

    def _share(self, requested: frozenset[str], there: frozenset[str]) -> float:
        weights = {word: max(0.1, self.weight(word)) for word in requested}
        whole = sum(weights.values())
        return sum(weights[word] for word in requested if word in there) / whole if whole else 1.0


@lru_cache(maxsize=4096)
def stems(text: str) -> frozenset[str]:
    words = fold_for_search(text).split()
    return frozenset(word[:STEM] for word in words if len(word) > 2 or not word.isascii() or word.isdigit())
