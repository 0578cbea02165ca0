"""What a move of the models folder reports, and its plan: which files, and whether the new folder is usable.

Planned on file threads.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord
from slmdesk.models.move import files as move_files
from slmdesk.models.move.files import MovingFile
from slmdesk.runtime.file_io import file_name


class MovePlan(Record):
    folder: str
    target: str
    models: int
    bytes: int
    copy_bytes: int
    """Of those that have to be copied to another disk; the rest only gets another name."""
    free_bytes: int
    downloads: int
    """Running ones, which are paused meanwhile."""
    missing: tuple[str, ...] = ()


class MoveStep(StrEnum):
    COPYING = "copying"
    CHECKING = "checking"
    """What was copied is read again and compared."""
    FINISHING = "finishing"
    """The library is told the new places, then the old files go; this is not broken off any more."""


class MoveProgress(Record):
    step: MoveStep
    name: str
    done_bytes: int
    total_bytes: int
    """Of the models to be copied; 0 where nothing has to be."""
    fraction: float
    """Of the work, 0..1: copying and checking."""
    eta_s: float | None = None


class MoveResult(Record):
    """The models folder was moved; `moved` is None where that was cancelled."""

    target: str
    moved: int | None = None
    bytes: int = 0
    left: tuple[str, ...] = ()
    """Files of models that were not there, so that they could not be moved."""


class MoveRound(Record):
    files: tuple[MovingFile, ...]
    missing: tuple[str, ...]


def refuse_target(folder: Path, target: Path, records: Sequence[ModelRecord], shared: str) -> None:
    """Raise KnownError for a folder that cannot be the one for models.

    `folder`: the one that is, `shared`: the organisation's.
    """
    if not target.is_absolute() or "\0" in str(target):
        raise KnownError("file.unwritable", path=str(target), reason="it is no whole path")
    here, there = real(folder), real(target)
    if there != here and there.is_relative_to(here):
        raise KnownError("move.inside", path=str(target), other=str(folder))
    if shared and there.is_relative_to(real(Path(shared))):
        raise KnownError("setting.managed", key="models.folder")
    known = {str(real(path.parent) / path.name) for path in (Path(os.fsdecode(one.path)) for one in records)}
    if name := move_files.foreign_entry(there, known):
        raise KnownError("move.not_empty", path=str(target), name=name)


def gather(folder: Path, target: Path, records: Sequence[ModelRecord]) -> MoveRound:
    """Copies of ours that are not in `target`, wherever an earlier setting put them, and what downloads left."""
    files, missing = [], []
    taken = {os.fsdecode(one.path) for one in records}
    for one in records:
        old = Path(os.fsdecode(one.path))
        if one.linked or real(old.parent) == real(target):
            continue
        try:
            size = old.stat().st_size
        except OSError:
            missing.append(str(old))
            continue
        new = _free_place(target, old.name, file_name(one.name, one.sha256), taken)
        taken.add(str(new))
        files.append(MovingFile(one.id, one.name, str(old), str(new), size, one.sha256))
    if real(folder) != real(target):
        for part in move_files.download_files(folder):
            if not os.path.lexists(target / part.name):
                size = part.stat().st_size
                files.append(MovingFile("", part.name, str(part), str(target / part.name), size))
    return MoveRound(tuple(files), tuple(missing))


def real(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path


def _free_place(target: Path, name: str, other: str, taken: set[str]) -> Path:
    """Under its own name, else the one the program would make, else with a number."""
    stem, suffix = Path(other).stem, Path(other).suffix
    names = [name, other, *(f"{stem}-{number}{suffix}" for number in range(2, 1000))]
    for one in names:
        place = target / one
        if str(place) not in taken and not os.path.lexists(place):
            return place
    raise KnownError("file.exists", path=str(target / name))
