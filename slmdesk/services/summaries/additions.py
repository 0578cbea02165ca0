"""Adds to a model's points what the form of a paper makes sure of, and what it left out.  Pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from textwrap import shorten

from slmdesk.core.chunking import Piece
from slmdesk.core.documents import BlockKind
from slmdesk.core.record import changed
from slmdesk.services.summaries.linking import Point
from slmdesk.services.summaries.papers import Paper
from slmdesk.services.summaries.prompts import MOST_TOPIC, Style
from slmdesk.services.summaries.selection import LEAST_QUOTED, MARKS, MOST_QUOTED, item_spans
from slmdesk.text.checks.overlap import stems
from slmdesk.text.passages.salience import ACTION_LEAD, DECISION_LEAD, announces

GROWN = 1.5
"""A summary has up to so many times its sentences, or those asked for, with the sentences of the document that are
added because they matter and it does not say them.
"""
LEAST_ADDED = 7
CONTAINED = 0.85
"""Of a point's words, when a quotation that is added has so many, it stands for the point too."""
MOST_ITEMS = 12
_NUMBER = re.compile(r"^(?:§\s*)?\(?(?:\d+(?:\.\d+)*|[IVX]+|[A-Za-z])[.)]?\s+(?=\S)")


Omitted = Callable[[Sequence[Point], int], Sequence[Point]]
"""Given what is said, returns at most so many sentences of the document that matter most and are not said."""


def with_additions(
    points: Sequence[Point], omitted: Omitted, pieces: Sequence[Piece], here: range, style: Style, target: int
) -> list[Point]:
    """Return the points of a summary with what it must not lack, by topics in text order.

    Of minutes every line that begins as a decision or an action, of letters every item of what is asked; then what is
    omitted (see `omissions`), as much as the summary is short of.
    """
    found = [changed(one, label=_label(one, pieces) or one.label) if style.has_labels else one for one in points]
    has_topics = not style.has_labels and any(one.label for one in found)
    is_minutes = style.paper is Paper.MINUTES or style.has_labels
    lines = _lines(pieces, here) if is_minutes else _items(pieces, here) if style.paper is Paper.LETTER else []
    said = {at for one in found if one.is_supported for at in one.links}
    more = [one for one in lines if one.links[0] not in said]
    space = round(GROWN * max(len(found), target)) - len(found) - len(more)
    space = min(target, max(space, LEAST_ADDED))
    added = [changed(one, label="Fact") for one in omitted([*found, *more], space)]
    found = [one for one in found if not any(_is_in(one, other) for other in added)]
    more += added
    if not style.has_labels:
        topics = {stems(one.label): one.label for one in found}
        more = [changed(one, label=_topic(one, pieces, here, topics) if has_topics else "") for one in more]
    return _by_topics([*found, *more], pieces)


def _is_in(point: Point, quotation: Point) -> bool:
    words = stems(point.text)
    return bool(words) and len(words & stems(quotation.text)) >= CONTAINED * len(words)


def _by_topics(points: Sequence[Point], pieces: Sequence[Piece]) -> list[Point]:
    """Return points in the order of the pieces they rest on most, those of one topic together."""
    groups: dict[str, list[Point]] = {}
    for one in points:
        groups.setdefault(one.label, []).append(one)

    def place(one: Point) -> int:
        words = stems(one.text)
        return max(one.links, key=lambda at: len(words & stems(pieces[at].text))) if one.links else 0

    ordered = sorted(groups.values(), key=lambda group: min(map(place, group)))
    return [one for group in ordered for one in sorted(group, key=place)]


def _topic(point: Point, pieces: Sequence[Piece], here: range, topics: Mapping[frozenset[str], str]) -> str:
    """Return the topic a sentence of the text belongs to: that of the heading it stands under, without its number."""
    above = (pieces[at].text for at in range(point.links[0], here.start - 1, -1) if pieces[at].is_heading)
    heading = shorten(_NUMBER.sub("", next(above, "")), MOST_TOPIC, placeholder=" \u2026")
    return topics.get(stems(heading), heading)


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


def _items(pieces: Sequence[Piece], here: range) -> list[Point]:
    """Return the items of lists under headings that announce what is asked for, as quotations."""
    found, is_announced = list[Point](), False
    for at in here:
        piece = pieces[at]
        if piece.is_heading:
            is_announced = announces(piece.text)
        elif is_announced and piece.kind is BlockKind.LIST_ITEM:
            items = (piece.text[start:end].strip(MARKS) for start, end in item_spans(piece))
            found += [Point(one, (at,), is_quotation=True) for one in items if LEAST_QUOTED <= len(one) <= MOST_QUOTED]
    return found[:MOST_ITEMS]


def _label(point: Point, pieces: Sequence[Piece]) -> str:
    return next((label for at in point.links if (label := _label_of_line(pieces[at].text))), "")


def _label_of_line(text: str) -> str:
    return "Decision" if DECISION_LEAD.search(text) else "Action" if ACTION_LEAD.search(text) else ""
