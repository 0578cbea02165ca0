"""What a reply says: as a report, and as a letter. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slmdesk.base.letters import Letter, LetterPart
from slmdesk.base.record import changed
from slmdesk.base.texts import N_, _, ngettext
from slmdesk.tasks.replies.edits import ADD, DOWN, FRAME, RESTORE, SAY, STRIKE, UP
from slmdesk.tasks.replies.types import STANCES, Point, Reply
from slmdesk.tasks.replies.wording import writer_of
from slmdesk.tasks.report import Report, Section, Statement

FACTS = {
    "sender": N_("From"),
    "reference": N_("File number"),
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
DOUBTED = N_("Perhaps nothing that needs an answer.")
NO_STANCE = N_("left open")


def report_of(title: str, reply: Reply, *, is_exported: bool) -> Report:
    """Return what it says. A file and a command list the points, and then the letter;
    the window shows each point within the letter.
    """
    sections = [*letter_sections(reply, {}), _facts(reply)]
    if is_exported:
        sections = [_facts(reply), _points(reply), *_paragraphs(reply)]
    return Report(
        "reply",
        title,
        tuple(section for section in sections if section.statements),
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
    lead = ngettext("{n:,} point", "{n:,} points", len(reply.points))
    left = sum(not (point.stance or point.is_left_out) for point in reply.points)
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
    parts = {part: _part(reply, part) for part in FRAME}
    points = [
        _point(point, number, writing.get(point.id))
        for number, point in enumerate(reply.shown, 1)
    ]
    more = Statement("", id="more", actions=(ADD,))
    return (
        Section((parts["recipient"], parts["subject"]), _("The answer"), id="address"),
        Section((parts["salutation"], parts["opening"]), id="begin", is_prose=True),
        Section((*points, more), id="points", is_cited=True),
        Section((parts["ending"], parts["closing"]), id="end", is_prose=True),
    )


def _part(reply: Reply, part: str) -> Statement:
    """Return a fixed part. A person can fill one that was not found."""
    text = getattr(reply.frame, part)
    if part == "recipient":
        text = ", ".join(reply.frame.recipient)
    return Statement(text, heading=_(PARTS[part]), id=part)


def _point(point: Point, number: int, writing: str | None) -> Statement:
    notes = [_(DOUBTED)] if point.is_doubted else []
    statement = Statement(
        writing or point.answer,
        point.spans,
        point.place,
        marks=point.marks,
        id=point.id,
        rank=number,
        other=point.text,
        notes=tuple(notes),
        choices=tuple(f"{point.answer} {quoted}" for quoted in _quoted(point)),
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


def _quoted(point: Point) -> Iterator[str]:
    for offer in point.offers:
        yield f"{offer.place}: „{offer.text}“"


def _points(reply: Reply) -> Section:
    """Return the points in the letter's own words, with their numbers."""
    statements = list[Statement]()
    for number, point in enumerate(reply.shown, 1):
        stance = _(STANCES[point.stance]) if point.stance else _(NO_STANCE)
        notes = [stance, *_quoted(point)]
        if point.is_doubted:
            notes.insert(0, _(DOUBTED))
        statements.append(
            Statement(
                f"{number}. {point.text}",
                point.spans,
                point.place,
                id=point.id,
                notes=tuple(notes),
                is_quotation=True,
                is_left_out=point.is_left_out,
            )
        )
    return Section(tuple(statements), _("Points"), id="points")


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
        sources = (f"{place}: „{point.text}“", *_used(point))
        body.append(LetterPart(point.answer, sources, point.id))
    body.append(LetterPart(frame.ending))
    return changed(
        frame,
        body=tuple(part for part in body if part.text),
        language=reply.language,
        model=writer_of(reply),
        is_draft=any(not point.stance for point in shown),
    )


def _used(point: Point) -> Iterator[str]:
    """Yield the passages of our own papers that the answer quotes."""
    for offer, quoted in zip(point.offers, _quoted(point), strict=True):
        if offer.text in point.answer:
            yield quoted
