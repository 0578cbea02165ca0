"""The single connection to the database, the library that opens it, the locks, and the store parts' base class."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import sqlite3
import sys
import time
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from enum import StrEnum
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import quote

from slmdesk.base.errors import KnownError
from slmdesk.base.files import PRIVATE_FILE, private_folder, problem_of, writing_to
from slmdesk.base.paths import Paths
from slmdesk.base.sealing import LIBRARY, library_missing
from slmdesk.base.text.folding import make_storable
from slmdesk.base.texts import _
from slmdesk.base.types import Json

if TYPE_CHECKING:
    from slmdesk.history.store.keys import DataKey

Connection = sqlite3.Connection
Row = sqlite3.Row
SQLITE_VERSION = sqlite3.sqlite_version
BUSY, ERROR, FULL, IOERR = sqlite3.SQLITE_BUSY, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR

CIPHER = "sqlcipher3.dbapi2"
HEADER_BYTES = 112
"""Bytes of an encrypted file's first page that stay readable: SQLite's header (100 bytes), rounded up to whole cipher
blocks. Version and size can be read without a key, so an older slmdesk sees a newer file and not a damaged file.
"""


def cipher() -> ModuleType:
    """Import and return sqlcipher3. Raises KnownError `key.library_missing`."""
    try:
        return importlib.import_module(CIPHER)
    except ImportError as err:
        raise library_missing(err) from err


def missing_library() -> str:
    """Return the name of a library that encryption needs and this installation lacks, or ''. Imports nothing."""
    return next((name for name in (CIPHER.partition(".")[0], LIBRARY) if find_spec(name) is None), "")


def errors() -> tuple[type[Exception], ...]:
    other = sys.modules.get(CIPHER)
    return (sqlite3.Error,) if other is None else (sqlite3.Error, other.Error)


@contextmanager
def suppressed() -> Iterator[None]:
    """Ignore `errors()`, like `contextlib.suppress`. Works also if sqlcipher3 is first imported inside the block."""
    try:
        yield
    except errors():
        return


def operational_errors() -> tuple[type[Exception], ...]:
    """Return those classes of `errors()` that report a problem of the file or the disk, not a wrong SQL statement."""
    other = sys.modules.get(CIPHER)
    return (sqlite3.OperationalError,) if other is None else (sqlite3.OperationalError, other.OperationalError)


_CODES = {
    "database is locked": BUSY,
    "database table is locked": sqlite3.SQLITE_LOCKED,
    "attempt to write a readonly database": sqlite3.SQLITE_READONLY,
    "disk I/O error": IOERR,
    "database disk image is malformed": sqlite3.SQLITE_CORRUPT,
    "database or disk is full": FULL,
    "unable to open database file": sqlite3.SQLITE_CANTOPEN,
    "file is not a database": sqlite3.SQLITE_NOTADB,
}


def code_of(err: BaseException) -> int:
    """Return SQLite's primary result code of an error, or 0. Errors of sqlcipher3's `backup` and `sqlcipher_export`
    have no code of their own, so the code is found by their message.
    """
    code = int(getattr(err, "sqlite_errorcode", 0)) & 0xFF
    return _CODES.get(str(err), code) if code in (0, ERROR) and isinstance(err, errors()) else code


def inconsistent(what: str) -> Exception:
    return sqlite3.IntegrityError(what)


def open_file(uri: str, key: DataKey | None, *, by_cipher: bool = False) -> Connection:
    """Connect to a database file. The key must have been checked (`StoreFile.proved`), since SQLite reports a wrong key
    as damage. `by_cipher` opens a plain file with sqlcipher3 too, which can then write an encrypted file beside it
    (`attach`). Raises `errors()`, and KnownError `key.library_missing`.
    """
    module: Any = cipher() if key is not None or by_cipher else sqlite3
    conn: Connection = module.connect(uri, uri=True, isolation_level=None, timeout=BUSY_MS / 1000)
    try:
        conn.row_factory = module.Row
        if module is not sqlite3:  # otherwise it reports damage on stderr
            conn.execute("PRAGMA cipher_log_level=NONE").fetchall()
        if key is not None:  # a raw key, so that opening needs no slow key derivation
            conn.execute(f'PRAGMA key="{_raw(key)}"').fetchall()
            conn.execute(f"PRAGMA cipher_plaintext_header_size={HEADER_BYTES}").fetchall()
    except BaseException:
        conn.close()
        raise
    return conn


def in_memory() -> Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


def attach(conn: Connection, uri: str, name: str, key: DataKey | None, *, is_cipher: bool = True) -> None:
    """Attach another file to the connection: encrypted with `key`, or plain if `key` is None. sqlite3
    (`is_cipher=False`) can only attach plain files.
    """
    if not is_cipher:
        conn.execute(f"ATTACH ? AS {name}", (uri,))
        return
    # ATTACH reads the first page, so the size must be known before; it is the same for all that we encrypt
    conn.execute(f"PRAGMA cipher_default_plaintext_header_size={HEADER_BYTES}").fetchall()
    conn.execute(f"ATTACH ? AS {name} KEY ?", (uri, _raw(key) if key is not None else ""))


def _raw(key: DataKey) -> str:
    database = key.database()
    return f"x'{(database.key + database.salt).hex()}'"


BUSY_MS = 5_000
"""Milliseconds that a write waits for another instance before it fails with `store.busy`."""
TICK_MS = 50
"""Milliseconds that writing a growing message waits for another instance: its next regular write saves it anyway."""
NEARLY_FULL_BYTES = 1 << 20
CHECK_MARK = "check-at-start"
"""Name of a file beside the database: damage was found while running, so the next start checks the whole database."""

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


class RowLike(Protocol):
    def __getitem__(self, name: str, /) -> Any: ...


def journal_of(database: Path) -> Path:
    return database.with_name(database.name + "-journal")


def connect(path: Path, *, key: DataKey | None = None, read_only: bool = False, by_cipher: bool = False) -> Connection:
    """Open an existing database. All other code opens databases through this function. The key must have been checked.
    `by_cipher`: see `open_file`. Raises an error of `errors()`. The journal is a rollback journal, not WAL: WAL's reset
    bug (SQLite before 3.51.3) needs two connections, and two instances share the file. temp_store is memory, so that no
    text of the user is written to the system's temporary folder.
    """
    conn = open_file(uri_of(path, "ro" if read_only else "rw"), key, by_cipher=by_cipher)
    try:
        for pragma in PRAGMAS:
            conn.execute(f"PRAGMA {pragma}").fetchall()
        if not read_only:
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


@contextmanager
def connected(path: Path, *, key: DataKey | None = None, read_only: bool = False) -> Iterator[Connection]:
    """Yield a connection that is open while the block runs. SQLite's errors become KnownErrors."""
    with known_errors(path), closing(connect(path, key=key, read_only=read_only)) as conn:
        yield conn


