"""The bytes of a document, from regular files of a bearable size alone; nothing here can block (X7)."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from slmdesk.core.errors import KnownError

MAX_TEXT_BYTES = 20 << 20
"""Some 3,000,000 words; as Python text, and once more on its way through the pipe, it fits the reader's memory."""
BLOCK_BYTES = 1 << 20

KINDS: Mapping[int, str] = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def read_file(path: str, *, limit_bytes: int = MAX_TEXT_BYTES) -> bytes:
    """All of a regular file.

    Raises KnownError `file.missing`, `document.unreadable` or `document.too_large`; the last before reading a byte.
    """
    try:
        # without O_NONBLOCK, opening a pipe nobody writes to waits for ever
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError as err:
        raise KnownError("file.missing", path=path) from err
    except (OSError, ValueError) as err:
        reason = getattr(err, "strerror", None) or "not a file name"
        raise KnownError("document.unreadable", path=path, reason=reason) from err
    try:
        return _read(descriptor, path, limit_bytes)
    except OSError as err:
        raise KnownError("document.unreadable", path=path, reason=err.strerror or type(err).__name__) from err
    finally:
        os.close(descriptor)


def look_at(path: str) -> None:
    """Raises KnownError `file.missing` or `document.unreadable` for what is not there or no regular file."""
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError as err:
        raise KnownError("file.missing", path=path) from err
    except (OSError, ValueError) as err:
        reason = getattr(err, "strerror", None) or "not a file name"
        raise KnownError("document.unreadable", path=path, reason=reason) from err
    if not stat.S_ISREG(mode):
        raise KnownError("document.unreadable", path=path, reason=KINDS.get(stat.S_IFMT(mode), "not a file"))


def _read(descriptor: int, path: str, limit_bytes: int) -> bytes:
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode):
        kind = KINDS.get(stat.S_IFMT(before.st_mode), "not a file")
        raise KnownError("document.unreadable", path=path, reason=kind)
    if before.st_size > limit_bytes:
        raise KnownError("document.too_large", path=path, bytes=before.st_size, limit=limit_bytes)
    blocks = []
    size = 0
    while block := os.read(descriptor, BLOCK_BYTES):
        blocks.append(block)
        size += len(block)
        if size > limit_bytes:  # grows while we read, or lies about its size as files of /proc do
            raise KnownError("document.too_large", path=path, bytes=size, limit=limit_bytes)
    after = os.fstat(descriptor)
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise KnownError("document.unreadable", path=path, reason="changed while it was read")
    return b"".join(blocks)
