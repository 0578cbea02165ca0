"""Requests and results of the spelling service."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slmdesk.base.record import Record
from slmdesk.base.runtime.events import Event
from slmdesk.base.translation import LANGUAGES


class Dictionary(Record):
    """A Hunspell dictionary: a word list, and a file of the same name with the rules for word forms."""

    code: str
    """Language and region in its file name: "de_DE", "fr". If the name has neither, the name itself."""
    path: Path

    @property
    def language(self) -> str:
        language = _SAME.get(self.code.partition("_")[0], self.code.partition("_")[0])
        return language if language in LANGUAGES else ""

    @property
    def name(self) -> str:
        region = self.code.partition("_")[2]
        if not self.language:
            return self.code
        return f"{LANGUAGES[self.language].shown} ({region})" if region else LANGUAGES[self.language].shown


_SAME = {"nb": "no", "nn": "no"}


class SpellingRequest(Record):
    paragraphs: Sequence[str]
    around: str = ""
    """The text that contains the paragraphs. It decides the language of short paragraphs."""
    names: Sequence[str] = ()


Misspelled = tuple[tuple[tuple[int, int], ...], ...]
"""For each paragraph, the positions (start, end) of its misspelled words in characters."""


class Suggestions(Record):
    word: str
    words: tuple[str, ...]


class SpellingState(Record):
    dictionaries: tuple[Dictionary, ...]
    words: tuple[str, ...]


class SpellingChanged(Event):
    """Event that other words count as misspelled now: a word was added or removed, or other dictionaries are used."""
