"""Finds the passages that a statement rests on. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from slmdesk.base.record import Record
from slmdesk.claims.words import has_stem, stems
from slmdesk.text.checks.support import Flag, holds, may_hold, values_in

VALUE = 1.5
"""What a value counts, beside a share of the statement's words of 1."""
LEAST_GAIN = 0.25
"""Least share of a statement's words by which a further passage must add to those before it."""
MOST_PASSAGES = 2


class Evidence(Record):
    """The passages a statement rests on, best first, and the share of its words in them."""

    passages: tuple[int, ...]
    share: float


def best(statement: str, passages: Sequence[str], language: str = "", *, most: int = MOST_PASSAGES) -> Evidence:
    """Return the passages with most of a statement's values and words. Each further one must add a value or words."""
    wanted = set(stems(statement, language))
    values = list(values_in(statement, language))
    count, known, chosen = len(wanted), 0, list[int]()
    while len(chosen) < most and (wanted or values):
        at, worth = _richest(statement, wanted, values, passages, chosen, language)
        if at < 0 or (chosen and worth < min(VALUE, LEAST_GAIN * count)):
            break
        chosen.append(at)
        there = stems(passages[at], language)
        found = {stem for stem in wanted if has_stem(stem, there)}
        wanted -= found
        known += len(found)
        values = [value for value in values if not holds(value, statement, passages[at], language)]
    return Evidence(tuple(chosen), known / count if count else 1.0)


def _richest(
    statement: str,
    wanted: set[str],
    values: Sequence[Flag],
    passages: Sequence[str],
    without: Sequence[int],
    language: str,
) -> tuple[int, float]:
    best_at, most = -1, 0.0
    tests = [(value, may_hold(value)) for value in values]
    for at, passage in enumerate(passages):
        if at in without:
            continue
        there = stems(passage, language)
        worth = float(sum(has_stem(stem, there) for stem in wanted))
        for value, may in tests:
            if may(passage) and holds(value, statement, passage, language):
                worth += VALUE
        if worth > most:
            best_at, most = at, worth
    return best_at, most
