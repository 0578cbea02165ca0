"""Themes of many texts: groups of near vectors, told by their words. Imports numpy, so that it is imported late."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from slmdesk.base.record import Record, changed
from slmdesk.base.text.sentences import search_words
from slmdesk.base.types import ChatMessage, Origin, Role, TextPart
from slmdesk.tasks.tables.labels import MOST_LABELS
from slmdesk.tasks.tables.prompts import text_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_TEXTS = 1000
"""Most texts whose vectors are asked for at once, and in which themes are looked for."""
MOST_LETTERS = 1500
ROUNDS, WORDS, EXAMPLES = 25, 6, 3
LEAST = 2
"""Fewest texts of a theme."""
_NAME = re.compile(r"^\W*(\d+)\W+(.+)$", re.MULTILINE)


class Theme(Record):
    name: str
    words: tuple[str, ...]
    examples: tuple[str, ...]
    count: int


def themes_of(texts: Sequence[str], vectors: Sequence[bytes]) -> list[Theme]:
    """Return the themes of texts, the largest first, named by their most telling words. Without vectors, one for each
    text, those of their words are taken.
    """
    words = [list(dict.fromkeys(word for word in search_words(text) if len(word) > 2)) for text in texts]
    matrix = np.frombuffer(b"".join(vectors), "<f4").reshape(len(texts), -1) if vectors else _of_words(words)
    groups = _groups(matrix.astype(np.float64), min(MOST_LABELS - 1, max(2, round(math.sqrt(len(texts) / 2)))))
    every = Counter(word for some in words for word in some)
    themes = []
    for members, centre in groups:
        here = Counter(word for at in members for word in words[at])
        scores = {
            word: count / len(members) - (every[word] - count) / max(1, len(texts) - len(members))
            for word, count in here.items()
        }
        telling = sorted(scores, key=lambda word: (-scores[word], word))[:WORDS]
        near = sorted(members, key=lambda at: -float(matrix[at] @ centre))[:EXAMPLES]
        themes.append(Theme(", ".join(telling[:2]), tuple(telling), tuple(texts[at] for at in near), len(members)))
    return sorted((theme for theme in themes if theme.words), key=lambda theme: -theme.count)


def _of_words(words: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    every = Counter(word for some in words for word in some)
    known = {word: at for at, word in enumerate(sorted(word for word, count in every.items() if count > 1))}
    matrix = np.zeros((len(words), max(1, len(known))))
    for at, some in enumerate(words):
        for word in some:
            if word in known:
                matrix[at, known[word]] = math.log(1 + len(words) / every[word])
    matrix /= np.maximum(1e-9, np.linalg.norm(matrix, axis=1, keepdims=True))
    return matrix


def _groups(matrix: NDArray[np.float64], count: int) -> list[tuple[list[int], NDArray[np.float64]]]:
    """Return groups of near rows by k-means over the sphere, always the same ones: each new centre begins farthest."""
    matrix = matrix - matrix.mean(axis=0)  # what all texts have in common tells nothing
    matrix /= np.maximum(1e-9, np.linalg.norm(matrix, axis=1, keepdims=True))
    centres = [matrix[int(np.argmax(matrix @ matrix.mean(axis=0)))]]
    while len(centres) < min(count, len(matrix)):
        centres.append(matrix[int(np.argmin((matrix @ np.stack(centres).T).max(axis=1)))])
    middle, owner = np.stack(centres), np.full(len(matrix), -1)
    for _round in range(ROUNDS):
        now = (matrix @ middle.T).argmax(axis=1)
        if (now == owner).all():
            break
        owner = now
        for at in set(owner.tolist()):
            mean = matrix[owner == at].mean(axis=0)
            middle[at] = mean / max(1e-9, float(np.linalg.norm(mean)))
    members = [[int(row) for row in np.flatnonzero(owner == at)] for at in range(len(middle))]
    return [(some, middle[at]) for at, some in enumerate(members) if len(some) >= LEAST]


def naming_turns(themes: Sequence[Theme]) -> list[ChatMessage]:
    """Ask a model for names of themes."""
    asked = "Name each group of texts in one to three words. Answer with a line for each: its number, then its name."
    parts = [TextPart(f"{asked}\n", Origin.PROGRAM)]
    for number, theme in enumerate(themes, 1):
        parts.append(TextPart(f"\nGroup {number}:\n", Origin.PROGRAM))
        parts.append(TextPart("\n".join(text_for(text[:200]) for text in theme.examples), Origin.DOCUMENT))
    return [ChatMessage(Role.USER, tuple(parts))]


def named(themes: Sequence[Theme], untrusted: str) -> list[Theme]:
    """Return themes with the names that a model gave. One that it passed over, or named as another, keeps its words."""
    names = {int(number): " ".join(name.split())[:40].strip(" .:*\"'") for number, name in _NAME.findall(untrusted)}
    renamed: list[Theme] = []
    for number, theme in enumerate(themes, 1):
        name = names.get(number, "")
        is_new = name and name.casefold() not in {known.name.casefold() for known in renamed}
        renamed.append(changed(theme, name=name) if is_new else theme)
    return renamed
