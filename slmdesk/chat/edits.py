"""Changes by a person to a chat's messages and to the part that the model sees; also private chats. Service thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.records import AnswerEnding, Item, Message, RemovedMessages, Status
from slmdesk.base.texts import _
from slmdesk.base.types import Json, Role
from slmdesk.chat.answers import Answers, ModelChoice
from slmdesk.chat.attachments import Quotes
from slmdesk.chat.context import NoteWriter
from slmdesk.chat.conversation import (
    AFTER,
    MOST_NOTES,
    NEW_CHAT,
    NOTES,
    PINNED,
    PREFIX,
    WINDOW,
    EphemeralStore,
    Group,
    MessageStore,
    Stores,
    active_path,
    after_deletion,
    copied_window,
    groups_of,
    leaf_of,
    title_from,
    window_of,
)
from slmdesk.chat.types import ChatOptions, options_from
from slmdesk.library.saved_states import StateService
from slmdesk.runtime.events import ItemChanged, ItemGone, MessageChanged, Pending
from slmdesk.runtime.service import Runtime, Service, in_slices

MOST_UNDONE = 20


class _Deletion(Record):
    removed: RemovedMessages
    leaf: str | None
    documents: tuple[str, ...]
    quotes: Mapping[str, Json]


class Edits(Service):
    def __init__(
        self,
        runtime: Runtime,
        stores: Stores,
        quotes: Quotes,
        states: StateService,
    ) -> None:
        super().__init__(runtime)
        self._stores, self._quotes, self._states = stores, quotes, states
        self._deletions: deque[_Deletion] = deque(maxlen=MOST_UNDONE)

    def edit_answer(self, message: str, text: str) -> Message:
        """Replace the text of an ended answer. The model's original text is kept as well.

        Raises KnownError `item.unknown`, `request.invalid` (no answer, being written, no words).
        """
        store = self._stores.of(message)
        old = store.messages.get(message)
        if old.role is not Role.ASSISTANT or old.status is Status.STREAMING:
            raise KnownError("request.invalid", what=_("not an answer that has ended"))
        if not text.strip():
            raise KnownError("request.invalid", what=_("no text"))
        if text == old.text:
            return old
        edited = store.messages.edit(message, text)
        self._quotes.forget(old.item, [message])
        self._publish(MessageChanged(edited))
        return edited

    def restore_original(self, message: str) -> Message:
        """Restore the model's original text. Raises KnownError `item.unknown`."""
        old = self._stores.of(message).messages.get(message)
        return old if old.original is None else self.edit_answer(message, old.original)

    def delete(self, message: str, *, alone: bool) -> int:
        """Delete a message for good, either `alone` or with everything that follows it in all versions. Returns the
        number of deleted messages.

        Can be undone while this program runs. Raises KnownError `item.unknown`, `request.invalid` (one of the messages
        is being written), store.*.
        """
        store = self._stores.of(message)
        item = store.items.get(store.messages.get(message).item)
        messages = store.messages.of_item(item.id)
        ids = [message] if alone else _with_below(message, messages)
        parent = next(other_message.parent for other_message in messages if other_message.id == message)
        documents = (
            ()
            if store is self._stores.unsaved
            else tuple(document.id for document in self._store.documents.of_item(item.id))
        )
        changed = after_deletion(item, active_path(messages, leaf_of(item)), ids) if alone else {}
        removed = store.messages.remove(ids)
        quotes = self._quotes.forget(item.id, ids)
        self._deletions.append(_Deletion(removed, leaf_of(item), documents, quotes))
        left = store.messages.of_item(item.id)
        if leaf_of(item) in ids:
            changed["leaf"] = parent
        if changed:
            item = store.items.change_settings(item.id, **changed)
        if store is not self._stores.unsaved:
            used = {part.attached.document for message in left for part in message.attachments}
            self._store.documents.link(item.id, [document for document in documents if document in used])
            self._states.forget([item.id])
        for id in ids:
            self._publish(ItemGone(id))
        self._publish(ItemChanged(store.items.get(item.id)))
        return len(ids)

    def undo_delete(self, chat: str) -> bool:
        """Restore the messages that were deleted last in a chat. Returns False when there are none.

        Raises KnownError `item.unknown`: the chat is gone.
        """
        found = next((deletion for deletion in reversed(self._deletions) if deletion.removed.item == chat), None)
        if found is None:
            return False
        store = self._stores.of(chat)
        store.messages.put_back(found.removed)
        self._deletions.remove(found)
        if found.quotes:
            self._quotes.put_back(chat, found.quotes)
        if found.documents:
            self._store.documents.link(chat, found.documents)
        item = store.items.change_settings(chat, leaf=found.leaf)
        self._publish(ItemChanged(item))
        return True

    def fork(self, message: str) -> Item:
        """Create a new chat with a copy of the messages up to this message, and with the options of its chat.

        Raises KnownError `item.unknown`, `request.invalid` (one of these messages is being written), store.*.
        """
        store = self._stores.of(message)
        item = store.items.get(store.messages.get(message).item)
        path = active_path(store.messages.of_item(item.id), message)
        path = path[: next(at for at, other_message in enumerate(path) if other_message.id == message) + 1]
        if any(message.status is Status.STREAMING for message in path):
            raise KnownError("request.invalid", what=_("an answer is still being written"))
        settings = {key: value for key, value in item.settings.items() if key not in OF_ONE_CHAT}
        title = title_from(f"{item.title} (copy)")
        if store is self._stores.unsaved:
            copy = self._stores.unsaved.items.add(item.kind, title, settings=settings)
        else:
            copy = self._store.items.add(item.kind, title, settings=settings)
            self._store.items.place(copy.id, space=item.folder or "")
        copies: dict[str, str] = {}
        for other_message in path:
            copies[other_message.id] = copied(store, copy.id, other_message, copies)
        store.items.change_settings(copy.id, **copied_window(item.settings, copies))
        documents = list(dict.fromkeys(part.attached.document for message in path for part in message.attachments))
        if store is not self._stores.unsaved and any(documents):
            known = {document.id for document in self._store.documents.of_item(item.id)}
            self._store.documents.link(copy.id, [document for document in documents if document in known])
        copy = store.items.get(copy.id)
        if store is not self._stores.unsaved:
            self._publish(ItemChanged(copy))
        return copy

    def drop(self, chat: str) -> None:
        kept = [deletion for deletion in self._deletions if deletion.removed.item != chat]
        self._deletions = deque(kept, maxlen=MOST_UNDONE)


