"""Compares what stands around a model's value with what its column asks for. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from slmdesk.base.record import Record, changed
from slmdesk.tables.cells import cell_at, names_of
from slmdesk.tables.layout import PageTexts, Span
from slmdesk.tables.rules import Rules, around, key_of
from slmdesk.tables.types import Column, ColumnKind, Flag, TableCell
from slmdesk.text.checks.numbers import find_amounts, find_codes, find_days, find_ibans, find_numbers, find_periods
from slmdesk.text.checks.words import function_words
from slmdesk.text.folding import fold_for_search
from slmdesk.text.relevance import groups_of

MOST_BEHIND = 40
"""Most characters behind a value in which its noun is searched."""
LEAST, MOST_OF = 0.3, 0.67
"""Least share of a column's words that some value must have around it, and the share of that with which another value
still stands beside the right noun.
"""
MOST_SPOTS = 500
_STOP = re.compile(r"[,;()]|\d")
_VALUES: Mapping[ColumnKind, Callable[[str, str], Sequence[Span]]] = {
    ColumnKind.DATE: find_days,
    ColumnKind.AMOUNT: find_amounts,
    ColumnKind.NUMBER: lambda text, language: [
        number.whole for number in find_numbers(text, language) if not number.soft
    ],
    ColumnKind.PERIOD: lambda text, __: find_periods(text),
    ColumnKind.CODE: find_codes,
}


class _Spot(Record):
    """A value of the paper, and the folded words around it, between blanks."""

    key: str
    words: str


def check_context(column: Column, cell: TableCell, pages: PageTexts) -> TableCell:
    """Mark a cell if the words that its column asks for stand around another value of the paper, and not around its
    own. What stands beside the right noun needs no other proof.
    """
    if not cell.value or cell.flag not in (Flag.NONE, Flag.ELSEWHERE):
        return cell
    if column.kind is ColumnKind.IBAN:
        return cell if find_ibans(cell.value) else changed(cell, flag=Flag.KIND)
    spots = _spots(column.kind, pages)
    shares = _shares(column, spots)
    own = [share for share, spot in zip(shares, spots, strict=True) if spot.key == key_of(cell)]
    best = max(shares, default=0.0)
    if not own or best < LEAST:
        return cell
    return changed(cell, flag=Flag.NONE if max(own) >= MOST_OF * best else Flag.UNSAID)


@lru_cache(maxsize=8)
def _spots(kind: ColumnKind, pages: PageTexts) -> tuple[_Spot, ...]:
    spots: list[_Spot] = []
    find = _VALUES.get(kind)
    if find is None:
        return ()
    rules = Rules(())
    for page in pages.pages:
        rules.feed(page, pages.language)
    for number, line in enumerate(rules.lines):
        last = 0
        for start, end in find(line.text, pages.language):
            before, after = around(rules.lines, number, start, end, last)
            if line.cell_of(start):
                before = f"{line.text[slice(*line.cells[0])]} {before}"
            cell = cell_at(kind, line.place(start, end), pages)
            words = fold_for_search(f"{before} {_STOP.split(after[:MOST_BEHIND])[0]}")
            spots.append(_Spot(key_of(cell), f" {words} "))
            last = end
    return tuple(spots[:MOST_SPOTS])


def _shares(column: Column, spots: Sequence[_Spot]) -> list[float]:
    """Return how much of the column's name is around each value: of that of its names that fits best."""
    best = [0.0] * len(spots)
    for name in names_of(column):
        weights = _weights(name, spots)
        whole = sum(weights.values()) or 1.0
        for at, spot in enumerate(spots):
            found = sum(weight for group, weight in weights.items() if group in spot.words)
            best[at] = max(best[at], found / whole)
    return best


def _weights(name: str, spots: Sequence[_Spot]) -> Mapping[str, float]:
    """Return the weights of the groups of letters of a name: "Datum der Rechnung" stands in "Rechnungsdatum".

    What stands around few values counts more, and what stands around none not at all.
    """
    weights: dict[str, float] = {}
    for word in fold_for_search(name).split():
        groups = () if word in function_words() else groups_of(word)
        for group in groups:
            count = sum(group in spot.words for spot in spots)
            if count:
                weights[group] = math.log((len(spots) + 1) / count) / len(groups)
    return weights
