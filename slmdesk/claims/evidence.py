"""Finds the passages that a statement rests on. Pure functions.

Words are compared by groups of letters, as in the ranking of passages, and words that are rare among the passages count
more: a passage about "Rückzahlung" and "Frist" has nearly all groups of "Rückzahlungsfrist". Needs no stems, so that a
long text is searched at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from slmdesk.base.record import Record
from slmdesk.claims.values import Value, is_among, values_of
from slmdesk.text.folding import fold_for_search
from slmdesk.text.relevance import groups_of
from slmdesk.text.sentences import asking_words, search_words

LEAST_WEIGHT = 0.1
"""Weight of a group of letters that occurs in every passage, so that it still counts a little."""
OWN, VALUE = 2.0, 1.5
"""What the words of a statement count, and each of its values, beside the words of its topic."""
LEAST_GAIN = 0.25
"""Least share of a statement's words by which a further passage must add to those before it."""
MOST_PASSAGES = 2


class Evidence(Record):
    """The passages a statement rests on, best first, and the share of its words in them."""

    passages: tuple[int, ...]
    share: float


class Weights:
    """Knows how rare groups of letters are among some texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = [_folded(text) for text in texts]
        self._known: dict[str, float] = {}

    def share(self, words: Sequence[str], text: str) -> float:
        """Return the share of the folded words that a text contains, 0 to 1; 1 without words."""
        folded, whole, present = _folded(text), 0.0, 0.0
        for word in words:
            groups = groups_of(word)
            for group in groups:
                weight = self._weight(group) / len(groups)
                whole += weight
                if group in folded:
                    present += weight
        return present / whole if whole else 1.0

    def _weight(self, group: str) -> float:
        if len(self._texts) < 2:
            return 1.0
        if group not in self._known:
            having = sum(group in text for text in self._texts)
            self._known[group] = max(LEAST_WEIGHT, math.log((len(self._texts) + 1.0) / (having + 0.5)))
        return self._known[group]


@lru_cache(maxsize=16_384)
def _folded(text: str) -> str:
    return f" {fold_for_search(text)} "


def topic_words(topic: str) -> list[str]:
    """Return the words that tell what a question is about, not those that only ask ("when", "how many")."""
    words = search_words(topic)
    return [word for word in words if word not in asking_words()] or words


@lru_cache(maxsize=8)
def weights_of(texts: tuple[str, ...]) -> Weights:
    return Weights(texts)


def best(
    statement: str,
    passages: Sequence[str],
    language: str = "",
    *,
    topic: str = "",
    contexts: Sequence[str] = (),
    most: int = MOST_PASSAGES,
) -> Evidence:
    """Return the passages with most of a statement's values and words. Each further one must add a value or words.

    `topic`: the question that the statement answers. `contexts`: each passage with what stands above it, in which the
    words of the topic are looked for.
    """
    weights = weights_of(tuple(contexts or passages))
    asked = topic_words(topic) if topic else []
    own = [word for word in search_words(statement) if word not in asked]
    said = [value for value in values_of(statement, language) if not value.is_soft]
    values = [value for value in said if value.text.casefold() not in topic.casefold()]
    near = [weights.share(asked, context) if asked else 0.0 for context in contexts or passages]
    chosen, rest, share = list[int](), own, 0.0
    while len(chosen) < most and (not chosen or rest or values):
        at = _richest(weights, rest, values, passages, near, chosen)
        if at < 0:
            break
        left = [value for value in values if not is_among(value, values_of(passages[at]))]
        more = weights.share(own, "\n".join(passages[at] for at in (*chosen, at)))
        if chosen and len(left) == len(values) and more < share + LEAST_GAIN:
            break
        chosen.append(at)
        values, share = left, more
        rest = [word for word in rest if not weights.share([word], passages[at])]
        near = [0.0] * len(near)  # the topic leads to the first passage
    return Evidence(tuple(chosen), share)


def _richest(
    weights: Weights,
    words: Sequence[str],
    values: Sequence[Value],
    passages: Sequence[str],
    near: Sequence[float],
    without: Sequence[int],
) -> int:
    """Return the passage with most; -1 if none has anything. Values are read only where they can still decide."""
    worths = {
        at: near[at] + (OWN * weights.share(words, passage) if words else 0.0)
        for at, passage in enumerate(passages)
        if at not in without
    }
    best_at, most = -1, 0.0
    for at in sorted(worths, key=lambda at: -worths[at]):
        if worths[at] + VALUE * len(values) < most:
            break
        worth = worths[at] + VALUE * sum(is_among(value, values_of(passages[at])) for value in values)
        if worth > most or (worth == most and at < best_at):
            best_at, most = at, worth
    return best_at
