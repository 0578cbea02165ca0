"""Types of the result of a comparison. This module is cheap to import, unlike `compare`."""

from __future__ import annotations

from enum import StrEnum

from slmdesk.base.record import Record


class Place(Record):
    """Part of a page: characters `start` to `end` (exclusive) of its text."""

    page: int
    start: int
    end: int


class Named(Record):
    """Fact that changed, in the words of both versions. A version without the fact has ""."""

    kind: str
    """amount, percent, period, number, date, name, negation, or: condition, duty added, duty removed (with their
    words), duty shifted (with both parties), definition (with the term that is now defined differently), link (with
    where it leads).
    """
    old: str
    new: str


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    """The passage is elsewhere now. Other changes inside it are marked."""


class Run(Record):
    text: str
    is_marked: bool = False
    change: int = -1
    """Index of the change the text belongs to, or -1 for none."""


class Change(Record):
    kind: ChangeKind
    old_runs: tuple[Run, ...]
    new_runs: tuple[Run, ...]
    old_places: tuple[Place, ...]
    new_places: tuple[Place, ...]
    named: tuple[Named, ...] = ()
    old_clause: str = ""
    """Heading above the passage in the old version and number of its paragraph, or "" if there are none."""
    new_clause: str = ""

    @property
    def old(self) -> str:
        return "".join(run.text for run in self.old_runs)

    @property
    def new(self) -> str:
        return "".join(run.text for run in self.new_runs)


class Row(Record):
    """Paragraphs side by side. If `same` is not 0, the row stands for this many paragraphs equal on both sides."""

    old: tuple[Run, ...] = ()
    new: tuple[Run, ...] = ()
    same: int = 0
    old_places: tuple[Place, ...] = ()
    """Positions of the passages. For unchanged paragraphs only the first and the last."""
    new_places: tuple[Place, ...] = ()


class Difference(Record):
    changes: tuple[Change, ...]
    rows: tuple[Row, ...]
