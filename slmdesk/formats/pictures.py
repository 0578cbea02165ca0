"""Pictures of pages, for formats that have them, with the position of a passage on one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from slmdesk.base.record import Record
from slmdesk.formats.base import Reading

MAX_WIDTH = 4096

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom; 0..1 of the page's width and height."""


class PictureRequest(Record):
    number: int
    """From 1."""
    width: int
    """Pixels; 0: only the boxes are requested."""
    marks: tuple[tuple[int, int], ...] = ()
    """Spans of the page's text as its reader gave it: characters from, up to."""


class Picture(Record):
    png: bytes
    """Empty when only the boxes were requested."""
    width: int
    height: int
    boxes: tuple[tuple[Box, ...], ...] = ()
    """For each mark the boxes of its lines; none where the place is not known."""


PictureBlock: TypeAlias = Callable[[Reading, PictureRequest], Picture]
"""Raises KnownError document.…"""
