"""How much other programs use the processor: a figure taken beside them says nothing of ours."""

from __future__ import annotations

import time

import psutil

LIMIT_CORES = 0.15
"""Others may use so much of one core; a PC that rests shows 0.01 to 0.05."""


class OtherLoad:
    """What others use from now on: all programs but this one and its children that have ended.  Linux."""

    def __init__(self) -> None:
        self._began, self._others = time.monotonic(), self._seconds()

    @property
    def seconds(self) -> float:
        """Of the processor, since the beginning."""
        return self._seconds() - self._others

    @property
    def cores(self) -> float:
        """On average since the beginning: 1.0 is one core all the time."""
        return max(0.0, self.seconds / max(1e-3, time.monotonic() - self._began))

    @staticmethod
    def _seconds() -> float:
        whole, own = psutil.cpu_times(), psutil.Process().cpu_times()
        spent = sum(getattr(whole, name, 0.0) for name in ("user", "nice", "system", "irq", "softirq", "steal"))
        return float(spent - sum(own[:4]))  # user, system, and both of the children


def others_now(seconds: float = 2.0) -> float:
    """Measure for so long, while we do nothing."""
    load = OtherLoad()
    time.sleep(seconds)
    return load.cores
