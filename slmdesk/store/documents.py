"""Documents: their pages, the passages they are searched by, embeddings, and results made from them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slmdesk.core.documents import Block, BlockKind, Page, PageStatus
from slmdesk.core.errors import KnownError
from slmdesk.core.records import DocumentRecord, DocumentStatus, Passage
from slmdesk.core.types import Json
from slmdesk.store.database import RowLike, Value
from slmdesk.store.part import mapping_from, new_id
from slmdesk.store.words import Words

_DOCUMENT = re.compile(r'"document": ?"([0-9a-f]+)"')
"""In the JSON of what is attached (core/attached.py); quotation marks inside of texts have a stroke before them."""
MOST_WORDS = 200
"""Of a question: more of them find nothing better."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that matches a search, with its rank (BM25: smaller is better)."""

    passage: Passage
    rank: float


class Documents(Words):
    """The part of the store for documents."""

    def add_document(
        self, *, path: bytes | Path, name: str, sha256: str, format: str, bytes: int, mtime_ns: int, reader: str
    ) -> DocumentRecord:
        """Add a document that is about to be read and has no pages yet.  Raises KnownError store.*."""
        ident, now = new_id(), self._clock()
        with self._db.writing():
            self._db.insert(
                "insert into documents (id, path, name, sha256, format, bytes, mtime_ns, reader, status, facts,"
                " error_args, added, opened) values (?, ?, ?, ?, ?, ?, ?, ?, 'reading', '{}', '{}', ?, ?)",
                (
                    ident, path_bytes(path), self._text(name), sha256, format, bytes, mtime_ns, reader, now, now,
                ),
            )  # fmt: skip
            return self.document(ident)

    def document(self, id: str) -> DocumentRecord:
        """The document with this id, or the only one whose id begins with it.  Raises KnownError document.unknown."""
        found = self._id_of("documents", id)
        rows = self._db.rows(f"{_WITH_PAGES} where documents.id = ?", (found,)) if found else []
        if not rows:
            raise KnownError("document.unknown", id=id[:80])
        return self._made(document_from, rows[0])

    def documents(self, limit: int = 100, *, collection: str | None = None) -> list[DocumentRecord]:
        """The documents of a collection; or the last opened, newest first, without those that are only part of a
        folder.
        """
        where, values = ("where documents.collection = ?", [collection]) if collection else ("where opened > 0", [])
        rows = self._db.rows(f"{_WITH_PAGES} {where} order by documents.opened desc, n desc limit ?", [*values, limit])
        return [self._made(document_from, row) for row in rows]

    def document_marks(self, limit: int) -> list[tuple[str, str, DocumentStatus]]:
        """Ids, names and states of the last opened documents: enough to see that a list changed, without counting
        pages.
        """
        rows = self._db.rows(
            "select id, name, status from documents where opened > 0 order by opened desc, n desc limit ?", (limit,)
        )
        return [self._made(_mark_from, row) for row in rows]

    def with_words(self, documents: Sequence[str]) -> set[str]:
        """Those of these ids that have a page with text."""
        marks = ",".join("?" * len(documents))
        has_words = "select 1 from pages where pages.document = documents.id and pages.status = 'read'"
        rows = self._db.rows(
            f"select id from documents where id in ({marks}) and status = 'read' and exists ({has_words})", documents
        )
        return {str(row["id"]) for row in rows}

    def documents_of(self, *, sha256: str = "", path: bytes | Path | None = None) -> list[DocumentRecord]:
        """The documents with this content, or at this path, newest first."""
        if sha256:
            rows = self._db.rows(f"{_WITH_PAGES} where documents.sha256 = ? order by n desc", (sha256,))
        else:
            assert path is not None
            rows = self._db.rows(f"{_WITH_PAGES} where documents.path = ? order by n desc", (path_bytes(path),))
        return [self._made(document_from, row) for row in rows]

    def change_document(self, id: str, **values: Any) -> DocumentRecord:
        """Set fields by name: path, name, sha256, format, bytes, mtime_ns, status, info, error_code, error_args,
        opened, collection, reader.
        """
        columns: dict[str, Value] = {}
        for key, value in values.items():
            match key:
                case "info":
                    columns["facts"] = self._json(value)
                case "error_args":
                    columns[key] = self._json(value)
                case "path":
                    columns[key] = path_bytes(value)
                case "name":
                    columns[key] = self._text(value)
                case (
                    "sha256"
                    | "format"
                    | "bytes"
                    | "mtime_ns"
                    | "status"
                    | "error_code"
                    | "opened"
                    | "collection"
                    | "reader"
                ):
                    columns[key] = value
                case _:
                    raise ValueError(f"a document has no field {key}")
        with self._db.writing():
            found = self.document(id).id
            assignments = ", ".join(f"{key} = ?" for key in columns)
            self._db.run(f"update documents set {assignments} where id = ?", [*columns.values(), found])
            return self.document(found)

    def forget_document(self, id: str) -> None:
        """Delete a document with its pages, passages and vectors; the file itself is not touched."""
        with self._db.writing():
            found = self.document(id).id
            self._forget_pages(found, range(1, 1 << 31))
            self._purge_index()
            self._db.run("delete from item_documents where document = ?", (found,))
            self._db.run("delete from documents where id = ?", (found,))
            self._want_purge()

    # ---- pages

    def save_pages(self, document: str, pages: Sequence[Page], passages: Sequence[Passage] = ()) -> None:
        """Save pages; one saved before under the same number is replaced.

        `passages` are added to those the document has, in the same transaction: for reading page by page.
        """
        with self._db.writing():
            self._add_passages(document, passages)
            for page in pages:
                blocks = [
                    [one.kind.value, one.start, one.end, one.level, one.place and self._text(one.place)]
                    for one in page.blocks
                ]
                self._db.run(
                    "insert or replace into pages (document, number, label, status, reason, text, blocks, has_image)"
                    " values (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        document, page.number, self._text(page.label), page.status.value, self._text(page.reason),
                        self._text(page.text), json.dumps(blocks, ensure_ascii=False, separators=(",", ":")),
                        int(page.has_image),
                    ),
                )  # fmt: skip

    def forget_pages(self, document: str, beyond: int) -> None:
        """Delete the pages after `beyond` and the passages that reach into them: the document has become shorter."""
        with self._db.writing():
            self._forget_pages(document, range(beyond + 1, 1 << 31))

    def pages(self, document: str, *, begin: int = 1, limit: int = 100, with_text: bool = True) -> list[Page]:
        """Pages from number `begin` on; `with_text=False` leaves out text and blocks, for lists of thousands."""
        what = "*" if with_text else "document, number, label, status, reason, '' as text, '[]' as blocks, has_image"
        rows = self._db.rows(
            f"select {what} from pages where document = ? and number >= ? order by number limit ?",
            (document, begin, limit),
        )
        return [self._made(page_from, row) for row in rows]

    def all_pages(self, document: str, step: int = 50) -> Iterator[Page]:
        """Yield every page in order, fetched `step` at a time, so that no query stays open."""
        begin = 1
        while pages := self.pages(document, begin=begin, limit=step):
            yield from pages
            begin = pages[-1].number + 1

    # ---- passages

    def save_passages(self, document: str, passages: Sequence[Passage]) -> None:
        """Replace all passages of a document and index their words."""
        with self._db.writing():
            self._forget_passages(document)
            self._add_passages(document, passages)

    def _add_passages(self, document: str, passages: Sequence[Passage]) -> None:
        for one in passages:
            n = self._db.insert(
                "insert into passages (document, page, page_end, start, end, text) values (?, ?, ?, ?, ?, ?)",
                (document, one.page, one.page_end, one.start, one.end, self._text(one.text)),
            )
            self._index(n, self._text(one.text), "passage_words")

    def forget_some_passages(self, document: str, limit: int = 100) -> bool:
        """Delete some passages of a document, so that thousands go in small steps; False when none was left."""
        with self._db.writing():
            rows = self._db.rows("select n, text from passages where document = ? limit ?", (document, limit))
            for row in rows:
                self._unindex(row["n"], row["text"], "passage_words")
                self._db.run("delete from vectors where passage = ?", (row["n"],))
                self._db.run("delete from passages where n = ?", (row["n"],))
            return bool(rows)

    def passages(self, document: str) -> list[Passage]:
        """All passages of a document, in order."""
        rows = self._db.rows("select * from passages where document = ? order by n", (document,))
        return [self._made(passage_from, row) for row in rows]

    def passages_of(self, numbers: Sequence[int]) -> list[Passage]:
        """Passages by their numbers, in order; missing ones are left out."""
        marks = ", ".join("?" for _ in numbers)
        rows = self._db.rows(f"select * from passages where n in ({marks}) order by n", list(numbers))
        return [self._made(passage_from, row) for row in rows]

    def count_passages(self, documents: Sequence[str]) -> tuple[int, int]:
        """The number of passages of these documents, and of characters in them."""
        marks = ", ".join("?" for _ in documents)
        rows = self._db.rows(
            "select count(*) as number, coalesce(sum(length(text)), 0) as size from passages"
            f" where document in ({marks})",
            list(documents),
        )
        return int(rows[0]["number"]), int(rows[0]["size"])

    def find_passages(self, pieces: Sequence[str], documents: Sequence[str], limit: int = 20) -> list[Hit]:
        """The passages of these documents that match best, by BM25 over words joined by OR.

        `pieces`: folded words (text.folding); the caller leaves out stop words.
        """
        if not pieces or not documents:
            return []
        query = " OR ".join('"' + piece.replace('"', '""') + '"' for piece in pieces[:MOST_WORDS])
        marks = ", ".join("?" for _ in documents)
        rows = self._db.rows(
            "select passages.*, bm25(passage_words) as rank from passage_words join passages on passages.n ="
            f" passage_words.rowid where passage_words match ? and passages.document in ({marks})"
            " order by rank limit ?",
            [query, *documents, limit],
        )
        return [Hit(self._made(passage_from, row), float(row["rank"])) for row in rows]

    def find_everywhere(self, pieces: Sequence[str], limit: int = 50) -> list[tuple[Hit, str]]:
        """As `find_passages`, in all documents, with their names; includes documents being deleted or read again."""
        if not pieces:
            return []
        query = " OR ".join('"' + piece.replace('"', '""') + '"' for piece in pieces[:MOST_WORDS])
        rows = self._db.rows(
            "select passages.*, documents.name as name, bm25(passage_words) as rank from passage_words"
            " join passages on passages.n = passage_words.rowid join documents on documents.id = passages.document"
            " where passage_words match ? order by rank limit ?",
            (query, limit),
        )
        return [(Hit(self._made(passage_from, row), float(row["rank"])), str(row["name"])) for row in rows]

    # ---- vectors

    def save_vectors(self, model_sha256: str, vectors: Mapping[int, bytes]) -> None:
        """Save the embeddings of passages, by passage number; see text.vectors."""
        with self._db.writing():
            for passage, data in vectors.items():
                self._db.run(
                    "insert or replace into vectors (passage, model_sha256, data) values (?, ?, ?)",
                    (passage, model_sha256, data),
                )

    def vectors(self, model_sha256: str, document: str) -> dict[int, bytes]:
        """The embeddings of a document's passages under a model."""
        rows = self._db.rows(
            "select passage, data from vectors join passages on passages.n = vectors.passage"
            " where model_sha256 = ? and passages.document = ?",
            (model_sha256, document),
        )
        return {row["passage"]: row["data"] for row in rows}

    # ---- what was made of them

    def link_documents(self, item: str, documents: Sequence[str]) -> None:
        """Save which documents an item (a summary, a question) is about, in order."""
        with self._db.writing():
            self._db.run("delete from item_documents where item = ?", (item,))
            for place, document in enumerate(documents):
                self._db.run("insert into item_documents values (?, ?, ?)", (item, place, document))

    def documents_of_item(self, item: str) -> list[DocumentRecord]:
        """The documents an item is about."""
        rows = self._db.rows(
            f"{_WITH_PAGES} join item_documents on item_documents.document = documents.id"
            " where item_documents.item = ? order by item_documents.place",
            (item,),
        )
        return [self._made(document_from, row) for row in rows]

    def items_about(self, document: str) -> list[str]:
        """The ids of items about a document that are not in the trash, newest first."""
        rows = self._db.rows(
            "select items.id from item_documents join items on items.id = item_documents.item"
            " where item_documents.document = ? and items.deleted_at is null order by items.updated desc",
            (document,),
        )
        return [str(row["id"]) for row in rows]

    def document_uses(self) -> set[tuple[str, str]]:
        """Pairs of item and document: the item is about it, or has it attached to a message or draft; includes the
        trash.
        """
        uses = {(row["item"], row["document"]) for row in self._db.rows("select item, document from item_documents")}
        for table, column, id in (("messages", "parts", "item"), ("items", "settings", "id")):
            query = f"select {id} as item, {column} as held from {table} where instr({column}, '\"document\"')"
            uses |= {(row["item"], one) for row in self._db.rows(query) for one in _DOCUMENT.findall(row["held"])}
        return uses

    def save_result(self, item: str, value: Mapping[str, Json]) -> None:
        """Save the result of an item: a summary's sentences with their links, a table's rows."""
        with self._db.writing():
            self._db.run("insert or replace into results (item, value) values (?, ?)", (item, self._json(value)))

    def result(self, item: str) -> dict[str, Json] | None:
        """The saved result of an item, or None."""
        row = self._db.row("select value from results where item = ?", (item,))
        return self._made(lambda found: mapping_from(found["value"]), row) if row else None

    # ---- inside

    def _forget_pages(self, document: str, numbers: range) -> None:
        self._db.run("delete from pages where document = ? and number >= ?", (document, numbers.start))
        self._forget_passages(document, beyond=numbers.start - 1)

    def _forget_passages(self, document: str, *, beyond: int = 0) -> None:
        which, values = "document = ? and page_end > ?", (document, beyond)
        for row in self._db.rows(f"select n, text from passages where {which}", values):
            self._unindex(row["n"], row["text"], "passage_words")
        self._db.run(f"delete from vectors where passage in (select n from passages where {which})", values)
        self._db.run(f"delete from passages where {which}", values)


