"""Writes, hashes and syncs a downloaded file on a thread of its own, while the next bytes arrive.

Bytes that arrive while the thread is idle are written at once; those that arrive while it works, together afterwards.
So nothing waits in memory when the network stalls, and a fast one costs few handovers.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Protocol

SYNC_BYTES = 8 << 20
"""Bytes between two syncs: after a kill or a power cut at most these and the queued ones are fetched again."""
MOST_BEHIND = 4 << 20
"""Bytes that may wait for the thread; beyond that, the connection waits."""


class Digest(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...


class WriteBehind:
    """The thread and its queue.  Its methods belong to one caller; they raise the OSError that the thread met."""

    def __init__(self, handle: int, digest: Digest, size: int, synced: Callable[[int], None]) -> None:
        self._handle, self._digest, self._synced = handle, digest, synced
        self._wake = threading.Condition()
        self._waiting: list[bytes] = []
        self._bytes = 0
        self._error: OSError | None = None
        self._is_working = self._is_ending = self._wants_sync = False
        self._synced_at = size
        self.written = size
        """Bytes of the file that are written and hashed; the caller may look once `drain` has returned or raised."""
        self._thread = threading.Thread(target=self._run, name="part", daemon=True)
        self._thread.start()

    def put(self, chunk: bytes) -> None:
        with self._wake:
            while self._bytes > MOST_BEHIND and self._error is None:
                self._wake.wait()
            if self._error is None:
                self._waiting.append(chunk)
                self._bytes += len(chunk)
                self._wake.notify_all()
        self._raise()

    def drain(self, *, sync: bool = False) -> None:
        """Wait until all is written and hashed; with `sync` also on the disk and recorded."""
        with self._wake:
            self._wants_sync = self._wants_sync or sync
            self._wake.notify_all()
            while (self._waiting or self._is_working or self._wants_sync) and self._error is None:
                self._wake.wait()
        self._raise()

    def close(self) -> None:
        """End the thread; bytes still queued are dropped."""
        with self._wake:
            self._waiting.clear()
            self._is_ending = True
            self._wake.notify_all()
        self._thread.join()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while True:
            with self._wake:
                self._is_working = False
                self._wake.notify_all()
                while not (self._waiting or self._wants_sync or self._is_ending):
                    self._wake.wait()
                if self._is_ending:
                    return
                batch, self._waiting = self._waiting, []
                self._is_working, wants_sync = True, self._wants_sync
            error: OSError | None = None
            try:
                self._work(batch, wants_sync=wants_sync)
            except OSError as err:
                error = err
            with self._wake:
                self._bytes -= sum(map(len, batch))
                self._wants_sync = self._wants_sync and not wants_sync
                self._error = error
                if error is not None:
                    self._wake.notify_all()
                    return

    def _work(self, batch: list[bytes], *, wants_sync: bool) -> None:
        for chunk in batch:
            rest = memoryview(chunk)
            while rest:
                count = os.write(self._handle, rest)
                self._digest.update(rest[:count])
                self.written += count
                rest = rest[count:]
        since = self.written - self._synced_at
        if since >= SYNC_BYTES or (wants_sync and since):
            sync_file(self._handle)
            self._synced_at = self.written
            self._synced(self.written)


def sync_file(handle: int) -> None:
    """Raises OSError."""
    if hasattr(os, "fdatasync"):  # the journal holds the size: times and owner may come later
        os.fdatasync(handle)
    else:
        os.fsync(handle)
