"""Days and amounts of a document, and what a day is by its place: a line of its own, the end of a range.  Pure."""

from __future__ import annotations

import re

from slmdesk.base.record import Record, changed
from slmdesk.tables.cues import OTHER, Said, Strength
from slmdesk.tables.grounding import label_of
from slmdesk.tables.layout import Line, Span
from slmdesk.tables.types import TableCell
from slmdesk.text.checks.dates import find_dates

LONG_RANGE = 4
"""Months from which "from … to …" by itself is taken for the time of a contract."""
_UNTIL = re.compile(
    r"^\W*(?:(?:and )?(?:until|till|to|through|up to|bis(?: zum| einschliesslich)?|jusqu.au|au|hasta el|al|a|"
    r"fino al|[-\u2013]) ?(?:and including |einschliesslich |zum )?)\W*$",
    re.IGNORECASE,
)
_DATE_LINE = re.compile(
    r"^\W*(?:[A-ZÀ-ÖØ-Þ][\w.'’()/-]*(?:[ -](?:[A-ZÀ-ÖØ-Þ(][\w.'’()/-]*|an der|am|im|de la|del?|la|les?|sur|en|upon|on|"
    r"of|di|bei|ob|[dl]['’]\w+)){0,4},?\s+)?(?i:(?:the|den|am|le|lì|li|il|a|on|de)\s+)?$"
)
_BY = re.compile(
    r"\b(?:by|before|until|no later than|latest|on or before|bis|bis zum|sp[äa]testens(?: bis)?(?: zum| am)?|"
    r"avant le|au plus tard le|d['’]ici le|jusqu['’]au|"
    r"antes del(?: d[íi]a)?|hasta el(?: d[íi]a)?|a m[áa]s tardar el|como m[áa]ximo el|"
    r"entro(?: e non oltre)?(?: il)?|non oltre il|prima del)\s*$",
    re.IGNORECASE,
)
_PAID = re.compile(
    r"\b(?:pay|paid|payment|payable|settle\w*|remit\w*|transfer\w*|due|(?:be)?zahl\w*|[üu]berweis\w*|begleich\w*|"
    r"beglichen|ausgleich\w*|f[äa]llig|entricht\w*|"
    r"r[èée]gl(?:er|ement|[ée]e?|able)|pa(?:yer|iement|yable|yée?)|virement|verser|acquitter|pag(?:o|ar|adero|"
    r"uen?|ado|amento|are|ato|abile)|abon(?:ar|en)|transferencia|ingres(?:ar|en)|bonifico|sald(?:o|are)|"
    r"versa(?:re|mento))\b",
    re.IGNORECASE,
)


class Value(Record):
    line: Line
    start: int
    end: int
    cell: TableCell
    said: Said

    @property
    def key(self) -> str:
        """Equal for the same day or amount written in two ways."""
        return key_of(self.cell)


def key_of(cell: TableCell) -> str:
    if cell.date:
        return cell.date
    if cell.number is not None:
        return f"{cell.number:.4f}"
    return "".join(sign for sign in label_of(cell.value) if sign.isalnum())


def said_of_day(paper: str, said: Said, line: Line, span: Span, before: str, found: list[Value]) -> Said:
    """Return what a day is: a line of a place and a day tells when the paper was written, a range when it holds.

    `found` are the days before it; where it ends a long range, the first becomes its beginning.
    """
    start, end = span
    earlier = found[-1] if found and found[-1].line is line else None
    if earlier is not None and _UNTIL.match(before):
        roles = {"begins_on": "ends_on", OTHER: OTHER}
        strength = earlier.said.strength
        if earlier.said.role == "begins_on" and _is_long(earlier, line, end):
            strength = max(strength, Strength.ADJACENT)
            found[-1] = changed(earlier, said=Said("begins_on", strength))
        if earlier.said.role in roles:
            return Said(roles[earlier.said.role], strength)
    if paper == "invoice" and _BY.search(before):
        sentence = line.text[slice(*line.sentence(start))]
        if _PAID.search(sentence):
            return Said("due_date", Strength.LABEL if said == Said("due_date", Strength.LABEL) else Strength.ADJACENT)
    role = "invoice_date" if paper == "invoice" else "signed_on"
    cell = line.cells[line.cell_of(start)] if line.cells else (0, len(line.text))
    rest = line.text[end : cell[1]]
    if said.role in ("", OTHER, role) and len(rest.strip(" .")) <= (40 if paper == "contract" else 0):
        head = line.text[cell[0] : start]
        if _DATE_LINE.match(head) and (said.role != OTHER or not re.search(r"[:.]", head)):
            is_bare = not rest.strip(" .") or bool(re.match(r"\s*,", rest))
            if is_bare and len(line.cells) < 2:
                return Said(role, max(said.strength, Strength.ADJACENT) if said.role == role else Strength.ADJACENT)
    return said


def _is_long(earlier: Value, line: Line, end: int) -> bool:
    later = [one for one in find_dates(line.text[earlier.end : end]) if one.readings]
    first = earlier.cell.date
    if not later or not first:
        return False
    year, month, _day = later[0].readings[0]
    months = ((year or 0) - int(first[:4])) * 12 + (month or 0) - int(first[5:7])
    return months >= LONG_RANGE
