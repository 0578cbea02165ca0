"""What is found in a text, and the table of what stands for it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from slmdesk.core.record import Record

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
    """A tax, insurance or person number."""
    BIRTH = "birth"
    ADDRESS = "address"
    OTHER = "other"
    """What a person marked by hand, or put on their list without saying what it is."""


CHECKED = frozenset({Kind.IBAN, Kind.CARD, Kind.NUMBER})
"""Kinds with check digits."""


class Certainty(StrEnum):
    """How far a find can be relied on."""

    SURE = "sure"
    """Its check digits are right, or a person said so."""
    LIKELY = "likely"
    """The words around it say so."""
    UNSURE = "unsure"
    """It only looks so: shown and listed, and replaced where a person adds it."""


RANK: Mapping[Certainty, int] = MappingProxyType({Certainty.UNSURE: 0, Certainty.LIKELY: 1, Certainty.SURE: 2})


class Find(Record):
    """Something private from `start` to `end` of a text, in characters."""

    kind: Kind
    start: int
    end: int
    text: str
    certainty: Certainty
    reason: str
    """A short code of what it was found by: "iban", "title", "header", "label", "list", "again" …"""


class Entry(Record):
    """A row of the table: what stands for an original."""

    kind: Kind
    original: str
    substitute: str
    forms: tuple[tuple[str, str], ...] = ()
    """Other ways it is written, each with what stands for it: a name's parts, its endings, large letters."""

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """All (original, substitute) of this row."""
        return ((self.original, self.substitute), *self.forms)


Table = tuple[Entry, ...]


class Listed(Record):
    """A name on the person's own list."""

    words: str
    kind: Kind = Kind.OTHER
