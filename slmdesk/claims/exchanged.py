"""Finds values of a statement that its sources say of another thing. Pure functions.

What stands around a value in the statement is compared with what stands around the same value in the sources, and
around each other value of its kind: the nearer a word, the more it counts, and rare words count more.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache

from slmdesk.base.record import Record
from slmdesk.claims.types import ELSEWHERE, Mark
from slmdesk.claims.values import Value, is_same, quantities_of, years_of
from slmdesk.claims.words import Word, has_stem, words
from slmdesk.text.sentences import sentence_spans

REACH, REACH_THERE = 10, 16
"""Number of words from a value within which a word counts, in the statement and in a source."""
FAR, FAR_THERE = 0.1, 0.3
"""Least weight of a word of the same sentence."""
OTHER_CLAUSE = 0.6
"""Factor for a word of another clause."""
LEAST_RARITY = 0.1
BETTER, MARGIN = 1.2, 0.15
"""How many times, and how much, better another value of the sources must fit than the one of the statement."""
NOUNS, BESIDE = 3, 0.5
"""Number of words of a statement that say most about its value, and least nearness of a word that stands beside one.
One of them must stand beside the other value and not beside its own: then the sources say the value of another thing.
"""
MOST_PAIRS = 5_000
"""Most pairs of a value of the statement and one of the sources that are compared."""
_CLAUSE = re.compile(r"[;:()–—]|,\s|(?<!\d)\.\s")


class _Sentence(Record):
    text: str
    words: tuple[Word, ...]
    values: tuple[Value, ...]
    clauses: tuple[int, ...]
    """Where its clauses end."""


class _Place(Record):
    """A value in a sentence of the sources."""

    sentence: _Sentence
    value: Value


def exchanged(statement: str, sources: Sequence[str], language: str) -> tuple[Mark, ...]:
    """Return marks for values that stand in the sources, where another value of the kind fits the statement better.

    `detail` of a mark is that other value. Two values of the statement that have changed places are both
    marked.
    """
    said = _sentence(statement, language)
    if not said.values:
        return ()
    sentences = [sentence for source in sources for sentence in _sentences(source, language)]
    fitting = _Fitting(said, sentences)
    if len(said.values) * len(fitting.places) > MOST_PAIRS:
        return ()  # a list or a table without sentences, which would take minutes
    marks = list[Mark]()
    for value in said.values:
        rival = fitting.rival(value)
        if rival is not None:
            there = rival.sentence.text[rival.value.start : rival.value.end]
            marks.append(Mark(ELSEWHERE, statement[value.start : value.end], value.start, value.end, there))
    return tuple(marks)


@lru_cache(maxsize=512)
def _sentences(source: str, language: str) -> tuple[_Sentence, ...]:
    return tuple(_sentence(source[start:end], language) for start, end in sentence_spans(source, language))


def _sentence(text: str, language: str) -> _Sentence:
    values = quantities_of(text, language)
    free = [
        word for word in words(text, language) if not any(value.start <= word.start < value.end for value in values)
    ]
    return _Sentence(text, tuple(free), values, tuple(match.start() for match in _CLAUSE.finditer(text)))


class _Fitting:
    """How well the values of some sentences fit a statement."""

    def __init__(self, said: _Sentence, sentences: Sequence[_Sentence]) -> None:
        self._said, self._sentences = said, sentences
        self._years = {year for sentence in sentences for year in years_of(sentence.values)}
        self.places = [_Place(sentence, value) for sentence in sentences for value in sentence.values]
        self._stems = {sentence: {word.stem for word in sentence.words} for sentence in sentences}
        self._rarity = {word.stem: self._rarity_of(word.stem) for word in said.words}

    def _rarity_of(self, stem: str) -> float:
        having = sum(has_stem(stem, stems) for stems in self._stems.values())
        return max(LEAST_RARITY, math.log((len(self._stems) + 1.0) / (having + 0.5)))

    def rival(self, value: Value) -> _Place | None:
        """Return the place of the value that fits clearly better in the place of this one."""
        own = [place for place in self.places if is_same(value, place.value, self._years)]
        if not own:
            return None
        others = [
            place
            for place in self.places
            if place.value.kind == value.kind and not is_same(value, place.value, self._years)
        ]
        worth = self._best(value, own)
        best, most = None, 0.0
        for place in others:
            fits = self._fit(value, place)
            other = next((other for other in self._said.values if is_same(other, place.value, self._years)), None)
            straight = worth
            if other is not None:  # both are said: have they changed places?
                there = [own for own in self.places if is_same(other, own.value, self._years)]
                straight += self._best(other, there)
                fits += self._best(other, own)
            is_better = fits > straight * BETTER + MARGIN and fits - straight > most
            if is_better and self._has_other_noun(value, place, own):
                best, most = place, fits - straight
        return best

    def _has_other_noun(self, value: Value, rival: _Place, own: Sequence[_Place]) -> bool:
        """Return whether a word that says much about a value stands beside its rival, and beside it nowhere."""
        nouns = sorted(self._said.words, key=lambda word: -self._weight(value, word))[:NOUNS]
        return any(_is_beside(noun, rival) and not any(_is_beside(noun, place) for place in own) for noun in nouns)

    def _weight(self, value: Value, word: Word) -> float:
        return self._rarity[word.stem] * _nearness(self._said, value, word, REACH, FAR)

    def _best(self, value: Value, places: Sequence[_Place]) -> float:
        return max((self._fit(value, place) for place in places), default=0.0)

    def _fit(self, value: Value, place: _Place) -> float:
        """Return how much of what stands around a value of the statement stands around that of a place, 0 to 1."""
        whole = found = 0.0
        for word in self._said.words:
            weight = self._weight(value, word)
            whole += weight
            found += weight * _nearness_there(word, place)
        return found / whole if whole else 0.0


def _is_beside(word: Word, place: _Place) -> bool:
    return _nearness_there(word, place) >= BESIDE


def _nearness_there(word: Word, place: _Place) -> float:
    """Return how near a form of a word stands to a value, 0 to 1."""
    near = [
        _nearness(place.sentence, place.value, other, REACH_THERE, FAR_THERE)
        for other in place.sentence.words
        if has_stem(word.stem, (other.stem,))
    ]
    return max(near, default=0.0)


def _nearness(sentence: _Sentence, value: Value, word: Word, reach: int, least: float) -> float:
    first, last = sorted((value.start, word.start))
    between = sum(first < other.start < last for other in sentence.words)
    near = max(least, 1.0 - between / reach)
    is_apart = any(first < cut < last for cut in sentence.clauses)
    return near * OTHER_CLAUSE if is_apart else near
