"""Store the segments of translations, the translation memory, and glossaries with their terms."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.records import Found
from slmdesk.base.text.folding import fold, fold_for_search, snippet_of
from slmdesk.base.translation import (
    LIGHT_FLAGS,
    Doubt,
    Forms,
    GlossaryRecord,
    MemoryPair,
    NewSegment,
    Origin,
    SegmentFlag,
    SegmentRecord,
    SegmentState,
    Term,
    doubts_json,
    flags_json,
    term_json,
)
from slmdesk.history.store.database import (
    Row,
    RowLike,
    Shared,
    StorePart,
    Value,
    given,
    mapping_from,
    marks,
    new_id,
    row_to,
)
from slmdesk.history.store.messages import SearchIndex

READ_AT_ONCE = 100
"""Segments that are read before other work may run. Reading them takes some milliseconds."""
_LIGHT = ", ".join(f"'{kind}'" for kind in LIGHT_FLAGS)
_TO_REVIEW = (
    "((flags <> '[]' and state <> 'approved' and exists (select 1 from json_each(flags)"
    f" where json_extract(json_each.value, '$[0]') not in ({_LIGHT}))) or state = 'failed')"
)


class Segments(StorePart):
    _last: tuple[str, int, Mapping[int, SegmentRecord]] = ("", 0, {})
    """The item whose segments were asked for last, the newest revision among them, and they by their numbers."""

    def add(self, item: str, segments: Sequence[NewSegment]) -> None:
        with self._db.writing():
            first = self._db.number("select coalesce(max(number), -1) + 1 from segments where item = ?", (item,))
            revision = self._shared.next_revision()
            for number, segment in enumerate(segments, start=first):
                self._insert("segments", {
                    "item": item, "number": number, "unit": segment.unit, "place": segment.place, "kind": segment.kind,
                    "source": segment.source, "lead": segment.lead, "trail": segment.trail,
                    "tags": [segment.paired, segment.lone], "language": segment.language, "target": segment.target,
                    "state": segment.state, "origin": segment.origin, "flags": flags_json(segment.flags),
                    "doubts": doubts_json(segment.doubts), "reason": segment.reason, "revision": revision,
                })  # fmt: skip

    def of_item(self, item: str, *, begin: int = 0, limit: int = 1000) -> list[SegmentRecord]:
        return self._all(
            segment_from,
            "select * from segments where item = ? and number >= ? order by number limit ?",
            (item, begin, limit),
        )

    def whole(self, item: str) -> Sequence[SegmentRecord]:
        """Return all segments of an item in order. Of the one that was asked for last, only what changed is read."""
        query = "select count(*), coalesce(max(revision), 0) from segments where item = ?"
        ((number, revision),) = self._db.rows(query, (item,))
        known, newest, segments = self._last
        if known != item or len(segments) != number or newest > revision:
            segments, newest = {}, -1
        if newest < revision:
            query = "select * from segments where item = ? and revision > ? order by number"
            changed = {segment.number: segment for segment in self._all(segment_from, query, (item, newest))}
            segments = {**segments, **changed}
        self._last = item, revision, segments
        return list(segments.values())

    def numbered(self, item: str, numbers: Sequence[int]) -> list[SegmentRecord]:
        return self._all(
            segment_from,
            "select * from segments where item = ? and number in (select value from json_each(?)) order by number",
            (item, json.dumps(list(numbers))),
        )

    def with_words(self, words: str, *, most: int, but: Collection[str] = ()) -> Generator[Found | None, None, bool]:
        """Yield translations with a segment that contains all of the words, the last changed first, with a snippet.
        Items in the trash and in `but` are left out. Segments have no search index: at most `most` are read, and None
        is yielded after every few so that other work can run. Returns True if it stopped at `most`.
        """
        requested, read, before = fold(words).split(), 0, None
        while requested and (page := self._translations_before(before)):
            before = page[-1]["updated"], page[-1]["n"]
            for item in page:
                matches, begin = item["id"] in but, 0
                while not matches and (rows := self._pairs_from(item["id"], begin)):
                    if read >= most:
                        return True
                    read, begin = read + len(rows), rows[-1]["number"] + 1
                    for row in rows:
                        text = f"{row['source']}\n{row['target']}"
                        folded = fold(text)
                        if all(word in folded for word in requested):
                            yield Found(item["id"], "", item["title"], snippet_of(text, words), item["n"])
                            matches = True
                            break
                    yield None
            yield None
        return False

    def _translations_before(self, before: tuple[float, int] | None) -> list[Row]:
        updated, n = before or (math.inf, 0)
        return self._db.rows(
            "select id, title, n, updated from items where deleted_at is null and (updated, n) < (?, ?)"
            " and exists (select 1 from segments where item = items.id) order by updated desc, n desc limit 100",
            (updated, n),
        )

    def _pairs_from(self, item: str, begin: int) -> list[Row]:
        return self._db.rows(
            "select number, source, target from segments where item = ? and number >= ? order by number limit ?",
            (item, begin, READ_AT_ONCE),
        )

    def count(self, item: str) -> dict[SegmentState, int]:
        rows = self._db.rows("select state, count(*) as number from segments where item = ? group by state", (item,))
        return {SegmentState(row["state"]): int(row["number"]) for row in rows}

    def count_look(self, *items: str) -> dict[str, int]:
        """Count the segments that need review, of each item that has some. All code that reports this number uses this
        method.
        """
        query = f"select item, count(*) from segments where item in ({marks(items)}) and {_TO_REVIEW} group by item"
        return dict(map(tuple, self._db.rows(query, items)))

    def change(
        self,
        item: str,
        number: int,
        *,
        target: str | None = None,
        state: SegmentState | None = None,
        origin: Origin | None = None,
        flags: tuple[SegmentFlag, ...] | None = None,
        reason: str | None = None,
        doubts: tuple[Doubt, ...] = (),
    ) -> SegmentRecord:
        """Change the values given. A new target loses the marks of its uncertain words unless `doubts` gives new ones.
        Raises KnownError request.invalid.
        """
        values: dict[str, object] = {
            "target": target,
            "doubts": None if target is None else doubts_json(doubts),
            "state": state,
            "origin": origin,
            "flags": None if flags is None else flags_json(flags),
            "reason": reason,
        }
        with self._db.writing():
            values["revision"] = self._shared.next_revision()
            self._update("segments", given(values), "item = ? and number = ?", item, number)
            changed = self.numbered(item, [number])
        if not changed:
            raise KnownError("request.invalid", what="segment")
        return changed[0]

    def forget(self, item: str) -> None:
        self._last = ("", 0, {})
        with self._db.writing():
            self._db.run("delete from segments where item = ?", (item,))


def segment_from(row: RowLike) -> SegmentRecord:
    paired, lone = json.loads(row["tags"])
    return row_to(
        SegmentRecord,
        row,
        paired=tuple(paired),
        lone=tuple(lone),
        flags=tuple(SegmentFlag(*load) for load in json.loads(row["flags"])),
        doubts=tuple((int(begin), int(end), float(least)) for begin, end, least in json.loads(row["doubts"])),
    )


MOST_WORDS = 24
"""Most words of a sentence that are searched for similar sentences: the longest words, since they are the rarest."""
LEAST_SHARED = 0.5
"""Share of a sentence's words, the longest first, that are searched for similar sentences. Sentences that agree in
three quarters of their letters have more than half of their words in common, so they share some of these.
"""


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
        """Save pairs of source and target, and return how many were saved. A pair with the same source, languages and
        domain is replaced. Only a person's or an imported pair replaces a pair that a person confirmed. `item` is the
        item with which the pairs are deleted for good.
        """
        kept, now = 0, self._clock()
        with self._db.writing():
            for source, target in pairs:
                key, values = memory_key(source), {"target": target, "origin": origin, "used": now, "item": item}
                old = self._pair_at(source_language, target_language, domain, key)
                if old is not None and old["origin"] != Origin.MODEL.value and origin is Origin.MODEL:
                    continue
                kept += 1
                if old is not None:
                    self._update("memory", values, "n = ?", old["n"])
                    continue
                n = self._insert("memory", {
                    "source_language": source_language, "target_language": target_language, "domain": domain,
                    "key": key, "source": source, "created": now, **values,
                })  # fmt: skip
                self._index.add(n, self._text(source), "memory_words")
        return kept

    def link(
        self, item: str, source_language: str, target_language: str, domain: str, pairs: Iterable[tuple[str, str]]
    ) -> None:
        """Link pairs to an item that was saved after them, so that deleting the item for good deletes the pairs too."""
        with self._db.writing():
            for source, target in pairs:
                self._update(
                    "memory",
                    {"item": item},
                    f"{_AT} and target = ? and origin = 'person'",
                    *(source_language, target_language, domain, memory_key(source), self._text(target)),
                )

    def count_of_item(self, item: str) -> int:
        return self._db.number("select count(*) from memory where item = ?", (item,))

    def recall(self, source_language: str, target_language: str, source: str) -> list[MemoryPair]:
        """Return pairs with exactly this source (ignoring white space and case): a person's first, then the latest."""
        return self._all(
            MemoryPair,
            "select * from memory where source_language = ? and target_language = ? and key = ?"
            " order by origin = 'model', used desc",
            (source_language, target_language, memory_key(source)),
        )

    def remembered(self, source_language: str, target_language: str, domain: str, source: str) -> str | None:
        row = self._pair_at(source_language, target_language, domain, memory_key(source))
        return str(row["target"]) if row is not None else None

    def similar(self, source_language: str, target_language: str, source: str, limit: int = 20) -> list[MemoryPair]:
        """Return pairs that share rare words with `source`, the best first. The caller has to compare them. An empty
        language means any language.
        """
        words = sorted(set(fold_for_search(source).split()), key=len, reverse=True)
        requested = words[: max(3, min(MOST_WORDS, round(len(words) * LEAST_SHARED)))]
        if not requested:
            return []
        query = " OR ".join(_quoted(word) for word in requested)
        return self._all(
            MemoryPair,
            "select memory.* from (select rowid as place, rank from memory_words where memory_words match ?"
            " order by rank limit ?) cross join memory on memory.n = place"
            " where ? in ('', source_language) and ? in ('', target_language) order by rank limit ?",
            (query, limit * 10, source_language, target_language, limit),
        )

    def page(
        self, source_language: str = "", target_language: str = "", *, before: int | None = None, limit: int = 100
    ) -> list[MemoryPair]:
        """Return pairs with numbers below `before`, the newest first. An empty language means any language."""
        newest = before if before is not None else 1 << 62
        return self._all(
            MemoryPair,
            "select * from memory where n < ? and ? in ('', source_language) and ? in ('', target_language)"
            " order by n desc limit ?",
            [newest, source_language, target_language, limit],
        )

    def forget(self, source_language: str, target_language: str, domain: str, source: str) -> None:
        """Delete the pair with this source, if there is one."""
        with self._db.writing():
            pair = self._pair_at(source_language, target_language, domain, memory_key(source))
            if pair is not None:
                self._index.remove(pair["n"], pair["source"], "memory_words")
                self._db.run("delete from memory where n = ?", (pair["n"],))

    def delete_of_item(self, item: str) -> None:
        """Delete the pairs that belong to an item. Call inside a transaction."""
        for row in self._db.rows("select n, source from memory where item = ?", (item,)):
            self._index.remove(row["n"], row["source"], "memory_words")
        self._db.run("delete from memory where item = ?", (item,))

    def _pair_at(self, source_language: str, target_language: str, domain: str, key: str) -> Row | None:
        return self._db.row(
            f"select n, origin, source, target from memory where {_AT}", (source_language, target_language, domain, key)
        )


