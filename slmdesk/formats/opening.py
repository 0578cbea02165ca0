"""Reads the bytes of a document, only from regular files of limited size; nothing here can block (X7)."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

from slmdesk.base.errors import KnownError

MAX_TEXT_BYTES = 20 << 20
"""About 3,000,000 words; as Python text, and again on its way through the pipe, it fits the reader's memory."""
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
    with open_file(path, limit_bytes=limit_bytes) as file:
        return read_all(file, path, limit_bytes)


def open_file(path: str, *, limit_bytes: int, descriptor: int | None = None) -> BinaryIO:
    """A regular file of at most `limit_bytes`, open for reading.  The caller closes it.  Raises as `read_file` does.

    `descriptor`: the file, opened and kept by the caller: it is read at a position of its own.
    """
    if descriptor is not None:
        _check(descriptor, path, limit_bytes)
        return cast("BinaryIO", io.BufferedReader(_Placed(descriptor), BLOCK_BYTES))
    descriptor = _opened(path)
    try:
        _check(descriptor, path, limit_bytes)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


class _Placed(io.RawIOBase):
    """Reads a descriptor of others at its own position, which they and other readers of it do not move."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._place = descriptor, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def fileno(self) -> int:
        """Of the file; its own position is another one."""
        return self._descriptor

    def readinto(self, space: Any) -> int:
        data = os.pread(self._descriptor, len(space), self._place)
        space[: len(data)] = data
        self._place += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place}.get(whence)
        place = offset + (os.fstat(self._descriptor).st_size if base is None else base)
        if place < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._place = place
        return place


def _opened(path: str) -> int:
    try:
        # without O_NONBLOCK, opening a pipe without a writer blocks for ever
        return os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError as err:
        raise KnownError("file.missing", path=path) from err
    except (OSError, ValueError) as err:
        reason = getattr(err, "strerror", None) or "not a file name"
        raise KnownError("document.unreadable", path=path, reason=reason) from err


def _check(descriptor: int, path: str, limit_bytes: int) -> None:
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        kind = KINDS.get(stat.S_IFMT(about.st_mode), "not a file")
        raise KnownError("document.unreadable", path=path, reason=kind)
    if about.st_size > limit_bytes:
        raise KnownError("document.too_large", path=path, bytes=about.st_size, limit=limit_bytes)


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


def read_all(file: BinaryIO, path: str, limit_bytes: int) -> bytes:
    """What an open file holds.  Raises KnownError `document.too_large`, or `document.unreadable` when it changes."""
    try:
        before = os.fstat(file.fileno())
        blocks, size = [], 0
        while block := file.read(BLOCK_BYTES):
            blocks.append(block)
            size += len(block)
            if size > limit_bytes:  # it grows meanwhile, or has a wrong size, as files of /proc do
                raise KnownError("document.too_large", path=path, bytes=size, limit=limit_bytes)
        after = os.fstat(file.fileno())
    except OSError as err:
        raise KnownError("document.unreadable", path=path, reason=err.strerror or type(err).__name__) from err
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise KnownError("document.unreadable", path=path, reason="changed while it was read")
    return b"".join(blocks)
