"""Rescue a damaged history: mend what was salvaged of it, and merge a history into the current one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from slmdesk.base.errors import KnownError
from slmdesk.base.files import PRIVATE_FILE
from slmdesk.base.records import Kind, LedgerRow, Rescued
from slmdesk.base.text.folding import fold
from slmdesk.base.text.sentences import detect
from slmdesk.base.translation import SETTLED, Origin, SegmentState
from slmdesk.base.types import Json
from slmdesk.history.store.brought import mark_rescued
from slmdesk.history.store.database import Database, RowLike, StorePart, connected, row_to
from slmdesk.history.store.file import StoreFile, scratch_folder
from slmdesk.history.store.keys import DataKey
from slmdesk.history.store.ledger import of_other_chain
from slmdesk.history.store.opening import STEPS, migrate
from slmdesk.history.store.salvage import Cell, Salvaged, salvage
from slmdesk.history.store.store import Store
from slmdesk.history.store.translations import memory_key

Values = dict[str, Cell]

TABLES = (
    "items", "models", "glossaries", "presets", "segments", "memory", "terms", "messages", "results",
)  # fmt: skip
"""Tables in the order in which they are merged: a table that others refer to comes first."""
_BEHIND = ("terms", "presets")
"""Tables whose rescued rows are placed after the current rows, not before."""

KIND = "translation"
LOST = "lost"
_TITLE_CHARACTERS = 60
_MOST_TEXT = 1 << 20
"""Most characters of a lost item's text that are put together from its segments."""
_REPORTED_BY = 4_000
"""Most characters that are read to detect a language."""
_LOST_GLOSSARY = "Rescued terms"


_Key = tuple[Cell, ...]


class _Mending(StorePart):
    """Finds a home for the segments and terms whose item or glossary is lost."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.shared)
        self._store = store

    def run(self) -> int:
        """Return how many segments are missing in the middle of translations."""
        for item in self._column_of("select distinct item from segments where item not in (select id from items)"):
            self._adopt_segments(item)
        with self._store.terms.writing():  # makes readers of terms read them again
            lost = "select distinct glossary from terms where glossary not in (select id from glossaries)"
            for glossary in self._column_of(lost):
                self._adopt_terms(glossary)
        self._db.run("update memory set item = null where item is not null and item not in (select id from items)")
        cut = "having count(*) <= max(number) or item not in (select item from results)"
        return sum(map(self._note_missing, self._column_of(f"select item from segments group by item {cut}")))

    def _adopt_segments(self, item: str) -> None:
        """Make the lost item of a translation, with title and text from its segments."""
        segments = self._store.segments.of_item(item, limit=20_000)
        text = "".join(segment.lead + segment.source + segment.trail for segment in segments)[:_MOST_TEXT]
        reported, __ = detect(" ".join(segment.target for segment in segments[:200])[:_REPORTED_BY])
        title = " ".join(text[:500].split())[:_TITLE_CHARACTERS]
        wish: Json = {"target": reported or "en", "text": text}
        self._store.items.insert(item, KIND, title, self._clock(), {"wish": wish})

    def _adopt_terms(self, glossary: str) -> None:
        """Make a lost glossary, not active, with the languages of its terms. Without them it would apply to all."""
        self._insert("glossaries", {
            "id": glossary, "name": _LOST_GLOSSARY, "source_language": "", "target_language": "", "domain": "",
            "active": False, "created": self._clock(),
        })  # fmt: skip
        terms = self._store.terms.of_glossary(glossary, limit=1000)
        if all(term.keeps for term in terms):
            return
        source = detect(" ".join(term.source for term in terms)[:_REPORTED_BY])[0] or "en"
        target = detect(" ".join(term.target for term in terms)[:_REPORTED_BY])[0]
        self._store.glossaries.change(
            glossary, source_language=source, target_language=target if target not in (None, source) else ""
        )

    def _note_missing(self, item: str) -> int:
        """Continue the result of a translation, so that the translation does not start anew over a person's words. Adds
        the lost segments to the result, and returns their number.
        """
        kept, counts = self._store.results.get(item) or {}, self._store.segments.count(item)
        numbers = [-1, *self._column_of("select number from segments where item = ? order by number", (item,))]
        gaps = [(number + 1, other - 1) for number, other in pairwise(numbers) if other > number + 1]
        if not (kept.get("taken") or counts.keys() - {SegmentState.OPEN, SegmentState.LEFT}):
            return 0  # the translation had only begun, and starts again
        reported = kept.get("left")
        left: list[Json] = list(reported) if isinstance(reported, list) else []
        left += [[LOST, "", _stretch(*gap)] for gap in gaps]
        is_done = bool(kept.get("done")) or not counts.get(SegmentState.OPEN)
        self._store.results.save(item, {**kept, "taken": True, "done": is_done, "left": left})
        return sum(last + 1 - first for first, last in gaps)


def _stretch(first: int, last: int) -> str:
    """Name the segments `first` to `last` for people, counted from 1."""
    return f"segment {first + 1}" if first == last else f"segments {first + 1} to {last + 1}"


class Mended(NamedTuple):
    removed: int
    """Number of rows that were removed."""
    lost_segments: int
    """Number of segments that are missing in the middle of translations."""


def mend(store: Store, wrong: Collection[tuple[str, int]]) -> Mended:
    """Remove wrong rows (table, row number), make lost parents of rows anew, and remove the rows where that is
    impossible.
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
            lost_segments = _Mending(store).run()
            db.run("update messages set parent = null where parent not in (select id from messages)")
            for row in db.rows("select * from messages where item not in (select id from items) order by n"):
                _add_chat_of(store, row)
            while orphans := db.rows("PRAGMA foreign_key_check"):
                removed += len(orphans)
                for table, n, *__ in orphans:
                    db.run(f"delete from {table} where rowid = ?", (n,))
    finally:
        db.run("PRAGMA foreign_keys=ON")
    return Mended(removed, lost_segments)


