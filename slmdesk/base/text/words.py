"""Loads the word lists of the checks (`words.toml`, read once) and compares words."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from importlib import resources
from itertools import product
from typing import Any

from slmdesk.base.record import Record
from slmdesk.base.text.folding import fold

CLAUSE_WORDS = (
    "article art section sec clause chapter part annex appendix schedule paragraph artikel abschnitt kapitel teil "
    "anlage anhang ziffer paragraf chapitre partie annexe titre artículo sección capítulo cláusula anexo articolo "
    "sezione capitolo clausola allegato artykuł rozdział załącznik artigo hoofdstuk bijlage"
)
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


class WordSet(Record):
    words: frozenset[str]
    starts: tuple[str, ...]

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and (word in self.words or (bool(self.starts) and word.startswith(self.starts)))


def word_set(text: str) -> WordSet:
    """Parse words separated by spaces. A word that ends in "*" stands for all words that begin with it."""
    all_words = text.split()
    return WordSet(
        frozenset(word for word in all_words if not word.endswith("*")),
        tuple(word[:-1] for word in all_words if word.endswith("*")),
    )


@cache
def tables() -> dict[str, Any]:
    return tomllib.loads(resources.files("slmdesk.base.text").joinpath("words.toml").read_text("utf-8"))


@cache
def listed(section: str, name: str, language: str = "") -> frozenset[str]:
    """Return the words of a list, or of its part for a language."""
    entry = tables()[section][name]
    words = entry if isinstance(entry, str) else entry.get(language, "")
    return frozenset(words.split())


@cache
def values(name: str, language: str = "") -> dict[str, int]:
    """Parse a list like "two=2 three=3" of the numbers section. "ones" also includes all forms of the ordinals."""
    table = tables()["numbers"][language] if language else tables()["numbers"]
    known = {word: int(value) for word, _, value in (pair.partition("=") for pair in table[name].split())}
    if name == "ones":
        forms = product(values("ordinals", language).items(), table["endings"].split())
        known |= {stem + ending.strip("-"): value for (stem, value), ending in forms}
        known = {word: value for word, value in known.items() if word not in values("soft", language)}
    return known


@cache
def function_words(language: str = "") -> frozenset[str]:
    by_language = tables()["function"]
    words = by_language.get(language) or " ".join(by_language.values())
    return frozenset(words.split())


@cache
def _tellers() -> dict[str, tuple[str, ...]]:
    tellers: dict[str, tuple[str, ...]] = {}
    for language in tables()["function"]:
        for word in function_words(language):
            tellers[word] = (*tellers.get(word, ()), language)
    return tellers


def tongue(text: str, language: str = "", likely: str = "") -> str:
    """Return the language with most of a text's function words, or "". Takes only microseconds, since the checks cannot
    wait for a language model.

    `language` is returned if the checks know it. `likely` is returned if it has nearly as many words as the best.
    """
    short = language.partition("-")[0].casefold()
    if short in tables()["function"]:
        return short
    votes: dict[str, float] = {}
    known = _tellers()
    for word in WORD.findall(text[:2000]):
        speakers = known.get(folded(word), ())
        for speaker in speakers:
            votes[speaker] = votes.get(speaker, 0.0) + 1 / len(speakers)
    best = max(votes, key=lambda code: votes[code], default="")
    if likely and votes.get(likely, 0.0) >= 0.6 * votes.get(best, 0.0):
        return likely
    return best if best and votes[best] >= 1 else ""


@lru_cache(maxsize=20_000)
def folded(word: str) -> str:
    return fold(word)


@cache
def capitalised() -> frozenset[str]:
    """Words that are written large and name nobody: titles, months, weekdays, and more of the kind."""
    calendar = " ".join(" ".join(tables()[kind]["names"]) for kind in ("months", "weekdays"))
    return listed("names", "common") | listed("names", "titles") | frozenset(calendar.split())
