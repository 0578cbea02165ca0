"""`python imported_as.py win32|darwin` imports every module as if on that system, and prints those that fail.

Everything is imported twice: first as here, so that the libraries are there, then the program's own modules anew, with
the names taken away that the other system lacks.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import signal
import socket
import sys
import types

import slmdesk

LINUX_ONLY = {"slmdesk.ui.shell.system_bus"}
"""What is imported late, on Linux alone; here the control: it must fail."""
NO_MODULES = {
    "win32": (
        "fcntl", "grp", "jeepney", "jeepney.io", "jeepney.io.blocking", "pty", "pwd", "resource", "termios", "tty",
        "PySide6.QtDBus",
    ),
    "darwin": ("jeepney", "jeepney.io", "jeepney.io.blocking", "PySide6.QtDBus"),
}  # fmt: skip
NO_NAMES: dict[str, dict[types.ModuleType, tuple[str, ...]]] = {
    "win32": {
        os: (
            "O_CLOEXEC", "O_DIRECTORY", "O_NOCTTY", "O_NOFOLLOW", "O_NONBLOCK", "O_PATH", "WNOHANG", "fchmod", "fork",
            "getegid", "geteuid", "getgid", "getuid", "killpg", "sched_getaffinity", "setsid", "statvfs", "sysconf",
        ),
        signal: ("SIGCHLD", "SIGHUP", "SIGKILL", "SIGUSR1", "SIGXCPU", "setitimer"),
        socket: ("AF_UNIX", "recv_fds", "send_fds"),
    },
    "darwin": {os: ("O_PATH", "sched_getaffinity", "memfd_create")},
}  # fmt: skip
MORE_MODULES = {"win32": ("msvcrt", "winreg", "_winapi"), "darwin": ()}


def names() -> list[str]:
    modules = [info.name for info in pkgutil.walk_packages(slmdesk.__path__, "slmdesk.")]
    return [name for name in modules if not name.endswith("__main__") and name not in LINUX_ONLY]


def become(system: str) -> None:
    """Make this process look like one on that system, for what is imported from now on."""
    for name in [name for name in sys.modules if name.startswith("slmdesk.") or name in NO_MODULES[system]]:
        del sys.modules[name]
    sys.platform = system
    sys.modules.update(dict.fromkeys(NO_MODULES[system]))
    sys.modules.update({name: types.ModuleType(name) for name in MORE_MODULES[system]})
    for module, lacking in NO_NAMES[system].items():
        for name in lacking:
            if hasattr(module, name):
                delattr(module, name)


def reason_against(name: str) -> str:
    try:
        importlib.import_module(name)
    except Exception as err:  # noqa: BLE001  each is told
        return f"{type(err).__name__}: {err}"
    return ""


def main(system: str) -> None:
    modules = names()
    for name in modules:
        importlib.import_module(name)
    become(system)
    failed = {name: reason for name in [*modules, *LINUX_ONLY] if (reason := reason_against(name))}
    for name in LINUX_ONLY:
        if not failed.pop(name, ""):
            failed[name] = "is imported: nothing was taken away"
    for name, reason in failed.items():
        print(f"{name}: {reason}")
    print(f"{len(modules)} modules")


if __name__ == "__main__":
    main(sys.argv[1])
