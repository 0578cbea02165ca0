"""Collects Python's cyclic garbage on the window's thread, between two events.

Python starts its collector wherever enough was allocated, in another thread or in the middle of an event. Widgets in a
reference cycle would be destroyed there while Qt uses them, and the process would end with SIGSEGV.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

LOOK_MS = 1000


class GarbageCollector(QObject):
    """Replaces Python's automatic garbage collection until `stop`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("garbage_collector")
        gc.disable()
        gc.freeze()  # the program's own objects are never garbage, so they need not be checked
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.setObjectName("garbage_timer")
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Collect the oldest generation that is due by Python's own thresholds."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > thresholds[generation]:
                gc.collect(generation)
                return

    def stop(self) -> None:
        self._timer.stop()
        gc.unfreeze()
        gc.enable()
