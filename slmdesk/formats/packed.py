"""Reads zip archives of office documents with limits on real bytes (X1); nothing is unpacked to disk (X3)."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from slmdesk.base.errors import KnownError
from slmdesk.formats.base import Reading

MAX_ENTRIES = 20_000
MAX_ENTRY_BYTES = 128 << 20
MAX_BYTES = 512 << 20
"""For everything that is read from one archive."""
MAX_RATIO = 200
"""Between unpacked and packed, beyond the first RATIO_FREE_BYTES: real XML reaches some 40, a bomb 1,000."""
RATIO_FREE_BYTES = 16 << 20
MAX_LIST_BYTES = 4 << 20
"""Of the list of entries: some 200 for each."""
_CHUNK = 1 << 18
_ENDS = ((b"PK\x05\x06", 22, 12, 4), (b"PK\x06\x06", 98, 40, 8))
"""Records with the size of the list, the second in archives beyond 4 GiB or 65,535 entries: their signatures, where
they begin before the end, and the position of the size in them."""
_ELSEWHERE = b"\xff" * 4
_END_BYTES = 65_535 + 22 + 20 + 56
BROKEN = (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, ValueError, EOFError)


class Archive:
    """The parts of one document.  Names are keys to look up, never paths."""

    def __init__(self, archive: zipfile.ZipFile, path: str) -> None:
        self._archive, self._path = archive, path
        self._left = MAX_BYTES
        self._infos = {info.filename: info for info in archive.infolist()}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._infos)

    def __contains__(self, name: str) -> bool:
        return name in self._infos

    def read(self, name: str) -> bytes:
        """The bytes of a part; empty where there is none of that name.

        Raises KnownError `document.bomb`, `document.damaged`, `document.locked`.
        """
        return b"".join(self.chunks(name))

    def chunks(self, name: str, most_bytes: int = MAX_ENTRY_BYTES) -> Iterator[bytes]:
        """The same piece by piece, for parts that need not be in memory as a whole.  Raises as `read` does."""
        info = self._infos.get(name)
        if info is None:
            return
        if info.flag_bits & 1:
            raise KnownError("document.locked", path=self._path)
        limit = min(most_bytes, max(RATIO_FREE_BYTES, info.compress_size * MAX_RATIO))
        if info.file_size > limit:  # more than its header says is never unpacked, so that this costs no time
            raise KnownError("document.bomb", path=self._path)
        size = 0
        try:
            with self._archive.open(info) as part:
                while piece := part.read(_CHUNK):
                    size += len(piece)
                    self._left -= len(piece)
                    if size > limit or self._left < 0:
                        raise KnownError("document.bomb", path=self._path)
                    yield piece
        except BROKEN as err:
            raise KnownError(
                "document.damaged", path=self._path, reason=f"its part {name[:80]} cannot be read"
            ) from err


@contextmanager
def opened(reading: Reading) -> Iterator[Archive]:
    """The archive of a document.  Raises KnownError `document.damaged`, `document.bomb`, and as `Reading.open` does."""
    with reading.open() as file, _zip(file, reading.path) as archive:
        if len(archive.infolist()) > MAX_ENTRIES:
            raise KnownError("document.bomb", path=reading.path)
        yield Archive(archive, reading.path)


def _zip(file: BinaryIO, path: str) -> zipfile.ZipFile:
    if lists_too_much(file):
        raise KnownError("document.bomb", path=path)
    try:
        return zipfile.ZipFile(file)
    except BROKEN as err:
        raise KnownError("document.damaged", path=path, reason="it is no whole archive") from err


def lists_too_much(file: BinaryIO) -> bool:
    """Whether the list of an archive is longer than any document's: zipfile would read all of it at once.

    The list's size stands in the record at the archive's end (APPNOTE.TXT 4.3.14 and 4.3.16), whose comment may have
    65,535 bytes.  Leaves the file at its beginning.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _END_BYTES))
    tail = file.read()
    file.seek(0)
    for mark, length, offset, width in _ENDS:
        for at in {tail.rfind(mark), len(tail) - length}:  # where zipfile looks for it
            reported = tail[at + offset : at + offset + width] if at >= 0 and tail.startswith(mark, at) else b""
            if reported != _ELSEWHERE and int.from_bytes(reported, "little") > MAX_LIST_BYTES:
                return True
    return False
