"""How central each sentence of a text is.

Continuous LexRank (Erkan and Radev 2004, doi 10.1613/jair.1523): sentences vote for those they share words with,
words weighted by how rare they are in the text.  Two sentences are never compared: the votes go to the words and back,
so that the work grows with the length of the text, not with its square.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

from slmdesk.text.words.folding import fold_for_search

_DAMPING = 0.15
_ROUNDS = 20
_Vector = dict[str, float]


def centralities(sentences: Sequence[str]) -> list[float]:
    """How central each sentence is, 0..1; the most central has 1."""
    if not sentences:
        return []
    worth = _rank(_vectors(sentences))
    most = max(worth) or 1.0
    return [one / most for one in worth]


def _vectors(sentences: Sequence[str]) -> list[_Vector]:
    counts = [Counter(fold_for_search(sentence).split()) for sentence in sentences]
    spread: Counter[str] = Counter(word for words in counts for word in words)
    vectors: list[_Vector] = []
    for words in counts:
        vector = {word: n * math.log(1 + len(sentences) / spread[word]) for word, n in words.items()}
        norm = math.sqrt(sum(weight * weight for weight in vector.values())) or 1.0
        vectors.append({word: weight / norm for word, weight in vector.items()})
    return vectors


def _rank(vectors: Sequence[_Vector]) -> list[float]:
    size = len(vectors)
    degree = _votes(vectors, [1.0] * size)
    rank = [1.0 / size] * size
    for _ in range(_ROUNDS):
        given = [value / all_given if all_given else 0.0 for value, all_given in zip(rank, degree, strict=True)]
        rank = [_DAMPING / size + (1 - _DAMPING) * received for received in _votes(vectors, given)]
    return rank


def _votes(vectors: Sequence[_Vector], weights: Sequence[float]) -> list[float]:
    """The votes each sentence receives when each gives `weights` to all, by the cosine between them."""
    words: defaultdict[str, float] = defaultdict(float)
    for vector, weight in zip(vectors, weights, strict=True):
        for word, value in vector.items():
            words[word] += value * weight
    return [sum(value * words[word] for word, value in vector.items()) for vector in vectors]
