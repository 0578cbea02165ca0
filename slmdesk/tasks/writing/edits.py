"""Finds the changes between two wordings of a text, and of what kind each of them is."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import accumulate

from slmdesk.base.record import Record
from slmdesk.base.text.words import folded

_TOKEN = re.compile(r"\s+|\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|.", re.DOTALL)
_SIGNS = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‑": "-"})
"""Signs that models write in their own way, such as quotation marks. Differences between these are not mistakes."""
CLOSE = 0.6
"""Least share of its letters that stays when a misspelled word is mended."""


class Edit(Record):
    """Change of a text: characters `start` to `end` become `new`. Either may be empty."""

    start: int
    end: int
    new: str

    def old(self, text: str) -> str:
        return text[self.start : self.end]


def edits_of(old: str, new: str) -> list[Edit]:
    """Return the changes that lead from `old` to `new`, in order.

    White space, line breaks and kinds of quotation marks stay as in the old text.
    """
    return _compared(old, new.strip(), _key)


def exact_edits(old: str, new: str) -> list[Edit]:
    """Return the changes that lead from `old` to `new` to the letter, in order."""
    return _compared(old, new, str)


def _compared(old: str, new: str, key: Callable[[str], str]) -> list[Edit]:
    mine, theirs = _TOKEN.findall(old), _TOKEN.findall(new)
    keys, others = list(map(key, mine)), list(map(key, theirs))
    starts = list(accumulate(map(len, mine), initial=0))
    edits: list[Edit] = []
    for a, b, c, d in differing(keys, others):
        if c == d and keys[a] == " " != mine[a] and keys[b : b + 1] == [" "]:
            a, b = a + 1, b + 1  # the blank behind the word goes, and the line break before it stays
        edit = Edit(starts[a], starts[b], "".join(theirs[c:d]))
        if edits and _are_one(old, edits[-1], edit):
            edit = Edit(edits[-1].start, edit.end, f"{edits.pop().new} {edit.new}")
        edits.append(edit)
    return edits


def differing(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[tuple[int, int, int, int]]:
    """Yield where two sequences differ: start and end in the old one, start and end in the new one."""
    from rapidfuzz.distance import Indel  # late: 20 ms

    a = c = 0
    for block in Indel.opcodes(old, new).as_matching_blocks():
        if (a, c) != (block.a, block.b):
            yield a, block.a, c, block.b
        a, c = block.a + block.size, block.b + block.size


def applied(text: str, edits: Sequence[Edit]) -> str:
    """Return the text with the edits made. They must not overlap."""
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text


def is_same(word: str, other: str) -> bool:
    """Return whether two words are spelled alike, as forms and misspellings of one word are. With a prefix a word is
    another: "impossible".
    """
    from rapidfuzz.distance import OSA  # late: 20 ms

    one, two = sorted((re.sub("['’]", "", folded(each)) for each in (word, other)), key=len)
    if two.endswith(one) and len(two) > len(one) + 1:
        return False
    return OSA.normalized_similarity(one, two) >= CLOSE


def numbers_and_words(text: str) -> list[str]:
    return [token for token in _TOKEN.findall(text) if token[0].isalnum()]


def words_in(text: str) -> list[str]:
    return [token for token in _TOKEN.findall(text) if token[0].isalpha()]


def letters_of(text: str) -> str:
    return "".join(sign for sign in text.lower() if sign.isalnum())


def _key(token: str) -> str:
    return " " if token.isspace() else token.translate(_SIGNS)


def _are_one(text: str, before: Edit, after: Edit) -> bool:
    """Return whether two changes with a blank between stand for each other's words, as in "threat lot of" for "threaten
    many". Word for word they are changes of their own.
    """
    if text[before.end : after.start] != " ":
        return False
    return any(len(edit.old(text).split()) != len(edit.new.split()) for edit in (before, after))
