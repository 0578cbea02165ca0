"""How much other programs use the processor: a figure taken beside them says nothing of ours."""

from __future__ import annotations

import time

import psutil

LIMIT_CORES = 0.15
"""Others may use so much of one core; a PC that rests shows 0.01 to 0.05."""
STOLEN_LIMIT_CORES = 0.4
"""A virtual PC's host may take so much: it takes it from both sides of a ratio, and nobody here can stop it."""


class OtherLoad:
    """What others use from now on: all programs but this one and its children that have ended.  Linux."""

    def __init__(self) -> None:
        self._began, self._others, self._stolen = time.monotonic(), self._other_seconds(), self._stolen_seconds()

    @property
    def seconds(self) -> float:
        """Of the processor, since the beginning."""
        return self._other_seconds() - self._others

    @property
    def cores(self) -> float:
        """On average since the beginning: 1.0 is one core all the time."""
        return max(0.0, self.seconds / self._elapsed)

    @property
    def stolen_cores(self) -> float:
        """What the host of a virtual PC gave to its other guests, on average since the beginning; 0 on a real one."""
        return max(0.0, (self._stolen_seconds() - self._stolen) / self._elapsed)

    @property
    def _elapsed(self) -> float:
        return max(1e-3, time.monotonic() - self._began)

    @staticmethod
    def _other_seconds() -> float:
        whole, own = psutil.cpu_times(), psutil.Process().cpu_times()
        spent = sum(getattr(whole, name, 0.0) for name in ("user", "nice", "system", "irq", "softirq"))
        return float(spent - sum(own[:4]))  # user, system, and both of the children

    @staticmethod
    def _stolen_seconds() -> float:
        return float(getattr(psutil.cpu_times(), "steal", 0.0))


def others_now(seconds: float = 2.0) -> float:
    """Measure for so long, while we do nothing."""
    load = OtherLoad()
    time.sleep(seconds)
    return load.cores
