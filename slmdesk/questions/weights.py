"""How much of some words stands in a text, in whatever forms and compounds; what is rare in the documents counts more.

By groups of letters, as passages are ranked: of "Rückzahlungsfrist" a sentence about the repayment and its term has
nearly all, and one about another term little.  Pure functions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from slmdesk.text.passages.ranking import groups_of
from slmdesk.text.words.folding import fold_for_search

LEAST_WEIGHT = 0.1
"""Of a group in every text: it still says something."""


class Weights:
    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = [_folded(one) for one in texts]
        self._known: dict[str, float] = {}

    def share(self, words: Sequence[str], text: str) -> float:
        """Of folded words, 0..1; 1 without words."""
        return self._share(words, _folded(text))

    def _share(self, words: Sequence[str], folded: str) -> float:
        whole = found = 0.0
        for word in words:
            groups = groups_of(word)
            for group in groups:
                weight = self._weight(group) / len(groups)
                whole += weight
                found += weight * (group in folded)
        return found / whole if whole else 1.0

    def _weight(self, group: str) -> float:
        if group not in self._known:
            having = sum(group in one for one in self._texts)
            self._known[group] = max(LEAST_WEIGHT, math.log((len(self._texts) + 1.0) / (having + 0.5)))
        return self._known[group] if len(self._texts) > 1 else 1.0


def _folded(text: str) -> str:
    return f" {fold_for_search(text)} "
