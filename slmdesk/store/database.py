"""The app's one database connection: opening, transactions, and the meaning of SQLite's errors."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from slmdesk.base.errors import KnownError
from slmdesk.store import driver
from slmdesk.store.keys import DataKey

SQLITE_VERSION = driver.VERSION
BUSY_MS = 5_000
"""How long a write waits for another instance before `store.busy`."""
TICK_MS = 50
"""How long a growing row waits: the next tick writes it anyway."""
NEARLY_FULL_BYTES = 1 << 20
CHECK_MARK = "check-at-start"
"""A file beside the database: damage was met while running, so the next start checks the whole of it."""

PRAGMAS = (
    "trusted_schema=OFF",
    "foreign_keys=ON",
    "secure_delete=ON",
    "synchronous=FULL",
    "temp_store=MEMORY",
    "mmap_size=0",
    "cell_size_check=ON",
)

Value = str | bytes | int | float | None
Row = driver.Row


class RowLike(Protocol):
    def __getitem__(self, name: str, /) -> Any: ...


def journal_of(database: Path) -> Path:
    return database.with_name(database.name + "-journal")


def connect(
    path: Path, *, key: DataKey | None = None, read_only: bool = False, immutable: bool = False
) -> driver.Connection:
    """Open a database, encrypted where there is a key; nothing else opens one.  The file must exist.

    The key has been proved to be that of the file (cipher_pages.fits).  Raises an error of `driver.errors()`.

    Uses a rollback journal, not WAL: its reset bug (SQLite before 3.51.3) needs two connections, and two instances
    share the file.  temp_store is memory, so that no text of the user is written to the system's temporary folder.
    """
    mode = ("ro&immutable=1" if immutable else "ro") if read_only or immutable else "rw"
    conn = driver.open_file(uri_of(path, mode), timeout_s=BUSY_MS / 1000, key=key)
    try:
        for pragma in PRAGMAS:
            conn.execute(f"PRAGMA {pragma}").fetchall()
        if not read_only and not immutable:
            mode_now = conn.execute("PRAGMA journal_mode=TRUNCATE").fetchone()[0]
            if mode_now != "truncate":
                raise driver.failed(f"journal mode stays {mode_now}")
    except UnicodeDecodeError as err:  # SQLite's message about a damaged schema quotes it, invalid UTF-8 included
        conn.close()
        raise driver.undecodable("Could not decode what is said of the schema") from err
    except BaseException:
        conn.close()
        raise
    return conn


def uri_of(path: Path, mode: str) -> str:
    return f"file:{quote(os.fsencode(path))}?mode={mode}"


def known_error(err: BaseException, path: Path) -> KnownError | None:
    """Translate SQLite's result code; None for a bug of ours.  Full, damaged and busy are never confused."""
    code = driver.code_of(err)
    undecodable = "Could not decode" in str(err)  # text that is not UTF-8: raised by Python's module, without a code
    if code in (driver.CORRUPT, driver.NOTADB) or undecodable:
        return KnownError("store.damaged", path=str(path))
    if code == driver.FULL or (code == driver.IOERR and _is_nearly_full(path)):
        return KnownError("store.full")
    if code in (driver.READONLY, driver.PERM):
        return KnownError("store.read_only", path=str(path))
    if code in (driver.BUSY, driver.LOCKED, driver.PROTOCOL):
        return KnownError("store.busy")
    if code in (driver.IOERR, driver.CANTOPEN, driver.NOLFS):
        return KnownError("file.unwritable", path=str(path), reason=getattr(err, "sqlite_errorname", "SQLITE_IOERR"))
    if code == driver.TOOBIG:
        return KnownError("request.invalid", what="text too large for the database")
    if code == driver.NOMEM:
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
    except driver.errors() as err:
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

    def __init__(self, conn: driver.Connection, path: Path, *, read_only: bool, key: DataKey | None = None) -> None:
        self.conn = conn
        self.path = path
        self.read_only = read_only
        self.key = key

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """All rows at once: an unfinished query would keep every other instance from writing."""
        with self._errors():
            return self.conn.execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
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
            except driver.operational_errors() as err:
                if driver.code_of(err) != driver.BUSY or time.monotonic() >= deadline:
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
                with driver.suppressed():
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
        """After `close`: open the file that now has this name, with `key`.  Raises KnownError store.*."""
        with known_errors(self.path):
            self.conn = connect(self.path, key=self.key, read_only=self.read_only)

    def close(self) -> None:
        self.conn.close()
