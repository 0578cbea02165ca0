"""Temporary files in the cache for documents that are written to standard output."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from slmdesk.base.files import private_folder
from slmdesk.base.paths import Paths
from slmdesk.store import is_instance_alive


@contextmanager
def piped_folder(paths: Paths, instance_id: str) -> Iterator[Path]:
    """Create a private folder for this instance and delete it afterwards.  Raises KnownError file.unwritable,
    disk.full.
    """
    folder = paths.piped / instance_id
    private_folder(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_piped(paths: Paths) -> None:
    """Delete the folders left behind by killed instances."""
    with suppress(OSError):
        for folder in list(paths.piped.iterdir()):
            if not is_instance_alive(paths, folder.name):
                shutil.rmtree(folder, ignore_errors=True)
