"""Landlock on Linux: a process gives up all files but those it names, for ever, and so do its threads and children.

The interface of the kernel (landlock(7), linux/landlock.h) by ctypes: a ruleset is made, a rule is added for each file
or folder, the process restricts itself.  What is not named cannot be opened, made, renamed, cut or deleted, whatever
the account may do, and what is under /proc is a file too: no other process' memory, environment or open files.  Since
version 4 no TCP connection can be made, since 6 no process outside gets a signal.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from typing import NamedTuple

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""System calls; of one number on all machines."""
_ASK_VERSION = 1
_PATH_BENEATH = 1
PR_SET_NO_NEW_PRIVS = 38
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
MAKE_REG, REFER, TRUNCATE, IOCTL_DEV = 1 << 8, 1 << 13, 1 << 14, 1 << 15
_OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
"""The rest are rights to folders: the kernel refuses them for a file."""
READ = READ_FILE | READ_DIR
WRITE = READ | WRITE_FILE | TRUNCATE | MAKE_REG | REMOVE_FILE
DEVICE = READ | WRITE_FILE | IOCTL_DEV


class Files(NamedTuple):
    """What a process keeps.  What is not there is left out."""

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    """Read, written and controlled."""
    run: tuple[str, ...] = ()
    """Programs, which may be read too."""

    def rules(self) -> Iterable[tuple[str, int]]:
        for paths, rights in ((self.read, READ), (self.write, WRITE), (self.devices, DEVICE), (self.run, EXECUTE)):
            yield from ((path, rights) for path in paths)


def version() -> int:
    if sys.platform != "linux":
        return 0
    return max(0, _call(CREATE_RULESET, None, 0, _ASK_VERSION))


def handled_rights(version: int) -> int:
    bits = {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)
    return (1 << bits) - 1 if version > 0 else 0


def ruleset_of(version: int) -> bytes:
    """Struct landlock_ruleset_attr, as far as that version supports it: files, network, scopes."""
    network = 0b11 if version >= 4 else 0  # TCP: bind, connect
    scopes = 0b11 if version >= 6 else 0  # abstract unix sockets, signals
    words = (handled_rights(version), network, scopes)[: 1 if version < 4 else 2 if version < 6 else 3]
    return struct.pack(f"={len(words)}Q", *words)


def rule_of(rights: int, descriptor: int) -> bytes:
    """Struct landlock_path_beneath_attr, which is packed."""
    return struct.pack("=Qi", rights, descriptor)


def restrict(files: Files) -> int:
    """Give up everything else.  Returns the version that does it, or 0: nothing was given up.

    Before there are threads: those that are there already would stay as they are.
    """
    here = version()
    if not here:
        return 0
    attributes = ruleset_of(here)
    rules = _call(CREATE_RULESET, attributes, len(attributes), 0)
    if rules < 0:
        return 0
    try:
        for path, rights in files.rules():
            _add(rules, path, rights & handled_rights(here))
        ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return here if _call(RESTRICT_SELF, rules, 0) == 0 else 0
    finally:
        os.close(rules)


def _add(rules: int, path: str, rights: int) -> None:
    with suppress(OSError, ValueError):
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
                rights &= _OF_FILES
            _call(ADD_RULE, rules, _PATH_BENEATH, rule_of(rights, descriptor), 0)
        finally:
            os.close(descriptor)


def _call(number: int, *arguments: int | bytes | None) -> int:
    """A system call.  Negative: it was refused."""
    given = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    return int(_libc().syscall(ctypes.c_long(number), *given))


@cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)  # once for some sixty rules
    libc.syscall.restype = ctypes.c_long
    return libc