def uri_of(path: Path, mode: str) -> str:
    return f"file:{quote(os.fsencode(path))}?mode={mode}"


_SAID_BY = {
    sqlite3.SQLITE_CORRUPT: "store.damaged",
    sqlite3.SQLITE_NOTADB: "store.damaged",
    FULL: "store.full",
    sqlite3.SQLITE_READONLY: "store.read_only",
    sqlite3.SQLITE_PERM: "store.read_only",
    BUSY: "store.busy",
    sqlite3.SQLITE_LOCKED: "store.busy",
    sqlite3.SQLITE_PROTOCOL: "store.busy",
}


def known_error(err: BaseException, path: Path) -> KnownError | None:
    """Translate SQLite's result code to a KnownError. Returns None for an error that is a bug in this program. Full,
    damaged and busy are never confused.
    """
    code = code_of(err)
    if "Could not decode" in str(err):  # text that is not UTF-8: raised by Python's module, without a code
        code = sqlite3.SQLITE_CORRUPT
    if code == IOERR and _is_nearly_full(path):
        code = FULL
    if code in _SAID_BY:
        return KnownError(_SAID_BY[code], path=str(path))
    if code in (IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOLFS):
        return KnownError("file.unwritable", path=str(path), reason=getattr(err, "sqlite_errorname", "SQLITE_IOERR"))
    if code == sqlite3.SQLITE_TOOBIG:
        return KnownError("request.invalid", what=_("text too large for the database"))
    if code == sqlite3.SQLITE_NOMEM:
        raise MemoryError from err
    return None


def _is_nearly_full(path: Path) -> bool:
    """Tell whether an I/O error probably means a full disk: SQLite reports a quota, a file size limit and at times a
    full disk as an I/O error.
    """
    try:
        return shutil.disk_usage(path.parent).free < NEARLY_FULL_BYTES
    except OSError:
        return False


