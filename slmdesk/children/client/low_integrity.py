"""Windows: starts a child with a low integrity level, in a job object, with three handles of ours and no more.

Such a process can write to no file of the account and open none of its processes; the job ends it with the app, keeps
it from the clipboard and the desktop, and lets it start no other.  It can still read files and reach the network.
Python's own subprocess cannot pass these on, so CreateProcessAsUserW is called by ctypes.

Written to the documentation of Windows and never tried there: see UNTRIED_VARIABLE in children/reach.py.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from ctypes import c_int64, c_size_t, c_uint16, c_uint32, c_uint64, c_void_p, c_wchar_p
from pathlib import Path
from typing import IO, Any

ROLES = frozenset({"reader", "printer"})
"""Which write no file; the engine writes states, and starts the program that tries templates."""
MEMORY_BYTES = 4 << 30
"""Of each child."""
LOW_LEVEL = "S-1-16-4096"
TOKEN_RIGHTS = 0x0001 | 0x0002 | 0x0008 | 0x0080  # assign primary, duplicate, query, adjust default
SECURITY_IMPERSONATION, TOKEN_PRIMARY, TOKEN_INTEGRITY_LEVEL, SE_GROUP_INTEGRITY = 2, 1, 25, 0x20
HANDLE_LIST, JOB_LIST, CHILD_PROCESS_POLICY = 0x00020002, 0x0002000D, 0x0002000E
CHILD_PROCESS_RESTRICTED = 1
USE_STD_HANDLES = 0x100
CREATION = 0x00080000 | 0x08000000 | 0x00000400  # extended start-up information, no window, Unicode environment
EXTENDED_LIMITS, UI_RESTRICTIONS, ALL_UI = 9, 4, 0xFF
LIMITS = 0x2000 | 0x0008 | 0x0100 | 0x0400  # killed with the job, a single process, memory, no error dialog
WAIT_FOREVER, TIMED_OUT = 0xFFFFFFFF, 0x102
LAUNCHER_VARIABLE = "__PYVENV_LAUNCHER__"
"""By which the interpreter of a virtual environment knows where it is, when it is started itself and not by the
environment's launcher, which would be a second process.
"""


class StartupInfo(ctypes.Structure):
    """STARTUPINFOEXW."""

    _fields_ = (
        ("size", c_uint32), ("reserved", c_wchar_p), ("desktop", c_wchar_p), ("title", c_wchar_p),
        ("x", c_uint32), ("y", c_uint32), ("width", c_uint32), ("height", c_uint32), ("columns", c_uint32),
        ("rows", c_uint32), ("fill", c_uint32), ("flags", c_uint32), ("show", c_uint16), ("size2", c_uint16),
        ("reserved2", c_void_p), ("stdin", c_void_p), ("stdout", c_void_p), ("stderr", c_void_p),
        ("attributes", c_void_p),
    )  # fmt: skip


class ProcessInformation(ctypes.Structure):
    """PROCESS_INFORMATION."""

    _fields_ = (("process", c_void_p), ("thread", c_void_p), ("pid", c_uint32), ("thread_id", c_uint32))


class Label(ctypes.Structure):
    """TOKEN_MANDATORY_LABEL."""

    _fields_ = (("sid", c_void_p), ("attributes", c_uint32))


class Limits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = (
        ("process_time", c_int64), ("job_time", c_int64), ("flags", c_uint32), ("least_set", c_size_t),
        ("most_set", c_size_t), ("processes", c_uint32), ("affinity", c_size_t), ("priority", c_uint32),
        ("scheduling", c_uint32), ("io", c_uint64 * 6), ("process_memory", c_size_t), ("job_memory", c_size_t),
        ("peak_process", c_size_t), ("peak_job", c_size_t),
    )  # fmt: skip


class WindowsCalls:
    """The libraries of Windows, with errors raised; replaced in tests."""

    def __init__(self) -> None:
        self.kernel32: Any = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined,unused-ignore]
        self.advapi32: Any = ctypes.WinDLL("advapi32", use_last_error=True)  # type: ignore[attr-defined,unused-ignore]
        self.kernel32.CreateJobObjectW.restype = self.kernel32.GetCurrentProcess.restype = c_void_p

    def check(self, result: Any) -> Any:
        """Raises OSError for a call that failed."""
        if not result:
            raise ctypes.WinError(ctypes.get_last_error())  # type: ignore[attr-defined,unused-ignore]
        return result

    def handle_of(self, descriptor: int) -> int:
        """The handle of a pipe's end, which the child may inherit."""
        handle = int(importlib.import_module("msvcrt").get_osfhandle(descriptor))
        os.set_handle_inheritable(handle, True)  # type: ignore[attr-defined,unused-ignore]
        return handle


class ContainedProcess:
    """A running child, with as much of subprocess.Popen as is used."""

    def __init__(self, calls: Any, started: ProcessInformation, job: int, pipes: Sequence[IO[bytes]]) -> None:
        self._calls = calls
        self._handle = c_void_p(started.process)
        self._job = c_void_p(job)
        self.pid = int(started.pid)
        self.returncode: int | None = None
        self.stdin, self.stdout, self.stderr = pipes

    def poll(self) -> int | None:
        return self._wait(0)

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        status = self._wait(WAIT_FOREVER if timeout is None else max(0, round(timeout * 1000)))
        if status is None:
            raise subprocess.TimeoutExpired("slmdesk", timeout or 0.0)
        return status

    def kill(self) -> None:
        """End the process, unless it has ended."""
        if self.returncode is None:
            self._calls.kernel32.TerminateProcess(self._handle, 1)

    def _wait(self, milliseconds: int) -> int | None:
        kernel, status = self._calls.kernel32, c_uint32()
        if self.returncode is None and kernel.WaitForSingleObject(self._handle, c_uint32(milliseconds)) != TIMED_OUT:
            self._calls.check(kernel.GetExitCodeProcess(self._handle, ctypes.byref(status)))
            self.returncode = int(status.value)
        return self.returncode

    def __del__(self) -> None:
        for handle in (self._handle, self._job):
            self._calls.kernel32.CloseHandle(handle)


