"""Reads GGUF model files: header, quantization, memory needs. Here: the names of the files of a split model.

Imports no other module of the package, since child processes import it before they are sandboxed.
"""

from __future__ import annotations

import re
from pathlib import Path

MAX_PARTS = 999
_PART = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<suffix>\.gguf)", re.IGNORECASE | re.DOTALL)


def part_of(path: Path) -> tuple[str, int, int] | None:
    """Return what the name of `path` says if it is a part of a split model: (name without the number, part from 1,
    count of parts). Return None if it is not.
    """
    match = _PART.fullmatch(path.name)
    if match is None:
        return None
    number, count = int(match["number"]), int(match["count"])
    return (match["stem"], number, count) if 1 <= number <= count <= MAX_PARTS else None
