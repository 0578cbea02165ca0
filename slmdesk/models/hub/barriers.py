"""Two barriers that refuse connections bypassing the guard: an audit hook of the interpreter and a kernel filter."""

from __future__ import annotations

import _socket  # a fortieth of the time of `socket`, whose `socket` another library may have replaced
import errno
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from slmdesk.base import walls

TO_ADDRESS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
"""Audit events of a socket that sends to an address. The other EVENTS look up host names."""
EVENTS = TO_ADDRESS | {f"socket.{name}" for name in ("getaddrinfo", "gethostbyname", "gethostbyaddr", "getnameinfo")}
_passes: ContextVar[bool] = ContextVar("passes", default=False)


@contextmanager
def passing() -> Iterator[None]:
    """Let this thread and context connect inside the block. The guard uses it after it has logged the request."""
    token = _passes.set(True)
    try:
        yield
    finally:
        _passes.reset(token)


def watch() -> None:
    """Refuse every connection that bypasses the guard with PermissionError, until this process ends."""
    sys.addaudithook(audit)


def audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook. The interpreter calls it thousands of times at start, so the first test is a cheap one."""
    if event in EVENTS and not _passes.get() and not _is_local(event, arguments):
        raise PermissionError(errno.EPERM, "refused: this did not come through slmdesk's guard")


def _is_local(event: str, arguments: tuple[Any, ...]) -> bool:
    """Return whether a connection stays on this PC: unix socket, or loopback on Windows (for Python's socket pairs)."""
    if event not in TO_ADDRESS:
        return False
    address = arguments[1]
    if address is None or isinstance(address, str | bytes | bytearray):
        return True
    is_loopback = isinstance(address, tuple) and address[:1] in (("127.0.0.1",), ("::1",))
    return sys.platform == "win32" and is_loopback


# Offline kept by the kernel (Linux). The kernel refuses the app every socket that is not local, until the app ends. A
# seccomp filter looks at the family of each new socket. It holds for all threads and child processes. Nothing can
# remove it, not even injected code. Other programs can still be reached through local sockets: D-Bus, and a name
# resolver if the system has one.


SOCKET: Mapping[str, int] = {"x86_64": 41, "aarch64": 198}
AF_UNIX = 1
QUESTION, ANSWER = 0x51D, 1309
"""A socket family that does not exist, and the error number that the filter returns for it. Nothing else returns this
error, so asking for such a socket shows whether the filter is installed.
"""
TAKES_SOCKETS = (425, 426, 427, 438)
"""System calls that could get a socket unseen by the filter: io_uring_setup, io_uring_enter and io_uring_register,
whose rings open sockets, and pidfd_getfd, which takes a socket from another process.
"""


def can_enforce() -> bool:
    return bool(walls.this_machine())


def enforce() -> bool:
    """Refuse this process every socket that is not local, until it ends. Return whether the filter is installed.

    A process that has the filter already, as after the window was locked, does not install another. The kernel limits
    their number.
    """
    machine = walls.this_machine()
    if machine and not is_enforced():
        known = [(walls.IF_EQUAL, 0, 1, QUESTION), (walls.RETURN, 0, 0, walls.FAIL | ANSWER)]
        local = [(walls.LOAD, 0, 0, walls.low(0)), *known, *walls.only((AF_UNIX,))]
        rules = [*walls.deny(*TAKES_SOCKETS), *walls.for_call(SOCKET[machine], local)]
        walls.install(machine, walls.filter_of(machine, rules))
    return is_enforced()


def is_enforced() -> bool:
    """Return whether this process has the filter. The kernel is asked for a socket, but none is opened. Any thread."""
    if sys.platform != "linux":
        return False
    try:
        _socket.SocketType(QUESTION, _socket.SOCK_STREAM).close()
    except OSError as err:
        return err.errno == ANSWER
    return False
