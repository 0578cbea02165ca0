"""Gives up a child's rights before it opens untrusted data, as far as the system allows."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

from slmdesk.base.walls import LANDLOCK, UNTRIED
from slmdesk.children.reach import NOTHING, AllowedPaths, wants_untried
from slmdesk.children.worker import seatbelt
from slmdesk.children.worker.files import files_of, files_of_trials
from slmdesk.children.worker.integrity import integrity_facts
from slmdesk.children.worker.landlock import Files, restrict
from slmdesk.children.worker.sandbox import PR_SET_PDEATHSIG, install, install_for_trial

PARENT_VARIABLE = "SLMDESK_DESK_PID"
"""The app names itself, so that a child whose instance died before it looked does not adopt another parent."""
READER_MEMORY_BYTES = 512 << 20
PRINTER_MEMORY_BYTES = 2 << 30
"""Of addresses, of which Qt and its fonts take many."""
SPELLER_MEMORY_BYTES = 2 << 30
"""Of addresses, for two dictionaries: the largest in use take some 600 MB each."""
FILE_BYTES = 64 << 20
"""The largest file that a child may write, but the engine, which saves states and models: also one in memory."""
READER_STACK_BYTES = 1 << 20
SIGNALS_FROM = 6
"""The version of Landlock that keeps signals in."""
OOM_SCORE = 800
"""When the machine runs out of memory, the children go first (R1)."""
PR_SET_DUMPABLE = 4
M_ARENA_MAX = -8
M_MMAP_THRESHOLD = -3
LARGE_BLOCK_BYTES = 1 << 20
"""Blocks from here on go back to the system as soon as they are freed.  glibc would raise this by itself to 32 MiB, and
a model loaded after another would find the rest of the first between its own blocks.
"""


def harden(role: str, reach: AllowedPaths = NOTHING) -> tuple[str, ...]:
    """Apply all protections this system has, before there are threads.  Returns those in effect, for `hello`.

    `reach`: the user's files that this child may open.
    """
    done = []
    if sys.platform != "win32":
        _limit_memory(role)
    if sys.platform == "linux":
        die_with(int(os.environ.get(PARENT_VARIABLE) or os.getppid()))
        done.append("dies_with_desk")
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
        done += _shut_in(files_of(role, reach))
    elif wants_untried(os.environ):
        done += _shut_in_untried(role, reach)
    return tuple(done)


def harden_trials() -> tuple[str, ...]:
    """Give up the rights of the helper that tries templates: all but starting the interpreter.

    Returns what is in effect, for the helper and for what it starts.
    """
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # protects its memory with an old kernel too
    return ("dies_with_desk", *_shut_in(files_of_trials(), starts_programs=True))


def start_nothing(parent: int) -> None:
    """What a trial gives up beside that, between fork and exec: to start a process, and to outlive the helper."""
    die_with(parent)
    install_for_trial()


def _shut_in(files: Files, *, starts_programs: bool = False) -> list[str]:
    """Files first: a process can be spied on through its files.  Returns only what took effect."""
    landlock = restrict(files)
    filtered = install(deny_exec=not starts_programs)
    done = ["no_network"] if filtered else []
    if filtered and not starts_programs:
        done.append("no_exec")
    if (filtered and not starts_programs) or landlock >= SIGNALS_FROM:
        done.append("no_signals")
    if landlock:
        done += ["files_limited", f"{LANDLOCK}{landlock}"]
    if landlock and filtered:
        done += ["no_spying", "exec_limited"] if starts_programs else ["no_spying"]
    return done


def _shut_in_untried(role: str, reach: AllowedPaths) -> list[str]:
    if sys.platform == "win32":
        return integrity_facts()
    if not seatbelt.restrict(seatbelt.profile_of(role, files_of(role, reach))):
        return []
    programs = "exec_limited" if role == "engine" else "no_exec"
    return ["no_network", programs, "no_signals", "files_limited", "no_spying", UNTRIED]


def _limit_memory(role: str) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would contain the user's text
    if role != "engine":
        resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    if sys.platform == "linux" and role in ("engine", "reader"):
        with suppress(AttributeError):  # glibc's; of a reader each arena would reserve 64 MiB of the limit
            option = (M_ARENA_MAX, 1) if role == "reader" else (M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES)
            ctypes.CDLL(None).mallopt(*option)
    if role == "reader":
        threading.stack_size(READER_STACK_BYTES)
        resource.setrlimit(resource.RLIMIT_AS, (READER_MEMORY_BYTES, READER_MEMORY_BYTES))
    elif role in ("printer", "speller"):
        most = PRINTER_MEMORY_BYTES if role == "printer" else SPELLER_MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def die_with(parent: int) -> None:
    """Ask for SIGKILL when the thread that started this process ends (prctl(2)), and check whether it already has."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)