@contextmanager
def known_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about `path` into KnownErrors. Text that no database can store becomes `request.invalid`."""
    try:
        yield
    except errors() as err:
        known = known_error(err, path)
        if known is None:
            raise
        raise known from err
    except UnicodeDecodeError as err:  # an SQLite error that quotes damaged names
        raise KnownError("store.damaged", path=str(path)) from err
    except UnicodeEncodeError as err:  # half a surrogate pair, such as in a file name that is not UTF-8
        raise KnownError("request.invalid", what=_("letters that are no text")) from err


class Database:
    """A connection that reads all rows at once and writes in immediate transactions. Only for its creating thread."""

    def __init__(self, conn: Connection, path: Path, *, read_only: bool, key: DataKey | None = None) -> None:
        self.conn = conn
        self.path = path
        self.read_only = read_only
        self.key = key

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """Return all rows at once: an unfinished query would keep every other instance from writing."""
        with self._errors():
            return self.conn.execute(sql, values).fetchall()

    def lenient_rows(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """Return all rows, as `rows` does. Text that is not UTF-8 comes as bytes, so that it hides no other row."""
        try:
            return self.rows(sql, values)
        except KnownError as known:
            if known.code != "store.damaged":
                raise
        self.conn.text_factory = text_or_bytes
        try:
            return self.rows(sql, values)
        finally:
            self.conn.text_factory = str

    def row(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        rows = self.rows(sql, values)
        return rows[0] if rows else None

    def number(self, sql: str, values: Sequence[Value] = ()) -> int:
        row = self.row(sql, values)
        return int(row[0] or 0) if row else 0

    def data_version(self) -> int:
        return self.number("PRAGMA data_version")

    def run(self, sql: str, values: Sequence[Value] = ()) -> int:
        with self._errors():
            return self.conn.execute(sql, values).rowcount

    def insert(self, sql: str, values: Sequence[Value] = ()) -> int:
        with self._errors():
            return self.conn.execute(sql, values).lastrowid or 0

    def require_writable(self) -> None:
        """Raise KnownError `store.read_only` if the database cannot be written."""
        if self.read_only:
            raise KnownError("store.read_only", path=str(self.path))

    @contextmanager
    def writing(self, *, wait_ms: int = BUSY_MS) -> Iterator[None]:
        """Run the block in a BEGIN IMMEDIATE transaction, or in a savepoint if a transaction is open. A deferred
        transaction that reads first would fail at once with "locked", whatever the timeout. Raises KnownError store.*.
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
                # COMMIT has to wait until no instance reads; it may use the rest of the waiting time
                self._wait_at_most(round(max(0.0, deadline - time.monotonic()) * 1000))
                with self._until("COMMIT", "ROLLBACK"):
                    yield
            finally:
                self._wait_at_most(BUSY_MS)

    def _begin(self, deadline: float) -> None:
        """Run BEGIN IMMEDIATE, tried again at short intervals. SQLite's own waiting sleeps up to 100 ms between two
        attempts, and may miss every gap of an instance that writes without a pause (as a test found).
        """
        self._wait_at_most(0)
        while True:
            try:
                self.conn.execute("BEGIN IMMEDIATE")
            except operational_errors() as err:
                if code_of(err) != BUSY or time.monotonic() >= deadline:
                    raise
            else:
                return
            import random  # only where another instance writes

            time.sleep(random.uniform(0.001, 0.008))

    @contextmanager
    def _until(self, end: str, undo: str) -> Iterator[None]:
        try:
            yield
            self.conn.execute(end)
        except BaseException:
            if self.conn.in_transaction:  # on a full disk SQLite may have rolled back already
                with suppressed():
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
        """Create the file that makes the next start check the whole database."""
        with suppress(OSError):
            (self.path.parent / CHECK_MARK).touch(0o600)

    def reopen(self) -> None:
        """Open the file that now has this name with `key`. Call after `close`. Raises KnownError store.*."""
        with known_errors(self.path):
            self.conn = connect(self.path, key=self.key, read_only=self.read_only)

    def close(self) -> None:
        self.conn.close()


def text_or_bytes(data: bytes) -> str | bytes:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


T = TypeVar("T")
Read = Callable[[Any], object]
NOT_OURS = (ValueError, TypeError, KeyError, IndexError, RecursionError)
"""What reading a row raises whose values this program never writes."""


def row_to(cls: Callable[..., T], row: RowLike, **given: object) -> T:
    """Build a record from a row. `given` holds the fields that the row has no columns for. Raises one of NOT_OURS."""
    checked, others = _readers(cls, tuple(given))
    columns = given
    for name, kinds in checked:
        value = row[name]
        if type(value) not in kinds:
            raise TypeError(name)
        columns[name] = value
    for name, read in others:
        columns[name] = read(row[name])
    return cls(**columns)


