"""Segments of translations."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Generator, Sequence

from slmdesk.core.errors import KnownError
from slmdesk.core.records import Found
from slmdesk.core.translation import (
    Doubt,
    NewSegment,
    Origin,
    SegmentFlag,
    SegmentRecord,
    SegmentState,
    doubts_json,
    flags_json,
)
from slmdesk.store.database import Row, RowLike, Value
from slmdesk.store.words import Words, snippet_of
from slmdesk.text.words.folding import fold

READ_AT_ONCE = 100
"""Segments that are looked through before others may come between: some milliseconds."""


class Translations(Words):
    """The part of the store for segments of translations."""

    # ---- segments

    def add_segments(self, item: str, segments: Sequence[NewSegment]) -> None:
        """Append segments to an item."""
        with self._db.writing():
            row = self._db.row("select coalesce(max(number), -1) + 1 as next from segments where item = ?", (item,))
            first = int(row["next"]) if row else 0
            revision = self._next_revision()
            for number, one in enumerate(segments, start=first):
                self._db.run(
                    "insert into segments (item, number, unit, place, kind, source, lead, trail, tags, language,"
                    " target, state, origin, flags, doubts, reason, revision)"
                    " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        item, number, one.unit, self._text(one.place), one.kind, self._text(one.source),
                        self._text(one.lead), self._text(one.trail), self._json([one.paired, one.lone]), one.language,
                        self._text(one.target), one.state.value, one.origin.value if one.origin else None,
                        self._json(flags_json(one.flags)), self._json(doubts_json(one.doubts)), one.reason, revision,
                    ),
                )  # fmt: skip

    def segments(
        self,
        item: str,
        *,
        begin: int = 0,
        limit: int = 1000,
        states: Collection[SegmentState] = (),
        only_flagged: bool = False,
    ) -> list[SegmentRecord]:
        """Segments from number `begin` on, in order; optionally only those in some states, or with flags."""
        where = ["item = ?", "number >= ?"]
        values: list[Value] = [item, begin]
        if states:
            where.append(f"state in ({', '.join('?' for _ in states)})")
            values += [one.value for one in states]
        if only_flagged:
            where.append("flags <> '[]'")
        rows = self._db.rows(
            f"select * from segments where {' and '.join(where)} order by number limit ?", [*values, limit]
        )
        return [self._made(segment_from, row) for row in rows]

    def segments_with(self, words: str, *, most: int, but: Collection[str] = ()) -> Generator[Found | None, None, bool]:
        """Yield translations with a segment that contains all of the words, in source or target, the last changed
        first; each once, with the first such segment as its snippet.  Items in the trash, and `but`, are left out.

        Segments have no index: at most `most` are read, and None is yielded after every few, so that other work can
        run between.  Returns whether there were more.
        """
        requested, read, before = fold(words).split(), 0, None
        while requested and (page := self._translations_before(before)):
            before = page[-1]["updated"], page[-1]["n"]
            for item in page:
                found, begin = item["id"] in but, 0
                while not found and (rows := self._pairs_from(item["id"], begin)):
                    if read >= most:
                        return True
                    read, begin = read + len(rows), rows[-1]["number"] + 1
                    for row in rows:
                        text = f"{row['source']}\n{row['target']}"
                        folded = fold(text)
                        if all(one in folded for one in requested):
                            yield Found(item["id"], "", item["title"], snippet_of(text, words), item["n"])
                            found = True
                            break
                    yield None
            yield None
        return False

    def _translations_before(self, before: tuple[float, int] | None) -> list[Row]:
        """The next items that have segments, the last changed first."""
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

    def count_segments(self, item: str) -> dict[SegmentState, int]:
        """How many segments are in each state."""
        rows = self._db.rows("select state, count(*) as number from segments where item = ? group by state", (item,))
        return {SegmentState(row["state"]): int(row["number"]) for row in rows}

    def count_flagged(self, item: str) -> int:
        """How many segments are flagged, without those a person approved."""
        row = self._db.row(
            "select count(*) as number from segments where item = ? and flags <> '[]' and state <> 'approved'", (item,)
        )
        return int(row["number"]) if row else 0

    def change_segment(
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
        """Change the values given; a new target loses its uncertain words unless new ones are given.

        Raises KnownError request.invalid for a segment that does not exist.
        """
        columns: dict[str, Value] = {}
        if target is not None:
            columns["target"] = self._text(target)
            columns["doubts"] = self._json(doubts_json(doubts))
        if state is not None:
            columns["state"] = state.value
        if origin is not None:
            columns["origin"] = origin.value
        if flags is not None:
            columns["flags"] = self._json(flags_json(flags))
        if reason is not None:
            columns["reason"] = reason
        with self._db.writing():
            columns["revision"] = self._next_revision()
            names = ", ".join(f"{key} = ?" for key in columns)
            self._db.run(
                f"update segments set {names} where item = ? and number = ?", [*columns.values(), item, number]
            )
            row = self._db.row("select * from segments where item = ? and number = ?", (item, number))
        if row is None:
            raise KnownError("request.invalid", what="segment")
        return self._made(segment_from, row)

    def forget_segments(self, item: str) -> None:
        """Delete all segments of an item, which is translated again or deleted for good."""
        with self._db.writing():
            self._db.run("delete from segments where item = ?", (item,))

    def _forget_translation(self, item: str) -> None:
        """Inside a transaction: delete an item's segments and its pairs in the translation memory."""
        self._db.run("delete from segments where item = ?", (item,))
        for row in self._db.rows("select n, source from memory where item = ?", (item,)):
            self._unindex(row["n"], row["source"], "memory_words")
        self._db.run("delete from memory where item = ?", (item,))


def segment_from(row: RowLike) -> SegmentRecord:
    """Build the dataclass of a row."""
    paired, lone = json.loads(row["tags"])
    names = ("item", "number", "unit", "place", "kind", "source", "lead", "trail", "language", "target", "reason",
             "revision")  # fmt: skip
    return SegmentRecord(
        **{name: row[name] for name in names},
        paired=tuple(paired),
        lone=tuple(lone),
        state=SegmentState(row["state"]),
        origin=Origin(row["origin"]) if row["origin"] else None,
        flags=tuple(SegmentFlag(*one) for one in json.loads(row["flags"])),
        doubts=tuple((int(begin), int(end), float(least)) for begin, end, least in json.loads(row["doubts"])),
    )
