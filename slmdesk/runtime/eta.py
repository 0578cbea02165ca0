"""Estimates the time left of long work from its pace over the last seconds."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

OVER_S = 8.0
"""The pace is measured over this many of the last seconds."""
AFTER_S = 1.0
"""No estimate is given before this time has passed, because a first guess would jump."""


class Pace:
    """Estimates the remaining seconds from reports of how much is done.  Use it from one thread at a time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, float]] = deque([(clock(), 0.0)])

    def left_s(self, done: float, total: float) -> float | None:
        now = self._clock()
        self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[0][0] > OVER_S:
            self._seen.popleft()
        began, before = self._seen[0]
        if now - began < AFTER_S or done <= before:
            return None
        return max(0.0, total - done) * (now - began) / (done - before)
