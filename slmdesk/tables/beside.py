"""Tells whether a model's value stands beside the noun that its column asks for, or beside another one. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache

from slmdesk.base.record import Record, changed
from slmdesk.tables.cells import cell_at, label_of, names_of
from slmdesk.tables.layout import PageTexts, Place, Span, Strength, cues_of
from slmdesk.tables.rules import CUED, Rules, around, key_of, target_of
from slmdesk.tables.types import Column, ColumnKind, Flag, TableCell
from slmdesk.text.checks.numbers import find_amounts, find_codes, find_days, find_ibans, find_numbers, find_periods
from slmdesk.text.checks.words import function_words
from slmdesk.text.folding import fold_for_search
from slmdesk.text.relevance import groups_of

MOST_BEHIND = 40
"""Most characters behind a value in which its noun is searched."""
LEAST, HALF = 0.3, 0.5
"""Least share of a column's words that another value must have beside it, and the share of that with which a value
still stands beside the right noun.
"""
CUE_LANGUAGES = frozenset(("en", "de", "fr", "es", "it"))
"""Languages whose words for sums are known (see cues.toml): a sum of another kind of paper always has one beside it."""
_STOP = re.compile(r"[,;()]|\d")


class Spot(Record):
    """A value of the paper."""

    key: str
    words: str
    """What stands beside it, folded."""


def beside(columns: Sequence[Column], column: Column, cell: TableCell, pages: PageTexts) -> TableCell:
    """Mark a cell whose value stands beside another noun than its column asks for. `columns` are all of the table."""
    if not cell.value or cell.flag is not Flag.NONE or column.kind is ColumnKind.LIST:
        return cell
    return changed(cell, flag=Flag.UNSAID) if _is_of_another(tuple(columns), column, cell, pages) else cell


def _is_of_another(columns: tuple[Column, ...], column: Column, cell: TableCell, pages: PageTexts) -> bool:
    target, kind, rules = target_of(column), CUED.get(column.kind), _rules(columns, pages)
    if target is not None and kind and cues_of(target.paper, kind):
        values = rules.values_of(target.paper, kind, pages)
        roles = {value.said.role for value in values if value.key == key_of(cell)} - {""}
        always_said = kind == "amount" and pages.language in CUE_LANGUAGES
        is_elsewhere = any(value.said.role == target.role for value in values)
        return target.role not in roles and (always_said or bool(roles) or is_elsewhere)
    if target is not None and (places := rules.places().get(target.role)):
        said = label_of(cell.value)
        known = {label_of(pages.words(place)): strength for place, strength in places if strength}
        is_firm = column.kind is ColumnKind.PERIOD or max(known.values(), default=Strength.NONE) > Strength.NEAR
        return is_firm and not any(said in words or words in said for words in known)
    if column.kind is ColumnKind.IBAN:
        return not find_ibans(cell.value)
    spots = _spots(columns, column.kind, pages)
    own = [spot for spot in spots if spot.key == key_of(cell)]
    if not own:
        return False
    fits = _Fits(spots)
    mine = max(fits.share(column, spot) for spot in own)
    best = max(fits.share(column, spot) for spot in spots)
    if best >= LEAST:
        return mine <= HALF * best
    others = [one for one in columns if one.kind is column.kind and one is not column]
    return any(max(fits.share(one, spot) for spot in own) >= max(LEAST, fits.best(one)) for one in others)


@lru_cache(maxsize=4)
def _rules(columns: tuple[Column, ...], pages: PageTexts) -> Rules:
    rules = Rules(columns)
    for page in pages.pages:
        rules.feed(page, pages.language)
    return rules


@lru_cache(maxsize=8)
def _spots(columns: tuple[Column, ...], kind: ColumnKind, pages: PageTexts) -> tuple[Spot, ...]:
    found: list[Spot] = []
    lines = _rules(columns, pages).lines
    for number, line in enumerate(lines):
        last = 0
        for start, end in _values(kind, line.text, pages.language):
            before, after = around(lines, number, start, end, last)
            if not before.strip() and line.cells:
                before = line.text[slice(*line.cells[0])]
            words = fold_for_search(f"{before} {_STOP.split(after[:MOST_BEHIND])[0]}")
            cell = cell_at(kind, Place(line.page, line.start + start, line.start + end), pages)
            found.append(Spot(key_of(cell), f" {words} "))
            last = end
    return tuple(found)


def _values(kind: ColumnKind, text: str, language: str) -> Sequence[Span]:
    match kind:
        case ColumnKind.DATE:
            return find_days(text, language)
        case ColumnKind.AMOUNT:
            return find_amounts(text, language)
        case ColumnKind.NUMBER:
            return [number.whole for number in find_numbers(text, language) if not number.soft]
        case ColumnKind.PERIOD:
            return find_periods(text)
        case ColumnKind.CODE:
            return find_codes(text, language)
    return ()


class _Fits:
    """Measures how much of a column's name stands beside values. Words that stand beside few of them count more."""

    def __init__(self, spots: Sequence[Spot]) -> None:
        self._spots = spots
        self._weights: dict[str, float] = {}

    def share(self, column: Column, spot: Spot) -> float:
        return max((self._share(name, spot) for name in names_of(column)), default=0.0)

    def best(self, column: Column) -> float:
        return max(self.share(column, spot) for spot in self._spots)

    def _share(self, name: str, spot: Spot) -> float:
        weights: dict[str, float] = {}
        for word in fold_for_search(name).split():
            groups = [] if word in function_words() else groups_of(word)
            weights |= {group: self._weight(group) / len(groups) for group in groups}
        whole = sum(weights.values())
        return sum(weights[group] for group in weights if group in spot.words) / whole if whole else 0.0

    def _weight(self, group: str) -> float:
        """Return the weight of a group of letters: nothing if it stands beside no value."""
        if group not in self._weights:
            having = sum(group in spot.words for spot in self._spots)
            self._weights[group] = math.log((len(self._spots) + 1) / having) if having else 0.0
        return self._weights[group]
