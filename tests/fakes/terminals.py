"""Commands on a pseudo terminal, at which a test types."""

from __future__ import annotations

import os
import pty
import select
import sys
import time

from fakes.commands import ROOT, SLMDESK


class Terminal:
    """A command on a pseudo terminal."""

    def __init__(self, args, env) -> None:
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.execve(sys.executable, [*SLMDESK, *args], env)
        self.shown = b""
        self._is_open = True

    def wait_for(self, words: bytes, timeout_s: float = 40.0) -> None:
        deadline = time.monotonic() + timeout_s
        while words not in self.shown:
            assert time.monotonic() < deadline, self.shown
            self._read(deadline)

    def type(self, keys: bytes) -> None:
        os.write(self._fd, keys)

    def press_until_end(self, key: bytes, timeout_s: float = 40.0) -> None:
        deadline = time.monotonic() + timeout_s
        while self._is_open:
            assert time.monotonic() < deadline, self.shown
            self.type(key)
            patience = time.monotonic() + 2.0
            while self._is_open and time.monotonic() < patience:
                self._read(patience)

    def end(self, timeout_s: float = 40.0) -> int:
        deadline = time.monotonic() + timeout_s
        while self._read(deadline):
            assert time.monotonic() < deadline, self.shown
        os.close(self._fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _read(self, deadline: float) -> bool:
        if not select.select([self._fd], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return True
        try:
            more = os.read(self._fd, 65536)
        except OSError:
            more = b""
        self.shown += more
        self._is_open = bool(more)
        return self._is_open
