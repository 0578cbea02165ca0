"""The words by which the parts of a paper are told, in six languages (`paper_words.toml`).  Pure functions."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources


def has(name: str, text: str, language: str, *, at_start: bool = False) -> bool:
    known = pattern(name, language)
    return (known.match(text) if at_start else known.search(text)) is not None


@cache
def pattern(name: str, language: str = "") -> re.Pattern[str]:
    """Return a pattern of the words of that name: those of the language, else those of all."""
    by_language = _tables()[name]
    alternatives = by_language.get(language) or "|".join(by_language.values())
    return re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE)


@cache
def _tables() -> dict[str, dict[str, str]]:
    return tomllib.loads(resources.files("slmdesk.summaries").joinpath("paper_words.toml").read_text("utf-8"))
