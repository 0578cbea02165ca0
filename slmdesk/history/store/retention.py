"""Find the items and documents that are old, or were made on a day. Results come a page at a time, so that a sweep can
be interrupted anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from slmdesk.base.record import Record
from slmdesk.history.store import former
from slmdesk.history.store.database import StorePart, marks

SEEN, SWEPT, RESTORED = "retention_seen", "retention_swept", "restored"
"""Keys of times in table `meta`: when a sweep last surely knew the date, a sweep last ended, a backup was restored."""
DAYS, SINCE = "retention_days", "retention_since"
"""Keys in table `meta`: the number of days that sweeps go by, and since when they do."""
_WEIGHT = (
    "(select count(*) from messages where item = items.id) + (select count(*) from segments where item = items.id)"
)


class OldItem(Record):
    n: int
    id: str
    updated: float
    deleted_at: float | None


class MadeItem(Record):
    id: str
    kind: str


class OldDocument(Record):
    """A document that a sweep may delete. `is_free` means that no item is about it."""

    n: int
    id: str
    is_free: bool


class Retention(StorePart):
    def kinds(self) -> list[str]:
        return self._column_of("select distinct kind from items where kind <> 'space' order by kind")

    def old_items(self, kind: str, before: float, after: tuple[float, int], limit: int) -> list[OldItem]:
        """Return items not changed since `before`, oldest first, without pinned ones outside the trash. `after` is
        (updated, n) of the last item seen.
        """
        return self._all(
            OldItem,
            "select n, id, updated, deleted_at from items where kind = ? and updated < ? and arrived < ?"
            " and (not pinned or deleted_at is not null) and (updated, n) > (?, ?) order by updated, n limit ?",
            (kind, before, before, *after, limit),
        )

    def still_old(self, items: Sequence[OldItem]) -> list[str]:
        """Return the ids of items that have not changed since they were found."""
        rows = self._db.rows(
            f"select id, updated, deleted_at from items where id in ({marks(items)})", [item.id for item in items]
        )
        there = {row["id"]: (row["updated"], row["deleted_at"]) for row in rows}
        return [item.id for item in items if there.get(item.id) == (item.updated, item.deleted_at)]

    def weights(self, ids: Sequence[str]) -> list[int]:
        bytes_of = dict(map(tuple, self._db.rows(f"select id, {_WEIGHT} from items where id in ({marks(ids)})", ids)))
        return [bytes_of.get(id, 0) for id in ids]

    def old_documents(self, before: float, after: int, limit: int) -> list[OldDocument]:
        """Return documents outside folders, not opened since `before`. `after` is `n` of the last document seen."""
        return self._all(
            OldDocument,
            "select n, id, not exists (select 1 from item_documents where document = documents.id) as is_free"
            " from documents where collection is null and max(opened, added) < ? and n > ? order by n limit ?",
            (before, after, limit),
        )

    def made_between(self, begin: float, end: float) -> list[MadeItem]:
        return self._all(
            MadeItem,
            "select id, kind from items where created >= ? and created < ? and kind <> 'space'",
            (begin, end),
        )

    def changed_between(self, begin: float, end: float) -> int:
        return self._db.number(
            "select count(*) from items where updated >= ? and updated < ? and created < ? and kind <> 'space'",
            (begin, end, begin),
        )

    def documents_between(self, begin: float, end: float) -> list[str]:
        return self._column_of(
            "select id from documents where added >= ? and added < ? and collection is null", (begin, end)
        )

    def times_made(self) -> list[float]:
        return self._column_of("select created from items where kind <> 'space' order by created desc")

    def last_change(self) -> float:
        (last,) = self._column_of(
            "select max((select coalesce(max(updated), 0) from items),"
            " (select coalesce(max(opened), 0) from documents))"
        )
        return float(last)

    def time_of(self, key: str) -> float | None:
        row = self._db.row("select value from meta where key = ?", (key,))
        return float(row["value"]) if row else None

    def keep_time(self, key: str, time: float) -> None:
        with self._db.writing():
            self._db.run("insert or replace into meta values (?, ?)", (key, time))

    # ---- rules and holds, which ended when the history was taken over

    def rules_of_before(self) -> tuple[int, int, int]:
        """Return how many rules and holds there were, and after how many days the rules deleted everything, or 0."""
        row = self._db.row("select value from meta where key = ?", (former.RULES,))
        rules, holds, days = json.loads(row["value"]) if row else (0, 0, 0)
        return rules, holds, days

    def forget_rules(self) -> None:
        with self._db.writing():
            self._db.run("delete from meta where key = ?", (former.RULES,))
