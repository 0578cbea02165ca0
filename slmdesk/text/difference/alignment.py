"""Aligns two sequences: finds what both have, in the same order.  Pure; near-linear for any input.

Anchors are what both sides have equally often (as in the patience diff of Bram Cohen, where it is once); of them the
heaviest chain that keeps the order is taken (Jacobson and Vo 1992, "Heaviest increasing/common subsequence problems"),
and the gaps between are treated likewise.  Only small gaps are compared each with each (the usual table of longest
common subsequences), so that no input costs the square of its length.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence

SMALL = 2500
"""A gap of so many pairs is compared each with each."""
MOST_ROUNDS = 60
"""So often may all places be looked at on average; what is apart then stays apart, whatever was made to be slow."""

Pair = tuple[int, int]


def common(
    old: Sequence[Hashable], new: Sequence[Hashable], weight: Callable[[int], float] = lambda _at: 1.0
) -> list[Pair]:
    """Which of `old` correspond to which of `new`: pairs of positions, increasing on both sides.

    `weight` of a position in `old`: the heavier ones decide which stay in order.
    """
    found: list[Pair] = []
    gaps = [(0, len(old), 0, len(new))]
    left = MOST_ROUNDS * (len(old) + len(new))
    while gaps and left > 0:
        begin, end, other, last = gaps.pop()
        left -= end - begin + last - other
        while begin < end and other < last and old[begin] == new[other]:
            found.append((begin, other))
            begin, other = begin + 1, other + 1
        while begin < end and other < last and old[end - 1] == new[last - 1]:
            end, last = end - 1, last - 1
            found.append((end, last))
        if begin == end or other == last:
            continue
        if (end - begin) * (last - other) <= SMALL:
            found += _table(old, new, range(begin, end), range(other, last), weight)
            continue
        at, to = begin, other
        for pair in _anchors(old, new, range(begin, end), range(other, last), weight):
            found.append(pair)
            gaps.append((at, pair[0], to, pair[1]))
            at, to = pair[0] + 1, pair[1] + 1
        if (at, to) != (begin, other):
            gaps.append((at, end, to, last))
    return sorted(found)


def heaviest(pairs: Iterable[tuple[int, int, float]]) -> list[Pair]:
    """Of pairs (position, other position, weight) the heaviest chain that increases on both sides."""
    given = sorted(pairs, key=lambda pair: (pair[0], -pair[1]))
    ranks = {value: at + 1 for at, value in enumerate(sorted({pair[1] for pair in given}))}
    best: list[tuple[float, int]] = [(0.0, -1)] * (len(ranks) + 1)
    before: list[int] = []
    for number, (_, other, weight) in enumerate(given):
        rank = ranks[other]
        total, last = _most(best, rank - 1)
        before.append(last)
        total += weight
        while rank < len(best):
            if best[rank][0] < total:
                best[rank] = (total, number)
            rank += rank & -rank
    chain: list[Pair] = []
    at = _most(best, len(ranks))[1]
    while at >= 0:
        chain.append(given[at][:2])
        at = before[at]
    return chain[::-1]


def _most(best: Sequence[tuple[float, int]], rank: int) -> tuple[float, int]:
    """The heaviest of all up to a rank (a Fenwick tree, 1994)."""
    found = (0.0, -1)
    while rank > 0:
        if best[rank][0] > found[0]:
            found = best[rank]
        rank -= rank & -rank
    return found


def _anchors(
    old: Sequence[Hashable], new: Sequence[Hashable], here: range, there: range, weight: Callable[[int], float]
) -> list[Pair]:
    """Pair what both gaps have equally often, the first with the first and so on; else what both have at all."""
    mine, theirs = Counter(old[at] for at in here), Counter(new[at] for at in there)
    equal = {key for key, count in mine.items() if theirs.get(key) == count}
    if not equal:
        equal = mine.keys() & theirs.keys()
    places: dict[Hashable, list[int]] = {}
    for at in there:
        if new[at] in equal:
            places.setdefault(new[at], []).append(at)
    seen: Counter[Hashable] = Counter()
    pairs: list[tuple[int, int, float]] = []
    for at in here:
        key = old[at]
        if key in equal and seen[key] < len(places[key]):
            pairs.append((at, places[key][seen[key]], weight(at)))
            seen[key] += 1
    return heaviest(pairs)


def _table(
    old: Sequence[Hashable], new: Sequence[Hashable], here: range, there: range, weight: Callable[[int], float]
) -> list[Pair]:
    wide = len(there) + 1
    rows = [[0.0] * wide]
    for at in here:
        above, row, worth = rows[-1], [0.0] * wide, weight(at)
        for column, to in enumerate(there, 1):
            if old[at] == new[to]:
                row[column] = above[column - 1] + worth
            else:
                row[column] = above[column] if above[column] >= row[column - 1] else row[column - 1]
        rows.append(row)
    found: list[Pair] = []
    down, across = len(here), len(there)
    while down and across:
        if old[here[down - 1]] == new[there[across - 1]]:
            down, across = down - 1, across - 1
            found.append((here[down], there[across]))
        elif rows[down - 1][across] >= rows[down][across - 1]:
            down -= 1
        else:
            across -= 1
    return found
