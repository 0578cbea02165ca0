"""Checks a command's output file before long work starts."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_there, write_atomically
from slmdesk.base.types import Json


def form_of(output: Path, forms: Sequence[str]) -> str:
    """The form of an output file, from its suffix.  Raises click.UsageError where it is none of `forms`."""
    form = output.suffix.lower().removeprefix(".")
    if form not in forms:
        raise click.UsageError(f"“{output.name}” must end in one of {', '.join('.' + one for one in forms)}.")
    return form


def check_file(output: Path, *, replace: bool) -> None:
    """Check that a file can be written there.  Raises KnownError `file.exists`, `file.unwritable`."""
    if is_there(output) and not replace:
        raise KnownError("file.exists", path=str(output))
    _check_folder(output.absolute().parent, output)


def check_folder(output: Path) -> None:
    """Check that a folder exists or can be created, and is writable.  Raises KnownError `file.unwritable`."""
    above = output.absolute()
    while not above.exists() and above != above.parent:
        above = above.parent
    _check_folder(above, output)


def _check_folder(folder: Path, output: Path) -> None:
    number = 0
    if not folder.exists():
        number = errno.ENOENT
    elif not folder.is_dir():
        number = errno.ENOTDIR
    elif not os.access(folder, os.W_OK | os.X_OK):
        number = errno.EACCES
    if number:
        raise KnownError("file.unwritable", path=str(output), reason=os.strerror(number))


def write_json(path: Path, shape: Mapping[str, Json]) -> None:
    """Write JSON for programs, completely or not at all.  Raises KnownError `file.unwritable`, `disk.full`."""
    text = json.dumps(shape, ensure_ascii=False, indent=2) + "\n"
    write_atomically(path, text.encode("utf-8", "replace"))