def built(build: Callable[..., T], row: RowLike) -> T:
    """Build what a row holds with a class or a function. Raises one of NOT_OURS."""
    return row_to(build, row) if isinstance(build, type) else build(row)


def mapping_from(text: Any) -> dict[str, Json]:
    if text == "{}":  # the most common case: 10,000 times in a long chat
        return {}
    shape = json.loads(text)
    if not isinstance(shape, dict):
        raise ValueError("not an object")
    return shape


_KINDS: Mapping[str, tuple[type, ...]] = {"str": (str,), "bytes": (bytes,), "int": (int,), "float": (float, int)}
"""By annotation: the types that SQLite returns for what this program writes there."""


@cache
def _readers(cls: Any, given: tuple[str, ...]) -> tuple[list[tuple[str, tuple[type, ...]]], list[tuple[str, Read]]]:
    """Return the fields that are in a row: those whose columns must have one of these types, and those that a function
    reads.
    """
    names = vars(sys.modules[cls.__module__])
    kinds = ChainMap(*(vars(each).get("__annotations__", {}) for each in cls.__mro__))
    fields = [name for name in cls.__struct_fields__ if name not in given]
    checked = [(name, types) for name in fields if (types := _kinds_of(kinds[name]))]
    others = [(name, _reader_of(kinds[name], names)) for name in fields if not _kinds_of(kinds[name])]
    return checked, others


def _kinds_of(kind: str) -> tuple[type, ...]:
    """Return the types of a column. Empty if any type may be there."""
    types = _KINDS.get(kind.removesuffix(" | None"), ())
    return (*types, type(None)) if types and kind.endswith(" | None") else types


def _reader_of(kind: str, names: Mapping[str, object]) -> Read:
    if kind == "bool":
        return bool
    if kind.startswith("Mapping["):
        return mapping_from
    enum = names.get(kind.removesuffix(" | None"))
    if not (isinstance(enum, type) and issubclass(enum, StrEnum)):
        return _as_it_is
    return partial(_enum_or_none, enum) if kind.endswith(" | None") else enum


def _as_it_is(value: Any) -> object:
    return value


def _enum_or_none(enum: type[StrEnum], value: Any) -> StrEnum | None:
    return enum(value) if value else None


ID_BYTES = 8
_BEGIN_OF_ID = re.compile("[0-9a-f]+")


def new_id() -> str:
    return os.urandom(ID_BYTES).hex()


class Shared:
    """What all parts of the store share: the database, its counters, the clock, and the id of this instance, which owns
    messages that are being written.
    """

    def __init__(self, database: Database, paths: Paths, instance_id: str, clock: Callable[[], float]) -> None:
        self.database = database
        self.paths = paths
        self.instance_id = instance_id
        self.clock = clock
        self.replaced = 0
        """Number of characters, not reported yet, that could not be stored and became U+FFFD."""
        self.on_wrong: Callable[[KnownError], object] = lambda _known: None
        """Told of the first row that was left out of a list, since it cannot be read."""

    def revision(self) -> int:
        """Return the store's counter. Each change of an item or message takes the next number."""
        return self.database.number("select value from meta where key = 'revision'")

    def next_revision(self) -> int:
        """Advance the counter and return its new number. Call inside a transaction."""
        self.database.run("update meta set value = value + 1 where key = 'revision'")
        return self.revision()

    def request_purge(self) -> None:
        """Save that backups still contain what is being deleted for good, so that every start knows it until
        `Store.purge` has run. Call in the transaction that deletes.
        """
        self.database.run("insert or replace into meta values ('purge', ?)", (self.next_revision(),))

    def note_gone(self, id: str) -> None:
        """Tell other instances that this item or message was deleted for good. Call inside a transaction."""
        values = (id, self.clock(), self.next_revision())
        self.database.run("insert into gone (id, time, revision) values (?, ?, ?)", values)

    def made(self, build: Callable[..., T], row: RowLike) -> T:
        """Build the record of a row with a class or a function. Values that this program never writes are reported as
        damage, not as a bug.
        """
        try:
            return built(build, row)
        except NOT_OURS as err:
            self.database.note_damage()
            raise KnownError("store.damaged", path=str(self.database.path)) from err


