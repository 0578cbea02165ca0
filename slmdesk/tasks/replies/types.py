"""What is asked of a reply, and what is stored of one."""

from __future__ import annotations

from enum import StrEnum

from slmdesk.base.letters import Letter
from slmdesk.base.record import Record, changed
from slmdesk.base.texts import N_
from slmdesk.base.types import page_sign
from slmdesk.claims.types import Mark
from slmdesk.documents.types import Span

LANGUAGES = ("de", "en", "fr", "es")
"""Those in which there are sentences of ours. A letter in another is answered in
English, unless a person names one.
"""


MOST_PAGES = 50
"""Most pages of a paper against which an answer is checked."""


class Stance(StrEnum):
    AGREE = "agree"
    REFUSE = "refuse"
    ASK = "ask"
    TIME = "time"
    PAID = "paid"
    OPEN = "open"


STANCES = {
    Stance.AGREE.value: N_("Agree to it"),
    Stance.REFUSE.value: N_("Refuse"),
    Stance.ASK.value: N_("Ask back"),
    Stance.TIME.value: N_("Ask for time"),
    Stance.PAID.value: N_("Paid or enclosed"),
    Stance.OPEN.value: N_("Leave open"),
}


class ReplyRequest(Record):
    documents: tuple[str, ...]
    """The letter first, then our own papers."""
    model: str | None = None
    stances: tuple[tuple[int, str], ...] = ()
    """Stances that are known from the start, by the numbers of the points."""
    said: tuple[tuple[int, str], ...] = ()
    language: str = ""
    tone: str = "formal"
    template: str = ""
    """Path of the file that the letter is written into. Empty: that of the settings."""
    no_sources: bool = False


class Offer(Record):
    """What one of our own papers says to a point."""

    text: str
    span: Span
    name: str = ""
    page_kind: str = "page"

    @property
    def place(self) -> str:
        """Where it stands, for people: "lease.pdf, p. 4"."""
        return f"{self.name}, {page_sign(self.page_kind)} {self.span.page}"

    @property
    def quoted(self) -> str:
        return f"{self.place}: „{self.text}“"


class Point(Record):
    """What the letter asks, demands or offers, and what we say to it; or another
    sentence of it, which a person can make a point.
    """

    id: str
    text: str
    """The letter's own words, or those of the person who added the point."""
    spans: tuple[Span, ...] = ()
    page_kind: str = "page"
    is_other: bool = False
    is_stated: bool = False
    """Whether it asks nothing by our rules, but a person made it a point."""
    is_left_out: bool = False
    stance: str = ""
    said: str = ""
    """What a person wants to be said, in a line of their own."""
    offers: tuple[Offer, ...] = ()
    answer: str = ""
    marks: tuple[Mark, ...] = ()
    is_asked: bool = False
    """Whether a model worded it, or failed to."""
    is_edited: bool = False

    @property
    def is_final(self) -> bool:
        """Whether a model need not word it any more."""
        return self.is_asked or self.is_edited or self.is_left_out

    @property
    def is_question(self) -> bool:
        return "?" in self.text

    @property
    def place(self) -> str:
        """Where it stands, for people: "p. 3". Empty where a person added it."""
        return f"{page_sign(self.page_kind)} {self.spans[0].page}" if self.spans else ""


class Fact(Record):
    kind: str
    """date, amount, account, reference or sender"""
    text: str
    spans: tuple[Span, ...] = ()


class Frame(Letter):
    """The fixed parts of the letter, without its body."""

    opening: str = ""
    ending: str = ""


class Reply(Record):
    """Each answer is a sentence of ours until a model worded it, so that it is a letter
    at any time.
    """

    points: tuple[Point, ...] = ()
    """With the other sentences of the letter, in its order until a person moves one."""
    facts: tuple[Fact, ...] = ()
    frame: Frame = Frame()
    language: str = ""
    papers: tuple[tuple[str, str], ...] = ()
    """Id and name of each document, the letter first."""
    model: str = ""
    """Name of the model that may word answers. Empty: rules alone make them."""
    is_strong: bool = False
    """Whether it words more than what is said to a question."""
    tone: str = "formal"

    @property
    def shown(self) -> tuple[Point, ...]:
        """The points, as the letter to be answered has them."""
        return tuple(point for point in self.points if not point.is_other)

    @property
    def others(self) -> tuple[Point, ...]:
        """The sentences that are no points."""
        return tuple(point for point in self.points if point.is_other)


def with_point(reply: Reply, point: Point) -> Reply:
    """Return a reply with a point in the place of the one with its id."""
    points = tuple(point if known.id == point.id else known for known in reply.points)
    return changed(reply, points=points)


def joined(found: Reply, before: Reply | None) -> Reply:
    """Return what a person changed, with what a model worded of it by now."""
    if before is None:
        return found
    worded = {point.id: point for point in found.points}
    points = tuple(
        _joined(worded.get(point.id, point), point) for point in before.points
    )
    return changed(before, points=points, model=found.model, is_strong=found.is_strong)


def _joined(worded: Point, point: Point) -> Point:
    if point.is_edited or not worded.is_asked:
        return point
    if (worded.stance, worded.said) != (point.stance, point.said):
        return point
    return changed(point, answer=worded.answer, marks=worded.marks, is_asked=True)
