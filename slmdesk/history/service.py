"""The history service: lists, searches, exports, trashes and deletes items.  Everything on the service thread."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.record import to_json as to_wire
from slmdesk.base.records import DocumentRecord, Found, Item, Message, Rescued
from slmdesk.base.types import Json
from slmdesk.chat.service import ChatService
from slmdesk.evaluation.export import export_parts
from slmdesk.evaluation.model_comparison import KIND as COMPARISON
from slmdesk.exports.chats import chat_shape, comparison_to_markdown, to_json, to_markdown
from slmdesk.library.names import folded_name, one_line
from slmdesk.library.saved_states import StateService
from slmdesk.loader.events import ModelsChanged
from slmdesk.runtime.events import ItemChanged, ItemGone
from slmdesk.runtime.service import Runtime, Service
from slmdesk.store import DataKey, damaged_copies
from slmdesk.store.rescue.rescue import rescue_into
from slmdesk.translation.events import GlossariesChanged, MemoryChanged

TEXT_FORMS = ("md", "json")


class ItemTitle(Record):
    id: str
    kind: str
    name: str
    folded: str


class EmptiedTrash(Record):
    """Items deleted for good, and histories set aside earlier that may still hold them."""

    ids: tuple[str, ...]
    may_remain_in: tuple[Path, ...]
    documents: tuple[DocumentRecord, ...] = ()
    """Whose text is still kept, though nothing else uses it."""


class HistoryService(Service):
    def __init__(self, runtime: Runtime, chats: ChatService, states: StateService) -> None:
        super().__init__(runtime)
        self._chats, self._states = chats, states

    def items(
        self,
        kind: str | None = "chat",
        *,
        before: tuple[float, int] | None = None,
        limit: int = 100,
        deleted: bool = False,
    ) -> list[Item]:
        """Return a page of items, newest first; `before` is (updated, n) of the last one seen.  `kind` None: every
        kind.
        """
        return self._store.items.page(kind, before=before, limit=limit, deleted=deleted)

    def titles(self) -> list[ItemTitle]:
        """Return the titles of all items that are in neither bin nor archive, last changed first."""
        found = self._store.items.titles()
        return [ItemTitle(id, kind, one_line(title), folded_name(title)) for id, kind, title in found]

    def item(self, id: str) -> Item:
        """Return an item by id or unique prefix; also a private chat.  Raises KnownError `item.unknown`."""
        return self._chats.item(id)

    def is_confidential(self) -> bool:
        """Whether names are kept off the screen where nobody asked for them: the history is encrypted, or something
        is on hold.
        """
        return self._store.key is not None or bool(self._store.holds.all())

    def change_settings(self, id: str, **values: Json) -> Item:
        """Update an item's own settings; None removes a key.  Raises KnownError `item.unknown`, store.*."""
        return self._store.items.change_settings(id, **values)

    def documents_of(self, item: str) -> list[DocumentRecord]:
        return self._store.documents.of_item(item)

    def about(self, document: str, kind: str) -> list[Item]:
        items = [self._store.items.get(one) for one in self._store.documents.items_about(document)]
        return [one for one in items if one.kind == kind and one.deleted_at is None]

    def messages(self, item: str) -> list[Message]:
        """Return all messages of an item's tree, oldest first.  Raises KnownError `item.unknown`."""
        return self._chats.messages(item)

    def search(
        self, words: str, *, limit: int = 50, before: int | None = None, kind: str = "", archived: bool | None = None
    ) -> Sequence[Found]:
        """Return search hits, newest first.  `before`, `kind` and `archived`: see SearchIndex.search."""
        return self._store.index.search(words, limit=limit, before=before, kind=kind, archived=archived)

    def rename(self, id: str, title: str) -> Item:
        """Change the title of an item.  Raises KnownError `item.unknown`."""
        return self._chats.rename(self._store.items.get(id).id, title)

    def trash(self, id: str) -> Item:
        """Move an item to the bin.  Raises KnownError `item.unknown`."""
        return self._chats.trash(self._store.items.get(id).id)

    def restore(self, id: str) -> Item:
        """Take an item out of the bin.  Raises KnownError `item.unknown`."""
        return self._chats.restore(self._store.items.get(id).id)

    def delete_for_good(self, id: str) -> tuple[str, tuple[Path, ...]]:
        """Delete an item for good, from all files.  Raises KnownError `item.unknown`.

        Returns its id, and histories that were set aside earlier, which may still hold it.
        """
        item = self._chats.trash(self._store.items.get(id).id)
        self._states.forget([item.id, *(one.id for one in self._store.documents.of_item(item.id))])
        self._chats.drop(item.id)
        copies = self._store.delete_for_good(item.id)
        self._publish(ItemGone(item.id))
        return item.id, copies

    def documents_only_of(self, ids: Sequence[str]) -> list[DocumentRecord]:
        """Documents whose text stays here when these items are deleted for good, though nothing else uses it.

        DocumentService.forget forgets one.  Raises KnownError `item.unknown`.
        """
        return self._only_of({self._store.items.get(one).id for one in ids}, self._store.documents.uses())

    def _only_of(self, items: Collection[str], uses: Collection[tuple[str, str]]) -> list[DocumentRecord]:
        theirs = {document for item, document in uses if item in items}
        theirs -= {document for item, document in uses if item not in items}
        found = []
        for one in theirs:
            with suppress(KnownError):  # forgotten before
                found.append(self._store.documents.get(one))
        return sorted((one for one in found if one.collection is None), key=lambda one: (one.name, one.id))

    def remembered(self, id: str) -> int:
        """How many sentences of the translation memory came from an item: they go with it when it is deleted for good.

        Raises KnownError `item.unknown`.
        """
        return self._store.memory.count_of_item(self._store.items.get(id).id)

    def empty_trash(self, older_than_s: float = 0.0) -> EmptiedTrash:
        """Delete for good what has been in the bin for longer; nothing else ever empties it.  Raises KnownError."""
        before = self._store.revision()
        uses = self._store.documents.uses()
        self._forget_states()
        if not self._store.empty_trash(older_than_s):
            return EmptiedTrash((), ())
        gone = tuple(self._store.changed_since(before).gone)
        for id in gone:
            self._chats.drop(id)
            self._publish(ItemGone(id))
        return EmptiedTrash(gone, tuple(self._store.set_aside()), tuple(self._only_of(gone, uses)))

    def _forget_states(self) -> None:
        owners: set[str] = set()
        before: tuple[float, int] | None = None
        while page := self._store.items.page(None, before=before, limit=500, deleted=True):
            owners.update(item.id for item in page)
            owners.update(one.id for item in page for one in self._store.documents.of_item(item.id))
            before = (page[-1].updated, page[-1].n)
        self._states.forget(owners)

    def damaged(self) -> Sequence[Path]:
        return damaged_copies(self._paths.database)

    def rescue(self, damaged: Path, key: DataKey | None = None) -> Rescued:
        """Recover what can still be read of a damaged history, which is never written to.  May take seconds.

        `key`: of one that is encrypted with other keys than the history now.  Raises KnownError `key.missing`,
        `file.missing`, `file.unreadable` (also when nothing in it is ours), `store.full`.
        """
        found = rescue_into(self._store, damaged, key=key)
        if not found.seen:
            raise KnownError("file.unreadable", path=str(damaged), reason="nothing of a history can be read in it")
        for item in reversed(self._store.items.page(None, limit=100)):
            self._publish(ItemChanged(item))
        if found.models:
            self._publish(ModelsChanged())
        if found.glossaries or found.terms:
            self._publish(GlossariesChanged())
        if found.memory:
            self._publish(MemoryChanged())
        return found

    def export(self, id: str, form: str) -> str:
        """Export a chat as text in the format `form` ('md', 'json').  Raises KnownError `item.unknown`,
        `request.invalid`.
        """
        item = self.item(id)
        if form not in TEXT_FORMS:
            raise KnownError("request.invalid", what=f"no format {form}")
        if form == "json":
            return to_json(*self._of_export(item.id))
        if item.kind == COMPARISON:
            return comparison_to_markdown(*export_parts(item, self._chats.messages(item.id)))
        held = self._chats.open(item.id)
        return to_markdown(held.item, held.messages)

    def export_shape(self, id: str) -> dict[str, Json]:
        """Return a chat as its JSON export has it.  Raises KnownError `item.unknown`."""
        return chat_shape(*self._of_export(id))

    def _of_export(self, id: str) -> tuple[Item, Sequence[Message], Sequence[Message], Mapping[str, Json]]:
        held = self._chats.open(id)
        quotes: dict[str, Json] = {id: [to_wire(one) for one in found] for id, found in held.quotes.items()}
        return held.item, self._chats.messages(held.item.id), held.messages, quotes
