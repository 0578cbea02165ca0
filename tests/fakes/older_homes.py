"""Homes that earlier versions made, and what those versions said of them: `golden/homes`, named by their commits.

Each archive holds the home, a backup of it and `said.json`: what commands printed, what services returned, the
settings.  What a later version meant to say otherwise (headings of exports, ranks) stands there as 10e8a0d4 said it.
`starter` was made with the starter model, the others with the echo engine; their documents and models are not there.
"""

from __future__ import annotations

import dataclasses
import json
import tarfile
from enum import Enum
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "golden" / "homes"


def unpack(name: str, folder: Path) -> dict[str, Any]:
    """Unpack a home as `folder`/home.  Returns what its version said of it."""
    with tarfile.open(FOLDER / f"{name}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return json.loads((folder / "said.json").read_text("utf-8"))


def plain(value: Any) -> Any:
    """A record as JSON, its fields by their names."""
    if names := getattr(value, "__struct_fields__", None):
        return {name: plain(getattr(value, name)) for name in names}
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if hasattr(value, "keys"):
        return {str(plain(key)): plain(value[key]) for key in value}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return value if isinstance(value, str | int | float | None) else str(value)


def holds(now: Any, then: Any) -> bool:
    """Whether all that was said then is said now; fields that came later may stand beside it."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(key in now and holds(now[key], value) for key, value in then.items())
    if isinstance(then, list):
        return isinstance(now, list) and len(now) == len(then) and all(map(holds, now, then))
    return bool(now == then)
