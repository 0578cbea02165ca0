"""Spaces: folders of chats with instructions, a preset and documents that each new chat in them begins with.

A space is an item of the history like a chat, so it is trashed, restored, rescued and backed up like one; its chats
name it as their folder.  What a chat has taken over is its own: what becomes of the space later changes no chat.
Everything on the service thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.base.attached import AttachMode
from slmdesk.base.errors import KnownError
from slmdesk.base.labels import clean_label
from slmdesk.base.record import Record, changed
from slmdesk.base.records import Item
from slmdesk.base.types import Json
from slmdesk.base.wire import stored_from, stored_list
from slmdesk.chat.conversation import NEW_CHAT
from slmdesk.chat.options import ChatOptions
from slmdesk.chat.places import KIND as CHAT
from slmdesk.chat.presets import MOST_SYSTEM, PresetService, with_preset
from slmdesk.chat.requests import AttachRequest
from slmdesk.runtime.events import ItemChanged
from slmdesk.runtime.service import Runtime, Service
from slmdesk.store import SPACE

KIND = SPACE
MOST_NAME = 80
DOCUMENTS = "draft_attachments"
"""Key of its settings: the documents and folders, in the form in which a chat keeps those of its draft."""
WAITING_CHATS = 20


class Space(Record):
    id: str
    name: str
    system: str = ""
    """Instructions; they follow those of the preset."""
    preset: str = ""
    """Id; empty: as other new chats."""
    documents: tuple[Mapping[str, Json], ...] = ()
    count: int = 0
    """Its chats, without archived ones."""

    @property
    def attachments(self) -> tuple[AttachRequest, ...]:
        found = []
        for one in self.documents:
            if folder := stored_from(str, one.get("folder")):
                found.append(AttachRequest(collection=folder))
            elif document := stored_from(str, one.get("document")):
                mode = stored_from(AttachMode, one.get("mode")) or AttachMode.AUTO
                found.append(AttachRequest(document, mode=mode))
        return tuple(found)


class SpaceService(Service):
    def __init__(self, runtime: Runtime, presets: PresetService) -> None:
        super().__init__(runtime)
        self._presets = presets

    def list(self) -> Sequence[Space]:
        return [_space_of(item, count) for item, count in self._store.items.spaces()]

    def get(self, wanted: str) -> Space:
        """Return a space by id or name, in any case of its letters.  Raises KnownError `space.unknown`."""
        known, folded = self.list(), wanted.strip().casefold()
        found = [one for one in known if one.id == wanted] or [one for one in known if one.name.casefold() == folded]
        if not found:
            raise KnownError("space.unknown", id=wanted[:80])
        return found[0]

    def add(self, space: Space) -> Space:
        """Make a space of these values; its id is new.  Raises KnownError `request.invalid`, store.*."""
        name, settings = _checked(space)
        item = self._store.items.add(KIND, name, settings=_present(settings))
        self._publish(ItemChanged(item))
        return _space_of(item)

    def change(self, space: Space) -> Space:
        """Change what a space has; chats that began in it stay as they are.

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
        """Move a space to the trash; its chats stay, in the list again, until `restore` brings it back.

        Raises KnownError `space.unknown`, store.*.
        """
        return self._said(self._store.items.trash(self.get(id).id))

    def restore(self, id: str) -> Item:
        """Undo `delete`; its chats are in it again.  Raises KnownError `item.unknown`, store.*."""
        return self._said(self._store.items.restore(id))

    def options(self, space: Space) -> ChatOptions:
        options = self._presets.for_new_chats()
        preset = next((one for one in self._presets.list() if one.id == space.preset), None) if space.preset else None
        if preset:
            options = with_preset(options, preset)
        system = "\n\n".join(part for part in (options.system, space.system) if part)
        return changed(options, system=system)

    def new_chat(self, id: str) -> Item:
        """Begin a chat in a space, with its instructions, preset and documents: one that is new and untouched, else
        another.

        Raises KnownError `space.unknown`, store.*.
        """
        space = self.get(id)
        settings = _present(self.options(space).settings)
        if space.documents:
            settings[DOCUMENTS] = [dict(one) for one in space.documents]
        for one in self._store.items.listed(CHAT, space=space.id, limit=WAITING_CHATS):
            is_untouched = one.title == NEW_CHAT and dict(one.settings) == settings
            if is_untouched and not self._store.messages.of_item(one.id):
                return one
        with self._store.together():
            item = self._store.items.place(self._store.items.add(CHAT, NEW_CHAT, settings=settings).id, space=space.id)
        return self._said(item)

    def _said(self, item: Item) -> Item:
        self._publish(ItemChanged(item))
        return item


def _space_of(item: Item, count: int = 0) -> Space:
    system, preset = (stored_from(str, item.settings.get(key)) or "" for key in ("system", "preset"))
    return Space(item.id, item.title, system, preset, tuple(stored_list(dict, item.settings.get(DOCUMENTS))), count)


def _checked(space: Space) -> tuple[str, dict[str, Json]]:
    """The name and the settings of a space; None removes one.  Raises KnownError `request.invalid`."""
    name = clean_label(space.name, MOST_NAME).strip()
    if not name:
        raise KnownError("request.invalid", what="no name")
    if len(space.system) > MOST_SYSTEM:
        raise KnownError("request.invalid", what=f"instructions of more than {MOST_SYSTEM:,} characters")
    documents: Sequence[Json] = [dict(one) for one in space.documents]
    return name, {
        "system": space.system.strip() or None, "preset": space.preset or None, DOCUMENTS: list(documents) or None,
    }  # fmt: skip


def _present(settings: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in settings.items() if value is not None}
