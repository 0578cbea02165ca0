"""The app's one database connection: opening, transactions, and the meaning of SQLite's errors."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from slmdesk.core.errors import KnownError

SQLITE_VERSION = sqlite3.sqlite_version
BUSY_MS = 5_000
"""How long a write waits for another instance before `store.busy`."""
TICK_MS = 50
"""How long a growing row waits: the next tick writes it anyway."""
NEARLY_FULL_BYTES = 1 << 20
CHECK_MARK = "check-at-start"
"""A file beside the database: damage was met while running, so the next start checks the whole of it."""

Value = str | bytes | int | float | None
Row = sqlite3.Row


class RowLike(Protocol):
    """A row to build a dataclass from: columns by name."""

    def __getitem__(self, name: str, /) -> Any: ...


def journal_of(database: Path) -> Path:
    """The path of a database's rollback journal."""
    return database.with_name(database.name + "-journal")


def connect(path: Path, *, read_only: bool = False, immutable: bool = False) -> sqlite3.Connection:
    """Open a database; nothing else opens one.  The file must exist.  Raises sqlite3.Error.

    Uses a rollback journal, not WAL: its reset bug (SQLite before 3.51.3) needs two connections, and two instances
    share the file.  temp_store is memory, so that no text of the user is written to the system's temporary folder.
    """
    mode = ("ro&immutable=1" if immutable else "ro") if read_only or immutable else "rw"
    conn = sqlite3.connect(
        f"file:{quote(os.fsencode(path))}?mode={mode}", uri=True, isolation_level=None, timeout=BUSY_MS / 1000
    )
    try:
        conn.row_factory = sqlite3.Row
        for pragma in (
            "trusted_schema=OFF",
            "foreign_keys=ON",
            "secure_delete=ON",
            "synchronous=FULL",
            "temp_store=MEMORY",
            "mmap_size=0",
            "cell_size_check=ON",
        ):
            conn.execute(f"PRAGMA {pragma}").fetchall()
        if not read_only and not immutable:
            mode_now = conn.execute("PRAGMA journal_mode=TRUNCATE").fetchone()[0]
            if mode_now != "truncate":
                raise sqlite3.OperationalError(f"journal mode stays {mode_now}")
    except UnicodeDecodeError as err:  # SQLite's message about a damaged schema quotes it, invalid UTF-8 included
        conn.close()
        raise sqlite3.DatabaseError("Could not decode what is said of the schema") from err
    except BaseException:
        conn.close()
        raise
    return conn


def known_error(err: sqlite3.Error, path: Path) -> KnownError | None:
    """Translate SQLite's result code; None for a bug of ours.  Full, damaged and busy are never confused."""
    code = getattr(err, "sqlite_errorcode", 0) & 0xFF
    undecodable = "Could not decode" in str(err)  # text that is not UTF-8: raised by Python's module, without a code
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or undecodable:
        return KnownError("store.damaged", path=str(path))
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _is_nearly_full(path)):
        return KnownError("store.full")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return KnownError("store.read_only", path=str(path))
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL):
        return KnownError("store.busy")
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOLFS):
        return KnownError("file.unwritable", path=str(path), reason=getattr(err, "sqlite_errorname", "SQLITE_IOERR"))
    if code == sqlite3.SQLITE_TOOBIG:
        return KnownError("request.invalid", what="text too large for the database")
    if code == sqlite3.SQLITE_NOMEM:
        raise MemoryError from err
    return None


def _is_nearly_full(path: Path) -> bool:
    """Whether little space is left: SQLite reports a quota, a file size limit and at times a full disk as an I/O
    error.
    """
    try:
        return shutil.disk_usage(path.parent).free < NEARLY_FULL_BYTES
    except OSError:
        return False


