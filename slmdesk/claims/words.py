"""Compares texts by the stems of their words. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from slmdesk.base.record import Record
from slmdesk.base.text.folding import fold
from slmdesk.base.text.stems import stem
from slmdesk.base.text.words import function_words

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
"""The one pattern for words. A hyphen parts them: "E-Mail" is two words."""
LEAST_PART = 5
"""Fewest letters of a stem that is a part of a compound: "vertrag" in "mietvertrag"."""
LEAST_LETTERS = 3
"""Fewest letters of a word that says something.

Shorter ones are articles and prepositions in all languages.
"""


class Word(Record):
    stem: str
    start: int
    end: int


@lru_cache(maxsize=8192)
def words(text: str, language: str) -> tuple[Word, ...]:
    """Return the words of a text that say something, in order.

    No articles, pronouns and prepositions, no figures.
    """
    return tuple(_content(text, language))


def _content(text: str, language: str) -> Iterator[Word]:
    ignored = function_words(language)
    for match in WORD.finditer(text):
        word = match[0]
        if language in ("fr", "it"):  # l'échéance
            word = re.split("['’]", word)[-1]
        if len(word) < LEAST_LETTERS or not word.isalpha():
            continue
        if fold(word) not in ignored:
            yield Word(stem(word, language), match.start(), match.end())


@lru_cache(maxsize=8192)
def stems(text: str, language: str) -> frozenset[str]:
    return frozenset(word.stem for word in words(text, language))


def has_stem(wanted: str, known: Collection[str]) -> bool:
    """Return whether a stem is among others, or in a compound with one of them.

    As "Vertrag" and "Mietvertrag".
    """
    if wanted in known:
        return True
    for other in known:
        short, long = sorted((wanted, other), key=len)
        if len(short) >= LEAST_PART and short in long:
            return True
    return False


def share(wanted: Collection[str], known: Collection[str]) -> float:
    """Return the share of some stems that is among others, 0 to 1.

    1 if none is wanted.
    """
    if not wanted:
        return 1.0
    return sum(has_stem(stem, known) for stem in wanted) / len(wanted)
