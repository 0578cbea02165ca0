"""The passages that documents are searched by, and their embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.base.records import Passage
from slmdesk.store.database import RowLike
from slmdesk.store.part import Shared, StorePart, marks
from slmdesk.store.rows import row_to
from slmdesk.store.search_index import SearchIndex, fts_query

MOST_WORDS = 200
"""Of a question that are searched for: more find nothing better."""
BEGINNING = 5
"""Letters."""


class Passages(StorePart):
    def __init__(self, shared: Shared, index: SearchIndex) -> None:
        super().__init__(shared)
        self._index = index

    def add(self, document: str, passages: Sequence[Passage]) -> None:
        """Inside a transaction: append passages to a document and index their words."""
        for one in passages:
            n = self._insert("passages", {
                "document": document, "page": one.page, "page_end": one.page_end, "start": one.start, "end": one.end,
                "text": one.text,
            })  # fmt: skip
            self._index.add(n, self._text(one.text), "passage_words")

    def delete(self, document: str, beyond: int) -> None:
        """Inside a transaction: delete the passages that reach beyond this page."""
        which, values = "document = ? and page_end > ?", (document, beyond)
        for row in self._db.rows(f"select n, text from passages where {which}", values):
            self._index.remove(row["n"], row["text"], "passage_words")
        self._db.run(f"delete from vectors where passage in (select n from passages where {which})", values)
        self._db.run(f"delete from passages where {which}", values)

    def forget_some(self, document: str, limit: int = 100) -> bool:
        """Delete some passages of a document, so that thousands go in small steps; False when none was left."""
        with self._db.writing():
            rows = self._db.rows("select n, text from passages where document = ? limit ?", (document, limit))
            for row in rows:
                self._index.remove(row["n"], row["text"], "passage_words")
                self._db.run("delete from vectors where passage = ?", (row["n"],))
                self._db.run("delete from passages where n = ?", (row["n"],))
            return bool(rows)

    def of_document(self, document: str) -> list[Passage]:
        return self._all(passage_from, "select * from passages where document = ? order by n", (document,))

    def numbered(self, numbers: Sequence[int]) -> list[Passage]:
        return self._all(
            passage_from, f"select * from passages where n in ({marks(numbers)}) order by n", list(numbers)
        )

    def number(self, documents: Sequence[str]) -> int:
        query = f"select count(*) from passages where document in ({marks(documents)})"
        return int(self._db.rows(query, list(documents))[0][0])

    def count(self, documents: Sequence[str]) -> tuple[int, int]:
        rows = self._db.rows(
            "select count(*) as number, coalesce(sum(length(text)), 0) as size from passages"
            f" where document in ({marks(documents)})",
            list(documents),
        )
        return int(rows[0]["number"]), int(rows[0]["size"])

    def find(self, pieces: Sequence[str], documents: Sequence[str], limit: int = 20) -> list[Passage]:
        """The passages of these documents that match best, by BM25 over the beginnings of words, joined by OR.

        `pieces`: folded words (text.folding); the caller leaves out stop words.
        """
        if not pieces or not documents:
            return []
        return self._all(
            passage_from,
            "select passages.*, bm25(passage_words) as rank from passage_words join passages on passages.n ="
            f" passage_words.rowid where passage_words match ? and passages.document in ({marks(documents)})"
            " order by rank limit ?",
            [_any_of(pieces), *documents, limit],
        )

    def find_everywhere(self, pieces: Sequence[str], limit: int = 50) -> list[tuple[Passage, str]]:
        """As `find`, in all documents, with their names; includes documents being deleted or read again."""
        if not pieces:
            return []
        return self._all(
            lambda row: (passage_from(row), str(row["name"])),
            "select passages.*, documents.name as name, bm25(passage_words) as rank from passage_words"
            " join passages on passages.n = passage_words.rowid join documents on documents.id = passages.document"
            " where passage_words match ? order by rank limit ?",
            (_any_of(pieces), limit),
        )

    def find_typed(self, words: str, limit: int) -> list[tuple[Passage, str]]:
        """Passages of all documents that contain all of the words, with the documents' names; the newest first.

        The last word may be the beginning of one.  Includes documents being deleted or read again.
        """
        query = fts_query(words)
        if not query:
            return []
        return self._all(
            lambda row: (passage_from(row), str(row["name"])),
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
        rows = self._db.rows(
            "select distinct document from passages where not exists"
            " (select 1 from vectors where passage = passages.n and model_sha256 = ?)",
            (model_sha256,),
        )
        return [str(row["document"]) for row in rows]

    def passages_without(self, model_sha256: str, document: str) -> list[int]:
        rows = self._db.rows(
            "select n from passages where document = ? and not exists"
            " (select 1 from vectors where passage = passages.n and model_sha256 = ?) order by n",
            (document, model_sha256),
        )
        return [int(row["n"]) for row in rows]


def passage_from(row: RowLike) -> Passage:
    return row_to(Passage, row)


def _any_of(pieces: Sequence[str]) -> str:
    """Of long words the beginning: the rest may be an ending or the other half of a compound."""
    quoted = [(one[:BEGINNING].replace('"', '""'), "*" if len(one) > BEGINNING else "") for one in pieces[:MOST_WORDS]]
    return " OR ".join(f'"{words}"{more}' for words, more in quoted)
