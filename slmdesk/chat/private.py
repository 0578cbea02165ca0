"""Private chats: in memory alone until the person saves them, gone when they are closed or the program ends.

Everything on the service thread.
"""

from __future__ import annotations

from collections.abc import Callable

from slmdesk.base.errors import KnownError
from slmdesk.base.records import Item, Status
from slmdesk.chat.answer_writer import Answers
from slmdesk.chat.context_window import copied_window
from slmdesk.chat.conversation import NEW_CHAT, leaf_of
from slmdesk.chat.edits import OF_ONE_CHAT, copied
from slmdesk.chat.ephemeral import EphemeralStore
from slmdesk.chat.options import ChatOptions
from slmdesk.redaction.service import RedactionService
from slmdesk.runtime.events import ItemChanged, ItemGone
from slmdesk.runtime.service import Runtime, Service


class PrivateChats(Service):
    def __init__(
        self,
        runtime: Runtime,
        unsaved: EphemeralStore,
        answers: Answers,
        redaction: RedactionService,
        drop: Callable[[str], None],
        *,
        kind: str,
    ) -> None:
        super().__init__(runtime)
        self._unsaved, self._answers, self._redaction = unsaved, answers, redaction
        self._drop, self._kind = drop, kind

    def begin(self, options: ChatOptions) -> Item:
        settings = {name: value for name, value in options.settings.items() if value is not None}
        return self._unsaved.items.add(self._kind, NEW_CHAT, settings=settings)

    def save(self, chat: str) -> Item:
        """Make a usual chat of a private one, which ends; all versions of its messages are taken along.

        Raises KnownError `item.unknown`, `request.invalid` (an answer is being written), store.*; the private chat
        then stays.
        """
        item = self._unsaved.items.get(chat)
        messages = sorted(self._unsaved.messages.of_item(chat), key=lambda one: one.n)
        if any(one.status is Status.STREAMING for one in messages):
            raise KnownError("request.invalid", what="an answer is still being written")
        settings = {key: value for key, value in item.settings.items() if key not in OF_ONE_CHAT}
        copies: dict[str, str] = {}
        with self._store.together():
            saved = self._store.items.add(item.kind, item.title, settings=settings)
            for one in messages:
                copies[one.id] = copied(self._store, saved.id, one, copies)
            leaf = copies.get(leaf_of(item) or "")
            self._store.items.change_settings(saved.id, leaf=leaf, **copied_window(item.settings, copies))
            attached = dict.fromkeys(part.attached.document for one in messages for part in one.attachments)
            self._store.documents.link(saved.id, self._known(list(attached)))
            self._redaction.copy(chat, saved.id)
        saved = self._store.items.get(saved.id)
        self._publish(ItemChanged(saved))
        self.end(chat)
        return saved

    def end(self, chat: str) -> None:
        """Drop a private chat for good; what is being written in it is stopped.  An unknown one is none."""
        for one in self._unsaved.messages.of_item(chat):
            self._answers.stop(one.id)
        self._unsaved.forget(chat)
        self._drop(chat)
        self._publish(ItemGone(chat))

    def _known(self, documents: list[str]) -> list[str]:
        found: list[str] = []
        for id in documents:
            try:
                found.append(self._store.documents.get(id).id if id else "")
            except KnownError:  # forgotten meanwhile
                continue
        return [one for one in found if one]
