"""Whether only administrators can have written a file: its owner, and who else may change it or its folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

ROOT = 0


def owner_of(about: os.stat_result) -> str:
    """The name of a file's owner, or its number; empty on Windows."""
    if os.name == "nt":
        return ""
    import pwd

    try:
        return pwd.getpwuid(about.st_uid).pw_name
    except KeyError:
        return str(about.st_uid)


def why_not_theirs(handle: int, path: Path) -> str:
    """Why somebody else may have written the open file at `path`, put it there or may exchange it; empty: nobody.

    Looks at the file, at the folder named and, where a link leads elsewhere, at the folder it really lies in.
    """
    try:
        if os.name == "nt":
            from slmdesk.core import windows_rights

            return windows_rights.why_not_theirs(handle, path)
        found = why_not_roots(os.fstat(handle), "it")
        for folder in dict.fromkeys((path.parent, path.resolve().parent)):
            found = found or why_not_roots(folder.stat(), "its folder")
        return found
    except (OSError, RuntimeError) as err:  # RuntimeError: a loop of links
        return f"it cannot be told who may write it: {err}"


def why_not_roots(about: os.stat_result, what: str) -> str:
    """Why a file or folder may be changed by others than root; empty: it may not."""
    if about.st_uid != ROOT:
        return f"{what} belongs to {owner_of(about)} and not to root"
    if about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"{what} can be changed by others than root"
    return ""
