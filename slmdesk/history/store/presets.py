"""Store presets of chats, what was imported, and the user's list of people and firms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.base.documents import IMPORTED
from slmdesk.base.errors import KnownError
from slmdesk.base.record import to_json
from slmdesk.base.records import BROUGHT, Item, Message, PresetRecord
from slmdesk.base.texts import _
from slmdesk.base.types import Json
from slmdesk.history.store.database import RowLike, Shared, StorePart, mapping_from, new_id, row_to
from slmdesk.history.store.messages import Items, Messages
from slmdesk.redact import Kind, Listed


class Imports(StorePart):
    def __init__(self, shared: Shared, items: Items, messages: Messages) -> None:
        super().__init__(shared)
        self._items, self._messages = items, messages

    def sums(self, after: int = 0) -> set[str]:
        """Return the checksums of imported chats, of those numbered after `after`."""
        rows = self._db.rows(
            "select settings from items where n > ? and deleted_at is null and settings like ?",
            (after, f'%"{IMPORTED}"%'),
        )
        kept = (self._shared.made(lambda row: mapping_from(row["settings"]), row).get(IMPORTED) for row in rows)
        return {str(record["sum"]) for record in kept if isinstance(record, Mapping) and "sum" in record}

    def last(self) -> int:
        """Return the number of the newest item."""
        return self._db.number("select max(n) from items")

    def add(self, item: Item, messages: Sequence[Message]) -> Item:
        """Add a chat with all of its messages or nothing. A parent message must come before its replies. Raises
        KnownError `request.invalid` for an id that is taken or an unknown parent; store.*.
        """
        with self._db.writing():
            if self._db.row("select 1 from items where id = ?", (item.id,)):
                raise KnownError("request.invalid", what=_("the id is taken"))
            made = self._items.insert(item.id, item.kind, item.title, item.created, item.settings)
            revision = self._shared.next_revision()
            known: set[str | None] = {None}
            for message in messages:
                if message.parent not in known or message.id in known:
                    raise KnownError("request.invalid", what=_("the order of messages"))
                known.add(message.id)
                values = {name: getattr(message, name) for name in Message.__struct_fields__}
                parts = [to_json(part) for part in message.parts]
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


class Presets(StorePart):
    def all(self) -> list[PresetRecord]:
        """Return the presets, without those that a restored backup brought and nobody has decided on."""
        presets = self._all(preset_from, "select * from presets order by place, n")
        return [preset for preset in presets if not preset.value.get(BROUGHT)]

    def get(self, id: str) -> PresetRecord:
        """Return the preset with this id. Raises KnownError `preset.unknown`."""
        record = self._first(preset_from, "select * from presets where id = ?", (id,))
        if record is None or record.value.get(BROUGHT):
            raise KnownError("preset.unknown", id=id[:80])
        return record

    def add(self, name: str, value: Mapping[str, Json]) -> PresetRecord:
        ident = new_id()
        with self._db.writing():
            place = self._db.number("select coalesce(max(place), 0) + 1 from presets")
            self._insert("presets", {
                "id": ident, "name": name, "place": float(place), "value": value,
                "created": self._clock(),
            })  # fmt: skip
            return self.get(ident)

    def put_back(self, record: PresetRecord) -> None:
        with self._db.writing():
            self._insert("presets", {
                "id": record.id, "name": record.name, "place": record.place, "value": record.value,
                "created": record.created,
            })  # fmt: skip

    def change(self, id: str, name: str, value: Mapping[str, Json]) -> PresetRecord:
        """Replace the name and value of a preset.  Raises KnownError `preset.unknown`, store.*."""
        with self._db.writing():
            self.get(id)
            self._update("presets", {"name": name, "value": value}, "id = ?", id)
            return self.get(id)

    def delete(self, id: str) -> PresetRecord:
        """Delete a preset for good and return it.  Raises KnownError `preset.unknown`, store.*."""
        with self._db.writing():
            old = self.get(id)
            self._db.run("delete from presets where id = ?", (id,))
            self._shared.request_purge()
            return old

    def order(self, ids: Sequence[str]) -> None:
        with self._db.writing():
            for place, id in enumerate(ids, 1):
                self._update("presets", {"place": float(place)}, "id = ?", id)


def preset_from(row: RowLike) -> PresetRecord:
    return row_to(PresetRecord, row, value=mapping_from(row["value"]))


class Redactions(StorePart):
    def names(self) -> list[Listed]:
        return self._all(listed_from, "select * from private_names order by n")

    def keep_names(self, names: Sequence[Listed]) -> None:
        with self._db.writing():
            self._db.run("delete from private_names")
            for name in names:
                self._insert("private_names", {"words": name.words, "kind": str(name.kind)})
            self._shared.request_purge()

    def items_with(self, setting: str, limit: int) -> list[Item]:
        """Return the items that have a setting of their own, last changed first."""
        where = "deleted_at is null and instr(settings, ?)"
        named = f"select * from items where {where} order by updated desc, n desc limit ?"
        return self._all(Item, named, (f'"{setting}"', limit))


def listed_from(row: RowLike) -> Listed:
    return Listed(str(row["words"]), Kind(row["kind"]))
