"""Which library opens a database: Python's sqlite3, or sqlcipher3 for an encrypted one.  Nothing else names either.

sqlcipher3 (SQLCipher) comes with the extra `encrypt` and is imported when the first key is used.  Its connections, rows
and errors have the names of sqlite3's, but are classes of their own: catch `errors()`, not a class.
"""

from __future__ import annotations

import importlib
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType

from slmdesk.base.sealing import LIBRARY, library_missing
from slmdesk.store.keys import DataKey

Connection = sqlite3.Connection
Row = sqlite3.Row
VERSION = sqlite3.sqlite_version
BUSY = sqlite3.SQLITE_BUSY
CANTOPEN = sqlite3.SQLITE_CANTOPEN
CORRUPT = sqlite3.SQLITE_CORRUPT
ERROR = sqlite3.SQLITE_ERROR
FULL = sqlite3.SQLITE_FULL
IOERR = sqlite3.SQLITE_IOERR
LOCKED = sqlite3.SQLITE_LOCKED
NOLFS = sqlite3.SQLITE_NOLFS
NOMEM = sqlite3.SQLITE_NOMEM
NOTADB = sqlite3.SQLITE_NOTADB
PERM = sqlite3.SQLITE_PERM
PROTOCOL = sqlite3.SQLITE_PROTOCOL
READONLY = sqlite3.SQLITE_READONLY
TOOBIG = sqlite3.SQLITE_TOOBIG

CIPHER = "sqlcipher3.dbapi2"
HEADER_BYTES = 112
"""Of an encrypted file's first page stay readable: SQLite's header (100) and what makes whole blocks of it, so that
version and size are known without a key, and an older slmdesk sees a newer file and not a damaged one."""


def cipher() -> ModuleType:
    """sqlcipher3.  Raises KnownError `key.library_missing`."""
    try:
        return importlib.import_module(CIPHER)
    except ImportError as err:
        raise library_missing(err) from err


def missing_library() -> str:
    """Which library encryption needs and this installation lacks; empty for none.  Imports nothing."""
    return next((name for name in (CIPHER.partition(".")[0], LIBRARY) if find_spec(name) is None), "")


def errors() -> tuple[type[Exception], ...]:
    other = sys.modules.get(CIPHER)
    return (sqlite3.Error,) if other is None else (sqlite3.Error, other.Error)


@contextmanager
def suppressed() -> Iterator[None]:
    """As `contextlib.suppress` of `errors()`, also where the library is imported inside."""
    try:
        yield
    except errors():
        return


def operational_errors() -> tuple[type[Exception], ...]:
    """Of these, what is no fault of the statement."""
    other = sys.modules.get(CIPHER)
    return (sqlite3.OperationalError,) if other is None else (sqlite3.OperationalError, other.OperationalError)


_CODES = {
    "database is locked": BUSY,
    "database table is locked": LOCKED,
    "attempt to write a readonly database": READONLY,
    "disk I/O error": IOERR,
    "database disk image is malformed": CORRUPT,
    "database or disk is full": FULL,
    "unable to open database file": CANTOPEN,
    "file is not a database": NOTADB,
}


def code_of(err: BaseException) -> int:
    """SQLite's result code of an error, without its extension; 0 where it has none.

    The errors of sqlcipher3's `backup` have no code, those of SQLCipher's `sqlcipher_export` that of any error: their
    words are taken for it.
    """
    code = int(getattr(err, "sqlite_errorcode", 0)) & 0xFF
    return _CODES.get(str(err), code) if code in (0, ERROR) and isinstance(err, errors()) else code


def failed(what: str) -> Exception:
    return sqlite3.OperationalError(what)


def undecodable(what: str) -> Exception:
    return sqlite3.DatabaseError(what)


def inconsistent(what: str) -> Exception:
    return sqlite3.IntegrityError(what)


def open_file(uri: str, *, timeout_s: float, key: DataKey | None) -> Connection:
    """Connect to the file of this URI: encrypted where there is a key, else plain.

    The key is not tried before the first statement.  Who calls has proved it (`cipher_pages.fits`): SQLite takes a
    wrong key for a damaged file.  Raises an error of `errors()`, and KnownError `key.library_missing`.
    """
    if key is None:
        conn = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=timeout_s)
        conn.row_factory = sqlite3.Row
        return conn
    module = cipher()
    encrypted: Connection = module.connect(uri, uri=True, isolation_level=None, timeout=timeout_s)
    try:
        give_key(encrypted, key)
        encrypted.row_factory = module.Row
    except BaseException:
        encrypted.close()
        raise
    return encrypted


def in_memory() -> Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


def open_without_key(uri: str, *, timeout_s: float) -> Connection:
    """Connect to a plain file with sqlcipher3, which can write an encrypted one beside it (`attach`)."""
    module = cipher()
    conn: Connection = module.connect(uri, uri=True, isolation_level=None, timeout=timeout_s)
    conn.row_factory = module.Row
    _be_quiet(conn)
    return conn


def attach(conn: Connection, uri: str, name: str, key: DataKey | None, *, is_cipher: bool = True) -> None:
    """Attach another file: encrypted with `key`, or plain; to a connection of sqlite3 (not `is_cipher`) a plain one."""
    if not is_cipher:
        conn.execute(f"ATTACH ? AS {name}", (uri,))
        return
    conn.execute(f"ATTACH ? AS {name} KEY ?", (uri, _raw(key) if key is not None else ""))
    if key is not None:
        conn.execute(f"PRAGMA {name}.cipher_plaintext_header_size={HEADER_BYTES}").fetchall()


def give_key(conn: Connection, key: DataKey) -> None:
    """Tell a new connection of sqlcipher3 its key: raw, so that nothing is stretched at each opening."""
    _be_quiet(conn)
    conn.execute(f'PRAGMA key="{_raw(key)}"').fetchall()
    conn.execute(f"PRAGMA cipher_plaintext_header_size={HEADER_BYTES}").fetchall()


def _be_quiet(conn: Connection) -> None:
    """SQLCipher writes what it finds of damage to stderr, over a person's terminal; its error says it already."""
    conn.execute("PRAGMA cipher_log_level=NONE").fetchall()


def _raw(key: DataKey) -> str:
    database = key.database()
    return f"x'{(database.key + database.salt).hex()}'"