OF_ONE_CHAT = {"leaf", "draft", "draft_attachments"}


def _with_below(message: str, messages: Sequence[Message]) -> list[str]:
    found = [message]
    below = {message}
    for other_message in sorted(messages, key=lambda message: message.n):
        if other_message.parent in below:
            below.add(other_message.id)
            found.append(other_message.id)
    return found


def copied(store: MessageStore, item: str, message: Message, copies: Mapping[str, str]) -> str:
    text = message.text if message.original is None else message.original
    sampling = dict(message.sampling)
    if isinstance(window := sampling.get(WINDOW), Mapping):
        sampling[WINDOW] = copied_window(window, copies)
    copy = store.messages.add(
        item,
        parent=copies.get(message.parent or ""),
        role=message.role,
        parts=message.parts,
        text=text,
        status=message.status,
        model_sha256=message.model_sha256,
        model_name=message.model_name,
        sampling=sampling,
        seed=message.seed,
        prompt_version=message.prompt_version,
    )
    if message.role is Role.ASSISTANT:
        ending = AnswerEnding(
            message.status,
            message.finish_reason,
            message.tokens_in,
            message.tokens_out,
            message.tokens_reused,
            message.seconds,
            message.seed,
            error_code=message.error_code,
            error_args=message.error_args,
            thought_seconds=message.thought_seconds,
        )
        store.messages.end(copy.id, text, ending, message.thought)
    if message.original is not None:
        store.messages.edit(copy.id, message.text)
    return copy.id


# ---- changes by a person to the part of a chat that the model sees


CONTINUED = "Continued: {title}"


