"""Signals of the system reach the window's loop."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QSocketNotifier
from PySide6.QtWidgets import QApplication


class SignalDoor:
    """SIGTERM, SIGINT and SIGHUP reach the window's loop through a socket: Python's handlers alone would wait."""

    def __init__(self, app: QApplication, on_signal: Callable[[], None]) -> None:
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._on_signal = on_signal
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read, app)
        self._notifier.activated.connect(self._on_activated)
        self._before_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        names = ("SIGINT", "SIGTERM", "SIGHUP")
        found = [getattr(signal, name) for name in names if hasattr(signal, name)]
        self._before: dict[int, Any] = {number: signal.signal(number, _received) for number in found}

    def close(self) -> None:
        """Restore the earlier handlers."""
        signal.set_wakeup_fd(self._before_fd)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._notifier.setEnabled(False)
        self._reader.close()
        self._writer.close()

    def _on_activated(self) -> None:
        try:
            self._reader.recv(64)
        except BlockingIOError:
            return
        self._on_signal()


def _received(_number: int, _frame: object) -> None:
    """Does nothing: that Python wrote to the wake-up socket is enough."""
