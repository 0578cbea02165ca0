"""Builds the report of a bug: versions and a traceback, without any text of the user's."""

from __future__ import annotations

import platform
import sys
import traceback

import slmdesk

_PACKAGES = ("llama-cpp-python", "PySide6-Essentials", "sqlite-utils", "huggingface-hub")


def bug_report(error: BaseException) -> str:
    """Return the program's versions and the traceback of `error`, ready to be copied.

    The messages of the errors are left out, because a message may quote the text it failed on.
    """
    lines = [f"slmdesk {slmdesk.__version__}", f"Python {platform.python_version()} on {platform.platform()}"]
    lines += [f"{name} {_version(name)}" for name in _PACKAGES]
    seen: BaseException | None = error
    for _ in range(5):
        if seen is None:
            break
        lines += ["", f"{type(seen).__module__}.{type(seen).__qualname__}"]
        for frame in traceback.extract_tb(seen.__traceback__)[-30:]:
            lines.append(f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}")
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\n".join(lines)


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # late: it brings the email package, 20 ms at start

    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _short(filename: str) -> str:
    """Return the file name from the package on, because a full path may hold the user's name."""
    for folder in (*sys.path, sys.prefix):
        if folder and filename.startswith(folder.rstrip("/\\") + "/"):
            return filename[len(folder.rstrip("/\\")) + 1 :]
    return filename.replace("\\", "/").rsplit("/", 1)[-1]
