"""Items: chats, summaries, translations, questions, tables …  One table, so that all share history and trash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.core.errors import KnownError
from slmdesk.core.records import Item
from slmdesk.core.types import Json
from slmdesk.store.database import RowLike, Value
from slmdesk.store.part import mapping_from, merged, new_id
from slmdesk.store.words import Words


class Items(Words):
    """The part of the store for items."""

    def add_item(self, kind: str, title: str, *, settings: Mapping[str, Json] | None = None) -> Item:
        """Add an empty item.  Raises KnownError store.*."""
        now, ident = self._clock(), new_id()
        with self._db.writing():
            n = self._db.insert(
                "insert into items (id, kind, title, pinned, created, updated, revision, settings)"
                " values (?, ?, ?, 0, ?, ?, ?, ?)",
                (ident, kind, self._text(title), now, now, self._next_revision(), self._json(settings or {})),
            )
            item = self.item(ident)
            self._index(n, item.title, "titles")
            return item

    def item(self, id: str) -> Item:
        """The item with this id, or the only one whose id begins with it; in the trash too.  Raises KnownError
        item.unknown.
        """
        found = self._id_of("items", id)
        row = self._db.row("select * from items where id = ?", (found,)) if found else None
        if row is None:
            raise KnownError("item.unknown", id=id[:80])
        return self._made(item_from, row)

    def items(
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
        where, values = "", []  # type: str, list[Value]
        if kind is not None:
            where, values = "and kind = ? ", [kind]
        if before is not None:
            where, values = f"{where}and (updated, n) < (?, ?)", [*values, *before]
        rows = self._db.rows(
            f"select * from items where deleted_at is {'not ' if deleted else ''}null {where}"
            " order by updated desc, n desc limit ?",
            [*values, limit],
        )
        return [self._made(item_from, row) for row in rows]

    def rename_item(self, id: str, title: str) -> Item:
        """Change the title, also in the search index.  The item keeps its position in the list."""
        with self._db.writing():
            old = self.item(id)
            new = self._change_item(old.id, "title = ?", (self._text(title),))
            self._unindex(old.n, old.title, "titles")
            self._index(new.n, new.title, "titles")
            return new

    def change_item_settings(self, id: str, **values: Json) -> Item:
        """Update the item's own settings; a value of None removes the key.  The item keeps its position in the list."""
        with self._db.writing():
            settings = merged(self.item(id).settings, values)
            return self._change_item(id, "settings = ?", (self._json(settings),))

    def trash_item(self, id: str) -> Item:
        """Move an item to the trash."""
        return self._change_item(id, "deleted_at = ?", (self._clock(),))

    def restore_item(self, id: str) -> Item:
        """Take an item out of the trash."""
        return self._change_item(id, "deleted_at = ?", (None,))

    def _change_item(self, id: str, assignments: str, values: Sequence[Value]) -> Item:
        with self._db.writing():
            found = self.item(id).id
            self._db.run(
                f"update items set {assignments}, revision = ? where id = ?", (*values, self._next_revision(), found)
            )
            return self.item(found)

    def _touch_item(self, id: str) -> None:
        self._db.run(
            "update items set updated = ?, revision = ? where id = ?", (self._clock(), self._next_revision(), id)
        )


def item_from(row: RowLike) -> Item:
    """Build the dataclass of a row."""
    plain = ("n", "id", "kind", "title", "folder", "created", "updated", "deleted_at", "revision")
    return Item(
        **{name: row[name] for name in plain},
        pinned=bool(row["pinned"]),
        settings=mapping_from(row["settings"]),
    )
