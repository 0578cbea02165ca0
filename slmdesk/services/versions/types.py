"""The types of a finished comparison of two versions."""

from __future__ import annotations

from slmdesk.core.record import Number, Record
from slmdesk.services.documents.citations import Coverage, Mark
from slmdesk.text.difference.types import Change, Row


class Side(Record):
    """One of the two versions."""

    document: str
    name: str
    page_kind: str
    coverage: Coverage
    trouble: str = ""
    """Why it was not read to its end, in a sentence."""


class Wording(Record):
    """A change described in a sentence by the model and checked against both versions."""

    change: int
    text: str
    supported: bool
    flags: tuple[Mark, ...] = ()


class Comparison(Record):
    """A finished comparison."""

    old: Side
    new: Side
    changes: tuple[Change, ...]
    rows: tuple[Row, ...]
    same_bytes: bool = False
    """The files are the same, byte for byte."""
    sentences: tuple[Wording, ...] = ()
    """Some changes in a model's words, the most important first; empty without one that can be trusted."""
    model: str = ""
    note: str = ""
    """What a person should know of how it was made, in a sentence."""
    seconds: Number = 0.0
    language: str = ""
    """Code of ISO 639-1; empty where it is not known."""
