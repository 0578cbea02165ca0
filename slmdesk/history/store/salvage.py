"""Copy what SQLite still reads of a damaged database into a new one: table by table, of a broken table page by page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from slmdesk.base.errors import KnownError
from slmdesk.base.files import PRIVATE_FILE, writing_to
from slmdesk.history.store import database
from slmdesk.history.store.database import (
    Connection,
    connect,
    connected,
    journal_of,
    known_errors,
    marks,
    text_or_bytes,
)
from slmdesk.history.store.file import LEAST_HEADER, PAGE_BYTES, has_journal, reading
from slmdesk.history.store.keys import DataKey
from slmdesk.history.store.opening import schema_of

MOST_COLUMNS = 40
MOST_ROWS = 1000
"""More rows than a page can hold. Of a page that leads to others no more are read, since those come by themselves."""
PAGES_AT = slice(28, 32)
"""Bytes of the header that say how many pages there are. If they are 0, SQLite goes by the file's size."""
NUMBER = "n"
"""Name of the column that is a row's number. In the row itself NULL stands in its place."""

Cell = str | bytes | int | float | None

_NULL: tuple[type, ...] = (type(None),)
_TYPES: dict[str, tuple[type, ...]] = {"INTEGER": (int,), "REAL": (float, int), "TEXT": (str,), "BLOB": (bytes,)}


class Salvaged(NamedTuple):
    rows: int = 0
    """Number of rows that are in the new database."""
    missing: int = 0
    """Number of rows that the file's indexes count, and that are not there."""
    uncounted: int = 0
    """Number of broken tables whose rows cannot be counted any more."""
    filled: int = 0
    """Number of rows that came from a copy."""


class _Table(NamedTuple):
    name: str
    names: tuple[str, ...]
    """Its columns in their order, as they are stored in a row."""
    types: tuple[tuple[type, ...], ...]
    """The types that each cell of a row may have. Beyond the last column there is nothing."""

    @property
    def cells(self) -> slice:
        return slice(int(self.names[0] == NUMBER), len(self.names))

    @property
    def columns(self) -> str:
        return ", ".join(("rowid", *self.names[self.cells]))

    @property
    def select(self) -> str:
        return f"select {self.columns} from {self.name} not indexed"

    @property
    def insert(self) -> str:
        return f"insert or ignore into {self.name} ({self.columns}) values (?, {marks(self.names[self.cells])})"


def salvage(
    source: Path,
    key: DataKey | None,
    target: Connection,
    folder: Path,
    whole: Iterable[tuple[Path, DataKey | None]] = (),
) -> Salvaged | None:
    """Copy the rows of all tables into the empty tables of `target`, and what is missing in broken tables from `whole`,
    earlier copies of the history with their keys. Returns None if no table and no row can be read. `folder` is an empty
    one to work in: SQLite rolls back a journal, but a damaged file is never written. Raises KnownError store.full,
    disk.full, file.….
    """
    first = _first_page(folder / "first.sqlite3", key)
    copy = folder / "copy.sqlite3"
    with writing_to(copy):
        _copy_file(source, copy)
        if has_journal(source):
            _copy_file(journal_of(source), journal_of(copy))
        with copy.open("r+b") as file:
            file.write(first[:LEAST_HEADER])  # it is the same in all our files
    target.execute("PRAGMA foreign_keys=OFF")
    target.execute("BEGIN IMMEDIATE")
    same = _same_tables(copy, key, target)
    into_meta = "insert or replace into meta values (?, ?)"
    is_meta_there = "meta" in same and _copied(copy, key, target, "select key, value from meta", into_meta)
    tables = _tables_of(target)
    broken = [
        table
        for table in tables
        if table.name not in same or not _copied(copy, key, target, table.select, table.insert)
    ]
    counted = {table.name: _count(copy, key, table.name) if table.name in same else None for table in broken}
    if broken:
        _copy_pages(copy, key, first, target, broken)
    found = sum(_numbers(target, tables).values())
    is_deleting = target.execute("select 1 from meta where key = 'purge'").fetchone()  # and copies still hold it
    if broken and not is_deleting:
        for path, its_key in whole:
            for table in broken:
                _copied(path, its_key, target, table.select, table.insert)
    there = _numbers(target, tables)
    revisions = " union ".join(f"select max(revision) as r from {name}" for name in ("items", "messages", "gone"))
    target.execute(
        f"update meta set value = max(value, coalesce((select max(r) from ({revisions})), 0)) where key = 'revision'"
    )
    target.execute("COMMIT")
    rows = sum(there.values())
    missing = sum(max(0, count - there[name]) for name, count in counted.items() if count is not None)
    uncounted = sum(count is None for count in counted.values()) + (not is_meta_there)
    return Salvaged(rows, missing, uncounted, rows - found) if same or rows else None


def _first_page(path: Path, key: DataKey | None) -> bytes:
    """Return the first page of a new file under this key with one table that any row fits into."""
    path.touch(PRIVATE_FILE)
    with connected(path, key=key) as conn:
        conn.execute(f"create table page ({', '.join(f'c{number}' for number in range(MOST_COLUMNS))})")
    page = bytearray(path.read_bytes()[:PAGE_BYTES])
    page[PAGES_AT] = bytes(4)
    return bytes(page)


