"""Where models that are added are kept, and where those of a move that an older version began are now. File work."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Collection, Mapping
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.files import open_new, private_folder, writing_to
from slmdesk.base.protocol import record_from
from slmdesk.base.record import Record
from slmdesk.base.runtime.file_io import PART_SUFFIX, name_end
from slmdesk.base.texts import _

PROBE = f".import-probe{PART_SUFFIX}"
OURS = (".moving-", ".download-", ".import-", ".formats", ".elsewhere")
"""Starts of names of what we leave in the folder of the models, `.moving-` in older versions."""
SUMS = "SHA256SUMS"
"""Name of the file beside model files that may list their checksums, as `sha256sum` writes it."""
MOST_JOURNAL = 16 << 20
_SYSTEM = {
    "lost+found", "system volume information", "$recycle.bin", ".ds_store", ".spotlight-v100", ".fseventsd",
    ".trashes", ".trash-1000", "desktop.ini", "thumbs.db",
}  # fmt: skip
"""Names of entries that an operating system puts into an empty disk, or into a folder that was viewed."""


def make_ready(folder: Path) -> None:
    """Create the folder where it is missing, and check that it can be written and is for models alone.

    Raises KnownError `folder.not_empty`, `file.unwritable`, `file.unreadable`, `disk.full`.
    """
    if not folder.is_absolute():
        raise KnownError("file.unwritable", path=str(folder), reason=_("it is no whole path"))
    try:
        names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    except OSError as err:
        raise KnownError("file.unreadable", path=str(folder), reason=err.strerror or str(err)) from err
    if name := next((name for name in names if not _may_be_there(name)), ""):
        raise KnownError("folder.not_empty", path=str(folder), name=name)
    private_folder(folder)
    with writing_to(folder):
        (folder / PROBE).unlink(missing_ok=True)
        os.close(open_new(folder / PROBE))
        (folder / PROBE).unlink()


_BEGINNINGS = (b"GGUF", b"lmgg")
"""First bytes of a model file, and of one for speech."""


def is_own_file(path: Path, sha256: str, folders: Collection[Path]) -> bool:
    """Tell whether a file may be deleted as ours: no link, begins as a model does, and lies in one of our folders of
    models. In a folder that was chosen earlier it must have the name that the program gives. The paths of models are
    stored, so this asks the disk.
    """
    is_here = path.name.endswith(name_end(sha256)) or any(_is_same(path.parent, folder) for folder in folders)
    return is_here and is_model_file(path)


def is_model_file(path: Path) -> bool:
    """Tell whether this is a regular file, and no link, that begins as a model does."""
    try:
        handle = os.open(path, os.O_RDONLY | _NO_LINK)
        try:
            is_file = stat.S_ISREG(os.fstat(handle).st_mode) and stat.S_ISREG(path.lstat().st_mode)
            return is_file and os.read(handle, 4) in _BEGINNINGS
        finally:
            os.close(handle)
    except (OSError, ValueError):
        return False


_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def _is_same(folder: Path, other: Path) -> bool:
    try:
        return folder.samefile(other)
    except (OSError, ValueError):
        return False


def _may_be_there(name: str) -> bool:
    return name.startswith(OURS) or name.lower().endswith(".gguf") or name == SUMS or name.lower() in _SYSTEM


class MovedFile(Record):
    id: str
    """Id of the model; empty for a file of a download."""
    old: str
    new: str
    bytes: int
    mtime_ns: int = 0
    inode: int = 0
    """Of a copy whose checksum was compared; 0 if the file has the time and inode it had."""


class _Journal(Record):
    files: tuple[MovedFile, ...]


def read_journal(path: Path) -> tuple[MovedFile, ...]:
    try:
        with path.open("rb") as file:
            return record_from(_Journal, json.loads(file.read(MOST_JOURNAL))).files
    except (OSError, ValueError, RecursionError, KnownError):
        return ()


Place = tuple[str, bytes, bytes, tuple[int, int] | None]
"""Id of a model, the path it has, the path where its file is, and the file's time and inode if it has other ones."""


def found_again(files: tuple[MovedFile, ...], paths: Mapping[str, str]) -> tuple[list[Place], bool]:
    """Return which models lie at the other place of their move, and whether each was found. `paths`: by id."""
    places, is_whole = [], True
    for file in files:
        path = paths.get(file.id, "")
        if not path or Path(path).exists():
            continue
        there = next((each for each in (file.old, file.new) if each != path and _has_size(each, file.bytes)), "")
        is_whole &= bool(there)
        if there:
            mark = (file.mtime_ns, file.inode) if there == file.new and file.inode else None
            places.append((file.id, os.fsencode(path), os.fsencode(there), mark))
    return places, is_whole


def _has_size(path: str, size: int) -> bool:
    try:
        return Path(path).stat().st_size == size
    except OSError:
        return False
