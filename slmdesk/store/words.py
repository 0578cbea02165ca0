"""Full-text search of the history: the index over folded text, written by the store itself, and its questions."""

from __future__ import annotations

import json

from slmdesk.core.errors import KnownError
from slmdesk.core.records import Found
from slmdesk.store.part import StorePart
from slmdesk.text import folding

HIT_BEGINS, HIT_ENDS = "\ue000", "\ue001"
SNIPPET_BEFORE, SNIPPET_AFTER = 60, 140
"""Characters of the original around the first hit."""


class Words(StorePart):
    """The part of the store that searches."""

    def search(self, words: str, *, limit: int = 50, before: int | None = None) -> list[Found]:
        """Messages that hold all of the words, the newest first; the last word may be a beginning.

        `before`: the `n` of the last one seen, for the next page.  What is in the trash is left out.
        """
        query = fts_query(words)
        if not query:
            return []
        rows = self._db.rows(
            "select messages.n, messages.id, messages.item, messages.parts, messages.text, items.title"
            " from words join messages on messages.n = words.rowid join items on items.id = messages.item"
            " where words match ? and words.rowid < ? and items.deleted_at is null order by words.rowid desc limit ?",
            (query, before if before is not None else (1 << 62), limit),
        )
        return [
            Found(
                item=row["item"],
                message=row["id"],
                title=row["title"],
                snippet=snippet_of(self._words_of(row["parts"], row["text"]), words),
                n=row["n"],
            )
            for row in rows
        ]

    def _words_of(self, parts: str, text: str) -> str:
        """Everything in a message that can be searched: what was put in and what was answered."""
        return "\n".join([*(part["text"] for part in json.loads(parts)), text])

    def _index(self, n: int, text: str) -> None:
        """Inside a transaction: make a message that has stopped growing findable."""
        if folded := folding.fold_for_search(text):
            self._db.insert("insert into words (rowid, folded) values (?, ?)", (n, folded))

    def _unindex(self, n: int, text: str) -> None:
        """Inside a transaction, with the very text that was indexed: the index keeps none of its own."""
        if folded := folding.fold_for_search(text):
            self._db.insert("insert into words (words, rowid, folded) values ('delete', ?, ?)", (n, folded))

    def _purge_index(self) -> None:
        """Inside a transaction: write the index anew without what was removed (deletions leave words behind)."""
        self._db.insert("insert into words (words) values ('optimize')")

    def index_is_current(self, *, thorough: bool = False) -> bool:
        """Whether the index was made by this program's folding; `thorough`: and is whole."""
        row = self._db.row("select value from meta where key = 'folding'")
        if row is None or row[0] != folding.VERSION:
            return False
        if not thorough:
            return True
        try:
            with self._db.writing():
                self._db.insert("insert into words (words) values ('integrity-check')")
        except KnownError as known:
            if known.code != "store.damaged":
                raise
            return False
        return True

    def rebuild_index(self) -> None:
        """Make the whole index anew: after damage to it, or when the folding has changed."""
        with self._db.writing():
            self._db.insert("insert into words (words) values ('delete-all')")
            last = -(1 << 62)  # rescued rows have numbers below nought
            while rows := self._db.rows(
                "select n, parts, text from messages where n > ? and status <> 'streaming' order by n limit 500",
                (last,),
            ):
                for row in rows:
                    self._index(row["n"], self._words_of(row["parts"], row["text"]))
                last = rows[-1]["n"]
            self._db.run("insert or replace into meta values ('folding', ?)", (folding.VERSION,))


def fts_query(words: str) -> str:
    """The question in FTS5's language: runs as quoted phrases, so that no word is an operator; empty for no words."""
    phrases = [f'"{" ".join(run)}"' for run in folding.query_pieces(words)]
    return " ".join(phrases) + "*" if phrases else ""


def snippet_of(text: str, words: str) -> str:
    """A line of the original around the first hit, hits between U+E000 and U+E001."""
    text = text.replace(HIT_BEGINS, "\ufffd").replace(HIT_ENDS, "\ufffd")  # a text of the user's marks nothing
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
