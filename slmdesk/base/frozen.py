"""How the program starts itself: from source, or frozen with its Python into one folder (packaging/slmdesk.spec)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, MutableMapping
from pathlib import Path

ROLES_PROGRAM = "slmdesk-cli.exe"
"""Windows: a program with windows has no standard streams, so that children and commands are run by one without."""
_SEARCHED = "LD_LIBRARY_PATH"


def is_frozen() -> bool:
    return bool(getattr(sys, "frozen", False))


def frozen_folder() -> Path | None:
    """The folder that holds the frozen program and nothing else."""
    return Path(sys.executable).resolve().parent if is_frozen() else None


def role_command(role: str) -> tuple[str, ...]:
    """The command of a child process."""
    if not is_frozen():
        return sys.executable, "-m", "slmdesk", "--worker", role
    program = str(Path(sys.executable).with_name(ROLES_PROGRAM)) if sys.platform == "win32" else sys.executable
    return program, "--worker", role


def same_command(arguments: Iterable[str]) -> list[str]:
    """The command of this very process with other arguments."""
    before = len(sys.orig_argv) - len(sys.argv) + 1
    return [sys.executable, *(() if is_frozen() else sys.orig_argv[1:before]), *arguments]


def give_back_environment(environment: MutableMapping[str, str] = os.environ) -> None:
    """Take out what the frozen program's start has put in for itself: another program would load our libraries."""
    if not is_frozen():
        return
    for name in [name for name in environment if name.startswith("_PYI_")]:
        del environment[name]
    before = environment.pop(f"{_SEARCHED}_ORIG", "")
    if before:
        environment[_SEARCHED] = before
    elif sys.platform == "linux":
        environment.pop(_SEARCHED, None)
