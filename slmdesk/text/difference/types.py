"""The result of a comparison of two texts; cheap to import, unlike `compare`."""

from __future__ import annotations

from enum import StrEnum

from slmdesk.base.record import Record


class Place(Record):
    """A stretch of a page: characters `start` up to, not including, `end` of its text."""

    page: int
    start: int
    end: int


class Named(Record):
    """A fact that changed, as in both versions; empty where it is only in the other."""

    kind: str
    """amount, percent, period, number, date, name, negation; condition, duty added, duty removed with their words;
    definition with the term that is defined otherwise."""
    old: str
    new: str


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    """It stands elsewhere; what changed in it besides is marked."""


class Run(Record):
    text: str
    is_marked: bool = False
    change: int = -1
    """The number of the change they belong to; -1: none."""


class Change(Record):
    kind: ChangeKind
    old_runs: tuple[Run, ...]
    new_runs: tuple[Run, ...]
    old_places: tuple[Place, ...]
    new_places: tuple[Place, ...]
    named: tuple[Named, ...] = ()
    old_clause: str = ""
    """The heading above the passage in the old version, and the number of its paragraph; empty where there is none."""
    new_clause: str = ""

    @property
    def old(self) -> str:
        return "".join(run.text for run in self.old_runs)

    @property
    def new(self) -> str:
        return "".join(run.text for run in self.new_runs)


class Row(Record):
    """Paragraphs side by side; or, where `same` is not 0, so many that are the same on both sides."""

    old: tuple[Run, ...] = ()
    new: tuple[Run, ...] = ()
    same: int = 0
    old_places: tuple[Place, ...] = ()
    """Of a stretch that is the same the first and the last place."""
    new_places: tuple[Place, ...] = ()


class Difference(Record):
    changes: tuple[Change, ...]
    rows: tuple[Row, ...]
