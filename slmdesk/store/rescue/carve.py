"""Rows out of a damaged SQLite file, page by page, without SQLite: it may refuse the whole file for one bad page.

Every page that looks like a leaf of a table is read as the file format says (https://www.sqlite.org/fileformat2.html,
sections 1.5, 1.6, 2.1).  All of it is untrusted: what does not fit is left out and counted.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from slmdesk.base.errors import KnownError
from slmdesk.store.cipher_pages import PAGE_BYTES, RESERVED_BYTES, CipherPages
from slmdesk.store.keys import DataKey

LEAF, INTERIOR = 0x0D, 0x05
INDEX_PAGES = (0x02, 0x0A)
USUAL_PAGE_BYTES = 4096
MAX_ROW_BYTES = 256 << 20
MAX_COLUMNS = 64
MOST_PAGES = 1 << 31
SCHEMA_COLUMNS = 5

Cell = str | bytes | int | float | None


@dataclass(slots=True)
class Carver:
    """Reads rows of known widths from the file `path`, which is only ever read."""

    path: Path
    key: DataKey | None = None
    """That its pages are encrypted with; damaged ones are then known by their HMAC and count as lost."""
    unreadable: int = 0
    """Cells of leaf pages that could not be read as a row."""
    _roots: dict[Cell, Cell] = field(init=False, default_factory=dict)
    _file: BinaryIO = field(init=False)
    _page_bytes: int = field(init=False, default=USUAL_PAGE_BYTES)
    _usable: int = field(init=False, default=USUAL_PAGE_BYTES)
    """Bytes of a page that hold content."""
    _pages: int = field(init=False, default=0)
    _cipher: CipherPages | None = field(init=False, default=None)

    def rows(self) -> Iterator[tuple[int, list[Cell]]]:
        """Row number and columns of each row found, in the order of the file.  Raises KnownError file.…"""
        with self._opened():
            for number in range(1, self._pages + 1):
                for n, cells in self._rows_of(number):
                    if len(cells) == SCHEMA_COLUMNS and cells[0] == "table":
                        self._roots[cells[1]] = cells[3]
                    yield n, cells

    def lost_pages(self, tables: Collection[str]) -> int:
        """How many pages must hold rows of these tables, by the trees that lead to them, and cannot be read as such.

        After `rows`.  Where the schema is lost: of all tables.  Raises KnownError file.…
        """
        with self._opened():
            requested = [root for name, root in self._roots.items() if name in tables and isinstance(root, int)]
            if not requested:
                requested = [one for one in range(1, self._pages + 1) if self._kind_of(one) == INTERIOR]
            seen, lost = set(requested), 0
            while requested:
                number = requested.pop()
                kind = self._kind_of(number)
                lost += kind not in (LEAF, INTERIOR, *INDEX_PAGES)
                if kind == INTERIOR:
                    children = self._children_of(number) - seen
                    seen |= children
                    requested += children
            return lost

    @contextmanager
    def _opened(self) -> Iterator[None]:
        try:
            handle = os.open(self.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
            with os.fdopen(handle, "rb") as self._file:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise KnownError("file.unreadable", path=str(self.path), reason="it is no regular file")
                self._measure()
                yield
        except FileNotFoundError as err:
            raise KnownError("file.missing", path=str(self.path)) from err
        except OSError as err:
            raise KnownError("file.unreadable", path=str(self.path), reason=err.strerror or "") from err

    def _measure(self) -> None:
        header = self._file.read(100)
        if self.key is not None:
            self._cipher = CipherPages(self.key)
            self._page_bytes, self._usable = PAGE_BYTES, PAGE_BYTES - RESERVED_BYTES
            self._pages = -(-os.fstat(self._file.fileno()).st_size // self._page_bytes)
            return
        reported = int.from_bytes(header[16:18], "big")
        reported = 65536 if reported == 1 else reported
        if header.startswith(b"SQLite format 3\0") and reported >= 512 and not reported & (reported - 1):
            self._page_bytes = self._usable = reported
        size = os.fstat(self._file.fileno()).st_size
        self._pages = -(-size // self._page_bytes)

    def _page(self, number: int) -> bytes:
        self._file.seek((number - 1) * self._page_bytes)
        page = self._file.read(self._page_bytes)
        return page if self._cipher is None else self._cipher.plain(number, page)

    def _kind_of(self, number: int) -> int:
        """The byte that says what a page is; -1 beyond the file."""
        page = self._page(number) if 0 < number <= self._pages else b""
        start = 100 if number == 1 else 0
        return page[start] if len(page) > start else -1

    def _children_of(self, number: int) -> set[int]:
        page = self._page(number)
        start = 100 if number == 1 else 0
        cells = int.from_bytes(page[start + 3 : start + 5], "big")
        found = {int.from_bytes(page[start + 8 : start + 12], "big")}
        for index in range(min(cells, self._page_bytes // 4)):
            at = start + 12 + 2 * index
            cell = int.from_bytes(page[at : at + 2], "big")
            found.add(int.from_bytes(page[cell : cell + 4], "big"))
        return found if all(1 < one <= MOST_PAGES for one in found) else set()

    def _rows_of(self, number: int) -> Iterator[tuple[int, list[Cell]]]:
        page = self._page(number)
        start = 100 if number == 1 else 0
        if len(page) < start + 8 or page[start] != LEAF:
            return
        cells = int.from_bytes(page[start + 3 : start + 5], "big")
        for index in range(min(cells, self._page_bytes // 4)):
            at = start + 8 + 2 * index
            try:
                yield self._row(page, int.from_bytes(page[at : at + 2], "big"))
            except (ValueError, IndexError):
                self.unreadable += 1

    def _row(self, page: bytes, at: int) -> tuple[int, list[Cell]]:
        size, at = varint(page, at)
        n, at = varint(page, at)
        if not 0 < size <= min(MAX_ROW_BYTES, self._pages * self._page_bytes):  # also ends a chain that is a circle
            raise ValueError("no size of a row")
        return n, columns_of(self._payload(page, at, size))

    def _payload(self, page: bytes, at: int, size: int) -> bytes:
        usable = self._usable
        most, least = usable - 35, (usable - 12) * 32 // 255 - 23
        here = size
        if size > most:
            here = least + (size - least) % (usable - 4)
            here = least if here > most else here
        if at + here + (4 if here < size else 0) > len(page):
            raise ValueError("a row beyond its page")
        pieces, missing = [page[at : at + here]], size - here
        following = int.from_bytes(page[at + here : at + here + 4], "big")
        while missing:
            if not 1 < following <= self._pages:
                raise ValueError("the rest of the row is lost")
            overflow = self._page(following)
            piece = overflow[4 : 4 + min(missing, usable - 4)]
            if len(piece) < min(missing, usable - 4):
                raise ValueError("the rest of the row is cut")
            pieces.append(piece)
            missing -= len(piece)
            following = int.from_bytes(overflow[:4], "big")
        return b"".join(pieces)


def varint(data: bytes, at: int) -> tuple[int, int]:
    """SQLite's number of one to nine bytes at `at`, signed, and where it ends."""
    value = 0
    for place in range(8):
        byte = data[at + place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + place + 1
    value = value << 8 | data[at + 8]
    return value - (1 << 64) if value >> 63 else value, at + 9


def columns_of(payload: bytes) -> list[Cell]:
    """The columns of a record.  Raises ValueError or IndexError for what is none."""
    header_bytes, at = varint(payload, 0)
    if not 0 < header_bytes <= len(payload):
        raise ValueError("no header of a record")
    kinds: list[int] = []
    while at < header_bytes:
        kind, at = varint(payload, at)
        kinds.append(kind)
    if at != header_bytes or len(kinds) > MAX_COLUMNS:
        raise ValueError("no header of a record")
    columns: list[Cell] = []
    for kind in kinds:
        value, at = _column(payload, at, kind)
        columns.append(value)
    if at != len(payload):
        raise ValueError("a record of another length")
    return columns


def _column(payload: bytes, at: int, kind: int) -> tuple[Cell, int]:
    if kind in (8, 9):
        return kind - 8, at
    if kind == 0:
        return None, at
    if kind < 0 or kind in (10, 11):
        raise ValueError("no kind of a column")
    size = (0, 1, 2, 3, 4, 6, 8, 8)[kind] if kind < 8 else (kind - 12) // 2
    data = payload[at : at + size]
    if len(data) < size:
        raise ValueError("a column beyond its record")
    if kind == 7:
        return struct.unpack(">d", data)[0], at + size
    if kind < 8:
        return int.from_bytes(data, "big", signed=True), at + size
    return (data.decode() if kind % 2 else data), at + size
