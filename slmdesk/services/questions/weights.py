"""Weighs words by how rare they are in some documents, whatever their endings.  Pure functions.

Like text.checks.overlap, but "stops" is found for "stop": questions ask in other forms than texts tell.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from slmdesk.services.documents.nearest import are_alike
from slmdesk.text.words.folding import fold_for_search

LEAST_WEIGHT = 0.1
"""Of a word in every passage: it still says something."""
_START = 3


class Weights:
    def __init__(self, texts: Iterable[str]) -> None:
        self._places: defaultdict[str, set[int]] = defaultdict(set)
        self._starts: defaultdict[str, list[str]] = defaultdict(list)
        self._count = 0
        for at, text in enumerate(texts):
            self._count = at + 1
            for word in set(fold_for_search(text).split()):
                if word not in self._places:
                    self._starts[word[:_START]].append(word)
                self._places[word].add(at)
        self._known: dict[str, float] = {}

    def weight(self, word: str) -> float:
        """Of a folded word, the highest for one that stands nowhere."""
        if word not in self._known:
            self._known[word] = max(LEAST_WEIGHT, math.log((self._count + 1.0) / (len(self._found(word)) + 0.5)))
        return self._known[word] if self._count > 1 else 1.0

    def is_there(self, word: str) -> bool:
        return bool(self._found(word))

    def share(self, words: Sequence[str], text: str) -> float:
        """How much of the words, by weight, stands in a text, 0..1; 1 without words."""
        there: defaultdict[str, list[str]] = defaultdict(list)
        for one in set(fold_for_search(text).split()):
            there[one[:_START]].append(one)
        weights = {word: self.weight(word) for word in words}
        whole = sum(weights.values())
        found = sum(
            weight
            for word, weight in weights.items()
            if any(word == one or are_alike(word, one) for one in there[word[:_START]])
        )
        return found / whole if whole else 1.0

    def _found(self, word: str) -> set[int]:
        alike = [one for one in self._starts.get(word[:_START], ()) if one == word or are_alike(word, one)]
        return set().union(*(self._places[one] for one in alike))
