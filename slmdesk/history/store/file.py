"""Examine a file that is, or should be, our database: what it is, which key opens it, and whether it is complete."""

from __future__ import annotations

import hashlib
import hmac
import io
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from slmdesk.base.errors import KnownError
from slmdesk.base.files import writing_to
from slmdesk.base.record import Record
from slmdesk.history.store import database as driver
from slmdesk.history.store import former
from slmdesk.history.store.database import HEADER_BYTES, Connection, journal_of
from slmdesk.history.store.messages import INDEXES

if TYPE_CHECKING:
    from slmdesk.history.store.keys import DataKey, KeyFile

APPLICATION_ID = 0x534C4D44
"""'SLMD' in the file's header, which tells our database from the file of another program."""
MAGIC = b"SQLite format 3\0"
RESERVED_BYTES = 80
RESERVED_AT = 20
"""Position of the header byte that says how many bytes of each page are reserved: 80 if encrypted, 0 if plain."""
PAGE_BYTES = 4096
LEAST_HEADER = 100
_MAC_BYTES = 64
_MASK = 0x3A
LOOKED_AT = 4096
"""Most pages tried before a file counts as encrypted with another key; the first may be damaged or half written."""
NEWER, DAMAGED, OURS = "newer", "damaged", "ours"


class CipherPages:
    def __init__(self, key: DataKey) -> None:
        encrypts, salt = key.database()
        self._mac_key = hashlib.pbkdf2_hmac("sha512", encrypts, bytes(byte ^ _MASK for byte in salt), 2, 32)

    def is_whole(self, number: int, page: bytes) -> bool:
        if len(page) != PAGE_BYTES:
            return False
        start = HEADER_BYTES if number == 1 else 0
        signed = page[start:-_MAC_BYTES] + number.to_bytes(4, "little")
        return hmac.compare_digest(hmac.digest(self._mac_key, signed, "sha512"), page[-_MAC_BYTES:])


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading. Anything but a regular file, such as a FIFO, which would block, reads as empty. Raises
    KnownError `file.missing`, `file.unreadable`.
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
    """A database file that is read as bytes. No connection of this process may have it open meanwhile: when this class
    closes the file, the system drops all locks of this process on it, SQLite's too. Every method raises KnownError
    `file.unreadable`.
    """

    path: Path
    offset: int = 0
    """Byte at which the database begins. In an encrypted backup it follows the keys."""
    size: int | None = None
    """Size of the database in bytes. None means up to the end of the file."""
    keys: KeyFile | None = None
    sha256: str = ""
    """What an encrypted backup says of its database. Empty where nothing is said."""

    @property
    def end(self) -> int:
        return self.offset + (self.path.stat().st_size - self.offset if self.size is None else self.size)

    @property
    def header(self) -> bytes:
        """The first bytes of the database. Empty if the path is no regular file."""
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
        """The reserved bytes of each page, the only sign of encryption in the file. -1 if the file is no database."""
        header = self.header
        return header[RESERVED_AT] if header.startswith(MAGIC) and len(header) > RESERVED_AT else -1

    def verdict(self, newest: int) -> str:
        """Return OURS, NEWER or DAMAGED, judged by the header alone. `newest` is the version this program writes."""
        header = self.header
        if len(header) < LEAST_HEADER or not header.startswith(MAGIC):
            return DAMAGED
        page_bytes = int.from_bytes(header[16:18], "big")
        page_bytes = 65536 if page_bytes == 1 else page_bytes
        if page_bytes < 512 or page_bytes & (page_bytes - 1) or int.from_bytes(header[68:72], "big") != APPLICATION_ID:
            return DAMAGED
        if (version := int.from_bytes(header[60:64], "big")) > newest and version != former.VERSION:
            return NEWER
        pages = int.from_bytes(header[28:32], "big")
        try:
            is_cut = self.end - self.offset < pages * page_bytes
        except OSError as err:
            raise KnownError("file.unreadable", path=str(self.path), reason=err.strerror or "") from err
        return DAMAGED if is_cut and not has_journal(self.path) else OURS  # SQLite repairs it from the journal

    def fits(self, key: DataKey) -> bool:
        """Tell whether at least one page is intact when read with this key."""
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
        """Tell whether the file is encrypted with this key. For None: whether the file is plain."""
        return self.fits(key) if key is not None and self.is_encrypted else key is None and not self.is_encrypted

    def proved(self, *keys: DataKey | None) -> DataKey | None:
        """Return the first of these keys that opens the file, or None for a plain file. Every key is checked here,
        since SQLite reports a wrong key as damage. Raises KnownError key.library_missing, key.wrong, and key.missing if
        the first key is None.
        """
        if not self.is_encrypted:
            return None
        there = [key for key in keys if key is not None]
        if there:
            driver.cipher()
        for key in there:
            if self.fits(key):
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
    """Yield the name for a new file beside `database`, which the caller renames when the file is complete. If the
    caller does not rename the file, it is deleted. Raises KnownError `disk.full`, `file.unwritable`.
    """
    beside = database.with_name(f".{database.name}.new")
    with writing_to(beside):
        remove_pair(beside)  # left over from a crash
        try:
            yield beside
        finally:
            with suppress(OSError):
                remove_pair(beside)


@contextmanager
def scratch_folder(within: Path, name: str) -> Iterator[Path]:
    """Yield a new private folder, which is deleted in the end. Raises KnownError `disk.full`, `file.unwritable`."""
    import tempfile

    with writing_to(within):
        folder = Path(tempfile.mkdtemp(prefix=f".{name}.", suffix=".new", dir=within))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_OF_INDEX = re.compile("fts5: |(?:malformed|unable to validate the) inverted index for FTS5 ")
"""Beginning of a line of SQLite's check that reports a search index and nothing else."""


def check_tables(conn: Connection, path: Path) -> None:
    """Raise store.damaged for a file with our header but without our tables."""
    try:
        conn.execute("select 1 from _sqlite_migrations, meta, items, messages, gone, models limit 0")
    except driver.operational_errors() as err:
        if driver.code_of(err) != driver.ERROR:
            raise
        raise KnownError("store.damaged", path=str(path)) from err


def check_pages(conn: Connection, path: Path) -> bool:
    """Check the pages of the database. Raises KnownError store.damaged for inconsistent pages, and for an index that
    cannot be built again. Returns whether the search indexes are consistent (checked from SQLite 3.44 on).
    """
    try:
        lines = [row[0] for row in conn.execute(f"PRAGMA quick_check({len(INDEXES) + 1})").fetchall()]
    except driver.operational_errors() as err:
        if "fts5" not in str(err):
            raise
        raise KnownError("store.damaged", path=str(path)) from err
    wrong = [line for line in lines if line != "ok"]
    if not all(_OF_INDEX.match(line) for line in wrong):
        raise KnownError("store.damaged", path=str(path))
    return not wrong


def check_seals(conn: Connection, path: Path, key: DataKey | None) -> None:
    """Raise KnownError store.damaged if any page of an encrypted file, even an unused page, has a wrong HMAC."""
    if key is not None and conn.execute("PRAGMA cipher_integrity_check").fetchall():
        raise KnownError("store.damaged", path=str(path))
