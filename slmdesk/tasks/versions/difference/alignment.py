"""Aligns two sequences.

Finds the items that both sequences have in the same order. Pure; near-linear for any input. Anchors are items that
occur equally often on both sides (in the patience diff of Bram Cohen: once). The heaviest chain of anchors that keeps
the order is taken (Jacobson and Vo 1992, "Heaviest increasing/common subsequence problems"), and the gaps between them
are treated in the same way. Only in small gaps is each item compared with each other, so that no input costs the square
of its length.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence

from slmdesk.base.record import Record
from slmdesk.tasks.versions.difference.parts import lead_of, token_key, tokens_of

SMALL = 2500
"""Most pairs of a gap in which every item is compared with every other."""
MOST_ROUNDS = 60
"""Most times that each position is visited on average. After that the rest counts as different, so no input is slow."""

Pair = tuple[int, int]


def common(
    old: Sequence[Hashable], new: Sequence[Hashable], weight: Callable[[int], float] = lambda _at: 1.0
) -> list[Pair]:
    """Return which items of `old` correspond to which of `new`, as pairs of positions that increase on both sides.

    `weight` returns the weight of a position in `old`. Heavier items decide which items stay in order.
    """
    pairs: list[Pair] = []
    gaps = [(0, len(old), 0, len(new))]
    left = MOST_ROUNDS * (len(old) + len(new))
    while gaps and left > 0:
        begin, end, other, last = gaps.pop()
        left -= end - begin + last - other
        while begin < end and other < last and old[begin] == new[other]:
            pairs.append((begin, other))
            begin, other = begin + 1, other + 1
        while begin < end and other < last and old[end - 1] == new[last - 1]:
            end, last = end - 1, last - 1
            pairs.append((end, last))
        if begin == end or other == last:
            continue
        if (end - begin) * (last - other) <= SMALL:
            theirs = range(other, last)
            pairs += heaviest((at, to, weight(at)) for at in range(begin, end) for to in theirs if old[at] == new[to])
            continue
        at, to = begin, other
        for pair in _anchors(old, new, range(begin, end), range(other, last), weight):
            pairs.append(pair)
            gaps.append((at, pair[0], to, pair[1]))
            at, to = pair[0] + 1, pair[1] + 1
        if (at, to) != (begin, other):
            gaps.append((at, end, to, last))
    return sorted(pairs)


def heaviest(pairs: Iterable[tuple[int, int, float]]) -> list[Pair]:
    """Return the heaviest chain of pairs (position, other position, weight) that increases on both sides."""
    given = sorted(pairs, key=lambda pair: (pair[0], -pair[1]))
    ends: list[int] = []
    """Other positions at which the best chains so far end. Each is heavier than those that end before it."""
    best: list[tuple[float, int]] = []
    """Weight of each of these chains, and the number of its last pair."""
    before: list[int] = []
    for number, (_, other, weight) in enumerate(given):
        at = bisect_left(ends, other)
        total, last = best[at - 1] if at else (0.0, -1)
        total += weight
        before.append(last)
        stop = at
        while stop < len(ends) and best[stop][0] <= total:
            stop += 1
        if stop > at or at == len(ends) or ends[at] != other:
            ends[at:stop], best[at:stop] = [other], [(total, number)]
    chain: list[Pair] = []
    at = best[-1][1] if best else -1
    while at >= 0:
        chain.append(given[at][:2])
        at = before[at]
    return chain[::-1]


def _anchors(
    old: Sequence[Hashable], new: Sequence[Hashable], here: range, there: range, weight: Callable[[int], float]
) -> list[Pair]:
    """Pair items that occur equally often on both sides, the first with the first and so on. If there are none, pair
    items that occur on both sides at all.
    """
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


SHORT_BRIDGE = 4
"""Most letters of unchanged text between two changes that are shown as one: "5 of 6" for "7 of 8"."""

Span = tuple[int, int]
_Range = tuple[int, int, int, int]


class Hunk(Record):
    """Spans of words that replaced each other. Either may be empty."""

    old: Span
    new: Span


def is_inside(span: Span, others: Sequence[Span]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in others)


def hunks_of(old: str, new: str, numbers: Sequence[Span] = (), new_numbers: Sequence[Span] = ()) -> list[Hunk]:
    """Return which words of `old` were replaced by which words of `new`.

    Layout is no change. Neither are list numbers that only one of two formats has as text, nor the paragraph numbers at
    `numbers` and `new_numbers`.
    """
    if old > new:  # so that both directions give the same result
        return [Hunk(hunk.new, hunk.old) for hunk in hunks_of(new, old, new_numbers, numbers)]
    mine = [token for token in tokens_of(old) if not is_inside(token, numbers)]
    theirs = [token for token in tokens_of(new) if not is_inside(token, new_numbers)]
    keys = [token_key(old[start:end]) for start, end in mine]
    others = [token_key(new[start:end]) for start, end in theirs]

    def weight(at: int) -> float:
        if len(keys[at]) > 3:
            return 1.0
        return 0.6 if keys[at].isalnum() else 0.3

    pairs = common(keys, others, weight)
    ranges: list[_Range] = []
    at, to = 0, 0
    for place, other in [*pairs, (len(keys), len(others))]:
        if place > at or other > to:
            ranges.append((at, place, to, other))
        at, to = place + 1, other + 1
    after = [*ranges[1:], None]
    ranges = [_slid(change, following, keys, others) for change, following in zip(ranges, after, strict=False)]
    real = [span for span in ranges if "".join(keys[span[0] : span[1]]) != "".join(others[span[2] : span[3]])]
    if real and real[0][0] == 0 and real[0][2] == 0 and _is_lead(old, new, mine, theirs, real[0]):
        real = real[1:]
    bridged = _bridged(real, keys)
    return [Hunk(_span(mine, a, b, len(old)), _span(theirs, c, d, len(new))) for a, b, c, d in bridged]


def _is_lead(old: str, new: str, mine: Sequence[Span], theirs: Sequence[Span], first: _Range) -> bool:
    _, end, _, last = first
    if end and last:
        return False
    text, tokens, count = (old, mine, end) if end else (new, theirs, last)
    lead = lead_of(text)
    return bool(lead) and tokens[count - 1][1] <= text.index(lead) + len(lead) and len(tokens) > count


def _slid(change: _Range, after: _Range | None, keys: Sequence[str], others: Sequence[str]) -> _Range:
    """Move a pure addition or removal so that it starts with a word if possible: the addition ". New" after "x" becomes
    "New." after "x.".
    """
    a, b, c, d = change
    end, last = (after[0], after[2]) if after else (len(keys), len(others))
    if a == b:
        while d < last and b < end and others[c] == others[d] and not others[c].isalnum():
            a, b, c, d = a + 1, b + 1, c + 1, d + 1
    elif c == d:
        while b < end and d < last and keys[a] == keys[b] and not keys[a].isalnum():
            a, b, c, d = a + 1, b + 1, c + 1, d + 1
    return a, b, c, d


def _bridged(ranges: Sequence[_Range], keys: Sequence[str]) -> list[_Range]:
    bridged: list[_Range] = []
    for change in ranges:
        if bridged:
            before = bridged[-1]
            between = sum(map(len, keys[before[1] : change[0]]))
            sizes = [change[1] - change[0] + change[3] - change[2], before[1] - before[0] + before[3] - before[2]]
            if between <= SHORT_BRIDGE and change[0] - before[1] <= 2 and min(sizes) > 1:
                bridged[-1] = (before[0], change[1], before[2], change[3])
                continue
        bridged.append(change)
    return bridged


def _span(tokens: Sequence[Span], begin: int, end: int, length: int) -> Span:
    if begin < end:
        return tokens[begin][0], tokens[end - 1][1]
    here = tokens[begin][0] if begin < len(tokens) else length
    return here, here
