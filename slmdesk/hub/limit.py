"""Limits the speed of all downloads of this instance together (a token bucket)."""

from __future__ import annotations

import threading
import time

from slmdesk.base.errors import Stopped

LOOK_S = 0.25
"""Seconds until a wait notices a stop."""
HOLDS_S = 0.25
"""Seconds of unused time that the bucket keeps."""
PIECES_A_SECOND = 20
"""At most so many reads, as far as the limit allows: tiny ones would cost more than they gain."""


class SpeedLimit:
    """A shared speed limit.  Any thread."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._rate = 0
        self._space = 0.0
        self._filled = time.monotonic()

    def set(self, bytes_per_s: int) -> None:
        """Set the limit, effective at once also for waiting readers; 0: no limit."""
        with self._change:
            if bytes_per_s == self._rate:
                return
            self._rate, self._space, self._filled = bytes_per_s, 0.0, time.monotonic()
            self._change.notify_all()

    def take(self, most: int, stop: threading.Event) -> int:
        """Wait until bytes may be read; returns how many, 1 to `most`.  Raises Stopped within LOOK_S."""
        with self._change:
            while not stop.is_set():
                if not self._rate:
                    return most
                now = time.monotonic()
                self._space = min(self._space + (now - self._filled) * self._rate, max(self._rate * HOLDS_S, 1.0))
                self._filled = now
                least = min(most, max(1, self._rate // PIECES_A_SECOND))
                if self._space >= least:
                    count = min(most, int(self._space))
                    self._space -= count
                    return count
                self._change.wait(min(LOOK_S, (least - self._space) / self._rate))
        raise Stopped

    def give_back(self, count: int) -> None:
        with self._change:
            if self._rate:
                self._space += count
