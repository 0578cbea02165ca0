"""Store documents, their pages, the passages that are searched, and folders of documents that are asked together."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from slmdesk.base.documents import Block, BlockKind, Page
from slmdesk.base.record import Record
from slmdesk.base.records import CollectionRecord, DocumentRecord, DocumentStatus, KnownFile, Passage
from slmdesk.base.types import Json
from slmdesk.history.store.database import RowLike, Shared, StorePart, mapping_from, marks, merged, new_id, row_to
from slmdesk.history.store.messages import SearchIndex, fts_query

MOST_WORDS = 200
"""Most words of a question that are searched. More words find nothing better."""
BEGINNING = 5
"""Number of letters at the beginning of a long word that are searched."""


class Passages(StorePart):
    def __init__(self, shared: Shared, index: SearchIndex) -> None:
        super().__init__(shared)
        self._index = index

    def add(self, document: str, passages: Sequence[Passage]) -> None:
        """Append passages to a document and index their words. Call inside a transaction."""
        for passage in passages:
            values = {name: getattr(passage, name) for name in ("page", "page_end", "start", "end", "text")}
            n = self._insert("passages", {"document": document, **values})
            self._index.add(n, self._text(passage.text), "passage_words")

    def delete(self, document: str, beyond: int) -> None:
        """Delete the passages that reach beyond page `beyond`. Call inside a transaction."""
        which, values = "document = ? and page_end > ?", (document, beyond)
        for row in self._db.rows(f"select n, text from passages where {which}", values):
            self._index.remove(row["n"], row["text"], "passage_words")
        self._db.run(f"delete from vectors where passage in (select n from passages where {which})", values)
        self._db.run(f"delete from passages where {which}", values)

    def forget_some(self, document: str, limit: int = 100) -> bool:
        """Delete up to `limit` passages of a document, for thousands in small steps. Returns False if none was left."""
        with self._db.writing():
            rows = self._db.rows("select n, text from passages where document = ? limit ?", (document, limit))
            for row in rows:
                self._index.remove(row["n"], row["text"], "passage_words")
                self._db.run("delete from vectors where passage = ?", (row["n"],))
                self._db.run("delete from passages where n = ?", (row["n"],))
            return bool(rows)

    def of_document(self, document: str) -> list[Passage]:
        return self._all(Passage, "select * from passages where document = ? order by n", (document,))

    def numbered(self, numbers: Sequence[int]) -> list[Passage]:
        return self._all(Passage, f"select * from passages where n in ({marks(numbers)}) order by n", list(numbers))

    def count(self, documents: Sequence[str]) -> tuple[int, int]:
        """Return the number of the passages of these documents, and how many characters they have."""
        rows = self._db.rows(
            "select count(*) as number, coalesce(sum(length(text)), 0) as size from passages"
            f" where document in ({marks(documents)})",
            list(documents),
        )
        return int(rows[0]["number"]), int(rows[0]["size"])

    def find(self, pieces: Sequence[str], documents: Sequence[str], limit: int = 20) -> list[Passage]:
        """Return the passages that match any of the words best, by BM25 over the beginnings of words. `pieces` are
        folded words without stop words.
        """
        if not pieces or not documents:
            return []
        return self._all(
            Passage,
            "select passages.*, bm25(passage_words) as rank from passage_words join passages on passages.n ="
            f" passage_words.rowid where passage_words match ? and passages.document in ({marks(documents)})"
            " order by rank limit ?",
            [_any_of(pieces), *documents, limit],
        )

    def find_everywhere(self, pieces: Sequence[str], limit: int = 50) -> list[tuple[Passage, str]]:
        """Search all documents as `find` does, and return passages with the names of their documents. Includes
        documents that are being deleted or read again.
        """
        if not pieces:
            return []
        return self._all(
            _named,
            "select passages.*, documents.name as name, bm25(passage_words) as rank from passage_words"
            " join passages on passages.n = passage_words.rowid join documents on documents.id = passages.document"
            " where passage_words match ? order by rank limit ?",
            (_any_of(pieces), limit),
        )

    def find_typed(self, words: str, limit: int) -> list[tuple[Passage, str]]:
        """Return passages that contain all words, newest first. The last word may be only the beginning of a word."""
        query = fts_query(words)
        if not query:
            return []
        return self._all(
            _named,
            "select passages.*, documents.name as name from passage_words"
            " join passages on passages.n = passage_words.rowid join documents on documents.id = passages.document"
            " where passage_words match ? order by passage_words.rowid desc limit ?",
            (query, limit),
        )


class Vectors(StorePart):
    def save(self, model_sha256: str, vectors: Mapping[int, bytes]) -> None:
        with self._db.writing():
            for passage, data in vectors.items():
                values = {"passage": passage, "model_sha256": model_sha256, "data": data}
                self._insert("vectors", values, otherwise="or replace")

    def after(self, model_sha256: str, documents: Sequence[str], *, after: int, limit: int) -> list[tuple[int, bytes]]:
        rows = self._db.rows(
            "select passages.n as n, data from passages join vectors on vectors.passage = passages.n"
            f" and model_sha256 = ? where passages.n > ? and passages.document in ({marks(documents)})"
            " order by passages.n limit ?",
            [model_sha256, after, *documents, limit],
        )
        return [(row["n"], row["data"]) for row in rows]

    def documents_without(self, model_sha256: str) -> list[str]:
        return self._column_of(
            "select distinct document from passages where not exists"
            " (select 1 from vectors where passage = passages.n and model_sha256 = ?)",
            (model_sha256,),
        )

    def passages_without(self, model_sha256: str, document: str) -> list[int]:
        return self._column_of(
            "select n from passages where document = ? and not exists"
            " (select 1 from vectors where passage = passages.n and model_sha256 = ?) order by n",
            (document, model_sha256),
        )


def _named(row: RowLike) -> tuple[Passage, str]:
    return row_to(Passage, row), row["name"]


def _any_of(pieces: Sequence[str]) -> str:
    """Return an FTS5 query for any of the words. Of a long word only the beginning is searched: the rest may be an
    ending or the other half of a compound.
    """
    searched = []
    for piece in pieces[:MOST_WORDS]:
        beginning = piece[:BEGINNING].replace('"', '""')
        searched.append(f'"{beginning}"*' if len(piece) > BEGINNING else f'"{beginning}"')
    return " OR ".join(searched)


class Pages(StorePart):
    def __init__(self, shared: Shared, passages: Passages) -> None:
        super().__init__(shared)
        self._passages = passages

    def save(self, document: str, pages: Sequence[Page], passages: Sequence[Passage] = ()) -> None:
        """Save pages, replacing pages with the same numbers, and add `passages` in the same transaction."""
        with self._db.writing():
            self._passages.add(document, passages)
            for page in pages:
                blocks = [[block.kind.value, block.start, block.end, block.level, block.place] for block in page.blocks]
                self._insert("pages", {
                    "document": document, "number": page.number, "label": page.label, "status": page.status,
                    "reason": page.reason, "text": page.text, "blocks": blocks, "has_image": page.has_image,
                }, otherwise="or replace")  # fmt: skip

    def forget(self, document: str, beyond: int) -> None:
        """Delete pages after `beyond` and passages that reach into them. Called when the document became shorter."""
        with self._db.writing():
            self._db.run("delete from pages where document = ? and number > ?", (document, beyond))
            self._passages.delete(document, beyond)

    def of_document(self, document: str, *, begin: int = 1, limit: int = 100, with_text: bool = True) -> list[Page]:
        """Return pages from `begin` on. `with_text=False` omits text and blocks, for lists of thousands of pages."""
        what = "*" if with_text else "document, number, label, status, reason, '' as text, '[]' as blocks, has_image"
        return self._all(
            page_from,
            f"select {what} from pages where document = ? and number >= ? order by number limit ?",
            (document, begin, limit),
        )


def page_from(row: RowLike) -> Page:
    blocks = json.loads(row["blocks"])
    return row_to(Page, row, blocks=tuple(Block(BlockKind(kind), *places) for kind, *places in blocks))


class DocumentDays(Record):
    """A document with what was found to be due in it, and what a person said of that, as they are stored."""

    id: str
    name: str
    path: bytes
    content: str
    """The same for each document with these bytes."""
    page_kind: str
    found: Sequence[Json]
    others: Sequence[str]
    """Other days that it names, from some day on, as ISO 8601."""
    said: Mapping[str, Json]


def _days_from(row: RowLike) -> DocumentDays:
    found, others = json.loads(row["found"]), json.loads(row["others"])
    return row_to(DocumentDays, row, found=found, others=others, said=mapping_from(row["said"]))


_CONTENT = "sha256 || coalesce(json_remove(json_extract(facts, '$.attachment'), '$.of', '$.parent'), '')"
"""An attachment has the sum of the mail around it, so its place in there belongs to it."""
_DAYS = (
    f"select id, name, path, coalesce(json_extract(facts, '$.page_kind'), 'page') as page_kind, {_CONTENT} as content,"
)


_DOCUMENT = re.compile(r'"document": ?"([0-9a-f]+)"')
"""Finds the ids of attached documents in the stored JSON (base/types.py). A quotation mark inside a text has a
backslash before it, so text cannot match.
"""
BESIDE = ("summary", "question", "extraction", "versions")
"""Kinds of items that are shown beside their documents."""


class Documents(StorePart):
    def __init__(self, shared: Shared, pages: Pages, index: SearchIndex) -> None:
        super().__init__(shared)
        self._pages, self._index = pages, index

    def add(
        self, *, path: bytes | Path, name: str, sha256: str, format: str, bytes: int, mtime_ns: int, reader: str,
        opened: float | None = None,
    ) -> DocumentRecord:  # fmt: skip
        """`opened` is the time by which the recent documents are ordered: 0 if only a folder needs it, None for now."""
        ident, now = new_id(), self._clock()
        with self._db.writing():
            self._insert("documents", {
                "id": ident, "path": path, "name": name, "sha256": sha256, "format": format, "bytes": bytes,
                "mtime_ns": mtime_ns, "reader": reader, "status": DocumentStatus.READING, "facts": {},
                "error_args": {}, "added": now, "opened": now if opened is None else opened,
            })  # fmt: skip
            return self.get(ident)

    def get(self, id: str) -> DocumentRecord:
        return self._get(document_from, "documents", id, _WITH_PAGES)

    def page(self, limit: int = 100, *, collection: str | None = None) -> list[DocumentRecord]:
        """Return the documents of a collection. Without a collection: the documents opened last, without those that are
        only part of a folder.
        """
        where, values = ("where documents.collection = ?", [collection]) if collection else ("where opened > 0", [])
        return self._all(
            document_from, f"{_WITH_PAGES} {where} order by documents.opened desc, n desc limit ?", [*values, limit]
        )

    def ids(self) -> set[str]:
        return set(self._column_of("select id from documents"))

    def marks(self, limit: int) -> list[tuple[str, str, DocumentStatus]]:
        """Return id, name and status of documents opened last, to see changes of the list without counting pages."""
        return self._all(
            lambda row: (row["id"], row["name"], DocumentStatus(row["status"])),
            "select id, name, status from documents where opened > 0 order by opened desc, n desc limit ?",
            (limit,),
        )

    def names(self) -> list[tuple[str, str, str]]:
        """Return id, name and collection ('' for none) of all documents that were read, the last opened first."""
        return self._all(
            lambda row: (row["id"], row["name"], row["collection"] or ""),
            "select id, name, collection from documents where status = 'read' order by opened desc, n desc",
        )

    def with_text(self, documents: Sequence[str]) -> set[str]:
        has_text = "select 1 from pages where pages.document = documents.id and pages.status = 'read'"
        query = f"select id from documents where id in ({marks(documents)}) and status = 'read' and exists ({has_text})"
        return set(self._column_of(query, documents))

    def find(self, *, sha256: str = "", path: bytes | Path | None = None) -> list[DocumentRecord]:
        name, value = ("sha256", sha256) if sha256 else ("path", path)
        return self._all(
            document_from, f"{_WITH_PAGES} where documents.{name} = ? order by n desc", (self._column(value),)
        )

    def copies(self, id: str) -> list[str]:
        """Return the documents with the same bytes, this one among them."""
        return self._column_of(
            f"select id from documents where sha256 = (select sha256 from documents where id = ?) and {_CONTENT} ="
            f" (select {_CONTENT} from documents where id = ?) order by n",
            (id, id),
        )

    def with_fact(self, words: str, limit: int) -> list[DocumentRecord]:
        """Return the documents added last that were read and have these words as a value among their facts."""
        value = self._json(words)
        return self._all(
            document_from,
            "select documents.*, 0 as page_count from documents where status = 'read' and instr(facts, ?)"
            " order by n desc limit ?",
            (value, limit),
        )

    # ---- the days by which something is due, among their facts

    def without_days(self, rules: str) -> list[str]:
        """Return the documents that were read and whose days were not found by these rules."""
        return self._column_of(
            "select id from documents where status = 'read'"
            " and coalesce(json_extract(facts, '$.days.rules'), '') != ? order by opened desc, n desc",
            (rules,),
        )

    def with_days(self, since: str, collection: str = "") -> list[DocumentDays]:
        """Return those of which days were found, of one collection or of all. `since`: the first of the other days."""
        where, values = ("and collection = ?", [collection]) if collection else ("", [])
        return self._all(
            _days_from,
            f"{_DAYS} coalesce(json_extract(facts, '$.days.days'), '[]') as found,"
            " (select json_group_array(key) from json_each(facts, '$.days.others') where key >= ?) as others,"
            " coalesce(json_extract(facts, '$.days_said'), '{}') as said"
            f" from documents where status = 'read' and json_extract(facts, '$.days') is not null {where} order by n",
            [since, *values],
        )

    def with_other_days(self, ids: Sequence[str]) -> list[DocumentDays]:
        """Return documents with the other days that they name as what was found."""
        return self._all(
            _days_from,
            f"{_DAYS} (select json_group_array(json(value)) from json_each(facts, '$.days.others')) as found,"
            f" '[]' as others, '{{}}' as said from documents where id in ({marks(ids)})",
            ids,
        )

    def keep_days(self, id: str, found: Mapping[str, Json]) -> None:
        self._set_fact(id, "$.days", found)

    def say_of_day(self, id: str, key: str, said: Mapping[str, Json]) -> None:
        """Keep what a person said of a day, for all copies, also where one is read again (see `DAYS_SAID`)."""
        with self._db.writing():
            for copy in self.copies(id):
                self._db.run(
                    "update documents set facts = json_set(facts, '$.days_said', json_object()) where id = ?"
                    " and json_extract(facts, '$.days_said') is null",
                    (copy,),
                )
                self._set_fact(copy, f'$.days_said."{key}"', said)

    def _set_fact(self, id: str, path: str, value: Mapping[str, Json]) -> None:
        """Change one of the facts. The others stay as they are by then, whoever changes them."""
        with self._db.writing():
            self._db.run(
                "update documents set facts = json_set(facts, ?, json(?)) where id = ?", (path, self._json(value), id)
            )

    def change(self, id: str, **values: Any) -> DocumentRecord:
        if "info" in values:
            values["facts"] = values.pop("info")
        with self._db.writing():
            ident = self.get(id).id
            self._update("documents", values, "id = ?", ident)
            return self.get(ident)

    def forget(self, id: str) -> None:
        """Delete a document with its pages, passages and vectors; the file itself is not touched."""
        with self._db.writing():
            ident = self.get(id).id
            self._pages.forget(ident, 0)
            self._index.purge()
            self._db.run("delete from item_documents where document = ?", (ident,))
            self._db.run("delete from documents where id = ?", (ident,))
            self._shared.request_purge()

    # ---- items about them

    def results_only_of(self, documents: Sequence[str]) -> list[str]:
        """Return the items that were made of these documents alone and are shown beside them."""
        return self._column_of(
            f"select item from item_documents join items on items.id = item where kind in ({marks(BESIDE)})"
            " and deleted_at is null and item in"
            f" (select item from item_documents where document in ({marks(documents)}))"
            f" group by item having min(document in ({marks(documents)}))",
            [*BESIDE, *documents, *documents],
        )

    def link(self, item: str, documents: Sequence[str]) -> None:
        with self._db.writing():
            self.unlink(item)
            for place, document in enumerate(documents):
                self._insert("item_documents", {"item": item, "place": place, "document": document})

    def unlink(self, item: str) -> None:
        """Remove the links between an item and its documents. Call inside a transaction."""
        self._db.run("delete from item_documents where item = ?", (item,))

    def of_item(self, item: str) -> list[DocumentRecord]:
        return self._all(
            document_from,
            f"{_WITH_PAGES} join item_documents on item_documents.document = documents.id"
            " where item_documents.item = ? order by item_documents.place",
            (item,),
        )

    def items_about(self, document: str) -> list[str]:
        return self._column_of(
            "select items.id from item_documents join items on items.id = item_documents.item"
            " where item_documents.document = ? and items.deleted_at is null order by items.updated desc",
            (document,),
        )

    def is_used(self, document: str, kind: str) -> bool:
        """Return whether there is an item of this kind about a document, even in the trash."""
        query = "select 1 from item_documents join items on items.id = item where document = ? and kind = ? limit 1"
        return bool(self._db.rows(query, (document, kind)))

    def attached_in(self, table: str, after: int, limit: int) -> tuple[int | None, set[str]]:
        """Search the next `limit` rows of `messages`, or of the drafts in `items`. Return the number of the last row
        (None if there are no more rows) and the ids of the attached documents.
        """
        column = {"messages": "parts", "items": "settings"}[table]
        rows = self._db.rows(f"select n, {column} as held from {table} where n > ? order by n limit ?", (after, limit))
        documents = {id for row in rows for id in _DOCUMENT.findall(row["held"])}
        return (int(rows[-1]["n"]) if len(rows) == limit else None), documents

    def uses(self) -> set[tuple[str, str]]:
        """Return pairs of item and document: the item is about the document, or has it attached to a message or draft.
        Includes items in the trash.
        """
        uses = {(row["item"], row["document"]) for row in self._db.rows("select item, document from item_documents")}
        for table, column, id in (("messages", "parts", "item"), ("items", "settings", "id")):
            query = f"select {id} as item, {column} as held from {table} where instr({column}, '\"document\"')"
            uses |= {(row["item"], id) for row in self._db.rows(query) for id in _DOCUMENT.findall(row["held"])}
        return uses


_WITH_PAGES = (
    "select documents.*, (select count(*) from pages where pages.document = documents.id) as page_count from documents"
)


def document_from(row: RowLike) -> DocumentRecord:
    return row_to(DocumentRecord, row, info=mapping_from(row["facts"]), pages=row["page_count"])


class Collections(StorePart):
    def add(self, path: bytes | Path, name: str, *, watched: bool) -> CollectionRecord:
        """Add a folder of documents that has not been read yet. Raises KnownError store.*."""
        ident = new_id()
        with self._db.writing():
            self._insert("collections", {
                "id": ident, "name": name, "path": path, "watched": watched, "settings": {}, "added": self._clock(),
            })  # fmt: skip
            return self.get(ident)

    def get(self, id: str) -> CollectionRecord:
        return self._get(CollectionRecord, "collections", id)

    def all(self) -> list[CollectionRecord]:
        return self._all(CollectionRecord, "select * from collections order by n")

    def change(
        self, id: str, *, watched: bool | None = None, settings: Mapping[str, Json] | None = None
    ) -> CollectionRecord:
        """Set `watched`, or update entries of the collection's settings. A value of None removes the entry."""
        with self._db.writing():
            record = self.get(id)
            values = {
                "watched": record.watched if watched is None else watched,
                "settings": merged(record.settings, settings or {}),
            }
            self._update("collections", values, "id = ?", record.id)
            return self.get(record.id)

    def forget(self, id: str) -> None:
        """Delete the collection. Its documents are kept and belong to no collection then."""
        with self._db.writing():
            ident = self.get(id).id
            self._update("documents", {"collection": None}, "collection = ?", ident)
            self._db.run("delete from collections where id = ?", (ident,))
            self._shared.request_purge()

    def kept_files(self, collection: str) -> list[KnownFile]:
        return self._all(
            KnownFile,
            "select id, path, sha256, bytes, mtime_ns, status, reader, error_code,"
            " coalesce(json_extract(facts, '$.inode'), 0) as inode from documents where collection = ? order by n",
            (collection,),
        )

    def count(self, collection: str) -> tuple[int, int, int]:
        """Return the number of documents read, the number of their pages, and the number of documents that could not be
        read. Documents whose reading was stopped are not counted.
        """
        rows = self._db.rows(
            "select coalesce(sum(status = 'read'), 0) as readable, "
            " coalesce(sum(status = 'failed' and error_code is not 'document.stopped'), 0) as failed,"
            " coalesce(sum(case when status = 'read' then json_extract(facts, '$.pages') end), 0) as pages"
            " from documents where collection = ?",
            (collection,),
        )
        return int(rows[0]["readable"]), int(rows[0]["pages"]), int(rows[0]["failed"])

    def failed_documents(self, collection: str, limit: int) -> list[tuple[bytes, str, dict[str, Json]]]:
        rows = self._db.rows(
            "select path, error_code, error_args from documents where collection = ? and status = 'failed'"
            " and error_code is not 'document.stopped'"
            " order by name limit ?",
            (collection, limit),
        )
        return [(row["path"], row["error_code"] or "", mapping_from(row["error_args"])) for row in rows]

    def asked_documents(self, collection: str) -> list[DocumentRecord]:
        return self._all(
            document_from,
            "select n, id, path, name, sha256, format, bytes, mtime_ns, reader, status, '{}' as facts, collection,"
            " error_code, error_args, added, opened, 0 as page_count from documents"
            " where collection = ? and status = 'read' order by n",
            (collection,),
        )
