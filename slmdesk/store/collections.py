"""Folders of documents that are asked together, and what is known about their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from slmdesk.core.errors import KnownError
from slmdesk.core.records import CollectionRecord, DocumentRecord, DocumentStatus, KeptFile
from slmdesk.core.types import Json
from slmdesk.store.database import RowLike
from slmdesk.store.documents import Documents, document_from, path_bytes
from slmdesk.store.part import mapping_from, merged, new_id


class Collections(Documents):
    """The part of the store for collections (folders of documents)."""

    def add_collection(self, path: bytes | Path, name: str, *, watched: bool) -> CollectionRecord:
        """Add a folder that has not been read yet.  Raises KnownError store.*."""
        ident = new_id()
        with self._db.writing():
            self._db.insert(
                "insert into collections (id, name, path, watched, settings, added) values (?, ?, ?, ?, '{}', ?)",
                (ident, self._text(name), path_bytes(path), int(watched), self._clock()),
            )
            return self.collection(ident)

    def collection(self, id: str) -> CollectionRecord:
        """The collection with this id, or the only one whose id begins with it.  Raises KnownError
        collection.unknown.
        """
        found = self._id_of("collections", id)
        rows = self._db.rows("select * from collections where id = ?", (found,)) if found else []
        if not rows:
            raise KnownError("collection.unknown", id=id[:80])
        return self._made(collection_from, rows[0])

    def collections(self) -> list[CollectionRecord]:
        """All collections, in the order they were added."""
        return [self._made(collection_from, row) for row in self._db.rows("select * from collections order by n")]

    def change_collection(
        self, id: str, *, watched: bool | None = None, settings: Mapping[str, Json] | None = None
    ) -> CollectionRecord:
        """Set `watched`, or update entries of its settings; a value of None removes the entry."""
        with self._db.writing():
            found = self.collection(id)
            self._db.run(
                "update collections set watched = ?, settings = ? where id = ?",
                (
                    int(found.watched if watched is None else watched),
                    self._json(merged(found.settings, settings or {})),
                    found.id,
                ),
            )
            return self.collection(found.id)

    def forget_collection(self, id: str) -> None:
        """Delete the collection; documents that belong to it are kept, without it."""
        with self._db.writing():
            found = self.collection(id).id
            self._db.run("update documents set collection = null where collection = ?", (found,))
            self._db.run("delete from collections where id = ?", (found,))
            self._want_purge()

    def kept_files(self, collection: str) -> list[KeptFile]:
        """What is known about the files of a collection."""
        rows = self._db.rows(
            "select id, path, sha256, bytes, mtime_ns, status, reader, error_code,"
            " coalesce(json_extract(facts, '$.inode'), 0) as inode from documents where collection = ? order by n",
            (collection,),
        )
        return [self._made(kept_file_from, row) for row in rows]

    def count_collection(self, collection: str) -> tuple[int, int, int]:
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
        """Path, error code and arguments of the documents that could not be read."""
        rows = self._db.rows(
            "select path, error_code, error_args from documents where collection = ? and status = 'failed'"
            " and error_code is not 'document.stopped'"
            " order by name limit ?",
            (collection, limit),
        )
        return [(row["path"], row["error_code"] or "", mapping_from(row["error_args"])) for row in rows]

    def asked_documents(self, collection: str) -> list[DocumentRecord]:
        """The documents of a collection that can be asked, without their details: there may be thousands."""
        rows = self._db.rows(
            "select n, id, path, name, sha256, format, bytes, mtime_ns, reader, status, '{}' as facts, collection,"
            " error_code, error_args, added, opened from documents where collection = ? and status = 'read' order by n",
            (collection,),
        )
        return [self._made(document_from, row) for row in rows]

    def forget_index_jobs(self, collection: str, *, but: str = "") -> None:
        """Delete the finished jobs that read this folder: there is one for each change of a file."""
        with self._db.writing():
            which = (
                "select id from jobs where kind = 'index' and status in ('done', 'failed', 'cancelled') and id <> ?"
                " and json_extract(settings, '$.collection') = ?"
            )
            self._db.run(f"delete from steps where job in ({which})", (but, collection))
            self._db.run(f"delete from jobs where id in ({which})", (but, collection))

    def vectors_from(
        self, model_sha256: str, documents: Sequence[str], *, after: int, limit: int
    ) -> list[tuple[int, bytes]]:
        """Embeddings of these documents' passages under a model, in order, beginning after passage `after`."""
        marks = ", ".join("?" for _ in documents)
        rows = self._db.rows(
            "select passages.n as n, data from passages join vectors on vectors.passage = passages.n"
            f" and model_sha256 = ? where passages.n > ? and passages.document in ({marks})"
            " order by passages.n limit ?",
            [model_sha256, after, *documents, limit],
        )
        return [(row["n"], row["data"]) for row in rows]

    def without_vectors(self, model_sha256: str) -> list[str]:
        """Documents with a passage that has no vector under a model."""
        rows = self._db.rows(
            "select distinct document from passages where not exists"
            " (select 1 from vectors where passage = passages.n and model_sha256 = ?)",
            (model_sha256,),
        )
        return [str(row["document"]) for row in rows]

    def passages_without_vectors(self, model_sha256: str, document: str) -> list[int]:
        """The numbers of a document's passages that have no vector under a model, in order."""
        rows = self._db.rows(
            "select n from passages where document = ? and not exists"
            " (select 1 from vectors where passage = passages.n and model_sha256 = ?) order by n",
            (document, model_sha256),
        )
        return [int(row["n"]) for row in rows]


def collection_from(row: RowLike) -> CollectionRecord:
    """Build the dataclass of a row."""
    return CollectionRecord(
        row["n"], row["id"], row["name"], row["path"], bool(row["watched"]), mapping_from(row["settings"]), row["added"]
    )


def kept_file_from(row: RowLike) -> KeptFile:
    """Build the dataclass of a row."""
    names = ("id", "path", "sha256", "bytes", "mtime_ns", "inode", "reader", "error_code")
    return KeptFile(**{name: row[name] for name in names}, status=DocumentStatus(row["status"]))
