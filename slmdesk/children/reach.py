"""Which of the user's files a child process may open.  The app sets it when it starts the child; on Linux the kernel
enforces it (children/worker/sandbox.py).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from slmdesk.models.gguf import part_of

REACH_VARIABLE = "SLMDESK_MAY_OPEN"
"""How a child hears it: in its environment, which only its own account can read."""
UNTRIED_VARIABLE = "SLMDESK_UNTRIED_WALLS"
"""Set to 1 it has Windows and macOS put up walls that were written for them and never tried there."""
HANDLES_VARIABLE = "SLMDESK_HANDLES"
"""The descriptor from which a child takes documents that the app has opened for it."""
HANDLE_BYTES = 32
"""Of an entry on that way: the name of the job."""
MOST_BYTES = 100_000
"""Linux takes 128 KiB for a variable. Of more names than that the last are left out: what is loaded comes first."""


class AllowedPaths(NamedTuple):
    """Files and folders (with everything in them) that may be read, and folders that may be written to."""

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    most_bytes: int = 0
    """How large a file may be that is written there."""

    def with_file(self, path: str) -> AllowedPaths:
        """A copy that also allows another file, with the other parts of a split model. A folder is no model."""
        return self if path in self.read or Path(path).is_dir() else self._replace(read=(path, *self.read))

    def fitting(self) -> AllowedPaths:
        """A copy with as many names as the environment takes, the first ones."""
        return self._replace(read=tuple(_fitting(self.read)))

    def to_variable(self) -> str:
        read = [name for path in self.read for name in _with_parts(path)]
        return json.dumps({"read": read, "write": self.write, "most_bytes": self.most_bytes})


NOTHING = AllowedPaths()


def wants_untried(environment: Mapping[str, str], platform: str = sys.platform) -> bool:
    return platform in ("win32", "darwin") and environment.get(UNTRIED_VARIABLE) == "1"


def reach_from(environment: Mapping[str, str]) -> AllowedPaths:
    """Decode from the environment; where the app set nothing, nothing may be opened."""
    try:
        said = json.loads(environment.get(REACH_VARIABLE) or "{}")
        read, write = tuple(map(str, said.get("read", ()))), tuple(map(str, said.get("write", ())))
        return AllowedPaths(read, write, int(said.get("most_bytes", 0)))
    except (ValueError, AttributeError, TypeError):
        return NOTHING


class ResolvedPaths(NamedTuple):
    """The files a reach stood for when a child was started, identified by inode, as the kernel does."""

    folders: tuple[str, ...]
    files: frozenset[tuple[int, int]]

    def covers(self, path: str) -> bool:
        """Whether the child may read the file that has this path now.  A missing file needs no permission."""
        real = os.path.realpath(path)
        if any(real == folder or real.startswith(folder.rstrip(os.sep) + os.sep) for folder in self.folders):
            return True
        mark = _mark_of(path)
        return mark is None or mark in self.files


def reached_by(reach: AllowedPaths) -> ResolvedPaths:
    paths = [*reach.read, *reach.write]
    folders = [path for path in paths if Path(path).is_dir()]
    marks = (_mark_of(path) for path in paths if path not in folders)
    return ResolvedPaths(tuple(map(os.path.realpath, folders)), frozenset(mark for mark in marks if mark is not None))


def _mark_of(path: str) -> tuple[int, int] | None:
    try:
        info = Path(path).stat()
    except (OSError, ValueError):
        return None
    return info.st_dev, info.st_ino


def _fitting(paths: Sequence[str]) -> Iterator[str]:
    left = MOST_BYTES
    for path in paths:
        left -= sum(len(json.dumps(name)) + 2 for name in _with_parts(path))
        if left < 0:
            return
        yield path


def _with_parts(path: str) -> list[str]:
    file = Path(path)
    part = part_of(file)
    if part is None:
        return [path]
    stem, _, count = part
    return [str(file.parent / f"{stem}-{number:05}-of-{count:05}{file.suffix}") for number in range(1, count + 1)]