def _add_chat_of(store: Store, message: RowLike) -> None:
    """Give a message whose chat is lost a new one, named after its first words."""
    item = str(message["item"])
    if store.database.row("select 1 from items where id = ?", (item,)):
        return
    words = " ".join(store.index.words_of(str(message["parts"]), str(message["text"]))[:500].split())
    store.items.insert(item, "chat", words[:_TITLE_CHARACTERS], message["created"], {})


def rescue_into(store: Store, damaged: Path, *, key: DataKey | None = None) -> Rescued:
    """Copy what the store does not have yet, all or nothing. Ids, parents and order are kept; the rows are placed
    before the current rows. A message or segment whose item is lost gets a new item, named after its first words. Terms
    without their glossary get a new glossary. An answer that was still being written becomes `interrupted`. Segments of
    an item that has segments here are not copied, except those that a person decided on there and nobody decided on
    here. `key` is the key of an encrypted file, if it is not the store's key. Runs on the service thread. Raises
    KnownError file.unreadable, store.full, key.missing.
    """
    proved = key_of(damaged, key or store.key)
    with scratch_folder(store.paths.data, "rescued") as folder:
        beside = folder / "mended.sqlite3"
        beside.touch(PRIVATE_FILE)
        with connected(beside, key=store.key) as conn:
            migrate(conn, STEPS)
            salvaged = salvage(damaged, proved, conn, folder) or Salvaged()
            conn.execute("PRAGMA foreign_keys=ON")
            other = Store(Database(conn, beside, read_only=False, key=store.key), store.paths, "rescue")
            mended = mend(other, other.wrong_rows())
            other.messages.mark_interrupted(lambda _owner: True)
            with store.together():
                counts = _Merge(store, other, is_own=damaged.parent.resolve() == store.paths.data.resolve()).run()
    return Rescued(
        **counts, unreadable=salvaged.missing + mended.removed, uncounted=salvaged.uncounted, seen=salvaged.rows,
        lost_segments=mended.lost_segments,
    )  # fmt: skip


def key_of(damaged: Path, key: DataKey | None) -> DataKey | None:
    """Return the key that decrypts the pages; None for a plain file. Pages are tested, as the header may be damaged."""
    file = StoreFile(damaged)
    if key is not None and damaged.is_file() and file.fits(key):
        return key
    if file.is_encrypted:
        raise KnownError("key.missing")
    return None


