"""What a child gives up before it touches foreign data, as far as the system allows."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

PARENT_VARIABLE = "SLMDESK_DESK_PID"
"""The desk names itself, so that a child whose desk died before it looked does not adopt another parent."""
READER_MEMORY_BYTES = 512 << 20
READER_STACK_BYTES = 1 << 20
OOM_SCORE = 800
"""When the machine runs out of memory, the children go first (R1)."""
PR_SET_PDEATHSIG = 1
M_ARENA_MAX = -8


def harden(role: str) -> tuple[str, ...]:
    """Apply all that this system knows.  Returns what took effect, for `hello`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the desk's to hear
    done = []
    if sys.platform != "win32":
        _limit_memory(role)
    if sys.platform == "linux":
        _die_with_desk()
        done.append("dies_with_desk")
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
        from slmdesk.worker.sandbox import install

        done += install(deny_exec=role == "reader")
    return tuple(done)


def _limit_memory(role: str) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold the user's words
    if role == "reader":
        if sys.platform == "linux":
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)  # each arena would reserve 64 MiB of the limit
        threading.stack_size(READER_STACK_BYTES)
        resource.setrlimit(resource.RLIMIT_AS, (READER_MEMORY_BYTES, READER_MEMORY_BYTES))


def _die_with_desk() -> None:
    """Ask for SIGKILL when the desk's thread that started us ends (prctl(2)), and see whether it has already."""
    desk = int(os.environ.get(PARENT_VARIABLE) or os.getppid())
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != desk:
        os._exit(0)
