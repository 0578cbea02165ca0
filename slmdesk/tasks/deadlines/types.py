"""Records of what is due, as it is stored beside a paper and as it is listed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from slmdesk.base.record import Record
from slmdesk.base.texts import N_
from slmdesk.claims.deadlines.places import PLACES
from slmdesk.documents.types import Span
from slmdesk.tasks.shape import Field, FieldKind

RULES = "8"
"""Version of the rules. Days found by another one are found anew."""
DONE, NOT_MINE, MOVE, BACK, SHEET = "done", "not_mine", "move", "back", "sheet"
"""What a person can do with a day."""
MINE = "mine"
"""The same: take up a day that the rules do not take for due."""
CAME = "came"
"""The same: say when its paper was received."""
MOST_LINE = 160
"""Most letters of what is to be done in a list."""
RECEIPT = (
    Field(
        "day", N_("Day of receipt"), "", FieldKind.DAY, hint=N_("Day, month and year")
    ),
    Field(
        "place",
        N_("Whose law and holidays"),
        "",
        FieldKind.CHOICE,
        tuple(PLACES.items()),
    ),
)
"""What is asked about the receipt of a paper."""


class FoundDay(Record, omit_defaults=True):
    """Something that a paper says is to be done, by a day if that is known."""

    key: str
    """Tells it from others of its paper, however its day is reckoned."""
    text: str
    """Its sentence."""
    what: str
    """The same in a line: whole, or up to the end of a clause."""
    page: int
    start: int
    end: int
    day: str = ""
    """ISO 8601. Empty where it cannot be reckoned."""
    reason: Any = None
    """How it was reckoned, or why not (see `claims.deadlines.reckoning.Reason`), from
    which its words are made when it is shown. None: the paper names it."""
    who: str = ""
    amount: str = ""
    is_confirmed: bool = False
    received: str = ""
    """When the paper is taken to be received, where the day was reckoned."""
    place: str = ""
    more: tuple[str, ...] = ()
    """What else the paper says of the same day."""


class FoundDays(Record):
    rules: str
    days: tuple[FoundDay, ...] = ()
    others: Mapping[str, FoundDay] = {}
    """Every other day to come that the paper names, by its name (ISO 8601)."""


class State(StrEnum):
    OPEN = "open"
    DONE = "done"
    NOT_MINE = "not_mine"
    OTHER = "other"
    """It is named in a paper, and the rules do not take it for due."""


class Said(Record, omit_defaults=True):
    """What a person said of a day."""

    state: State = State.OPEN
    mine: FoundDay | None = None
    """The day itself, where it was taken up from the others that its paper names."""
    day: str = ""
    """The day to which it was moved. Empty: it was not."""


class DueDay(Record):
    """A day of a paper, with what a person said of it."""

    document: str
    name: str
    page_kind: str
    found: FoundDay
    said: Said = Said()
    places: tuple[str, ...] = ()
    """The files of the paper, where it was read at several places."""

    @property
    def id(self) -> str:
        return f"{self.document} {self.found.key}"

    @property
    def day(self) -> str:
        return self.said.day or self.found.day

    @property
    def is_assumed(self) -> bool:
        """Whether it was reckoned from a day of receipt that nobody confirmed."""
        found = self.found
        return bool(found.day and not self.said.day and not found.is_confirmed)

    @property
    def span(self) -> Span:
        found = self.found
        return Span(self.document, found.page, found.start, found.end)


class DueList(Record):
    days: tuple[DueDay, ...] = ()
    others: tuple[str, ...] = ()
    """Ids of the other days that the papers name, from today on, which are read when
    they are asked for.
    """
    waiting: int = 0
    """Papers whose days are being looked for."""


class DueRequest(Record):
    folder: str = ""
    """Id of a watched folder. Empty: all papers."""
