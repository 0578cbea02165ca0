"""Whether only administrators, or they and oneself, can have written a file: whose it is, and who may change it."""

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


def why_not_theirs(handle: int, path: Path, *, or_ours: bool = False) -> str:
    """Why somebody else may have written the open file at `path`, put it there or may exchange it; empty: nobody.

    `or_ours`: the account that this runs as may, too.  Looks at the file, at the folder named and, where a link leads
    elsewhere, at the folder it really lies in.
    """
    try:
        if os.name == "nt":
            from slmdesk.base import windows_rights

            return windows_rights.why_not_theirs(handle, path, or_ours=or_ours)
        ours = os.geteuid() if or_ours else None
        found = why_not_roots(os.fstat(handle), "it", ours)
        for folder in dict.fromkeys((path.parent, path.resolve().parent)):
            found = found or why_not_roots(folder.stat(), "its folder", ours)
        return found
    except (OSError, RuntimeError) as err:  # RuntimeError: a loop of links
        return f"it cannot be told who may write it: {err}"


def why_not_roots(about: os.stat_result, what: str, ours: int | None = None) -> str:
    """Why a file or folder may be changed by others than root and the account `ours`; empty: it may not."""
    if about.st_uid not in (ROOT, ours):
        return f"{what} belongs to {owner_of(about)} and not to {'root' if ours is None else 'you'}"
    if about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"{what} can be changed by others{' than root' if ours is None else ''}"
    return ""
