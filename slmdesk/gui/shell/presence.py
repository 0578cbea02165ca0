"""Tells whether nobody works at this PC, so that background work nobody asked for may begin."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer, Slot
from PySide6.QtGui import QCursor, QGuiApplication, QWindow

AWAY_S = 180.0
"""Without a key or a move of the mouse."""
LOOK_MS = 15_000
MOST_LOAD = 25.0
"""Per cent of all cores that other programs use: with more, somebody is at work."""

_INPUTS = frozenset(
    {
        QEvent.Type.KeyPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel,
        QEvent.Type.TouchBegin, QEvent.Type.TabletMove, QEvent.Type.Drop,
    }
)  # fmt: skip


class Presence(QObject):
    """Watches the input of a window, the mouse everywhere, and the load of this PC."""

    def __init__(
        self,
        parent: QObject,
        *,
        clock: Callable[[], float] = time.monotonic,
        load: Callable[[], float] | None = None,
    ) -> None:
        """`load`: per cent of all cores that other programs used since the last call."""
        super().__init__(parent)
        self._clock, self._load = clock, load or OtherPrograms()
        self._seen = clock()
        self._busy = 100.0
        self._place = QCursor.pos()
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):  # dialogs and the windows beside the main one count too
            app.focusWindowChanged.connect(self._on_focus_window_changed)

    def watch(self, window: QWindow) -> None:
        """Count the input of this window."""
        window.installEventFilter(self)

    @property
    def idle_s(self) -> float:
        """For how many seconds nobody has worked here, as far as the last look and the watched windows tell."""
        return self._clock() - self._seen

    def is_away(self) -> bool:
        """Return whether nobody has worked here for AWAY_S, nor does another program now.  From any thread."""
        return self._clock() - self._seen >= AWAY_S and self._busy <= MOST_LOAD

    @Slot(object)
    def _on_focus_window_changed(self, window: QWindow | None) -> None:
        if window is not None:
            self.watch(window)

    @Slot()
    def look(self) -> None:
        """Look where the mouse is, and, when nobody has been there for a while, how busy the PC is."""
        place = QCursor.pos()
        if place != self._place:
            self._place, self._seen = place, self._clock()
        if self._clock() - self._seen >= AWAY_S / 2:  # it takes some milliseconds
            self._busy = self._load()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note the time of an input."""
        if event.type() in _INPUTS:
            self._seen = self._clock()
        return False


class OtherPrograms:
    """The load of this PC without that of this program and its children."""

    def __init__(self) -> None:
        self._before: tuple[float, float] | None = None

    def __call__(self) -> float:
        """Return per cent of all cores since the last call; 100 at the first."""
        import psutil  # 17 ms

        times = psutil.cpu_times()
        whole = float(sum(times))
        used = whole - times.idle - getattr(times, "iowait", 0.0)
        try:
            me = psutil.Process()
            for one in (me, *me.children(recursive=True)):
                own = one.cpu_times()
                used -= own.user + own.system
        except psutil.Error:  # a child that has just ended
            return 100.0
        before, self._before = self._before, (whole, used)
        if before is None or whole <= before[0]:
            return 100.0
        return max(0.0, 100.0 * (used - before[1]) / (whole - before[0]))
