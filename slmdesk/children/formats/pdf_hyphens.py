"""Tells a hyphen that is only there because a line ended from one that belongs to the word."""

from __future__ import annotations

from collections.abc import Callable, Set

from slmdesk.base.text.folding import fold
from slmdesk.base.text.words import function_words

AND_OR = frozenset(
    ("und", "oder", "bzw", "bzw.", "sowie", "and", "or", "et", "ou", "y", "o", "e", "i", "en", "of", "lub", "och", "og")
)
"""Words before which a part is left out for the one that follows: Ein- und Ausgang."""
_OF_ADDRESSES = "@/\\"


def joint(begin: str, end: str, *, has_more: bool, is_shouted: Callable[[], bool], compounds: Set[str]) -> str:
    """Return what stands between the halves of a word, of which the first ended with a hyphen at the end of its line:
    nothing, a hyphen, or a hyphen and a space.

    `has_more`: whether a word follows. `is_shouted`: whether both lines are in capital letters. `compounds`: the
    words with hyphens that stand elsewhere.
    """
    if has_more and end.casefold() in AND_OR:
        return "- "
    return "" if _is_one_word(begin, end, is_shouted, compounds) else "-"


def _is_one_word(begin: str, end: str, is_shouted: Callable[[], bool], compounds: Set[str]) -> bool:
    left, right = begin.rpartition("-")[2], end.partition("-")[0].strip(".,;:!?()")
    if not left[-1:].isalpha() or not right[:1].isalpha() or len(left) == 1 or len(right) == 1:
        return False
    if any(sign in _OF_ADDRESSES for sign in begin):
        return False
    if f"{begin}-{end}".casefold().strip(".,;:()") in compounds:
        return False
    if right[0].isupper():
        return begin.isupper() and end.isupper() and is_shouted()
    if len(left) > 1 and left.isupper():
        return False
    is_compound = "-" in begin or "-" in end
    return not (is_compound and function_words() & {fold(left), fold(right)})
