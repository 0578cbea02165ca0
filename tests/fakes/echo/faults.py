"""Ways in which the echo engine can end or freeze its own process, as native code would."""

from __future__ import annotations

import ctypes
import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial


def flood_stderr(size: int) -> None:
    line = b"x" * 79 + b"\n"
    block = line * 800
    while size > 0:
        size -= os.write(2, block[:size])


def spin() -> None:
    while True:
        hashlib.pbkdf2_hmac("sha256", b"", b"", 100_000)


def _die_of(name: str) -> None:
    signal.raise_signal(getattr(signal, name))


def _freeze() -> None:
    """Sleep while holding the GIL, so that no other thread runs, not even the heartbeat."""
    if sys.platform == "win32":
        ctypes.PyDLL("kernel32").Sleep(3_600_000)
    else:
        ctypes.PyDLL(None).sleep(3600)


def _stop() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(1)  # another thread may have taken the signal, and this one goes on for a moment


def _eat_memory() -> None:
    eaten = []
    while True:
        eaten.append(bytearray(b"\x01") * (16 << 20))


FAULTS: Mapping[str, Callable[[], None]] = {
    "abort": os.abort,
    "segfault": partial(_die_of, "SIGSEGV"),
    "bus": partial(_die_of, "SIGBUS"),
    "illegal": partial(_die_of, "SIGILL"),
    "exit0": partial(os._exit, 0),
    "exit1": partial(os._exit, 1),
    "freeze": _freeze,
    "stop": _stop,
    "memory": _eat_memory,
}
"""By name; none of them comes back, but `stop` after SIGCONT."""
