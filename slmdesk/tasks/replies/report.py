"""What a reply says: as a report, and as a letter. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from operator import attrgetter

from slmdesk.base.letters import Letter, LetterPart
from slmdesk.base.record import changed
from slmdesk.base.texts import N_, _, ngettext
from slmdesk.tasks.replies.edits import (
    ADD,
    DOWN,
    FRAME,
    POINT,
    RESTORE,
    SAY,
    STRIKE,
    UP,
)
from slmdesk.tasks.replies.types import STANCES, Point, Reply
from slmdesk.tasks.replies.wording import writer_of
from slmdesk.tasks.report import Report, Section, Statement

FACTS = {
    "sender": N_("From"),
    "reference": N_("File number"),
    "references": N_("One of several file numbers, to be checked"),
    "date": N_("Day"),
    "amount": N_("Amount"),
    "account": N_("Account"),
}
PARTS = {
    "recipient": N_("Recipient"),
    "subject": N_("Subject line"),
    "salutation": N_("Salutation"),
    "opening": N_("Opening"),
    "ending": N_("Ending"),
    "closing": N_("Closing"),
}
NO_STANCE = N_("left open")
OTHERS = N_("Other sentences of the letter")


def report_of(title: str, reply: Reply, *, is_exported: bool) -> Report:
    """Return what it says. A file and a command list the points, and then the letter;
    the window shows each point within the letter.
    """
    sections = [*letter_sections(reply, {}), _facts(reply)]
    if is_exported:
        others = _others(reply, "{number}. {text}")
        sections = [_facts(reply), _points(reply), others, *_paragraphs(reply)]
    return Report(
        "reply",
        title,
        tuple(filter(attrgetter("statements"), sections)),
        lead=lead_of(reply),
        documents=reply.papers,
        language=reply.language,
        model=writer_of(reply),
        is_editable=True,
        is_unfilled=not reply.model,
        wanting="" if reply.model else _("A model would word the answers."),
    )


def lead_of(reply: Reply) -> str:
    """Return how many points there are, and how many have no stance yet."""
    lead = ngettext("{n:,} point", "{n:,} points", len(reply.shown))
    left = sum(not (point.stance or point.is_left_out) for point in reply.shown)
    return f"{lead}, {left} {_(NO_STANCE)}" if left else lead


def _facts(reply: Reply) -> Section:
    statements = [
        Statement(
            f"{_(FACTS[fact.kind])}: {fact.text}",
            fact.spans,
            id=f"fact {number}",
            is_quotation=True,
        )
        for number, fact in enumerate(reply.facts)
    ]
    return Section(tuple(statements), _("In the letter"), id="facts")


def letter_sections(reply: Reply, writing: Mapping[str, str]) -> tuple[Section, ...]:
    """Return the letter from top to bottom, each point with its passage. `writing`:
    unfinished words of a model, by point.
    """
    recipient, subject, *begin, ending, closing = map(partial(_part, reply), FRAME)
    points = [
        _point(point, number, writing.get(point.id))
        for number, point in enumerate(reply.shown, 1)
    ]
    more = Statement("", id="more", actions=(ADD,))
    return (
        Section((recipient, subject), _("The answer"), id="address", is_prose=True),
        Section(tuple(begin), id="begin", is_prose=True),
        Section((*points, more), id="points", is_cited=True),
        _others(reply, "{text}"),
        Section((ending, closing), id="end", is_prose=True),
    )


def _part(reply: Reply, part: str) -> Statement:
    """Return a fixed part. A person can fill one that was not found."""
    text = getattr(reply.frame, part)
    if part == "recipient":
        text = "\n".join(reply.frame.recipient)
    return Statement(text, heading=_(PARTS[part]), id=part)


def _point(point: Point, number: int, writing: str | None) -> Statement:
    statement = Statement(
        writing or point.answer,
        point.spans,
        point.place,
        marks=point.marks,
        id=point.id,
        rank=number,
        other=point.text,
        choices=tuple(f"{point.answer} {offer.quoted}" for offer in point.offers),
        actions=(*STANCES, SAY),
        menu_actions=(STRIKE, UP, DOWN, ADD),
        filled=(("text", point.said),),
        chosen=point.stance or (SAY if point.said else ""),
        is_left_out=point.is_left_out,
        is_open=writing is not None,
        is_edited=point.is_edited,
    )
    if not point.is_left_out:
        return statement
    menu = (RESTORE, UP, DOWN, ADD)
    return changed(statement, text="", chosen=None, actions=(), menu_actions=menu)


def _points(reply: Reply) -> Section:
    """Return the points in the letter's own words, with their numbers."""
    statements = list[Statement]()
    for number, point in enumerate(reply.shown, 1):
        stance = _(STANCES.get(point.stance, NO_STANCE))
        statements.append(
            Statement(
                f"{number}. {point.text}",
                point.spans,
                point.place,
                id=point.id,
                notes=(stance, *(offer.quoted for offer in point.offers)),
                is_quotation=True,
                is_left_out=point.is_left_out,
            )
        )
    return Section(tuple(statements), _("Points"), id="points")


def _others(reply: Reply, form: str) -> Section:
    """Return the sentences that are no points, numbered on behind the points."""
    statements = [
        Statement(
            form.format(number=number, text=point.text),
            point.spans,
            point.place,
            id=point.id,
            actions=(POINT,),
            is_quotation=True,
        )
        for number, point in enumerate(reply.others, 1 + len(reply.shown))
    ]
    return Section(
        tuple(statements),
        _(OTHERS),
        id="others",
        is_folded=True,
        fold=f"{_(OTHERS)}: {len(statements):,}",
        is_cited=True,
    )


def _paragraphs(reply: Reply) -> Iterator[Section]:
    letter = letter_of(reply)
    marks = {point.id: point.marks for point in reply.points}
    parts = [LetterPart(letter.salutation), *letter.body, LetterPart(letter.closing)]
    title = _("The answer")
    for part in parts:
        statement = Statement(part.text, marks=marks.get(part.id, ()), id=part.id)
        yield Section((statement,), title, is_prose=True)
        title = ""


def letter_of(reply: Reply) -> Letter:
    """Return the letter, each answer with what it rests on."""
    frame = reply.frame
    name = reply.papers[0][1] if reply.papers else ""
    body = [LetterPart(frame.opening)]
    shown = [point for point in reply.shown if not point.is_left_out]
    for point in shown:
        place = ", ".join(filter(None, (name, point.place)))
        used = [each.quoted for each in point.offers if each.text in point.answer]
        sources = (f"{place}: „{point.text}“", *used)
        body.append(LetterPart(point.answer, sources, point.id))
    body.append(LetterPart(frame.ending))
    return changed(
        frame,
        body=tuple(filter(attrgetter("text"), body)),
        language=reply.language,
        model=writer_of(reply),
        is_draft=any(not point.stance for point in shown),
    )
