"""Which words of a text a dictionary is asked about: not code, addresses, numbers, names of files or abbreviations."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

MOST_LETTERS = 45
"""Of a word: longer ones are seldom words, and a dictionary that joins words would try for seconds."""
_MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963"
    "\u0981-\u0983\u09bc\u09be-\u09cd\u09d7"
)
"""Accents and vowel signs written as characters of their own: they belong to the letter before."""
_LETTER = r"[^\W\d_]"
_WORD = re.compile(rf"{_LETTER}(?:{_LETTER}|[{_MARKS}]|['’](?={_LETTER}))*")
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
_NO_WORDS = re.compile(r"(?<!\S)(?:[@#/]\S+|\S*(?:://|[@/\\_]|\w[.:]\w|\d)\S*)")
"""What holds one of these signs up to the next blank: addresses, paths, names of files and presets, numbers with their
units, "e.g."."""
_FENCE = re.compile(r"[ \t]{0,3}(```+|~~~+)")


def word_spans(line: str, names: Collection[str] = ()) -> list[tuple[int, int]]:
    """Where the words of a line (or paragraph) stand that are to be checked, in characters and in order.

    `names`: of attachments and the like; where one stands in the line its words are left out.
    """
    for name in names:
        if name.strip():
            line = re.sub(re.escape(name), _blank, line, flags=re.IGNORECASE)
    line = _NO_WORDS.sub(_blank, _CODE.sub(_blank, line))
    return [found.span() for found in _WORD.finditer(line) if _is_checked(found.group())]


def word_at(line: str, place: int) -> tuple[int, int] | None:
    return next((found.span() for found in _WORD.finditer(line) if found.start() <= place <= found.end()), None)


def code_lines(lines: Sequence[str]) -> Iterator[bool]:
    fence = ""
    for line in lines:
        found = _FENCE.match(line)
        if not fence and found:
            fence = found.group(1)
            yield True
        elif fence:
            yield True
            if found and found.group(1).startswith(fence) and not line[found.end() :].strip():
                fence = ""
        else:
            yield False


def plain(word: str) -> str:
    """The word as dictionaries have it: with the typewriter's apostrophe."""
    return word.replace("’", "'")


def parts_of(word: str) -> list[str]:
    """The words beside an apostrophe, without single letters: "Meyer" of "Meyer's", "homme" of "l'homme"."""
    return [part for part in plain(word).split("'") if len(part) > 1]


def _blank(found: re.Match[str]) -> str:
    return " " * len(found.group())


def _is_checked(word: str) -> bool:
    """Not abbreviations, names in a spelling of their own such as iPhone, and single letters."""
    return 1 < len(word) <= MOST_LETTERS and not any(letter.isupper() for letter in word[1:])
