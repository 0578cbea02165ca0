"""A seccomp filter for children on Linux: no network, no other program, no access to other processes (W11).

The program is a list of classic BPF instructions (seccomp(2), linux/filter.h) over struct seccomp_data: the number of
the system call at offset 0, the architecture at 4, the arguments from 16 on, eight bytes each, the low half first.
Denied calls fail with EPERM.  The only sockets left are connected pairs of streams, which reach nobody else.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

PR_SET_NO_NEW_PRIVS = 38
SECCOMP_SET_MODE_FILTER = 1
ALL_THREADS_AND_LOG = 1 | 2
ALLOW = 0x7FFF0000
DENY = 0x00050000 | errno.EPERM
NOT_THERE = 0x00050000 | errno.ENOSYS
SOCKET_TYPE = 0xF
"""Of the second argument of socketpair; the rest are flags."""
NEW_NAMESPACES = 0x7E020000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET."""
TERMINAL_INPUT = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX: faked input to a terminal."""
X32_BIT = 0x40000000
LOAD, IF_EQUAL, IF_AT_LEAST, IF_ANY_BIT, MASK, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06

Instruction: TypeAlias = tuple[int, int, int, int]

_SAME_NUMBERS = (
    424, 425, 426, 427, 428, 429, 430, 431, 432, 433, 434, 438, 440, 442, 443, 448, 452, 463, 466,
)  # fmt: skip
"""Of one number on all machines: pidfd_send_signal; io_uring (its rings open sockets unseen); open_tree, move_mount,
fsopen, fsconfig, fsmount, fspick; pidfd_open, pidfd_getfd; process_madvise; mount_setattr; quotactl_fd;
process_mrelease; fchmodat2, setxattrat, removexattrat."""


@dataclass(frozen=True, slots=True)
class _Calls:
    audit: int
    seccomp: int
    exec: tuple[int, ...]
    """execve, execveat"""
    denied: tuple[int, ...]
    socketpair: int
    clone: int
    kill: tuple[int, ...]
    """kill, tgkill: to oneself alone."""
    pid_first: tuple[int, ...]
    """sched_setparam, sched_setscheduler, sched_setaffinity, sched_setattr: of oneself alone."""
    setpriority: int
    prlimit: int
    ioctl: int
    utimensat: int


MACHINES: Mapping[str, _Calls] = {
    "x86_64": _Calls(
        audit=0xC000003E, seccomp=317, exec=(59, 322),
        denied=(
            41, 42, 43, 288, 49, 50,  # socket, connect, accept, accept4, bind, listen
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
            188, 189, 190, 197, 198, 199,  # setxattr, lsetxattr, fsetxattr, removexattr and its kind
            132, 235, 261,  # utime, utimes, futimesat
            179, 163, 167, 168, 169, 170, 171,  # quotactl, acct, swapon, swapoff, reboot, sethostname, setdomainname
            175, 176, 313, 246, 320,  # init_module, delete_module, finit_module, kexec_load, kexec_file_load
            164, 227, 159, 305,  # settimeofday, clock_settime, adjtimex, clock_adjtime
            172, 173, 154, 135, 153,  # iopl, ioperm, modify_ldt, personality, vhangup
            279, 256, 251,  # move_pages, migrate_pages, ioprio_set
        ),
        socketpair=53, clone=56, kill=(62, 234), pid_first=(142, 144, 203, 314), setpriority=141, prlimit=302,
        ioctl=16, utimensat=280,
    ),
    "aarch64": _Calls(
        audit=0xC00000B7, seccomp=277, exec=(221, 281),
        denied=(
            198, 203, 202, 242, 200, 201, 117, 270, 271, 272, 138, 240, 130, 217, 218, 219, 280, 241, 282, 116, 18,
            97, 268, 40, 39, 41, 51, 264, 265, 194, 196, 195, 190, 193, 192, 191, 186, 189, 188, 187, 180, 181,
            262, 26, 27, 52, 53, 55, 54, 5, 6, 7, 14, 15, 16, 60, 89, 224, 225, 142, 161, 162, 105, 106, 273, 104, 294,
            170, 112, 171, 266, 92, 58, 239, 238, 30,
        ),
        socketpair=199, clone=220, kill=(129, 131), pid_first=(118, 119, 122, 274), setpriority=140, prlimit=261,
        ioctl=29, utimensat=88,
    ),
}  # fmt: skip
"""In the order of x86_64, as far as a machine has them: arm64 has none of the oldest."""
CLONE3 = 435
"""Its flags are in memory, where a filter cannot look; libraries take clone when it is not there."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def install(*, deny_exec: bool) -> bool:
    """Filter this process, all its threads and its children for ever.  False: there is no such filter here.

    `deny_exec` False: it starts programs, and may end them.
    """
    calls = MACHINES.get(platform.machine())
    if calls is None or struct.calcsize("P") != 8:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    code = filter_of(calls, deny_exec=deny_exec, pid=os.getpid())
    program = _Program(len(code) // 8, code)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    number, mode, flags = map(ctypes.c_long, (calls.seccomp, SECCOMP_SET_MODE_FILTER, ALL_THREADS_AND_LOG))
    return bool(libc.syscall(number, mode, flags, ctypes.byref(program)) == 0)


def filter_of(calls: _Calls, *, deny_exec: bool, pid: int) -> bytes:
    """The instructions as bytes.  A jump counts from the instruction after it."""
    code: list[Instruction] = [
        (LOAD, 0, 0, 4),
        (IF_EQUAL, 1, 0, calls.audit),
        (RETURN, 0, 0, DENY),
        (LOAD, 0, 0, 0),
        (IF_AT_LEAST, 0, 1, X32_BIT),  # the 32-bit twins of all calls on x86_64
        (RETURN, 0, 0, DENY),
    ]
    for number in (*calls.denied, *_SAME_NUMBERS, *(calls.exec if deny_exec else ())):
        code += _for_call(number, [(RETURN, 0, 0, DENY)])
    code += _for_call(CLONE3, [(RETURN, 0, 0, NOT_THERE)])
    a_stream = [(LOAD, 0, 0, _low(1)), (MASK, 0, 0, SOCKET_TYPE), *_only((int(socket.SOCK_STREAM),))]
    code += _for_call(calls.socketpair, a_stream)
    code += _for_call(calls.clone, [(LOAD, 0, 0, _low(0)), *_unless(IF_ANY_BIT, (NEW_NAMESPACES,))])
    code += _for_call(calls.ioctl, [(LOAD, 0, 0, _low(1)), *_unless(IF_EQUAL, TERMINAL_INPUT)])
    if deny_exec:
        for number in calls.kill:
            code += _for_call(number, [(LOAD, 0, 0, _low(0)), *_only((pid,))])
    for number in calls.pid_first:
        code += _for_call(number, [(LOAD, 0, 0, _low(0)), *_only((0,))])
    code += _for_call(calls.setpriority, [(LOAD, 0, 0, _low(1)), *_only((0,))])
    code += _for_call(calls.prlimit, [(LOAD, 0, 0, _low(0)), *_only((0, pid))])
    no_name = [
        (LOAD, 0, 0, _low(1)),
        (IF_EQUAL, 1, 0, 0),
        (RETURN, 0, 0, DENY),
        (LOAD, 0, 0, _low(1) + 4),
        *_only((0,)),
    ]
    code += _for_call(calls.utimensat, no_name)  # of what is open already
    code.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("=HBBI", *one) for one in code)


def _for_call(number: int, body: list[Instruction]) -> list[Instruction]:
    """Instructions for one call, all of whose ways end; the number is loaded before and after."""
    return [(IF_EQUAL, 0, len(body), number), *body]


def _low(argument: int) -> int:
    return 16 + 8 * argument


def _only(values: tuple[int, ...]) -> list[Instruction]:
    """Allow what was loaded where it is one of `values`, else deny."""
    found = [(IF_EQUAL, len(values) - index, 0, value) for index, value in enumerate(values)]
    return [*found, (RETURN, 0, 0, DENY), (RETURN, 0, 0, ALLOW)]


def _unless(test: int, values: tuple[int, ...]) -> list[Instruction]:
    """Deny what was loaded where it is one of `values`, or has one of these bits; else allow."""
    found = [(test, len(values) - index, 0, value) for index, value in enumerate(values)]
    return [*found, (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, DENY)]
