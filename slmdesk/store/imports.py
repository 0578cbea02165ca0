"""Chats that are brought in as they are: with their dates, versions and how their answers ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.base.chat_import import IMPORTED
from slmdesk.base.errors import KnownError
from slmdesk.base.record import to_json
from slmdesk.base.records import Item, Message
from slmdesk.store.items import Items
from slmdesk.store.messages import Messages
from slmdesk.store.part import Shared, StorePart
from slmdesk.store.rows import mapping_from


class Imports(StorePart):
    def __init__(self, shared: Shared, items: Items, messages: Messages) -> None:
        super().__init__(shared)
        self._items, self._messages = items, messages

    def sums(self) -> set[str]:
        rows = self._db.rows(
            "select settings from items where deleted_at is null and settings like ?", (f'%"{IMPORTED}"%',)
        )
        kept = (self._shared.made(lambda row: mapping_from(row["settings"]), row).get(IMPORTED) for row in rows)
        return {str(one["sum"]) for one in kept if isinstance(one, Mapping) and "sum" in one}

    def add(self, item: Item, messages: Sequence[Message]) -> Item:
        """Add a chat with its messages, all or nothing; ids and times as given, row numbers anew.

        A parent stands before what follows it.  Raises KnownError `request.invalid` for an id that is taken, or a
        parent that is none of them; store.*.
        """
        with self._db.writing():
            if self._db.row("select 1 from items where id = ?", (item.id,)):
                raise KnownError("request.invalid", what="the id is taken")
            made = self._items.insert(item.id, item.kind, item.title, item.created, item.settings)
            revision = self._shared.next_revision()
            known: set[str | None] = {None}
            for one in messages:
                if one.parent not in known or one.id in known:
                    raise KnownError("request.invalid", what="the order of messages")
                known.add(one.id)
                values = {name: getattr(one, name) for name in Message.__struct_fields__}
                parts = [to_json(part) for part in one.parts]
                own = {"n": None, "item": made.id, "owner": None, "parts": parts, "revision": revision}
                self._messages.index(self._insert("messages", {**values, **own}))
            values = {
                "updated": item.updated,
                "pinned": item.pinned,
                "archived": item.archived,
                "revision": self._shared.next_revision(),
            }
            self._update("items", values, "id = ?", made.id)
            return self._items.get(made.id)
