"""macOS: a child gives up all but what it names, by a profile of the system's sandbox (sandbox_init, deprecated but in
use by browsers). Written to its documentation and never tried: see UNTRIED_VARIABLE in children/reach.py.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable

from slmdesk.base.walls import UNTRIED
from slmdesk.children.worker.sandbox import Files

SYSTEM = (
    "/usr/lib", "/usr/share", "/usr/local", "/opt", "/System", "/Library/Frameworks", "/Library/Fonts",
    "/private/var/db/dyld", "/private/var/db/timezone", "/private/etc/localtime", "/private/etc/ssl",
    "/dev/urandom", "/dev/random", "/dev/zero", "/dev/null",
)  # fmt: skip
"""Programs and libraries of the system: no user data."""
_ALWAYS = (
    "(version 1)",
    "(deny default)",
    "(allow process-info* (target self))",
    "(allow signal (target self))",
    "(allow sysctl-read)",
    "(allow file-read-metadata)",
    '(allow file-write-data (literal "/dev/null"))',
)
_GRAPHICS = ('(allow mach-lookup (global-name "com.apple.MTLCompilerService"))', "(allow iokit-open)")


def profile_of(role: str, files: Files) -> str:
    """The profile of a child of this role: files by their real paths, no network, and programs for the engine alone,
    which starts the interpreter to try a chat template; it inherits the profile.
    """
    lines = [*_ALWAYS, *_rules("file-read* file-map-executable", (*files.read, *files.write))]
    lines += _rules("file-write*", files.write)
    if role == "engine":
        lines += [*_GRAPHICS, "(allow process-fork)", *_rules("process-exec", (sys.executable,))]
    return "\n".join(lines)


def shut_in(role: str, files: Files) -> list[str]:
    """Return what is in effect; nothing where the system refused."""
    if not restrict_by_profile(profile_of(role, files)):
        return []
    programs = "exec_limited" if role == "engine" else "no_exec"
    return ["no_network", programs, "no_signals", "files_limited", "no_spying", UNTRIED]


def restrict_by_profile(profile: str) -> bool:
    """Give up, for ever, everything that a profile of `profile_of` does not allow.

    False: nothing was given up.  On macOS alone.
    """
    try:
        sandbox_init = ctypes.CDLL("/usr/lib/libSystem.dylib").sandbox_init
    except (OSError, AttributeError):
        return False
    reason = ctypes.c_char_p()
    sandbox_init.argtypes = (ctypes.c_char_p, ctypes.c_uint64, ctypes.POINTER(ctypes.c_char_p))
    return bool(sandbox_init(profile.encode("utf-8"), 0, ctypes.byref(reason)) == 0)


def _rules(rights: str, paths: Iterable[str]) -> list[str]:
    real = sorted({os.path.realpath(path) for path in paths if path and "\0" not in path})
    return [f"(allow {rights} (subpath {_quoted(path)}))" for path in real]


def _quoted(path: str) -> str:
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
