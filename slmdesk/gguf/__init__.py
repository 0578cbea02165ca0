"""Model files: header, formats, memory; here how the parts of a split model are named.

Imports nothing of ours: children read it before their walls are up.
"""

from __future__ import annotations

import re
from pathlib import Path

MAX_PARTS = 999
_PART = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<suffix>\.gguf)", re.IGNORECASE | re.DOTALL)


def part_of(path: Path) -> tuple[str, int, int] | None:
    """What `path` is a part of, by its name: (the name without the number, which part from 1, of how many)."""
    found = _PART.fullmatch(path.name)
    if found is None:
        return None
    number, count = int(found["number"]), int(found["count"])
    return (found["stem"], number, count) if 1 <= number <= count <= MAX_PARTS else None
