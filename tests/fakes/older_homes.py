"""A home that the version before format 1 made, with one of everything; its documents and models are not there."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent.parent / "golden" / "homes" / "06723715.tar.xz"


def unpack(folder: Path) -> list[dict[str, Any]]:
    """Unpack the home as `folder`/home. Returns its items as `history list` printed them."""
    with tarfile.open(FILE) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # not before Python 3.11.4
        archive.extractall(folder)
    items: list[dict[str, Any]] = json.loads((folder / "said.json").read_text("utf-8"))
    return items
