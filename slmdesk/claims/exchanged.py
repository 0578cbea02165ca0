"""Finds values of a statement that its sources say of another thing. Pure functions.

The words around a value in the statement are compared with those around the same value
in the sources, and around each other value of its kind. The closer a word, the more it
counts, and rare words count more.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import mul
from typing import TypeAlias

from slmdesk.base.record import Record
from slmdesk.base.text.sentences import sentence_spans
from slmdesk.claims.types import ELSEWHERE, Mark
from slmdesk.claims.values import Value, is_same, quantities_of, years_of
from slmdesk.claims.words import Word, has_stem, words

REACH, SOURCE_REACH = 10, 16
"""Number of words within which a word is close to a value: in statement and source."""
LEAST_PROXIMITY, LEAST_SOURCE_PROXIMITY = 0.1, 0.3
"""Proximity of all other words of the same sentence: in statement and source."""
OTHER_CLAUSE = 0.6
"""Factor for a word of another clause."""
LEAST_RARITY = 0.1
BETTER, MARGIN = 1.2, 0.15
"""How many times, and how much, better another value of the sources must match."""
KEY_WORDS, ADJACENT = 3, 0.5
"""Number of words of a statement that say most about its value, and the least proximity
of a word that is next to one.

One of these words must be next to the other value and not next to its own: then the
sources say the value of another thing.
"""
MOST_PAIRS = 5_000
"""Most pairs of a value of the statement and one of the sources that are compared."""
_CLAUSE = re.compile(r"[;:()–—]|,\s|(?<!\d)\.\s")


class _Sentence(Record, cache_hash=True):
    text: str
    words: tuple[Word, ...]
    starts: tuple[int, ...]
    """Where its words start."""
    values: tuple[Value, ...]
    clauses: tuple[int, ...]
    """Where its clauses end."""


class _Occurrence(Record):
    """A value in a sentence of the sources."""

    sentence: _Sentence
    value: Value
    proximities: tuple[float, ...]
    """How close each word of the claim is to it, 0 to 1."""


_Forms: TypeAlias = Mapping[_Sentence, Sequence[Word]]
"""Forms of a word of the claim in each sentence of the sources."""


def exchanged(
    statement: str, sources: Sequence[str], language: str
) -> tuple[Mark, ...]:
    """Return marks for values that another value of the sources matches better.

    The sources have both, and both are of a kind. `detail` of a mark is the other one.
    Two values of the statement that have changed places are both marked.
    """
    claim = _sentence(statement, language)
    if not claim.values:
        return ()
    sentences = list[_Sentence]()
    for source in sources:
        sentences += _sentences(source, language)
    occurrences = sum(len(sentence.values) for sentence in sentences)
    if len(claim.values) * occurrences > MOST_PAIRS:
        return ()  # a list or a table without sentences, which would take minutes
    matching = _Matching(claim, sentences)
    marks = list[Mark]()
    for value in claim.values:
        rival = matching.rival(value)
        if rival is not None:
            text = statement[value.start : value.end]
            evidence = rival.sentence.text[rival.value.start : rival.value.end]
            marks.append(Mark(ELSEWHERE, text, value.start, value.end, evidence))
    return tuple(marks)


@lru_cache(maxsize=512)
def _sentences(source: str, language: str) -> tuple[_Sentence, ...]:
    spans = sentence_spans(source, language)
    return tuple(_sentence(source[start:end], language) for start, end in spans)


def _sentence(text: str, language: str) -> _Sentence:
    values = quantities_of(text, language)
    others = [word for word in words(text, language) if not _is_part(word, values)]
    starts = [word.start for word in others]
    clauses = [match.start() for match in _CLAUSE.finditer(text)]
    return _Sentence(text, tuple(others), tuple(starts), values, tuple(clauses))


def _is_part(word: Word, values: Sequence[Value]) -> bool:
    return any(value.start <= word.start < value.end for value in values)


class _Matching:
    """Scores how well the values of some sentences match those of a claim."""

    def __init__(self, claim: _Sentence, sentences: Sequence[_Sentence]) -> None:
        self._claim = claim
        self._years = set[int]()
        self._occurrences = list[_Occurrence]()
        found = [_forms_of(word, sentences) for word in claim.words]
        for sentence in sentences:
            self._years |= years_of(sentence.values)
            for value in sentence.values:
                proximities = [
                    _source_proximity(sentence, value, forms[sentence])
                    for forms in found
                ]
                occurrence = _Occurrence(sentence, value, tuple(proximities))
                self._occurrences.append(occurrence)
        self._weights = {value: self._weigh(value, found) for value in claim.values}
        self._own = {value: self._occurrences_of(value) for value in claim.values}

    def _weigh(self, value: Value, found: Sequence[_Forms]) -> tuple[float, ...]:
        """Return how much each word of the claim says about one of its values."""
        weights = [
            _rarity(forms)
            * _proximity(self._claim, value, word, REACH, LEAST_PROXIMITY)
            for word, forms in zip(self._claim.words, found, strict=True)
        ]
        return tuple(weights)

    def rival(self, value: Value) -> _Occurrence | None:
        """Return the occurrence of another value that matches clearly better."""
        own = self._own[value]
        if not own:
            return None
        own_score = self._best_score(value, own)
        best: _Occurrence | None = None
        most = 0.0
        for rival in self._occurrences:
            if rival.value.kind != value.kind or self._is_same(value, rival.value):
                continue
            score = own_score
            rival_score = self._score(value, rival)
            other = self._claimed(rival.value)
            if other is not None:  # the claim has both: have they changed places?
                score += self._best_score(other, self._own[other])
                rival_score += self._best_score(other, own)
            gain = rival_score - score
            is_better = rival_score > score * BETTER + MARGIN and gain > most
            if is_better and self._has_other_key_word(value, rival, own):
                best, most = rival, gain
        return best

    def _is_same(self, value: Value, other: Value) -> bool:
        return is_same(value, other, self._years)

    def _occurrences_of(self, value: Value) -> list[_Occurrence]:
        return [
            occurrence
            for occurrence in self._occurrences
            if self._is_same(value, occurrence.value)
        ]

    def _claimed(self, value: Value) -> Value | None:
        """Return the value of the claim that is the same as one of the sources."""
        same = (other for other in self._claim.values if self._is_same(other, value))
        return next(same, None)

    def _has_other_key_word(
        self, value: Value, rival: _Occurrence, own: Sequence[_Occurrence]
    ) -> bool:
        """Return whether a key word of a value is next to its rival, and never to it.

        Key words say most about a value.
        """
        weights = self._weights[value]
        by_weight = sorted(range(len(weights)), key=lambda word: -weights[word])
        return any(
            rival.proximities[word] >= ADJACENT
            and not any(occurrence.proximities[word] >= ADJACENT for occurrence in own)
            for word in by_weight[:KEY_WORDS]
        )

    def _best_score(self, value: Value, occurrences: Sequence[_Occurrence]) -> float:
        scores = (self._score(value, occurrence) for occurrence in occurrences)
        return max(scores, default=0.0)

    def _score(self, value: Value, occurrence: _Occurrence) -> float:
        """Return how much of a value's surroundings an occurrence has, 0 to 1."""
        weights = self._weights[value]
        whole = sum(weights)
        if not whole:
            return 0.0
        found: float = sum(map(mul, weights, occurrence.proximities))
        return found / whole


