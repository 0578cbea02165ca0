"""Picks the most central sentences of a text, in place of a summary where no model is good enough.

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
_LEAST_WORDS = 5
"""Shorter pieces are headings and remains: chosen only when nothing else is there."""
_MOST_WORDS = 60
_SAME = 0.6
"""From this cosine on a sentence repeats one that is chosen already."""

_Vector = dict[str, float]


def central(sentences: Sequence[str], count: int) -> list[int]:
    """The positions of the `count` most central sentences, in the order of the text; fewer when there are fewer.

    They are spread: each of `count` equal stretches of the text gives one before any gives a second at the same worth,
    and a sentence that repeats a chosen one is skipped while there are others.
    """
    if count <= 0 or not sentences:
        return []
    vectors, sizes = _vectors(sentences)
    worth = _rank(vectors)
    for at, size in enumerate(sizes):
        if size < _LEAST_WORDS:
            worth[at] *= 0.05
        elif size > _MOST_WORDS:
            worth[at] *= _MOST_WORDS / size
    return sorted(_spread(worth, vectors, sentences, count))


def centralities(sentences: Sequence[str]) -> list[float]:
    """How central each sentence is, 0..1; the most central has 1."""
    if not sentences:
        return []
    worth = _rank(_vectors(sentences)[0])
    most = max(worth) or 1.0
    return [one / most for one in worth]


def _vectors(sentences: Sequence[str]) -> tuple[list[_Vector], list[int]]:
    """For each sentence its words, weighted by rarity, of length one; and how many words it has."""
    counts = [Counter(fold_for_search(sentence).split()) for sentence in sentences]
    spread: Counter[str] = Counter(word for words in counts for word in words)
    vectors: list[_Vector] = []
    for words in counts:
        vector = {word: n * math.log(1 + len(sentences) / spread[word]) for word, n in words.items()}
        norm = math.sqrt(sum(weight * weight for weight in vector.values())) or 1.0
        vectors.append({word: weight / norm for word, weight in vector.items()})
    return vectors, [sum(words.values()) for words in counts]


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


def _spread(worth: list[float], vectors: list[_Vector], sentences: Sequence[str], count: int) -> list[int]:
    total, so_far, stretches = sum(map(len, sentences)) or 1, 0, []
    for sentence in sentences:
        stretches.append(min(count - 1, so_far * count // total))
        so_far += len(sentence)
    taken: Counter[int] = Counter()
    left, chosen = set(range(len(sentences))), list[int]()
    value = list(worth)
    while left and len(chosen) < count:
        best = max(left, key=lambda at: (value[at] / (1 + taken[stretches[at]]), -at))
        left.remove(best)
        chosen.append(best)
        taken[stretches[best]] += 1
        for at in left:
            alike = sum(weight * vectors[best].get(word, 0.0) for word, weight in vectors[at].items())
            if alike > _SAME:
                value[at] = min(value[at], worth[at] * 0.1)
    return chosen
