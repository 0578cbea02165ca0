"""Which of many names are meant by some typed words, and which of them come first: quick for 15,000 names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Generic, Protocol, TypeVar

from slmdesk.text.words.folding import fold

IS, BEGINS, WORDS_BEGIN, HOLDS, SKIPS = range(5)
"""How well a name matches: it is what is typed; it begins with that; each typed word begins one of its words; each
stands somewhere in it; the letters follow one another with gaps, as in “nwch” for New chat.
"""
MOST_LETTERS = 40
"""Of what is typed that may stand with gaps."""
_NO_LETTERS = re.compile(r"[\W_]+")


class Named(Protocol):
    @property
    def folded(self) -> str:
        """Without case and accents."""
        ...


N = TypeVar("N", bound=Named)


class NameList(Generic[N]):
    def __init__(self, names: Sequence[N] = ()) -> None:
        self.names = names
        self.folded = [one.folded for one in names]
        self.spaced = [_spaced(one) for one in self.folded]
        """The words of each, with one space before each word."""


class Matcher:
    """It is called for each key, so the loops over all names do nothing but look for one string in another."""

    def __init__(self, words: str) -> None:
        self._typed = " ".join(fold(words).split())
        self._words = self._typed.split()
        self._begins = [begin for word in self._words if (begin := _spaced(word)) != " "]
        self._letters = "".join(self._words)

    def find(self, given: NameList[N], most: int) -> tuple[list[N], int, int]:
        """The best `most` of the names, how many match, and how well the best does; of equals the earlier is better.

        Names whose letters match only with gaps are looked for where fewer than `most` match otherwise.
        """
        begun = self._begun(given)
        ranked = [(self._rank(given.folded[at]), at) for at in begun]
        is_letter = len(self._letters) == 1 and self._letters.isascii() and self._letters.isalnum()
        if not is_letter:  # one letter stands somewhere in almost every name
            ranked += [(HOLDS, at) for at in self._holding(given, set(begun))]
        if len(ranked) < most:
            ranked += [(SKIPS, at) for at in self._skipping(given, {at for _, at in ranked})]
        ranked.sort()
        return [given.names[at] for _, at in ranked[:most]], len(ranked), ranked[0][0] if ranked else SKIPS + 1

    def _rank(self, name: str) -> int:
        if name.startswith(self._typed):
            return IS if name == self._typed else BEGINS
        return WORDS_BEGIN

    def _begun(self, given: NameList[N]) -> list[int]:
        if not self._begins or len(self._begins) < len(self._words):  # of signs alone there is no word
            return []
        rarest = max(self._begins, key=len)
        found = [at for at, spaced in enumerate(given.spaced) if rarest in spaced]
        return [at for at in found if all(begin in given.spaced[at] for begin in self._begins)]

    def _holding(self, given: NameList[N], known: set[int]) -> list[int]:
        if not self._words:
            return []
        longest = max(self._words, key=len)
        found = [at for at, name in enumerate(given.folded) if longest in name]
        return [at for at in found if at not in known and all(word in given.folded[at] for word in self._words)]

    def _skipping(self, given: NameList[N], known: set[int]) -> list[int]:
        """Names in which the letters follow one another over gaps of two at most, or go on where the next word begins.

        The first one begins a word.  No step is tried a second time (atomic groups): the time it takes cannot explode.
        """
        if not 2 <= len(self._letters) <= MOST_LETTERS:
            return []
        first, others = f" {self._letters[0]}", map(re.escape, self._letters[1:])
        steps = (rf"(?>[^{one}]{{0,2}}{one}|[^{one} ]* {one})" for one in others)
        search = re.compile(re.escape(first) + "".join(steps)).search
        found = [at for at, spaced in enumerate(given.spaced) if first in spaced]
        return [at for at in found if at not in known and search(given.spaced[at])]


@lru_cache(maxsize=40_000)
def _spaced(folded: str) -> str:
    return f" {_NO_LETTERS.sub(' ', folded).strip()}"
