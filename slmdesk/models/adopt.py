"""Finds model files in the library's folders that the library does not list.  On file threads; no store, no other
service.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, field
from slmdesk.gguf.parts import part_of
from slmdesk.runtime.events import Problem
from slmdesk.runtime.file_io import remove_left_overs
from slmdesk.runtime.messages import problem_for


class UnlistedFiles(Record):
    own: tuple[Path, ...] = ()
    shared: Mapping[Path, str] = field(default_factory=dict)
    """In the organisation's folder, each with a word that changes when the file does."""
    problem: Problem | None = None
    """Why the organisation's folder could not be read."""

    @property
    def all(self) -> tuple[Path, ...]:
        return (*self.own, *self.shared)


def look_for_unadopted(
    own: Path | None, shared: str, known: Collection[str], twins: Collection[object]
) -> UnlistedFiles:
    """What lies in `own` and, where it is not empty, `shared`, but for the paths `known` and the words in `twins`.

    Parts of a model are left: putting them together is for a person to ask for.
    """
    mine: tuple[Path, ...] = ()
    if own is not None:
        try:
            mine = tuple(one for one in sorted(own.glob("*.gguf")) if str(one) not in known and not part_of(one))
            remove_left_overs(own)
        except OSError:
            mine = ()  # the folder is on a disk that is away: its models are said to be missing one by one
    if not shared:
        return UnlistedFiles(mine)
    try:
        names = [one for one in sorted(Path(shared).iterdir()) if one.suffix.lower() == ".gguf" and not part_of(one)]
        words = {one: f"{one.stat().st_mtime_ns} {one}" for one in names if str(one) not in known}
    except OSError as err:
        error = KnownError("file.unreadable", path=shared, reason=err.strerror or "it is away")
        return UnlistedFiles(mine, problem=problem_for(error))
    return UnlistedFiles(mine, {one: word for one, word in words.items() if word not in twins})
