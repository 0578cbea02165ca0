"""The pages of an encrypted database as SQLCipher 4 writes them, read without it: to prove a key, and to rescue rows.

A page ends with 80 reserved bytes: an IV of 16 and an HMAC-SHA512 over the ciphertext, the IV and the page's number.
AES-256-CBC before them; of the first page 112 bytes are clear (driver.HEADER_BYTES).  The HMAC's key is PBKDF2-SHA512
of the raw key, 2 rounds, its salt that of the file xor 0x3a (SQLCipher's design notes; tests compare with SQLCipher).
"""

from __future__ import annotations

import hashlib
import hmac
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from slmdesk.base.errors import KnownError
from slmdesk.base.sealing import decrypt_cbc
from slmdesk.store.driver import HEADER_BYTES
from slmdesk.store.keys import DataKey

MAGIC = b"SQLite format 3\0"
RESERVED_BYTES = 80
RESERVED_AT = 20
"""Where the header says how much of each page is reserved: 80 in an encrypted file, 0 in a plain one."""
PAGE_BYTES = 4096
_IV_BYTES, _MAC_BYTES = 16, 64
_MASK = 0x3A
LOOKED_AT = 4096
"""Pages that are tried before a file is taken for one of another key: the first ones may be damaged or half written."""


def is_encrypted(header: bytes) -> bool:
    """Whether these first bytes are those of an encrypted database: the only sign of it, there is no flag elsewhere."""
    return header.startswith(MAGIC) and len(header) > RESERVED_AT and header[RESERVED_AT] == RESERVED_BYTES


def header_of(database: Path, offset: int = 0) -> bytes:
    """The first bytes of a file that no connection of this process has open (closing another handle drops its locks).

    Empty where there is none, and for anything but a regular file.  Raises KnownError `file.unreadable`.
    """
    try:
        with opened_file(database) as file:
            file.seek(offset)
            return file.read(HEADER_BYTES)
    except FileNotFoundError:
        return b""
    except OSError as err:
        raise KnownError("file.unreadable", path=str(database), reason=err.strerror or "") from err


def opened_file(path: Path) -> BinaryIO:
    """Open a file to read it; anything but a regular file, such as a FIFO, which would block, reads as empty.

    Raises OSError.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return os.fdopen(handle, "rb")
    os.close(handle)
    return io.BytesIO()


class CipherPages:
    def __init__(self, key: DataKey) -> None:
        self._key, salt = key.database()
        self._mac_key = hashlib.pbkdf2_hmac("sha512", self._key, bytes(one ^ _MASK for one in salt), 2, 32)

    def is_whole(self, number: int, page: bytes) -> bool:
        """Whether a page, counted from 1, is as it was written with this key."""
        if len(page) != PAGE_BYTES:
            return False
        start = HEADER_BYTES if number == 1 else 0
        signed = page[start:-_MAC_BYTES] + number.to_bytes(4, "little")
        return hmac.compare_digest(hmac.digest(self._mac_key, signed, "sha512"), page[-_MAC_BYTES:])

    def plain(self, number: int, page: bytes) -> bytes:
        """A page's content without the reserved bytes; empty for a damaged one, of which nothing is guessed."""
        if not self.is_whole(number, page):
            return b""
        start = HEADER_BYTES if number == 1 else 0
        end = PAGE_BYTES - RESERVED_BYTES
        return page[:start] + decrypt_cbc(self._key, page[end : end + _IV_BYTES], page[start:end])


def fits(database: Path, key: DataKey, *, offset: int = 0) -> bool:
    """Whether a file is encrypted with this key: one page that is whole proves it.

    Before any connection of this process has the file open.  Raises KnownError `file.unreadable`.
    """
    pages = CipherPages(key)
    try:
        with opened_file(database) as file:
            file.seek(offset)
            return any(pages.is_whole(number, page) for number, page in enumerate(_first_pages(file), 1))
    except OSError as err:
        raise KnownError("file.unreadable", path=str(database), reason=err.strerror or "") from err


def _first_pages(file: BinaryIO) -> Iterator[bytes]:
    for _ in range(LOOKED_AT):
        page = file.read(PAGE_BYTES)
        if len(page) < PAGE_BYTES:
            return
        yield page
