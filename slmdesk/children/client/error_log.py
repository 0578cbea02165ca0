"""Keeps what children write to stderr, in a file of bounded size (W10)."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO

OLD_BYTES = 1 << 20
"""A log that has grown to this is set aside when the next child starts; one old log is kept."""
CHILD_BYTES = 1 << 20
"""Bytes that one child may write; of what follows, only the end is kept."""
TAIL_BYTES = 64 << 10
_CONTROLS = bytes(one for one in range(32) if one not in b"\n\t") + b"\x7f"


class ErrorLog:
    """The log of one child, filled from its stderr.  Never raises and never blocks the child, even on a full disk.

    A file holds at most OLD_BYTES + CHILD_BYTES + TAIL_BYTES and a line; with the old one under 5 MB.
    """

    def __init__(self, path: Path, is_sealed: Callable[[], bool]) -> None:
        """`is_sealed`: whether no word may be kept, since a child that was taken over would write what it has read."""
        self._path, self._is_sealed = path, is_sealed
        self._space = CHILD_BYTES
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self._left_out = 0
        self._file: IO[bytes] | None = None

    def follow(self, stream: IO[bytes]) -> threading.Thread:
        thread = threading.Thread(target=self._copy, args=(stream,), name=f"log {self._path.name}", daemon=True)
        thread.start()
        return thread

    def _copy(self, stream: IO[bytes]) -> None:
        with stream:
            self._open()
            while True:
                try:
                    block = os.read(stream.fileno(), 1 << 16)
                except (OSError, ValueError):
                    break
                if not block:
                    break
                self._add(block.translate(None, _CONTROLS))
            self._finish()

    def _open(self) -> None:
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self._path.exists() and self._path.stat().st_size > OLD_BYTES:
                self._path.replace(self._path.with_name(self._path.name + ".old"))
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._file = open(descriptor, "ab", buffering=0)  # noqa: PTH123, SIM115  a descriptor, kept

    def _add(self, block: bytes) -> None:
        if self._is_sealed():
            self._left_out += len(block)
            return
        fits, rest = block[: self._space], block[self._space :]
        self._space -= len(fits)
        self._write(fits)
        if rest:
            self._tail.append(rest)
            self._tail_bytes += len(rest)
            while self._tail_bytes - len(self._tail[0]) >= TAIL_BYTES:
                self._tail_bytes -= len(self._tail[0])
                self._left_out += len(self._tail.popleft())

    def _finish(self) -> None:
        if self._left_out:
            self._write(f"\n[{self._left_out} bytes left out]\n".encode())
        self._write(b"".join(self._tail)[-TAIL_BYTES:])
        if self._file is not None:
            self._file.close()

    def _write(self, block: bytes) -> None:
        if self._file is not None and block:
            with contextlib.suppress(OSError):
                self._file.write(block)
