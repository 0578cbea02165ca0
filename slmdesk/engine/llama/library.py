"""Loads llama.cpp when first needed: sets its environment before, and keeps its log instead of printing it."""

from __future__ import annotations

import ctypes
import importlib
import os
import re
import threading
from collections import deque
from collections.abc import Iterable
from typing import Any

from slmdesk.base.record import Record

ENVIRONMENT = {"GGML_NO_BACKTRACE": "1"}
"""Read by the library once: without it a failed assertion starts a debugger in the child."""

MAX_LOG_LINES = 4000
MAX_LOG_LINE_CHARACTERS = 500
_NO_MEMORY = re.compile(r"failed to allocate|unable to allocate|out of memory|bad_alloc", re.IGNORECASE)
_LEVEL_ERROR = 4
_LEVEL_CONTINUED = 5

_lock = threading.Lock()
_loaded: list[Library] = []  # at most one: a native library exists once in a process


class LogLine(Record):
    """One line of the library's log.  It may name files, never a user's text."""

    n: int
    """Counts all lines of this process, from 0."""
    level: int
    """1 debug, 2 information, 3 warning, 4 error."""
    text: str


class LibraryLog:
    """The last log lines of llama.cpp and ggml.  Written and read from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: deque[LogLine] = deque(maxlen=MAX_LOG_LINES)
        self._unfinished = ""
        self._level = 0
        self._count = 0

    def write(self, level: int, text: bytes) -> None:
        """Add what the library logs, which need not be a whole line."""
        with self._lock:
            if level != _LEVEL_CONTINUED:
                self._level = level
            *whole, rest = (self._unfinished + text.decode("utf-8", "replace")).split("\n")
            self._unfinished = rest[:MAX_LOG_LINE_CHARACTERS]
            for line in whole:
                self._lines.append(LogLine(self._count, self._level, line[:MAX_LOG_LINE_CHARACTERS]))
                self._count += 1

    def mark(self) -> int:
        """A position to read on from with `since`."""
        with self._lock:
            return self._count

    def since(self, mark: int) -> list[LogLine]:
        with self._lock:
            return [line for line in self._lines if line.n >= mark]

    def errors_since(self, mark: int) -> list[str]:
        """The texts of the error lines after `mark`, oldest first: the first names the cause."""
        return [line.text for line in self.since(mark) if line.level == _LEVEL_ERROR]


def lacks_memory(errors: Iterable[str]) -> bool:
    return any(map(_NO_MEMORY.search, errors))


class Library(Record):
    """The loaded library: `api` is the module llama_cpp.llama_cpp (untyped), `log` its log."""

    api: Any
    log: LibraryLog
    keep: tuple[object, ...]
    """Python's callbacks in the library: collected, the next call would crash the process."""


def load_library() -> Library:
    """Import llama_cpp and start its backend, once in a process.  Any thread; 0.1 s the first time."""
    with _lock:
        if not _loaded:
            _loaded.append(_load())
        return _loaded[0]


def _load() -> Library:
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    api: Any = importlib.import_module("llama_cpp.llama_cpp")
    log = LibraryLog()

    @api.llama_log_callback  # type: ignore[untyped-decorator]
    def on_log(level: int, text: bytes | None, _user_data: object) -> None:
        log.write(level, text or b"")

    api.llama_log_set(on_log, ctypes.c_void_p(0))
    api.llama_backend_init()
    return Library(api, log, (on_log,))
