"""How long the window's event loop did not run."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest


class Gaps:
    """The longest time in which the window's event loop did not run."""

    def __init__(self) -> None:
        self.longest_ms, self._last = 0.0, time.perf_counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(10)

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest_ms, self._last = max(self.longest_ms, (now - self._last) * 1000), now

    def stop(self) -> float:
        self._timer.stop()
        return self.longest_ms


def idle_gap_ms(seconds: float = 2.0) -> float:
    """The longest gap of a window that does nothing: what other programs take on this machine."""
    gaps = Gaps()
    QTest.qWait(int(seconds * 1000))
    return gaps.stop()
