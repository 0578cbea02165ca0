"""What is taken off a list now, and removed when the time for *Undo* is over."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QTimer

from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.notice_bar import UNDO_MS, Notice


class Removals(QObject):
    """An id is `in` it as long as its removal can be undone."""

    def __init__(self, bridge: Bridge, parent: QObject, undo_ms: int = UNDO_MS) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.undo_ms = undo_ms
        self._timers: dict[str, QTimer] = {}

    def __contains__(self, id: object) -> bool:
        return id in self._timers

    def begin(self, id: str, words: str, remove: Callable[[], None], undone: Callable[[], None], *, key: str) -> None:
        timer = self._timers[id] = QTimer(self, singleShot=True, interval=self.undo_ms)
        timer.timeout.connect(partial(self._end, id, remove))
        timer.start()
        undo = partial(self._end, id, undone)
        self._bridge.notice_raised.emit(Notice(words, action="Undo", on_action=undo, life_ms=self.undo_ms, key=key))

    def keep(self, id: str) -> bool:
        """Do not remove it after all.  Returns whether it was to be removed."""
        timer = self._timers.pop(id, None)
        if timer is not None:
            timer.stop()
            timer.deleteLater()
        return timer is not None

    def _end(self, id: str, then: Callable[[], None]) -> None:
        if self.keep(id):
            then()
