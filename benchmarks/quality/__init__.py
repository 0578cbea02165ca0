"""How good the results are, job by job: made documents, what must be found in them, and how that is judged by rule.

Each job has a folder of documents; beside each document `NAME.md` (or .csv, .docx …) stands `NAME.toml` with what is
expected.  All documents are made for this measure: people, firms and amounts in them are invented.  What is expected
was written down before any rule of the program was changed for it.

Half of the documents is *open* and may be looked at while the program is improved; the other half is *aside* and is
looked at once, at the end.  Which half a document belongs to follows from its name alone.
"""

from __future__ import annotations

import hashlib
from pathlib import PurePath

__all__ = ["is_aside"]


def is_aside(name: str) -> bool:
    """Whether a document of this name (with or without its extension) is only looked at at the end."""
    return int(hashlib.sha256(PurePath(name).stem.encode()).hexdigest(), 16) % 2 == 1
