"""What stands in the files of a folder while a program writes there: one that goes meanwhile is passed over."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

OLD = 1_000_000_000
"""A time long ago: a file that changed just now is left for later, as it may still be written."""


def write(path: Path, words: str, *, at: float = OLD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(words, encoding="utf-8")
    os.utime(path, (at, at))
    return path


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Each file that is still there when its turn comes, with its bytes."""
    for place, _folders, names in os.walk(folder):
        for name in names:
            path = Path(place) / name
            with suppress(FileNotFoundError):  # a temporary file, the log beside a database
                if path.is_file():
                    yield path, path.read_bytes()


def files_with(folder: Path, words: str) -> list[str]:
    """The names of the files that hold these words."""
    return sorted(path.name for path, held in contents(folder) if words.encode() in held)
