"""What every redactor is given: the document, the words, and where it says what it took out or could not look into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from slmdesk.base.record import Record
from slmdesk.formats.base import Reading
from slmdesk.formats.redacting.words import Words

MOST_DEPTH = 4
"""Documents in documents."""
MOST_SAID = 1_000


class Said(Record):
    """Something that was taken out, or that nobody but a person can look into."""

    kind: str
    """"macros", "picture", "embedded" …"""
    place: str = ""


@dataclass(slots=True, eq=False)
class Redacting:
    reading: Reading
    words: Words
    removes: bool = True
    """Take out what cannot be looked into; False when words are only put back."""
    pixels_per_inch: int = 150
    """Of the pages of a PDF, which are drawn anew."""
    text_layer: bool = False
    """Give a PDF's pages the words that are left as text that can be searched for and copied."""
    draws: bool = True
    """False: nothing is written, the document is only looked through."""
    progress: Callable[[int, int], None] = lambda _done, _total: None
    around: str = ""
    """The document it is in, for what is said."""
    depth: int = 0
    people: dict[str, None] = field(default_factory=dict)
    removed: dict[Said, None] = field(default_factory=dict)
    unsure: dict[Said, None] = field(default_factory=dict)

    def remove(self, kind: str, place: str = "") -> None:
        if len(self.removed) < MOST_SAID:
            self.removed[Said(kind, self.place(place))] = None

    def doubt(self, kind: str, place: str = "") -> None:
        """Something stays that was not looked into."""
        if len(self.unsure) < MOST_SAID:
            self.unsure[Said(kind, self.place(place))] = None

    def person(self, name: str) -> None:
        name = " ".join(name.split())
        if 1 < len(name) <= 200 and any(letter.isalpha() for letter in name) and len(self.people) < MOST_SAID:
            self.people[name] = None

    def place(self, place: str) -> str:
        return f"{self.around}: {place}" if self.around and place else self.around or place

    def inside(self, name: str, data: bytes) -> Redacting:
        """A document in this one: what is found in it is said here."""
        reading = Reading(name, data=data, stop=self.reading.stop, worked=self.reading.worked)
        return Redacting(
            reading, self.words, self.removes, self.pixels_per_inch, self.text_layer, self.draws,
            around=self.place(name), depth=self.depth + 1, people=self.people, removed=self.removed,
            unsure=self.unsure,
        )  # fmt: skip


Redactor: TypeAlias = Callable[[Redacting], bytes]
"""Returns the file as it can be given out.  Raises KnownError document.…"""
