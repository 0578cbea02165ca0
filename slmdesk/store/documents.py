"""Documents, and the items that were made from them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.records import DocumentRecord, DocumentStatus
from slmdesk.store.database import RowLike
from slmdesk.store.pages import Pages
from slmdesk.store.part import Shared, StorePart, marks, new_id
from slmdesk.store.retention import Holds
from slmdesk.store.rows import mapping_from, row_to
from slmdesk.store.search_index import SearchIndex

_DOCUMENT = re.compile(r'"document": ?"([0-9a-f]+)"')
"""In the JSON of what is attached (base/attached.py); quotation marks inside of texts have a stroke before them."""
_CHANGEABLE = {
    "path", "name", "sha256", "format", "bytes", "mtime_ns", "status", "info", "error_code", "error_args", "opened",
    "collection", "reader",
}  # fmt: skip


class Documents(StorePart):
    def __init__(self, shared: Shared, pages: Pages, index: SearchIndex) -> None:
        super().__init__(shared)
        self._pages, self._index = pages, index

    def add(
        self, *, path: bytes | Path, name: str, sha256: str, format: str, bytes: int, mtime_ns: int, reader: str
    ) -> DocumentRecord:
        """Raises KnownError store.*."""
        ident, now = new_id(), self._clock()
        with self._db.writing():
            self._insert("documents", {
                "id": ident, "path": path, "name": name, "sha256": sha256, "format": format, "bytes": bytes,
                "mtime_ns": mtime_ns, "reader": reader, "status": DocumentStatus.READING, "facts": {},
                "error_args": {}, "added": now, "opened": now,
            })  # fmt: skip
            return self.get(ident)

    def get(self, id: str) -> DocumentRecord:
        """The document with this id, or the only one whose id begins with it.  Raises KnownError document.unknown."""
        document = self._first(document_from, f"{_WITH_PAGES} where documents.id = ?", (self._id_of("documents", id),))
        if document is None:
            raise KnownError("document.unknown", id=id[:80])
        return document

    def page(self, limit: int = 100, *, collection: str | None = None) -> list[DocumentRecord]:
        """The documents of a collection; or the last opened, newest first, without those that are only part of a
        folder.
        """
        where, values = ("where documents.collection = ?", [collection]) if collection else ("where opened > 0", [])
        return self._all(
            document_from,
            f"{_WITH_PAGES} {where} order by documents.opened desc, n desc limit ?",
            [*values, limit],
        )

    def marks(self, limit: int) -> list[tuple[str, str, DocumentStatus]]:
        """Ids, names and states of the last opened documents: enough to see that a list changed, without counting
        pages.
        """
        return self._all(
            lambda row: (row["id"], row["name"], DocumentStatus(row["status"])),
            "select id, name, status from documents where opened > 0 order by opened desc, n desc limit ?",
            (limit,),
        )

    def names(self) -> list[tuple[str, str, str]]:
        """Id, name and collection ('' for none) of all documents that were read, the last opened first."""
        return self._all(
            lambda row: (row["id"], row["name"], row["collection"] or ""),
            "select id, name, collection from documents where status = 'read' order by opened desc, n desc",
        )

    def with_text(self, documents: Sequence[str]) -> set[str]:
        has_text = "select 1 from pages where pages.document = documents.id and pages.status = 'read'"
        rows = self._db.rows(
            f"select id from documents where id in ({marks(documents)}) and status = 'read' and exists ({has_text})",
            documents,
        )
        return {str(row["id"]) for row in rows}

    def find(self, *, sha256: str = "", path: bytes | Path | None = None) -> list[DocumentRecord]:
        name, value = ("sha256", sha256) if sha256 else ("path", path)
        return self._all(
            document_from, f"{_WITH_PAGES} where documents.{name} = ? order by n desc", (self._column(value),)
        )

    def change(self, id: str, **values: Any) -> DocumentRecord:
        """Set fields by name: path, name, sha256, format, bytes, mtime_ns, status, info, error_code, error_args,
        opened, collection, reader.
        """
        if unknown := values.keys() - _CHANGEABLE:
            raise ValueError(f"a document has no field {', '.join(unknown)}")
        columns = {"facts" if key == "info" else key: value for key, value in values.items()}
        with self._db.writing():
            found = self.get(id).id
            self._update("documents", columns, "id = ?", found)
            return self.get(found)

    def forget(self, id: str) -> None:
        """Delete a document with its pages, passages and vectors; the file itself is not touched."""
        with self._db.writing():
            found = self.get(id).id
            Holds(self._shared).require_document_free(found)
            self._pages.forget(found, 0)
            self._index.purge()
            self._db.run("delete from item_documents where document = ?", (found,))
            self._db.run("delete from documents where id = ?", (found,))
            self._shared.request_purge()

    # ---- items about them

    def link(self, item: str, documents: Sequence[str]) -> None:
        with self._db.writing():
            self.unlink(item)
            for place, document in enumerate(documents):
                self._insert("item_documents", {"item": item, "place": place, "document": document})

    def unlink(self, item: str) -> None:
        """Inside a transaction: the item is about no document any more."""
        self._db.run("delete from item_documents where item = ?", (item,))

    def of_item(self, item: str) -> list[DocumentRecord]:
        return self._all(
            document_from,
            f"{_WITH_PAGES} join item_documents on item_documents.document = documents.id"
            " where item_documents.item = ? order by item_documents.place",
            (item,),
        )

    def items_about(self, document: str) -> list[str]:
        """The ids of items about a document that are not in the trash, newest first."""
        rows = self._db.rows(
            "select items.id from item_documents join items on items.id = item_documents.item"
            " where item_documents.document = ? and items.deleted_at is null order by items.updated desc",
            (document,),
        )
        return [str(row["id"]) for row in rows]

    def attached_in(self, table: str, after: int, limit: int) -> tuple[int | None, set[str]]:
        """The documents attached to the next rows of `messages`, or to drafts in `items`; with the number of the last
        row, None where there are no more.
        """
        column = {"messages": "parts", "items": "settings"}[table]
        rows = self._db.rows(f"select n, {column} as held from {table} where n > ? order by n limit ?", (after, limit))
        found = {one for row in rows for one in _DOCUMENT.findall(row["held"])}
        return (int(rows[-1]["n"]) if len(rows) == limit else None), found

    def uses(self) -> set[tuple[str, str]]:
        """Pairs of item and document: the item is about it, or has it attached to a message or draft; includes the
        trash.
        """
        uses = {(row["item"], row["document"]) for row in self._db.rows("select item, document from item_documents")}
        for table, column, id in (("messages", "parts", "item"), ("items", "settings", "id")):
            query = f"select {id} as item, {column} as held from {table} where instr({column}, '\"document\"')"
            uses |= {(row["item"], one) for row in self._db.rows(query) for one in _DOCUMENT.findall(row["held"])}
        return uses


_WITH_PAGES = (
    "select documents.*, (select count(*) from pages where pages.document = documents.id) as page_count from documents"
)


def document_from(row: RowLike) -> DocumentRecord:
    return row_to(DocumentRecord, row, info=mapping_from(row["facts"]), pages=row["page_count"])
