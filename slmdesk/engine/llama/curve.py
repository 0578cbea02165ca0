"""The cost of decoding several tokens at once relative to one, measured at a model's first load.

Below four tokens at once a small model may compute them slower than one after another (engine-notes: 2.4 times the cost
for two), so the scheduler uses this curve before it groups sequences.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Sequence

SIZES = (1, 2, 4, 8, 16)
_BUDGET_S = 2.5
_ROUNDS = 3
_WORTH = 0.97
"""A group must save this much of the cost of a token, or fewer at once are better: answers come sooner."""

Curve = tuple[tuple[int, float], ...]


class CostCurve:
    """Cost of k tokens in one decode, relative to one token; linear between the measured points."""

    def __init__(self, points: Sequence[tuple[int, float]]) -> None:
        """`points`: (tokens, cost relative to one); where they make no sensible curve, k tokens cost k."""
        sane = sorted({int(k): float(cost) for k, cost in points if k >= 1 and 0 < cost < 1e4}.items())
        self._points: list[tuple[int, float]] = sane if sane and sane[0][0] == 1 else [(1, 1.0)]

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


def measure_curve(decode: Callable[[int], None], *, keep_going: Callable[[], bool]) -> Curve:
    """Time `decode(k)` for each of SIZES in several rounds; the fastest counts.  Takes at most about 2.5 s.

    Sizes that would not fit into that time are left out.  `keep_going` is called before each decode; when it returns
    False, the curve measured so far is returned.
    """
    fastest: dict[int, float] = {}
    end = time.perf_counter() + _BUDGET_S
    for _ in range(_ROUNDS):
        for k in SIZES:
            expected = fastest.get(k, k * fastest.get(1, 0.0))
            if not keep_going() or (1 in fastest and time.perf_counter() + expected > end):
                break
            started = time.perf_counter()
            decode(k)
            took = time.perf_counter() - started
            fastest[k] = min(took, fastest.get(k, took))
    if not fastest:
        return ()
    one = max(fastest[1], 1e-9)
    return tuple((k, round(max(fastest[k] / one, 0.05), 3)) for k in sorted(fastest))