@contextmanager
def known_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about `path` into KnownError, and text that no database can store into `request.invalid`."""
    try:
        yield
    except sqlite3.Error as err:
        known = known_error(err, path)
        if known is None:
            raise
        raise known from err
    except UnicodeDecodeError as err:  # an SQLite error that quotes damaged names
        raise KnownError("store.damaged", path=str(path)) from err
    except UnicodeEncodeError as err:  # half a surrogate pair, such as in a file name that is not UTF-8
        raise KnownError("request.invalid", what="letters that are no text") from err


class Database:
    """A connection that fetches all rows at once and writes in immediate transactions; for the thread that created
    it.
    """

    def __init__(self, conn: sqlite3.Connection, path: Path, *, read_only: bool) -> None:
        self.conn = conn
        self.path = path
        self.read_only = read_only

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """All rows at once: an unfinished query would keep every other instance from writing."""
        with self._errors():
            return self.conn.execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """The first row, or None."""
        rows = self.rows(sql, values)
        return rows[0] if rows else None

    def number(self, sql: str, values: Sequence[Value] = ()) -> int:
        """The first value of the first row; 0 where there is none."""
        row = self.row(sql, values)
        return int(row[0] or 0) if row else 0

    def data_version(self) -> int:
        """A number that changes when another instance has written."""
        return self.number("PRAGMA data_version")

    def run(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Execute a writing statement inside `writing` and return the number of rows changed."""
        with self._errors():
            return self.conn.execute(sql, values).rowcount

    def insert(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Execute an INSERT inside `writing` and return the new row's number."""
        with self._errors():
            return self.conn.execute(sql, values).lastrowid or 0

    def require_writable(self) -> None:
        """Raise KnownError `store.read_only` where nothing can be written."""
        if self.read_only:
            raise KnownError("store.read_only", path=str(self.path))

    @contextmanager
    def writing(self, *, wait_ms: int = BUSY_MS) -> Iterator[None]:
        """Run the block in a transaction: BEGIN IMMEDIATE, or a savepoint inside another.  Raises KnownError store.*.

        A deferred transaction that reads before it writes fails at once with "locked", whatever the timeout.
        """
        self.require_writable()
        if self.conn.in_transaction:
            with self._errors(), self._until("RELEASE inner", "ROLLBACK TO inner"):
                self.conn.execute("SAVEPOINT inner")
                yield
            return
        deadline = time.monotonic() + wait_ms / 1000
        with self._errors():
            try:
                self._begin(deadline)
                # COMMIT, which needs the readers gone, may wait for what BEGIN left of the time
                self._wait_at_most(round(max(0.0, deadline - time.monotonic()) * 1000))
                with self._until("COMMIT", "ROLLBACK"):
                    yield
            finally:
                self._wait_at_most(BUSY_MS)

    def _begin(self, deadline: float) -> None:
        """BEGIN IMMEDIATE, tried at short intervals: SQLite's own waiting sleeps up to 100 ms between two attempts, and
        next to an instance that writes without a pause it may miss every gap (as a test found).
        """
        self._wait_at_most(0)
        while True:
            try:
                self.conn.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as err:
                if err.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                    raise
            else:
                return
            time.sleep(random.uniform(0.001, 0.008))

    @contextmanager
    def _until(self, end: str, undo: str) -> Iterator[None]:
        try:
            yield
            self.conn.execute(end)
        except BaseException:
            if self.conn.in_transaction:  # with a full disk SQLite may already have rolled back everything
                with suppress(sqlite3.Error):
                    self.conn.execute(undo)
                    if end != "COMMIT":
                        self.conn.execute(end)
            raise

    def _wait_at_most(self, wait_ms: int) -> None:
        self.conn.execute(f"PRAGMA busy_timeout={wait_ms}").fetchall()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with known_errors(self.path):
                yield
        except KnownError as known:
            if known.code == "store.damaged":
                self.note_damage()
            raise

    def note_damage(self) -> None:
        """Make the next start check the whole file."""
        with suppress(OSError):
            (self.path.parent / CHECK_MARK).touch(0o600)

    def reopen(self) -> None:
        """After `close`: open the file that now has this name.  Raises KnownError store.*."""
        with known_errors(self.path):
            self.conn = connect(self.path, read_only=self.read_only)

    def close(self) -> None:
        """Close the connection."""
        self.conn.close()
