"""What to do with a chat that is, or soon will be, longer than the context.  No widgets here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QLocale, QObject, Signal

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.records import Item, Message
from slmdesk.chat.attachments.budget import ContextPart
from slmdesk.chat.options import ASK
from slmdesk.chat.window.attachments.controller import AttachController
from slmdesk.chat.window.composer.context_controller import ContextWatch
from slmdesk.chat.window.composer.context_parts import words_of
from slmdesk.chat.window.composer.drafts import Drafts
from slmdesk.runtime.events import MessageEnded, Problem
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.runtime.pending import Pending
from slmdesk.window.base.bridge import Bridge, Call

if TYPE_CHECKING:
    from slmdesk.models.load_options import ContextChoice, LoadOptions
    from slmdesk.services import Services

NEARLY_FULL = 90
"""Percent from which the choices are offered."""
FULL = "context.full"


class Offer(Record):
    text: str
    has_ways: bool = False
    """Turns can be left out, summarized or not, and a new chat begun with a summary."""
    larger: str = ""
    is_working: bool = False


class OpenChat(Protocol):
    chat: str
    context: ContextWatch
    drafts: Drafts
    attached: AttachController
    is_busy: bool

    @property
    def message_ids(self) -> tuple[str, ...]: ...

    def message(self, id: str) -> Message | None: ...

    def open_chat(self, chat: str, message: str = "") -> None: ...

    def send(self, text: str) -> None: ...

    def try_again(self, message: str) -> None: ...


class FullController(QObject):
    offered = Signal(object)

    def __init__(self, bridge: Bridge, chat: OpenChat, parent: QObject) -> None:
        super().__init__(parent, objectName="full_controller")
        self._bridge, self._chat = bridge, chat
        self._tokens = self._size = 0
        self._parts: Sequence[ContextPart] = ()
        self._is_closed = False
        self._is_draft_refused = False
        self._refused = ""
        self._larger: ContextChoice | None = None
        self._looked: tuple[str, int] = ("", 0)
        self._following: Call | None = None
        chat.context.measured.connect(self._on_measured)
        chat.context.parts_measured.connect(self._on_parts_measured)
        bridge.on(MessageEnded, self._on_message_ended)

    # ---- when there is something to decide

    def forget(self) -> None:
        self._is_closed = self._is_draft_refused = False
        self._refused, self._looked, self._larger = "", ("", 0), None
        self._tokens = self._size = 0
        self._show()

    def refuse_draft(self) -> None:
        self._is_draft_refused, self._is_closed = True, False
        self._look()
        self._show()

    def close_offer(self) -> None:
        """Decide later: it is asked again when a question is refused."""
        self._is_closed, self._is_draft_refused, self._refused = True, False, ""
        self._show()

    def _on_measured(self, tokens: int, size: int) -> None:
        self._tokens, self._size = tokens, size
        if self._chat.context.too_long is None:
            self._is_draft_refused = False
        if self._is_asked:
            self._look()
        self._show()

    def _on_parts_measured(self, parts: Sequence[ContextPart]) -> None:
        self._parts = parts
        self._show()

    def _on_message_ended(self, event: MessageEnded) -> None:
        if event.message.id not in self._chat.message_ids:
            return
        self._refused = event.message.id if event.problem is not None and event.problem.code == FULL else ""
        if self._refused:
            self._is_closed = False
            self._look()
        self._show()

    @property
    def _is_refused(self) -> bool:
        return self._is_draft_refused or (bool(self._refused) and self._refused in self._chat.message_ids[-1:])

    @property
    def _is_asked(self) -> bool:
        is_nearly = self._size > 0 and self._tokens * 100 >= self._size * NEARLY_FULL
        return self._is_refused or (is_nearly and self._has_ways and not self._is_closed)

    @property
    def _has_ways(self) -> bool:
        return bool(self._chat.chat and self._chat.message_ids) and self._chat.context.when_full == ASK

    def _show(self) -> None:
        if self._following is not None:
            self.offered.emit(Offer("Writing a summary of this chat for the new one…", is_working=True))
        elif not self._is_asked:
            self.offered.emit(None)
        else:
            self.offered.emit(Offer(self._text, self._has_ways, self._larger_words))

    @property
    def _text(self) -> str:
        locale = QLocale()
        numbers = f"{locale.toString(self._tokens)} of {locale.toString(self._size)} tokens"
        if self._is_refused:
            what = "This chat is" if self._has_ways else "This is"
            needed = f": {numbers}" if self._tokens > self._size > 0 else ""
            return f"{what} too long for the model{needed}. Nothing was cut or sent. How should it go on?"
        percent = self._tokens * 100 // self._size
        filling = [one for one in self._parts if one.kind != "answer"]
        most = max(filling, key=lambda one: one.tokens, default=None)
        part = f", most of it: {words_of(most).lower()} ({locale.toString(most.tokens)})" if most else ""
        return f"This chat takes {percent} % of the context{part}. How should it go on when it is full?"

    # ---- a larger context

    def _look(self) -> None:
        key = (self._chat.chat, self._size)
        if key == self._looked or not self._size:
            return
        self._looked, self._larger = key, None
        self._bridge.follow(_contexts_of(self._chat.chat), partial(self._on_looked, key), lambda _problem: None)

    def _on_looked(self, key: tuple[str, int], found: LoadOptions) -> None:
        if key == self._looked:
            larger = [one for one in found.contexts if one.tokens > max(self._size, self._tokens) and one.fits]
            self._larger = min(larger, key=lambda one: one.tokens, default=None)
            self._show()

    @property
    def _larger_words(self) -> str:
        if self._larger is None:
            return ""
        tokens = QLocale().toString(self._larger.tokens)
        return f"Larger context: {tokens} tokens, {bytes_for_people(self._larger.bytes)} of memory"

    # ---- what was decided

    def choose(self, way: str) -> None:
        """Leave turns out from now on, in this way (LEAVE_OUT or SUMMARIZE), and go on with what was refused."""
        chat = self._chat.chat

        def change(services: Services) -> None:
            options = services.chats.options(chat)
            services.chats.change_options(chat, changed(options, when_full=way))

        self._chat.context.decided(way)
        self._bridge.ask(change, lambda _done: self._go_on(chat))

    def enlarge(self) -> None:
        if self._larger is not None:
            tokens, chat = self._larger.tokens, self._chat.chat
            self._chat.context.enlarged()
            self._bridge.ask(
                self._bridge.services.settings.change(context_tokens=tokens), lambda _done: self._go_on(chat)
            )

    def begin_new(self) -> None:
        """Open a new chat that begins with the model's notes on this one; what is being written moves there."""
        chat = self._chat.chat
        self._following = self._bridge.follow(
            self._bridge.services.chats.window.new_chat_with_notes(chat),
            partial(self._on_begun, chat),
            self._on_not_begun,
        )
        self._show()

    def cancel(self) -> None:
        if self._following is not None:
            self._following.cancel()
            self._following = None
            self._show()

    def _go_on(self, chat: str) -> None:
        if chat != self._chat.chat:
            return
        refused, is_draft = self._refused, self._is_draft_refused
        self._refused, self._is_draft_refused = "", False
        draft = self._chat.drafts.of(chat)
        if is_draft and draft.strip():
            self._chat.send(draft)
        elif refused and refused in self._chat.message_ids[-1:]:
            self._chat.try_again(refused)
        self._chat.context.measure_soon()
        self._show()

    def _on_begun(self, chat: str, item: Item) -> None:
        if self._following is None:
            return
        self._following = None
        if self._chat.chat == chat:
            self._move_draft(chat, item)
            self._chat.open_chat(item.id)
        self._show()

    def _move_draft(self, chat: str, item: Item) -> None:
        draft, attached = self._chat.drafts.of(chat), self._chat.attached.take()
        self._chat.drafts.open(item)
        self._chat.drafts.put(chat, "")
        self._chat.drafts.put(item.id, draft)
        self._chat.attached.give_back(item.id, attached)
        self._chat.drafts.save_soon()

    def _on_not_begun(self, problem: Problem) -> None:
        self._following = None
        self._show()
        self._bridge.problem_met.emit(problem)


def _contexts_of(chat: str) -> Callable[[Services], Pending[LoadOptions]]:
    def look(services: Services) -> Pending[LoadOptions]:
        if "context_tokens" in services.settings.policy.managed:
            raise KnownError("setting.managed", key="context_tokens")
        model = services.chats.options(chat).model if chat else ""
        return services.load_options.look(model)

    return look
