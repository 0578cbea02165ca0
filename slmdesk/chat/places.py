"""Where chats stand in their list: pinned, archived, in a space.  Everything on the service thread."""

from __future__ import annotations

from collections.abc import Sequence

from slmdesk.base.records import Item
from slmdesk.runtime.events import ItemChanged
from slmdesk.runtime.service import Service

KIND = "chat"


class ChatPlaces(Service):
    def page(
        self,
        *,
        space: str = "",
        archived: bool = False,
        before: tuple[bool, float, int] | None = None,
        limit: int = 100,
    ) -> list[Item]:
        """Return a page of the list: pinned chats first, then the last changed.

        `space`: the chats of a space; "": those of none.  `archived`: those in the archive, of all spaces.  `before`:
        (pinned, updated, n) of the last one seen.
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
        """Pin or archive chats, or put them into a space ("": into none); all or none, and what is None stays.

        Returns them as they were, for `put_back`.  Raises KnownError `item.unknown`, store.*.
        """
        items = self._store.items
        with self._store.together():
            old = [items.get(one) for one in ids]
            new = [items.place(one.id, pinned=pinned, archived=archived, space=space) for one in old]
        self._say(new)
        return old

    def put_back(self, old: Sequence[Item]) -> None:
        """Undo `change`.  Raises KnownError `item.unknown`, store.*."""
        items = self._store.items
        with self._store.together():
            new = [items.place(one.id, pinned=one.pinned, archived=one.archived, space=one.folder or "") for one in old]
        self._say(new)

    def _say(self, items: Sequence[Item]) -> None:
        for one in items:
            self._publish(ItemChanged(one))
