"""Adds to a model's points what the form of a paper makes sure of, and what it left out.  Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from slmdesk.core.chunking import Piece
from slmdesk.core.documents import BlockKind
from slmdesk.services.summaries.linking import Point
from slmdesk.services.summaries.papers import Paper
from slmdesk.services.summaries.prompts import Style
from slmdesk.services.summaries.selection import MARKS, MOST_QUOTED
from slmdesk.text.passages.salience import ACTION_LEAD, DECISION_LEAD

ADDED_SHARE = 0.4
"""Of the sentences of a summary, so many sentences of the document are added that matter and that it does not say."""
LEAST_ADDED = 2


def with_additions(
    points: Sequence[Point], missing: Sequence[Point], pieces: Sequence[Piece], here: range, style: Style, target: int
) -> list[Point]:
    """Return the points of a summary with what it must not lack, in text order.

    Of minutes every line that begins as a decision or an action; else the sentences among `missing` (see `omissions`)
    that were chosen first, as many as the summary is short of.
    """
    found = [replace(one, label=_label(one, pieces) or one.label) if style.has_labels else one for one in points]
    is_minutes = style.paper is Paper.MINUTES or style.has_labels
    lines = _lines(pieces, here) if is_minutes else []
    said = {at for one in found if one.is_supported for at in one.links}
    found += [one if style.has_labels else replace(one, label="") for one in lines if one.links[0] not in said]
    known = {at for one in found for at in one.links}
    space = max(LEAST_ADDED, round(target * (1 + ADDED_SHARE)) - len(found))
    more = [one for one in missing if one.links[0] not in known][:space]
    found += [replace(one, label="Fact") if style.has_labels else one for one in more]
    return sorted(found, key=lambda one: one.links[0] if one.links else 0)


def _lines(pieces: Sequence[Piece], here: range) -> list[Point]:
    """Return the lines that begin as a decision or an action, as quotations."""
    found = []
    for at in here:
        piece = pieces[at]
        if piece.kind is BlockKind.HEADING or len(piece.text) > MOST_QUOTED:
            continue
        if label := _label_of_line(piece.text):
            found.append(Point(piece.text.strip(MARKS), (at,), label=label, is_quotation=True))
    return found


def _label(point: Point, pieces: Sequence[Piece]) -> str:
    """Return the label of the line a point rests on, if it has one."""
    return next((label for at in point.links if (label := _label_of_line(pieces[at].text))), "")


def _label_of_line(text: str) -> str:
    return "Decision" if DECISION_LEAD.search(text) else "Action" if ACTION_LEAD.search(text) else ""
