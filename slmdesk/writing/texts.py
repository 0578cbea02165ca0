"""Keeps the texts that are written in the window, as items of kind `writing`.

Each text is one message of its item, so that the history searches, shows and exports it like a chat. Undecided changes
are in the item's settings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import stored_list
from slmdesk.base.record import to_json
from slmdesk.base.records import Item, Status
from slmdesk.base.types import Json, Origin, Role, TextPart
from slmdesk.chat.conversation import title_from
from slmdesk.runtime.events import ItemChanged
from slmdesk.runtime.service import Service
from slmdesk.writing.types import (
    Change,
)

KIND = "writing"
TITLE = 60


class WritingHistory(Service):
    """Service that stores the texts of the page Write in the history. Service thread."""

    def keep(self, text: str, item: str = "", changes: Sequence[Change] = ()) -> str:
        """Store a text and its undecided changes, by their positions in the text. `item` is the item it was stored as
        before, which is changed.

        Returns the item's id, or "" if nothing is stored: there are no words, the setting `writing_history` is off, or
        the history is read-only. Raises KnownError store.*.
        """
        if not text.strip() or not self._settings.current.writing_history or self._store.read_only:
            return ""
        title = title_from(text[: 4 * TITLE], TITLE)
        parts = (TextPart(text, Origin.PERSON),)
        with self._store.together():
            old = self._there(item)
            if old is None:
                old = self._store.items.add(KIND, title, settings={"auto_title": title})
                self._store.messages.add(old.id, parent=None, role=Role.USER, parts=parts, status=Status.COMPLETE)
            else:
                if old.title == old.settings.get("auto_title") and title != old.title:
                    self._store.items.rename(old.id, title)
                    self._store.items.change_settings(old.id, auto_title=title)
                message = self._store.messages.of_item(old.id)[0]
                if message.parts != parts:
                    self._store.messages.change_parts(message.id, parts)
                self._store.items.touch(old.id)
            stored: list[Json] = [to_json(change) for change in changes]
            self._store.items.change_settings(
                old.id, changes=stored or None, changes_of=_digest(text) if stored else None
            )
        self._publish(ItemChanged(self._store.items.get(old.id)))
        return old.id

    def open(self, item: str) -> tuple[str, Sequence[Change]]:
        """Return the text of an item and its undecided changes. The text is "" if the item is in the trash or gone.

        Raises KnownError store.*.
        """
        record = self._there(item)
        kept = self._store.messages.of_item(record.id) if record else []
        if record is None or not kept:
            return "", ()
        text = kept[0].text or "".join(part.text for part in kept[0].parts)
        is_same = record.settings.get("changes_of") == _digest(text)  # an older program may have changed it since
        return text, _fitting(text, record.settings.get("changes")) if is_same else ()

    def earlier(self, limit: int = 20) -> list[Item]:
        return self._store.items.page(KIND, limit=limit)

    def _there(self, item: str) -> Item | None:
        try:
            record = self._store.items.get(item) if item else None
        except KnownError as err:
            if err.code != "item.unknown":
                raise
            return None  # deleted for good meanwhile
        return record if record and record.kind == KIND and record.deleted_at is None else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _fitting(text: str, stored: Json) -> Sequence[Change]:
    changes: list[Change] = []
    for change in stored_list(Change, stored):
        at = changes[-1].edit.end if changes else 0
        if change.edit.start >= at and change.edit.old(text) == change.old:
            changes.append(change)
    return tuple(changes)
