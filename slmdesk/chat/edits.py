"""Changes by a person to a chat's messages and to the part that the model sees; also private chats. Service thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.records import AnswerEnding, Item, Message, RemovedMessages, Status
from slmdesk.base.runtime.events import ItemChanged, ItemGone, MessageChanged, Pending
from slmdesk.base.runtime.service import Runtime, Service, in_slices
from slmdesk.base.texts import _
from slmdesk.base.types import Json, Role
from slmdesk.chat.answers import Answers, ModelChoice
from slmdesk.chat.checking import Quotes
from slmdesk.chat.context import NoteWriter
from slmdesk.chat.conversation import (
    AFTER,
    MOST_NOTES,
    NEW_CHAT,
    NOTES,
    PINNED,
    WINDOW,
    EphemeralStore,
    Group,
    MessageStore,
    StoredChat,
    Stores,
    after_deletion,
    chat_in,
    copied_window,
    groups_of,
    leaf_of,
    title_from,
)
from slmdesk.chat.types import KIND, ChatOptions
from slmdesk.documents.saved_states import StateService
from slmdesk.history.store import Store

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
        chat = chat_in(store, store.messages.get(message).item)
        item, leaf, is_saved = chat.item, leaf_of(chat.item), store is self._store
        ids = [message] if alone else _with_below(message, chat.messages)
        parent = chat.path_to(message)[-1].parent
        documents = tuple(document.id for document in self._store.documents.of_item(item.id)) if is_saved else ()
        settings = after_deletion(chat.window, chat.path, ids) if alone else {}
        removed = store.messages.remove(ids)
        quotes = self._quotes.forget(item.id, ids)
        self._deletions.append(_Deletion(removed, leaf, documents, quotes))
        if leaf in ids:
            settings["leaf"] = parent
        if settings:
            store.items.change_settings(item.id, **settings)
        if is_saved:
            left = store.messages.of_item(item.id)
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
        last = next((deletion for deletion in reversed(self._deletions) if deletion.removed.item == chat), None)
        if last is None:
            return False
        store = self._stores.of(chat)
        store.messages.put_back(last.removed)
        self._deletions.remove(last)
        if last.quotes:
            self._quotes.put_back(chat, last.quotes)
        if last.documents:
            self._store.documents.link(chat, last.documents)
        item = store.items.change_settings(chat, leaf=last.leaf)
        self._publish(ItemChanged(item))
        return True

    def fork(self, message: str) -> Item:
        """Create a new chat with a copy of the messages up to this message, and with the options of its chat.

        Raises KnownError `item.unknown`, `request.invalid` (one of these messages is being written), store.*.
        """
        store = self._stores.of(message)
        chat = chat_in(store, store.messages.get(message).item)
        item, path = chat.item, chat.path_to(message)
        copy = copied_chat(store, item, path, title_from(f"{item.title} (copy)"))
        if store is not self._store:
            return copy
        link_attached(self._store, copy.id, path)
        copy = self._store.items.place(copy.id, space=item.folder or "")
        self._publish(ItemChanged(copy))
        return copy

    def drop(self, chat: str) -> None:
        kept = [deletion for deletion in self._deletions if deletion.removed.item != chat]
        self._deletions = deque(kept, maxlen=MOST_UNDONE)


OF_ONE_CHAT = {"leaf", "draft", "draft_attachments"}


def _with_below(message: str, messages: Sequence[Message]) -> list[str]:
    ids = {message: None}
    for each in sorted(messages, key=lambda message: message.n):
        if each.parent in ids:
            ids[each.id] = None
    return list(ids)


def copied_chat(store: MessageStore, item: Item, messages: Sequence[Message], title: str) -> Item:
    """Create a chat with copies of these messages, and with the options of their chat. Raises KnownError
    `request.invalid` (one of these messages is being written), store.*.
    """
    if any(message.status is Status.STREAMING for message in messages):
        raise KnownError("request.invalid", what=_("an answer is still being written"))
    settings = {key: value for key, value in item.settings.items() if key not in OF_ONE_CHAT}
    copy = store.items.add(item.kind, title, settings=settings)
    copies: dict[str, str] = {}
    for message in messages:
        copies[message.id] = copied(store, copy.id, message, copies)
    leaf = copies.get(leaf_of(item) or "")
    return store.items.change_settings(copy.id, leaf=leaf, **copied_window(item.settings, copies))


def link_attached(store: Store, chat: str, messages: Sequence[Message]) -> None:
    """Link a chat with the documents that are attached in it, but for those that were deleted meanwhile."""
    known: list[str] = []
    for id in dict.fromkeys(part.attached.document for message in messages for part in message.attachments):
        with suppress(KnownError):
            known.append(store.documents.get(id).id)
    store.documents.link(chat, known)


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


CONTINUED = "Continued: {title}"


class WindowService(Service):
    """Changes by a person to the part of a chat that the model sees."""

    def __init__(
        self, runtime: Runtime, stores: Stores, choice: ModelChoice, writer: NoteWriter, answers: Answers
    ) -> None:
        super().__init__(runtime)
        self._stores, self._choice, self._writer, self._answers = stores, choice, writer, answers

    def pin(self, message: str, *, pinned: bool) -> Item:
        """Pin a message, so that it always stays in the prompt, or unpin it. Raises KnownError `item.unknown`."""
        chat = self._answers.chat_of(message)
        known = chat.window.pinned
        ids = known | {message} if pinned else known - {message}
        return self._change(chat.item.id, **{PINNED: [*sorted(ids)] or None})

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
        opened = self._answers.chat(chat)
        path, window = opened.path, opened.window
        gone = [group for group in groups_of(path[: window.place(path)]) if not window.holds(group)]
        return self._write(opened, "", gone).map(lambda notes: self.change_notes(chat, notes))

    def new_chat_with_notes(self, chat: str) -> Pending[Item]:
        """Create a chat with the same options that begins with the model's notes on this chat. Loads the model if
        needed.

        Raises KnownError `item.unknown`, `model.…`, `request.invalid` for an empty chat.
        """
        opened = self._answers.chat(chat)
        item, path, window = opened.item, opened.path, opened.window

        def made(notes: str) -> Item:
            settings = {**opened.options.settings_of_new, NOTES: notes[:MOST_NOTES]}
            new = opened.store.items.add(item.kind, title_from(CONTINUED.format(title=item.title)), settings=settings)
            if item.folder:
                new = self._store.items.place(new.id, space=item.folder)
            self._publish(ItemChanged(new))
            return new

        seen = groups_of(window.seen(path))
        return self._write(opened, window.notes_on(path), seen).map(made)

    def _write(self, chat: StoredChat, notes: str, groups: Sequence[Group]) -> Pending[str]:
        if not groups:
            raise KnownError("request.invalid", what=_("there is nothing to summarize"))
        record = self._choice.record_for(chat.options)
        return in_slices(self._service_thread, self._writer.write(record, notes, groups))

    def _change(self, chat: str, **values: Json) -> Item:
        item = self._stores.of(chat).items.change_settings(chat, **values)
        self._publish(ItemChanged(item))
        return item


class PrivateChats(Service):
    """Chats that exist only in memory until the person saves them.

    They are gone when they are closed or when the program ends.
    """

    def __init__(
        self, runtime: Runtime, unsaved: EphemeralStore, answers: Answers, drop: Callable[[str], None]
    ) -> None:
        super().__init__(runtime)
        self._unsaved, self._answers, self._drop = unsaved, answers, drop

    def begin(self, options: ChatOptions) -> Item:
        return self._unsaved.items.add(KIND, NEW_CHAT, settings=options.settings_of_new)

    def save(self, chat: str) -> Item:
        """Turn a private chat into a saved chat, with all versions of its messages. The private chat ends.

        Raises KnownError `item.unknown`, `request.invalid` (an answer is being written), store.*; the private chat
        stays in these cases.
        """
        item = self._unsaved.items.get(chat)
        messages = sorted(self._unsaved.messages.of_item(chat), key=lambda message: message.n)
        with self._store.together():
            saved = copied_chat(self._store, item, messages, item.title)
            link_attached(self._store, saved.id, messages)
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
