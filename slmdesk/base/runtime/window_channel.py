"""Lets a command send a line to the running window that uses the same data folder.

The window's end is ui/shell/single_instance.py. This module uses no Qt, and nothing leaves this computer.
"""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import tempfile
from pathlib import Path

RAISE = b"raise"
OPEN = b"open"
"""Request to open files: a JSON list of their paths follows the activation token."""
TRANSLATE = b"translate"
"""Request to bring the window to the front and translate the clipboard."""
LOCK = b"lock"
LOCK_FILE = "window.lock"
ANSWER = b"raised\n"
LOCKING, PLAIN = b"locking\n", b"plain\n"
"""Answers to LOCK: the window is locking now, or it cannot lock because the history is not encrypted."""
MAX_LINE_BYTES = 1 << 23
"""Of a request. It holds more paths than a command line can."""
MAX_ANSWER_BYTES = 1024
WAIT_S = 5.0


def socket_address(folder: Path) -> str:
    """Return the address on which the window with this data folder listens: a socket in a private folder, with a path
    short enough for a socket, or the name of a pipe on Windows.

    Raises OSError when there is no private folder for the socket.
    """
    name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    if sys.platform == "win32":
        return f"slmdesk-{name}"  # a named pipe, open to this person alone (UserAccessOption)
    return str(_runtime_folder() / f"{name}.socket")


def ask_window(folder: Path, request: bytes) -> bytes | None:
    """Send a line to the window that uses this data folder, and return its answer. Blocks for at most five seconds.

    Returns b"" when the window does not answer, also where its socket is gone, and None when there is no window.
    """
    line = request + b" \n"
    is_there = False
    try:
        address = socket_address(folder)
        if sys.platform == "win32":  # untested
            with Path(rf"\\.\pipe\{address}").open("r+b", buffering=0) as pipe:
                is_there = True
                pipe.write(line)
                return pipe.read(MAX_ANSWER_BYTES) or b""
        with socket.socket(socket.AF_UNIX) as channel:
            channel.settimeout(WAIT_S)
            channel.connect(address)
            is_there = True
            channel.sendall(line)
            return channel.recv(MAX_ANSWER_BYTES)
    except OSError:
        return b"" if is_there or _has_window(folder) else None


def lock_file(descriptor: int) -> None:
    """Lock a file for this process. Raises OSError at once if it is locked already."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _has_window(folder: Path) -> bool:
    try:
        with (folder / LOCK_FILE).open("r+b") as file:
            lock_file(file.fileno())
    except (BlockingIOError, PermissionError):
        return True
    except OSError:  # no file, or a home that has no locks
        return False
    return False


def _runtime_folder() -> Path:
    """Return a folder for sockets that only this user account can read."""
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    if given and Path(given).is_dir() and len(given) < 60:
        folder = Path(given) / "slmdesk"
    else:
        folder = Path(tempfile.gettempdir()) / f"slmdesk-{os.getuid()}"
        if len(str(folder)) > 70:  # a socket's path holds 107 bytes
            folder = Path("/tmp") / f"slmdesk-{os.getuid()}"  # noqa: S108 - checked below to be ours alone
    folder.mkdir(mode=0o700, exist_ok=True)
    info = folder.lstat()
    if info.st_uid != os.getuid() or info.st_mode & 0o077 or folder.is_symlink():
        raise PermissionError(f"{folder} is not private")
    return folder
