"""Beside the guard: a hook of the interpreter and a filter of the kernel that refuse connections."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from slmdesk.base import walls

TO_ADDRESS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
"""Of a socket to an address; the others ask for names."""
EVENTS = TO_ADDRESS | {f"socket.{name}" for name in ("getaddrinfo", "gethostbyname", "gethostbyaddr", "getnameinfo")}
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
    """Called for everything the interpreter reports: thousands of times at start, so it decides by a single look."""
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


# ---- offline kept by the kernel (Linux)
#
# every socket but a local socket is refused to the app itself, until it ends. A seccomp filter looks at the family of
# each new socket. It holds for all threads and for whatever the app starts, and nothing takes it back, not even code
# that was smuggled in. Programs outside can still be asked through local sockets: D-Bus, and where the system has one
# a resolver of names.


SOCKET: Mapping[str, int] = {"x86_64": 41, "aarch64": 198}
AF_UNIX = 1
QUESTION, ANSWER = 0x51D, 1309
"""A family of sockets that does not exist, and an error that nobody else gives for it: by these the filter is known, so
that nothing needs to be opened to see whether it holds.
"""
TAKES_SOCKETS = (425, 426, 427, 438)
"""io_uring_setup, _enter and _register, whose rings open sockets unseen; pidfd_getfd, which takes another process'."""


def can_enforce() -> bool:
    return bool(walls.this_machine())


def enforce() -> bool:
    """Refuse this process every socket but local ones, for ever; whether that took effect.  A filtered process has it
    already, as after a lock of the window: the kernel takes so many only.
    """
    machine = walls.this_machine()
    if machine and not is_enforced():
        known = [(walls.IF_EQUAL, 0, 1, QUESTION), (walls.RETURN, 0, 0, walls.FAIL | ANSWER)]
        local = [(walls.LOAD, 0, 0, walls.low(0)), *known, *walls.only((AF_UNIX,))]
        rules = [*walls.deny(*TAKES_SOCKETS), *walls.for_call(SOCKET[machine], local)]
        walls.install(machine, walls.filter_of(machine, rules))
    return is_enforced()


def is_enforced() -> bool:
    """Whether this process has the filter: the kernel is asked, and opens nothing.  Any thread."""
    if sys.platform != "linux":
        return False
    try:
        socket.SocketType(QUESTION, socket.SOCK_STREAM).close()  # `socket.socket` may be somebody else's
    except OSError as err:
        return err.errno == ANSWER
    return False
