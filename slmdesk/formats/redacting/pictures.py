"""Takes out of a picture what it says besides its pixels: its maker, its place, a title, a smaller copy of itself."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from slmdesk.formats.png import png_of

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_PNG_KEPT = frozenset(
    (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"bKGD", b"pHYs", b"sBIT")
)
_SCAN, _END, _COMMENT = 0xDA, 0xD9, 0xFE
_KEPT_APPS = frozenset((0xE0, 0xEE))
"""JFIF and Adobe's note on colours, without which a picture has wrong ones."""
BLANK = png_of(b"\xff\xff\xff", width=1, height=1, stride=3)


def cleaned(data: bytes) -> bytes | None:
    """A PNG or JPEG file with its pixels alone; None for what is neither, or damaged."""
    try:
        if data.startswith(_PNG):
            return _PNG + b"".join(_png_kept(data))
        if data.startswith(_JPEG):
            return b"".join(_jpeg_kept(data))
    except (struct.error, ValueError, IndexError, zlib.error):
        return None
    return None


def _png_kept(data: bytes) -> Iterator[bytes]:
    at = len(_PNG)
    while True:
        size, kind = struct.unpack_from(">I4s", data, at)
        if at + 12 + size > len(data):
            raise ValueError("cut")
        if kind in _PNG_KEPT:
            yield data[at : at + 12 + size]
        if kind == b"IEND":
            return  # what follows the end is no picture
        at += 12 + size


def _jpeg_kept(data: bytes) -> Iterator[bytes]:
    yield data[:2]
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ValueError("no marker")
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == _END:
            yield data[at : at + 2]
            return
        if 0xD0 <= marker <= 0xD7 or marker == 1:
            yield data[at : at + 2]
            at += 2
            continue
        size = struct.unpack_from(">H", data, at + 2)[0] + 2
        is_kept = marker != _COMMENT and (marker not in range(0xE0, 0xF0) or marker in _KEPT_APPS)
        segment = data[at : at + size]
        if marker == 0xE0:
            segment = _without_thumbnail(segment)
        if is_kept:
            yield segment
        at += size
        if marker == _SCAN:
            end = _scan_end(data, at)
            yield data[at:end]
            at = end


def _without_thumbnail(segment: bytes) -> bytes:
    """A JFIF header with no small copy in it; of its extensions, which are such copies, nothing."""
    if segment[4:9] != b"JFIF\0" or len(segment) < 18:
        return b""
    return segment[:2] + struct.pack(">H", 16) + segment[4:16] + b"\0\0"


def _scan_end(data: bytes, at: int) -> int:
    """Where the pixels end: at a marker that is no restart (ITU T.81, B.1.1)."""
    while True:
        at = data.index(b"\xff", at)
        if data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 2