_AT = "source_language = ? and target_language = ? and domain = ? and key = ?"


def memory_key(source: str) -> str:
    return hashlib.sha256(" ".join(source.split()).casefold().encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


class GlossaryCounts(Record):
    terms: int
    found: int
    contradicting: frozenset[str]
    """Terms (folded) that have two translations."""


class Terms(StorePart):
    def __init__(self, shared: Shared) -> None:
        super().__init__(shared)
        self._writes = 0

    def of_glossary(self, glossary: str, *, words: str = "", limit: int = -1) -> list[Term]:
        """Return terms in the order in which they were added. `words` must occur in the term or its translation. A
        limit of -1 means all.
        """
        where, values = _matching(glossary, words)
        return self._all(term_from, f"select * from terms where {where} order by n limit ?", [*values, limit])

    def after(self, glossary: str, n: int, limit: int) -> list[Term]:
        return self._all(
            term_from, "select * from terms where glossary = ? and n > ? order by n limit ?", (glossary, n, limit)
        )

    def called(self, glossary: str, sources: Sequence[str]) -> list[Term]:
        folded = json.dumps(list(map(fold, sources)), ensure_ascii=False)
        return self._all(
            term_from,
            "select * from terms where glossary = ? and folded in (select value from json_each(?)) order by n",
            (glossary, folded),
        )

    def count(self, glossary: str, words: str = "") -> GlossaryCounts:
        def count(some: str) -> int:
            where, values = _matching(glossary, some)
            return self._db.number(f"select count(*) from terms where {where}", values)

        rows = self._db.rows(
            "select folded from terms where glossary = ? group by folded having count(*) > 1"
            " and count(distinct lower(target)) > 1 limit 10000",
            (glossary,),
        )
        total = count("")
        return GlossaryCounts(total, count(words) if words else total, frozenset(str(row["folded"]) for row in rows))

    def add(self, glossary: str, terms: Sequence[Term]) -> list[int]:
        with self.writing():
            glossary_id = self._id_of("glossaries", glossary)
            if glossary_id is None:
                raise KnownError("glossary.unknown", id=glossary[:80])
            return [self._insert("terms", {"glossary": glossary_id, **self._columns(term)}) for term in terms]

    def change(self, n: int, term: Term) -> Term:
        """Replace a term.  Raises KnownError request.invalid for a deleted term."""
        with self.writing():
            self._update("terms", self._columns(term), "n = ?", n)
            changed = self._first(term_from, "select * from terms where n = ?", (n,))
        if changed is None:
            raise KnownError("request.invalid", what="term")
        return changed

    def forget(self, numbers: Sequence[int]) -> list[Term]:
        gone = []
        with self.writing():
            for n in numbers:
                term = self._first(term_from, "select * from terms where n = ?", (n,))
                if term is not None:
                    gone.append(term)
                    self._db.run("delete from terms where n = ?", (n,))
            self._shared.request_purge()
        return gone

    def forget_some(self, glossary: str, limit: int) -> list[Term]:
        """Delete the first terms of a glossary and return them. The glossary becomes inactive, since a part of a list
        must not be applied.
        """
        with self.writing():
            gone = self.of_glossary(glossary, limit=limit)
            if gone:
                self._db.run("delete from terms where glossary = ? and n <= ?", (glossary, gone[-1].n))
                self._update("glossaries", {"active": False}, "id = ?", glossary)
                self._shared.request_purge()
        return gone

    def version(self) -> tuple[int, int]:
        """Return a value that changes if any instance may have changed a term; what uses terms must be rebuilt then."""
        return self._db.data_version(), self._writes

    @contextmanager
    def writing(self) -> Iterator[None]:
        self._writes += 1
        with self._db.writing():
            yield

    def _columns(self, term: Term) -> dict[str, object]:
        source = self._text(term.source)
        return {"source": source, "target": term.target, "folded": fold(source), "extra": term_json(term)}


class Glossaries(StorePart):
    def __init__(self, shared: Shared, terms: Terms) -> None:
        super().__init__(shared)
        self._terms = terms

    def add(
        self, name: str, *, source_language: str, target_language: str, domain: str = "", is_active: bool = True
    ) -> GlossaryRecord:
        """Add an empty glossary. An empty language means any language."""
        ident = new_id()
        with self._terms.writing():
            self._insert("glossaries", {
                "id": ident, "name": name, "source_language": source_language, "target_language": target_language,
                "domain": domain, "active": is_active, "created": self._clock(),
            })  # fmt: skip
            return self.get(ident)

    def restore(self, record: GlossaryRecord) -> None:
        """Restore a deleted glossary, without its terms. Does nothing if the glossary exists."""
        with self._terms.writing():
            self._insert("glossaries", {
                "id": record.id, "name": record.name, "source_language": record.source_language,
                "target_language": record.target_language, "domain": record.domain, "active": record.is_active,
                "created": record.created,
            }, otherwise="or ignore")  # fmt: skip

    def get(self, id: str) -> GlossaryRecord:
        return self._get(glossary_from, "glossaries", id, _WITH_TERMS)

    def all(self, *, source_language: str = "", target_language: str = "") -> list[GlossaryRecord]:
        return self._all(
            glossary_from,
            f"{_WITH_TERMS} where (? = '' or source_language in ('', ?)) and (? = '' or target_language in ('', ?))"
            " order by name, n",
            (source_language, source_language, target_language, target_language),
        )

    def change(
        self,
        id: str,
        *,
        name: str | None = None,
        is_active: bool | None = None,
        source_language: str | None = None,
        target_language: str | None = None,
        domain: str | None = None,
    ) -> GlossaryRecord:
        """Change the values given.  Raises KnownError glossary.unknown."""
        changes: dict[str, object] = given({
            "name": name, "active": is_active, "source_language": source_language, "target_language": target_language,
            "domain": domain,
        })  # fmt: skip
        with self._terms.writing():
            glossary_id = self.get(id).id
            if changes:
                self._update("glossaries", changes, "id = ?", glossary_id)
            return self.get(glossary_id)

    def forget(self, id: str) -> None:
        """Delete a glossary and its terms.  Raises KnownError glossary.unknown."""
        with self._terms.writing():
            glossary_id = self.get(id).id
            self._db.run("delete from terms where glossary = ?", (glossary_id,))
            self._db.run("delete from glossaries where id = ?", (glossary_id,))
            self._shared.request_purge()


_WITH_TERMS = (
    "select glossaries.*, (select count(*) from terms where terms.glossary = glossaries.id) as term_count"
    " from glossaries"
)


def _matching(glossary: str, words: str) -> tuple[str, list[Value]]:
    if not words.strip():
        return "glossary = ?", [glossary]
    escaped = words.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    like = "glossary = ? and (folded like ? escape '\\' or target like ? escape '\\')"
    return like, [glossary, f"%{fold(escaped)}%", f"%{escaped}%"]


def glossary_from(row: RowLike) -> GlossaryRecord:
    return row_to(GlossaryRecord, row, is_active=bool(row["active"]), terms=row["term_count"])


def term_from(row: RowLike) -> Term:
    extra: Mapping[str, Any] = mapping_from(row["extra"])
    return Term(
        row["source"],
        row["target"],
        tuple(extra.get("forbidden", ())),
        keeps=bool(extra.get("keeps")),
        minds_case=bool(extra.get("case")),
        note=str(extra.get("note", "")),
        forms=Forms(extra.get("forms") or Forms.STEM),
        n=row["n"],
    )
