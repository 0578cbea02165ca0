"""Reads the answers of models: without bold letters and sources, and whether they say that the text does not tell."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources

from slmdesk.base.text.sentences import sentences
from slmdesk.base.text.words import tongue

_NUMBERS = r"\[\d{1,3}(?:(?:[,;] ?| ?[-–] ?)\d{1,3})*\]"
_SOURCES = re.compile(
    rf"\s?(?:{_NUMBERS}(?:,? ?{_NUMBERS})*"
    r"|[\[(](?:sources?|quellen?|fuentes?|font[ei]|bron|źródło):? ?[\d\[\],; –-]+[\])])(?=\W|$)",
    re.IGNORECASE,
)
"""Sources in brackets, as models write them: [1], [1, 2], (Source: 3)."""
_BOLD = re.compile(r"\*\*|(?<!\w)__|__(?!\w)|(?<![\w*])\*(?=\S)|(?<=\S)\*(?![\w*])|^#{1,6}\s+", re.MULTILINE)


@cache
def _refusals() -> re.Pattern[str]:
    ways = tomllib.loads(resources.files("slmdesk.tasks.questions").joinpath("answers.toml").read_text("utf-8"))[
        "unsaid"
    ]
    return re.compile(rf"(?<!\w)(?:{'|'.join(way for code in ways for way in ways[code])})", re.IGNORECASE)


def without_marks(answer: str) -> str:
    """Return an answer without bold letters and without sources in brackets."""
    plain = _BOLD.sub("", _SOURCES.sub("", answer))
    return re.sub(r"[ \t]+(?=[.,](?:\s|$))", "", plain).strip()


def refuses(answer: str) -> bool:
    """Return whether an answer begins by saying that the text does not tell, or says nothing."""
    said = [sentence for sentence in sentences(answer, tongue(answer)) if any(map(str.isalnum, sentence))]
    return not said or _refusals().search(said[0]) is not None
