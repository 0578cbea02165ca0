"""Chooses the number of threads while running, since an office computer is never idle.

With OpenMP's spinning barriers two threads fall to a quarter of one thread's speed as soon as another program uses a
core, and no setting at start wins both cases; changing the number between two steps costs nothing.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence

import psutil

_WEIGHT_OF_NEW = 0.25
_LONGEST_GAP = 256
_NEAR = 1.25
_HOPELESS = 4.0
"""Times the cost of the best: a try that takes longer is given up."""
_LEAST_PATIENCE_S = 0.5
_ROUNDS = 5
_TRY_S = 1.0
"""For timing numbers of threads at a load: a slow PC tries each once."""


def usable_cores() -> int:
    """Physical cores this process may run on, at least one."""
    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else physical
    return max(1, min(physical, allowed))


def thread_candidates(cores: int) -> tuple[int, ...]:
    """The numbers of threads worth trying on `cores` cores, the largest first: all, half, one."""
    return tuple(sorted({cores, max(1, cores // 2), 1}, reverse=True))


def give_up_after(best_s: float) -> float:
    """Seconds a trial may take where the best known number of threads takes `best_s`.

    On a busy machine, with collapsed barriers, one step was seen to take more than ten seconds.
    """
    return max(_LEAST_PATIENCE_S, _HOPELESS * best_s)


def time_threads(
    decode: Callable[[int, float], None],
    candidates: Sequence[int],
    keep_going: Callable[[], bool],
    clock: Callable[[], float] = time.perf_counter,
) -> dict[int, float]:
    """Seconds of `decode(threads, patience)` for each number of threads: the best of several rounds.

    One round decides nothing, since another program may have used the processor in it.  The fewest threads go first:
    they tolerate a busy machine, where more may collapse.  Ends early when `keep_going` returns False.
    """
    fastest: dict[int, float] = {}
    until = clock() + _TRY_S
    for n, threads in enumerate(sorted(candidates) * _ROUNDS):
        if not keep_going() or (n >= len(candidates) and clock() > until):
            break
        started = clock()
        decode(threads, give_up_after(min(fastest.values(), default=math.inf)))
        took = clock() - started
        fastest[threads] = min(took, fastest.get(threads, took))
    return fastest


class ThreadChooser:
    """Keeps a running cost for each number of threads, uses the cheapest and tries another now and then.

    Trials become rarer while they lose (`first_gap`, doubled up to 256 steps).  One chooser for one kind of step; it
    lives as long as the model, so that costs are kept across turns.
    """

    def __init__(self, candidates: Sequence[int], *, first_gap: int = 16, hint: ThreadChooser | None = None) -> None:
        """`hint`: a chooser for cheaper steps; fewer threads that are far from its best are not tried here.

        So a slice of a prompt is not read by one thread of eight just to see: single steps gain less from many threads,
        so what is too few for them is too few here.  More threads than they need are always tried.
        """
        self._hint = hint
        self._candidates = tuple(candidates)
        self._costs: dict[int, float] = {}
        self._first_gap = self._gap = first_gap
        self._steps = 0
        self._due = 2
        self._probing: int | None = None
        self._turn = 0

    @property
    def most(self) -> int:
        return self._candidates[0]

    @property
    def best(self) -> int:
        """The cheapest number of threads seen so far; before anything is known, the largest that is good for `hint`."""
        if not self._costs:
            near = (n for n in self._candidates if self._hint is None or self._hint.is_near_best(n))
            return next(near, self._candidates[0])
        return min(self._costs, key=self._costs.__getitem__)

    @property
    def best_cost(self) -> float | None:
        """What `note` was last given for the best number of threads, smoothed; None: nothing yet."""
        return min(self._costs.values(), default=None)

    def choose(self) -> int:
        self._steps += 1
        if self._steps < self._due or len(self._candidates) == 1:
            return self.best
        if self._probing is None:
            self._probing = self._next_other()
        if self._probing is None:
            self._due = self._steps + self._gap
            return self.best
        return self._probing

    def note(self, threads: int, cost: float) -> None:
        """Record that a step with `threads` cost `cost`: seconds for the same amount of work each time."""
        known = self._costs.get(threads)
        if threads != self._probing:
            self._costs[threads] = cost if known is None else known + _WEIGHT_OF_NEW * (cost - known)
            return
        before = self.best
        # A trial counts unsmoothed: its last figure may be an hour old.
        self._costs[threads] = cost
        won = threads == self.best and threads != before
        untried = len(self._costs) < len(self._candidates)
        self._gap = self._first_gap if won or untried else min(2 * self._gap, _LONGEST_GAP)
        self._due = self._steps + (2 if untried else self._gap)
        self._probing = None

    def settle(self) -> None:
        """Count all as tried just now, outside of `choose`: the next trial comes as late as after any other."""
        self._due = self._steps + self._gap

    def patience(self, threads: int, work: float = 1.0) -> float:
        """Seconds after which a step with `threads` may be aborted: never, unless it is a trial beside a known best.

        `work`: multiple of the amount of work that the costs are for.
        """
        if threads != self._probing or not self._costs:
            return math.inf
        return give_up_after(work * self._costs[self.best])

    def is_near_best(self, threads: int) -> bool:
        cost = self._costs.get(threads)
        return cost is not None and cost <= _NEAR * min(self._costs.values())

    def _promises(self, threads: int) -> bool:
        return self._hint is None or threads > self._hint.best or self._hint.is_near_best(threads)

    def _next_other(self) -> int | None:
        best = self.best
        others = [n for n in self._candidates if n != best and self._promises(n)]
        untried = [n for n in others if n not in self._costs]
        self._turn += 1
        if not others:
            return None
        return untried[0] if untried else others[self._turn % len(others)]
