"""Finds the passages that a statement rests on. Pure functions.

Words are compared by groups of letters, as in the ranking of passages, and words that
are rare among the passages count more: a passage about "Rückzahlung" and "Frist" has
nearly all groups of "Rückzahlungsfrist". Needs no stems, so that a long text is
searched at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from slmdesk.base.record import Record
from slmdesk.base.text.folding import fold_for_search
from slmdesk.base.text.relevance import groups_of
from slmdesk.base.text.sentences import asking_words, search_words
from slmdesk.claims.values import Value, is_among, values_of

LEAST_WEIGHT = 0.1
"""Weight of a group of letters that is in every passage, so that it counts a little."""
WORDS_WEIGHT, VALUE_WEIGHT = 2.0, 1.5
"""What the words of a statement count, and each of its values.

The words of its topic count 1.
"""
LEAST_GAIN = 0.25
"""Least share of a statement's words that a further passage must add."""
MOST_PASSAGES = 2


class Evidence(Record):
    """The passages a statement rests on, and the share of its words in them."""

    passages: tuple[int, ...]
    """Their indexes, best first."""
    share: float


class Weights:
    """Knows how rare groups of letters are among some texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = [_folded(text) for text in texts]
        self._known: dict[str, float] = {}

    def share(self, words: Sequence[str], text: str) -> float:
        """Return the share of the folded words that a text has, 0 to 1.

        1 without words.
        """
        folded = _folded(text)
        whole = 0.0
        present = 0.0
        for word in words:
            groups = groups_of(word)
            for group in groups:
                weight = self._weight(group) / len(groups)
                whole += weight
                if group in folded:
                    present += weight
        if not whole:
            return 1.0
        return present / whole

    def _weight(self, group: str) -> float:
        if len(self._texts) < 2:
            return 1.0
        if group not in self._known:
            count = sum(group in text for text in self._texts)
            rarity = math.log((len(self._texts) + 1.0) / (count + 0.5))
            self._known[group] = max(LEAST_WEIGHT, rarity)
        return self._known[group]


@lru_cache(maxsize=16_384)
def _folded(text: str) -> str:
    # a group of letters has the blank before its word, and a number both
    return f" {fold_for_search(text)} "


def topic_words(topic: str) -> list[str]:
    """Return the words that tell what a question is about.

    Not those that only ask ("when", "how many"), unless it has no others.
    """
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
    """Return the passages with most of a statement's values and words.

    Each further one must add a value or words. `topic`: the question that the statement
    answers. `contexts`: each passage with what is above it, in which the words of the
    topic are looked for.
    """
    contexts = contexts or passages
    weights = weights_of(tuple(contexts))
    asked = topic_words(topic)
    words = [word for word in search_words(statement) if word not in asked]
    values = _own_values(statement, language, topic)
    topic_scores = [0.0] * len(contexts)
    if asked:
        topic_scores = [weights.share(asked, context) for context in contexts]

    chosen = list[int]()
    share = 0.0
    missing_words = words
    while len(chosen) < most and (not chosen or missing_words or values):
        index = _best_index(
            weights, missing_words, values, passages, topic_scores, chosen
        )
        if index < 0:
            break
        passage = passages[index]
        missing_values = [
            value for value in values if not is_among(value, values_of(passage))
        ]
        together = "\n".join(passages[other] for other in (*chosen, index))
        new_share = weights.share(words, together)
        has_more_values = len(missing_values) < len(values)
        if chosen and not has_more_values and new_share < share + LEAST_GAIN:
            break
        chosen.append(index)
        values = missing_values
        share = new_share
        missing_words = [
            word for word in missing_words if not weights.share([word], passage)
        ]
        topic_scores = [0.0] * len(contexts)  # the topic leads to the first passage
    return Evidence(tuple(chosen), share)


def _own_values(statement: str, language: str, topic: str) -> list[Value]:
    """Return the values of a statement that its topic does not have."""
    asked = topic.casefold()
    return [
        value
        for value in values_of(statement, language)
        if not value.is_soft and value.text.casefold() not in asked
    ]


def _best_index(
    weights: Weights,
    words: Sequence[str],
    values: Sequence[Value],
    passages: Sequence[str],
    topic_scores: Sequence[float],
    excluded: Sequence[int],
) -> int:
    """Return the index of the passage with most; -1 if none has anything."""
    scores = dict[int, float]()
    for index, passage in enumerate(passages):
        if index in excluded:
            continue
        scores[index] = topic_scores[index]
        if words:
            scores[index] += WORDS_WEIGHT * weights.share(words, passage)

    best_index, most = -1, 0.0
    for index in sorted(scores, key=lambda index: -scores[index]):
        # reading values is slow: no later passage can have more than this
        if scores[index] + VALUE_WEIGHT * len(values) < most:
            break
        passage = passages[index]
        matches = sum(is_among(value, values_of(passage)) for value in values)
        score = scores[index] + VALUE_WEIGHT * matches
        if score > most or (score == most and index < best_index):
            best_index, most = index, score
    return best_index
