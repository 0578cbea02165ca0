"""A file that is, or should be, our database: what it is, with which key, and whether it is whole."""

from __future__ import annotations

import hashlib
import hmac
import io
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from slmdesk.base.errors import KnownError
from slmdesk.base.files import writing_to
from slmdesk.base.record import Record
from slmdesk.base.sealing import decrypt_cbc
from slmdesk.store import database as driver
from slmdesk.store.database import HEADER_BYTES, Connection, journal_of
from slmdesk.store.messages import INDEXES

if TYPE_CHECKING:
    from slmdesk.store.keys import DataKey, KeyFile

APPLICATION_ID = 0x534C4D44
"""'SLMD', in the file's header: tells our file from another program's."""
MAGIC = b"SQLite format 3\0"
RESERVED_BYTES = 80
RESERVED_AT = 20
"""Where the header says how much of each page is reserved: 80 in an encrypted file, 0 in a plain file."""
PAGE_BYTES = 4096
LEAST_HEADER = 100
_IV_BYTES, _MAC_BYTES = 16, 64
_MASK = 0x3A
LOOKED_AT = 4096
"""Pages that are tried before a file is taken for that of another key: the first may be damaged or half written."""
NEWER, DAMAGED, OURS = "newer", "damaged", "ours"


class CipherPages:
    def __init__(self, key: DataKey) -> None:
        self._key, salt = key.database()
        self._mac_key = hashlib.pbkdf2_hmac("sha512", self._key, bytes(byte ^ _MASK for byte in salt), 2, 32)

    def is_whole(self, number: int, page: bytes) -> bool:
        if len(page) != PAGE_BYTES:
            return False
        start = HEADER_BYTES if number == 1 else 0
        signed = page[start:-_MAC_BYTES] + number.to_bytes(4, "little")
        return hmac.compare_digest(hmac.digest(self._mac_key, signed, "sha512"), page[-_MAC_BYTES:])

    def plain(self, number: int, page: bytes) -> bytes:
        """A page's content without the reserved bytes; empty for a damaged page, of which nothing is guessed."""
        if not self.is_whole(number, page):
            return b""
        start = HEADER_BYTES if number == 1 else 0
        end = PAGE_BYTES - RESERVED_BYTES
        return page[:start] + decrypt_cbc(self._key, page[end : end + _IV_BYTES], page[start:end])


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """Anything but a regular file, such as a FIFO, which would block, reads as empty.  Raises KnownError
    `file.missing`, `file.unreadable`.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        if stat.S_ISREG(os.fstat(handle).st_mode):
            with os.fdopen(handle, "rb") as file:
                yield file
        else:
            os.close(handle)
            yield io.BytesIO()
    except FileNotFoundError as err:
        raise KnownError("file.missing", path=str(path)) from err
    except OSError as err:
        raise KnownError("file.unreadable", path=str(path), reason=err.strerror or "") from err


class StoreFile(Record):
    """Looked at as bytes, while no connection of this process has it open: closing another handle would drop SQLite's
    locks.  Every method raises KnownError `file.unreadable`.
    """

    path: Path
    offset: int = 0
    """Where the database begins: in an encrypted backup behind its keys."""
    size: int | None = None
    """None: all of the file."""
    keys: KeyFile | None = None

    @property
    def end(self) -> int:
        return self.offset + (self.path.stat().st_size - self.offset if self.size is None else self.size)

    @property
    def header(self) -> bytes:
        """Its first bytes; empty for no regular file."""
        try:
            with reading(self.path) as file:
                file.seek(self.offset)
                return file.read(HEADER_BYTES)
        except KnownError as known:
            if known.code != "file.missing":
                raise
            return b""

    @property
    def is_encrypted(self) -> bool:
        return self._reserved == RESERVED_BYTES

    @property
    def is_plain(self) -> bool:
        return self._reserved == 0

    @property
    def version(self) -> int:
        return int.from_bytes(self.header[60:64], "big")

    @property
    def _reserved(self) -> int:
        """The only sign of encryption: there is no flag elsewhere.  -1 for no database."""
        header = self.header
        return header[RESERVED_AT] if header.startswith(MAGIC) and len(header) > RESERVED_AT else -1

    def verdict(self, newest: int) -> str:
        """OURS, NEWER or DAMAGED, by the header alone, for whom `newest` is the version of today."""
        header = self.header
        if len(header) < LEAST_HEADER or not header.startswith(MAGIC):
            return DAMAGED
        page_bytes = int.from_bytes(header[16:18], "big")
        page_bytes = 65536 if page_bytes == 1 else page_bytes
        if page_bytes < 512 or page_bytes & (page_bytes - 1) or int.from_bytes(header[68:72], "big") != APPLICATION_ID:
            return DAMAGED
        if int.from_bytes(header[60:64], "big") > newest:
            return NEWER
        pages = int.from_bytes(header[28:32], "big")
        try:
            is_cut = self.end - self.offset < pages * page_bytes
        except OSError as err:
            raise KnownError("file.unreadable", path=str(self.path), reason=err.strerror or "") from err
        return DAMAGED if is_cut and not has_journal(self.path) else OURS  # SQLite repairs it from the journal

    def fits(self, key: DataKey) -> bool:
        """Whether a page is whole with this key."""
        pages = CipherPages(key)
        with reading(self.path) as file:
            file.seek(self.offset)
            for number in range(1, LOOKED_AT + 1):
                page = file.read(PAGE_BYTES)
                if len(page) < PAGE_BYTES:
                    return False
                if pages.is_whole(number, page):
                    return True
        return False

    def is_under(self, key: DataKey | None) -> bool:
        """Whether it is encrypted with this key; None: whether it is plain."""
        return self.fits(key) if key is not None and self.is_encrypted else key is None and not self.is_encrypted

    def proved(self, *keys: DataKey | None) -> DataKey | None:
        """The first of these keys that opens it, None for a plain file; no key reaches SQLite unproved, which takes a
        wrong key for damage.  Raises KnownError key.library_missing, and key.wrong, or key.missing where the first is
        None.
        """
        if not self.is_encrypted:
            return None
        if any(key is not None for key in keys):
            driver.cipher()
        for key in keys:
            if key is not None and self.fits(key):
                return key
        raise KnownError("key.missing" if keys[0] is None else "key.wrong")


def has_journal(database: Path) -> bool:
    with suppress(OSError):
        return journal_of(database).stat().st_size > 0
    return False


def remove_pair(database: Path) -> None:
    for each in (database, journal_of(database)):
        each.unlink(missing_ok=True)


@contextmanager
def made_beside(database: Path) -> Iterator[Path]:
    """The name of a new file, to be renamed when it is whole; else nothing stays of it.  Raises KnownError `disk.full`,
    `file.unwritable`.
    """
    beside = database.with_name(f".{database.name}.new")
    with writing_to(beside):
        remove_pair(beside)  # left over from a crash
        try:
            yield beside
        finally:
            with suppress(OSError):
                remove_pair(beside)


# ---- whether it is whole, once it is open


_OF_INDEX = re.compile("fts5: |(?:malformed|unable to validate the) inverted index for FTS5 ")
"""How a line begins that SQLite says of a search index, and of nothing else."""


def check_tables(conn: Connection, path: Path) -> None:
    """Raise store.damaged for a file with our header but without our tables."""
    try:
        conn.execute("select 1 from _sqlite_migrations, meta, items, messages, gone, models limit 0")
    except driver.operational_errors() as err:
        if driver.code_of(err) != driver.ERROR:
            raise
        raise KnownError("store.damaged", path=str(path)) from err


def check_pages(conn: Connection, path: Path) -> bool:
    """Raises KnownError store.damaged for inconsistent pages.  Whether the search indexes fit (from SQLite 3.44 on);
    an index that does not is made anew.
    """
    found = [row[0] for row in conn.execute(f"PRAGMA quick_check({len(INDEXES) + 1})").fetchall()]
    wrong = [line for line in found if line != "ok"]
    if not all(_OF_INDEX.match(line) for line in wrong):
        raise KnownError("store.damaged", path=str(path))
    return not wrong


def check_seals(conn: Connection, path: Path, key: DataKey | None) -> None:
    """Raises KnownError store.damaged for an encrypted file with a page, even if unused, whose HMAC is wrong."""
    if key is not None and conn.execute("PRAGMA cipher_integrity_check").fetchall():
        raise KnownError("store.damaged", path=str(path))
