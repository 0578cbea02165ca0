"""The files of a model that was split, by their names: NAME-00001-of-00003.gguf and so on (llama.cpp's gguf-split)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.labels import clean_label

_PART = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<suffix>\.gguf)", re.IGNORECASE | re.DOTALL)
MAX_PARTS = 999
MAX_NAMED = 5


def part_of(path: Path) -> tuple[str, int, int] | None:
    """What `path` is a part of, by its name: (the name without the number, which part from 1, of how many)."""
    found = _PART.fullmatch(path.name)
    if found is None:
        return None
    number, count = int(found["number"]), int(found["count"])
    return (found["stem"], number, count) if 1 <= number <= count <= MAX_PARTS else None


def first_parts(paths: Sequence[Path]) -> list[Path]:
    """`paths` with the parts of one model once, as its first part there; each file but once, in their order."""
    seen: set[tuple[Path, str, int]] = set()
    kept: dict[Path, None] = {}
    for path in sorted(paths, key=lambda one: (part_of(one) or ("", 0, 0))[1]):
        part = part_of(path)
        if part is not None:
            key = (path.parent, part[0], part[2])
            if key in seen:
                continue
            seen.add(key)
        kept[path] = None
    return [one for one in paths if one in kept]


def parts_of(path: Path, count: int) -> list[Path]:
    """All parts of the model of which `path` is one; `count` as its header says.

    Raises KnownError `model.parts_missing` with the names of those that are not there, and `model.damaged` where name
    and header contradict each other.
    """
    part = part_of(path)
    if part is None or part[2] != count:
        name = clean_label(path.name, 80)
        raise KnownError("model.damaged", reason=f"{name} is no name of one of {count} parts of a model")
    stem, suffix = part[0], path.suffix
    names = [f"{stem}-{number:05}-of-{count:05}{suffix}" for number in range(1, count + 1)]
    missing = [name for name in names if not (path.parent / name).is_file()]
    if missing:
        named = ", ".join(clean_label(name, 80) for name in missing[:MAX_NAMED])
        more = f" and {len(missing) - MAX_NAMED} more" if len(missing) > MAX_NAMED else ""
        raise KnownError("model.parts_missing", count=count, missing=len(missing), names=named + more)
    return [path.parent / name for name in names]
