"""Store retention rules and holds, and find the items and documents that they apply to. Results come a page at a time,
so that a sweep can be interrupted anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from slmdesk.base.errors import KnownError
from slmdesk.base.policy import ALL, Policy
from slmdesk.base.record import Record, changed
from slmdesk.base.records import DOCUMENT, Hold, Rule, SetBy, Then, What
from slmdesk.store.database import StorePart, marks, new_id
from slmdesk.text.folding import folded_name

if TYPE_CHECKING:
    from slmdesk.store.store import Store

SEEN, SWEPT, RESTORED = "retention_seen", "retention_swept", "restored"
"""Keys of times in table `meta`: when a sweep last surely knew the date, a sweep last ended, a backup was restored."""
_HELD_ITEM = (
    "exists (select 1 from holds where what = 'all' or what = 'item' and target = items.id"
    " or what = 'folder' and target in (items.folder, items.id))"
)
_HELD_DOCUMENT = (
    "(exists (select 1 from holds where what = 'all' or what = 'document' and target = documents.id"
    " or what = 'folder' and target = documents.collection)"
    " or exists (select 1 from item_documents join items on items.id = item_documents.item"
    f" where item_documents.document = documents.id and {_HELD_ITEM}))"
)
_HELD_IDS = (
    "select target from holds where what in ('item', 'folder')"
    " union all select id from items where folder in (select target from holds where what = 'folder')"
)
_ATTACHED_TO_HELD = (
    f"(exists (select 1 from messages where item in ({_HELD_IDS}) and instr(parts, documents.id))"
    f" or exists (select 1 from items where id in ({_HELD_IDS}) and instr(settings, documents.id)))"
)
"""SQL condition: the document is attached to a message or draft under a hold. Only used when a document or folder is
deleted, since it reads all messages of held items.
"""
_HELD_FOLDER = "exists (select 1 from holds where what = 'all' or what = 'folder' and target = collections.id)"
_WEIGHT = (
    "(select count(*) from messages where item = items.id) + (select count(*) from segments where item = items.id)"
)


class OldItem(Record):
    n: int
    id: str
    updated: float
    deleted_at: float | None
    held: bool


class MadeItem(Record):
    id: str
    kind: str
    held: bool


class OldDocument(Record):
    """A document that a retention rule may delete. `is_free` means that no hold is on it, and no item is about it."""

    n: int
    id: str
    is_free: bool


class Rules(StorePart):
    def all(self) -> list[Rule]:
        return self._all(Rule, "select * from rules order by n")

    def add(self, kind: str, *, folder: str, days: int, then: Then, trash_days: int, set_by: SetBy) -> Rule:
        rule = Rule(new_id(), kind, folder, days, then, trash_days, set_by, self._clock())
        with self._db.writing():
            self._insert("rules", {name: getattr(rule, name) for name in Rule.__struct_fields__})
        return rule

    def get(self, id: str) -> Rule:
        return self._get(Rule, "rules", id)

    def remove(self, id: str) -> None:
        with self._db.writing():
            self._db.run("delete from rules where id = ?", (id,))

    def note(self, rule: str, kind: str, done: str, count: int) -> None:
        """Log how many items or documents a rule deleted or moved. Titles are not logged."""
        values = {"time": self._clock(), "rule": rule, "kind": kind, "done": done, "count": count}
        with self._db.writing():
            self._insert("retention_log", values)

    def old_items(self, kind: str, folder: str, before: float, after: tuple[float, int], limit: int) -> list[OldItem]:
        """Return items not changed since `before`, oldest first. `after` is (updated, n) of the last item seen."""
        where, values = ("and folder = ? ", [folder]) if folder else ("", [])
        return self._all(
            OldItem,
            f"select n, id, updated, deleted_at, {_HELD_ITEM} as held from items where kind = ? and updated < ?"
            f" and arrived < ? and (updated, n) > (?, ?) {where}order by updated, n limit ?",
            (kind, before, before, *after, *values, limit),
        )

    def count_old(self, kind: str, folder: str, before: float, *, with_trash: bool) -> int:
        return self._db.number(
            f"select count(*) from items where kind {'=' if kind else '<>'} ? and updated < ? and arrived < ?"
            f" and ? in ('', folder) and (? or deleted_at is null) and not {_HELD_ITEM}",
            (kind or "space", before, before, folder, with_trash),
        )

    def still_due(self, rule: Rule, items: Sequence[OldItem]) -> list[str]:
        """Return the ids of items that have not changed since they were found, are not held, and are still in the
        rule's folder. Empty if the rule was removed.
        """
        rows = self._db.rows(
            f"select id, updated, deleted_at from items where id in ({marks(items)}) and not {_HELD_ITEM}"
            " and ? in ('', folder) and exists (select 1 from rules where id = ?)",
            [*(item.id for item in items), rule.folder, rule.id],
        )
        there = {row["id"]: (row["updated"], row["deleted_at"]) for row in rows}
        return [item.id for item in items if there.get(item.id) == (item.updated, item.deleted_at)]

    def kinds(self) -> list[str]:
        return self._column_of("select distinct kind from items where kind <> 'space' order by kind")

    def weights(self, ids: Sequence[str]) -> list[int]:
        found = dict(map(tuple, self._db.rows(f"select id, {_WEIGHT} from items where id in ({marks(ids)})", ids)))
        return [found.get(id, 0) for id in ids]

    def old_documents(self, before: float, after: int, limit: int) -> list[OldDocument]:
        """Return documents outside folders, not opened since `before`. `after` is `n` of the last document seen."""
        return self._all(
            OldDocument,
            f"select n, id, not ({_HELD_DOCUMENT} or exists (select 1 from item_documents"
            " where document = documents.id)) as is_free from documents"
            " where collection is null and max(opened, added) < ? and n > ? order by n limit ?",
            (before, after, limit),
        )

    def made_between(self, begin: float, end: float) -> list[MadeItem]:
        return self._all(
            MadeItem,
            f"select id, kind, {_HELD_ITEM} as held from items where created >= ? and created < ? and kind <> 'space'",
            (begin, end),
        )

    def changed_between(self, begin: float, end: float) -> int:
        return self._db.number(
            "select count(*) from items where updated >= ? and updated < ? and created < ? and kind <> 'space'",
            (begin, end, begin),
        )

    def documents_between(self, begin: float, end: float) -> list[str]:
        return self._column_of(
            f"select id from documents where added >= ? and added < ? and collection is null and not {_HELD_DOCUMENT}",
            (begin, end),
        )

    def times_made(self) -> list[float]:
        return self._column_of("select created from items where kind <> 'space' order by created desc")

    def last_change(self) -> float:
        row = self._db.row(
            "select max((select coalesce(max(updated), 0) from items),"
            " (select coalesce(max(opened), 0) from documents)) as last"
        )
        return float(row["last"]) if row else 0.0

    def time_of(self, key: str) -> float | None:
        row = self._db.row("select value from meta where key = ?", (key,))
        return float(row["value"]) if row else None

    def keep_time(self, key: str, time: float) -> None:
        with self._db.writing():
            self._db.run("insert or replace into meta values (?, ?)", (key, time))


class Holds(StorePart):
    """The part of the store for holds, which forbid deleting. All code that deletes asks this part first."""

    def all(self) -> list[Hold]:
        return self._all(Hold, "select * from holds order by n")

    def folders(self) -> list[tuple[str, str]]:
        """Return id and name of all a hold on a folder may name: spaces, also in the trash, and document folders."""
        query = "select id, title from items where kind = 'space' union all select id, name from collections"
        return [(row[0], row[1]) for row in self._db.rows(query)]

    def add(self, what: What, target: str, *, reason: str, set_by: SetBy, until: float | None = None) -> Hold:
        """Set a hold. If the same hold exists already, change its end to `until` and return it."""
        old = self._first(
            Hold, "select * from holds where what = ? and target = ? and set_by = ?", (what, target, set_by)
        )
        if old is not None:
            if old.until != until:
                with self._db.writing():
                    self._update("holds", {"until": until}, "id = ?", old.id)
            return changed(old, until=until)
        hold = Hold(new_id(), what, target, reason, set_by, self._clock(), until)
        with self._db.writing():
            self._insert("holds", {name: getattr(hold, name) for name in Hold.__struct_fields__})
        return hold

    def get(self, id: str) -> Hold:
        return self._get(Hold, "holds", id)

    def remove(self, id: str) -> None:
        with self._db.writing():
            self._db.run("delete from holds where id = ?", (id,))

    def on_item(self, item: str) -> Hold | None:
        return self._first(
            Hold,
            "select * from holds where what = 'all' or what = 'item' and target = ?"
            " or what = 'folder' and target in (?, (select folder from items where id = ?)) order by n limit 1",
            (item, item, item),
        )

    def held_items(self, ids: Sequence[str]) -> set[str]:
        return set(self._column_of(f"select id from items where id in ({marks(ids)}) and {_HELD_ITEM}", ids))

    def require_free(self, items: Iterable[str]) -> None:
        """Raise KnownError `hold.item` if any of these items is held."""
        for id in items:
            if self.held_items([id]):
                raise self._held(id)

    def require_movable(self, item: str, space: str) -> None:
        """Raise KnownError `hold.item` if the item is in a space under a hold, and `space` is another space."""
        row = self._db.row(
            "select 1 from items join holds on what = 'folder' and target = items.folder"
            " where items.id = ? and items.folder <> ?",
            (item, space),
        )
        if row is not None:
            raise self._held(item)

    def require_document_free(self, document: str) -> None:
        """Raise KnownError `hold.document` if the document is held, or an item that is about it or has it attached."""
        row = self._db.row(
            f"select name, {_HELD_DOCUMENT} or {_ATTACHED_TO_HELD} as held from documents where id = ?", (document,)
        )
        if row is not None and row["held"]:
            raise KnownError("hold.document", name=row["name"])

    def require_folder_free(self, collection: str) -> None:
        """Raise KnownError `hold.folder` if a folder of documents is held, or one of its documents."""
        row = self._db.row(
            f"select name, {_HELD_FOLDER} or exists (select 1 from documents where collection = collections.id"
            f" and ({_HELD_DOCUMENT} or {_ATTACHED_TO_HELD})) as held from collections where id = ?",
            (collection,),
        )
        if row is not None and row["held"]:
            raise KnownError("hold.folder", name=row["name"])

    def require_none(self) -> None:
        """Raise KnownError `hold.all` if there is any hold. Called before everything is deleted."""
        if count := self._db.number("select count(*) from holds"):
            raise KnownError("hold.all", count=count)

    def _held(self, item: str) -> KnownError:
        hold = self.on_item(item)
        row = self._db.row("select title from items where id = ?", (item,))
        who = "your organisation" if hold is not None and hold.set_by is SetBy.POLICY else "you"
        return KnownError("hold.item", name=row["title"][:80] if row else item, who=who)


# ---- the rules and holds of an organisation's policy


def take_policy(store: Store, policy: Policy) -> bool:
    """Replace the organisation's rules and holds by those of its policy. If the policy is invalid, its rules are
    removed and its holds stay. Returns whether holds have changed. Raises KnownError store.*.
    """
    wanted = [(rule.kind, rule.days, rule.trash_days) for rule in policy.rules]
    old = [rule for rule in store.rules.all() if rule.set_by is SetBy.POLICY]
    if [(rule.kind, rule.days, rule.trash_days) for rule in old] != wanted:
        with store.together():
            for rule in old:
                store.rules.remove(rule.id)
            for kind, days, trash_days in wanted:
                then = Then.DELETE if kind == DOCUMENT else Then.TRASH
                store.rules.add(kind, folder="", days=days, then=then, trash_days=trash_days, set_by=SetBy.POLICY)
    is_broken = any(problem.code == "policy.invalid" for problem in policy.problems)
    return _take_holds(store, policy.holds, is_complete=not is_broken)


def _take_holds(store: Store, texts: Sequence[str], *, is_complete: bool) -> bool:
    """Set the holds that these texts of a policy name. What a text named once stays held while the text is in the
    policy, since anybody can rename a space. Returns whether something has changed.
    """
    held = {place: _reason(text) for text in texts for place in _held_by(store, text)}
    reasons = set(map(_reason, texts))
    old = [hold for hold in store.holds.all() if hold.set_by is SetBy.POLICY]
    gone = [hold for hold in old if is_complete and hold.reason not in reasons]
    new = held.keys() - {(hold.what, hold.target) for hold in old if hold not in gone}
    if gone or new:
        with store.together():
            for hold in gone:
                store.holds.remove(hold.id)
            for what, target in sorted(new):
                store.holds.add(what, target, reason=held[what, target], set_by=SetBy.POLICY)
    return bool(gone or new)


def _reason(text: str) -> str:
    return f"policy: {text}"


def _held_by(store: Store, text: str) -> list[tuple[What, str]]:
    if text == ALL:
        return [(What.ALL, "")]
    kind, _colon, target = text.partition(":")
    what, target = What(kind), target.strip()
    if what is not What.FOLDER:
        return [(what, target)]
    name = folded_name(target)
    found = [id for id, title in store.holds.folders() if name == folded_name(title)]
    return [(what, id) for id in dict.fromkeys([target, *found])]
