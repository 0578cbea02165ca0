"""A seccomp filter for children on Linux: no network, no other program, no look into other processes (W11).

The program is a list of classic BPF instructions (seccomp(2), linux/filter.h) over struct seccomp_data: the number of
the system call at offset 0, the architecture at 4, the low half of the first argument at 16.  What is denied gets
EPERM.  Unix sockets stay, since libraries use socket pairs; they cannot be connected to anything.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from collections.abc import Mapping
from dataclasses import dataclass

PR_SET_NO_NEW_PRIVS = 38
SECCOMP_SET_MODE_FILTER = 1
ALL_THREADS_AND_LOG = 1 | 2
ALLOW = 0x7FFF0000
DENY = 0x00050000 | errno.EPERM
AF_UNIX = 1
X32_BIT = 0x40000000
LOAD, IF_EQUAL, IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06


@dataclass(frozen=True, slots=True)
class _Calls:
    audit: int
    seccomp: int
    socket: int
    connect: int
    exec: tuple[int, ...]
    """execve, execveat"""
    spying: tuple[int, ...]
    """ptrace, process_vm_readv, process_vm_writev, pidfd_getfd; and io_uring_setup, whose rings open sockets unseen."""


MACHINES: Mapping[str, _Calls] = {
    "x86_64": _Calls(0xC000003E, 317, 41, 42, (59, 322), (101, 310, 311, 438, 425)),
    "aarch64": _Calls(0xC00000B7, 277, 198, 203, (221, 281), (117, 270, 271, 438, 425)),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def install(*, deny_exec: bool) -> list[str]:
    """Filter this process, all its threads and its children for ever.  Returns the capabilities gained, or nothing."""
    calls = MACHINES.get(platform.machine())
    if calls is None or struct.calcsize("P") != 8:
        return []
    libc = ctypes.CDLL(None, use_errno=True)
    denied = (calls.connect, *calls.spying, *(calls.exec if deny_exec else ()))
    code = _filter(calls, denied)
    program = _Program(len(code) // 8, code)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return []
    number, mode, flags = map(ctypes.c_long, (calls.seccomp, SECCOMP_SET_MODE_FILTER, ALL_THREADS_AND_LOG))
    if libc.syscall(number, mode, flags, ctypes.byref(program)) != 0:
        return []
    return ["no_network", "no_spying", *(["no_exec"] if deny_exec else [])]


def _filter(calls: _Calls, denied: tuple[int, ...]) -> bytes:
    """The instructions as bytes.  A jump counts from the instruction after it."""
    first = 6  # the index of the first check below
    deny = first + len(denied) + 4
    code = [
        (LOAD, 0, 0, 4),
        (IF_EQUAL, 1, 0, calls.audit),
        (RETURN, 0, 0, DENY),
        (LOAD, 0, 0, 0),
        (IF_AT_LEAST, deny - 5, 0, X32_BIT),  # the 32-bit twins of all calls on x86_64
        (IF_EQUAL, len(denied) + 1, 0, calls.socket),
        *((IF_EQUAL, deny - first - index - 1, 0, number) for index, number in enumerate(denied)),
        (RETURN, 0, 0, ALLOW),
        (LOAD, 0, 0, 16),
        (IF_EQUAL, 0, 1, AF_UNIX),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, DENY),
    ]
    return b"".join(struct.pack("=HBBI", *one) for one in code)
