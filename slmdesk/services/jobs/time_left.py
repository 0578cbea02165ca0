"""How long a job still takes: by what its steps took so far, those half done included.  Pure; one thread at a time.

Work is counted in units of cost, about tokens.  Each batch of a job has a price, seconds for a unit: measured in the
run itself, else in earlier jobs of the kind with the same model, else like the batches before it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

READ_SHARE = 0.8
"""Of a step's work that is done when its question is read, until answers were seen."""
WRITTEN_COST = 4.0
"""Of one written token, in tokens read, about: many are written side by side."""
FIRST_S = 1.0
"""Before so much of a batch has passed nothing is measured."""
SURE_SHARE = 0.08
"""From this share of all work on, a prediction needs no range."""
SPREAD = 1.6
"""How many times more or less an unsure one may turn out."""
FOLLOW_S, FOLLOW_SHARE = 2.0, 0.03
"""The moment of the end follows new predictions over some seconds, or so much of what is left: no number jumps."""
ENOUGH_S, ENOUGH_STEPS = 3.0, 4
"""A price is worth keeping after so much."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """A batch that is likely to come."""

    name: str
    steps: int
    cost: float
    """Of one step."""
    is_sure: bool = True
    """Else it may not come at all."""


@dataclass(frozen=True, slots=True)
class Left:
    """Seconds until the end."""

    best: float
    low: float
    high: float

    @property
    def is_sure(self) -> bool:
        """Whether one number says it."""
        return self.low == self.high


class TimeLeft:
    """Hears what is done and says what is left.  `known`: prices of batches by name, from earlier jobs."""

    def __init__(self, known: Mapping[str, float], clock: Callable[[], float] = time.monotonic) -> None:
        self._known, self._clock = dict(known), clock
        self.name, self._cost, self._open = "", 1.0, 0
        self._ahead: tuple[Ahead, ...] = ()
        self._read: dict[str, float] = {}
        """Of the steps in hand: the share that is read."""
        self._read_share = READ_SHARE
        self._work, self._seen = 0.0, 0
        """Of the steps of this batch: tokens read, and written at their cost; in how many."""
        self._began, self._saved = clock(), 0
        self._is_running = self._has_batch = False
        self._done_cost, self._before = 0.0, {}  # type: float, dict[str, tuple[float, float]]
        self._end: float | None = None
        self._said = 0.0
        self._share = 0.0
        self.steps_done = 0
        """In this run, and before it."""

    # ---- what happens

    def take_up(self, steps: int, cost: float, share: float) -> None:
        """An earlier run did so much: what is done goes on from there."""
        self.steps_done, self._done_cost, self._share = steps, cost, share

    def begin_batch(self, name: str, cost: float, *, done: int, left: int, ahead: tuple[Ahead, ...] = ()) -> None:
        """A batch of `done` and `left` steps, of `cost` each, and the batches that follow."""
        self._close_measure()
        if name != self.name:
            self._read_share, self._work, self._seen = READ_SHARE, 0.0, 0
        self._done_cost += done * cost
        self.steps_done += done
        self.name, self._cost, self._open, self._ahead = name, max(cost, 1e-9), left, ahead
        self._has_batch = True
        self.go()

    def go(self) -> None:
        """The engine begins, or goes on, with what is open."""
        self._close_measure()
        self._read.clear()
        self._began, self._saved, self._is_running = self._clock(), 0, True

    def stop(self) -> None:
        """Nothing is computed for now."""
        self._close_measure()
        self._read.clear()
        self._is_running, self._end = False, None

    def read(self, key: str, done: int, total: int) -> None:
        """So much of a step's question is read."""
        self._read[key] = min(1.0, done / total) if total > 0 else 0.0

    def step(self, key: str, prompt_tokens: int = 0, output_tokens: int = 0) -> None:
        """A step has ended."""
        self._read.pop(key, None)
        self._saved += 1
        self.steps_done += 1
        self._open = max(0, self._open - 1)
        self._done_cost += self._cost
        if prompt_tokens + output_tokens > 0:
            work = prompt_tokens + WRITTEN_COST * output_tokens
            self._work, self._seen = self._work + work, self._seen + 1
            seen = prompt_tokens / work
            self._read_share += (seen - self._read_share) / min(self._saved, 10)

    # ---- what is said

    def left(self) -> Left | None:
        """None while it is not known."""
        price = self._price()
        if price is None or not self._is_running:
            return None
        scale = price / self._known[self.name] if self._known.get(self.name) else 1.0
        rest = max(0.0, self._open - self._half_done()) * self._cost * price
        sure = unsure = may_be = 0.0
        for one in self._ahead:
            seconds, is_known = self._seconds(one, price, scale)
            if not one.is_sure:
                may_be += seconds
            elif is_known:
                sure += seconds
            else:
                unsure += seconds
        best = self._followed(rest + sure + unsure + may_be / 2)
        is_early = self._measured_share() < SURE_SHARE and self.name not in self._known
        low = best / SPREAD if is_early else best - unsure / 3
        high = best * SPREAD if is_early else best + unsure / 2
        low, high = max(0.0, min(low, best - may_be / 2)), max(high, best + may_be / 2)
        return Left(best, best, best) if high - low < 0.3 * best else Left(best, low, high)

    @property
    def share(self) -> float:
        """Of all work, as far as it is known, 0 to 1; it never goes back.  Before the first batch, what was said last:
        what there is to do is not known then, and what was done would be all.
        """
        if not self._has_batch:
            return self._share
        done = self._done_cost + self._half_done() * self._cost
        ahead = sum(one.steps * one.cost for one in self._ahead if one.is_sure)
        total = self._done_cost + self._open * self._cost + ahead
        self._share = max(self._share, min(1.0, done / total) if total > 0 else 0.0)
        return self._share

    @property
    def done_cost(self) -> float:
        """Of all steps that have ended."""
        return self._done_cost

    @property
    def steps_ahead(self) -> int:
        """Steps of the batches that are likely to come."""
        return sum(one.steps for one in self._ahead if one.is_sure)

    def measured(self) -> dict[str, float]:
        """The prices this run has seen enough of to be worth keeping."""
        self._close_measure()
        return {name: seconds / cost for name, (seconds, cost) in self._before.items() if seconds >= ENOUGH_S}

    # ---- inside

    def _half_done(self) -> float:
        """Steps' worth of work in those that are not done yet."""
        return sum(self._read.values()) * self._read_share

    def _price(self) -> float | None:
        """Seconds for a unit of this batch."""
        passed = self._clock() - self._began
        units = (self._saved + self._half_done()) * self._cost
        seconds, cost = self._before.get(self.name, (0.0, 0.0))
        known = self._known.get(self.name)
        is_early = passed + seconds < FIRST_S and self._saved < ENOUGH_STEPS
        if is_early or units + cost <= 0:
            return known if known is not None else self._price_before()
        now = (passed + seconds) / (units + cost)
        if known is None:
            return now
        trust = min(1.0, (passed + seconds) / (5 * FIRST_S))  # what was known before counts for some seconds
        return trust * now + (1 - trust) * known

    def _price_before(self) -> float | None:
        """Of the batches before this one in this run."""
        cost = sum(one for _, one in self._before.values())
        return sum(one for one, _ in self._before.values()) / cost if cost else None

    def _seconds(self, one: Ahead, price: float, scale: float) -> tuple[float, bool]:
        """Of a batch to come, and whether its like was measured."""
        here = self._before.get(one.name)
        if one.name == self.name or (here and here[1]):
            price = price if one.name == self.name or not here else here[0] / here[1]
            return one.steps * one.cost * price, True
        known = self._known.get(one.name)
        if known is None and self._seen and self._cost > 1.0:  # by what was really read and written, not by the guess
            price *= self._cost / max(self._cost, self._work / self._seen)
        return one.steps * one.cost * (price if known is None else known * scale), known is not None

    def _measured_share(self) -> float:
        cost = (self._saved + self._half_done()) * self._cost + sum(one for _, one in self._before.values())
        ahead = sum(one.steps * one.cost for one in self._ahead)
        total = cost + max(0.0, self._open - self._half_done()) * self._cost + ahead
        return cost / total if total else 0.0

    def _followed(self, best: float) -> float:
        """The same, without a jump."""
        now = self._clock()
        end = now + best
        if self._end is not None:
            slowly = max(FOLLOW_S, FOLLOW_SHARE * best)
            end = self._end + (1 - math.exp((self._said - now) / slowly)) * (end - self._end)
        self._end, self._said = max(end, now), now
        return self._end - now

    def _close_measure(self) -> None:
        """Keep what this stretch of the batch has taken."""
        passed, units = self._clock() - self._began, (self._saved + self._half_done()) * self._cost
        if self._is_running and self._saved >= ENOUGH_STEPS and passed > 0:
            seconds, cost = self._before.get(self.name, (0.0, 0.0))
            self._before[self.name] = (seconds + passed, cost + units)
        self._began, self._saved = self._clock(), 0
