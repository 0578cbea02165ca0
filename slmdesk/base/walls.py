"""The walls round a process: which stand, the filters of system calls, and trying whether the network is reached."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import socket
import struct
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

HELPER = "helper:"
"""In the capabilities of the engine: what took effect in the helper that tries chat templates, and in its trials."""
UNTRIED = "untried"
"""Among the facts: the walls were written for this system, and never tried there."""
LANDLOCK = "landlock_"
"""With the version of the kernel's Landlock behind it."""
_HOLES = (
    (frozenset({"no_network"}), "reach the network"),
    (frozenset({"no_exec", "exec_limited"}), "start any program"),
    (frozenset({"files_limited"}), "open every file of this account"),
    (frozenset({"no_signals"}), "end the account's other programs"),
    (frozenset({"no_spying"}), "read and change the memory of the account's other programs"),
)
"""Of each set a fact must hold, else a child could do what stands beside it."""


class Wall(StrEnum):
    WALLED = "walled"
    PARTLY = "partly walled"
    NOT = "not walled"


class Walls(NamedTuple):
    wall: Wall
    could: tuple[str, ...] = ()
    """What it could do if somebody took it over ("reach the network")."""
    is_untried: bool = False

    @property
    def words(self) -> str:
        details = {
            Wall.WALLED: "no network, no other program, no file but those it needs",
            Wall.PARTLY: f"if taken over it could {' and '.join(self.could)}",
            Wall.NOT: "it has all rights of this account",
        }
        return f"{self.wall} ({details[self.wall]}{'; never tried on such a system' if self.is_untried else ''})"


def walls_of(facts: Collection[str]) -> Walls:
    could = tuple(words for needed, words in _HOLES if not needed & set(facts))
    wall = Wall.WALLED if not could else Wall.NOT if len(could) == len(_HOLES) else Wall.PARTLY
    return Walls(wall, could, UNTRIED in facts)


def walls_of_children(said: Mapping[str, Collection[str]]) -> dict[str, Walls | None]:
    """The walls of each kind of child, by its facts; None for a kind that said nothing yet.

    Beside them stand the engine's `helper` for chat templates and the `trial` it starts, which inherits its walls; None
    also where there is no helper.
    """
    helper = [name.removeprefix(HELPER) for name in said.get("engine", ()) if name.startswith(HELPER)]
    everybody = {**said, "helper": helper, "trial": helper}
    return {role: walls_of(facts) if facts else None for role, facts in everybody.items()}


def landlock_of(facts: Collection[str]) -> int:
    versions = [fact.removeprefix(LANDLOCK) for fact in facts if fact.startswith(LANDLOCK)]
    return int(versions[0]) if versions and versions[0].isdecimal() else 0


# ---- filters of system calls on Linux (seccomp)
#
# their instructions, and their installation. A program is a list of classic BPF instructions (seccomp(2),
# linux/filter.h) over struct seccomp_data: the number of the system call at offset 0, the architecture at 4, the
# arguments from 16 on, eight bytes each, the low half first. Denied calls fail with EPERM.


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
    return b"".join(struct.pack("=HBBI", *step) for step in code)


def for_call(number: int, body: Sequence[Instruction]) -> list[Instruction]:
    """Instructions for a system call, all of whose ways end; the number is loaded before and after."""
    return [(IF_EQUAL, 0, len(body), number), *body]


def deny(*numbers: int) -> list[Instruction]:
    return [step for number in numbers for step in for_call(number, [(RETURN, 0, 0, DENY)])]


def low(argument: int) -> int:
    """The place of the low half of an argument, the first of which is 0."""
    return 16 + 8 * argument


def only(values: tuple[int, ...]) -> list[Instruction]:
    found = [(IF_EQUAL, len(values) - index, 0, value) for index, value in enumerate(values)]
    return [*found, (RETURN, 0, 0, DENY), (RETURN, 0, 0, ALLOW)]


def unless(test: int, values: tuple[int, ...]) -> list[Instruction]:
    """Deny what was loaded where it is among `values`, or has any of these bits; else allow."""
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


# ---- tries whether this process can reach the network, against a listener on this PC


HERE = "127.0.0.1"
WAIT_S = 5.0
QUESTION = b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04test\x07invalid\x00\x00\x01\x00\x01"
"""As a resolver sends it to look up test.invalid."""
ALLOWED = "allowed"
REFUSED = "refused by the system"
STOPPED = "refused by the program"
UNPROVEN = "refused, by no filter that the system names"
AF_INET, SOCK_STREAM = 2, 1
_FORBIDDEN = (errno.EPERM, errno.EACCES)


def try_all(stream_port: int, datagram_port: int) -> dict[str, str]:
    """What became of each way to the listener: ALLOWED, REFUSED (the kernel), STOPPED, UNPROVEN, "failed: …"."""
    ways: Mapping[str, Callable[[], None]] = {
        "connection": lambda: _connect(stream_port),
        "name look-up": lambda: _look_up(datagram_port),
        "connection past Python": lambda: _connect_natively(stream_port),
    }
    return {name: outcome_of(way) for name, way in ways.items()}


def outcome_of(way: Callable[[], None]) -> str:
    try:
        way()
    except NotImplementedError:
        return "not tried on this system"
    except Exception as err:  # noqa: BLE001  an audit hook may raise what it likes
        if not isinstance(err, OSError) or err.errno is None:
            return STOPPED
        if err.errno in _FORBIDDEN:  # what refuses within Python has words of its own
            if err.strerror != os.strerror(err.errno):
                return STOPPED
            return REFUSED if sys.platform != "linux" or is_filtered() else UNPROVEN
        return f"failed: {err.strerror or type(err).__name__}"
    return ALLOWED


def _connect(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as made:
        made.settimeout(WAIT_S)
        made.connect((HERE, port))


def _look_up(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.settimeout(WAIT_S)
        made.sendto(QUESTION, (HERE, port))
        made.recv(512)


def _connect_natively(port: int) -> None:
    """By the system's own library, as Qt and llama.cpp would: what watches Python does not see it."""
    if sys.platform == "win32":
        raise NotImplementedError
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.socket(AF_INET, SOCK_STREAM, 0)
    if handle < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    try:
        family = bytes((16, AF_INET)) if sys.platform == "darwin" else AF_INET.to_bytes(2, sys.byteorder)
        address = family + port.to_bytes(2, "big") + socket.inet_aton(HERE) + bytes(8)
        if libc.connect(handle, address, len(address)) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        with contextlib.suppress(OSError):
            libc.close(handle)