def start(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], calls: Any = None
) -> ContainedProcess:
    """Start a child, walled in.  Raises OSError when the system refuses any of it; nothing is left running then."""
    calls = calls or WindowsCalls()
    program, variables = interpreter(command[0], environment)
    ends = [os.pipe() for _ in range(3)]
    theirs, ours = (ends[0][0], ends[1][1], ends[2][1]), (ends[0][1], ends[1][0], ends[2][0])
    try:
        job = _job(calls)
        handles = [calls.handle_of(number) for number in theirs]
        keep: list[Any] = []
        about, started = startup_of(calls, handles, job, keep), ProcessInformation()
        block = ctypes.create_unicode_buffer(environment_block(variables))
        line = ctypes.create_unicode_buffer(subprocess.list2cmdline([program, *command[1:]]))
        token = _low_token(calls)
        calls.check(
            calls.advapi32.CreateProcessAsUserW(
                token, program, line, None, None, True, CREATION, block, str(folder), ctypes.byref(about),
                ctypes.byref(started),
            )
        )  # fmt: skip
        for handle in (token, c_void_p(started.thread)):
            calls.kernel32.CloseHandle(handle)
        pipes = [os.fdopen(number, mode) for number, mode in zip(ours, ("wb", "rb", "rb"), strict=True)]
        return ContainedProcess(calls, started, job, pipes)
    except BaseException:
        for number in ours:
            os.close(number)
        raise
    finally:
        for number in theirs:
            os.close(number)


def startup_of(calls: Any, handles: Sequence[int], job: int, keep: list[Any]) -> StartupInfo:
    """The start-up information with its attributes, whose memory is added to `keep`: it must outlive the start."""
    lists = (
        (HANDLE_LIST, (c_void_p * len(handles))(*handles)),
        (JOB_LIST, (c_void_p * 1)(job)),
        (CHILD_PROCESS_POLICY, c_uint32(CHILD_PROCESS_RESTRICTED)),
    )
    size = c_size_t()
    calls.kernel32.InitializeProcThreadAttributeList(None, len(lists), 0, ctypes.byref(size))  # tells the size
    space = ctypes.create_string_buffer(size.value)
    calls.check(calls.kernel32.InitializeProcThreadAttributeList(space, len(lists), 0, ctypes.byref(size)))
    for name, value in lists:
        address, length = ctypes.byref(value), c_size_t(ctypes.sizeof(value))
        calls.check(calls.kernel32.UpdateProcThreadAttribute(space, 0, c_size_t(name), address, length, None, None))
    keep += [space, *lists]
    about = StartupInfo(size=ctypes.sizeof(StartupInfo), flags=USE_STD_HANDLES)
    about.stdin, about.stdout, about.stderr = handles
    about.attributes = ctypes.addressof(space)
    return about


def limits() -> Limits:
    return Limits(flags=LIMITS, processes=1, process_memory=MEMORY_BYTES)


def environment_block(variables: Mapping[str, str]) -> str:
    """Variables as CreateProcess takes them: sorted without regard to case, each ended by NUL."""
    return "".join(
        f"{name}={value}\0" for name, value in sorted(variables.items(), key=lambda variable: variable[0].upper())
    )


def interpreter(program: str, environment: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """The interpreter itself, where `program` is the launcher of a virtual environment."""
    real = getattr(sys, "_base_executable", program)
    if program != sys.executable or real == program:
        return program, environment
    return real, {**environment, LAUNCHER_VARIABLE: sys.executable}


def _job(calls: Any) -> int:
    job = int(calls.check(calls.kernel32.CreateJobObjectW(None, None)))
    allowed, interface = limits(), c_uint32(ALL_UI)
    for kind, value in ((EXTENDED_LIMITS, allowed), (UI_RESTRICTIONS, interface)):
        size = ctypes.sizeof(value)
        calls.check(calls.kernel32.SetInformationJobObject(c_void_p(job), kind, ctypes.byref(value), size))
    return job


def _low_token(calls: Any) -> c_void_p:
    """A copy of our own token with the low integrity level."""
    own, token, sid = c_void_p(), c_void_p(), c_void_p()
    security, process = calls.advapi32, c_void_p(-1)  # this process
    calls.check(security.OpenProcessToken(process, TOKEN_RIGHTS, ctypes.byref(own)))
    calls.check(
        security.DuplicateTokenEx(own, TOKEN_RIGHTS, None, SECURITY_IMPERSONATION, TOKEN_PRIMARY, ctypes.byref(token))
    )
    calls.kernel32.CloseHandle(own)
    calls.check(security.ConvertStringSidToSidW(LOW_LEVEL, ctypes.byref(sid)))
    label = Label(sid.value, SE_GROUP_INTEGRITY)
    calls.check(security.SetTokenInformation(token, TOKEN_INTEGRITY_LEVEL, ctypes.byref(label), ctypes.sizeof(label)))
    calls.kernel32.LocalFree(sid)
    return token
