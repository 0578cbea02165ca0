"""Writes whole lines to the app on the moved-aside stdout, from any thread."""

from __future__ import annotations

import io
import os
import sys
import threading

from slmdesk.base import protocol


class Output:
    """Writes messages to a descriptor, one line at a time.  When the reader has gone, the process ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def send(self, message: protocol.FromChild) -> None:
        """Write one message; other threads' lines may come between the parts of a long one."""
        for line in protocol.encode(message):
            with self._lock:
                self._write(line)

    def _write(self, line: bytes) -> None:
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            os._exit(0)


def take_pipes() -> tuple[int, int]:
    """Move stdin and stdout aside, so that no library can read or break a line.  Returns their new descriptors.

    What is printed from now on goes to stderr, line by line; reading from stdin finds it empty.
    """
    source, target = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    if isinstance(sys.stdout, io.TextIOWrapper):  # into a file or pipe it keeps lines back, and the end drops them
        sys.stdout.reconfigure(line_buffering=True)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (source, target):
            msvcrt.setmode(descriptor, os.O_BINARY)
    return source, target
