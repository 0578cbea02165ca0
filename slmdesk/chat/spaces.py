"""Spaces (folders of chats), and the order of chats in their list. Service thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.base.protocol import stored_from, stored_list
from slmdesk.base.record import Record, changed
from slmdesk.base.records import Item
from slmdesk.base.runtime.events import ItemChanged
from slmdesk.base.runtime.service import Runtime, Service
from slmdesk.base.types import AttachMode, Json
from slmdesk.chat.conversation import NEW_CHAT
from slmdesk.chat.presets import PresetService, checked, named_in, with_preset
from slmdesk.chat.types import KIND, AttachRequest, ChatOptions
from slmdesk.history.store import SPACE

SPACE_KIND = SPACE
MOST_SPACE_NAME = 80
DOCUMENTS = "draft_attachments"
"""Key in the settings of a space: its documents and folders, in the same form as in the draft of a chat."""
WAITING_CHATS = 20


class Space(Record):
    id: str
    name: str
    system: str = ""
    """Instructions, which are added after those of the preset."""
    preset: str = ""
    """Id of a preset; empty for the preset of other new chats."""
    documents: tuple[Mapping[str, Json], ...] = ()
    count: int = 0
    """Number of chats in the space, without archived ones."""

    @property
    def attachments(self) -> tuple[AttachRequest, ...]:
        requests = []
        for kept in self.documents:
            if folder := stored_from(str, kept.get("folder")):
                requests.append(AttachRequest(collection=folder))
            elif document := stored_from(str, kept.get("document")):
                mode = stored_from(AttachMode, kept.get("mode")) or AttachMode.AUTO
                requests.append(AttachRequest(document, mode=mode))
        return tuple(requests)


class SpaceService(Service):
    def __init__(self, runtime: Runtime, presets: PresetService) -> None:
        super().__init__(runtime)
        self._presets = presets

    def list(self) -> Sequence[Space]:
        return [_space_of(item, count) for item, count in self._store.items.spaces()]

    def get(self, wanted: str) -> Space:
        """Return a space by id or by name, ignoring case. Raises KnownError `space.unknown`."""
        return named_in(self.list(), wanted, "space.unknown")

    def add(self, space: Space) -> Space:
        """Create a space with these values and a new id. Raises KnownError `request.invalid`, store.*."""
        name, settings = _checked(space)
        item = self._store.items.add(
            SPACE_KIND, name, settings={key: value for key, value in settings.items() if value is not None}
        )
        self._publish(ItemChanged(item))
        return _space_of(item)

    def change(self, space: Space) -> Space:
        """Change the values of a space. Chats that were begun in it stay as they are.

        Raises KnownError `space.unknown`, `request.invalid`, store.*.
        """
        name, settings = _checked(space)
        old = self.get(space.id)
        with self._store.together():
            if name != old.name:
                self._store.items.rename(old.id, name)
            item = self._store.items.change_settings(old.id, **settings)
        self._publish(ItemChanged(item))
        return _space_of(item, old.count)

    def delete(self, id: str) -> Item:
        """Move a space to the trash. Until it is restored, its chats are listed like chats without a space.

        Raises KnownError `space.unknown`, store.*.
        """
        return self._said(self._store.items.trash(self.get(id).id))

    def restore(self, id: str) -> Item:
        """Undo `delete`, so that the chats are in the space again. Raises KnownError `item.unknown`, store.*."""
        return self._said(self._store.items.restore(id))

    def options(self, space: Space) -> ChatOptions:
        options = self._presets.for_new_chats()
        preset = self._presets.of(space.preset)
        if preset:
            options = with_preset(options, preset)
        system = "\n\n".join(part for part in (options.system, space.system) if part)
        return changed(options, system=system)

    def new_chat(self, id: str) -> Item:
        """Return a new chat in a space, with the instructions, preset and documents of the space. An untouched new chat
        of the space is used again if there is one.

        Raises KnownError `space.unknown`, store.*.
        """
        space = self.get(id)
        settings = self.options(space).settings_of_new
        if space.documents:
            settings[DOCUMENTS] = [dict(document) for document in space.documents]
        for item in self._store.items.listed(KIND, space=space.id, limit=WAITING_CHATS):
            is_untouched = item.title == NEW_CHAT and dict(item.settings) == settings
            if is_untouched and not self._store.messages.of_item(item.id):
                return item
        with self._store.together():
            item = self._store.items.place(self._store.items.add(KIND, NEW_CHAT, settings=settings).id, space=space.id)
        return self._said(item)

    def _said(self, item: Item) -> Item:
        self._publish(ItemChanged(item))
        return item


def _space_of(item: Item, count: int = 0) -> Space:
    system, preset = (stored_from(str, item.settings.get(key)) or "" for key in ("system", "preset"))
    return Space(item.id, item.title, system, preset, tuple(stored_list(dict, item.settings.get(DOCUMENTS))), count)


def _checked(space: Space) -> tuple[str, dict[str, Json]]:
    """Return a space's name and settings. The value None removes a setting. Raises KnownError `request.invalid`."""
    name = checked(space.name, MOST_SPACE_NAME, space.system)
    documents: Sequence[Json] = [dict(document) for document in space.documents]
    return name, {
        "system": space.system.strip() or None, "preset": space.preset or None, DOCUMENTS: list(documents) or None,
    }  # fmt: skip


class ChatPlaces(Service):
    def page(
        self,
        *,
        space: str = "",
        archived: bool = False,
        before: tuple[bool, float, int] | None = None,
        limit: int = 100,
    ) -> list[Item]:
        """Return a page of the list: first the pinned chats, then the others, last changed first.

        `space`: list the chats of this space; "" lists the chats without a space. `archived`: list the archive of all
        spaces instead. `before`: (pinned, updated, n) of the last chat on the previous page.
        """
        return self._store.items.listed(KIND, space=space, archived=archived, before=before, limit=limit)

    def change(
        self,
        ids: Sequence[str],
        *,
        pinned: bool | None = None,
        archived: bool | None = None,
        space: str | None = None,
    ) -> list[Item]:
        """Pin or archive chats, or move them into a space ("" moves them out of any). None leaves a value unchanged.
        Either all chats are changed or none.

        Returns the old items for `put_back`. Raises KnownError `item.unknown`, store.*.
        """
        items = self._store.items
        with self._store.together():
            old = [items.get(id) for id in ids]
            new = [items.place(item.id, pinned=pinned, archived=archived, space=space) for item in old]
        self._say(new)
        return old

    def put_back(self, old: Sequence[Item]) -> None:
        """Undo `change`.  Raises KnownError `item.unknown`, store.*."""
        items = self._store.items
        with self._store.together():
            new = [
                items.place(item.id, pinned=item.pinned, archived=item.archived, space=item.folder or "")
                for item in old
            ]
        self._say(new)

    def _say(self, items: Sequence[Item]) -> None:
        for item in items:
            self._publish(ItemChanged(item))
