"""The messages of the open chat that are shown, with the progress of those being written.  No widgets, no Qt."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from slmdesk.base.record import changed
from slmdesk.base.records import Message, Status
from slmdesk.chat.context_window import ContextWindow, window_of
from slmdesk.chat.conversation import Conversation
from slmdesk.chat.quote import Quoted
from slmdesk.chat.window.conversation.context_line import line_of
from slmdesk.chat.window.conversation.extras import extras_of
from slmdesk.chat.window.conversation.messages import view_of
from slmdesk.chat.window.view import MessageView
from slmdesk.window.base.answer_progress import Live

DECIDING = "Looking through what is attached\u2026"
SUMMARIZING = "Summarizing the earlier part of this chat\u2026"


class ShownMessages:
    """One path through a chat's tree of messages, oldest first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.by_id: dict[str, Message] = {}
        self.live: dict[str, Live] = {}
        self._versions: dict[str, tuple[str, ...]] = {}
        self.quotes: dict[str, tuple[Quoted, ...]] = {}
        self.open_thoughts: set[str] = set()
        self.window = ContextWindow()
        self.left_out: frozenset[str] = frozenset()
        self.summarizing: set[str] = set()
        self.is_noting = False
        """Whether notes are being written for a person who asked for them."""
        self.is_loading = False
        """Whether a model is being loaded, which answers not yet begun wait for."""

    @property
    def streaming(self) -> list[Message]:
        return [one for one in self.by_id.values() if one.status is Status.STREAMING]

    @property
    def views(self) -> tuple[MessageView, ...]:
        found = [self.view(one) for one in self.by_id.values()]
        if line := self.line:
            found.insert(self.line_place, line)
        return tuple(found)

    @property
    def line(self) -> MessageView | None:
        return line_of(self.window, tuple(self.by_id.values()), is_writing=self.is_noting)

    @property
    def line_place(self) -> int:
        """How many messages stand before the line."""
        return self.window.place(tuple(self.by_id.values()))

    def set_window(self, window: ContextWindow) -> None:
        self.window = window
        self._look_what_is_left_out()

    def _look_what_is_left_out(self) -> None:
        self.left_out = self.window.left_out(tuple(self.by_id.values()))

    def view(self, message: Message) -> MessageView:
        view = view_of(
            message,
            self.live.get(message.id),
            *self._version_of(message.id),
            is_thought_open=message.id in self.open_thoughts,
        )
        live = self.live.get(message.id)
        waiting = live.waiting_words if live is not None and not (message.text or message.thought) else ""
        note = view.note or (DECIDING if self._is_deciding(message) else waiting)
        if message.id in self.summarizing and message.status is Status.STREAMING and not message.text:
            note = SUMMARIZING
        is_pinned = message.id in self.window.pinned
        pin = {"unpin" if is_pinned else "pin"} if message.status is not Status.STREAMING else set()
        return changed(
            view,
            note=note,
            extras=extras_of(message, self.quotes.get(message.id, ()), self.question_of(message)),
            actions=view.actions | pin,
            is_pinned=is_pinned,
            is_left_out=message.id in self.left_out,
        )

    def question_of(self, message: Message) -> Message | None:
        return self.by_id.get(message.parent or "")

    def _is_deciding(self, message: Message) -> bool:
        """Whether it is still being decided which parts of the attachments to read for an answer."""
        asked = self.question_of(message)
        is_waiting = message.status is Status.STREAMING and not message.text
        return is_waiting and asked is not None and any(not one.attached.is_planned for one in asked.attachments)

    def open(self, opened: Conversation | None) -> None:
        self._versions, self.quotes = (dict(opened.siblings), dict(opened.quotes)) if opened else ({}, {})
        self.window, self.is_noting = window_of(opened.item) if opened else ContextWindow(), False

    def take_place(self, old: str, new: str) -> None:
        ids = self._versions.get(old, (old,))
        if new not in ids:
            self._versions[new] = (*ids, new)

    def neighbour(self, message: str, step: int) -> str | None:
        ids = self._versions.get(message, ())
        at = ids.index(message) + step if ids else -1
        return ids[at] if 0 <= at < len(ids) else None

    def _version_of(self, message: str) -> tuple[int, int]:
        """The number of a message's version, from 1, and how many there are; (0, 0) for the only one."""
        ids = self._versions.get(message, ())
        return (ids.index(message) + 1, len(ids)) if ids else (0, 0)

    def fill(self, messages: Iterable[Message]) -> None:
        self.by_id = {one.id: one for one in messages}
        self.live = {one.id: self._new_live() for one in self.streaming}
        self._look_what_is_left_out()

    def put_before(self, messages: Sequence[Message]) -> list[MessageView]:
        """Take over older messages than those that are here.  Returns what is shown of them."""
        self.by_id = {one.id: one for one in messages} | self.by_id
        return [self.view(one) for one in messages]

    def put(self, message: Message) -> None:
        is_new = message.id not in self.by_id
        self.by_id[message.id] = message
        if is_new and message.status is Status.STREAMING:
            self.live[message.id] = self._new_live()
        if is_new:
            self._look_what_is_left_out()

    def set_loading(self, is_loading: bool) -> list[Message]:
        """Note whether a model is being loaded; returns the answers whose note changes."""
        if is_loading == self.is_loading:
            return []
        self.is_loading = is_loading
        waiting = [one for one in self.streaming if not one.text]
        self.live.update({one.id: changed(self._live(one.id), is_loading=is_loading) for one in waiting})
        return waiting

    def read(self, id: str, read: int, total: int) -> None:
        self.summarizing.discard(id)
        self.live[id] = self._live(id).reading(read, total, self._clock())

    def thinks(self, id: str) -> None:
        self.live[id] = self._live(id).thinking(self._clock())

    def toggle_thought(self, id: str) -> None:
        self.open_thoughts ^= {id}

    def grew(self, id: str) -> None:
        self.live[id] = self._live(id).grown(self._clock())

    def tick(self) -> list[Message]:
        """Update the times; returns the answers being written."""
        now = self._clock()
        self.live.update({one.id: changed(self._live(one.id), now=now) for one in self.streaming})
        return self.streaming

    def _live(self, id: str) -> Live:
        return self.live.get(id) or self._new_live()

    def _new_live(self) -> Live:
        now = self._clock()
        return Live(is_loading=self.is_loading, began=now, now=now)

    def drop_behind(self, parent: str | None) -> list[str]:
        """Remove the messages after `parent` (None: all), as another version takes their place.  Returns their ids."""
        ids = list(self.by_id)
        at = -1 if parent is None else ids.index(parent) if parent in self.by_id else len(ids)
        for one in ids[at + 1 :]:
            del self.by_id[one]
        self._look_what_is_left_out()
        return ids[at + 1 :]
