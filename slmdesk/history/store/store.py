"""The store with its parts, and two small parts: model files and measurements. No SQL is used outside this package."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slmdesk.base.errors import KnownError
from slmdesk.base.files import write_atomically
from slmdesk.base.paths import Paths
from slmdesk.base.record import Record, changed
from slmdesk.base.records import (
    BROUGHT,
    CollectionRecord,
    HistoryContents,
    Item,
    JobRecord,
    LedgerRow,
    Measurement,
    Message,
    ModelRecord,
    Passage,
)
from slmdesk.base.types import Json, Lazy
from slmdesk.history.store.backup import change_key, forget_former, former_keys, kept_copies, renew_copies
from slmdesk.history.store.database import (
    NOT_OURS,
    Database,
    FileLock,
    InstanceLock,
    Row,
    RowLike,
    Shared,
    StorePart,
    built,
    mapping_from,
    marks,
    merged,
    new_id,
    row_to,
)
from slmdesk.history.store.file import StoreFile
from slmdesk.history.store.former import RULES
from slmdesk.history.store.keys import DataKey, KeyFile
from slmdesk.history.store.ledger import Ledger
from slmdesk.history.store.messages import Items, SearchIndex
from slmdesk.history.store.retention import Retention

if TYPE_CHECKING:
    from slmdesk.history.store.brought import BroughtParts
    from slmdesk.history.store.documents import Collections, Documents, Pages, Passages, Vectors
    from slmdesk.history.store.jobs import Jobs
    from slmdesk.history.store.messages import Messages, Results
    from slmdesk.history.store.presets import Imports, Presets, Redactions
    from slmdesk.history.store.translations import Glossaries, Segments, Terms, TranslationMemory

WRITTEN = frozenset({"models", "measurements", "presets", "ledger", "_sqlite_migrations", "sqlite_sequence"})
"""Tables written to file even if no history is kept: model files, this PC's measurements, presets, network log."""
COPIED = ("meta", "glossaries", "terms", "memory", "private_names")
"""Tables whose rows are copied to memory when no history is kept, so that they can be read. Changes do not reach the
file. All other tables start empty.
"""
_MAKES = re.compile("^(CREATE (?:(?:VIRTUAL )?TABLE|(?:UNIQUE )?INDEX)) ")
"""Beginning of a statement as SQLite keeps it, whoever wrote it."""


def keep_nothing(database: Database, index: SearchIndex) -> None:
    """From now on write only the tables WRITTEN to the file, and keep all other tables in memory. Call before anything
    was read or added. Raises KnownError store.*.
    """
    rows = database.rows(
        "select tbl_name, sql from main.sqlite_schema where sql is not null and tbl_name in"
        " (select name from pragma_table_list where schema = 'main' and type <> 'shadow') order by rowid"
    )  # FTS5 makes its own tables, which are of type shadow
    for row in rows:
        if row["tbl_name"] not in WRITTEN:
            database.run(_MAKES.sub(r"\1 temp.", row["sql"]))
    for name in COPIED:
        database.run(f"insert into temp.{name} select * from main.{name}")
    database.run("delete from temp.meta where key = 'purge'")  # it concerns the file, which is not changed from now on
    index.rebuild()


