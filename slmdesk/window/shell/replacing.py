"""Puts a fresh process in the place of this one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

LAST_STANDARD = 2
"""Descriptors above it are closed: sockets, the lock of the window, what a library left open."""


def replace_process(arguments: Sequence[str]) -> NoReturn:
    """Go on as a fresh process with these arguments, in this one's place: nothing that was in memory is left.

    Python cannot wipe a text; the kernel takes the whole memory back.  Where there is no such call (Windows) a new
    process is started and this one ends.
    """
    before = len(sys.orig_argv) - len(sys.argv) + 1
    command = [sys.executable, *sys.orig_argv[1:before], *arguments]
    try:
        if sys.platform == "win32":  # not tried
            subprocess.Popen(command)
        else:
            for name in sorted(one.name for one in Path("/dev/fd").iterdir()):
                with suppress(OSError):  # the one that the folder was read by is gone
                    os.set_inheritable(int(name), int(name) <= LAST_STANDARD)
            os.execv(sys.executable, command)  # noqa: S606 - our own program
    finally:
        os._exit(0)  # no memory for a new process: closed is locked too
