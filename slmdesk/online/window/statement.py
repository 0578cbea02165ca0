"""Makes a statement for an auditor from the window.  No widgets here."""

from __future__ import annotations

import errno
import os
import socket
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QHostAddress, QNetworkProxy, QTcpSocket

from slmdesk.base.try_network import HERE, REFUSED, outcome_of
from slmdesk.base.types import Json
from slmdesk.online.statement.types import StatementMade, StatementProgress, StatementRequest
from slmdesk.runtime.events import Problem
from slmdesk.system.doctor import examine
from slmdesk.window.base.bridge import Bridge, Call

QT_WAY = "connection by Qt"
WAIT_MS = 5000


class StatementController(QObject):
    progressed = Signal(object)
    made = Signal(object)
    refused = Signal(object)
    stopped = Signal()

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="statement_controller")
        self._bridge = bridge
        self._following: Call | None = None
        self._turn = 0

    @property
    def is_busy(self) -> bool:
        return self._following is not None

    def make(self, request: StatementRequest) -> None:
        """Look at the program and its processes, then make the statement."""
        self._turn += 1
        self.progressed.emit(StatementProgress("test"))
        self._following = self._bridge.follow(
            examine, partial(self._on_examined, self._turn, request), partial(self._on_refused, self._turn)
        )

    def cancel(self) -> None:
        """Stop; no file is written, unless it just was."""
        if self._following is not None:
            following, self._following = self._following, None
            self._turn += 1
            following.cancel()
            self.stopped.emit()

    def _on_examined(self, turn: int, request: StatementRequest, examined: dict[str, Json]) -> None:
        if turn != self._turn:
            return
        self._following = self._bridge.follow(
            self._bridge.services.statements.make(request, examined),
            partial(self._on_made, turn),
            partial(self._on_refused, turn),
            partial(self._on_progressed, turn),
        )

    def _on_progressed(self, turn: int, progress: StatementProgress) -> None:
        if turn == self._turn:
            self.progressed.emit(progress)

    def _on_made(self, turn: int, made: StatementMade) -> None:
        if turn == self._turn:
            self._following = None
            self.made.emit(made)

    def _on_refused(self, turn: int, problem: Problem) -> None:
        if turn == self._turn:
            self._following = None
            self.refused.emit(problem)


def connect_by_qt(port: int) -> None:
    """Connect to a port of this PC by Qt's own socket, which is what a window would use.  Any thread, which waits.

    Raises OSError where it cannot; PermissionError where the system forbids this process every socket.
    """
    made = QTcpSocket()
    made.setProxy(QNetworkProxy(QNetworkProxy.ProxyType.NoProxy))
    made.connectToHost(QHostAddress(HERE), port)
    if made.waitForConnected(WAIT_MS):
        made.abort()
        return
    if outcome_of(lambda: socket.socket().close()) == REFUSED:  # Qt itself says "unknown error"
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
    raise OSError(errno.ECONNREFUSED, made.errorString())