class Models(StorePart):
    def add(
        self,
        *,
        name: str,
        path: bytes | Path,
        linked: bool,
        bytes: int,
        sha256: str,
        mtime_ns: int,
        inode: int,
        header: Mapping[str, Json],
        source: str,
        last_used: float | None = None,
    ) -> ModelRecord:
        """Add a record of a model file. Adding a file twice makes two records, so check before. Raises store.*."""
        ident = new_id()
        with self._db.writing():
            self._insert("models", {
                "id": ident, "name": name, "path": path, "linked": linked, "bytes": bytes, "sha256": sha256,
                "mtime_ns": mtime_ns, "inode": str(inode), "header": header, "source": source, "added": self._clock(),
                "last_used": last_used, "facts": {},
            })  # fmt: skip
            return self.get(ident)

    def all(self) -> list[ModelRecord]:
        """Return the models, without those that a restored backup brought and nobody has decided on."""
        return [model for model in self._rows() if not model.info.get(BROUGHT)]

    def brought(self) -> list[ModelRecord]:
        return [model for model in self._rows() if model.info.get(BROUGHT)]

    def _rows(self) -> list[ModelRecord]:
        return self._all(model_from, "select * from models order by n")

    def get(self, requested: str) -> ModelRecord:
        """Return a model by its id, by its name, or by the beginning of one of these or of its file's name. Raises
        KnownError model.unknown and, if several begin so, model.ambiguous, with the names.
        """
        models = self.all()
        id, wanted = self._id_of("models", requested), self._text(requested).casefold()
        found = [model for model in models if model.id == id] or [
            model for model in models if model.name.casefold() == wanted
        ]
        if wanted and not found:
            found = [model for model in models if any(name.startswith(wanted) for name in _names_of(model))]
        if len(found) != 1:
            code = "model.ambiguous" if found else "model.unknown"
            known = ", ".join(f"{model.id} {model.name}" for model in (found or models)[:20])
            raise KnownError(code, wanted=requested[:80], known=known or "none")
        return found[0]

    def change(self, id: str, **values: Any) -> ModelRecord:
        if "inode" in values:
            values["inode"] = str(values["inode"])
        if "info" in values:
            values["facts"] = values.pop("info")
        with self._db.writing():
            model_id = self.get(id).id
            self._update("models", values, "id = ?", model_id)
            return self.get(model_id)

    def relocate(self, places: Sequence[tuple[str, bytes, bytes, tuple[int, int] | None]]) -> None:
        """Change the paths of model files, all or none. Each entry is (id, old path, new path, (modification time,
        inode) or None if unchanged). A record whose path is not the old path is left unchanged.
        """
        with self._db.writing():
            for ident, old, new, mark in places:
                self._update("models", {"path": new}, "id = ? and path = ?", ident, old)
                if mark is not None:
                    values = {"mtime_ns": mark[0], "inode": str(mark[1])}
                    self._update("models", values, "id = ? and path = ?", ident, new)

    def set_info(self, id: str, **info: Json) -> ModelRecord:
        """Save measurements of a model on this PC. A value of None removes the key."""
        with self._db.writing():
            record = self.get(id)
            return self.change(record.id, info=merged(record.info, info))

    def remove(self, id: str, before: Callable[[], object] | None = None) -> None:
        """Delete the record. `before` may delete the file; it runs last, when only it can fail. Raises KnownError."""
        with self._db.writing():
            self._db.run("delete from models where id = ?", (self.get(id).id,))
            if before:
                before()


def _names_of(model: ModelRecord) -> tuple[str, str]:
    """Return the name of a model and that of its file, in small letters."""
    return model.name.casefold(), Path(os.fsdecode(model.path)).name.casefold()


def model_from(row: RowLike) -> ModelRecord:
    if b"\0" in row["path"]:
        raise ValueError("no path")
    return row_to(ModelRecord, row, inode=int(row["inode"]), info=mapping_from(row["facts"]))


class Measurements(StorePart):
    """The store's part for measurements. They are not rescued from a damaged file, since repeating takes a second."""

    def get(self, key: str) -> Measurement | None:
        return self._first(Measurement, "select * from measurements where key = ?", (key,))

    def all(self, prefix: str = "") -> list[Measurement]:
        return self._all(
            Measurement,
            "select * from measurements where substr(key, 1, ?) = ? order by time desc, n desc",
            (len(prefix), prefix),
        )

    def keep(self, key: str, value: Mapping[str, Json]) -> Measurement:
        """Save a measurement under a key, replacing the previous one. Raises KnownError store.*."""
        with self._db.writing():
            values = {"key": key, "value": value, "time": self._clock()}
            if not self._update("measurements", values, "key = ?", self._text(key)):
                self._insert("measurements", values)
            return self._all(Measurement, "select * from measurements where key = ?", (self._text(key),))[0]


GONE_KEPT_S = 30 * 86_400


class Changes(Record):
    items: list[Item]
    messages: list[Message]
    gone: list[str]
    revision: int


