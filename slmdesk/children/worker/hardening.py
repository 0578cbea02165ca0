"""Gives up a child's rights before it opens untrusted data, as far as possible; the files each role may open."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

import slmdesk
from slmdesk.base.frozen import is_frozen
from slmdesk.base.walls import LANDLOCK
from slmdesk.children.reach import NOTHING, AllowedPaths, wants_untried
from slmdesk.children.worker.sandbox import (
    PR_SET_PDEATHSIG,
    Files,
    install,
    install_for_trial,
    restrict_files,
)

PARENT_VARIABLE = "SLMDESK_DESK_PID"
"""The app names itself, so that a child whose instance died before it looked does not adopt another parent."""
READER_MEMORY_BYTES = 1 << 30
"""Of addresses. Finding the lines of a scan takes half of it."""
PRINTER_MEMORY_BYTES = 2 << 30
"""Of addresses, of which Qt and its fonts take many."""
LISTENER_MEMORY_BYTES = 8 << 30
"""The largest Whisper takes half of it."""
_MEMORY_BYTES = {"printer": PRINTER_MEMORY_BYTES, "listener": LISTENER_MEMORY_BYTES}
FILE_BYTES = 64 << 20
"""The largest file that a child may write, but the engine, which saves states and models: also a file in memory."""
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
a model loaded after another would find the rest of the first between its own blocks.  Of a reader four times as large
ones: what reads scans takes them anew for each line.
"""


def harden(role: str, reach: AllowedPaths = NOTHING) -> tuple[str, ...]:
    """Apply all protections this system has, before there are threads.  Returns those in effect, for `hello`.

    `reach`: the user's files that this child may open.
    """
    done = []
    if sys.platform != "win32":
        _limit_resources(role, reach)
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
    landlock = restrict_files(files)
    filtered = install(deny_exec=not starts_programs, listens=OWN_THREADS in files.write)
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
    """The one way to walls that were never tried: a module for each system, off unless a person wants it."""
    if sys.platform == "win32":
        from slmdesk.children.worker.sandbox_windows import integrity_facts

        return integrity_facts()
    from slmdesk.children.worker.sandbox_macos import shut_in

    return shut_in(role, files_of(role, reach))


def _limit_resources(role: str, reach: AllowedPaths) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would contain the user's text
    most = max(FILE_BYTES, reach.most_bytes)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    if sys.platform == "linux" and role in ("engine", "reader"):
        with suppress(AttributeError):  # glibc's; of a reader each arena would reserve 64 MiB of the limit
            library = ctypes.CDLL(None)
            library.mallopt(M_MMAP_THRESHOLD, 4 * LARGE_BLOCK_BYTES if role == "reader" else LARGE_BLOCK_BYTES)
            if role == "reader":
                library.mallopt(M_ARENA_MAX, 1)
    if role == "reader":
        threading.stack_size(READER_STACK_BYTES)
        resource.setrlimit(resource.RLIMIT_AS, (READER_MEMORY_BYTES, READER_MEMORY_BYTES))
    elif role in _MEMORY_BYTES:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES[role],) * 2)


def die_with(parent: int) -> None:
    """Ask for SIGKILL when the thread that started this process ends (prctl(2)), and check whether it already has."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


SYSTEM = (
    "/usr", "/lib", "/lib32", "/lib64", "/opt", "/nix/store", "/gnu/store", "/run/opengl-driver",
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/ld.so.preload", "/etc/localtime",
    "/etc/nsswitch.conf", "/etc/ssl/openssl.cnf", "/etc/pki/tls/openssl.cnf", "/etc/crypto-policies",
    "/dev/urandom", "/dev/random", "/dev/zero",
    "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/vmstat", "/proc/zoneinfo", "/proc/filesystems",
    "/proc/sys/vm/overcommit_memory", "/sys/devices/system", "/sys/fs/cgroup", "/sys/kernel/mm",
)  # fmt: skip
"""Programs and libraries of the system, and what they read when they are loaded: no user data."""
OWN_PROCESS = "/proc/self"
GRAPHICS = ("/sys", "/proc/driver", "/proc/devices", "/proc/modules", "/etc/OpenCL", "/etc/vulkan", "/etc/drirc")
GRAPHICS_DEVICES = ("/dev/dri", "/dev/kfd")
OWN_THREADS = "/proc/self/task"
"""NVIDIA's driver names its threads there when it starts, and finds no card where it cannot."""
OCR_VARIABLE = "SLMDESK_TESSDATA"
"""The folder of tesseract's data, where they are not among the system's."""
FONTS = ("/etc/fonts", "/var/cache/fontconfig", "~/.fonts", "~/.fonts.conf")
_PACKAGE_FOLDERS = ("site-packages", "dist-packages", "lib-dynload")


def files_of(role: str, reach: AllowedPaths) -> Files:
    system = SYSTEM
    if sys.platform == "darwin":
        from slmdesk.children.worker import sandbox_macos

        system = sandbox_macos.SYSTEM
    read = (*system, *_interpreter(), OWN_PROCESS)
    write = reach.write
    devices: tuple[str, ...] = ("/dev/null",)
    if role == "engine":
        read += GRAPHICS
        nvidia = nvidia_devices()
        devices += (*GRAPHICS_DEVICES, *nvidia)
        if nvidia:
            write += (OWN_THREADS,)
    elif role == "reader":
        read += (os.environ.get(OCR_VARIABLE, ""),)
    elif role == "printer":
        read += _fonts()
    return Files((*read, *reach.read), write, devices)


def files_of_trials() -> Files:
    return Files((*SYSTEM, *_interpreter()), (), ("/dev/null",), (os.path.realpath(sys.executable), *_loaders()))


def _interpreter() -> tuple[str, ...]:
    places = {sys.prefix, sys.base_prefix, sys.exec_prefix, str(Path(slmdesk.__file__).resolve().parent)}
    places |= {place for place in sys.path if Path(place).name in _PACKAGE_FOLDERS}
    places |= {place for place in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if Path(place).is_absolute()}
    if is_frozen():  # not its folder, in which a portable copy has its home; the libraries are in sys.prefix
        places.add(os.path.realpath(sys.executable))
    return tuple(sorted(places - {"", "/", str(Path("~").expanduser())}))


def _loaders() -> tuple[str, ...]:
    """The dynamic linker, which the kernel starts before a program such as this."""
    try:
        lines = Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ()
    mapped = {line.split(maxsplit=5)[5] for line in lines if len(line.split(maxsplit=5)) == 6}
    return tuple(sorted(path for path in mapped if Path(path).name.startswith("ld-")))


def nvidia_devices() -> tuple[str, ...]:
    try:
        return tuple(sorted(str(path) for path in Path("/dev").iterdir() if path.name.startswith("nvidia")))
    except OSError:
        return ()


def _fonts() -> tuple[str, ...]:
    places = [
        str(Path(os.environ.get(variable) or default) / name)
        for variable, default, name in (
            ("XDG_DATA_HOME", "~/.local/share", "fonts"),
            ("XDG_CONFIG_HOME", "~/.config", "fontconfig"),
            ("XDG_CACHE_HOME", "~/.cache", "fontconfig"),
        )
    ]
    return tuple(str(Path(font).expanduser()) for font in (*FONTS, *places))
