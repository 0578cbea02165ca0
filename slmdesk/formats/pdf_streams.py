"""Finds compressed PDF streams that would expand hugely, before pdfium unpacks them whole in memory."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from slmdesk.base.errors import KnownError
from slmdesk.formats.base import Reading

LEAST_PACKED = 4096
"""Bytes; what is smaller cannot become more than 4 MiB (1,032 times as much, by the format), unless packed twice."""
SUSPICIOUS = 100
"""Times as large as it was: words and drawings become five to thirty times."""
MOST_UNPACKED = 48 << 20
"""Of all suspicious streams together."""
STEP = 1 << 18
_STREAM = re.compile(rb"stream\r?\n")
_HEAD = 2048
_FLATE = re.compile(rb"/(?:F|#46)(?:l|#6[cC])")
_IMAGE = re.compile(rb"/Subtype\s*/Image")


def check_streams(reading: Reading, data: bytes) -> None:
    """Raises KnownError `document.bomb`.  Pictures packed once are left out: pdfium unpacks them line by line."""
    total = 0
    for begin, head in _streams(data):
        filters = len(_FLATE.findall(head))
        if (_IMAGE.search(head) and filters < 2) or not _is_packed(data[begin : begin + 2]):
            continue
        reading.check()
        end = data.find(b"endstream", begin)
        end = len(data) if end < 0 else end
        if end - begin < LEAST_PACKED and filters < 2:
            continue
        size, taken = _unpacked(data, begin, end)
        if size > SUSPICIOUS * taken:
            total += size
        if total > MOST_UNPACKED:
            raise KnownError("document.bomb", path=reading.path)


def _streams(data: bytes) -> Iterator[tuple[int, bytes]]:
    for found in _STREAM.finditer(data):
        if data[max(0, found.start() - 3) : found.start()] == b"end":
            continue
        before = data[max(0, found.start() - _HEAD) : found.start()]
        yield found.end(), before[before.rfind(b" obj") + 1 :]


def _is_packed(head: bytes) -> bool:
    """Whether this begins as RFC 1950 says."""
    return len(head) == 2 and head[0] & 0x0F == 8 and int.from_bytes(head, "big") % 31 == 0


def _unpacked(data: bytes, begin: int, end: int) -> tuple[int, int]:
    """What it becomes, or what is packed in it once more does: the larger, as far as it matters; of how many bytes."""
    unpacker, size, first = zlib.decompressobj(), 0, b""
    inner, inner_size = zlib.decompressobj(), 0
    at, rest = begin, b""
    try:
        while size <= MOST_UNPACKED and inner_size <= MOST_UNPACKED:
            if not rest:
                if at >= end:
                    break
                rest, at = data[at : min(at + STEP, end)], at + STEP
            piece = unpacker.decompress(rest, STEP)
            rest = unpacker.unconsumed_tail
            if not piece and not rest and unpacker.eof:
                break
            size += len(piece)
            first = first or piece[:2]
            if _is_packed(first):
                inner_size += _fed(inner, piece)
            if unpacker.eof:
                break
    except zlib.error:
        pass  # damaged: what there is was counted
    return max(size, inner_size), max(1, min(at, end) - len(rest) - begin)


def _fed(unpacker: zlib._Decompress, piece: bytes) -> int:
    size = 0
    try:
        while piece and size <= MOST_UNPACKED:
            size += len(unpacker.decompress(piece, STEP))
            piece = unpacker.unconsumed_tail
    except zlib.error:
        return size
    return size
