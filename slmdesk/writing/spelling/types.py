"""What is asked of the spelling service, and what it gives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slmdesk.base.record import Record
from slmdesk.base.translation import LANGUAGES
from slmdesk.runtime.events import Event


class Dictionary(Record):
    """A Hunspell dictionary: a list of words, and beside it a file of the same name with the forms they take."""

    code: str
    """From its name: "de_DE", "fr"; of a file named otherwise the name itself."""
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
        return f"{LANGUAGES[self.language].name} ({region})" if region else LANGUAGES[self.language].name


_SAME = {"nb": "no", "nn": "no"}


class SpellingRequest(Record):
    paragraphs: Sequence[str]
    around: str = ""
    """Text that they are from: short paragraphs are in its language."""
    names: Sequence[str] = ()


Misspelled = tuple[tuple[tuple[int, int], ...], ...]
"""For each paragraph where its misspelled words stand, in characters."""


class Suggestions(Record):
    word: str
    words: tuple[str, ...]


class SpellingState(Record):
    dictionaries: tuple[Dictionary, ...]
    words: tuple[str, ...]
    place: str = ""
    """The folder or file that was chosen; empty: those of the system."""


# ---- events of the spelling service


class SpellingChanged(Event):
    """What counts as misspelled has changed: a word was added or removed, or other dictionaries are used."""
