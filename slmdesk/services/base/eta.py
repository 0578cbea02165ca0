"""How long work still takes, by what the last seconds did."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

OVER_S = 8.0
"""The pace is that of the last seconds."""
AFTER_S = 1.0
"""Before that nothing is said: a first guess would jump."""


class Pace:
    """Hears how much is done, and says how many seconds the rest takes.  One thread at a time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, float]] = deque([(clock(), 0.0)])

    def left_s(self, done: float, total: float) -> float | None:
        """Seconds until `total` is reached, now that `done` is; None while that is not known."""
        now = self._clock()
        self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[0][0] > OVER_S:
            self._seen.popleft()
        began, before = self._seen[0]
        if now - began < AFTER_S or done <= before:
            return None
        return max(0.0, total - done) * (now - began) / (done - before)
