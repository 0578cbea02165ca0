"""Distinguishes old Office files: all are OLE compound files with different streams inside ([MS-CFB])."""

from __future__ import annotations

import struct
from typing import BinaryIO

import olefile

_KINDS = (
    ("EncryptedPackage", "locked"),
    ("__properties_version1.0", "msg"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("WordDocument", "doc"),
    ("PowerPoint Document", "ppt"),
)
OLD = {
    "doc": "an old Word file; saved as .docx it can be read",
    "ppt": "an old PowerPoint file; saved as .pptx it can be read",
}


def ole_kind(file: BinaryIO) -> str:
    """`xls`, `msg`, `doc`, `ppt`, `locked` for a new Office file behind a password, `ole` for anything else.

    Leaves the file at its beginning.
    """
    file.seek(0)
    try:
        with olefile.OleFileIO(file) as found:
            return next((kind for name, kind in _KINDS if found.exists(name)), "ole")
    except (OSError, ValueError, IndexError, TypeError, struct.error):  # raised for damaged files
        return "ole"
    finally:
        file.seek(0)
