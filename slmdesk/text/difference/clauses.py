"""Finds the clause of each paragraph: the heading above it, and its own number.  Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from slmdesk.base.documents import BlockKind
from slmdesk.text.difference.numbering import is_heading
from slmdesk.text.difference.parts import Unit

MOST_CHARACTERS = 100
"""Of a heading that is shown."""
_MARKS = re.compile(r"^#{1,6}\s+|[*_]{2,}")
_BULLET = re.compile(r"^[\u2022\u2023\u25aa\u25cf\u25e6*+\u2013-]\s+")


def clauses_of(units: Sequence[Unit]) -> list[str]:
    """Of each block of a document its clause: "6. Support, 6.4"; the number alone where no heading is above it."""
    found: list[str] = []
    heading = last = ""
    for one in units:
        number = _number(one)
        if is_heading(one.text, one.kind, one.lead):
            heading, number = _shortened(_MARKS.sub("", one.text)), ""
        last = number or last
        found.append(", ".join(filter(None, (heading, number if heading else last))))
    return found


def _number(unit: Unit) -> str:
    if unit.kind is BlockKind.HEADING:
        return ""
    return _BULLET.sub("", unit.text[: unit.lead].strip()).rstrip(".")


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1].rstrip() + "…"
