"""Folders of documents that are asked together, and what is known about their files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.records import CollectionRecord, DocumentRecord, KnownFile
from slmdesk.base.types import Json
from slmdesk.store.database import RowLike
from slmdesk.store.documents import document_from
from slmdesk.store.part import StorePart, merged, new_id
from slmdesk.store.retention import Holds
from slmdesk.store.rows import mapping_from, row_to


class Collections(StorePart):
    def add(self, path: bytes | Path, name: str, *, watched: bool) -> CollectionRecord:
        """Add a folder that has not been read yet.  Raises KnownError store.*."""
        ident = new_id()
        with self._db.writing():
            self._insert("collections", {
                "id": ident, "name": name, "path": path, "watched": watched, "settings": {}, "added": self._clock(),
            })  # fmt: skip
            return self.get(ident)

    def get(self, id: str) -> CollectionRecord:
        """The collection with this id, or the only one whose id begins with it.  Raises KnownError
        collection.unknown.
        """
        found = self._first(
            collection_from, "select * from collections where id = ?", (self._id_of("collections", id),)
        )
        if found is None:
            raise KnownError("collection.unknown", id=id[:80])
        return found

    def all(self) -> list[CollectionRecord]:
        return self._all(collection_from, "select * from collections order by n")

    def change(
        self, id: str, *, watched: bool | None = None, settings: Mapping[str, Json] | None = None
    ) -> CollectionRecord:
        """Set `watched`, or update entries of its settings; a value of None removes the entry."""
        with self._db.writing():
            found = self.get(id)
            values = {
                "watched": found.watched if watched is None else watched,
                "settings": merged(found.settings, settings or {}),
            }
            self._update("collections", values, "id = ?", found.id)
            return self.get(found.id)

    def forget(self, id: str) -> None:
        """Delete the collection; documents that belong to it are kept, without it."""
        with self._db.writing():
            found = self.get(id).id
            Holds(self._shared).require_folder_free(found)
            self._update("documents", {"collection": None}, "collection = ?", found)
            self._db.run("delete from collections where id = ?", (found,))
            self._shared.request_purge()

    def kept_files(self, collection: str) -> list[KnownFile]:
        return self._all(
            kept_file_from,
            "select id, path, sha256, bytes, mtime_ns, status, reader, error_code,"
            " coalesce(json_extract(facts, '$.inode'), 0) as inode from documents where collection = ? order by n",
            (collection,),
        )

    def count(self, collection: str) -> tuple[int, int, int]:
        """Count the documents read, their pages, and the documents that could not be read.
        A document that was being read when reading was stopped is in neither count: it is read on resuming.
        """
        row = self._db.row(
            "select coalesce(sum(status = 'read'), 0) as readable, "
            " coalesce(sum(status = 'failed' and error_code is not 'document.stopped'), 0) as failed,"
            " coalesce(sum(case when status = 'read' then json_extract(facts, '$.pages') end), 0) as pages"
            " from documents where collection = ?",
            (collection,),
        )
        return (int(row["readable"]), int(row["pages"]), int(row["failed"])) if row else (0, 0, 0)

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


def collection_from(row: RowLike) -> CollectionRecord:
    return row_to(CollectionRecord, row)


def kept_file_from(row: RowLike) -> KnownFile:
    return row_to(KnownFile, row)
