"""Segments of translations: one by one, and lists of them by state, by kind of flag, by words."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Collection, Generator, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.records import Found
from slmdesk.base.translation import (
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
from slmdesk.store.part import StorePart, marks
from slmdesk.store.rows import row_to
from slmdesk.store.search_index import snippet_of
from slmdesk.text.words.folding import fold

READ_AT_ONCE = 100
"""Segments read before other work may run: some milliseconds."""
LOOK = "look"
"""Beside the states, as a choice of segments: those to be reviewed."""
_TO_REVIEW = "((flags <> '[]' and state <> 'approved') or state = 'failed')"
_AT_ONCE = 500
"""Numbers in one query: older versions of SQLite allow 999."""


class Segments(StorePart):
    def add(self, item: str, segments: Sequence[NewSegment]) -> None:
        with self._db.writing():
            first = self._db.number("select coalesce(max(number), -1) + 1 from segments where item = ?", (item,))
            revision = self._shared.next_revision()
            for number, one in enumerate(segments, start=first):
                self._insert("segments", {
                    "item": item, "number": number, "unit": one.unit, "place": one.place, "kind": one.kind,
                    "source": one.source, "lead": one.lead, "trail": one.trail, "tags": [one.paired, one.lone],
                    "language": one.language, "target": one.target, "state": one.state, "origin": one.origin,
                    "flags": flags_json(one.flags), "doubts": doubts_json(one.doubts), "reason": one.reason,
                    "revision": revision,
                })  # fmt: skip

    def of_item(
        self,
        item: str,
        *,
        begin: int = 0,
        limit: int = 1000,
        states: Collection[SegmentState] = (),
    ) -> list[SegmentRecord]:
        where = ["item = ?", "number >= ?"]
        values: list[Value] = [item, begin]
        if states:
            where.append(f"state in ({', '.join('?' for _ in states)})")
            values += [one.value for one in states]
        return self._all(
            segment_from,
            f"select * from segments where {' and '.join(where)} order by number limit ?",
            [*values, limit],
        )

    def numbered(self, item: str, numbers: Sequence[int]) -> list[SegmentRecord]:
        found: list[SegmentRecord] = []
        for at in range(0, len(numbers), _AT_ONCE):
            part = list(numbers[at : at + _AT_ONCE])
            found += self._all(
                segment_from,
                f"select * from segments where item = ? and number in ({marks(part)}) order by number",
                [item, *part],
            )
        return found

    def numbers(self, item: str, *, state: str = "", flag: str = "", words: str = "") -> Sequence[int]:
        """The numbers of the matching segments, in order.

        `state`: of SegmentState, or LOOK for those that should be reviewed; `flag`: a kind of flag; `words`: in
        the source or the translation, ignoring case.
        """
        where, values = ["item = ?"], [item]
        if state == LOOK:
            where.append(_TO_REVIEW)
        elif state:
            where.append("state = ?")
            values.append(state)
        if flag:
            where.append("exists (select 1 from json_each(flags) where json_extract(json_each.value, '$[0]') = ?)")
            values.append(flag)
        asked = " and ".join(where)
        if not (state or flag or words):
            row = self._db.row("select count(*) as number, max(number) as last from segments where item = ?", (item,))
            if row is not None and row["number"] == (row["last"] or 0) + bool(row["number"]):
                return range(int(row["number"]))
        if not words:
            rows = self._db.rows(f"select number from segments where {asked} order by number", values)
            return [row["number"] for row in rows]
        requested = words.casefold()
        rows = self._db.rows(f"select number, source, target from segments where {asked} order by number", values)
        return [
            row["number"] for row in rows
            if requested in row["source"].casefold() or requested in row["target"].casefold()
        ]  # fmt: skip

    def with_words(self, words: str, *, most: int, but: Collection[str] = ()) -> Generator[Found | None, None, bool]:
        """Yield translations with a segment that contains all of the words, in source or target, the last changed
        first; each once, with the first such segment as its snippet.  Items in the trash, and `but`, are left out.

        Segments have no index: at most `most` are read, and None is yielded after every few, so that other work can run
        between.
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

    def count_look(self, item: str) -> int:
        """How many segments need review: the one count for all who say it."""
        return self._db.number(f"select count(*) from segments where item = ? and {_TO_REVIEW}", (item,))

    def count_flags(self, item: str) -> dict[str, int]:
        rows = self._db.rows(
            "select flags, count(*) as number from segments where item = ? and flags <> '[]' group by flags", (item,)
        )
        counts: Counter[str] = Counter()
        for row in rows:
            for kind in {str(one[0]) for one in json.loads(row["flags"])}:
                counts[kind] += int(row["number"])
        return dict(counts.most_common())

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
        """Change the values given; a new target loses its uncertain words unless new ones are given.

        Raises KnownError request.invalid for a segment that does not exist.
        """
        values = {
            "target": target,
            "doubts": None if target is None else doubts_json(doubts),
            "state": state,
            "origin": origin,
            "flags": None if flags is None else flags_json(flags),
            "reason": reason,
        }
        with self._db.writing():
            changes: dict[str, object] = {key: value for key, value in values.items() if value is not None}
            changes["revision"] = self._shared.next_revision()
            self._update("segments", changes, "item = ? and number = ?", item, number)
            changed = self.numbered(item, [number])
        if not changed:
            raise KnownError("request.invalid", what="segment")
        return changed[0]

    def forget(self, item: str) -> None:
        with self._db.writing():
            self._db.run("delete from segments where item = ?", (item,))


def segment_from(row: RowLike) -> SegmentRecord:
    paired, lone = json.loads(row["tags"])
    return row_to(
        SegmentRecord,
        row,
        paired=tuple(paired),
        lone=tuple(lone),
        flags=tuple(SegmentFlag(*one) for one in json.loads(row["flags"])),
        doubts=tuple((int(begin), int(end), float(least)) for begin, end, least in json.loads(row["doubts"])),
    )
