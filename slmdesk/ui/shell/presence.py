"""Knows whether somebody is working at this PC: by the input of the windows, and the mouse."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QCursor, QGuiApplication, QWindow

PRESENCE_LOOK_MS = 15_000

_INPUTS = frozenset(
    {
        QEvent.Type.KeyPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel,
        QEvent.Type.TouchBegin, QEvent.Type.TabletMove, QEvent.Type.Drop,
    }
)  # fmt: skip


class Presence(QObject):
    """Watches the input of the windows, and the mouse everywhere."""

    def __init__(self, parent: QObject, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(parent)
        self._clock = clock
        self._seen = clock()
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

    def _on_focus_window_changed(self, window: QWindow | None) -> None:
        if window is not None:
            self.watch(window)

    def look(self) -> None:
        place = QCursor.pos()
        if place != self._place:
            self._place, self._seen = place, self._clock()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _INPUTS:
            self._seen = self._clock()
        return False
