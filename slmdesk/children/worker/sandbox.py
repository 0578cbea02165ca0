"""The walls on Linux: a seccomp filter and Landlock. Those of other systems: sandbox_macos.py, sandbox_windows.py."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import stat
import struct
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from typing import NamedTuple

from slmdesk.base import walls
from slmdesk.base.walls import (
    ALLOW,
    DENY,
    IF_ANY_BIT,
    IF_EQUAL,
    LOAD,
    MASK,
    NOT_THERE,
    RETURN,
    Instruction,
    deny,
    for_call,
    low,
    only,
    unless,
)

SOCKET_TYPE = 0xF
"""Of the second argument of socket and socketpair; the rest are flags."""
CONNECTED_KINDS = (int(socket.SOCK_STREAM), int(socket.SOCK_SEQPACKET))
"""Nothing can be sent through one that is not connected."""
NEW_NAMESPACES = 0x7E020000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET."""
CLONE_PARENT, CLONE_THREAD = 0x8000, 0x10000
PR_SET_PDEATHSIG = 1
TERMINAL_INPUT = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX: faked input to a terminal."""
OWNER_CONTROLS = (0x8901, 0x8902)
"""FIOSETOWN and SIOCSPGRP: who gets the signals of a socket."""
KIND_OF_CONTROL = 0xFF00
FILE_SYSTEM_CONTROLS = (0x6600, 0x5800, 0x7600, 0x9400)
"""The kinds f, X, v and that of btrfs: flags and versions of files, freezing, encryption, snapshots."""
OWNER_COMMANDS = (8, 10, 15)
"""F_SETOWN, F_SETSIG, F_SETOWN_EX: who gets the signals of an open file, and which.  Any process can be named, and the
signal is sent at the next byte: it ends a program as `kill` does.
"""
LOCK_COMMANDS = (37, 38, 1024, 1026)
"""F_OFD_SETLK, F_OFD_SETLKW, F_SETLEASE, F_NOTIFY: who else opens the document would wait.  F_SETLK stays: coverage
writes down the lines of a child with SQLite, which needs it.
"""

_SAME_NUMBERS = (
    424, 425, 426, 427, 428, 429, 430, 431, 432, 433, 434, 438, 440, 442, 443, 448, 452, 463, 464, 465, 466, 467, 468,
    469,
)  # fmt: skip
"""Numbered alike everywhere: pidfd_send_signal; io_uring (its rings open sockets unseen); open_tree, move_mount,
fsopen, fsconfig, fsmount, fspick; pidfd_open, pidfd_getfd; process_madvise; mount_setattr; quotactl_fd;
process_mrelease; fchmodat2; setxattrat, getxattrat, listxattrat, removexattrat; open_tree_attr, file_getattr,
file_setattr."""


class _Calls(NamedTuple):
    exec: tuple[int, ...]
    """execve, execveat"""
    fork: tuple[int, ...]
    """fork, vfork"""
    socket: int
    listening: tuple[int, ...]
    """bind, listen"""
    denied: tuple[int, ...]
    socketpair: int
    clone: int
    prctl: int
    kill: tuple[int, ...]
    """kill, tgkill: to oneself alone."""
    setaffinity: int
    prlimit: int
    ioctl: int
    fcntl: int
    memfd: int
    """memfd_create: a file in memory is a program too."""


CALLS: Mapping[str, _Calls] = {
    "x86_64": _Calls(
        exec=(59, 322),
        fork=(57, 58),
        socket=41,
        listening=(49, 50),
        denied=(
            42, 43, 288,  # connect, accept, accept4
            101, 310, 311, 312,  # ptrace, process_vm_readv, process_vm_writev, kcmp
            129, 297, 200,  # rt_sigqueueinfo, rt_tgsigqueueinfo, tkill
            248, 249, 250,  # add_key, request_key, keyctl
            321, 298, 323, 103, 212,  # bpf, perf_event_open, userfaultfd, syslog, lookup_dcookie
            272, 308, 165, 166, 155, 161,  # unshare, setns, mount, umount2, pivot_root, chroot
            303, 304,  # name_to_handle_at, open_by_handle_at
            29, 30, 31, 64, 65, 220, 66, 68, 69, 70, 71,  # shmget/at/ctl, semget/op/timedop/ctl, msgget/snd/rcv/ctl
            240, 241,  # mq_open, mq_unlink
            300, 253, 294, 254,  # fanotify_init, inotify_init, inotify_init1, inotify_add_watch
            90, 91, 268, 92, 93, 94, 260,  # chmod, fchmod, fchmodat, chown, fchown, lchown, fchownat
            188, 189, 190, 191, 192, 193, 194, 195, 196, 197, 198, 199,  # setxattr, getxattr, listxattr, removexattr
            132, 235, 261, 280, 73,  # utime, utimes, futimesat, utimensat, flock
            105, 106, 113, 114, 116, 117, 119, 122, 123, 126,  # setuid and its kind, setgroups, capset
            179, 163, 167, 168, 169, 170, 171,  # quotactl, acct, swapon, swapoff, reboot, sethostname, setdomainname
            175, 176, 313, 246, 320,  # init_module, delete_module, finit_module, kexec_load, kexec_file_load
            164, 227, 159, 305,  # settimeofday, clock_settime, adjtimex, clock_adjtime
            172, 173, 154, 135, 153,  # iopl, ioperm, modify_ldt, personality, vhangup
            279, 256, 251, 141,  # move_pages, migrate_pages, ioprio_set, setpriority
            142, 144, 314,  # sched_setparam, sched_setscheduler, sched_setattr
            109, 112,  # setpgid, setsid: the app ends a child with its group
            76,  # truncate, which Landlock refuses from version 3 on only
        ),
        socketpair=53, clone=56, prctl=157, kill=(62, 234), setaffinity=203, prlimit=302,
        ioctl=16, fcntl=72, memfd=319,
    ),
    "aarch64": _Calls(
        exec=(221, 281),
        fork=(),
        socket=198,
        listening=(200, 201),
        denied=(
            203, 202, 242, 117, 270, 271, 272, 138, 240, 130, 217, 218, 219, 280, 241, 282, 116, 18,
            97, 268, 40, 39, 41, 51, 264, 265, 194, 196, 195, 190, 193, 192, 191, 186, 189, 188, 187, 180, 181,
            262, 26, 27, 52, 53, 55, 54, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 88, 32,
            146, 144, 145, 143, 159, 147, 149, 151, 152, 91, 60, 89, 224, 225, 142, 161, 162, 105, 106, 273, 104, 294,
            170, 112, 171, 266, 92, 58, 239, 238, 30, 140, 118, 119, 274, 154, 157,
            45,
        ),
        socketpair=199, clone=220, prctl=167, kill=(129, 131), setaffinity=122, prlimit=261,
        ioctl=29, fcntl=25, memfd=279,
    ),
}  # fmt: skip
"""In the order of x86_64, as far as a machine has them: arm64 has none of the oldest."""
CLONE3 = 435
"""Its flags are in memory, where a filter cannot look; libraries take clone when it is not there."""


def install(*, deny_exec: bool, listens: bool = False) -> bool:
    """Filter this process, all its threads and its children for ever.  False: there is no such filter here.

    `deny_exec` False: it starts programs, which are files (Landlock), and may end them.
    `listens`: it may make local sockets that listen, as NVIDIA's driver does when it starts, but never take a caller.
    """
    machine = walls.this_machine()
    if not machine:
        return False
    code = walls.filter_of(machine, rules_of(CALLS[machine], deny_exec=deny_exec, listens=listens, pid=os.getpid()))
    return walls.install(machine, code)


def install_for_trial() -> None:
    """Refuse a process that the helper has forked to fork in its turn: what it made could outlive us all."""
    if machine := walls.this_machine():
        walls.install(machine, walls.filter_of(machine, _threads_alone(CALLS[machine])))


def _threads_alone(calls: _Calls) -> list[Instruction]:
    a_thread = [(LOAD, 0, 0, low(0)), (IF_ANY_BIT, 1, 0, CLONE_THREAD), (RETURN, 0, 0, DENY)]
    no_more = unless(IF_ANY_BIT, (NEW_NAMESPACES,))
    return [*deny(*calls.fork), *for_call(calls.clone, [*a_thread, *no_more])]


def rules_of(calls: _Calls, *, deny_exec: bool, listens: bool, pid: int) -> list[Instruction]:
    code = deny(*calls.denied, *_SAME_NUMBERS, *(calls.exec if deny_exec else (calls.memfd,)))
    code += for_call(CLONE3, [(RETURN, 0, 0, NOT_THERE)])
    local = [(LOAD, 0, 0, low(0)), (IF_EQUAL, 1, 0, int(socket.AF_UNIX)), (RETURN, 0, 0, DENY)]
    kind_of_socket = [(LOAD, 0, 0, low(1)), (MASK, 0, 0, SOCKET_TYPE)]
    code += for_call(calls.socketpair, [*local, *kind_of_socket, *only((int(socket.SOCK_STREAM),))])
    if listens:
        code += for_call(calls.socket, [*local, *kind_of_socket, *only(CONNECTED_KINDS)])
    else:
        code += deny(calls.socket, *calls.listening)
    a_process = [(LOAD, 0, 0, low(0)), *unless(IF_ANY_BIT, (NEW_NAMESPACES | CLONE_PARENT,))]
    code += _threads_alone(calls) if deny_exec else for_call(calls.clone, a_process)
    ends_with_parent = [(LOAD, 0, 0, low(1)), *only((signal.SIGKILL,))]
    other = [(LOAD, 0, 0, low(0)), (IF_EQUAL, 1, 0, PR_SET_PDEATHSIG), (RETURN, 0, 0, ALLOW)]
    code += for_call(calls.prctl, [*other, *ends_with_parent])
    kind = [(LOAD, 0, 0, low(1)), (MASK, 0, 0, KIND_OF_CONTROL)]
    for control_kind in FILE_SYSTEM_CONTROLS:
        kind += [(IF_EQUAL, 0, 1, control_kind), (RETURN, 0, 0, DENY)]
    control = [(LOAD, 0, 0, low(1)), *unless(IF_EQUAL, (*TERMINAL_INPUT, *OWNER_CONTROLS))]
    code += for_call(calls.ioctl, [*kind, *control])
    code += for_call(calls.fcntl, [(LOAD, 0, 0, low(1)), *unless(IF_EQUAL, OWNER_COMMANDS + LOCK_COMMANDS)])
    if deny_exec:
        for number in calls.kill:
            code += for_call(number, [(LOAD, 0, 0, low(0)), *only((pid,))])
    code += for_call(calls.setaffinity, [(LOAD, 0, 0, low(0)), *only((0,))])
    code += for_call(calls.prlimit, [(LOAD, 0, 0, low(0)), *only((0, pid))])
    return code


# Landlock on Linux: a process gives up all files but those it names, for ever, and so do its threads and children.
# The interface of the kernel (landlock(7), linux/landlock.h) by ctypes: a ruleset is made, a rule is added for each
# file or folder, the process restricts itself. What is not named cannot be opened, made, renamed, cut or deleted,
# whatever the account may do, and what is under /proc is a file too: no other process' memory, environment or open
# files. Since version 4 no TCP connection can be made, since 6 no process outside gets a signal.


CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""System calls; numbered alike everywhere."""
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
    words = [handled_rights(version)]
    if version >= 4:
        words.append(0b11)  # TCP: bind, connect
    if version >= 6:
        words.append(0b11)  # abstract unix sockets, signals
    return struct.pack(f"={len(words)}Q", *words)


def rule_of(rights: int, descriptor: int) -> bytes:
    """Struct landlock_path_beneath_attr, which is packed."""
    return struct.pack("=Qi", rights, descriptor)


def restrict_files(files: Files) -> int:
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
    given = [ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments]
    return int(_libc().syscall(ctypes.c_long(number), *given))


@cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)  # once for some sixty rules
    libc.syscall.restype = ctypes.c_long
    return libc
