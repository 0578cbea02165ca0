"""The types of a finished comparison of two versions."""

from __future__ import annotations

from slmdesk.base.record import Number, Record
from slmdesk.library.citations import Coverage, Mark
from slmdesk.text.difference.types import Change, Row


class Side(Record):
    document: str
    name: str
    page_kind: str
    coverage: Coverage
    trouble: str = ""


class Wording(Record):
    change: int
    text: str
    supported: bool
    flags: tuple[Mark, ...] = ()


class Comparison(Record):
    old: Side
    new: Side
    changes: tuple[Change, ...]
    rows: tuple[Row, ...]
    same_bytes: bool = False
    sentences: tuple[Wording, ...] = ()
    """Some changes in a model's words, the most important first; empty without one that can be trusted."""
    model: str = ""
    note: str = ""
    seconds: Number = 0.0
    language: str = ""
