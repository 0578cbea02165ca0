"""Tells whether a model's value stands beside the noun that its column asks for, or beside another one. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from slmdesk.base.record import changed
from slmdesk.tables.cells import cell_at, names_of
from slmdesk.tables.layout import PageTexts, Span, cues_of, phrase
from slmdesk.tables.rules import CUED, Rules, Value, around, key_of, target_of
from slmdesk.tables.types import Column, ColumnKind, Flag, TableCell
from slmdesk.text.checks.numbers import find_amounts, find_codes, find_days, find_ibans, find_numbers, find_periods
from slmdesk.text.checks.words import function_words
from slmdesk.text.folding import fold_for_search
from slmdesk.text.relevance import groups_of

MOST_BEHIND = 40
"""Most characters behind a value in which its noun is searched."""
LEAST, MOST_OF = 0.3, 0.67
"""Least share of a column's words that another value must have beside it, and the share of that with which a value
still stands beside the right noun.
"""
CUE_LANGUAGES = frozenset(("en", "de", "fr", "es", "it"))
"""Languages whose words for sums are known (see cues.toml): a sum of an invoice or a contract always has one."""
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


def beside(columns: Sequence[Column], column: Column, cell: TableCell, pages: PageTexts) -> TableCell:
    """Mark a cell whose value stands beside another noun than its column asks for. What stands beside the right one
    needs no other proof. `columns` are all of the table.
    """
    if not cell.value or cell.flag not in (Flag.NONE, Flag.ELSEWHERE):
        return cell
    is_right = _is_right(tuple(columns), column, cell, pages)
    return cell if is_right is None else changed(cell, flag=Flag.NONE if is_right else Flag.UNSAID)


def _is_right(columns: tuple[Column, ...], column: Column, cell: TableCell, pages: PageTexts) -> bool | None:
    target, kind = target_of(column), CUED.get(column.kind)
    if target is not None and kind and cues_of(target.paper, kind):
        values = _said(columns, target.paper, kind, pages)
        roles = {value.said.role for value in values if value.key == key_of(cell)} - {""}
        always_said = kind == "amount" and pages.language in CUE_LANGUAGES
        is_known = roles or always_said or any(value.said.role == target.role for value in values)
        return target.role in roles if is_known else None
    if column.kind is ColumnKind.IBAN:
        return None if find_ibans(cell.value) else False
    if target is not None:
        return None  # its many names in all languages stand beside anything
    spots = _spots(columns, column.kind, pages)
    every, own = [words for __, words in spots], [words for key, words in spots if key == key_of(cell)]
    best = max(_shares(column, every, every), default=0.0)
    mine = max(_shares(column, every, own), default=0.0)
    if not own or best >= LEAST:
        return None if not own or MOST_OF * best < mine < best else mine == best
    others = [other for other in columns if other.kind is column.kind and other is not column]
    is_other = any(max(_shares(rival, every, own)) >= max(LEAST, *_shares(rival, every, every)) for rival in others)
    return False if is_other else None


@lru_cache(maxsize=4)
def _rules(columns: tuple[Column, ...], pages: PageTexts) -> Rules:
    rules = Rules(columns)
    for page in pages.pages:
        rules.feed(page, pages.language)
    return rules


@lru_cache(maxsize=8)
def _said(columns: tuple[Column, ...], paper: str, kind: str, pages: PageTexts) -> list[Value]:
    return _rules(columns, pages).values_of(paper, kind, pages)


@lru_cache(maxsize=8)
def _spots(columns: tuple[Column, ...], kind: ColumnKind, pages: PageTexts) -> list[tuple[str, str]]:
    """Return the values of a kind that the paper has, each with the words beside it."""
    spots: list[tuple[str, str]] = []
    lines = _rules(columns, pages).lines
    for number, line in enumerate(lines if kind in _VALUES else ()):
        if len(spots) >= MOST_SPOTS:
            break
        last = 0
        for start, end in _VALUES[kind](line.text, pages.language):
            before, after = around(lines, number, start, end, last)
            if line.cell_of(start):
                before = f"{line.text[slice(*line.cells[0])]} {before}"
            cell = cell_at(kind, line.place(start, end), pages)
            words = fold_for_search(f"{before} {_STOP.split(after[:MOST_BEHIND])[0]}")
            spots.append((key_of(cell), f" {words} "))
            last = end
    return spots


def _shares(column: Column, every: Sequence[str], some: Sequence[str]) -> list[float]:
    """Return how much of a column's name is among the words beside each of some values. What stands beside few of all
    values counts more, and what stands beside none not at all.
    """
    best = [0.0] * len(some)
    for name in names_of(column):
        weights: dict[str, float] = {}
        for word in fold_for_search(name).split():
            groups = [] if word in function_words() or phrase("kind_words").fullmatch(word) else groups_of(word)
            having = {group: sum(group in words for words in every) for group in groups}
            weights |= {
                group: math.log((len(every) + 1) / count) / len(groups) for group, count in having.items() if count
            }
        whole = sum(weights.values()) or 1.0
        shares = [sum(weight for group, weight in weights.items() if group in words) / whole for words in some]
        best = [*map(max, best, shares)]
    return best
