"""How many threads to compute with, chosen while running: an office computer is never idle.

With OpenMP's spinning barriers two threads fall to a quarter of one thread's speed as soon as another program uses a
core, and no setting at start wins both cases; changing the number between two steps costs nothing.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import psutil

_WEIGHT_OF_NEW = 0.25
_LONGEST_GAP = 256


def usable_cores() -> int:
    """Physical cores this process may run on, at least one."""
    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else physical
    return max(1, min(physical, allowed))


def thread_candidates(cores: int) -> tuple[int, ...]:
    """The numbers worth trying on `cores` cores, the largest first: all, half, one."""
    return tuple(sorted({cores, max(1, cores // 2), 1}, reverse=True))


class ThreadChooser:
    """Keeps a running cost for each number of threads, uses the cheapest and tries another now and then.

    Tries become rarer while they lose (`first_gap`, doubled up to 256 steps).  One chooser for one kind of step; it
    lives as long as the model, so that costs are kept across turns.
    """

    def __init__(self, candidates: Sequence[int], *, first_gap: int = 16) -> None:
        self._candidates = tuple(candidates)
        self._costs: dict[int, float] = {}
        self._first_gap = self._gap = first_gap
        self._steps = 0
        self._due = 2
        self._probing: int | None = None
        self._turn = 0

    @property
    def most(self) -> int:
        """The largest number that may be chosen."""
        return self._candidates[0]

    @property
    def best(self) -> int:
        """The cheapest number of threads seen so far; the largest before anything is known."""
        if not self._costs:
            return self._candidates[0]
        return min(self._costs, key=self._costs.__getitem__)

    def choose(self) -> int:
        """The number of threads for the next step."""
        self._steps += 1
        if self._steps < self._due or len(self._candidates) == 1:
            return self.best
        if self._probing is None:
            self._probing = self._next_other()
        return self._probing

    def note(self, threads: int, cost: float) -> None:
        """The step just taken with `threads` cost `cost`: seconds for the same amount of work each time."""
        known = self._costs.get(threads)
        if threads != self._probing:
            self._costs[threads] = cost if known is None else known + _WEIGHT_OF_NEW * (cost - known)
            return
        before = self.best
        # A try counts as it is: its last figure may be from another hour.
        self._costs[threads] = cost
        won = threads == self.best and threads != before
        untried = len(self._costs) < len(self._candidates)
        self._gap = self._first_gap if won or untried else min(2 * self._gap, _LONGEST_GAP)
        self._due = self._steps + (2 if untried else self._gap)
        self._probing = None

    def _next_other(self) -> int:
        best = self.best
        others = [n for n in self._candidates if n != best]
        untried = [n for n in others if n not in self._costs]
        self._turn += 1
        return untried[0] if untried else others[self._turn % len(others)]