_UNKNOWN = {
    "items": "item.unknown", "documents": "document.unknown", "collections": "collection.unknown",
    "jobs": "job.unknown", "glossaries": "glossary.unknown",
}  # fmt: skip


class StorePart:
    """Base class of the store's parts.  Used on the service thread."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._db = shared.database
        self._clock = shared.clock

    # ---- reading

    def _all(self, build: Callable[..., T], sql: str, values: Sequence[Value] = ()) -> list[T]:
        rows: list[T] = []
        for row in self._db.lenient_rows(sql, values):
            try:
                rows.append(self._shared.made(build, row))
            except KnownError as known:
                tell, self._shared.on_wrong = self._shared.on_wrong, lambda _known: None
                tell(known)
        return rows

    def _first(self, build: Callable[..., T], sql: str, values: Sequence[Value] = ()) -> T | None:
        row = self._db.row(sql, values)
        return None if row is None else self._shared.made(build, row)

    def _get(self, build: Callable[..., T], table: str, id: str, query: str = "") -> T:
        """Return the row with id `id`, or the only one whose id begins with it. Raises KnownError like item.unknown."""
        query = query or f"select * from {table}"
        record = self._first(build, f"{query} where {table}.id = ?", (self._id_of(table, id),))
        if record is None:
            raise KnownError(_UNKNOWN[table], id=id[:80])
        return record

    def _column_of(self, sql: str, values: Sequence[Value] = ()) -> list[Any]:
        return [row[0] for row in self._db.rows(sql, values)]

    def _id_of(self, table: str, requested: str) -> str | None:
        if self._db.row(f"select 1 from {table} where id = ?", (requested,)):
            return requested
        if not _BEGIN_OF_ID.fullmatch(requested):
            return None
        rows = self._db.rows(f"select id from {table} where id >= ? and id < ? limit 2", (requested, requested + "g"))
        return str(rows[0][0]) if len(rows) == 1 else None

    # ---- writing

    def _insert(self, table: str, values: Mapping[str, object], *, otherwise: str = "") -> int:
        """Add a row and return its number. `otherwise` is empty, "or replace" or "or ignore". Call in a transaction."""
        places = ", ".join("?" * len(values))
        names = ", ".join(f'"{name}"' for name in values)
        return self._db.insert(
            f"insert {otherwise} into {table} ({names}) values ({places})",
            [self._column(value) for value in values.values()],
        )

    def _update(self, table: str, values: Mapping[str, object], where: str, *places: Value) -> int:
        """Change these columns of the rows that match `where`, and return the number of rows. `places` are the values
        of the placeholders in `where`. Call inside a transaction.
        """
        changes = ", ".join(f"{name} = ?" for name in values)
        return self._db.run(
            f"update {table} set {changes} where {where}",
            [*(self._column(value) for value in values.values()), *places],
        )

    def _column(self, value: object) -> Value:
        """Convert a value for its column: text is made storable, enums become values, flags numbers, all else JSON."""
        match value:
            case None | int() | float() | bytes():
                return value
            case str():
                return self._text(value)
            case Path():  # file names need not be text
                return str(value).encode("utf-8", "surrogateescape")
            case _:
                return self._json(value)

    def _text(self, text: str) -> str:
        stored, replaced = make_storable(text)
        self._shared.replaced += replaced
        return stored

    def _json(self, value: object) -> str:
        """Encode a value as JSON text without escape sequences, which would let lone surrogates through to a
        reader.
        """
        return json.dumps(self._storable(value), ensure_ascii=False, separators=(",", ":"))

    def _storable(self, value: object) -> object:
        match value:
            case str():
                return self._text(value)
            case Mapping():
                return {self._text(str(key)): self._storable(each) for key, each in value.items()}
            case list() | tuple():
                return [self._storable(each) for each in value]
            case _:
                return value


def merged(old: Mapping[str, Json], changes: Mapping[str, Json]) -> dict[str, Json]:
    """Return `old` updated by `changes`. A value of None removes the key."""
    return given({**old, **changes})


def given(values: Mapping[str, T | None]) -> dict[str, T]:
    """Return the values that are not None."""
    return {key: value for key, value in values.items() if value is not None}


def marks(values: Sequence[object]) -> str:
    return ", ".join("?" for __ in values)


WAIT_S = 5.0
_INSTANCE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

if sys.platform == "win32":
    import msvcrt

    _SHARERS = 64  # msvcrt has no shared locks: each sharer takes a byte of its own, an exclusive lock takes them all

    def _take(handle: int, *, alone: bool) -> bool:
        places, size = (range(1), _SHARERS) if alone else (range(_SHARERS), 1)
        for place in places:
            os.lseek(handle, place, os.SEEK_SET)
            with suppress(OSError):
                msvcrt.locking(handle, msvcrt.LK_NBLCK, size)
                return True
        return False

else:
    import fcntl

    def _take(handle: int, *, alone: bool) -> bool:
        try:
            fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class FileLock:
    """A lock on a file made for this lock. Raises KnownError `file.unwritable`, and FileNotFoundError if the file is
    missing and must not be created.
    """

    def __init__(self, path: Path, *, make: bool = True) -> None:
        self.path = path
        self._flags = os.O_RDWR | (os.O_CREAT if make else 0)
        self._alone = False
        self._handle = self._open()

    def try_alone(self) -> bool:
        """Try to lock exclusively; return whether nobody else has the lock. This object's shared lock is converted."""
        self._release_on_windows()
        self._alone = self._take(alone=True)
        return self._alone

    def share(self, *, wait_s: float = WAIT_S) -> bool:
        self._release_on_windows()
        deadline = time.monotonic() + wait_s
        while not self._take(alone=False):
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)  # the system's own blocking call cannot be interrupted
        self._alone = False
        return True

    def is_there(self) -> bool:
        """Tell whether the locked file still has its name: a lock on a removed file keeps nobody out."""
        with suppress(OSError):
            return os.path.samestat(os.fstat(self._handle), self.path.stat())
        return False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Lock exclusively while the block runs, then share the lock again. Raises KnownError `store.in_use`."""
        if self._alone:
            yield
            return
        if not self.try_alone():
            self.share()  # a failed conversion may have released the shared lock
            raise KnownError("store.in_use")
        try:
            yield
        finally:
            self.share()

    def close(self) -> None:
        """Release the lock.  May be called twice."""
        handle, self._handle = self._handle, -1  # let go of the number first: another thread may close too
        if handle >= 0:
            os.close(handle)

    def _open(self) -> int:
        try:
            return os.open(self.path, self._flags, PRIVATE_FILE)
        except OSError as err:
            if isinstance(err, FileNotFoundError) and not self._flags & os.O_CREAT:
                raise
            raise problem_of(err, self.path) from err

    def _take(self, *, alone: bool) -> bool:
        with writing_to(self.path):
            return _take(self._handle, alone=alone)

    def _release_on_windows(self) -> None:
        if sys.platform == "win32":  # closing is the only sure way to release every byte
            os.close(self._handle)
            self._handle = self._open()


class InstanceLock:
    """A lock held while an instance runs. A lock file left over means a crash. Raises KnownError `store.in_use`."""

    def __init__(self, paths: Paths, instance_id: str) -> None:
        if not _INSTANCE_ID.fullmatch(instance_id):
            raise ValueError("an instance's id is letters, digits, - and _")
        private_folder(paths.instance_locks)
        self.path = paths.instance_locks / f"{instance_id}.lock"
        for __ in range(100):
            self._lock = FileLock(self.path)
            if self._lock.try_alone():
                if self._lock.is_there():
                    return
            elif self._lock.is_there():
                self._lock.close()
                raise KnownError("store.in_use")
            self._lock.close()  # another instance removed the file between opening and locking
        raise KnownError("store.in_use")

    def close(self) -> None:
        """Release the lock and remove its file, as an orderly end does. May be called twice."""
        if os.name != "nt":
            with suppress(OSError):
                self.path.unlink()
            self._lock.close()
        else:  # Windows cannot remove an open file
            self._lock.close()
            with suppress(OSError):
                self.path.unlink()


def is_instance_alive(paths: Paths, instance_id: str) -> bool:
    path = paths.instance_locks / f"{instance_id}.lock"
    if not _INSTANCE_ID.fullmatch(instance_id):
        return False
    try:
        lock = FileLock(path, make=False)
    except FileNotFoundError:
        return False
    try:
        return not lock.try_alone()
    finally:
        lock.close()


def sweep_dead_instances(paths: Paths) -> int:
    swept = 0
    for path in sorted(paths.instance_locks.glob("*.lock")):
        with suppress(FileNotFoundError):  # its instance has just ended
            lock = FileLock(path, make=False)
            if lock.try_alone():
                if os.name == "nt":
                    lock.close()
                with suppress(OSError):  # another instance removed it just now
                    path.unlink()
                    swept += 1
            lock.close()
    return swept
