"""Bytes of any length sealed piece by piece: a gigabyte needs no second gigabyte of memory.

Each piece vouches for its number, its file (a random salt) and what stands before it in the clear, so pieces can be
neither swapped nor taken from another file unnoticed; whether all are there tells the length.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BufferedReader

from slmdesk.base.sealing import NONCE_BYTES, TAG_BYTES, SealBroken, seal, unseal

PIECE = 4 << 20
SALT_BYTES = 16
_MORE = NONCE_BYTES + TAG_BYTES
_NUMBER = struct.Struct(">I")

Bytes = bytes | bytearray | memoryview


def sealed_size(length: int) -> int:
    return length + _MORE * -(-length // PIECE)


class Sealing:
    """Seals or opens the pieces of one file with one key, from the first to the last.  Not for two threads."""

    def __init__(self, key: bytes, salt: bytes, about: bytes) -> None:
        """`salt`: SALT_BYTES, random for each file; `about`: what stands before the pieces in the clear."""
        self._key, self._about = key, salt + about
        self._number = 0

    def seal(self, data: Bytes) -> Iterator[bytes]:
        """The sealed pieces of `data`.  Raises KnownError `key.library_missing`."""
        view = memoryview(data)
        for start in range(0, len(view), PIECE):
            yield seal(self._key, bytes(view[start : start + PIECE]), self._next())

    def open_into(self, file: BufferedReader, data: memoryview) -> None:
        """Fill `data` with what is sealed next in `file`.  Raises SealBroken, KnownError, OSError."""
        for start in range(0, len(data), PIECE):
            plain = data[start : start + PIECE]
            sealed = file.read(len(plain) + _MORE)
            if len(sealed) != len(plain) + _MORE:
                raise SealBroken("cut")
            plain[:] = unseal(self._key, sealed, self._next())

    def _next(self) -> bytes:
        number, self._number = self._number, self._number + 1
        return _NUMBER.pack(number) + self._about
