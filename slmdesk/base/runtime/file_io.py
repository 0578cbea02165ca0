"""Copies, hashes and checks large model files on file threads, and estimates how long such work will still take."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.files import PRIVATE_FILE, need_free, private_folder, sync_folder, writing_to
from slmdesk.base.record import Record
from slmdesk.history.store.database import FileLock
from slmdesk.models.gguf.read import opened, shown_path

if sys.platform != "win32":
    import fcntl

CHUNK_BYTES = 4 << 20
SPARE_BYTES = 64 << 20
"""Bytes that must stay free on the disk after a model was copied, so that the history can still be saved."""
MAX_SLUG = 60
PART_SUFFIX = ".part"
OWNED_S = 60.0
"""Age in seconds up to which a partial file is left alone: its program may not have locked the file yet."""

OnBytes = Callable[[int, int], None]
"""Callback with (bytes done, bytes in total), called at most ten times a second."""


class FileMark(Record):
    """Size, time and inode of a file. Comparing them is a cheap way to tell whether a hashed file is still the same."""

    bytes: int
    mtime_ns: int
    inode: int


class HashedFile(Record):
    path: Path
    sha256: str
    mark: FileMark


def slug(name: str) -> str:
    kept = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "-" for letter in name)
    while "--" in kept:
        kept = kept.replace("--", "-")
    return kept.strip(".-_")[:MAX_SLUG].strip(".-_") or "model"


def file_name(name: str, sha256: str) -> str:
    """Return a model file's name in the models folder: built by the program, never taken from the original file."""
    return f"{slug(name)}{name_end(sha256)}"


def name_end(sha256: str) -> str:
    return f"-{sha256[:12]}.gguf"


def mark_of(path: Path) -> FileMark:
    """Return the size, time and inode of a regular file.  Raises KnownError `model.missing`, `model.unreadable`."""
    with opened(path) as (_file, info):
        return _mark(info)


def hash_file(path: Path, on_bytes: OnBytes, stop: threading.Event) -> HashedFile:
    """Return the sha256 of a file.

    Raises KnownError `model.…` (`model.changed` if the file changes during the reading) and Stopped.
    """
    digest = hashlib.sha256()
    mark = _read(path, digest.update, on_bytes, stop)
    return HashedFile(path, digest.hexdigest(), mark)


def copy_in(
    source: Path,
    folder: Path,
    name: str,
    on_bytes: OnBytes,
    stop: threading.Event,
    check: Callable[[str], object] = lambda _sha256: None,
) -> HashedFile:
    """Copy `source` into `folder` under the file name `name`, and compute its hash during the copy. `check` is called
    with the hash before the copy gets its name, and may raise.

    The copy is written to a partial file, synced and then renamed. An existing file of the same name is replaced: the
    name contains the sha256, so the old file is either identical or damaged. Raises KnownError `disk.full`, `model.…`,
    `file.unwritable`, and Stopped; the partial file is removed in these cases.
    """
    remove_left_overs(folder)
    needed = need_space(source, folder)
    part = folder / f".import-{uuid4().hex}{PART_SUFFIX}"
    digest = hashlib.sha256()
    try:
        with _writable(part) as out:

            def keep(chunk: bytes) -> None:
                digest.update(chunk)
                with writing_to(part, needed_bytes=needed):
                    out.write(chunk)

            _read(source, keep, on_bytes, stop)
            with writing_to(part, needed_bytes=needed):
                out.flush()
                os.fsync(out.fileno())
        check(digest.hexdigest())
        target = folder / file_name(name, digest.hexdigest())
        with writing_to(target):
            part.replace(target)
            sync_folder(folder)
        return HashedFile(target, digest.hexdigest(), mark_of(target))
    finally:
        with suppress(OSError):  # the folder is gone or not ours any more; the failure itself was already reported
            part.unlink(missing_ok=True)


def need_space(source: Path, folder: Path, *, bytes: int | None = None) -> int:
    """Return the bytes needed to copy `source` (or to store `bytes`, if given), including SPARE_BYTES.

    Raises KnownError `disk.full`, with the needed and the free bytes, when `folder` has less space.
    """
    needed = (mark_of(source).bytes if bytes is None else bytes) + SPARE_BYTES
    private_folder(folder)
    with writing_to(folder, needed_bytes=needed):
        need_free(folder, needed)
    return needed


def remove_left_overs(folder: Path) -> int:
    freed = 0
    for part in folder.glob(f".import-*{PART_SUFFIX}"):
        try:
            info = part.stat()
            age_s = time.time() - info.st_mtime
            if age_s > 86_400 or (age_s > OWNED_S and not _is_owned(part)):
                part.unlink()
                freed += info.st_size
        except OSError:
            continue  # another instance removed it first, or it may not be removed
    return freed


def _is_owned(part: Path) -> bool:
    """Return whether the program that writes this partial file is still running. Its lock on the file shows this."""
    with part.open("rb") as file:
        return not _own(file)


def _own(file: BinaryIO) -> bool:
    """Lock the file and return whether that worked. The system releases the lock when the process ends. No lock is
    needed on Windows, where an open file cannot be removed.
    """
    if sys.platform != "win32":
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # already locked, or a file system without locks: then the age decides
            return False
    return True


def _read(path: Path, take: Callable[[bytes], object], on_bytes: OnBytes, stop: threading.Event) -> FileMark:
    with opened(path) as (source, before):
        done = 0
        for chunk in chunks_of(source.read, before.st_size, on_bytes, stop):
            take(chunk)
            done += len(chunk)
        if done != before.st_size or _mark(os.fstat(source.fileno())) != _mark(before):
            raise KnownError("model.changed", path=shown_path(path))
        return _mark(before)


def chunks_of(read: Callable[[int], bytes], total: int, on_bytes: OnBytes, stop: threading.Event) -> Iterator[bytes]:
    """Yield what `read` returns until that is empty, and report how many of `total` bytes were read. Raises Stopped."""
    done, reported = 0, 0.0
    while chunk := read(CHUNK_BYTES):
        if stop.is_set():
            raise Stopped
        yield chunk
        done += len(chunk)
        if time.monotonic() - reported >= 0.1:
            reported = time.monotonic()
            on_bytes(done, total)
    on_bytes(done, total)


def _mark(info: os.stat_result) -> FileMark:
    return FileMark(info.st_size, info.st_mtime_ns, info.st_ino)


@contextmanager
def _writable(path: Path) -> Iterator[BinaryIO]:
    with writing_to(path):
        out = path.open("xb")
    try:
        path.chmod(PRIVATE_FILE)
        _own(out)
        yield out
    finally:
        with suppress(OSError):  # a failure to write was already reported
            out.close()


class Claim:
    """Exclusive right to write a partial file, which also holds against other processes. The system releases the claim
    when the process ends.
    """

    def __init__(self, lock: FileLock) -> None:
        self._lock = lock

    @staticmethod
    def take(path: Path) -> Claim | None:
        """Return the claim, or None while another process holds it.  Raises KnownError `file.unwritable`."""
        private_folder(path.parent)
        while True:
            lock = FileLock(path)
            taken, there = lock.try_alone(), lock.is_there()
            if taken and there:
                return Claim(lock)
            lock.close()
            if there:
                return None

    def release(self) -> None:
        if os.name != "nt":
            self._lock.path.unlink(missing_ok=True)
        self._lock.close()
        if os.name == "nt":  # an open file cannot be removed there
            with suppress(OSError):
                self._lock.path.unlink()
