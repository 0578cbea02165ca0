"""Lists of a translation's segments: by state, by kind of flag, by words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from slmdesk.core.translation import SegmentRecord
from slmdesk.store.part import StorePart
from slmdesk.store.translations import segment_from

_AT_ONCE = 500
"""Numbers in one question: SQLite allows 999 of old."""


class SegmentLists(StorePart):
    """The part of the store that lists segments."""

    def segment_numbers(self, item: str, *, state: str = "", flag: str = "", words: str = "") -> Sequence[int]:
        """The numbers of the matching segments, in order.

        `state`: of SegmentState, or LOOK for those that should be reviewed; `flag`: a kind of flag; `words`: in
        the source or the translation, ignoring case.
        """
        where, values = ["item = ?"], [item]
        if state == LOOK:
            where.append(DESERVES_LOOK)
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

    def count_look(self, item: str) -> int:
        """How many segments should be reviewed."""
        row = self._db.row(f"select count(*) as number from segments where item = ? and {DESERVES_LOOK}", (item,))
        return int(row["number"]) if row else 0

    @contextmanager
    def together(self) -> Iterator[None]:
        """Run several changes in one transaction, which is faster than many commits."""
        with self._db.writing():
            yield

    def count_flags(self, item: str) -> dict[str, int]:
        """How many segments have each kind of flag."""
        rows = self._db.rows(
            "select flags, count(*) as number from segments where item = ? and flags <> '[]' group by flags", (item,)
        )
        counts: Counter[str] = Counter()
        for row in rows:
            for kind in {str(one[0]) for one in json.loads(row["flags"])}:
                counts[kind] += int(row["number"])
        return dict(counts.most_common())

    def segments_numbered(self, item: str, numbers: Sequence[int]) -> list[SegmentRecord]:
        """The segments with these numbers, in order; missing ones are left out."""
        found: list[SegmentRecord] = []
        for at in range(0, len(numbers), _AT_ONCE):
            part = list(numbers[at : at + _AT_ONCE])
            marks = ", ".join("?" for _ in part)
            rows = self._db.rows(
                f"select * from segments where item = ? and number in ({marks}) order by number", [item, *part]
            )
            found += [self._made(segment_from, row) for row in rows]
        return found


LOOK = "look"
"""Beside the states: whatever deserves a look."""
DESERVES_LOOK = "((flags <> '[]' and state <> 'approved') or state = 'failed')"
"""In SQL: flagged, and not approved by a person, or failed."""
