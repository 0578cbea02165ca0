"""File locks, which the system releases when their process dies, so that a stale one never needs the user."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.files import PRIVATE_FILE, private_folder, problem_of
from slmdesk.base.paths import Paths

WAIT_S = 5.0
_INSTANCE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

if sys.platform == "win32":
    import msvcrt

    _SHARERS = 64  # msvcrt has no shared locks: each sharer takes a byte of its own, an exclusive lock takes them all

    def _take(handle: int, *, alone: bool) -> bool:
        places, size = (range(1), _SHARERS) if alone else (range(_SHARERS), 1)
        for place in places:
            os.lseek(handle, place, os.SEEK_SET)
            with suppress(OSError):
                msvcrt.locking(handle, msvcrt.LK_NBLCK, size)
                return True
        return False

else:
    import fcntl

    def _take(handle: int, *, alone: bool) -> bool:
        try:
            fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class FileLock:
    """A lock on a file of its own.  Raises KnownError `file.unwritable`; FileNotFoundError when it must not be made."""

    def __init__(self, path: Path, *, make: bool = True) -> None:
        self.path = path
        self._flags = os.O_RDWR | (os.O_CREAT if make else 0)
        self._alone = False
        self._handle = self._open()

    def try_alone(self) -> bool:
        """Lock exclusively, if nobody else holds the lock; a shared lock of this object is converted."""
        self._release_on_windows()
        self._alone = self._take(alone=True)
        return self._alone

    def share(self, *, wait_s: float = WAIT_S) -> bool:
        self._release_on_windows()
        deadline = time.monotonic() + wait_s
        while not self._take(alone=False):
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)  # the system's own blocking call cannot be interrupted
        self._alone = False
        return True

    def is_there(self) -> bool:
        """Whether the file still has its name: a lock on a removed file keeps nobody out."""
        with suppress(OSError):
            return os.path.samestat(os.fstat(self._handle), self.path.stat())
        return False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Lock exclusively for a while, then share again.  Raises KnownError `store.in_use`."""
        if self._alone:
            yield
            return
        if not self.try_alone():
            self.share()  # a failed conversion may have released the shared lock
            raise KnownError("store.in_use")
        try:
            yield
        finally:
            self.share()

    def close(self) -> None:
        """Release the lock.  May be called twice."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _open(self) -> int:
        try:
            return os.open(self.path, self._flags, PRIVATE_FILE)
        except OSError as err:
            if isinstance(err, FileNotFoundError) and not self._flags & os.O_CREAT:
                raise
            raise problem_of(err, self.path) from err

    def _take(self, *, alone: bool) -> bool:
        try:
            return _take(self._handle, alone=alone)
        except OSError as err:
            raise problem_of(err, self.path) from err

    def _release_on_windows(self) -> None:
        if sys.platform == "win32":  # closing is the one sure way to release every byte
            os.close(self._handle)
            self._handle = self._open()


class InstanceLock:
    """Held while an instance runs; a file left over means a crash.  Raises KnownError `store.in_use`."""

    def __init__(self, paths: Paths, instance_id: str) -> None:
        if not _INSTANCE_ID.fullmatch(instance_id):
            raise ValueError("an instance's id is letters, digits, - and _")
        private_folder(paths.instance_locks)
        self.path = paths.instance_locks / f"{instance_id}.lock"
        for _ in range(100):
            self._lock = FileLock(self.path)
            if self._lock.try_alone():
                if self._lock.is_there():
                    return
            elif self._lock.is_there():
                self._lock.close()
                raise KnownError("store.in_use")
            self._lock.close()  # another instance removed the file between opening and locking
        raise KnownError("store.in_use")

    def close(self) -> None:
        """End in an orderly way.  May be called twice."""
        if os.name != "nt":
            with suppress(OSError):
                self.path.unlink()
            self._lock.close()
        else:  # Windows cannot remove an open file
            self._lock.close()
            with suppress(OSError):
                self.path.unlink()


def is_instance_alive(paths: Paths, instance_id: str) -> bool:
    """Whether the instance with this id still holds its lock.  No lock file: it ended in order, or never existed."""
    path = paths.instance_locks / f"{instance_id}.lock"
    if not _INSTANCE_ID.fullmatch(instance_id):
        return False
    try:
        lock = FileLock(path, make=False)
    except FileNotFoundError:
        return False
    try:
        return not lock.try_alone()
    finally:
        lock.close()


def sweep_dead_instances(paths: Paths) -> int:
    swept = 0
    for path in sorted(paths.instance_locks.glob("*.lock")):
        with suppress(FileNotFoundError):  # its instance has just ended in order
            lock = FileLock(path, make=False)
            if lock.try_alone():
                if os.name == "nt":
                    lock.close()
                with suppress(OSError):  # another instance removed it just now
                    path.unlink()
                    swept += 1
            lock.close()
    return swept
