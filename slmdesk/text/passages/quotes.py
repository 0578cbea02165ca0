"""Finds a quotation in a text despite differences in white space, hyphens, quotation marks and ligatures.

Both are reduced to the same plain letters, and each letter of the text remembers its position.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_HYPHENS = "-\u00ad\u2010\u2011\ufffe"
_DASHES = "\u2012\u2013\u2014\u2015\u2212\u2043"
_QUOTES = "\"'`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a\u00b4\u2032\u2033"
_GONE = "\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u00ad"
_PLAIN = {**dict.fromkeys(_HYPHENS + _DASHES, "-"), **dict.fromkeys(_QUOTES, "'"), **dict.fromkeys(_GONE, "")}
_INSIDE_WORD = re.compile(rf"(?<=[^\W\d_])[{re.escape(_HYPHENS)}](?:[^\S\n]*\n\s*)?(?=[^\W\d_])")
"""Between two letters it may be the end of a line's, or the word's own: without it both are the same word."""
_EDGES = " .,;:!?'-\u2026*_()[]\u00b7\u2022"


class FoldedText:
    def __init__(self, text: str) -> None:
        self._letters, self._places = _folded(text)

    def find(self, quote: str) -> tuple[int, int] | None:
        return next(self.find_all(quote), None)

    def find_all(self, quote: str, *, whole: bool = True) -> Iterator[tuple[int, int]]:
        """The spans of all occurrences, in order, not overlapping; unless `whole`, one may begin and end inside
        words.
        """
        requested = folded_quote(quote)
        if not any(one.isalnum() for one in requested):
            return
        at = 0
        while (found := self._letters.find(requested, at)) >= 0:
            end = found + len(requested)
            at = found + 1
            if not whole or _stands_alone(self._letters, found, end):
                yield self._places[found], self._places[end - 1] + 1
                at = end

    def __contains__(self, quote: str) -> bool:
        return self.find(quote) is not None


def folded_quote(quote: str) -> str:
    """The plain letters of a quotation, without signs around it; a minus before a number is part of it."""
    letters = _folded(quote)[0]
    bare = letters.strip(_EDGES)
    before = letters[: letters.find(bare)] if bare else ""
    return f"-{bare}" if before.endswith("-") and bare[0].isdigit() else bare


def _stands_alone(letters: str, start: int, end: int) -> bool:
    """Whether no word and no number is cut at its ends; scripts without spaces have no such ends."""

    def joins(left: str, right: str) -> bool:
        return left.isalnum() and right.isalnum() and left < "\u0e00" and right < "\u0e00"

    before, behind = letters[max(0, start - 2) : start], letters[end : end + 2]
    if (before and joins(before[-1], letters[start])) or (behind and joins(letters[end - 1], behind[0])):
        return False
    if letters[start].isdigit() and before:
        in_number = before[-1] in ".,:" and before[:-1].isdigit()
        if in_number or (before[-1] == "-" and not before[:-1].isalnum()):
            return False
    return not (letters[end - 1].isdigit() and behind[:1] in (".", ",", ":") and behind[1:].isdigit())


def _folded(text: str) -> tuple[str, list[int]]:
    letters: list[str] = []
    places: list[int] = []
    skipped = {at for gap in _INSIDE_WORD.finditer(text) for at in range(*gap.span())}
    was_space = True
    for at, one in enumerate(text):
        if at in skipped:
            continue
        if one.isspace():
            if not was_space:
                letters.append(" ")
                places.append(at)
            was_space = True
            continue
        plain = one.lower() if one.isascii() and one not in _PLAIN else _plain(one)
        if plain:
            letters.append(plain)
            places.extend([at] * len(plain))
            was_space = False
    return "".join(letters), places


def _plain(one: str) -> str:
    known = _PLAIN.get(one)
    if known is not None:
        return known
    apart = unicodedata.normalize("NFKD", one.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
