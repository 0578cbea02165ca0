"""Speaks by speech-dispatcher, the voice of Linux desktops, in SSIP, which tells each word as it is said."""

from __future__ import annotations

import os
from collections.abc import Sequence
from html import escape
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Signal
from PySide6.QtNetwork import QLocalSocket

SOCKET = "speech-dispatcher/speechd.sock"


class Dispatcher(QObject):
    word_begun = Signal(int)
    """The number of the word that is said now. Not every voice tells it."""
    ended = Signal(bool)
    """Whether the words were spoken."""

    def __init__(self, program: str, language: str, parent: QObject) -> None:
        super().__init__(parent)
        self._program, self._language = program, language
        self._is_started = False
        self._message = self._said = ""
        self._socket = QLocalSocket(self)
        self._socket.connected.connect(self._on_connected)
        self._socket.readyRead.connect(self._on_told)
        self._socket.errorOccurred.connect(self._on_error)

    def speak(self, words: Sequence[str]) -> None:
        marked = (f'<mark name="{number}"/>{_speakable(word)}' for number, word in enumerate(words))
        self._message = f"SPEAK\r\n<speak>{' '.join(marked)}</speak>\r\n.\r\n"
        if self._socket.isOpen():
            self._send(self._message)
        else:
            self._connect()

    def stop(self) -> None:
        self.blockSignals(True)
        if self._socket.isOpen():
            self._send("CANCEL SELF\r\n")
            self._socket.flush()
            self._socket.disconnectFromServer()
        self.deleteLater()

    def _connect(self) -> None:
        chosen = os.environ.get("SPEECHD_ADDRESS", "").partition("unix_socket:")[2]
        folder = os.environ.get("XDG_RUNTIME_DIR") or Path.home() / ".cache"
        self._socket.connectToServer(chosen or str(Path(folder) / SOCKET))

    def _on_connected(self) -> None:
        language = f"SET SELF LANGUAGE {self._language}\r\n" if self._language else ""
        self._send(f"SET SELF CLIENT_NAME user:slmdesk:aloud\r\n{language}SET SELF SSML_MODE on\r\n")
        self._send(f"SET SELF NOTIFICATION ALL on\r\n{self._message}")

    def _on_error(self, _error: object) -> None:
        if self._is_started:
            self.ended.emit(False)
            return
        self._is_started = True
        starts = QProcess(self)
        starts.finished.connect(self._connect)
        starts.errorOccurred.connect(lambda _error: self.ended.emit(False))
        starts.start(self._program, ["--spawn"])

    def _on_told(self) -> None:
        while self._socket.canReadLine():
            line = bytes(self._socket.readLine().data()).decode(errors="replace").strip()
            if line[3:4] == "-":
                self._said = line[4:]
            elif line.startswith("700") and self._said.isdecimal():
                self.word_begun.emit(int(self._said))
            elif line.startswith(("702", "703")):  # 703: another program spoke in between
                self.ended.emit(True)
            elif line.startswith(("3", "4", "5")):
                self.ended.emit(False)

    def _send(self, text: str) -> None:
        self._socket.write(text.encode())


def _speakable(word: str) -> str:
    return escape("".join(filter(str.isprintable, word)), quote=False)
