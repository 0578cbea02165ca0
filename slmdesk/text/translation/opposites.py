"""Finds words of a translation that say the opposite of the source: "rose" for "fell", "agree" for "terminate".

By a small list (`opposites.toml`) for English, German, French, Spanish and Italian.  A sentence that has words of both
sides says nothing, and neither does one in which a negation was turned round with the word.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

from slmdesk.base.translation import SegmentFlag
from slmdesk.text.checks.denials import denial

_WORD = re.compile(r"[^\W\d_]+")


def opposite_flags(source: str, target: str, source_language: str, target_language: str) -> list[SegmentFlag]:
    pairs = _pairs(source_language, target_language)
    if not pairs:
        return []
    before, after = _words(source), _words(target)
    if bool(denial(source, source_language)) != bool(denial(target, target_language)):
        return []  # "not above" is "below"
    found = []
    for sides in pairs:
        there = [_first(before, here) for here, _ in sides], [_first(after, here) for _, here in sides]
        for side in (0, 1):
            said, instead = there[0][side], there[1][1 - side]
            if said and instead and not there[0][1 - side] and not there[1][side]:
                found.append(SegmentFlag("opposite", instead, said))
    return found


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _first(words: Sequence[str], pattern: re.Pattern[str]) -> str:
    return next((word for word in words if pattern.fullmatch(word.casefold())), "")


@cache
def _pairs(source: str, target: str) -> list[tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]]:
    return [
        tuple((_pattern(sides[name][source]), _pattern(sides[name][target])) for name in ("one", "other"))
        for sides in _listed()
        if all(language in sides[name] for name in ("one", "other") for language in (source, target))
    ]


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word).replace(r"\*", r"\w*") for word in words.split()))


@cache
def _listed() -> Sequence[Mapping[str, Mapping[str, str]]]:
    text = resources.files("slmdesk.text.translation").joinpath("opposites.toml").read_text("utf-8")
    pairs: Sequence[Mapping[str, Mapping[str, str]]] = tomllib.loads(text)["pair"]
    return pairs
