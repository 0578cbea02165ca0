"""Reads small JSON files that a person, another version or a crash may have spoiled."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

MAX_FILE_BYTES = 1 << 20


def read_file(path: Path, examine: Callable[[int], object] = lambda _handle: None) -> bytes:
    """Read a regular file of at most MAX_FILE_BYTES.  Raises OSError.  A FIFO would block an ordinary open.

    `examine` is given the handle before anything is read.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        examine(file.fileno())
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "it is not a regular file")
        untrusted = file.read(MAX_FILE_BYTES + 1)
    if len(untrusted) > MAX_FILE_BYTES:
        raise OSError(0, "it is too large")
    return untrusted


def object_in(untrusted: bytes) -> dict[str, Any]:
    """Parse a JSON object.  Raises ValueError (or RecursionError) for anything else."""
    shape = json.loads(untrusted.decode("utf-8-sig"))
    if not isinstance(shape, dict):
        raise ValueError("not an object")
    return shape


def json_bytes(shape: dict[str, Any]) -> bytes:
    return json.dumps(shape, indent=2, ensure_ascii=True, sort_keys=True).encode() + b"\n"
