"""Allows only one window per home folder. A second start makes the first raise its window, open files, translate the
clipboard, or lock.

The lock belongs to the kernel (flock, on Windows a locked byte), so it ends with its process in every case. A lock file
left behind by SIGKILL means nothing. The first start listens on a local socket in a private folder.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSocketNotifier, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtWidgets import QApplication

from slmdesk.base.runtime.window_channel import (
    ANSWER,
    LOCK,
    LOCK_FILE,
    LOCKING,
    MAX_LINE_BYTES,
    OPEN,
    PLAIN,
    RAISE,
    TRANSLATE,
    lock_file,
    socket_address,
)

TRY_FOR_S = 30.0
"""Seconds that a second start tries to reach the first, long enough for a first one that is slow or just ending."""
WAIT_MS = 200


class SingleInstance(QObject):
    """The lock for the only window of a home folder. Its signals carry the other start's activation token, or ''."""

    raise_requested = Signal(str)
    translate_requested = Signal(str)
    open_requested = Signal(str)
    lock_requested = Signal()

    def __init__(self, folder: Path) -> None:
        super().__init__(objectName="single_instance")
        self._folder = folder
        self._lock: int | None = None
        self._server: QLocalServer | None = None
        self._sockets: list[QLocalSocket] = []
        self.files: list[Path] = []
        """Files to open that were given to a start and not taken yet: a locked window opens them later."""
        self.can_lock = False
        """True if locking would protect anything here. A request to lock is answered accordingly."""

    def take(self) -> bool:
        """Take the lock. Return True for the first start. Does not wait.

        Raises OSError if there can be no lock: the home folder is read-only, or the disk is full.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            lock_file(descriptor)
        except (BlockingIOError, PermissionError):  # of flock and of msvcrt: another one has it
            os.close(descriptor)
            return False
        except OSError:
            os.close(descriptor)
            raise
        self._lock = descriptor
        return True

    def take_or_raise_other(
        self, environment: Mapping[str, str] = os.environ, *, request: bytes = RAISE, files: Sequence[Path] = ()
    ) -> str:
        """Take the lock and keep `files`, or send both to the window that has it. Blocks up to TRY_FOR_S, so it is
        called before there is a window.

        Return 'first' if the lock was taken, 'raised' if the other window answered, and 'silent' if it did not. Return
        'unguarded' if there can be no lock: a read-only home folder may be open in several windows.
        """
        give_up = time.monotonic() + TRY_FOR_S
        while True:
            try:
                is_first = self.take()
            except OSError:
                self.files += files
                return "unguarded"
            if is_first:
                self.files += files
                return "first"
            if self._raise_other(request, files, environment.get("XDG_ACTIVATION_TOKEN", "")):
                return "raised"
            if time.monotonic() > give_up:
                return "silent"
            time.sleep(0.05)

    def listen(self) -> bool:
        """Listen for other starts. The lock must have been taken. Return False if no socket could be made."""
        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.newConnection.connect(self._on_connected)
        try:
            address = socket_address(self._folder)
        except OSError:
            return False
        QLocalServer.removeServer(address)  # a killed process left it; the lock shows that nobody listens there
        self._server = server
        return server.listen(address)

    def release(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def allow_lock(self, can_lock: bool) -> None:
        self.can_lock = can_lock

    def _on_connected(self) -> None:
        server = self._server
        while server is not None and server.hasPendingConnections():
            local_socket = server.nextPendingConnection()
            local_socket.readyRead.connect(self._on_ready)
            local_socket.disconnected.connect(self._on_gone)
            self._sockets.append(local_socket)
            if local_socket.canReadLine():
                self._answer_request(local_socket)

    def _on_ready(self) -> None:
        for local_socket in tuple(self._sockets):
            if local_socket.canReadLine():
                self._answer_request(local_socket)
            elif local_socket.bytesAvailable() > MAX_LINE_BYTES:
                local_socket.abort()

    def _on_gone(self) -> None:
        for local_socket in tuple(self._sockets):
            if local_socket.state() == QLocalSocket.LocalSocketState.UnconnectedState:
                self._sockets.remove(local_socket)
                local_socket.deleteLater()

    def _answer_request(self, local_socket: QLocalSocket) -> None:
        """Do what one line of another start asks, `WORD token paths`, answer it, and hang up."""
        untrusted = bytes(local_socket.readLine(MAX_LINE_BYTES).data())
        word, _, untrusted_rest = untrusted.strip().partition(b" ")
        untrusted_token, _, untrusted_files = untrusted_rest.partition(b" ")
        requests = {RAISE: self.raise_requested, TRANSLATE: self.translate_requested, OPEN: self.open_requested}
        requested = requests.get(word)
        if requested is not None:
            if word == OPEN:
                self.files += _paths_in(untrusted_files)
            token = untrusted_token.decode("ascii", "ignore")
            requested.emit(token if token.isprintable() else "")
            local_socket.write(ANSWER)
            local_socket.flush()
        elif word == LOCK:
            local_socket.write(LOCKING if self.can_lock else PLAIN)
            local_socket.flush()  # before the process is replaced
            if self.can_lock:
                self.lock_requested.emit()
        local_socket.disconnectFromServer()

    def _raise_other(self, request: bytes, files: Sequence[Path], token: str) -> bool:
        try:
            address = socket_address(self._folder)
        except OSError:
            return False
        local_socket = QLocalSocket()
        local_socket.connectToServer(address)
        if not local_socket.waitForConnected(WAIT_MS):
            return False
        paths = json.dumps([str(path) for path in files]).encode("ascii") if files else b""
        token = "".join(token.split())[:512]
        local_socket.write(request + b" " + token.encode("ascii", "ignore") + b" " + paths + b"\n")
        received = (
            local_socket.waitForReadyRead(int(TRY_FOR_S * 1000)) and bytes(local_socket.readLine().data()) == ANSWER
        )
        local_socket.abort()
        return received


class SignalDoor:
    """Brings SIGTERM, SIGINT and SIGHUP to the window's event loop through a socket. With Python's handlers alone, they
    would have to wait.
    """

    def __init__(self, app: QApplication, on_signal: Callable[[], None]) -> None:
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._on_signal = on_signal
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read, app)
        self._notifier.activated.connect(self._on_activated)
        self._before_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        names = ("SIGINT", "SIGTERM", "SIGHUP")
        signals = [getattr(signal, name) for name in names if hasattr(signal, name)]
        self._before: dict[int, Any] = {number: signal.signal(number, _received) for number in signals}

    def close(self) -> None:
        """Restore the earlier signal handlers."""
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


def _paths_in(untrusted: bytes) -> list[Path]:
    try:
        paths = json.loads(untrusted)
    except (ValueError, RecursionError):
        return []
    texts = [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []
    return [Path(text) for text in texts if text and "\0" not in text]


def _received(_number: int, _frame: object) -> None:
    """Do nothing. It is enough that Python wrote to the wake-up socket."""
