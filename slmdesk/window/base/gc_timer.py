"""Python's cyclic garbage, collected on the window's thread between two events.

Python starts its collector wherever enough was allocated: in another thread, or in the middle of an event.  Widgets
that are in a cycle are then destroyed there, under Qt's feet, and the process ends with SIGSEGV.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

LOOK_MS = 1000


class GarbageCollector(QObject):
    """Takes over from Python's own collector until `stop`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("garbage_collector")
        gc.disable()
        gc.freeze()  # what the program is made of is never garbage: a look need not pass over it
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.setObjectName("garbage_timer")
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Collect the oldest generation that is due, by Python's own thresholds."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > thresholds[generation]:
                gc.collect(generation)
                return

    def stop(self) -> None:
        self._timer.stop()
        gc.unfreeze()
        gc.enable()
