"""The sandbox of a process (its "walls"): which restrictions are active, and filters of system calls."""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from slmdesk.base.texts import N_, _

HELPER = "helper:"
"""Prefix in the engine's capabilities: the helper that tests chat templates and its trial processes are restricted."""
UNTRIED = "untried"
"""Fact that says: the restrictions were written for this system, but never tested there."""
LANDLOCK = "landlock_"
"""Prefix of the fact that names the version of the kernel's Landlock."""
_HOLES = (
    (frozenset({"no_network"}), N_("reach the network")),
    (frozenset({"no_exec", "exec_limited"}), N_("start any program")),
    (frozenset({"files_limited"}), N_("open every file of this account")),
    (frozenset({"no_signals"}), N_("end the account's other programs")),
    (frozenset({"no_spying"}), N_("read and change the memory of the account's other programs")),
)
"""Pairs of facts and a description. If a child has none of the facts, it could do what the description says."""


class Wall(StrEnum):
    WALLED = "walled"
    PARTLY = "partly walled"
    NOT = "not walled"


_WALL_WORDS = {Wall.WALLED: N_("walled"), Wall.PARTLY: N_("partly walled"), Wall.NOT: N_("not walled")}


class Walls(NamedTuple):
    wall: Wall
    could: tuple[str, ...] = ()
    """What the process could do if somebody took control of it, such as "reach the network"."""
    is_untried: bool = False

    @property
    def words(self) -> str:
        details = {
            Wall.WALLED: _("no network, no other program, no file but those it needs"),
            Wall.PARTLY: _("if taken over it could {could}").format(could=_(" and ").join(map(_, self.could))),
            Wall.NOT: _("it has all rights of this account"),
        }
        untried = _("; never tried on such a system") if self.is_untried else ""
        return f"{_(_WALL_WORDS[self.wall])} ({details[self.wall]}{untried})"


def walls_of(facts: Collection[str]) -> Walls:
    could = tuple(words for needed, words in _HOLES if not needed & set(facts))
    if not could:
        wall = Wall.WALLED
    elif len(could) == len(_HOLES):
        wall = Wall.NOT
    else:
        wall = Wall.PARTLY
    return Walls(wall, could, UNTRIED in facts)


def walls_of_children(said: Mapping[str, Collection[str]]) -> dict[str, Walls | None]:
    """Return the restrictions of each kind of child, computed from its facts. None for a kind that has not reported
    yet.

    The result also has the engine's `helper` for chat templates and the `trial` process that it starts, which inherits
    the restrictions. Both are None if there is no helper.
    """
    helper = [name.removeprefix(HELPER) for name in said.get("engine", ()) if name.startswith(HELPER)]
    everybody = {**said, "helper": helper, "trial": helper}
    return {role: walls_of(facts) if facts else None for role, facts in everybody.items()}


def landlock_of(facts: Collection[str]) -> int:
    versions = [fact.removeprefix(LANDLOCK) for fact in facts if fact.startswith(LANDLOCK)]
    return int(versions[0]) if versions and versions[0].isdecimal() else 0


# Filters of system calls on Linux (seccomp). This part makes and installs filters. A filter is a list of classic BPF
# instructions (seccomp(2), linux/filter.h) over struct seccomp_data: the number of the system call is at offset 0,
# the architecture at 4, and the arguments from 16 on, eight bytes each, the low half first. Denied calls fail with
# EPERM.


PR_SET_NO_NEW_PRIVS = 38
SECCOMP_SET_MODE_FILTER = 1
ALL_THREADS_AND_LOG = 1 | 2
ALLOW = 0x7FFF0000
FAIL = 0x00050000
"""Filter result that makes the call fail. The number of the error is added."""
DENY = FAIL | errno.EPERM
NOT_THERE = FAIL | errno.ENOSYS
X32_BIT = 0x40000000
LOAD, IF_EQUAL, IF_AT_LEAST, IF_ANY_BIT, MASK, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06

Instruction: TypeAlias = tuple[int, int, int, int]
"""An instruction: operation, jump if true, jump if false, operand. A jump counts from the next instruction."""


class Machine(NamedTuple):
    """A processor architecture: the kernel's constant for it, and the number of the system call seccomp(2)."""

    audit: int
    seccomp: int


MACHINES: Mapping[str, Machine] = MappingProxyType(
    {"x86_64": Machine(0xC000003E, 317), "aarch64": Machine(0xC00000B7, 277)}
)


def system_name() -> str:
    """The operating system, as `platform.platform` names it, which starts `uname` on Linux."""
    if sys.platform != "linux":
        return platform.platform()
    about = platform.uname()  # only all of it together needs another program
    library = "".join(platform.libc_ver())
    return "-".join((about.system, about.release, about.machine, *(("with", library) if library else ())))


def this_machine() -> str:
    name = platform.machine()
    return name if sys.platform == "linux" and name in MACHINES and struct.calcsize("P") == 8 else ""


def filter_of(machine: str, calls: Sequence[Instruction]) -> bytes:
    """Return a whole filter as bytes. `calls`, made by `for_call`, decides about some calls; all other calls are
    allowed.

    Calls of 32-bit programs are denied, since they have other numbers.
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
    """Return instructions that run `body` for one system call. Every path through `body` must return. The number of the
    call is loaded before and after.
    """
    return [(IF_EQUAL, 0, len(body), number), *body]


def deny(*numbers: int) -> list[Instruction]:
    return [step for number in numbers for step in for_call(number, [(RETURN, 0, 0, DENY)])]


def low(argument: int) -> int:
    """Return the offset of the low half of an argument. Arguments count from 0."""
    return 16 + 8 * argument


def only(values: tuple[int, ...]) -> list[Instruction]:
    program = [(IF_EQUAL, len(values) - index, 0, value) for index, value in enumerate(values)]
    return [*program, (RETURN, 0, 0, DENY), (RETURN, 0, 0, ALLOW)]


def unless(test: int, values: tuple[int, ...]) -> list[Instruction]:
    """Return instructions that deny a call if the loaded value is one of `values` or has one of these bits, depending
    on `test`. Otherwise the call is allowed.
    """
    program = [(test, len(values) - index, 0, value) for index, value in enumerate(values)]
    return [*program, (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, DENY)]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def install(machine: str, code: bytes) -> bool:
    """Filter the system calls of this process, all its threads and the programs it starts, permanently. Returns False
    if the kernel refused the filter.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    program = _Program(len(code) // 8, code)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    arguments = (MACHINES[machine].seccomp, SECCOMP_SET_MODE_FILTER, ALL_THREADS_AND_LOG)
    return bool(libc.syscall(*map(ctypes.c_long, arguments), ctypes.byref(program)) == 0)
