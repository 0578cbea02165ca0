"""Looks for the numbers, dates and names of a sentence in a whole text, before one of them is reported
missing.  Uses the rules of text.checks, without a model.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from slmdesk.text.checks.check import Flag, check
from slmdesk.text.checks.names import tokens
from slmdesk.text.checks.words import any_same, values
from slmdesk.text.words.folding import fold

VALUES = frozenset({"number", "date", "amount", "percent", "unit", "name"})
"""Kinds of flags that a place in a text settles; a denial or a condition hangs on the whole passage."""
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[.,'’\s](?=\d)")
_DIGITS = re.compile(r"\d+")
_LEAST_DIGITS = 3
"""Fewer may stand there as a word: "twelve"."""
_LANGUAGES = ("en", "de", "fr", "es", "it", "pl")


def values_in(sentence: str, language: str = "") -> tuple[Flag, ...]:
    return tuple(flag for flag in check(sentence, "-", language) if flag.kind in VALUES)


def holds(flag: Flag, sentence: str, text: str, language: str = "") -> bool:
    if flag.kind == "name":
        return _has_name(flag.text, text)
    others = check(sentence, text, language)
    return not any(one.start < flag.end and flag.start < one.end for one in others if one.kind in VALUES)


def may_hold(flag: Flag) -> Callable[[str], bool]:
    """A fast filter for texts that cannot contain it; those it passes must be checked with `holds`."""
    if flag.kind == "name" and (first := next(iter(tokens(flag.text)), None)) is not None:
        start = "" if first.acronym else first.word[:3]
        return lambda text: start in fold(text)
    runs = _DIGITS.findall(_BETWEEN_DIGITS.sub("", flag.text))
    long = [one.strip("0") for one in runs if len(one) >= _LEAST_DIGITS]
    if long:
        return lambda text: any(one in _BETWEEN_DIGITS.sub("", text) for one in long)
    if len(runs) != 1 or not int(runs[0]):
        return lambda _: True
    alone = re.compile(rf"(?<!\d)0*{int(runs[0])}(?!\d)")
    words = _words_for(int(runs[0]))
    return lambda text: alone.search(text) is not None or words.search(fold(text)) is not None


@cache
def _words_for(number: int) -> re.Pattern[str]:
    """Words that may write the number or a part of it, in every language: "seven", "twenty-", "-seven"."""
    tables = [values(name, language) for language in _LANGUAGES for name in ("ones", "tens")]
    parts = {number, number % 10, number // 10 * 10} - {0}
    words = sorted({word for table in tables for word, value in table.items() if value in parts})
    return re.compile("|".join(map(re.escape, words)) or r"(?!)")


def _has_name(name: str, text: str) -> bool:
    said = tokens(name)
    if not said:  # a code of letters and figures
        return _packed(name) in _packed(text)
    known = tokens(text)
    words = {one.word for one in known}
    letters = "".join(one.word[0] for one in known if one.large)
    return all(one.word in words or any_same(one.word, words) or (one.acronym and one.word in letters) for one in said)


def _packed(text: str) -> str:
    return "".join(one for one in text.casefold() if one.isalnum())
