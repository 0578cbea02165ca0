"""The translation memory: pairs of sentences, found by the exact source or by similar words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.translation import MemoryFilter, MemoryPair, MemoryShare, Origin
from slmdesk.store.database import Row, RowLike, Value
from slmdesk.store.part import Shared, StorePart
from slmdesk.store.rows import row_to
from slmdesk.store.search_index import SearchIndex
from slmdesk.text.words.folding import fold_for_search

MOST_WORDS = 24
"""Of a sentence whose like is looked for: its longest ones, which are the rarest."""
LEAST_SHARED = 0.5
"""Of its words: so many of the longest ones are looked for.  Of sentences alike by three quarters of their letters more
than half of the words are the same, so at least one of these is.
"""


_ANY = MemoryFilter()


class TranslationMemory(StorePart):
    def __init__(self, shared: Shared, index: SearchIndex) -> None:
        super().__init__(shared)
        self._index = index

    def remember(
        self,
        source_language: str,
        target_language: str,
        pairs: Iterable[tuple[str, str]],
        *,
        domain: str = "",
        origin: Origin,
        item: str | None = None,
    ) -> int:
        """Save pairs of source and target.  A pair with the same source, languages and domain is replaced, but one that
        a person confirmed only by a person's or an imported one.  `item`: deleted for good together with it.
        """
        kept, now = 0, self._clock()
        with self._db.writing():
            for source, target in pairs:
                where = (source_language, target_language, domain, memory_key(source))
                old = self._pair_at(*where)
                if old is not None and old["origin"] != Origin.MODEL.value and origin is Origin.MODEL:
                    continue
                kept += 1
                if old is not None:
                    values = {"target": target, "origin": origin, "used": now, "item": item}
                    self._update("memory", values, "n = ?", old["n"])
                    continue
                self._add(None, where, source, target, origin, item, now, now)
        return kept

    def link(
        self, item: str, source_language: str, target_language: str, domain: str, pairs: Iterable[tuple[str, str]]
    ) -> None:
        """Link pairs saved before their item was, so that they are deleted for good together with it."""
        with self._db.writing():
            for source, target in pairs:
                self._update(
                    "memory",
                    {"item": item},
                    f"{_AT} and target = ? and origin = 'person'",
                    *(source_language, target_language, domain, memory_key(source), self._text(target)),
                )

    def put_back(self, pair: MemoryPair) -> None:
        """Restore a pair as it was before another replaced it; not for an item deleted for good, whose sentences
        must not return.
        """
        where = (pair.source_language, pair.target_language, pair.domain, memory_key(pair.source))
        with self._db.writing():
            if (now := self._pair_at(*where)) is not None:
                self._drop_pairs([now["n"]])
            if pair.item is not None and self._db.row("select 1 from items where id = ?", (pair.item,)) is None:
                self._shared.request_purge()
            else:
                self.remember(
                    pair.source_language, pair.target_language, [(pair.source, pair.target)],
                    domain=pair.domain, origin=pair.origin, item=pair.item,
                )  # fmt: skip

    def count_of_item(self, item: str) -> int:
        return self._db.number("select count(*) from memory where item = ?", (item,))

    def recall(self, source_language: str, target_language: str, source: str) -> list[MemoryPair]:
        """Pairs with exactly this source (ignoring white space and case), a person's first, then the latest."""
        return self._all(
            pair_from,
            "select * from memory where source_language = ? and target_language = ? and key = ?"
            " order by origin = 'model', used desc",
            (source_language, target_language, memory_key(source)),
        )

    def remembered(self, source_language: str, target_language: str, domain: str, source: str) -> str | None:
        row = self._pair_at(source_language, target_language, domain, memory_key(source))
        return str(row["target"]) if row is not None else None

    def similar(self, source_language: str, target_language: str, source: str, limit: int = 20) -> list[MemoryPair]:
        """Pairs that share rare words with `source`, the best first; the caller compares them letter by letter.

        An empty language matches any.
        """
        words = sorted(set(fold_for_search(source).split()), key=len, reverse=True)
        requested = words[: max(3, min(MOST_WORDS, round(len(words) * LEAST_SHARED)))]
        if not requested:
            return []
        query = " OR ".join(_quoted(one) for one in requested)
        return self._all(
            pair_from,
            "select memory.* from (select rowid as place, rank from memory_words where memory_words match ?"
            " order by rank limit ?) cross join memory on memory.n = place"
            " where ? in ('', source_language) and ? in ('', target_language) order by rank limit ?",
            (query, limit * 10, source_language, target_language, limit),
        )

    def page(
        self,
        requested: MemoryFilter = _ANY,
        *,
        before: int | None = None,
        limit: int = 100,
    ) -> list[MemoryPair]:
        built = _where(requested)
        if built is None:
            return []
        source, where, values = built
        newest = before if before is not None else 1 << 62
        return self._all(
            pair_from,
            f"select memory.* from {source} where memory.n < ? {where} order by memory.n desc limit ?",
            [newest, *values, limit],
        )

    def count(self, requested: MemoryFilter = _ANY) -> int:
        built = _where(requested)
        if built is None:
            return 0
        source, where, values = built
        return self._db.number(f"select count(*) from {source} where 1 = 1 {where}", values)

    def shares(self) -> list[MemoryShare]:
        return self._all(
            lambda row: row_to(MemoryShare, row),
            "select source_language, target_language, domain, count(*) as pairs from memory"
            " group by source_language, target_language, domain order by pairs desc",
        )

    def change(self, n: int, *, source: str, target: str) -> MemoryPair:
        """Change the text of a pair, which then counts as a person's.  Raises KnownError `request.invalid` for a
        deleted pair, `memory.known` where another pair has this source.
        """
        with self._db.writing():
            row = self._db.row("select * from memory where n = ?", (n,))
            if row is None:
                raise KnownError("request.invalid", what="pair")
            key = memory_key(source)
            other = self._pair_at(row["source_language"], row["target_language"], row["domain"], key)
            if other is not None and other["n"] != n:
                raise KnownError("memory.known", source=source[:80])
            self._index.remove(n, row["source"], "memory_words")
            values = {
                "source": source, "target": target, "key": key, "origin": Origin.PERSON, "used": self._clock()
            }  # fmt: skip
            self._update("memory", values, "n = ?", n)
            self._index.add(n, self._text(source), "memory_words")
            changed = self._db.row("select * from memory where n = ?", (n,))
        assert changed is not None
        return self._shared.made(pair_from, changed)

    def forget(self, numbers: Sequence[int]) -> list[MemoryPair]:
        """Delete pairs by number.  Returns those that existed, for `restore`."""
        with self._db.writing():
            gone = self._drop_pairs(numbers)
            self._shared.request_purge()
        return gone

    def restore(self, pairs: Sequence[MemoryPair]) -> int:
        """Restore deleted pairs under their numbers; pairs saved since are kept.  Returns how many were restored."""
        back = 0
        with self._db.writing():
            for one in pairs:
                where = (one.source_language, one.target_language, one.domain, memory_key(one.source))
                is_taken = self._db.row("select 1 from memory where n = ?", (one.n,))
                if is_taken or self._pair_at(*where) is not None:
                    continue
                item = one.item if self._db.row("select 1 from items where id = ?", (one.item,)) else None
                self._add(one.n, where, one.source, one.target, one.origin, item, one.created, one.used)
                back += 1
        return back

    def delete_of_item(self, item: str) -> None:
        """Inside a transaction: delete the pairs that belong to an item."""
        for row in self._db.rows("select n, source from memory where item = ?", (item,)):
            self._index.remove(row["n"], row["source"], "memory_words")
        self._db.run("delete from memory where item = ?", (item,))

    def _add(
        self,
        n: int | None,
        where: tuple[str, str, str, str],
        source: str,
        target: str,
        origin: Origin,
        item: str | None,
        created: float,
        used: float,
    ) -> None:
        added = self._insert("memory", {
            "n": n, **dict(zip(("source_language", "target_language", "domain", "key"), where, strict=True)),
            "source": source, "target": target, "origin": origin, "item": item, "created": created, "used": used,
        })  # fmt: skip
        self._index.add(added, self._text(source), "memory_words")

    def _drop_pairs(self, numbers: Sequence[int]) -> list[MemoryPair]:
        gone = []
        for n in numbers:
            row = self._db.row("select * from memory where n = ?", (n,))
            if row is not None:
                gone.append(self._shared.made(pair_from, row))
                self._index.remove(n, row["source"], "memory_words")
                self._db.run("delete from memory where n = ?", (n,))
        return gone

    def _pair_at(self, source_language: str, target_language: str, domain: str, key: str) -> Row | None:
        return self._db.row(
            f"select n, origin, source, target from memory where {_AT}",
            (source_language, target_language, domain, key),
        )


_AT = "source_language = ? and target_language = ? and domain = ? and key = ?"


def memory_key(source: str) -> str:
    """The key a source is found by: without differences of case and white space."""
    return hashlib.sha256(" ".join(source.split()).casefold().encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _where(requested: MemoryFilter) -> tuple[str, str, list[Value]] | None:
    """Table, conditions and values of a query; None where the words cannot match anything."""
    source, parts, values = "memory", [], list[Value]()
    if requested.words.strip():
        pieces = fold_for_search(requested.words).split()[:MOST_WORDS]
        if not pieces:
            return None
        source = "memory_words join memory on memory.n = memory_words.rowid"
        parts.append("memory_words match ?")
        values.append(" AND ".join(_quoted(one) for one in pieces))
    for name, value in (
        ("source_language", requested.source_language or None),
        ("target_language", requested.target_language or None),
        ("domain", requested.domain),
        ("origin", requested.origin.value if requested.origin else None),
    ):
        if value is not None:
            parts.append(f"memory.{name} = ?")
            values.append(value)
    return source, "".join(f" and {one}" for one in parts), values


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def pair_from(row: RowLike) -> MemoryPair:
    return row_to(MemoryPair, row)
