"""Checks, before a model is loaded, that its file is the one that was checked when it was added.  On a file thread."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.records import ModelRecord
from slmdesk.runtime.file_io import FileMark, hash_file, mark_of


def checked(record: ModelRecord, fresh: Callable[[], ModelRecord], stop: threading.Event) -> FileMark:
    """Return size, time and inode of a model's file; where they have changed, it is hashed again first.

    `fresh` returns the current record.  Raises KnownError `model.changed`, `file.…`, and Stopped once `stop` is set.
    """
    path, mark = place_of(record, fresh)
    if mark != FileMark(record.bytes, record.mtime_ns, record.inode):
        hashed = hash_file(path, lambda _done, _total: None, stop)
        mark = hashed.mark
        if hashed.sha256 != record.sha256:
            raise KnownError("model.changed", path=str(path))
    return mark


def place_of(record: ModelRecord, fresh: Callable[[], ModelRecord]) -> tuple[Path, FileMark]:
    """Return where the file is now: the models folder may have been moved since the model was asked for."""
    path = Path(os.fsdecode(record.path))
    try:
        return path, mark_of(path)
    except KnownError:
        now = Path(os.fsdecode(fresh().path))
        if now == path:
            raise
        return now, mark_of(now)
