"""Locks on files: the system drops them when their process dies, so a stale one never needs the user."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from slmdesk.core.errors import KnownError
from slmdesk.core.files import PRIVATE_FILE, private_folder, problem_of
from slmdesk.paths import Paths

WAIT_S = 5.0
_INSTANCE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

if sys.platform == "win32":
    import msvcrt

    _SHARERS = 64  # msvcrt knows no shared locks: each sharer takes a byte of its own, one alone takes them all

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
    """A lock on a file of its own, alone or shared.

    Raises KnownError `file.unwritable` when it cannot be made; FileNotFoundError when it is not to be made.
    """

    def __init__(self, path: Path, *, make: bool = True) -> None:
        self.path = path
        self._flags = os.O_RDWR | (os.O_CREAT if make else 0)
        self._alone = False
        self._handle = self._open()

    def try_alone(self) -> bool:
        """Hold it alone, if nobody else holds it.  A shared hold of this object is turned into it."""
        self._release_on_windows()
        self._alone = self._take(alone=True)
        return self._alone

    def share(self, *, wait_s: float = WAIT_S) -> bool:
        """Hold it beside others; waits for one who holds it alone, at most `wait_s`."""
        self._release_on_windows()
        deadline = time.monotonic() + wait_s
        while not self._take(alone=False):
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)  # the system's own waiting call cannot be ended
        self._alone = False
        return True

    def is_there(self) -> bool:
        """Whether the file still has its name: a lock on one that was removed keeps nobody out."""
        with suppress(OSError):
            return os.path.samestat(os.fstat(self._handle), self.path.stat())
        return False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Alone for a while, shared again afterwards.  Raises KnownError `store.in_use` when another instance runs."""
        if self._alone:
            yield
            return
        if not self.try_alone():
            self.share()  # a failed conversion may have let go of the shared hold
            raise KnownError("store.in_use")
        try:
            yield
        finally:
            self.share()

    def close(self) -> None:
        """Let go.  May be called twice."""
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
        if sys.platform == "win32":  # closing is the one sure way to let go of every byte
            os.close(self._handle)
            self._handle = self._open()


class InstanceLock:
    """Held while a instance lives; its file is removed at an orderly end, so one that is left tells of a crash.

    Raises KnownError `store.in_use` when a instance of this id lives already.
    """

    def __init__(self, paths: Paths, instance_id: str) -> None:
        if not _INSTANCE_ID.fullmatch(instance_id):
            raise ValueError("a desk's id is letters, digits, - and _")
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
            self._lock.close()  # somebody swept it away between opening and locking
        raise KnownError("store.in_use")

    def close(self) -> None:
        """The orderly end.  May be called twice."""
        if os.name != "nt":
            with suppress(OSError):
                self.path.unlink()
            self._lock.close()
        else:  # an open file cannot be removed there
            self._lock.close()
            with suppress(OSError):
                self.path.unlink()


def is_instance_alive(paths: Paths, instance_id: str) -> bool:
    """Whether the app of this id still holds its lock.  No lock file: it ended in order, or never was."""
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
    """Remove the lock files of instances that crashed.  Returns how many there were."""
    swept = 0
    for path in sorted(paths.instance_locks.glob("*.lock")):
        with suppress(FileNotFoundError):  # its instance has just ended in order
            lock = FileLock(path, make=False)
            if lock.try_alone():
                if os.name == "nt":
                    lock.close()
                with suppress(OSError):  # another instance swept it just now
                    path.unlink()
                    swept += 1
            lock.close()
    return swept
