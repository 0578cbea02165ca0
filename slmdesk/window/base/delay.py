"""A pause before something is done; how long something is shown is no such pause."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, SignalInstance

from slmdesk.runtime.service_thread import pause


class Delay(QTimer):
    """Calls `then` once, some milliseconds after the last `start`."""

    def __init__(self, owner: QObject, ms: int, then: Callable[[], object] | SignalInstance, name: str = "") -> None:
        super().__init__(owner, singleShot=True, interval=_pause(ms))
        self.setObjectName(name)
        self.timeout.connect(then)

    def start_in(self, ms: int) -> None:
        """Start with another pause, which later starts keep."""
        self.start(_pause(ms))


def _pause(ms: int) -> int:
    return int(pause(ms / 1000) * 1000)
