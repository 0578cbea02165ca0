"""The older part of a long chat: its end is shown at once, the rest is read and put before it a few at a time.

No widgets.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from slmdesk.base.records import Message
from slmdesk.chat.window.conversation.shown_messages import ShownMessages
from slmdesk.runtime.events import Problem
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.delay import Delay

END = 40
"""Messages of a long chat that are shown first: more than most windows hold."""
CHUNK = 100
REST_MS = 300
"""Before the first: who goes from chat to chat waits for none of it."""


class OlderMessages(QObject):
    arrived = Signal(object)

    def __init__(self, bridge: Bridge, shown: ShownMessages, parent: QObject) -> None:
        super().__init__(parent, objectName="older_messages")
        self._bridge, self._shown = bridge, shown
        self._ids: tuple[str, ...] = ()
        self._epoch = 0
        self._timer = Delay(self, REST_MS, self._on_timeout)

    @property
    def is_coming(self) -> bool:
        return bool(self._ids)

    def expect(self, ids: tuple[str, ...]) -> None:
        self.forget()
        self._ids = ids
        if ids:
            self._timer.start_in(REST_MS)

    def forget(self) -> None:
        self._epoch += 1
        self._ids = ()
        self._timer.stop()

    def _on_timeout(self) -> None:
        ids = self._ids[-CHUNK:]
        read = partial(self._on_read, self._epoch)
        self._bridge.ask(self._bridge.services.chats.some(ids), read, self._on_refused)

    def _on_read(self, epoch: int, messages: list[Message]) -> None:
        if epoch != self._epoch:
            return
        self._ids = self._ids[:-CHUNK]
        if messages:
            self.arrived.emit(self._shown.put_before(messages))
        if self._ids:
            self._timer.start(0)

    def _on_refused(self, problem: Problem) -> None:
        self.forget()
        self._bridge.problem_met.emit(problem)