_WITH_PAGES = (
    "select documents.*, (select count(*) from pages where pages.document = documents.id) as page_count from documents"
)


def _mark_from(row: RowLike) -> tuple[str, str, DocumentStatus]:
    return row["id"], row["name"], DocumentStatus(row["status"])


def document_from(row: RowLike) -> DocumentRecord:
    """Build the dataclass of a row."""
    names = ("n", "id", "path", "name", "sha256", "format", "bytes", "mtime_ns", "reader", "collection", "added",
             "opened", "error_code")  # fmt: skip
    return DocumentRecord(
        **{name: row[name] for name in names},
        status=DocumentStatus(row["status"]),
        info=mapping_from(row["facts"]),
        error_args=mapping_from(row["error_args"]),
        pages=_maybe(row, "page_count"),
    )


def page_from(row: RowLike) -> Page:
    """Build the dataclass of a row."""
    blocks = tuple(Block(BlockKind(kind), start, end, level, place) for kind, start, end, level, place in
                   json.loads(row["blocks"]))  # fmt: skip
    return Page(
        row["number"], row["label"], row["text"], PageStatus(row["status"]), blocks, row["reason"],
        bool(row["has_image"]),
    )  # fmt: skip


def passage_from(row: RowLike) -> Passage:
    """Build the dataclass of a row."""
    return Passage(row["n"], row["document"], row["page"], row["page_end"], row["start"], row["end"], row["text"])


def _maybe(row: RowLike, name: str) -> int:
    try:
        return int(row[name])
    except (KeyError, IndexError):
        return 0


def path_bytes(path: bytes | Path) -> bytes:
    """A path as the store keeps it, in bytes: file names need not be text."""
    return path if isinstance(path, bytes) else str(path).encode("utf-8", "surrogateescape")
