"""Finds the changes between two wordings of a text, and what kind of mistake each of them mends."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from slmdesk.base.record import Record
from slmdesk.base.types import common_prefix
from slmdesk.text.checks.words import folded, function_words
from slmdesk.text.stems import is_form

_TOKEN = re.compile(r"\s+|\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|.", re.DOTALL)
_SIGNS = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‑": "-"})
"""Signs that models write in their own way, such as quotation marks. Differences between these are not mistakes."""
CLOSE = 0.6
"""Least share of its letters that stays when a misspelled word is mended."""
LEAST_BEGINNING = 3
"""Fewest letters with which two words begin alike."""
HALF_ALIKE = 0.5
"""Least similarity of a word that may replace another one."""


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
    mine, theirs = _TOKEN.findall(old), _TOKEN.findall(new.strip())
    keys, others = list(map(_key, mine)), list(map(_key, theirs))
    places = [0]
    for token in mine:
        places.append(places[-1] + len(token))
    ranges: list[list[int]] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, keys, others, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        if ranges and _goes_on(mine, ranges[-1], (a, b, c, d)):
            ranges[-1][1], ranges[-1][3] = b, d
        else:
            ranges.append([a, b, c, d])
    edits: list[Edit] = []
    for a, b, c, d in ranges:
        edits += _word_by_word(Edit(places[a], places[b], "".join(theirs[c:d])), old)
    return edits


def applied(text: str, edits: Sequence[Edit]) -> str:
    """Return the text with the edits made. They must not overlap."""
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text


def reason_of(text: str, edit: Edit, language: str) -> str:
    """Return in a few words what kind of mistake a change corrects. The words are the same for all languages."""
    old, new = edit.old(text), edit.new
    before, after = old.split(), new.split()
    if not "".join(before) or not "".join(after):
        return _added_or_removed(text, edit)
    if "".join(before) == "".join(after):
        return "spacing"
    if old.casefold() == new.casefold():
        return "capital letter" if old.lower() == new.lower() else "spelling"  # Grüssen, Grüßen
    if letters_of(old) == letters_of(new):
        return "punctuation"
    if len(before) == len(after) == 1:
        if folded(old) != folded(new) and is_form(old, new, language):
            return "form of a word"
        if is_close(folded(old), folded(new)):
            return "spelling"
    words = words_in(f"{old} {new}")
    return "grammar" if words and all(map(_is_small, words)) else "wording"


def likeness(word: str, other: str) -> float:
    """Return how similar the spellings of two words are, from 0 to 1."""
    return difflib.SequenceMatcher(None, word.casefold(), other.casefold(), autojunk=False).ratio()


def is_same(word: str, other: str) -> bool:
    """Return whether two words begin alike or are spelled alike, as forms and misspellings of one word are. With a
    prefix a word is another: "impossible".
    """
    one, two = sorted((re.sub("['’]", "", folded(each)) for each in (word, other)), key=len)
    is_prefixed = two.endswith(one) and len(two) > len(one) + 1
    is_alike = common_prefix(one, two) >= max(LEAST_BEGINNING, CLOSE * len(one))
    return not is_prefixed and (is_alike or is_close(one, two))


def is_close(word: str, other: str) -> bool:
    from rapidfuzz.distance import OSA  # late: 20 ms

    return OSA.normalized_similarity(word, other) >= CLOSE


def word_count(text: str) -> int:
    return sum(token[0].isalnum() for token in _TOKEN.findall(text))


def words_in(text: str) -> list[str]:
    return [token for token in _TOKEN.findall(text) if token[0].isalpha()]


def _word_by_word(edit: Edit, text: str) -> list[Edit]:
    old, new = list(re.finditer(r"\S+", edit.old(text))), re.findall(r"\S+", edit.new)
    if len(old) < 2 or len(old) != len(new):
        return [edit]
    pairs = [(match[0], other) for match, other in zip(old, new, strict=True)]
    if not all(likeness(*pair) >= HALF_ALIKE or all(map(_is_small, pair)) for pair in pairs):
        return [edit]
    return [
        Edit(edit.start + match.start(), edit.start + match.end(), other)
        for match, other in zip(old, new, strict=True)
        if match[0] != other
    ]


def _key(token: str) -> str:
    return " " if token.isspace() else token.translate(_SIGNS)


def _goes_on(tokens: Sequence[str], before: Sequence[int], after: tuple[int, int, int, int]) -> bool:
    gap = "".join(tokens[before[1] : after[0]])
    if gap.strip() or "\n" in gap or "\r" in gap:
        return False
    sides = "".join(tokens[before[0] : before[1]]), "".join(tokens[after[0] : after[1]])
    return all(any(sign.isalnum() for sign in side) for side in sides)


def _is_small(word: str) -> bool:
    return folded(word) in function_words()


def letters_of(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _added_or_removed(text: str, edit: Edit) -> str:
    words = words_in(edit.old(text) + edit.new)
    if not words and not letters_of(edit.old(text) + edit.new):
        return "punctuation" if (edit.old(text) + edit.new).strip() else "spacing"
    if edit.new.strip():
        return "missing word"
    beside = words_in(text[: edit.start])[-len(words) :] + words_in(text[edit.end :])[: len(words)]
    return (
        "repeated word" if {word.casefold() for word in words} <= {word.casefold() for word in beside} else "extra word"
    )
