"""Offline kept by the kernel (Linux): every socket but a local one is refused to the app itself, until it ends.

A seccomp filter looks at the family of each new socket.  It holds for all threads and for whatever the app starts, and
nothing takes it back, not even code that was smuggled in.  Programs outside can still be asked through local sockets:
D-Bus, and where the system has one a resolver of names.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from types import MappingProxyType

from slmdesk.base import seccomp

SOCKET: Mapping[str, int] = MappingProxyType({"x86_64": 41, "aarch64": 198})
AF_UNIX = 1
QUESTION, ANSWER = 0x51D, 1309
"""A family of sockets that does not exist, and an error that nobody else gives for it: by these the filter is known, so
that nothing needs to be opened to see whether it holds.
"""
TAKES_SOCKETS = (425, 426, 427, 438)
"""io_uring_setup, _enter and _register, whose rings open sockets unseen; pidfd_getfd, which takes another process'."""


def can_enforce() -> bool:
    return bool(seccomp.this_machine())


def enforce() -> bool:
    """Refuse this process every socket but local ones, for ever.  Returns whether that took effect.

    A process that took the place of one with the filter (a lock of the window) has it already: the kernel would add
    one to the other at each lock, and takes so many only.
    """
    machine = seccomp.this_machine()
    if machine and not is_enforced():
        known = [(seccomp.IF_EQUAL, 0, 1, QUESTION), (seccomp.RETURN, 0, 0, seccomp.FAIL | ANSWER)]
        local = [(seccomp.LOAD, 0, 0, seccomp.low(0)), *known, *seccomp.only((AF_UNIX,))]
        rules = [*seccomp.deny(*TAKES_SOCKETS), *seccomp.for_call(SOCKET[machine], local)]
        seccomp.install(machine, seccomp.filter_of(machine, rules))
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
