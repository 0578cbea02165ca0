"""Rescue a damaged database: read its rows without SQLite, check the rows, and copy them into the current database."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

from slmdesk.base.errors import KnownError
from slmdesk.base.records import Item, Kind, LedgerRow, Rescued, Status
from slmdesk.base.text.folding import fold
from slmdesk.base.text.sentences import detect
from slmdesk.base.texts import _
from slmdesk.base.translation import SETTLED, MemoryPair, Origin, SegmentState
from slmdesk.base.types import Json
from slmdesk.history.store import database, former
from slmdesk.history.store.brought import mark_rescued
from slmdesk.history.store.database import (
    Connection,
    Row,
    RowLike,
    StorePart,
    connected,
    errors,
    mapping_from,
    marks,
    row_to,
)
from slmdesk.history.store.file import (
    LEAST_HEADER,
    MAGIC,
    PAGE_BYTES,
    RESERVED_BYTES,
    CipherPages,
    StoreFile,
    check_tables,
    reading,
)
from slmdesk.history.store.keys import DataKey
from slmdesk.history.store.ledger import ledger_row_from, of_other_chain
from slmdesk.history.store.messages import message_from
from slmdesk.history.store.opening import STEPS, migrate
from slmdesk.history.store.presets import preset_from
from slmdesk.history.store.store import Store, model_from
from slmdesk.history.store.translations import glossary_from, memory_key, segment_from, term_from

LEAF, INTERIOR = 0x0D, 0x05
INDEX_PAGES = (0x02, 0x0A)
MAX_ROW_BYTES = 256 << 20
MAX_COLUMNS = 64
MOST_PAGES = 1 << 31
SCHEMA_COLUMNS = 5

Cell = str | bytes | int | float | None


@dataclass(slots=True)
class Carver:
    """Reader that finds rows in the pages of a database file. The file `path` is never written."""

    path: Path
    key: DataKey | None = None
    """Key of the encrypted pages. With a key, damaged pages are recognised by their HMAC and count as lost."""
    unreadable: int = 0
    """Number of entries in leaf pages that could not be read as a row."""
    _roots: dict[Cell, Cell] = field(init=False, default_factory=dict)
    _file: BinaryIO = field(init=False)
    _page_bytes: int = field(init=False, default=PAGE_BYTES)
    _usable: int = field(init=False, default=PAGE_BYTES)
    """Bytes of each page that hold content."""
    _pages: int = field(init=False, default=0)
    _cipher: CipherPages | None = field(init=False, default=None)

    def rows(self) -> Iterator[tuple[int, list[Cell]]]:
        """Yield row number and columns of each row found, in the order of the file. Raises KnownError file.…."""
        with self._opened():
            for number in range(1, self._pages + 1):
                for n, cells in self._rows_of(number):
                    if len(cells) == SCHEMA_COLUMNS and cells[0] == "table":
                        self._roots[cells[1]] = cells[3]
                    yield n, cells

    def rows_of(self, roots: Mapping[str, int], damaged: Collection[str]) -> Iterator[tuple[str, int, list[Cell]]]:
        """Yield table, row number and columns of the rows in damaged tables. The table is '' for rows of a page that no
        root of `roots` leads to any more. Pages that are lost count as unreadable.
        """
        reached: set[int] = set()
        with self._opened():
            for table, root in roots.items():
                pages = [root]
                while pages:
                    number = pages.pop()
                    kind = self._kind_of(number)
                    if number in reached:
                        continue
                    reached.add(number)
                    if kind == INTERIOR:
                        pages += self._children_of(number)
                    elif table in damaged:
                        self.unreadable += kind != LEAF
                        yield from ((table, n, cells) for n, cells in self._rows_of(number))
            for number in set(range(2, self._pages + 1)) - reached:
                yield from (("", n, cells) for n, cells in self._rows_of(number))

    def roots(self) -> dict[str, int]:
        """Return the first page of each table that the schema names. Empty if there is no schema."""
        with suppress(KnownError):
            for __ in self.rows():
                pass
        return {str(name): root for name, root in self._roots.items() if isinstance(root, int) and root > 0}

    def lost_pages(self, tables: Collection[str]) -> int:
        """Count the pages that belong to these tables and cannot be read. If the schema was not found, pages of all
        tables are counted. Call after `rows`.
        """
        with self._opened():
            requested = [root for name, root in self._roots.items() if name in tables and isinstance(root, int)]
            if not requested:
                requested = [index for index in range(1, self._pages + 1) if self._kind_of(index) == INTERIOR]
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
        with reading(self.path) as self._file:
            if not self.path.is_file():
                raise KnownError("file.unreadable", path=str(self.path), reason=_("it is no regular file"))
            self._measure()
            yield

    def _measure(self) -> None:
        header = self._file.read(LEAST_HEADER)
        reported = int.from_bytes(header[16:18], "big")
        reported = 65536 if reported == 1 else reported
        if self.key is not None:
            self._cipher = CipherPages(self.key)
            self._page_bytes, self._usable = PAGE_BYTES, PAGE_BYTES - RESERVED_BYTES
        elif header.startswith(MAGIC) and reported >= 512 and not reported & (reported - 1):
            self._page_bytes = self._usable = reported
        self._pages = -(-self._file.seek(0, os.SEEK_END) // self._page_bytes)

    def _page(self, number: int) -> bytes:
        self._file.seek((number - 1) * self._page_bytes)
        page = self._file.read(self._page_bytes)
        return page if self._cipher is None else self._cipher.plain(number, page)

    def _kind_of(self, number: int) -> int:
        """Return the byte that tells the type of a page, or -1 for a page beyond the file."""
        page = self._page(number) if 0 < number <= self._pages else b""
        start = 100 if number == 1 else 0
        return page[start] if len(page) > start else -1

    def _children_of(self, number: int) -> set[int]:
        page = self._page(number)
        start = 100 if number == 1 else 0
        cells = int.from_bytes(page[start + 3 : start + 5], "big")
        children = {int.from_bytes(page[start + 8 : start + 12], "big")}
        for index in range(min(cells, self._page_bytes // 4)):
            at = start + 12 + 2 * index
            cell = int.from_bytes(page[at : at + 2], "big")
            children.add(int.from_bytes(page[cell : cell + 4], "big"))
        return children if all(1 < count <= MOST_PAGES for count in children) else set()

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
        if not 0 < size <= min(MAX_ROW_BYTES, self._pages * self._page_bytes):  # also ends a circular chain of pages
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
    """Decode SQLite's signed number of one to nine bytes at `at`. Returns the number and the position after it."""
    value = 0
    for place in range(8):
        byte = data[at + place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + place + 1
    value = value << 8 | data[at + 8]
    return value - (1 << 64) if value >> 63 else value, at + 9


def columns_of(payload: bytes) -> list[Cell]:
    """Decode the columns of a record. Raises ValueError or IndexError if `payload` is no record."""
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


Values = dict[str, Cell]

TABLES = (
    "items", "messages", "models", "ledger", "segments", "memory", "glossaries", "terms", "presets", "results",
)  # fmt: skip
NUMBERED = frozenset(TABLES) - {"segments", "results"}
_TYPES: dict[str, type] = {"INTEGER": int, "REAL": float, "TEXT": str, "BLOB": bytes}


@cache
def _columns() -> dict[str, dict[str, tuple[type, ...]]]:
    """Return the columns of each table in their order, with the types that each column may hold."""
    with closing(database.in_memory()) as conn:
        migrate(conn, STEPS)
        return {table: dict(map(_column_in, conn.execute(f"PRAGMA table_info({table})"))) for table in TABLES}


def _column_in(info: tuple[Any, ...]) -> tuple[str, tuple[type, ...]]:
    _at, name, kind, is_not_null, _default, is_key = info
    return name, (_TYPES[kind.upper()],) if is_not_null or is_key else (_TYPES[kind.upper()], type(None))


@cache
def _by_width() -> dict[int, list[tuple[str, tuple[str, ...]]]]:
    tables: dict[int, list[tuple[str, tuple[str, ...]]]] = {}
    for table, columns in _columns().items():
        tables.setdefault(len(columns), []).append((table, tuple(columns)))
    return tables


def rows_in(carver: Carver, tables: Collection[str]) -> Iterator[tuple[str, int, Values]]:
    """Yield the rows of these tables with their numbers. A row that looks like one of our tables but has invalid values
    is counted as unreadable.
    """
    for n, cells in carver.rows():
        row = _table_of(n, cells)
        if row is not None:
            if row[0] in tables:
                yield row[0], n, row[1]
        elif len(cells) in _by_width() and not any(_looks_like(cells, other) for other in _OTHERS):
            carver.unreadable += 1


def _table_of(n: int, cells: list[Cell]) -> tuple[str, Values] | None:
    for table, columns in _by_width().get(len(cells), ()):
        values = dict(zip(columns, cells, strict=True))
        if table in NUMBERED:
            values["n"] = n
        if abs(n) <= 1 << 50 and _is_ours(table, values):
            return table, values
    return None


def _is_ours(table: str, values: Values) -> bool:
    for name, kinds in _columns()[table].items():
        value = values.get(name)
        if float in kinds and isinstance(value, int):  # SQLite stores a whole number as an integer
            value = values[name] = float(value)
        if not isinstance(value, kinds):
            return False
    if any(not _ID.fullmatch(str(values[name])) for name in _IDS.get(table, ())):
        return False
    if any(not _LANGUAGE.fullmatch(str(values[name])) for name in ("source_language", "target_language", "language")
           if name in values):  # fmt: skip
        return False
    try:
        _CHECKS[table](values)
    except (ValueError, TypeError, KeyError, IndexError):
        return False
    return True


def _looks_like(cells: list[Cell], kinds: str) -> bool:
    return len(cells) == len(kinds) and all(
        isinstance(cell, _KINDS[kind]) for cell, kind in zip(cells, kinds, strict=True)
    )


def _ledger(values: Values) -> None:
    mapping_from(values["data"])
    if not _SHA256.fullmatch(str(values["hash"])):
        raise ValueError("no row of the ledger")


def _segment(values: Values) -> None:
    record = segment_from(values)
    if not (0 <= record.number < 1 << 40 and all(isinstance(number, int) for number in (*record.paired, *record.lone))):
        raise ValueError("no segment")


_OTHERS = (
    "-siiiis",  # passages
    "-ssbisr",  # collections
    "sisssssi",  # pages
    "-sbsssiissssssrr",  # documents
    "-ssssssssssrr",  # jobs
    "-b",  # the inside of a search index
    *former.ROWS,
)
"""Column types of tables that are not copied but have as many columns as a copied table. Their rows are skipped and do
not count as unreadable.
"""
_KINDS: dict[str, type | tuple[type, ...]] = {
    "-": type(None), "s": (str, type(None)), "i": int, "r": (int, float), "b": bytes,
}  # fmt: skip

_ID = re.compile(r"[0-9a-f]{16}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_IDS = {
    "items": ("id",), "messages": ("id",), "models": ("id",), "glossaries": ("id",), "segments": ("item",),
    "terms": ("glossary",), "results": ("item",), "presets": ("id",),
}  # fmt: skip
_LANGUAGE = re.compile(r"([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)?")
_CHECKS: dict[str, Callable[[Values], object]] = {
    "items": partial(row_to, Item),
    "messages": message_from,
    "models": model_from,
    "ledger": _ledger,
    "segments": _segment,
    "memory": partial(row_to, MemoryPair),
    "glossaries": lambda values: glossary_from({**values, "term_count": 0}),
    "terms": term_from,
    "presets": preset_from,
    "results": lambda values: mapping_from(values["value"]),
}

KIND = "translation"
LOST = "lost"
_TITLE_CHARACTERS = 60
_MOST_TEXT = 1 << 20
"""Most characters of a lost item's text that are put together from its segments."""
_REPORTED_BY = 4_000
"""Most characters that are read to detect a language."""
_LOST_GLOSSARY = "Rescued terms"

_Key = tuple[Cell, ...]


class RescuedTranslations(StorePart):
    def __init__(self, store: Store) -> None:
        super().__init__(store.shared)
        self._store = store
        self._had_segments = frozenset(row["item"] for row in self._db.rows("select distinct item from segments"))
        self._grown: set[str] = set()
        self._lost_items: set[str] = set()
        self._lost_glossaries: set[str] = set()
        self._terms_here: dict[str, set[_Key]] = {}
        self.takers: dict[str, Callable[[int, Values], int]] = {
            "segments": self._take_segment,
            "memory": self._take_pair,
            "terms": self._take_term,
            "results": self._take_result,
        }
        """By table: function that copies a row with its number, and returns whether the row was copied: 0 or 1."""

    def adopt(self) -> None:
        """Take on the segments and terms whose item or glossary is lost, and translations with missing segments."""
        for row in self._db.rows("select distinct item from segments where item not in (select id from items)"):
            self._store.items.insert(row["item"], KIND, "", self._clock(), {})
            self._lost_items.add(row["item"])
        gaps = "select item from segments group by item having count(*) <= max(number)"
        self._grown.update(self._lost_items, (row["item"] for row in self._db.rows(gaps)))
        for row in self._db.rows(
            "select distinct glossary from terms where glossary not in (select id from glossaries)"
        ):
            self._terms_of(row["glossary"])

    def complete(self) -> int:
        for item in self._lost_items:
            self._complete_item(item)
        with self._store.terms.writing():  # makes readers of terms read them again
            for glossary in self._lost_glossaries:
                self._complete_glossary(glossary)
        self._db.run("update memory set item = null where item is not null and item not in (select id from items)")
        return sum(self._note_missing(item) for item in sorted(self._grown))

    # ---- segments

    def _take_segment(self, _n: int, values: Values) -> int:
        item, number = str(values["item"]), values["number"]
        if item in self._had_segments:
            return self._take_decision(values)
        if self._db.row("select 1 from segments where item = ? and number = ?", (item, number)):
            return 0
        if not self._db.row("select 1 from items where id = ?", (item,)):
            self._store.items.insert(item, KIND, "", self._clock(), {})
            self._lost_items.add(item)
        self._grown.add(item)
        values["revision"] = self._shared.next_revision()
        self._insert("segments", values)
        return 1

    def _take_decision(self, values: Values) -> int:
        """Copy a person's text or approval to a segment that nobody has decided on in the current database."""
        if SegmentState(str(values["state"])) not in SETTLED:
            return 0
        settled = ", ".join(f"'{state.value}'" for state in sorted(SETTLED))
        names = ("target", "state", "origin", "flags", "reason", "doubts")
        return self._update(
            "segments",
            {**{name: values[name] for name in names}, "revision": self._shared.next_revision()},
            f"item = ? and number = ? and source = ? and state not in ({settled})",
            *(values["item"], values["number"], values["source"]),
        )

    def _take_result(self, _n: int, values: Values) -> int:
        """Copy the progress of a translation. The results of other kinds of items are not copied."""
        row = self._db.row("select kind from items where id = ?", (values["item"],))
        if row is None or row["kind"] != KIND or str(values["item"]) in self._had_segments:
            return 0
        if self._store.results.get(str(values["item"])) is not None:
            return 0
        self._insert("results", values)
        return 1

    def _note_missing(self, item: str) -> int:
        """Continue the result of a rescued translation, so that the translation does not start anew over a person's
        words. Adds the lost segments to the result, and returns their number.
        """
        kept, counts = self._store.results.get(item) or {}, self._store.segments.count(item)
        rows = self._db.rows("select number from segments where item = ? order by number", (item,))
        numbers = [-1, *(int(row["number"]) for row in rows)]
        gaps = [(number + 1, other - 1) for number, other in pairwise(numbers) if other > number + 1]
        if not (kept.get("taken") or counts.keys() - {SegmentState.OPEN, SegmentState.LEFT}):
            return 0  # the translation had only begun, and starts again
        reported = kept.get("left")
        left: list[Json] = list(reported) if isinstance(reported, list) else []
        left += [[LOST, "", _stretch(*gap)] for gap in gaps]
        is_done = bool(kept.get("done")) or not counts.get(SegmentState.OPEN)
        self._store.results.save(item, {**kept, "taken": True, "done": is_done, "left": left})
        return sum(last + 1 - first for first, last in gaps)

    def _complete_item(self, id: str) -> None:
        """Give a translation whose item was lost its title and text, made from its segments."""
        segments = self._store.segments.of_item(id, limit=20_000)
        text = "".join(segment.lead + segment.source + segment.trail for segment in segments)[:_MOST_TEXT]
        reported, __ = detect(" ".join(segment.target for segment in segments[:200])[:_REPORTED_BY])
        words = " ".join(text[:500].split())
        title = words[:_TITLE_CHARACTERS]
        self._store.items.change_settings(id, wish={"target": reported or "en", "text": text})
        self._store.items.rename(id, title)

    # ---- memory

    def _take_pair(self, n: int, values: Values) -> int:
        values["key"] = memory_key(str(values["source"]))
        where = tuple(str(values[name]) for name in ("source_language", "target_language", "domain", "key"))
        here = self._db.row(
            "select * from memory where source_language = ? and target_language = ? and domain = ? and key = ?", where
        )
        if here is None:
            values["n"] = n
            self._insert("memory", values)
            self._store.index.add(n, str(values["source"]), "memory_words")
            return 1
        ranks = [(row["origin"] != Origin.MODEL.value, row["used"]) for row in (here, values)]
        if here["target"] == values["target"] or ranks[0] >= ranks[1]:
            return 0
        changes = {name: values[name] for name in ("target", "origin", "used", "item")}
        return self._update("memory", changes, "n = ?", here["n"])

    # ---- glossaries

    def _take_term(self, n: int, values: Values) -> int:
        glossary = str(values["glossary"])
        here = self._terms_of(glossary)
        values["folded"] = fold(str(values["source"]))
        key = (values["source"], values["target"], values["extra"])
        if key in here:
            return 0
        here.add(key)
        values["n"] = n
        self._insert("terms", values)
        return 1

    def _terms_of(self, glossary: str) -> set[_Key]:
        """Return the terms of a glossary. A lost glossary is created again, but not active."""
        if glossary in self._terms_here:
            return self._terms_here[glossary]
        if not self._db.row("select 1 from glossaries where id = ?", (glossary,)):
            self._lost_glossaries.add(glossary)
            self._insert("glossaries", {
                "id": glossary, "name": _LOST_GLOSSARY, "source_language": "", "target_language": "", "domain": "",
                "active": False, "created": self._clock(),
            })  # fmt: skip
        rows = self._db.rows("select source, target, extra from terms where glossary = ?", (glossary,))
        return self._terms_here.setdefault(glossary, {(row["source"], row["target"], row["extra"]) for row in rows})

    def _complete_glossary(self, id: str) -> None:
        """Set a lost glossary's languages, detected from its terms. Without them it would apply to all languages."""
        terms = self._store.terms.of_glossary(id, limit=1000)
        if all(term.keeps for term in terms):
            return
        reported = [
            detect(" ".join(words)[:_REPORTED_BY])[0]
            for words in ([term.source for term in terms], [term.target for term in terms])
        ]
        source = reported[0] or "en"
        self._store.glossaries.change(
            id, source_language=source, target_language=reported[1] if reported[1] not in (None, source) else ""
        )


def _stretch(first: int, last: int) -> str:
    """Name the segments `first` to `last` for people, counted from 1."""
    return f"segment {first + 1}" if first == last else f"segments {first + 1} to {last + 1}"


_PASSES = (
    ("items", "models", "ledger", "glossaries", "presets"),
    ("segments", "memory", "terms"),
    ("messages", "results"),
)
"""Tables in the order in which they are copied: a table that others refer to comes first. Messages and segments need
their items, terms need their glossary.
"""
_BEHIND = ("terms", "presets")
"""Tables whose rescued rows are placed after the current rows, not before."""


def rescue_into(store: Store, damaged: Path, *, key: DataKey | None = None) -> Rescued:
    """Copy what the store does not have yet, all or nothing. Ids, parents and order are kept; the rows are placed
    before the current rows. A message or segment whose item is lost gets a new item, named after its first words. Terms
    without their glossary get a new glossary. An answer that was still being written becomes `interrupted`. Segments of
    an item that has segments here are not copied, except those that a person decided on there and nobody decided on
    here. `key` is the key of an encrypted file, if it is not the store's key. Runs on the service thread. Raises
    KnownError file.unreadable, store.full, key.missing.
    """
    proved = _key_of(damaged, key or store.key)
    with store.together():
        return _Rescue(store, proved).run(damaged)


def _key_of(damaged: Path, key: DataKey | None) -> DataKey | None:
    """Return the key that decrypts the pages; None for a plain file. Pages are tested, as the header may be damaged."""
    file = StoreFile(damaged)
    if key is not None and damaged.is_file() and file.fits(key):
        return key
    if file.is_encrypted:
        raise KnownError("key.missing")
    return None


class _Rescue(StorePart):
    def __init__(self, store: Store, key: DataKey | None) -> None:
        super().__init__(store.shared)
        self._store, self._key = store, key
        self._translations = RescuedTranslations(store)
        self._ledger: list[LedgerRow] = []
        self._is_own = False

    def run(self, damaged: Path) -> Rescued:
        self._is_own = damaged.parent.resolve() == self._shared.paths.data.resolve()
        counts = dict.fromkeys(TABLES, 0)
        survey = Carver(damaged, self._key)
        first = self._first_free(survey)
        seen = translations = 0
        for tables in _PASSES:
            for table, n, values in rows_in(Carver(damaged, self._key), tables):
                taken = self._take_over(table, first.get(table, 0) + n, values)
                counts[table] += taken
                translations += taken if values.get("kind") == "translation" and table == "items" else 0
                seen += 1
        self._db.run(
            "update messages set parent = null, revision = ? where parent is not null"
            " and parent not in (select id from messages)",
            (self._shared.next_revision(),),
        )
        lost_segments = self._translations.complete()
        del counts["results"], counts["ledger"]
        counts["requests"] = self._append_requests()
        return Rescued(
            **counts, unreadable=survey.unreadable, seen=seen, translations=translations,
            lost_pages=survey.lost_pages(TABLES), lost_segments=lost_segments,
        )  # fmt: skip

    def _append_requests(self) -> int:
        rows = sorted(self._ledger, key=lambda row: row.n)
        if not rows:
            return 0
        head: Json = {"n": rows[-1].n, "hash": rows[-1].hash}
        self._store.ledger.append(Kind.RESTORE, {"from": "a damaged history", "head": head})
        return self._store.ledger.take_over(of_other_chain(rows))

    def _first_free(self, survey: Carver) -> dict[str, int]:
        """Return for each table the number to add to a row's number, so that all rescued rows come before (or after)
        the current rows, in their old order.
        """
        most, least = dict.fromkeys(NUMBERED, 0), dict.fromkeys(NUMBERED, 0)
        for table, n, __ in rows_in(survey, tuple(TABLES)):
            if table in NUMBERED:
                most[table], least[table] = max(most[table], n), min(least[table], n)
        first = {}
        for table in NUMBERED - {"ledger"}:  # its requests are appended to the ledger of this PC
            row = self._db.row(f"select min(n), max(n) from {table}")
            lowest, highest = (row[0], row[1]) if row and row[0] is not None else (1, 0)
            if table in _BEHIND:
                first[table] = max(highest, 0) + 1 - least[table]
            else:
                first[table] = min(lowest, 1) - 1 - most[table]
        return first

    def _take_over(self, table: str, n: int, values: Values) -> int:
        taker = self._translations.takers.get(table)
        if taker is not None:
            return taker(n, values)
        if table == "ledger":
            self._ledger.append(ledger_row_from(values))
            return 0
        if self._db.row(f"select 1 from {table} where id = ?", (values["id"],)):
            return 0
        if table == "messages":
            self._prepare_message(values)
        if "revision" in values:
            values["revision"] = self._shared.next_revision()
        if table == "items":
            values["arrived"] = self._clock()
        values["n"] = n
        if not self._is_own:
            mark_rescued(table, values)
        self._insert(table, values)
        if table == "messages":
            self._store.messages.index(n)
        if table == "items":
            self._store.index.add(n, str(values["title"]), "titles")
        return 1

    def _prepare_message(self, values: Values) -> None:
        if values["status"] == Status.STREAMING:
            values["status"], values["owner"] = Status.INTERRUPTED.value, None
        _add_chat_of(self._store, values)


def _add_chat_of(store: Store, message: RowLike) -> None:
    """Give a message whose chat is lost a new one, named after its first words."""
    item = str(message["item"])
    if store.database.row("select 1 from items where id = ?", (item,)):
        return
    words = " ".join(store.index.words_of(str(message["parts"]), str(message["text"]))[:500].split())
    store.items.insert(item, "chat", words[:_TITLE_CHARACTERS], message["created"], {})


def copy_tables(source: Path, key: DataKey | None, target: Connection) -> int | None:
    """Copy the rows of all tables into the empty tables of `target`. What SQLite cannot read of a table is read without
    SQLite. Returns how many pages and rows were lost, or None if not even the names of the tables can be read.
    """
    if not source.is_file():
        return None
    key = _key_of(source, key)
    is_open = True
    try:
        with connected(source, key=key) as old:
            check_tables(old, source)
            roots = dict(map(tuple, old.execute("select name, rootpage from sqlite_schema where type = 'table'")))
    except KnownError as known:
        if known.code != "store.damaged":
            raise
        is_open, roots = False, Carver(source, key).roots()
    if not roots:
        return None
    made = dict(map(tuple, target.execute("select name, sql from sqlite_schema where type = 'table'")))
    virtual = tuple(f"{name}_" for name, sql in made.items() if sql.lower().startswith("create virtual"))
    tables = {
        name: target.execute(f"PRAGMA table_info({name})").fetchall()
        for name in made
        if not f"{name}_".startswith((*virtual, "sqlite_"))
    }
    damaged = [name for name in tables if not (is_open and _copy_table(source, key, target, name, tables[name]))]
    lost = int("meta" in damaged)
    damaged = [name for name in damaged if name != "meta"]  # which is no table of rows by number
    carver = Carver(source, key)
    for table, n, cells in carver.rows_of({"sqlite_schema": 1, **roots}, damaged) if damaged else ():
        names = [table] if table else damaged
        lost += not any(_insert_carved(target, name, tables[name], n, cells) for name in names) and bool(table)
    revisions = " union ".join(f"select max(revision) as r from {name}" for name in ("items", "messages", "gone"))
    target.execute(
        f"update meta set value = max(value, coalesce((select max(r) from ({revisions})), 0)) where key = 'revision'"
    )
    return lost + carver.unreadable


def _copy_table(source: Path, key: DataKey | None, target: Connection, name: str, infos: Sequence[Row]) -> bool:
    columns = ", ".join(f'"{info["name"]}"' for info in infos)
    into = f"insert or replace into {name} ({columns}) values ({marks(infos)})"
    try:
        with connected(source, key=key) as old:  # anew for each table: after an error sqlcipher reads nothing more
            target.executemany(into, map(tuple, old.execute(f"select {columns} from {name} not indexed")))
    except KnownError as known:
        if known.code != "store.damaged":
            raise
        return False
    return True


def _insert_carved(target: Connection, table: str, infos: Sequence[Row], n: int, cells: Sequence[Cell]) -> bool:
    """Insert a row if the table can hold it."""
    kinds = dict(_column_in(tuple(info)) for info in infos)
    values = dict(zip(kinds, cells, strict=False))
    keys = [name for name, info in zip(kinds, infos, strict=True) if info["pk"]]
    if len(keys) == 1 and kinds[keys[0]] == (int,):
        values[keys[0]] = n
    if len(kinds) != len(cells) or not all(
        isinstance(value, (*kinds[name], *((int,) if float in kinds[name] else ()))) for name, value in values.items()
    ):
        return False
    columns, row = ", ".join(f'"{name}"' for name in values), list(values.values())
    try:
        target.execute(f"insert or ignore into {table} ({columns}) values ({marks(row)})", row)
    except errors():
        return False
    return True


def mend(store: Store, wrong: Collection[tuple[str, int]]) -> int:
    """Remove wrong rows (table, row number), make lost parents of rows anew, and remove the rows where that is
    impossible. Returns how many rows were removed.
    """
    db, removed = store.database, len(wrong)
    db.run("PRAGMA foreign_keys=OFF")
    try:
        with store.together():
            for table, n in wrong:
                db.run(f"delete from {table} where rowid = ?", (n,))
            db.run("update documents set collection = null where collection not in (select id from collections)")
            for row in db.rows("select item, kind, title from jobs where item not in (select id from items)"):
                store.items.insert(row["item"], row["kind"], row["title"], store.shared.clock(), {})
            translations = RescuedTranslations(store)
            translations.adopt()
            translations.complete()
            db.run("update messages set parent = null where parent not in (select id from messages)")
            for row in db.rows("select * from messages where item not in (select id from items) order by n"):
                _add_chat_of(store, row)
            while orphans := db.rows("PRAGMA foreign_key_check"):
                removed += len(orphans)
                for table, n, *__ in orphans:
                    db.run(f"delete from {table} where rowid = ?", (n,))
    finally:
        db.run("PRAGMA foreign_keys=ON")
    return removed
