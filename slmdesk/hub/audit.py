"""Beside the guard, a hook of the interpreter: it refuses a connection, or a name to be looked up, that is not on its
way through the guard.

It sees what Python code does, whichever library it is in.  It does not see what a library in C does by itself (Qt,
ctypes): for that there is the kernel's filter while slmdesk is offline (kernel.py).
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

EVENTS = frozenset(
    {
        "socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname",
        "socket.gethostbyaddr", "socket.getnameinfo",
    }
)  # fmt: skip
TO_ADDRESS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
"""Of a socket to an address; the others ask for names."""
_passes: ContextVar[bool] = ContextVar("passes", default=False)


@contextmanager
def passing() -> Iterator[None]:
    """Let connections through: for the guard, once the row of the request is written.  Per thread and context."""
    token = _passes.set(True)
    try:
        yield
    finally:
        _passes.reset(token)


def watch() -> None:
    """Refuse with PermissionError what does not pass the guard, until this process ends."""
    sys.addaudithook(_look)


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    """Called for everything the interpreter reports: thousands of times at start, so it decides by one look."""
    if event in EVENTS and not _passes.get() and not _is_local(event, arguments):
        raise PermissionError(errno.EPERM, "refused: this did not come through slmdesk's guard")


def _is_local(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether it stays on this PC: a unix socket, or, on Windows, what Python makes pairs of sockets with."""
    if event not in TO_ADDRESS:
        return False
    address = arguments[1]
    if address is None or isinstance(address, str | bytes | bytearray):
        return True
    is_loopback = isinstance(address, tuple) and address[:1] in (("127.0.0.1",), ("::1",))
    return sys.platform == "win32" and is_loopback
