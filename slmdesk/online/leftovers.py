"""Finds what downloads left in the models folder: abandoned partial files, and damaged files."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.files import problem_of
from slmdesk.base.record import Record
from slmdesk.hub.part import parts_in
from slmdesk.online.download import JOINED
from slmdesk.runtime.file_io import Claim

_PART_OF = re.compile(r"-\d{5}-of-\d{5}(?=\.gguf$)", re.IGNORECASE)


class LeftoverFile(Record):
    """A partial file whose download is not running here, or a damaged file."""

    id: str
    repo: str
    """Empty where its journal is lost."""
    name: str
    bytes: int
    expected: int
    is_bad: bool


def left_overs(folder: Path, *, but: Collection[tuple[str, str]] = ()) -> list[LeftoverFile]:
    """All there are, without the parts of (repository, name) in `but`.  Looks at the disk."""
    found = []
    for path, origin in parts_in(folder):
        is_bad = path.suffix == ".bad"
        if origin and not is_bad and (origin.repo, origin.name) in but:
            continue
        try:
            size = path.stat().st_size
        except OSError:
            continue  # it has just become whole
        repo, name, expected = (origin.repo, origin.name, origin.bytes) if origin else ("", path.name, size)
        found.append(LeftoverFile(path.name, repo, name, size, expected, is_bad))
    return found


def discard(folder: Path, left_over: str) -> int:
    """Delete one, by its id.  Returns the bytes freed.

    Raises KnownError `download.unknown` when it is gone or somebody fetches it just now, `file.unwritable`.
    """
    path = next((one for one, _origin in parts_in(folder) if one.name == left_over), None)
    claim = Claim.take(path.with_suffix(".lock")) if path else None
    if path is None or claim is None:
        raise KnownError("download.unknown", id=left_over)
    try:
        freed = path.stat().st_size
        path.unlink()
        if not any(path.with_suffix(suffix).exists() for suffix in (".part", ".bad", JOINED)):
            path.with_suffix(".journal").unlink(missing_ok=True)
    except OSError as err:
        raise problem_of(err, path) from err
    finally:
        claim.release()
    return freed


def remove_parts_of(folder: Path, repo: str, name: str) -> int:
    """Delete the parts of one file of a repository, all of them where it is split.  Returns the bytes freed.

    What somebody else fetches just now is left alone.  Raises KnownError `file.unwritable`.
    """
    freed = 0
    for path, origin in parts_in(folder) if name else ():
        if origin is None or path.suffix == ".bad" or origin.repo != repo or _whole(origin.name) != _whole(name):
            continue
        try:
            freed += discard(folder, path.name)
        except KnownError as err:
            if err.code != "download.unknown":
                raise
    return freed


def _whole(name: str) -> str:
    return _PART_OF.sub("", name)
