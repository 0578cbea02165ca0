"""What the menu of a message does: edit, write once more, copy the chat, delete and bring back.  No widgets here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Signal

from slmdesk.base.records import Item, Message
from slmdesk.base.types import Role
from slmdesk.chat.conversation import words_of
from slmdesk.chat.rewrites import Rewrite
from slmdesk.chat.window.conversation.messages import all_details_of
from slmdesk.chat.window.view.message import DELETIONS, OTHER_MODEL, REWRITES
from slmdesk.runtime.events import Problem
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.notice_bar import UNDO_MS, Notice

if TYPE_CHECKING:
    from slmdesk.services import Services


class OpenChat(Protocol):
    chat: str

    def message(self, id: str) -> Message | None: ...

    def neighbour_of(self, id: str) -> str:
        """The message to look at when this one is gone; '' where there is none."""

    def open_chat(self, chat: str, message: str = "") -> None: ...

    def refresh(self, near: str = "") -> None: ...

    def ask_anew(self, message: str, text: str) -> None: ...

    def try_again(self, message: str, *, model: str | None = None, rewrite: Rewrite | None = None) -> None: ...


class MessageEdits(QObject):
    edit_requested = Signal(str, str, bool)
    details_requested = Signal(str)

    def __init__(self, bridge: Bridge, chat: OpenChat, parent: QObject) -> None:
        super().__init__(parent, objectName="message_edits")
        self._bridge, self._chat = bridge, chat
        self.is_deleting = False
        """What is gone now was deleted here, and its end is told to `_on_deleted`."""

    def choose(self, id: str, key: str) -> None:
        """Do what was chosen: a key of MENU, "edit", or OTHER_MODEL with a model's id."""
        message = self._chat.message(id)
        if message is None:
            return
        if key == "edit":
            self.edit_requested.emit(id, words_of(message), message.role is Role.USER)
        elif key in REWRITES:
            self._chat.try_again(id, rewrite=Rewrite(key))
        elif key.startswith(OTHER_MODEL):
            self._chat.try_again(id, model=key.removeprefix(OTHER_MODEL))
        elif key == "fork":
            self._bridge.ask(self._bridge.services.chats.edits.fork(id), self._on_forked)
        elif key == "original":
            self._bridge.services.chats.edits.restore_original(id)
        elif key == "details":
            self.details_requested.emit("\n".join(all_details_of(message)))
        elif key in DELETIONS:
            self._delete(id, alone=key == "delete")

    def save(self, id: str, text: str) -> None:
        """Take over the words a person wrote: a question is asked anew, an answer is changed."""
        message = self._chat.message(id)
        if message is None or not text.strip() or text == words_of(message):
            return
        if message.role is Role.USER:
            self._chat.ask_anew(id, text)
        else:
            self._bridge.services.chats.edits.edit_answer(id, text)

    def _delete(self, id: str, *, alone: bool) -> None:
        near, chat = self._chat.neighbour_of(id), self._chat.chat

        def delete(services: Services) -> int:
            return services.chats.edits.delete(id, alone=alone)

        self.is_deleting = True
        self._bridge.ask(delete, partial(self._on_deleted, chat, near), self._on_refused)

    def _on_refused(self, problem: Problem) -> None:
        self.is_deleting = False
        self._bridge.problem_met.emit(problem)

    def _on_deleted(self, chat: str, near: str, count: int) -> None:
        self.is_deleting = False
        self._refresh(chat, near)
        words = "The message was deleted." if count == 1 else f"{count:,} messages were deleted."
        back: Callable[[], None] = partial(self._bring_back, chat)
        self._bridge.notice_raised.emit(
            Notice(words, action="Undo", on_action=back, life_ms=UNDO_MS, key=f"deleted in {chat}")
        )

    def _bring_back(self, chat: str) -> None:
        self._bridge.ask(self._bridge.services.chats.edits.undo_delete(chat), lambda _done: self._refresh(chat, ""))

    def _refresh(self, chat: str, near: str) -> None:
        if chat == self._chat.chat:
            self._chat.refresh(near)

    def _on_forked(self, item: Item) -> None:
        self._chat.open_chat(item.id)
        self._bridge.notice_raised.emit(
            Notice(f"“{item.title}” goes on from here. The other chat is as it was.", life_ms=UNDO_MS, key="forked")
        )
