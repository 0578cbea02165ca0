"""Knows whether somebody is working at this PC: by the input of the windows, the mouse, and the load."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QCursor, QGuiApplication, QWindow

if TYPE_CHECKING:
    from slmdesk.loader.energy import OtherPrograms


AWAY_S = 180.0
"""Seconds without a key press or mouse movement after which nobody is assumed to be there."""
PRESENCE_LOOK_MS = 15_000
MOST_LOAD = 25.0
"""Highest load by other programs, in percent of all cores, at which nobody is assumed to work."""


_INPUTS = frozenset(
    {
        QEvent.Type.KeyPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel,
        QEvent.Type.TouchBegin, QEvent.Type.TabletMove, QEvent.Type.Drop,
    }
)  # fmt: skip


class Presence(QObject):
    """Watches the input of the windows, the mouse everywhere, and the load of this PC."""

    def __init__(
        self, parent: QObject, *, clock: Callable[[], float] = time.monotonic, load: Callable[[], float] | None = None
    ) -> None:
        """`load` returns the load by other programs since the last call, in percent of all cores."""
        super().__init__(parent)
        self._clock, self._load = clock, load or self._load_of_others
        self._others: OtherPrograms | None = None
        self._seen = clock()
        self._busy = 100.0
        self._place = QCursor.pos()
        self._timer = QTimer(self, interval=PRESENCE_LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):  # dialogs and the windows beside the main one count too
            app.focusWindowChanged.connect(self._on_focus_window_changed)

    def watch(self, window: QWindow) -> None:
        window.installEventFilter(self)

    @property
    def idle_s(self) -> float:
        """Seconds for which nobody has worked here, as far as the last check and the watched windows tell."""
        return self._clock() - self._seen

    def is_away(self) -> bool:
        """Return whether nobody has worked here for AWAY_S and other programs are quiet now. Any thread."""
        return self._clock() - self._seen >= AWAY_S and self._busy <= MOST_LOAD

    def _on_focus_window_changed(self, window: QWindow | None) -> None:
        if window is not None:
            self.watch(window)

    def look(self) -> None:
        place = QCursor.pos()
        if place != self._place:
            self._place, self._seen = place, self._clock()
        if self._clock() - self._seen >= AWAY_S / 2:  # measuring takes some milliseconds
            self._busy = self._load()

    def _load_of_others(self) -> float:
        if self._others is None:
            from slmdesk.loader.energy import OtherPrograms

            self._others = OtherPrograms()
            return 100.0
        return 100 * self._others.cores() / (os.cpu_count() or 1)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _INPUTS:
            self._seen = self._clock()
        return False
