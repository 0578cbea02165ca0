"""Rejoins lines that a mail program broke at its margin. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

LEAST_WIDTH, MOST_WIDTH = 50, 100
"""Characters of the longest line of a text that was broken at a margin. Shorter ones are lines of their own."""
LEAST_LINES = 2
"""Fewest lines that end at the margin. Fewer may do so by chance."""
_LEAST_SHARE = 0.6
"""Share of the margin that a line must fill to go on in the next one, if that begins with a small letter."""
_ITEM = re.compile(r"(?:[-*+•·–—o]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)]|\[[ xX]?\])\s")
_DAY = re.compile(r"\d{1,2}\.\s(?:\d{1,2}\.|[A-ZÄ][a-zä]{2})")
_LABEL = re.compile(r"[^\s:]{1,30}(?:\s[^\s:]{1,20})?:(?:\s|$)")
_TABLE = re.compile(r"\S(?:\t|\s{2,})\S|\|")
_BEGINS = re.compile(r"(?!https?:|www\.|\S+@)[\w\"'„“‚‘«»(§$€&@]")
_HYPHEN = re.compile(r"[^\W\d_]-")
_GOES_ON = re.compile(r"(?:und|oder|bzw\.?|sowie|and|or|et|ou|e|y|o|i|lub|en|of)\b")


def margin_of(lines: Sequence[str]) -> int:
    """Return the most characters of a line of a text that was broken at a margin, or 0 if it was not."""
    if any(len(line) > MOST_WIDTH and " " in line.strip() for line in lines):
        return 0
    broken = [line.rstrip() for line, after in pairwise(lines) if after.strip()]
    long = [line for line in broken if LEAST_WIDTH <= len(line) <= MOST_WIDTH and " " in line.strip()]
    margin = next((len(line) for line in sorted(long, key=len, reverse=True) if not _TABLE.search(line)), 0)
    if not margin:
        return 0
    ending = sum(_goes_on(line.rstrip(), after.strip(), margin) for line, after in pairwise(lines))
    return margin if ending >= LEAST_LINES else 0


def rejoined(lines: Sequence[str], margin: int, *, drops_hyphens: bool) -> list[str]:
    """Return the lines of a paragraph without the breaks at the margin. Items of lists, labels and tables keep theirs.

    `drops_hyphens`: a hyphen before a small letter was put there for the break, as in German.
    """
    whole = list(lines[:1])
    for before, line in pairwise(lines):
        if not _is_broken(before, line, margin):
            whole.append(line)
            continue
        said, words = whole[-1].rstrip(), line.strip()
        if not _HYPHEN.match(said[-2:]) or _GOES_ON.match(words):
            whole[-1] = f"{said} {words}"
        elif drops_hyphens and words[:1].islower():
            whole[-1] = said[:-1] + words
        else:
            whole[-1] = said + words
    return whole


def _goes_on(line: str, after: str, margin: int) -> bool:
    """Return whether a long line goes on in the next one, by its end and the small letter there."""
    is_open = line[-1:].isalnum() or line[-1:] in (",", "-", ")")
    return margin * _LEAST_SHARE < len(line) <= margin and is_open and after[:1].islower()


def _is_full(line: str, after: str, margin: int) -> bool:
    """Return whether the first word of the next line had no room in a line."""
    return len(line) <= margin < len(line) + 1 + len(after.split(maxsplit=1)[0]) if after.strip() else False


def _is_broken(line: str, after: str, margin: int) -> bool:
    words, said = after.strip(), line.rstrip()
    if not (_goes_on(said, words, margin) or _is_full(said, words, margin)):
        return False
    if not _BEGINS.match(words) or _LABEL.match(words):
        return False
    if _ITEM.match(words) and not (_DAY.match(words) and said[-1:].islower()):
        return False
    is_sentence = len(words) > margin * _LEAST_SHARE or words.endswith((".", "!", "?", ",", ";", ":"))
    if not words[:1].islower() and (said.endswith((":", ";")) or not is_sentence):
        return False
    if _indent(after) > _indent(line) + 1 and not _ITEM.match(said.lstrip()):
        return False
    return not (_TABLE.search(said) or _TABLE.search(words))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
