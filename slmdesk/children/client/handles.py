"""Passes documents opened by the app to a child that may open none itself: the kernel keeps it from all files (Linux;
macOS where that is wanted).
"""

from __future__ import annotations

import os
import socket
import stat
import sys
from pathlib import Path

from slmdesk.base.protocol import Start, ToChild
from slmdesk.children.reach import HANDLE_BYTES, wants_untried

_IS_HELD = sys.platform == "linux" or (sys.platform == "darwin" and wants_untried(os.environ))
OPENS_NOTHING = frozenset({"reader"} if _IS_HELD else ())
"""The roles that are handed their documents."""


class Handles:
    """A channel beside the JSON lines.  Each job that names a `path` has an entry on it, sent before the job's own
    line.
    """

    def __init__(self) -> None:
        """Raises OSError when the channel cannot be created."""
        self._ours, self.theirs = socket.socketpair()

    def send(self, message: ToChild) -> None:
        """Open the file a message names, and pass it on; if that fails, the child reports it when it tries itself.

        Called on the thread that writes to the child.  Raises OSError when the child is gone.
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
        """Close our copy of the child's end, which the child now has."""
        self.theirs.close()

    def close(self) -> None:
        self._ours.close()
        self.theirs.close()


def _opened(path: str) -> int | None:
    """Open a regular file; None for anything else."""
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
