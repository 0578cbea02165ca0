"""What of the open chat the model sees: the line in the conversation, its notes, and pinned messages.  No widgets."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from slmdesk.base.records import Item, Message
from slmdesk.chat.context_window import window_of
from slmdesk.chat.events import NotesBegun
from slmdesk.chat.options import options_from
from slmdesk.chat.window.composer.context_controller import ContextWatch
from slmdesk.chat.window.conversation.context_line import EDIT, LINE, REMOVE, SEE_ALL, WRITE
from slmdesk.chat.window.conversation.shown_messages import ShownMessages
from slmdesk.runtime.events import ItemChanged, Problem
from slmdesk.window.base.bridge import Bridge


class OpenChat(Protocol):
    chat: str
    shown: ShownMessages
    context: ContextWatch

    def show_again(self, message: str) -> None: ...

    def renew(self, message: Message) -> None: ...


class WindowController(QObject):
    line_renewed = Signal(object)
    notes_edit_requested = Signal(str)
    changed = Signal()

    def __init__(self, bridge: Bridge, chat: OpenChat, parent: QObject) -> None:
        super().__init__(parent, objectName="window_controller")
        self._bridge, self._chat = bridge, chat
        self._drawn: tuple[int, frozenset[str]] = (-1, frozenset())
        self._near = ""
        """The message at which a person has just changed what the model sees."""
        bridge.on(ItemChanged, self._on_item_changed)
        bridge.on(NotesBegun, self._on_notes_begun)

    # ---- what is shown

    def drawn(self) -> None:
        self._drawn = self._state

    def check(self) -> None:
        """Show the chat anew where another part of it is left out than was drawn."""
        if self._state != self._drawn:
            self._chat.show_again("")

    def last_row(self, message: str) -> str:
        """The last row that stays when all messages after this one go: the line, where that follows it."""
        is_line_next = self._chat.shown.window.after == message and self._state == self._drawn
        return LINE if is_line_next and self._chat.shown.line else message

    @property
    def _state(self) -> tuple[int, frozenset[str]]:
        shown = self._chat.shown
        return (shown.line_place if shown.line else -1, shown.left_out)

    def _on_item_changed(self, event: ItemChanged) -> None:
        if event.item.id == self._chat.chat:
            self.take_over(event.item)
            if options_from(event.item.settings).when_full != self._chat.context.when_full:
                self.changed.emit()

    def take_over(self, item: Item) -> None:
        """Show what the item says of it now."""
        shown, window = self._chat.shown, window_of(item)
        old, line = shown.window, shown.line
        if window == old:
            return
        shown.set_window(window)
        near, self._near = self._near, ""
        if self._state != self._drawn:
            self._chat.show_again(near if near in shown.by_id else "")
        else:
            if shown.line is not None and shown.line != line:
                self.line_renewed.emit(shown.line)
            for id in window.pinned ^ old.pinned:
                if id in shown.by_id:
                    self._chat.renew(shown.by_id[id])
        self.changed.emit()

    def _on_notes_begun(self, event: NotesBegun) -> None:
        shown = self._chat.shown
        if event.message in shown.by_id:
            shown.summarizing.add(event.message)
            self._chat.renew(shown.by_id[event.message])

    # ---- what is asked for

    def choose(self, message: str, key: str) -> None:
        """Pin a message, or unpin it; other keys are for others."""
        if key in ("pin", "unpin"):
            self._near = message
            self._bridge.services.chats.window.pin(message, pinned=key == "pin")

    def open_extra(self, message: str, key: str) -> None:
        """Do what was chosen at the line; other messages are for others."""
        chat, shown = self._chat.chat, self._chat.shown
        if message != LINE:
            return
        if key == EDIT:
            self.notes_edit_requested.emit(shown.window.notes)
        elif key == REMOVE:
            self.save_notes("")
        elif key == SEE_ALL:
            self._near = shown.window.after
            self._bridge.services.chats.window.see_all(chat)
        elif key == WRITE:
            self._show_writing(chat, is_writing=True)
            self._bridge.follow(
                self._bridge.services.chats.window.summarize_left_out(chat),
                partial(self._on_written, chat),
                partial(self._on_not_written, chat),
            )

    def save_notes(self, notes: str) -> None:
        """Keep what a person wrote as notes; empty ones are removed."""
        self._bridge.services.chats.window.change_notes(self._chat.chat, notes)

    def _on_written(self, chat: str, item: Item) -> None:
        self._show_writing(chat, is_writing=False)
        if item.id == self._chat.chat:
            self.take_over(item)

    def _on_not_written(self, chat: str, problem: Problem) -> None:
        self._show_writing(chat, is_writing=False)
        self._bridge.problem_met.emit(problem)

    def _show_writing(self, chat: str, *, is_writing: bool) -> None:
        shown = self._chat.shown
        if chat == self._chat.chat and shown.is_noting != is_writing:
            shown.is_noting = is_writing
            if shown.line is not None:
                self.line_renewed.emit(shown.line)
