"""Spoken commands in what was dictated: comma, full stop, question mark, new line, new paragraph."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

_SIGNS = {"question": "?", "paragraph": "\n\n", "line": "\n", "sure_stop": ".", "stop": ".", "comma": ","}
"""By the kind of the words.  Longer words come before those they begin with."""
_WORD = r"[^\W_]+(?:['’][^\W_]+)*"
_LAST_WORDS = re.compile(rf"(?:({_WORD})\s+)?({_WORD})$")
_NEXT_WORD = re.compile(rf"\s*({_WORD})")


@cache
def _languages() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("slmdesk.children.tasks").joinpath("spoken.toml").read_text("utf-8"))


@cache
def _pattern(language: str) -> re.Pattern[str]:
    signs = _languages()[language]["signs"]
    kinds = "|".join(f"(?P<{kind}>{signs[kind]})" for kind in _SIGNS if kind in signs)
    return re.compile(rf"(?P<lead>[\s,.;:!?…]*)(?<![\w'’-])(?:{kinds})(?![\w'’-])(?P<tail>[,.;:!?…]*)", re.IGNORECASE)


def with_commands(text: str, language: str) -> str:
    """Return a dictated text with the signs that its spoken commands stand for, and a capital after a sentence's end.

    A word stays one where an article shows that it is meant as a noun ("das Komma"), and within numbers in words.
    """
    if language not in _languages():
        return text
    made, at = "", 0
    for command in _pattern(language).finditer(text):
        kind = next(kind for kind in _SIGNS if command.groupdict().get(kind))
        before = _joined(made, text[at : command.start()])
        if not _is_noun(_languages()[language], kind, before, command, text[command.end() :]):
            made, at = before + _SIGNS[kind], command.end()
    return _joined(made, text[at:])


def _joined(made: str, piece: str) -> str:
    following = piece.lstrip()
    if not made or not following:
        return made + piece.rstrip() if made else piece
    if made.endswith(","):
        is_number = made[-2:-1].isdigit() and following[0].isdigit()
        return f"{made}{following}" if is_number else f"{made} {following}"
    is_line = made.endswith("\n")
    if is_line and made.rstrip().endswith(","):  # after "Sehr geehrte Frau Keller," German goes on in small letters
        return made + following
    return f"{made}{'' if is_line else ' '}{following[0].upper()}{following[1:]}"


def _is_noun(words: Mapping[str, Any], kind: str, before: str, command: re.Match[str], after: str) -> bool:
    last = _LAST_WORDS.search(before) if not command["lead"].strip() else None
    earlier, previous = (last[1] or "", last[2]) if last else ("", "")
    nouns, digits = words["before_nouns"].split(), words["digits"].split()
    if previous.casefold() in nouns:
        return True
    following = _NEXT_WORD.match(after)
    next_word = following[1] if following else ""
    if kind == "comma":
        return previous.casefold() in digits and next_word.casefold() in digits
    if kind != "stop":
        return False
    if previous.islower() and "nouns_are_capital" in words and earlier.casefold() in nouns:  # "ein wichtiger Punkt"
        return True
    return bool(next_word) and not (command["lead"].strip() or command["tail"]) and not next_word[:1].isupper()
