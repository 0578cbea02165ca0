"""The reader of each format; a test checks that none is missing."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.formats.base import Reader, Reading
from slmdesk.formats.pictures import Picture, PictureBlock, PictureRequest

READERS: Mapping[str, str] = {
    "pdf": "pdf:read",
    "txt": "text:read",
    "code": "text:read_code",
    "md": "markdown:read",
    "docx": "docx:read",
    "pptx": "pptx:read",
    "xlsx": "xlsx:read",
    "xlsb": "old_sheets:read_xlsb",
    "xls": "old_sheets:read_xls",
    "csv": "separated:read",
    "odt": "odt:read",
    "odp": "odp:read",
    "ods": "ods:read",
    "html": "html:read",
    "mht": "eml:read_archive",
    "epub": "epub:read",
    "rtf": "rtf:read",
    "eml": "eml:read",
    "msg": "msg:read",
    "subtitles": "subtitles:read",
    "ttml": "timed_text:read",
    "po": "text:read",
    "xliff": "text:read",
}
"""Module of this package and function, by the ids of core.formats."""


ATTACHMENTS: Mapping[str, str] = {
    "pdf": "pdf:attachment",
    "eml": "eml:attachment",
    "msg": "msg:attachment",
}
"""The same for formats that hold documents: a function (Reading, index) -> (name, bytes)."""
PICTURES: Mapping[str, str] = {
    "pdf": "pdf:picture",
}


def reader_of(format_id: str) -> Reader:
    """The reader of a format, imported when it is first needed: their libraries are large.  Raises KeyError."""
    reader: Reader = _named(READERS[format_id])
    return reader


def attachment_of(reading: Reading, format_id: str, index: int) -> tuple[str, bytes]:
    """The name and the bytes of a document inside another.  Raises KnownError `request.invalid` for none."""
    if format_id not in ATTACHMENTS:
        raise KnownError("request.invalid", what="attachment")
    name, data = _named(ATTACHMENTS[format_id])(reading, index)
    return name, data


def picture_of(reading: Reading, format_id: str, requested: PictureRequest) -> Picture:
    """A page as it looks.  Raises KnownError `document.no_image` where the format has no such thing."""
    if format_id not in PICTURES:
        raise KnownError("document.no_image", path=reading.path)
    pictured: PictureBlock = _named(PICTURES[format_id])
    return pictured(reading, requested)


def _named(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(f"slmdesk.formats.{module}"), name)
