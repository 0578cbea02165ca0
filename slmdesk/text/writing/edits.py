"""Compares a sentence with its correction word by word, and tells by rule what kind of mistake each change mends."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from slmdesk.base.record import Record
from slmdesk.text.checks.words import folded, function_words, same_word

_TOKEN = re.compile(r"\s+|\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|.", re.DOTALL)
_SIGNS = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‑": "-"})
"""Signs that a model writes its own way: which of them the writer used is no mistake."""
ALIKE = 0.7
"""From this on two words are spellings of one."""


HALF_ALIKE = 0.5
"""From this on one may stand for the other."""


class Edit(Record):
    """A change of a text: what stands from `start` to `end` (characters) becomes `new`; either may be empty."""

    start: int
    end: int
    new: str

    def old(self, text: str) -> str:
        return text[self.start : self.end]


def edits_of(old: str, new: str) -> list[Edit]:
    """The changes that lead from one wording to another, in order.

    White space is kept as the old text has it, line breaks included, as are its kinds of quotation marks; a full stop
    after "Mr" is neither added nor taken away.
    """
    mine, theirs = _TOKEN.findall(old), _TOKEN.findall(new.strip())
    keys, others = list(map(_key, mine)), list(map(_key, theirs))
    places = [0]
    for one in mine:
        places.append(places[-1] + len(one))
    ranges: list[list[int]] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, keys, others, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        if ranges and _goes_on(mine, ranges[-1], (a, b, c, d)):
            ranges[-1][1], ranges[-1][3] = b, d
        else:
            ranges.append([a, b, c, d])
    found: list[Edit] = []
    for one in ranges:
        a, b, c, d = _slid(keys, mine, *one)
        found += _word_by_word(Edit(places[a], places[b], "".join(theirs[c:d])), old)
    return [one for one in found if not _is_style(old, one)]


def applied(text: str, edits: Sequence[Edit]) -> str:
    """The text with edits made; they must not overlap."""
    for one in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: one.start] + one.new + text[one.end :]
    return text


def reason_of(text: str, edit: Edit) -> str:
    """What kind of mistake a change mends: one of a few words, the same for all languages."""
    old, new = edit.old(text), edit.new
    before, after = old.split(), new.split()
    if not "".join(before) or not "".join(after):
        return _added_or_removed(text, edit)
    if "".join(before) == "".join(after):
        return "spacing"
    if old.casefold() == new.casefold():
        return "capital letter"
    if _letters(old) == _letters(new):
        return "punctuation"
    if len(before) == len(after) == 1:
        one, other = folded(old), folded(new)
        if one == other or (not same_word(one, other) and likeness(one, other) >= ALIKE):
            return "spelling"
        if same_word(one, other):
            return "form of a word"
    words = words_in(f"{old} {new}")
    return "grammar" if words and all(map(_is_small, words)) else "wording"


def likeness(one: str, other: str) -> float:
    """How alike two words are spelt, 0..1."""
    return difflib.SequenceMatcher(None, one.casefold(), other.casefold(), autojunk=False).ratio()


def word_count(text: str) -> int:
    return sum(one[0].isalnum() for one in _TOKEN.findall(text))


def words_in(text: str) -> list[str]:
    return [one for one in _TOKEN.findall(text) if one[0].isalpha()]


_ABBREVIATED = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|Prof)$")


def _is_style(text: str, edit: Edit) -> bool:
    """Whether a change is none but a habit: the full stop after "Mr"."""
    return (edit.old(text), edit.new) in ((".", ""), ("", ".")) and bool(_ABBREVIATED.search(text[: edit.start]))


def _word_by_word(edit: Edit, text: str) -> list[Edit]:
    old, new = list(re.finditer(r"\S+", edit.old(text))), re.findall(r"\S+", edit.new)
    if len(old) < 2 or len(old) != len(new):
        return [edit]
    pairs = [(one[0], other) for one, other in zip(old, new, strict=True)]
    if not all(likeness(*pair) >= HALF_ALIKE or all(map(_is_small, pair)) for pair in pairs):
        return [edit]
    return [
        Edit(edit.start + one.start(), edit.start + one.end(), other)
        for one, other in zip(old, new, strict=True)
        if one[0] != other
    ]


def _key(token: str) -> str:
    return " " if token.isspace() else token.translate(_SIGNS)


def _goes_on(tokens: Sequence[str], before: Sequence[int], after: tuple[int, int, int, int]) -> bool:
    gap = "".join(tokens[before[1] : after[0]])
    if gap.strip() or "\n" in gap or "\r" in gap:
        return False
    sides = "".join(tokens[before[0] : before[1]]), "".join(tokens[after[0] : after[1]])
    return all(any(sign.isalnum() for sign in side) for side in sides)


def _slid(keys: Sequence[str], tokens: Sequence[str], a: int, b: int, c: int, d: int) -> tuple[int, int, int, int]:
    """A removal, moved so that it takes no line break with it."""
    if c == d and b < len(keys) and keys[a] == keys[b] == " " and _breaks(tokens[a]) and not _breaks(tokens[b]):
        return a + 1, b + 1, c, d
    return a, b, c, d


def _breaks(token: str) -> bool:
    return "\n" in token or "\r" in token


def _is_small(word: str) -> bool:
    return folded(word) in function_words()


def _letters(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _added_or_removed(text: str, edit: Edit) -> str:
    words = words_in(edit.old(text) + edit.new)
    if not words and not _letters(edit.old(text) + edit.new):
        return "punctuation" if (edit.old(text) + edit.new).strip() else "spacing"
    if edit.new.strip():
        return "missing word"
    beside = words_in(text[: edit.start])[-len(words) :] + words_in(text[edit.end :])[: len(words)]
    return "repeated word" if {one.casefold() for one in words} <= {one.casefold() for one in beside} else "extra word"
