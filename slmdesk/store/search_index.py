"""Full-text search of the history: the indexes over folded text, which the store writes itself, and their queries.

Four indexes: `words` over messages, `titles` over items, `passage_words` over passages of documents, `memory_words`
over remembered translations; the row numbers of each are those of its table.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.records import Found
from slmdesk.store.database import RowLike, Value
from slmdesk.store.part import StorePart
from slmdesk.text.words import folding

HIT_BEGINS, HIT_ENDS = "\ue000", "\ue001"
SNIPPET_BEFORE, SNIPPET_AFTER = 60, 140
"""Characters of the original around the first hit."""
INDEXES = ("words", "titles", "passage_words", "memory_words")
INDEXED = 3
"""Letters of the longest beginnings of words that have an index of their own (store/schema.py)."""
LOOKED_AT = 300
"""Messages looked through for a word that stands in many."""
OLDEST = -(1 << 62)
PAGES = 100
"""Of an index, written in a part of a purge."""
WITHOUT_MESSAGES = -(1 << 60)
"""Added to the number of an item without messages, it gives its place behind every message."""


_ARE_SEARCHED = (
    "items.deleted_at is null and items.kind <> 'space' and ? in ('', items.kind)"
    " and coalesce(?, items.archived) = items.archived"
)


class _Items(Record):
    kind: str
    archived: bool | None

    @property
    def values(self) -> tuple[Value, ...]:
        return self.kind, self.archived


class SearchIndex(StorePart):
    def search(
        self, words: str, *, limit: int = 50, before: int | None = None, kind: str = "", archived: bool | None = None
    ) -> list[Found]:
        """Messages that contain all of the words, newest first; the last word may be the beginning of one.

        An item whose title matches, but none of its messages, comes once, at the position of its newest message:
        `message` is then empty and the snippet is the beginning of the item.  `before`: the `n` of the last hit seen,
        for the next page.  `kind`: only items of this kind.  `archived`: only those in the archive, or only the
        others.  Spaces and items in the trash are left out.
        """
        query = fts_query(words)
        if not query:
            return []
        newest = before if before is not None else -OLDEST
        items = _Items(kind, archived)
        found = self._in_messages(query, words, items, newest, limit)
        oldest = found[-1].n if len(found) == limit else OLDEST
        found += self._in_titles(query, words, items, newest, oldest, limit)
        return sorted(found, key=lambda one: one.n, reverse=True)[:limit]

    def _in_messages(self, query: str, words: str, items: _Items, newest: int, limit: int) -> list[Found]:
        common = self._common(words, items, newest, limit)
        rows = self._matching(query, items, newest, limit) if common is None else common
        return [
            Found(
                item=row["item"],
                message=row["id"],
                title=row["title"],
                snippet=snippet_of(self.words_of(row["parts"], row["text"]), words),
                n=row["n"],
            )
            for row in rows
        ]

    def _matching(self, query: str, items: _Items, newest: int, limit: int) -> Sequence[RowLike]:
        return self._db.rows(
            "select messages.n, messages.id, messages.item, messages.parts, messages.text, items.title"
            " from words join messages on messages.n = words.rowid join items on items.id = messages.item"
            f" where words match ? and words.rowid < ? and {_ARE_SEARCHED}"
            " order by words.rowid desc limit ?",
            (query, newest, *items.values, limit),
        )

    def _common(self, words: str, items: _Items, newest: int, limit: int) -> list[RowLike] | None:
        """The newest messages where the last word stands in many; None where it may stand in few, or is short.

        Of a beginning longer than INDEXED letters FTS5 gathers every message before it gives the newest: half a second
        where a million hold it.  So its first letters are looked for, and the messages are looked through.
        """
        *others, last = folding.query_pieces(words)
        if len(last) > 1 or len(last[0]) <= INDEXED:
            return None
        found: list[RowLike] = []
        rows = self._matching(_query_of([*others, [last[0][:INDEXED]]]), items, newest, LOOKED_AT)
        for at, row in enumerate(rows):
            if at >= LOOKED_AT // 5 and len(rows) == LOOKED_AT and len(found) * LOOKED_AT < at * limit:
                return None  # at this rate not enough of them
            if f" {last[0]}" in f" {folding.fold_for_search(self.words_of(row['parts'], row['text']))}":
                found.append(row)
            if len(found) == limit:
                return found
        return None  # few have it; and a damaged index of beginnings holds none without a word

    def _in_titles(self, query: str, words: str, items: _Items, newest: int, oldest: int, limit: int) -> list[Found]:
        rows = self._db.rows(
            "select * from (select items.id, items.title,"
            " coalesce((select max(n) from messages where item = items.id), items.n + ?) as place"
            f" from titles join items on items.n = titles.rowid where titles match ? and {_ARE_SEARCHED})"
            " where place > ? and place < ? order by place desc",
            (WITHOUT_MESSAGES, query, *items.values, oldest, newest),
        )
        found: list[Found] = []
        for row in rows:
            if len(found) == limit:
                break
            begin = self._db.row("select n, parts, text from messages where item = ? order by n limit 1", (row["id"],))
            if begin and self._is_in_messages_of(row["id"], query, begin["n"], row["place"]):
                continue
            text = self.words_of(begin["parts"], begin["text"]) if begin else ""
            found.append(Found(row["id"], "", row["title"], snippet_of(text, words), row["place"]))
        return found

    def _is_in_messages_of(self, item: str, query: str, first: int, last: int) -> bool:
        # "cross": the index is queried once for a range of rows, not once for each of the item's messages
        row = self._db.row(
            "select 1 from words cross join messages on messages.n = words.rowid"
            " where words match ? and words.rowid between ? and ? and messages.item = ? limit 1",
            (query, first, last, item),
        )
        return row is not None

    def words_of(self, parts: str, text: str) -> str:
        return "\n".join([*(part["text"] for part in json.loads(parts)), text])

    def add(self, n: int, text: str, index: str = "words") -> None:
        """Inside a transaction: index a message that has stopped growing, or a title."""
        if folded := folding.fold_for_search(text):
            self._db.insert(f"insert into {index} (rowid, folded) values (?, ?)", (n, folded))

    def remove(self, n: int, text: str, index: str = "words") -> None:
        """Inside a transaction: remove from the index, given exactly the text that was indexed, as it stores none."""
        if folded := folding.fold_for_search(text):
            self._db.insert(f"insert into {index} ({index}, rowid, folded) values ('delete', ?, ?)", (n, folded))

    def purge(self) -> None:
        """Inside a transaction: rewrite the indexes without removed entries (deletions leave words behind)."""
        for index in INDEXES:
            self._db.insert(f"insert into {index} ({index}) values ('optimize')")

    def purge_some(self, *, is_first: bool) -> bool:
        """Inside a transaction: do a part of `purge`; returns whether there is more to do.  `is_first`: with the first
        part of a purge (the `merge` command of FTS5: https://sqlite.org/fts5.html#the_merge_command).
        """
        before = self._db.conn.total_changes
        for index in INDEXES:
            self._db.insert(
                f"insert into {index} ({index}, rank) values ('merge', ?)", (-PAGES if is_first else PAGES,)
            )
        return self._db.conn.total_changes - before > len(INDEXES)

    def is_current(self, *, thorough: bool = False) -> bool:
        """Whether the indexes were made by this version's folding; `thorough`: and are intact."""
        row = self._db.row("select value from meta where key = 'folding'")
        if row is None or row[0] != folding.VERSION:
            return False
        if not thorough:
            return True
        try:
            with self._db.writing():
                for index in INDEXES:
                    self._db.insert(f"insert into {index} ({index}) values ('integrity-check')")
        except KnownError as known:
            if known.code != "store.damaged":
                raise
            return False
        return True

    def rebuild(self) -> None:
        """Rebuild the indexes: after damage, or when the folding has changed."""
        with self._db.writing():
            for index in INDEXES:
                self._db.insert(f"insert into {index} ({index}) values ('delete-all')")
            for item in self._db.rows("select n, title from items"):
                self.add(item["n"], item["title"], "titles")
            self._add_all("select n, parts, text from messages where n > ? and status <> 'streaming'", "words")
            self._add_all("select n, text from passages where n > ?", "passage_words")
            self._add_all("select n, source as text from memory where n > ?", "memory_words")
            self._db.run("insert or replace into meta values ('folding', ?)", (folding.VERSION,))

    def _add_all(self, query: str, index: str) -> None:
        last = OLDEST  # rescued rows have negative numbers
        while rows := self._db.rows(f"{query} order by n limit 500", (last,)):
            for row in rows:
                self.add(row["n"], self.words_of(row["parts"], row["text"]) if index == "words" else row["text"], index)
            last = rows[-1]["n"]


def fts_query(words: str) -> str:
    """The FTS5 query for these words, each quoted so that none is an operator; empty for no words."""
    return _query_of(folding.query_pieces(words))


def _query_of(pieces: Sequence[Sequence[str]]) -> str:
    phrases = [f'"{" ".join(run)}"' for run in pieces]
    return " ".join(phrases) + "*" if phrases else ""


def snippet_of(text: str, words: str) -> str:
    """A line of the original text around the first hit, with hits between U+E000 and U+E001."""
    text = text.replace(HIT_BEGINS, "\ufffd").replace(HIT_ENDS, "\ufffd")  # the text must not contain our marks
    spans = folding.find_spans(text, words)
    first = spans[0][0] if spans else 0
    start, end = max(0, first - SNIPPET_BEFORE), min(len(text), first + SNIPPET_AFTER)
    pieces, at = ["…" if start else ""], start
    for begins, ends in spans:
        if ends > end:
            break
        pieces += [text[at:begins], HIT_BEGINS, text[begins:ends], HIT_ENDS]
        at = ends
    pieces += [text[at:end], "…" if end < len(text) else ""]
    return " ".join("".join(pieces).split())
