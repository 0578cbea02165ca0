"""The cost of decoding several tokens at once relative to one, measured at a model's first load.

Below four tokens at once a small model may compute them slower than one after another (2.4 times the cost for two), so
the scheduler uses this curve before it groups sequences; and by it a slice of a prompt is as large as a person's pause
allows.  So many tokens cost about the same whether they belong to one sequence or to as many.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Sequence

GROUPS = (1, 2, 4, 8, 16)
SLICES = (32, 64, 128, 256, 512)
_BUDGET_S = 3.0
_ROUNDS = 3
_WEIGHT_OF_NEW = 0.3
_WORTH = 0.97
"""A group must save this much of the cost of a token, or fewer at once are better: answers come sooner."""

_SENSELESS = 1e4

Curve = tuple[tuple[int, float], ...]


class CostCurve:
    """Cost of k tokens in one decode, relative to one token; linear between the measured points."""

    def __init__(self, points: Sequence[tuple[int, float]]) -> None:
        """`points`: (tokens, cost relative to one); where they make no sensible curve, k tokens cost k."""
        sane = sorted({int(k): float(cost) for k, cost in points if k >= 1 and 0 < cost < _SENSELESS}.items())
        self._points: list[tuple[int, float]] = sane if sane and sane[0][0] == 1 else [(1, 1.0)]
        self._largest = self._points[-1][0]

    def cost(self, k: int) -> float:
        """Cost of `k` tokens; proportional beyond the last point."""
        sizes = [size for size, _ in self._points]
        at = bisect_left(sizes, k)
        if at == len(sizes):
            size, cost = self._points[-1]
            return cost * k / size
        if sizes[at] == k:
            return self._points[at][1]
        (low, low_cost), (high, high_cost) = self._points[at - 1], self._points[at]
        return low_cost + (high_cost - low_cost) * (k - low) / (high - low)

    def largest(self, cost: float, most: int) -> int:
        low, high = 0, most
        while low < high:
            middle = (low + high + 1) // 2
            if self.cost(middle) <= cost:
                low = middle
            else:
                high = middle - 1
        return low

    def learn(self, k: int, cost: float) -> None:
        """Note what `k` tokens cost in use; does nothing for numbers up to the largest that was measured."""
        if k <= self._largest or not 0 < cost < _SENSELESS:
            return
        known = dict(self._points)
        known[k] = cost if k not in known else known[k] + _WEIGHT_OF_NEW * (cost - known[k])
        self._points = sorted(known.items())

    def best_group(self, running: int) -> int:
        """How many of `running` sequences to step together: the number with the lowest cost per token."""
        best = 1
        for k in range(2, running + 1):
            if self.cost(k) / k < _WORTH * self.cost(best) / best:
                best = k
        return best

    def default_sequences(self) -> int:
        """How many sequences at once are worthwhile on this computer: 4, 8 or 16."""
        measured = {size for size, _ in self._points}
        best = 4
        for k in (8, 16):
            if k in measured and self.cost(k) / k < _WORTH * self.cost(best) / best:
                best = k
        return best


def measure_curve(
    decode: Callable[[int], None],
    *,
    keep_going: Callable[[], bool],
    most: int = SLICES[-1],
    clock: Callable[[], float] = time.perf_counter,
) -> Curve:
    """Time `decode(k)` for each of GROUPS in several rounds, where the fastest counts, then for each of SLICES up to
    `most`.

    Takes at most about 3 s: sizes that would not fit into that time are left out.  `keep_going` is called before each
    decode; when it returns False, the curve measured so far is returned.
    """
    fastest: dict[int, float] = {}
    end = clock() + _BUDGET_S
    for sizes in (*[GROUPS] * _ROUNDS, SLICES):
        before = 1
        for k in sizes:
            expected = fastest.get(k, k / before * fastest.get(before, 0.0))
            if k > most or not keep_going() or (1 in fastest and clock() + expected > end):
                break
            started = clock()
            decode(k)
            took = clock() - started
            fastest[k] = min(took, fastest.get(k, took))
            before = k
    if not fastest:
        return ()
    one = max(fastest[1], 1e-9)
    return tuple((k, round(max(fastest[k] / one, 0.05), 3)) for k in sorted(fastest))
