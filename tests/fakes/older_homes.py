"""Homes that earlier versions made, and what those versions said of them: `golden/homes`, named by their commits.

Each archive holds the home, a backup of it and `said.json`: what commands printed, what services returned, the
settings.  What a later version meant to say otherwise (headings of exports, ranks) stands there as 10e8a0d4 said it.
`starter` was made with the starter model, the others with the echo engine; their documents and models are not there.
"""

from __future__ import annotations

import dataclasses
import json
import re
import tarfile
from enum import Enum
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "golden" / "homes"


REWORDED = {
    r"(\d|\|) waits\b": r"\1 waiting",
    "it does not look like the language that was asked for": "Check language: not the one asked for",
    "it stands there as in the source": "Same as the source",
    r"it is much (\w+) than the source": r"Much \1 than the source",
    r"(number|date|name) differs: “([^”]+)” – original (“[^”]+”)": r"Check \1: \3 → “\2”",
    r"the number ([^;|]+?) is missing": r"Number missing: “\1”",
    r"the date ([^;|]+?) is missing": r"Date missing: “\1”",
    r"the name ([^;|]+?) is missing": r"Name missing: “\1”",
    r"the (number|date|name) ([^;|]+?) is not in the source": r"Check \1: “\2”",
    r"(“[^”]+”) of the source is missing, so the translation may say the opposite": r"Negation may be missing (\1)",
    r"the glossary has “([^”]+)” for “([^”]+)”": r"Glossary: \2 → \1",
}
"""Words of results that have been said otherwise since: pattern then, words now."""


def unpack(name: str, folder: Path) -> dict[str, Any]:
    """Unpack a home as `folder`/home.  Returns what its version said of it."""
    with tarfile.open(FOLDER / f"{name}.tar.xz") as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # not before Python 3.11.4
        archive.extractall(folder)
    said = json.dumps(json.loads((folder / "said.json").read_text("utf-8")), ensure_ascii=False)
    for then, now in REWORDED.items():
        said = re.sub(then, now, said)
    return json.loads(said)


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


GONE = {"redact", "redaction"}
"""Fields that went with their feature."""


def holds(now: Any, then: Any) -> bool:
    """Whether all that was said then is said now, but what is gone; fields that came later may stand beside it."""
    if isinstance(then, dict):
        kept = {key: value for key, value in then.items() if key not in GONE}
        return isinstance(now, dict) and all(key in now and holds(now[key], value) for key, value in kept.items())
    if isinstance(then, list):
        return isinstance(now, list) and len(now) == len(then) and all(map(holds, now, then))
    return bool(now == then)
