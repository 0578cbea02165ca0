"""Finds private data in a text, and makes natural words that stand for it in a copy.

This module holds the types: what was found in a text, and the table of originals and substitutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from slmdesk.base.record import Record

BAR = "█████"
"""Replaces words in documents that are given to others. It always has the same length, since the length is a clue."""


class Kind(StrEnum):
    """Kind of private data. The values are stored, so they must not change."""

    PERSON = "person"
    FIRM = "firm"
    EMAIL = "email"
    PHONE = "phone"
    IBAN = "iban"
    CARD = "card"
    NUMBER = "number"
    REFERENCE = "reference"
    """The number of a file, customer, contract or case."""
    BIRTH = "birth"
    ADDRESS = "address"
    WEB = "web"
    """An address of the web, or of a machine in a network."""
    OTHER = "other"
    """Words that the user added, or put on the own list without a kind."""


class Certainty(StrEnum):
    SURE = "sure"
    """The check digits are right, or the user said so."""
    LIKELY = "likely"
    UNSURE = "unsure"
    """It only looks like private data. It is shown and listed, but replaced only if the user adds it."""


RANK: Mapping[Certainty, int] = MappingProxyType({Certainty.UNSURE: 0, Certainty.LIKELY: 1, Certainty.SURE: 2})


class Finder(StrEnum):
    """Who found something. The values are printed, so they must not change."""

    LIST = "list"
    RULE = "rule"
    SMALL = "finder"
    """The small classifier that is always there (formats.redacting.finder)."""
    MODEL = "model"
    """A language model that was asked."""


class Find(Record):
    kind: Kind
    start: int
    end: int
    text: str
    certainty: Certainty
    reason: str
    """Short code of the rule that found it: "iban", "title", "header", "label", "list", "again" …"""
    by: tuple[Finder, ...] = (Finder.RULE,)


class Entry(Record):
    kind: Kind
    original: str
    substitute: str
    forms: tuple[tuple[str, str], ...] = ()

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        return ((self.original, self.substitute), *self.forms)


Table = tuple[Entry, ...]


def pairs_of(table: Iterable[Entry]) -> list[tuple[str, str]]:
    """Return each original of a table, in all its forms, with what stands for it."""
    return [pair for entry in table for pair in entry.pairs]


class Listed(Record):
    words: str
    kind: Kind = Kind.OTHER
