"""What a person changes about what the model sees of a chat: pinned messages, notes, and a new chat that begins with
notes on this one.  On the service thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.records import Item, Message
from slmdesk.base.types import Json
from slmdesk.chat.context_window import (
    AFTER,
    MOST_NOTES,
    NOTES,
    PINNED,
    Group,
    groups_of,
    window_of,
)
from slmdesk.chat.conversation import REDACT, active_path, leaf_of, title_from
from slmdesk.chat.ephemeral import PREFIX, EphemeralStore, MessageStore
from slmdesk.chat.model_choice import ModelChoice
from slmdesk.chat.note_writer import NoteWriter
from slmdesk.chat.options import options_from
from slmdesk.chat.veils import Veils
from slmdesk.runtime.events import ItemChanged
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service

CONTINUED = "Continued: {title}"


class WindowService(Service):
    def __init__(
        self,
        runtime: Runtime,
        unsaved: EphemeralStore,
        choice: ModelChoice,
        writer: NoteWriter,
        as_it_is: Callable[[Message], Message],
        veils: Veils,
    ) -> None:
        super().__init__(runtime)
        self._unsaved, self._choice, self._writer, self._as_it_is = unsaved, choice, writer, as_it_is
        self._veils = veils

    def pin(self, message: str, *, pinned: bool) -> Item:
        """Keep a message in the prompt whatever is left out, or no longer.  Raises KnownError `item.unknown`."""
        store = self._message_store_of(message)
        item = store.items.get(store.messages.get(message).item)
        known = window_of(item).pinned
        ids = known | {message} if pinned else known - {message}
        return self._change(item.id, **{PINNED: [*sorted(ids)] or None})

    def see_all(self, chat: str) -> Item:
        """Leave nothing out any more, and drop the notes.  Raises KnownError `item.unknown`."""
        return self._change(chat, **{AFTER: None, NOTES: None})

    def change_notes(self, chat: str, notes: str) -> Item:
        """Replace the notes; empty ones are removed.  Raises KnownError `item.unknown`, `text.too_long`."""
        words = notes.strip()
        if len(words) > MOST_NOTES:
            raise KnownError("text.too_long", limit=f"{MOST_NOTES:,} characters")
        return self._change(chat, **{NOTES: words or None})

    def summarize_left_out(self, chat: str) -> Pending[Item]:
        """Have the model write notes on what is left out; loads it if needed.

        Raises KnownError `item.unknown`, `model.…`, `request.invalid` when nothing is left out.
        """
        item, path = self._opened(chat)
        window = window_of(item)
        gone = [group for group in groups_of(path[: window.place(path)]) if not window.holds(group)]
        return self._write(item, "", gone).map(lambda notes: self.change_notes(chat, notes))

    def new_chat_with_notes(self, chat: str) -> Pending[Item]:
        """Make a new chat with the same options that begins with the model's notes on this one; loads it if needed.

        Raises KnownError `item.unknown`, `model.…`, `request.invalid` for an empty chat.
        """
        item, path = self._opened(chat)
        window = window_of(item)
        items = self._unsaved.items if chat.startswith(PREFIX) else self._store.items

        def made(notes: str) -> Item:
            options = {key: value for key, value in options_from(item.settings).settings.items() if value is not None}
            title = title_from(CONTINUED.format(title=item.title))
            redact: dict[str, Json] = {REDACT: True} if self._veils.of(item) else {}
            new = items.add(item.kind, title, settings={**options, **redact, NOTES: notes[:MOST_NOTES]})
            self._veils.redaction.copy(chat, new.id)
            if item.folder:
                new = self._store.items.place(new.id, space=item.folder)
            self._publish(ItemChanged(new))
            return new

        seen = groups_of(window.seen(path))
        return self._write(item, window.notes_on(path), seen).map(made)

    def _write(self, item: Item, notes: str, groups: Sequence[Group]) -> Pending[str]:
        if not groups:
            raise KnownError("request.invalid", what="there is nothing to summarize")
        record = self._choice.record_for(options_from(item.settings))
        return self._writer.write(record, notes, groups, self._veils.of(item))

    def _opened(self, chat: str) -> tuple[Item, tuple[Message, ...]]:
        store = self._message_store_of(chat)
        item = store.items.get(chat)
        return item, tuple(map(self._as_it_is, active_path(store.messages.of_item(chat), leaf_of(item))))

    def _change(self, chat: str, **values: Json) -> Item:
        item = self._message_store_of(chat).items.change_settings(chat, **values)
        self._publish(ItemChanged(item))
        return item

    def _message_store_of(self, id: str) -> MessageStore:
        return self._unsaved if id.startswith(PREFIX) else self._store
