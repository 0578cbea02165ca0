"""Joins the parts of a split model to the one file it was split from.

Source: llama.cpp's gguf-split: the first part carries all keys, each part its own tensors, in order; `split.no`,
`split.count` and `split.tensors.count` are added.  The data of the parts is copied as it is; only offsets change.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from slmdesk.base.record import Record
from slmdesk.gguf.file import MAGIC, opened
from slmdesk.gguf.header import GgufHeader
from slmdesk.gguf.parse import DEFAULT_ALIGNMENT, MAX_KEYS, MAX_TENSORS
from slmdesk.gguf.read import check_file
from slmdesk.gguf.reader import MAX_KEY_BYTES, CutShort, HeaderReader, damaged

_PIECE = 4 << 20
_VERSION = 3


class _Piece(Record):
    path: Path
    keys: tuple[bytes, ...]
    tensors: tuple[tuple[bytes, int], ...]
    data_start: int
    data_bytes: int


def join(parts: Sequence[Path], out: BinaryIO, on_bytes: Callable[[int], object]) -> str:
    """Write the whole model to `out`; returns its sha256.  `on_bytes` is called with the bytes written, and may raise.

    Raises KnownError `model.…` for parts that are damaged, of different models, or incomplete, and OSError.
    """
    pieces = [_read(path, number, len(parts)) for number, path in enumerate(parts)]
    alignment = _alignment(parts[0])
    digest, written = hashlib.sha256(), 0

    def put(chunk: bytes) -> None:
        nonlocal written
        out.write(chunk)
        digest.update(chunk)
        written += len(chunk)
        on_bytes(written)

    head = _head(pieces, alignment)
    put(head + bytes(-len(head) % alignment))
    for piece in pieces:
        for chunk in _data(piece):
            put(chunk)
        put(bytes(-piece.data_bytes % alignment))
    return digest.hexdigest()


def _head(pieces: Sequence[_Piece], alignment: int) -> bytes:
    keys = pieces[0].keys
    count = sum(len(piece.tensors) for piece in pieces)
    head = bytearray(MAGIC + struct.pack("<IQQ", _VERSION, count, len(keys)))
    head += b"".join(keys)
    base = 0
    for piece in pieces:
        for before, offset in piece.tensors:
            head += before + struct.pack("<Q", base + offset)
        base += piece.data_bytes + -piece.data_bytes % alignment
    return bytes(head)


def _read(path: Path, number: int, count: int) -> _Piece:
    header = check_file(path)
    if (header.kind, header.split_no, header.split_count) != ("split", number, count):
        raise damaged(f"part {number + 1} of {count} is another one")
    with opened(path) as (file, info):
        reader = HeaderReader(file, info.st_size)
        reader.skip(8)
        try:
            tensor_count, key_count = reader.u64(), reader.u64()
            if tensor_count > MAX_TENSORS or key_count > MAX_KEYS:
                raise damaged("too many tensors or keys")
            spans = [one for _ in range(key_count) if (one := _key(reader)) is not None]
            tensors = [_tensor(reader) for _ in range(tensor_count)]
        except CutShort as err:  # checked above: the file has changed meanwhile
            raise damaged("it changed while it was read") from err
        keys = tuple(_span(file, start, end) for start, end in spans)
        infos = tuple((_span(file, start, end), offset) for start, end, offset in tensors)
    return _Piece(path, keys, infos, header.data_start, header.data_end - header.data_start)


def _key(reader: HeaderReader) -> tuple[int, int] | None:
    """Positions of a key and its value; None for keys that only describe the split."""
    start = reader.position
    name, _length = reader.string(MAX_KEY_BYTES)
    reader.value(reader.u32(), keep=False)
    return None if name.startswith(b"split.") else (start, reader.position)


def _tensor(reader: HeaderReader) -> tuple[int, int, int]:
    start = reader.position
    reader.string(0)
    reader.skip(8 * reader.u32() + 4)
    return start, reader.position, reader.u64()


def _span(file: BinaryIO, start: int, end: int) -> bytes:
    file.seek(start)
    data = file.read(end - start)
    if len(data) != end - start:
        raise damaged("it changed while it was read")
    return data


def _data(piece: _Piece) -> Iterator[bytes]:
    with opened(piece.path) as (file, _info):
        file.seek(piece.data_start)
        left = piece.data_bytes
        while left:
            chunk = file.read(min(_PIECE, left))
            if not chunk:
                raise damaged("it changed while it was read")
            left -= len(chunk)
            yield chunk


def _alignment(first: Path) -> int:
    header: GgufHeader = check_file(first)
    found = header.metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    return found if isinstance(found, int) else DEFAULT_ALIGNMENT