class _Merge(StorePart):
    """Copies the rows of another whole history that the store does not have."""

    def __init__(self, store: Store, other: Store, *, is_own: bool) -> None:
        super().__init__(store.shared)
        self._store, self._other, self._is_own = store, other, is_own
        self._had_segments = frozenset(self._column_of("select distinct item from segments"))
        self._terms_here: dict[str, set[_Key]] = {}
        self._takers: dict[str, Callable[[int, Values], bool]] = {
            "segments": self._take_segment,
            "memory": self._take_pair,
            "terms": self._take_term,
            "results": self._take_result,
        }
        """By table: function that copies a row under this number, and returns whether it did."""

    def run(self) -> dict[str, int]:
        """Return how many rows of each table were copied."""
        counts = dict.fromkeys((*TABLES, "translations"), 0)
        for table in TABLES:
            take = self._takers.get(table, partial(self._take_row, table))
            for n, values in enumerate(self._rows_of(table), self._first_free(table)):
                is_taken = take(n, values)
                counts[table] += is_taken
                counts["translations"] += is_taken and values.get("kind") == KIND
        with self._store.terms.writing():  # makes readers of terms read them again
            counts["requests"] = self._append_requests()
        del counts["results"]
        return counts

    def _rows_of(self, table: str) -> Iterator[Values]:
        for row in self._other.database.conn.execute(f"select * from {table} order by rowid"):
            yield dict(row)

    def _first_free(self, table: str) -> int:
        """Return the number from which on the copied rows have place before the current rows, or after them."""
        if table in _BEHIND:
            return max(0, self._db.number(f"select max(rowid) from {table}")) + 1
        first = self._db.number(f"select min(1, coalesce(min(rowid), 1)) from {table}")
        return first - self._other.database.number(f"select count(*) from {table}")

    def _append_requests(self) -> int:
        rows = [row_to(LedgerRow, row) for row in self._other.database.rows("select * from ledger order by n")]
        if not rows:
            return 0
        head: Json = {"n": rows[-1].n, "hash": rows[-1].hash}
        self._store.ledger.append(Kind.RESTORE, {"from": "a damaged history", "head": head})
        return self._store.ledger.take_over(of_other_chain(rows))

    def _take_row(self, table: str, n: int, values: Values) -> bool:
        if self._db.row(f"select 1 from {table} where id = ?", (values["id"],)):
            return False
        values["n"] = n
        if "revision" in values:
            values["revision"] = self._shared.next_revision()
        if table == "items":
            values["arrived"] = self._clock()
        if not self._is_own:
            mark_rescued(table, values)
        self._insert(table, values)
        if table == "messages":
            self._store.messages.index(n)
        if table == "items":
            self._store.index.add(n, str(values["title"]), "titles")
        return True

    def _take_segment(self, _n: int, values: Values) -> bool:
        if values["item"] in self._had_segments:
            return self._take_decision(values)
        values["revision"] = self._shared.next_revision()
        self._insert("segments", values)
        return True

    def _take_decision(self, values: Values) -> bool:
        """Copy a person's text or approval to a segment that nobody has decided on in the current database."""
        if SegmentState(str(values["state"])) not in SETTLED:
            return False
        settled = ", ".join(f"'{state.value}'" for state in sorted(SETTLED))
        names = ("target", "state", "origin", "flags", "reason", "doubts")
        return bool(self._update(
            "segments",
            {**{name: values[name] for name in names}, "revision": self._shared.next_revision()},
            f"item = ? and number = ? and source = ? and state not in ({settled})",
            *(values["item"], values["number"], values["source"]),
        ))  # fmt: skip

    def _take_result(self, _n: int, values: Values) -> bool:
        """Copy the progress of a translation. The results of other kinds of items are not copied."""
        item = str(values["item"])
        row = self._db.row("select kind from items where id = ?", (item,))
        if row is None or row["kind"] != KIND or item in self._had_segments or self._store.results.get(item):
            return False
        self._insert("results", values)
        return True

    def _take_pair(self, n: int, values: Values) -> bool:
        values["key"] = memory_key(str(values["source"]))
        where = tuple(str(values[name]) for name in ("source_language", "target_language", "domain", "key"))
        here = self._db.row(
            "select * from memory where source_language = ? and target_language = ? and domain = ? and key = ?", where
        )
        if here is None:
            self._insert("memory", {**values, "n": n})
            self._store.index.add(n, str(values["source"]), "memory_words")
            return True
        ranks = [(row["origin"] != Origin.MODEL.value, row["used"]) for row in (here, values)]
        if here["target"] == values["target"] or ranks[0] >= ranks[1]:
            return False
        changes = {name: values[name] for name in ("target", "origin", "used", "item")}
        return bool(self._update("memory", changes, "n = ?", here["n"]))

    def _take_term(self, n: int, values: Values) -> bool:
        here = self._terms_of(str(values["glossary"]))
        key = (values["source"], values["target"], values["extra"])
        if key in here:
            return False
        here.add(key)
        self._insert("terms", {**values, "folded": fold(str(values["source"])), "n": n})
        return True

    def _terms_of(self, glossary: str) -> set[_Key]:
        if glossary not in self._terms_here:
            rows = self._db.rows("select source, target, extra from terms where glossary = ?", (glossary,))
            self._terms_here[glossary] = {tuple(row) for row in rows}
        return self._terms_here[glossary]
