"""Filters of system calls on Linux (seccomp): their instructions, and their installation.

A program is a list of classic BPF instructions (seccomp(2), linux/filter.h) over struct seccomp_data: the number of
the system call at offset 0, the architecture at 4, the arguments from 16 on, eight bytes each, the low half first.
Denied calls fail with EPERM.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

PR_SET_NO_NEW_PRIVS = 38
SECCOMP_SET_MODE_FILTER = 1
ALL_THREADS_AND_LOG = 1 | 2
ALLOW = 0x7FFF0000
FAIL = 0x00050000
"""With the number of an error."""
DENY = FAIL | errno.EPERM
NOT_THERE = FAIL | errno.ENOSYS
X32_BIT = 0x40000000
LOAD, IF_EQUAL, IF_AT_LEAST, IF_ANY_BIT, MASK, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06

Instruction: TypeAlias = tuple[int, int, int, int]
"""Operation, jump where true, jump where false, operand.  A jump counts from the instruction after it."""


class Machine(NamedTuple):
    """The kernel's name of an architecture, and its number of seccomp(2)."""

    audit: int
    seccomp: int


MACHINES: Mapping[str, Machine] = MappingProxyType(
    {"x86_64": Machine(0xC000003E, 317), "aarch64": Machine(0xC00000B7, 277)}
)


def this_machine() -> str:
    name = platform.machine()
    return name if sys.platform == "linux" and name in MACHINES and struct.calcsize("P") == 8 else ""


def filter_of(machine: str, calls: Sequence[Instruction]) -> bytes:
    """A whole filter as bytes: what `calls` decides, made by `for_call`; all else is allowed.

    The calls of 32-bit programs are denied, for they have other numbers.
    """
    code: list[Instruction] = [
        (LOAD, 0, 0, 4),
        (IF_EQUAL, 1, 0, MACHINES[machine].audit),
        (RETURN, 0, 0, DENY),
        (LOAD, 0, 0, 0),
        (IF_AT_LEAST, 0, 1, X32_BIT),  # the 32-bit twins of all calls on x86_64
        (RETURN, 0, 0, DENY),
        *calls,
        (RETURN, 0, 0, ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *one) for one in code)


def for_call(number: int, body: Sequence[Instruction]) -> list[Instruction]:
    """Instructions for one call, all of whose ways end; the number is loaded before and after."""
    return [(IF_EQUAL, 0, len(body), number), *body]


def deny(*numbers: int) -> list[Instruction]:
    return [one for number in numbers for one in for_call(number, [(RETURN, 0, 0, DENY)])]


def low(argument: int) -> int:
    """The place of the low half of an argument, the first of which is 0."""
    return 16 + 8 * argument


def only(values: tuple[int, ...]) -> list[Instruction]:
    found = [(IF_EQUAL, len(values) - index, 0, value) for index, value in enumerate(values)]
    return [*found, (RETURN, 0, 0, DENY), (RETURN, 0, 0, ALLOW)]


def unless(test: int, values: tuple[int, ...]) -> list[Instruction]:
    """Deny what was loaded where it is one of `values`, or has one of these bits; else allow."""
    found = [(test, len(values) - index, 0, value) for index, value in enumerate(values)]
    return [*found, (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, DENY)]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def is_filtered() -> bool:
    try:
        return "\nSeccomp:\t2\n" in Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False


def install(machine: str, code: bytes) -> bool:
    """Filter this process, all its threads and what it starts, for ever.  False: the kernel did not take it."""
    libc = ctypes.CDLL(None, use_errno=True)
    program = _Program(len(code) // 8, code)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    arguments = (MACHINES[machine].seccomp, SECCOMP_SET_MODE_FILTER, ALL_THREADS_AND_LOG)
    return bool(libc.syscall(*map(ctypes.c_long, arguments), ctypes.byref(program)) == 0)
