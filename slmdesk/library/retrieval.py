"""Ranks the passages of documents for a question: by words always, by meaning where an embedding model is present.

The words' beginnings are found by the index, their forms and compounds decide; rankings are joined by reciprocal rank
fusion (Cormack, Clarke and Buettcher 2009).  On the service thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from slmdesk.base.record import Record
from slmdesk.base.records import Passage
from slmdesk.runtime.pending import Pending, ended
from slmdesk.store import Store
from slmdesk.text.passages.ranking import ranked_by_words
from slmdesk.text.words.stop_words import search_words

DEEP = 40
"""Places of each ranking that count."""
CANDIDATES = 64
"""Passages that the index finds, to be ranked."""
FUSION = 60
"""The constant of reciprocal rank fusion: how little the first places are above the next."""
MEANING = 0.5
"""How much a place by meaning counts beside one by words."""
FEW_WORDS = 3
"""A follow-up question with fewer words of its own is looked for together with the one before."""


class RankedPassages(Record):
    passages: tuple[Passage, ...]
    words: tuple[str, ...]


Meaning = Callable[[str, Sequence[str]], Pending[list[int]]]
"""Asked with a question and documents, gives the numbers of passages, the nearest in meaning first; none without a
model for it."""


def fused(*rankings: Sequence[int], weights: Sequence[float] = ()) -> list[int]:
    scores: dict[int, float] = {}
    for number, ranking in enumerate(rankings):
        weight = weights[number] if number < len(weights) else 1.0
        for place, one in enumerate(ranking):
            scores[one] = scores.get(one, 0.0) + weight / (FUSION + place + 1)
    return sorted(scores, key=lambda one: (-scores[one], one))


def with_meaning(by_words: Sequence[int], by_meaning: Sequence[int]) -> list[int]:
    """Join a ranking by words with one by meaning.

    The best match by words stays first, because small embedding models rank likely passages well but the very best ones
    badly.
    """
    joined = fused(by_words, by_meaning, weights=(1.0, MEANING))
    return [*by_words[:1], *(one for one in joined if one not in by_words[:1])]


class Retrieval:
    """Ranks passages.  Service thread."""

    def __init__(self, store: Store, meaning: Meaning | None = None) -> None:
        self._store, self._meaning = store, meaning

    def rank(
        self, question: str, documents: Sequence[str], *, before: Sequence[str] = (), by_meaning: bool = True
    ) -> Pending[RankedPassages]:
        """Find the passages of these documents that match a question best; ended at once when only words are used.

        `before`: the earlier questions of the conversation.  `by_meaning`: the question may be given to the embedding
        model as it is.  Raises KnownError store.*.
        """
        words = search_words(question)
        by_words = self._by_words(words, documents)
        rankings = [list(by_words)]
        if before and len(words) < FEW_WORDS:
            words = list(dict.fromkeys([*words, *search_words(before[-1])]))
            hits = self._by_words(words, documents)
            rankings.append(list(hits))
            by_words |= hits

        def joined(numbers: list[int]) -> RankedPassages:
            known = dict(by_words)
            known |= {one.n: one for one in self._store.passages.numbered([one for one in numbers if one not in known])}
            order = [one for one in with_meaning(fused(*rankings), numbers) if one in known]
            return RankedPassages(tuple(known[one] for one in order[:DEEP]), tuple(words))

        near: Pending[list[int]] = ended([])
        if by_meaning and self._meaning is not None:
            near = self._meaning(question, documents)
        return near.map(joined)

    def _by_words(self, words: Sequence[str], documents: Sequence[str]) -> dict[int, Passage]:
        """Return passages by number, the best first."""
        found = self._store.passages.find(words, documents, CANDIDATES)
        among = self._store.passages.number(documents)
        best = ranked_by_words(words, [one.text for one in found], among=among)[:DEEP]
        return {found[place].n: found[place] for place in best}

    def with_neighbours(self, chosen: Sequence[Passage]) -> list[Passage]:
        requested = [n for one in chosen for n in (one.n + 1, one.n - 1)]
        documents = {one.document for one in chosen}
        have = {one.n for one in chosen}
        found = {one.n: one for one in self._store.passages.numbered(requested) if one.document in documents}
        return [found[n] for n in dict.fromkeys(requested) if n in found and n not in have]
