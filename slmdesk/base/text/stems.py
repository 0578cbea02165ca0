"""Tells which words are forms of one. The only stemmer but for the ranking of passages and the terms of glossaries."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from slmdesk.base.text.folding import fold, fold_for_search

BEGINNING = 6
_ALGORITHMS = {
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "nl": "dutch",
    "pl": "polish",
    "pt": "portuguese",
}


@cache
def _stemmer(language: str) -> Any:
    import snowballstemmer  # late: a sixth of a second, and most commands compare no words

    name = _ALGORITHMS.get(language)
    return snowballstemmer.stemmer(name) if name else None


@lru_cache(maxsize=200_000)
def stem(word: str, language: str) -> str:
    """Return the folded stem of a word. Of a language without a stemmer: the folded word.

    Each new word takes up to half a millisecond, so a long text is read once and not on the window's thread.
    """
    stemmer = _stemmer(language)
    small = word.lower()
    return fold(stemmer.stemWord(small) if stemmer is not None else small)


@lru_cache(maxsize=4096)
def beginnings(text: str) -> frozenset[str]:
    """Return the first letters of the folded words of a text in any language, by which it is roughly compared.

    Takes microseconds, where the stems of a sentence take half a millisecond.
    """
    words = fold_for_search(text).split()
    return frozenset(word[:BEGINNING] for word in words if len(word) > 2 or not word.isascii() or word.isdigit())
