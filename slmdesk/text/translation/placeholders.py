"""Finds what a translation must not change: placeholders, addresses, code."""

from __future__ import annotations

import re
from collections import Counter

from slmdesk.base.record import Record

_PROTECTED = re.compile(
    r"""
    (?P<address>(?:https?|ftp)://[^\s<>"']+[^\s<>"'.,;:!?)\]]|www\.[^\s<>"']+[^\s<>"'.,;:!?)\]])
    | (?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
    | (?P<braces>\{\{[^{}\n]{1,60}\}\}|\{[A-Za-z0-9_.:!]{0,40}\}|\$\{[^{}\n]{1,60}\}|%\([A-Za-z0-9_]{1,40}\)[sdifr]|%%)
    | (?P<printf>%(?:\d+\$)?[-+0\#]*\d*(?:\.\d+)?(?:hh|h|ll|l|z|j)?[sdiufgexXcp](?![A-Za-z]))
    | (?P<entity>&(?:[A-Za-z]{2,8}|\#\d{1,6}|\#x[0-9A-Fa-f]{1,6});)
    | (?P<path>(?:[A-Za-z]:\\|\\\\)[\w\\. -]+\w|(?<![\w/])/(?:[\w.-]+/)+[\w.-]*)
    | (?P<code>`[^`\n]{1,200}`|\b[A-Za-z_]\w*(?:\.\w+)*\(\)|\b[a-z]+(?:_[a-z0-9]+)+\b|--[a-z][a-z-]+
        |(?<![^\s(\[])-[A-Za-z]{1,2}(?![^\s,.;:)\]=]))
    """,
    re.VERBOSE,
)
_LETTER = re.compile(r"[^\W\d_]")


class Protected(Record):
    kind: str
    text: str
    start: int
    end: int


def protected_in(text: str) -> list[Protected]:
    return [
        Protected(one.lastgroup or "", one[0], one.start(), one.end()) for one in _PROTECTED.finditer(text) if one[0]
    ]


def changed(source: str, target: str) -> tuple[list[str], list[str]]:
    before = Counter(one.text for one in protected_in(source))
    after = Counter(one.text for one in protected_in(target))
    missing = [text for text in before for _ in range(before[text] - min(before[text], target.count(text)))]
    extra = [text for text in (after - before) for _ in range((after - before)[text]) if text not in source]
    return missing, extra


def is_only_protected(text: str) -> bool:
    """Whether there is nothing to translate: no letters, or none outside protected parts."""
    left = _PROTECTED.sub(" ", text)
    return _LETTER.search(left) is None


_CODE_WORD = re.compile(
    r"""
    [\w-]+(?:[._][\w-]+)+      # file.txt, A_1, pscan_chip.tar.gz
    | (?=\S*\d)(?=\S*[A-Za-z])[\w+-]+  # hg19, GM06990, -O3
    | -{1,2}[A-Za-z][\w-]*     # -o, --force
    | \S*[a-z][A-Z]\S*         # HAEpiC, PscanChIP
    | \[[^\]\s]*\] | <[^>\s]*> | \{[^}\s]*\}  # [file]
    | \S*[+=|\\]\S*
    | [\W\d_]+
    """,
    re.VERBOSE,
)
_ACRONYM = re.compile(r"[A-Z]{2,3}|[A-Z]{2}[A-Za-z]*(?:-[A-Za-z]+)*-[A-Za-z]{1,3}")
_PROMPT = ("$", ">")


def is_code(text: str) -> bool:
    """Whether a whole text is not language: a file name, a part number, an abbreviation, a command to type.

    Asked to translate one, small models invent something, or repeat their instructions.
    """
    words = [one.strip("\"'“”„`(),;:") or one for one in text.split()]
    if not words:
        return False
    if len(words) == 1:
        word = words[0].removeprefix(">")
        return _CODE_WORD.fullmatch(word) is not None or _ACRONYM.fullmatch(word) is not None
    codes = sum(_CODE_WORD.fullmatch(one) is not None for one in words)
    if words[0] in _PROMPT:
        return 2 * (codes - 1) >= len(words) - 1
    return codes == len(words)
