"""Encodes raw pixels as a PNG file (the PNG specification, W3C)."""

from __future__ import annotations

import struct
import zlib

_LEVEL = 3
"""Compression level: pages are mostly white, and a person is waiting."""


def png_of(rgb: bytes, *, width: int, height: int, stride: int) -> bytes:
    """Rows of three bytes a pixel (red, green, blue), each row `stride` bytes after the one before."""
    packer = zlib.compressobj(_LEVEL)
    rows = memoryview(rgb)
    packed = []
    for row in range(height):
        packed.append(packer.compress(b"\0"))  # each row begins with its filter type: none
        packed.append(packer.compress(rows[row * stride : row * stride + width * 3]))
    packed.append(packer.flush())
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (_chunk(b"IHDR", head), _chunk(b"IDAT", b"".join(packed)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