class WindowService(Service):
    def __init__(
        self,
        runtime: Runtime,
        stores: Stores,
        choice: ModelChoice,
        writer: NoteWriter,
        as_it_is: Callable[[Message], Message],
    ) -> None:
        super().__init__(runtime)
        self._stores, self._choice, self._writer, self._as_it_is = stores, choice, writer, as_it_is

    def pin(self, message: str, *, pinned: bool) -> Item:
        """Pin a message, so that it always stays in the prompt, or unpin it. Raises KnownError `item.unknown`."""
        store = self._stores.of(message)
        item = store.items.get(store.messages.get(message).item)
        known = window_of(item).pinned
        ids = known | {message} if pinned else known - {message}
        return self._change(item.id, **{PINNED: [*sorted(ids)] or None})

    def see_all(self, chat: str) -> Item:
        """Let the model see the whole chat again, and drop the notes. Raises KnownError `item.unknown`."""
        return self._change(chat, **{AFTER: None, NOTES: None})

    def change_notes(self, chat: str, notes: str) -> Item:
        """Replace the notes. An empty text removes them. Raises KnownError `item.unknown`, `text.too_long`."""
        words = notes.strip()
        if len(words) > MOST_NOTES:
            raise KnownError("text.too_long", limit=_("{most_notes:,} characters").format(most_notes=MOST_NOTES))
        return self._change(chat, **{NOTES: words or None})

    def summarize_left_out(self, chat: str) -> Pending[Item]:
        """Have the model write notes on the messages that are left out. Loads the model if needed.

        Raises KnownError `item.unknown`, `model.…`, `request.invalid` when nothing is left out.
        """
        item, path = self._opened(chat)
        window = window_of(item)
        gone = [group for group in groups_of(path[: window.place(path)]) if not window.holds(group)]
        return self._write(item, "", gone).map(lambda notes: self.change_notes(chat, notes))

    def new_chat_with_notes(self, chat: str) -> Pending[Item]:
        """Create a chat with the same options that begins with the model's notes on this chat. Loads the model if
        needed.

        Raises KnownError `item.unknown`, `model.…`, `request.invalid` for an empty chat.
        """
        item, path = self._opened(chat)
        window = window_of(item)
        items = self._stores.unsaved.items if chat.startswith(PREFIX) else self._store.items

        def made(notes: str) -> Item:
            options = {key: value for key, value in options_from(item.settings).settings.items() if value is not None}
            title = title_from(CONTINUED.format(title=item.title))
            new = items.add(item.kind, title, settings={**options, NOTES: notes[:MOST_NOTES]})
            if item.folder:
                new = self._store.items.place(new.id, space=item.folder)
            self._publish(ItemChanged(new))
            return new

        seen = groups_of(window.seen(path))
        return self._write(item, window.notes_on(path), seen).map(made)

    def _write(self, item: Item, notes: str, groups: Sequence[Group]) -> Pending[str]:
        if not groups:
            raise KnownError("request.invalid", what=_("there is nothing to summarize"))
        record = self._choice.record_for(options_from(item.settings))
        return in_slices(self._service_thread, self._writer.write(record, notes, groups))

    def _opened(self, chat: str) -> tuple[Item, tuple[Message, ...]]:
        store = self._stores.of(chat)
        item = store.items.get(chat)
        return item, tuple(map(self._as_it_is, active_path(store.messages.of_item(chat), leaf_of(item))))

    def _change(self, chat: str, **values: Json) -> Item:
        item = self._stores.of(chat).items.change_settings(chat, **values)
        self._publish(ItemChanged(item))
        return item


# ---- private chats
#
# Private chats exist only in memory until the person saves them. They are gone when they are closed or when the program
# ends. Service thread.


class PrivateChats(Service):
    def __init__(
        self,
        runtime: Runtime,
        unsaved: EphemeralStore,
        answers: Answers,
        drop: Callable[[str], None],
        *,
        kind: str,
    ) -> None:
        super().__init__(runtime)
        self._unsaved, self._answers, self._drop, self._kind = unsaved, answers, drop, kind

    def begin(self, options: ChatOptions) -> Item:
        settings = {name: value for name, value in options.settings.items() if value is not None}
        return self._unsaved.items.add(self._kind, NEW_CHAT, settings=settings)

    def save(self, chat: str) -> Item:
        """Turn a private chat into a saved chat, with all versions of its messages. The private chat ends.

        Raises KnownError `item.unknown`, `request.invalid` (an answer is being written), store.*; the private chat
        stays in these cases.
        """
        item = self._unsaved.items.get(chat)
        messages = sorted(self._unsaved.messages.of_item(chat), key=lambda message: message.n)
        if any(message.status is Status.STREAMING for message in messages):
            raise KnownError("request.invalid", what=_("an answer is still being written"))
        settings = {key: value for key, value in item.settings.items() if key not in OF_ONE_CHAT}
        copies: dict[str, str] = {}
        with self._store.together():
            saved = self._store.items.add(item.kind, item.title, settings=settings)
            for message in messages:
                copies[message.id] = copied(self._store, saved.id, message, copies)
            leaf = copies.get(leaf_of(item) or "")
            self._store.items.change_settings(saved.id, leaf=leaf, **copied_window(item.settings, copies))
            attached = dict.fromkeys(part.attached.document for message in messages for part in message.attachments)
            self._store.documents.link(saved.id, self._known(list(attached)))
        saved = self._store.items.get(saved.id)
        self._publish(ItemChanged(saved))
        self.end(chat)
        return saved

    def end(self, chat: str) -> None:
        """Delete a private chat for good and stop answers that are being written in it. An unknown chat is ignored."""
        for message in self._unsaved.messages.of_item(chat):
            self._answers.stop(message.id)
        self._unsaved.forget(chat)
        self._drop(chat)
        self._publish(ItemGone(chat))

    def _known(self, documents: list[str]) -> list[str]:
        found: list[str] = []
        for id in documents:
            try:
                found.append(self._store.documents.get(id).id if id else "")
            except KnownError:  # deleted meanwhile
                continue
        return [edit for edit in found if edit]