def _copy_file(source: Path, copy: Path) -> None:
    with reading(source) as untrusted, copy.open("wb") as file:
        shutil.copyfileobj(untrusted, file, 1 << 20)


def _tables_of(target: Connection) -> list[_Table]:
    made = dict(map(tuple, target.execute("select name, sql from sqlite_schema where type = 'table'")))
    indexes = tuple(f"{name}_" for name, sql in made.items() if sql.lower().startswith("create virtual"))
    others = (*indexes, "meta_", "sqlite_", "_sqlite_")  # written by SQLite or by the steps, or without numbers
    return [_table_of(target, name) for name in made if not f"{name}_".startswith(others)]


def _table_of(target: Connection, name: str) -> _Table:
    columns = [tuple(row) for row in target.execute(f"PRAGMA table_info({name})")]
    types: list[tuple[type, ...]] = []
    for _at, column, kind, is_needed, _default, is_key in columns:
        types_here = _TYPES[kind.upper()]
        if column == NUMBER:
            types_here = _NULL
        elif not is_needed and not is_key:
            types_here = (*types_here, *_NULL)
        types.append(types_here)
    return _Table(name, tuple(row[1] for row in columns), (*types, *[_NULL] * (MOST_COLUMNS - len(types))))


@contextmanager
def _around_damage(path: Path) -> Iterator[None]:
    """End the block, and go on after it, where SQLite finds damage. Any other trouble is raised as a KnownError."""
    try:
        with known_errors(path):
            yield
    except KnownError as known:
        if known.code != "store.damaged":
            raise
    except database.errors():
        return


def _same_tables(copy: Path, key: DataKey | None, target: Connection) -> set[str]:
    """Return the names of the tables and indexes whose SQL is ours. The file may be anybody's."""
    same: set[str] = set()
    with _around_damage(copy), closing(connect(copy, key=key)) as conn:
        same.update(str(name) for _type, name, _table, _sql in schema_of(conn) & schema_of(target))
    return same


def _copied(copy: Path, key: DataKey | None, target: Connection, rows: str, insert: str) -> bool:
    """Copy rows by their order, and return whether all could be read."""
    with _around_damage(copy), closing(connect(copy, key=key)) as conn:  # anew: sqlcipher reads nothing after an error
        conn.text_factory = text_or_bytes
        target.executemany(insert, _ascending(conn.execute(rows)))
        return True
    return False


def _ascending(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[Cell, ...]]:
    """Yield rows while their first cell grows: damaged pages may lead in a circle."""
    last: Any = None
    for row in rows:
        if last is not None and row[0] <= last:
            raise database.inconsistent("rows in no order")
        last = row[0]
        yield tuple(row)


def _numbers(target: Connection, tables: Iterable[_Table]) -> dict[str, int]:
    return {table.name: target.execute(f"select count(*) from {table.name}").fetchone()[0] for table in tables}


def _count(copy: Path, key: DataKey | None, table: str) -> int | None:
    """Count a table's rows, which SQLite does by an index."""
    with _around_damage(copy), closing(connect(copy, key=key)) as conn:
        return int(conn.execute(f"select count(*) from {table}").fetchone()[0])
    return None


def _copy_pages(copy: Path, key: DataKey | None, first: bytes, target: Connection, broken: Sequence[_Table]) -> None:
    for n, cells in _rows_by_page(copy, key, first):
        table = next((table for table in broken if all(map(isinstance, cells, table.types))), None)
        if table is not None:
            target.execute(table.insert, (n, *cells[table.cells]))


def _rows_by_page(copy: Path, key: DataKey | None, first: bytes) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    """Yield number and cells of the rows in each page, in no order, some twice. With a first page that has one table,
    SQLite reads any page as that table.
    """
    with copy.open("r+b") as file:
        file.write(first)
        pages = max(2, -(-file.seek(0, os.SEEK_END) // PAGE_BYTES))
        file.truncate(pages * PAGE_BYTES)
    conn = _as_one_table(copy, key)
    try:
        for page in range(2, pages + 1):
            for order in ("rowid", "rowid desc"):  # from both ends up to what is damaged
                try:
                    yield from _rows_in(conn, page, order)
                    break
                except database.errors():
                    conn.close()
                    conn = _as_one_table(copy, key)
    finally:
        conn.close()


def _as_one_table(copy: Path, key: DataKey | None) -> Connection:
    conn = database.open_file(database.uri_of(copy, "rw"), key)
    conn.text_factory = text_or_bytes
    conn.execute("PRAGMA journal_mode=OFF").fetchall()
    conn.execute("PRAGMA synchronous=OFF")
    return conn


def _rows_in(conn: Connection, page: int, order: str) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    conn.execute("PRAGMA writable_schema=ON")
    conn.execute("update sqlite_schema set rootpage = ?", (page,))
    conn.execute("PRAGMA writable_schema=RESET")
    for n, *cells in conn.execute(f"select rowid, * from page order by {order} limit {MOST_ROWS}"):
        yield n, tuple(cells)
