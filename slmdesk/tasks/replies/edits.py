"""What a person does to a reply: stances, own words, points. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.base.protocol import lenient_from
from slmdesk.base.record import Record, changed
from slmdesk.base.texts import N_
from slmdesk.tasks.replies.types import STANCES, Frame, Point, Reply, with_point
from slmdesk.tasks.replies.wording import own_answer
from slmdesk.tasks.report import Edit
from slmdesk.tasks.shape import Field, record_with

SAY, STRIKE, RESTORE, UP, DOWN = "say", "strike", "restore", "up", "down"
ADD, POINT = "add", "point"
WORD_ANEW = "word_anew"
"""Words all that no person wrote in another tone. Value: the values of the form."""
ACTIONS: Mapping[str, str] = {
    **STANCES,
    SAY: N_("In your own words…"),
    STRIKE: N_("Strike"),
    RESTORE: N_("Take back"),
    UP: N_("Move up"),
    DOWN: N_("Move down"),
    ADD: N_("Add a point…"),
    POINT: N_("This is a point"),
}
FIELDS: Mapping[str, Sequence[Field]] = {
    SAY: (
        Field("text", N_("What is to be said"), "", hint=N_("e.g. the notice ran out")),
    ),
    ADD: (Field("text", N_("What the letter wants"), ""),),
}
MOVES = {UP: -1, DOWN: 1}
FRAME = ("recipient", "subject", "salutation", "opening", "ending", "closing")
"""Fixed parts that a person can word, in the order of a letter."""


class Words(Record):
    """What a person typed."""

    text: str = ""


def taken(reply: Reply, edit: Edit) -> Reply | None:
    """Return the reply after an edit. None: it has no such thing."""
    if edit.action == ADD:
        return _added(reply, lenient_from(Words, edit.value))
    if edit.statement in FRAME and edit.text is not None:
        return changed(reply, frame=_reworded(reply.frame, edit.statement, edit.text))
    point = next((each for each in reply.points if each.id == edit.statement), None)
    if point is None or (point.is_other and edit.action != POINT):
        return None
    if edit.action in MOVES:
        return _moved(reply, point, MOVES[edit.action])
    change = _changed(point, edit, reply.language)
    return with_point(reply, change) if change is not None else None


def _changed(point: Point, edit: Edit, language: str) -> Point | None:
    if edit.text is not None:
        return changed(point, answer=edit.text.strip(), is_edited=True, marks=())
    if edit.action in (STRIKE, RESTORE):
        return changed(point, is_left_out=edit.action == STRIKE)
    if edit.action == SAY:
        said = lenient_from(Words, edit.value).text.strip()
        return answered(changed(point, said=said), language)
    if edit.action == POINT:
        return answered(as_point(point), language)
    if edit.action in STANCES:
        return answered(changed(point, stance=edit.action), language)
    return None


def as_point(sentence: Point) -> Point:
    """Return a sentence of the letter as a point."""
    is_stated = sentence.is_stated or sentence.is_other
    return changed(sentence, is_other=False, is_stated=is_stated)


def answered(point: Point, language: str) -> Point:
    """Return a point with a sentence of ours, which a model may word anew."""
    answer = own_answer(point, language)
    return changed(point, answer=answer, marks=(), is_asked=False, is_edited=False)


def answered_anew(reply: Reply) -> Reply:
    """Return a reply with sentences of ours for all that no person wrote."""
    for point in reply.shown:
        if not point.is_edited:
            reply = with_point(reply, answered(point, reply.language))
    return reply


def _reworded(frame: Frame, part: str, text: str) -> Frame:
    words = text.strip()
    if part == "recipient":
        lines = map(str.strip, words.splitlines())
        return changed(frame, recipient=tuple(filter(None, lines)))
    return record_with(frame, **{part: words})


def _moved(reply: Reply, point: Point, by: int) -> Reply:
    points = list(reply.shown)
    at = points.index(point)
    to = min(max(0, at + by), len(points) - 1)
    points.insert(to, points.pop(at))
    return changed(reply, points=(*points, *reply.others))


def _added(reply: Reply, words: Words) -> Reply | None:
    text = " ".join(words.text.split())
    if not text:
        return None
    point = answered(Point(f"a{len(reply.points) + 1}", text), reply.language)
    return changed(reply, points=(*reply.points, point))
