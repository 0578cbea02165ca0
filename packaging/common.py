"""What the programs in this folder share.  Only the standard library: they run before anything is installed."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input")
"""What follows a Python to call its pip."""


def python_of(environment: Path) -> Path:
    """The Python of a virtual environment."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


VENV = ROOT / ".venv"
PYTHON = python_of(VENV)


def say(words: str) -> None:
    """One line of progress, to stderr, in place of the better model's."""
    clear = "\x1b[K" if sys.stderr.isatty() and os.name != "nt" else ""
    print(f"slmdesk: {words}{clear}", file=sys.stderr, flush=True)


def sha256_of(path: Path) -> str:
    """The checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