def _forms_of(word: Word, sentences: Sequence[_Sentence]) -> _Forms:
    return {
        sentence: [form for form in sentence.words if has_stem(word.stem, (form.stem,))]
        for sentence in sentences
    }


def _rarity(forms: _Forms) -> float:
    """Return how much a word says that has these forms in the sentences."""
    count = sum(map(bool, forms.values()))
    return max(LEAST_RARITY, math.log((len(forms) + 1.0) / (count + 0.5)))


def _source_proximity(
    sentence: _Sentence, value: Value, forms: Sequence[Word]
) -> float:
    """Return how close some forms of a word are to a value, 0 to 1."""
    proximities = [
        _proximity(sentence, value, form, SOURCE_REACH, LEAST_SOURCE_PROXIMITY)
        for form in forms
    ]
    return max(proximities, default=0.0)


def _proximity(
    sentence: _Sentence, value: Value, word: Word, reach: int, least: float
) -> float:
    first, last = sorted((value.start, word.start))
    between = _count_between(sentence.starts, first, last)
    proximity = max(least, 1.0 - between / reach)
    if _count_between(sentence.clauses, first, last):
        proximity *= OTHER_CLAUSE
    return proximity


def _count_between(positions: Sequence[int], first: int, last: int) -> int:
    """Return how many of some positions, in order, lie between two."""
    return max(0, bisect_left(positions, last) - bisect_right(positions, first))
