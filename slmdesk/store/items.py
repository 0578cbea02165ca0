"""Items: chats, summaries, translations, questions, tables …  One table, so that all share history and trash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.records import Item
from slmdesk.base.types import Json
from slmdesk.store.database import RowLike, Value
from slmdesk.store.part import Shared, StorePart, marks, merged, new_id
from slmdesk.store.retention import Holds
from slmdesk.store.rows import row_to
from slmdesk.store.search_index import SearchIndex
from slmdesk.text.words.folding import fold

SPACE = "space"
"""The kind of an item that holds chats: they name it as their folder."""
_LIVE_SPACES = "select id from items where kind = 'space' and deleted_at is null"


class Items(StorePart):
    def __init__(self, shared: Shared, index: SearchIndex) -> None:
        super().__init__(shared)
        self._index = index

    def add(self, kind: str, title: str, *, settings: Mapping[str, Json] | None = None) -> Item:
        """Raises KnownError store.*."""
        return self.insert(new_id(), kind, title, self._clock(), settings or {})

    def insert(self, id: str, kind: str, title: str, created: object, settings: Mapping[str, Json]) -> Item:
        """Add an item under a given id: of one that was lost, too.  Raises KnownError store.*."""
        with self._db.writing():
            n = self._insert("items", {
                "id": id, "kind": kind, "title": title, "pinned": False, "created": created, "updated": created,
                "arrived": self._clock(), "revision": self._shared.next_revision(), "settings": settings,
            })  # fmt: skip
            item = self.get(id)
            self._index.add(n, item.title, "titles")
            return item

    def get(self, id: str) -> Item:
        """The item with this id, or the only one whose id begins with it; in the trash too.  Raises KnownError
        item.unknown.
        """
        item = self._first(item_from, "select * from items where id = ?", (self._id_of("items", id),))
        if item is None:
            raise KnownError("item.unknown", id=id[:80])
        return item

    def page(
        self,
        kind: str | None = "chat",
        *,
        before: tuple[float, int] | None = None,
        limit: int = 100,
        deleted: bool = False,
    ) -> list[Item]:
        """A page of items, last changed first.  `before`: (updated, n) of the last one seen.  `deleted`: the trash.

        `kind` None: every kind.
        """
        where = ""
        values: list[Value] = []
        if kind is not None:
            where, values = "and kind = ? ", [kind]
        if before is not None:
            where, values = f"{where}and (updated, n) < (?, ?)", [*values, *before]
        return self._all(
            item_from,
            f"select * from items where deleted_at is {'not ' if deleted else ''}null {where}"
            " order by updated desc, n desc limit ?",
            [*values, limit],
        )

    def listed(
        self,
        kind: str = "chat",
        *,
        space: str = "",
        archived: bool = False,
        before: tuple[bool, float, int] | None = None,
        limit: int = 100,
    ) -> list[Item]:
        """A page of the list of chats: pinned ones first, then last changed first.

        `space`: those in a space; "": those in none.  `archived`: those in the archive instead, of all spaces.
        `before`: (pinned, updated, n) of the last one seen.
        """
        where, values = "", list[Value]([kind, archived])
        if space and not archived:
            where, values = "and folder = ? ", [*values, space]
        elif not archived:
            where = f"and (folder is null or folder not in ({_LIVE_SPACES})) "
        if before is not None:
            where, values = f"{where}and (pinned, updated, n) < (?, ?, ?)", [*values, *before]
        return self._all(
            item_from,
            f"select * from items where deleted_at is null and kind = ? and archived = ? {where}"
            " order by pinned desc, updated desc, n desc limit ?",
            [*values, limit],
        )

    def titles(self) -> list[tuple[str, str, str]]:
        return self._all(
            lambda row: (row["id"], row["kind"], row["title"]),
            "select id, kind, title from items where deleted_at is null and not archived order by updated desc, n desc",
        )

    def rename(self, id: str, title: str) -> Item:
        """Change the title, also in the search index.  The item keeps its position in the list."""
        with self._db.writing():
            old = self.get(id)
            new = self._change(old.id, title=title)
            self._index.remove(old.n, old.title, "titles")
            self._index.add(new.n, new.title, "titles")
            return new

    def change_settings(self, id: str, **values: Json) -> Item:
        """Update the item's own settings; a value of None removes the key.  The item keeps its position in the list."""
        with self._db.writing():
            return self._change(id, settings=merged(self.get(id).settings, values))

    def place(
        self, id: str, *, pinned: bool | None = None, archived: bool | None = None, space: str | None = None
    ) -> Item:
        """Pin an item, archive it, or put it into a space ("": into none); what is None stays.

        The item keeps its position by time.  Raises KnownError `hold.item` where it would leave a space that is held.
        """
        if space is not None:
            Holds(self._shared).require_movable(id, space)
        values: dict[str, object] = {"pinned": pinned, "archived": archived}
        values = {name: value for name, value in values.items() if value is not None}
        if space is not None:
            values["folder"] = space or None
        return self._change(id, **values) if values else self.get(id)

    def spaces(self) -> list[tuple[Item, int]]:
        """All spaces that are not in the trash, by their names, each with the number of chats the list shows in it."""
        counts = dict(
            self._all(
                lambda row: (row["folder"], row["chats"]),
                "select folder, count(*) as chats from items where folder is not null and kind <> 'space'"
                " and deleted_at is null and not archived group by folder",
            )
        )
        found = self._all(item_from, "select * from items where kind = 'space' and deleted_at is null order by n")
        found.sort(key=lambda one: fold(one.title))
        return [(one, counts.get(one.id, 0)) for one in found]

    def trash(self, id: str) -> Item:
        return self._change(id, deleted_at=self._clock())

    def trash_some(self, ids: Sequence[str]) -> None:
        with self._db.writing():
            values: list[Value] = [self._clock(), self._shared.next_revision(), *ids]
            self._db.run(f"update items set deleted_at = ?, revision = ? where id in ({marks(ids)})", values)

    def restore(self, id: str) -> Item:
        """Take an item out of the trash; rules count from now on, else they would put it there again."""
        return self._change(id, deleted_at=None, arrived=self._clock())

    def restore_some(self, ids: Sequence[str]) -> None:
        with self._db.writing():
            values: list[Value] = [self._clock(), self._shared.next_revision(), *ids]
            self._db.run(
                "update items set deleted_at = null, arrived = ?, revision = ? where deleted_at is not null"
                f" and id in ({marks(ids)})",
                values,
            )

    def touch(self, id: str) -> None:
        """Inside a transaction: the item changed now, which takes it to the top of the list."""
        self._update("items", {"updated": self._clock(), "revision": self._shared.next_revision()}, "id = ?", id)

    def delete(self, id: str) -> None:
        """Inside a transaction: delete the row and its entry in the index; what belongs to the item is gone before."""
        item = self.get(id)
        Holds(self._shared).require_free([item.id])
        self._index.remove(item.n, item.title, "titles")
        if item.kind == SPACE:
            self._update("items", {"folder": None, "revision": self._shared.next_revision()}, "folder = ?", id)
        self._db.run("delete from items where id = ?", (id,))

    def _change(self, id: str, **values: object) -> Item:
        with self._db.writing():
            found = self.get(id).id
            self._update("items", {**values, "revision": self._shared.next_revision()}, "id = ?", found)
            return self.get(found)


def item_from(row: RowLike) -> Item:
    return row_to(Item, row)
