"""Finds what is private in a text, puts natural words in its place, and puts the originals back.

Here: what is found in a text, and the table of what stands for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from slmdesk.base.record import Record

BAR = "█████"
"""In the place of a word of a document that is given out; always as long, for its length says nothing."""


class Kind(StrEnum):
    """What sort of thing a find is; stored, so names do not change."""

    PERSON = "person"
    FIRM = "firm"
    EMAIL = "email"
    PHONE = "phone"
    IBAN = "iban"
    CARD = "card"
    NUMBER = "number"
    BIRTH = "birth"
    ADDRESS = "address"
    OTHER = "other"
    """What a person marked by hand, or put on their list without saying what it is."""


class Certainty(StrEnum):
    SURE = "sure"
    """Its check digits are right, or a person said so."""
    LIKELY = "likely"
    UNSURE = "unsure"
    """It only looks so: shown and listed, and replaced where a person adds it."""


RANK: Mapping[Certainty, int] = MappingProxyType({Certainty.UNSURE: 0, Certainty.LIKELY: 1, Certainty.SURE: 2})


class Find(Record):
    kind: Kind
    start: int
    end: int
    text: str
    certainty: Certainty
    reason: str
    """A short code of what it was found by: "iban", "title", "header", "label", "list", "again" …"""


class Entry(Record):
    kind: Kind
    original: str
    substitute: str
    forms: tuple[tuple[str, str], ...] = ()

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        return ((self.original, self.substitute), *self.forms)


Table = tuple[Entry, ...]


class Listed(Record):
    words: str
    kind: Kind = Kind.OTHER