class Store:
    """The whole database: parts that share a connection. Created by `open_store`, used on the service thread."""

    shared: Shared
    index: SearchIndex
    items: Items
    messages: Lazy[Store, Messages] = Lazy(
        "history.store.messages:Messages", lambda s, new: new(s.shared, s.items, s.index)
    )
    jobs: Lazy[Store, Jobs] = Lazy("history.store.jobs:Jobs", lambda s, new: new(s.shared))
    imports: Lazy[Store, Imports] = Lazy(
        "history.store.presets:Imports", lambda s, new: new(s.shared, s.items, s.messages)
    )
    passages: Lazy[Store, Passages] = Lazy("history.store.documents:Passages", lambda s, new: new(s.shared, s.index))
    vectors: Lazy[Store, Vectors] = Lazy("history.store.documents:Vectors", lambda s, new: new(s.shared))
    pages: Lazy[Store, Pages] = Lazy("history.store.documents:Pages", lambda s, new: new(s.shared, s.passages))
    documents: Lazy[Store, Documents] = Lazy(
        "history.store.documents:Documents", lambda s, new: new(s.shared, s.pages, s.index)
    )
    collections: Lazy[Store, Collections] = Lazy("history.store.documents:Collections", lambda s, new: new(s.shared))
    results: Lazy[Store, Results] = Lazy("history.store.messages:Results", lambda s, new: new(s.shared))
    segments: Lazy[Store, Segments] = Lazy("history.store.translations:Segments", lambda s, new: new(s.shared))
    memory: Lazy[Store, TranslationMemory] = Lazy(
        "history.store.translations:TranslationMemory", lambda s, new: new(s.shared, s.index)
    )
    measurements: Lazy[Store, Measurements] = Lazy("history.store.store:Measurements", lambda s, new: new(s.shared))
    terms: Lazy[Store, Terms] = Lazy("history.store.translations:Terms", lambda s, new: new(s.shared))
    glossaries: Lazy[Store, Glossaries] = Lazy(
        "history.store.translations:Glossaries", lambda s, new: new(s.shared, s.terms)
    )
    presets: Lazy[Store, Presets] = Lazy("history.store.presets:Presets", lambda s, new: new(s.shared))
    redactions: Lazy[Store, Redactions] = Lazy("history.store.presets:Redactions", lambda s, new: new(s.shared))
    brought: Lazy[Store, BroughtParts] = Lazy("history.store.brought:BroughtParts", lambda s, new: new(s.shared))

    def __init__(
        self,
        database: Database,
        paths: Paths,
        instance_id: str,
        *,
        schema_lock: FileLock | None = None,
        instance_lock: InstanceLock | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """The locks are held as long as the store is open. A read-only store has no locks."""
        self.database = database
        self.paths = paths
        self._clock = clock
        self._schema_lock = schema_lock
        self._instance_lock = instance_lock
        self.is_kept = True
        """Whether what is written reaches the disk (see `keep_nothing`)."""
        self.shared = shared = Shared(database, paths, instance_id, clock)
        self.index = SearchIndex(shared)
        self.items = Items(shared, self.index)
        self.models = Models(shared)
        self.ledger = Ledger(shared)
        self.retention = Retention(shared)

    @property
    def read_only(self) -> bool:
        """Whether the store cannot be written. Every writing call then raises KnownError store.read_only."""
        return self.database.read_only

    @property
    def key(self) -> DataKey | None:
        return self.database.key

    def require_writable(self) -> None:
        """Raise KnownError `store.read_only` if the store cannot be written."""
        self.database.require_writable()

    def keep_nothing(self) -> None:
        """Start with an empty history, kept in memory only. Call before anything was read or added. Raises store.*."""
        self.require_writable()
        keep_nothing(self.database, self.index)
        self.is_kept = False

    def together(self) -> AbstractContextManager[None]:
        return self.database.writing()

    def revision(self) -> int:
        return self.shared.revision()

    def data_version(self) -> int:
        return self.database.data_version()

    def take_replaced(self) -> int:
        """Return how many characters since the last call could not be stored (lone surrogates) and became U+FFFD."""
        replaced, self.shared.replaced = self.shared.replaced, 0
        return replaced

    def changed_since(self, revision: int) -> Changes:
        from slmdesk.history.store.messages import message_from

        def newer(table: str) -> list[Row]:
            return self.database.rows(f"select * from {table} where revision > ? order by revision", (revision,))

        return Changes(
            items=[self.shared.made(Item, row) for row in newer("items")],
            messages=[self.shared.made(message_from, row) for row in newer("messages")],
            gone=[row["id"] for row in newer("gone")],
            revision=self.revision(),
        )

    def read_everything(self) -> None:
        """Read each row once.  Raises KnownError store.damaged for a row that cannot be parsed."""
        texts = ("former-keys", RULES)
        others = "select 1 from meta where key not in (?, ?) and typeof(value) not in ('integer', 'real')"
        if self.wrong_rows() or self.database.rows(others, texts):
            raise KnownError("store.damaged", path=str(self.database.path))

    def contents(self, removed: Sequence[str] = ()) -> HistoryContents:
        """Return what the history holds, in numbers, without documents that are being removed and what is of them
        alone.
        """
        from slmdesk.history.store.restoring import contents_in

        held = contents_in(self.database.conn)
        kinds = Counter(held.kinds) - Counter(self.items.get(id).kind for id in self.documents.results_only_of(removed))
        documents = held.documents - len(self.documents.ids() & set(removed))
        return changed(held, kinds=dict(kinds), documents=documents)

    def wrong_rows(self) -> list[tuple[str, int]]:
        """Read each row once, and return table and number of those that cannot be parsed."""
        from slmdesk.base.translation import MemoryPair
        from slmdesk.history.store.documents import document_from, page_from
        from slmdesk.history.store.jobs import step_from
        from slmdesk.history.store.messages import message_from
        from slmdesk.history.store.presets import listed_from, preset_from
        from slmdesk.history.store.translations import glossary_from, segment_from, term_from

        readers: dict[str, Callable[..., object]] = {
            "items": Item, "messages": message_from, "models": model_from, "ledger": LedgerRow,
            "jobs": JobRecord, "steps": step_from, "measurements": Measurement,
            "documents": document_from, "pages": page_from, "passages": Passage,
            "vectors": lambda row: row["data"], "collections": CollectionRecord,
            "item_documents": lambda row: row["document"],
            "results": lambda row: mapping_from(row["value"]), "segments": segment_from, "memory": MemoryPair,
            "presets": preset_from, "glossaries": glossary_from, "terms": term_from, "private_names": listed_from,
        }  # fmt: skip
        # columns that these readers expect, which other queries count
        counts = "0 as term_count, 0 as page_count, 0 as total, 0 as done, 0 as failed"
        wrong: list[tuple[str, int]] = []
        for table, read in readers.items():
            last = -(1 << 62)  # before any row: a damaged file may have rows below 0
            what = f"select *, {counts}, rowid as at_row from {table} where rowid > ? order by rowid limit 500"
            while rows := self.database.lenient_rows(what, (last,)):
                for row in rows:
                    try:
                        built(read, row)
                    except NOT_OURS:
                        wrong.append((table, row["at_row"]))
                last = rows[-1]["at_row"]
        return wrong

    def delete_for_good(self, id: str) -> tuple[Path, ...]:
        """Delete an item so that no file of this program contains its text. Takes about a second for a large history.
        Returns databases that were set aside earlier and may still contain the item. Each may be
        the user's only copy of something else, so they are reported and not deleted.
        """
        self._delete([self.items.get(id).id])
        self.purge()
        return self.set_aside()

    def empty_trash(self, older_than_s: float = 0.0) -> int:
        """Delete for good the items in the trash for longer than this. Returns how many."""
        rows = self.database.rows(
            "select id from items where deleted_at is not null and deleted_at <= ?", (self._clock() - older_than_s,)
        )
        ids = [row["id"] for row in rows]
        if ids:
            self._delete(ids)
            self.purge()
        return len(ids)

    def delete_some(self, ids: Sequence[str]) -> None:
        """Delete items for good, except that a later `purge` has to remove them from the index and the backups. If
        `purge` is not reached, the next start does it. Raises KnownError store.*.
        """
        with self.together():  # another instance may be deleting the same items
            there = self.database.rows(f"select id from items where id in ({marks(ids)})", ids)
            self._delete([row["id"] for row in there])

    def purge(self, until: float | None = None) -> bool:
        """Remove from the index and the backups what any instance deleted for good. Takes as long as `delete_for_good`.
        `until` (monotonic clock) is when to stop and leave the rest, in good order, to the next start. Returns whether
        nothing is left. Raises KnownError store.*, disk.full; the work then stays pending.
        """
        row = self.database.row("select value from meta where key = 'purge'")
        if row is None:
            return True
        _forget_dialogs(self.paths)
        with self.database.writing():
            self.index.purge()
        if not renew_copies(self.paths, until, self.key):
            return False
        with suppress(KnownError):  # if it fails, the next purge repeats it
            self.purged(row["value"])
        return True

    def purge_some(self, *, is_first: bool) -> bool:
        """Do one step of `purge` in the index, and return whether more steps are needed. Then call `purge_index`,
        `renew_copies` and `purged`.
        """
        with self.database.writing():
            return self.index.purge_some(is_first=is_first)

    def purge_index(self) -> int:
        _forget_dialogs(self.paths)
        with self.database.writing():
            self.index.purge()
            return self.database.number("select value from meta where key = 'purge'")

    def renew_copies(self) -> None:
        """Rewrite the backups.  Any thread.  Raises KnownError store.*, disk.full."""
        renew_copies(self.paths, key=self.key)

    def purged(self, mark: int) -> None:
        """Note that everything is purged that had been deleted when `mark` was given."""
        with self.database.writing():
            self.database.run("delete from meta where key = 'purge' and value = ?", (mark,))

    def set_aside(self) -> tuple[Path, ...]:
        return _all_aside(self.paths.database)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let no other instance start during a backup.  Raises KnownError store.in_use if another is running."""
        with nullcontext() if self._schema_lock is None else self._schema_lock.alone():
            yield

    def change_key(
        self, key: DataKey | None, keys: KeyFile | None, on_key: Callable[[], object] = lambda: None
    ) -> KnownError | None:
        """Encrypt the whole history with `key` and write its `keys`; if both are None, make the history plain. The
        whole file is written anew and then renamed: after a crash or an error at any moment it is either the old or the
        new history. `on_key` is called as soon as the new history is in place, and rewrites the encrypted files beside
        it (`keys_for`). Takes about five seconds of one core for 80 MB. Returns `store.copies_left` if the next start
        has to renew the copies. Raises KnownError store.in_use, store.*, disk.full, key.library_missing; nothing is
        changed then, unless `self.key` is the new key.
        """
        self.require_writable()
        has_more = self.database.row("select 1 from meta where key = 'purge'") is not None
        before = self.key
        with self.alone():
            try:
                with self.disconnected():
                    try:
                        change_key(self.paths, before, key, keys)
                    finally:  # an error after the renaming must not open the new file with the old key
                        if StoreFile(self.paths.database).is_under(key):
                            self.database.key = key
            finally:
                if self.key != before:
                    on_key()
            try:
                if has_more:
                    self.purge()
                else:
                    self.renew_copies()
                    self.purged(self.database.number("select value from meta where key = 'purge'"))
            except KnownError:
                if kept_copies(self.paths):
                    return KnownError("store.copies_left", path=str(self.paths.backups))
        return None

    def keys_for(self, purpose: str) -> tuple[bytes, ...]:
        """Return the keys of an encrypted file beside the history. The first is the key to encrypt the file with (empty
        for no encryption). The others are former keys that the file may still be encrypted with until
        `forget_former_keys`.
        """
        current = self.key.derive(purpose) if self.key is not None else b""
        return (current, *former_keys(self.database, purpose))

    def forget_former_keys(self) -> None:
        """Delete the former keys. Call when the files beside the history are encrypted with the current key, or are
        plain beside a plain history.
        """
        forget_former(self.database)

    @contextmanager
    def disconnected(self) -> Iterator[None]:
        """Close the connection while the block runs, then reopen it, perhaps to another file. Use inside `alone`."""
        self.database.close()
        try:
            yield
        finally:
            self.database.reopen()

    def close(self) -> None:
        for each in (self.database, self._instance_lock, self._schema_lock):
            if each is not None:
                each.close()

    def _delete(self, ids: list[str]) -> None:
        now = self._clock()
        with self.database.writing():
            for id in ids:
                self.messages.delete_of_item(id)
                self.jobs.delete_of_item(id)
                self.segments.forget(id)
                self.memory.delete_of_item(id)
                self.results.delete(id)
                self.documents.unlink(id)
                self.items.delete(id)
                self.shared.note_gone(id)
            self.shared.request_purge()
            self.database.run("delete from gone where time < ?", (now - GONE_KEPT_S,))


def damaged_copies(database: Path) -> list[Path]:
    return set_aside(database, "damaged")


def plain_aside(paths: Paths) -> tuple[Path, ...]:
    """Return databases that are not encrypted and were set aside earlier or kept as copies. Any thread."""
    copies = (each for each in kept_copies(paths) if each.suffix == paths.database.suffix)
    return (*(each for each in _all_aside(paths.database) if not StoreFile(each).is_encrypted), *copies)


def _all_aside(database: Path) -> tuple[Path, ...]:
    return (*damaged_copies(database), *set_aside(database, "replaced"))


def set_aside(database: Path, why: str) -> list[Path]:
    """Return the histories that were set aside for this reason, in the order of their names."""
    with suppress(OSError):
        return sorted(database.parent.glob(f"{database.stem}.{why}-*{database.suffix}"))
    return []


def _forget_dialogs(paths: Paths) -> None:
    """Empty the file in which Qt keeps the folders of file dialogs. It is not deleted, as Qt keeps the file's mode."""
    with suppress(OSError, KnownError):
        if paths.dialogs_file.stat().st_size:
            write_atomically(paths.dialogs_file, b"")
