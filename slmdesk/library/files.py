"""Finds document files and tells whether one is still the file that was read.  File threads."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.formats import MAX_FILE_BYTES, format_of
from slmdesk.base.record import Record

CHUNK_BYTES = 1 << 20
MOST_FILES = 5_000
MOST_DEPTH = 20


class DocumentFile(Record):
    path: Path
    sha256: str
    """Of its bytes; empty where only its size and time were asked for."""
    bytes: int
    mtime_ns: int
    inode: int = 0


def look_at(path: Path, stop: threading.Event, *, hashed: bool = True) -> DocumentFile:
    """Return size, time and, if `hashed`, checksum of a regular file; anything else is refused without being opened.

    Raises KnownError `file.missing`, `document.unreadable`, `document.too_large`, and Stopped.
    """
    path = path.absolute()
    try:
        _refuse_irregular(path, path.stat())
        if not hashed:
            found = path.stat()
            return DocumentFile(path, "", found.st_size, found.st_mtime_ns, found.st_ino)
        flags = os.O_RDONLY
        for name in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"):
            flags |= getattr(os, name, 0)
        digest = hashlib.sha256()
        with os.fdopen(os.open(path, flags), "rb", buffering=0) as file:
            found = os.fstat(file.fileno())
            _refuse_irregular(path, found)
            if found.st_size > MAX_FILE_BYTES:
                raise KnownError("document.too_large", path=str(path), bytes=found.st_size, limit=MAX_FILE_BYTES)
            while chunk := file.read(CHUNK_BYTES):
                if stop.is_set():
                    raise Stopped
                digest.update(chunk)
        return DocumentFile(path, digest.hexdigest(), found.st_size, found.st_mtime_ns, found.st_ino)
    except FileNotFoundError as err:
        raise KnownError("file.missing", path=str(path)) from err
    except (OSError, ValueError) as err:
        reason = getattr(err, "strerror", None) or "not a file name"
        raise KnownError("document.unreadable", path=str(path), reason=reason) from err


def documents_in(paths: list[Path], stop: threading.Event) -> list[Path]:
    """Return the files among `paths`, and the documents in its folders by file name, in order.

    Hidden files are left out, links to folders are not followed, and at most MOST_FILES are returned.  Source code is
    left out of folders, because there is too much of it.  Raises KnownError `document.unreadable` for a folder that
    cannot be listed.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += [one for one in _inside(path, MOST_DEPTH, stop) if _is_document(one)]
        else:
            found.append(path)
        if len(found) >= MOST_FILES:
            break
    return found[:MOST_FILES]


def _inside(folder: Path, depth: int, stop: threading.Event) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda one: one.name.casefold())
    except OSError as err:
        raise KnownError("document.unreadable", path=str(folder), reason=err.strerror or "a folder") from err
    for entry in entries:
        if stop.is_set():
            raise Stopped
        if entry.name.startswith((".", "~$")):
            continue
        if entry.is_dir(follow_symlinks=False):
            if depth:
                yield from _inside(Path(entry.path), depth - 1, stop)
        elif entry.is_file():
            yield Path(entry.path)


def _is_document(path: Path) -> bool:
    try:
        return format_of(path).id != "code"
    except KnownError:
        return False


def _refuse_irregular(path: Path, found: os.stat_result) -> None:
    if stat.S_ISREG(found.st_mode):
        return
    kind = "a folder" if stat.S_ISDIR(found.st_mode) else "not a file"
    raise KnownError("document.unreadable", path=str(path), reason=kind)
