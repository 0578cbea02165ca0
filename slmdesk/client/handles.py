"""Documents opened by the app for a child that may open none itself: on Linux its kernel keeps it from all files."""

from __future__ import annotations

import os
import socket
import stat
import sys
from pathlib import Path

from slmdesk.core.protocol import Start, ToChild
from slmdesk.core.reach import HANDLE_BYTES

OPENS_NOTHING = frozenset({"reader"} if sys.platform == "linux" else ())
"""The roles that are handed their documents."""


class Handles:
    """A way beside the lines.  Each job that names a `path` has an entry on it, sent before the job's own line."""

    def __init__(self) -> None:
        """Raises OSError when there is no room for it."""
        self._ours, self.theirs = socket.socketpair()

    def send(self, message: ToChild) -> None:
        """Open what a message names, and hand it over; what cannot be opened the child finds out by itself.

        On the thread that writes to the child.  Raises OSError when that is gone.
        """
        path = message.payload.get("path") if isinstance(message, Start) else None
        if not isinstance(message, Start) or not isinstance(path, str):
            return
        entry = message.job.encode("utf-8", "replace")[:HANDLE_BYTES].ljust(HANDLE_BYTES, b"\0")
        descriptor = _opened(path)
        try:
            socket.send_fds(self._ours, [entry], [] if descriptor is None else [descriptor])
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def started(self) -> None:
        """The child has its end: ours of it is let go."""
        self.theirs.close()

    def close(self) -> None:
        """Let go of both ends."""
        self._ours.close()
        self.theirs.close()


def _opened(path: str) -> int | None:
    """A regular file, or None."""
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):  # a device is not even opened
            return None
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except (OSError, ValueError):
        return None
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None
