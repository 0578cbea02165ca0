"""Controller of the open chat: sends messages, shows answers as they arrive, stops and repeats them. No widgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from slmdesk.base.errors import KnownError
from slmdesk.base.records import Item, Message
from slmdesk.base.runtime.events import (
    ItemChanged,
    ItemGone,
    MessageAdded,
    MessageChanged,
    MessageEnded,
    MessageGrew,
    ModelState,
    ModelStateChanged,
    PromptProgress,
    ThoughtGrew,
)
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _, ngettext
from slmdesk.base.types import Role
from slmdesk.chat.conversation import NEW_CHAT, Conversation, SentMessage, is_private
from slmdesk.chat.types import SHOWN_AS_CHATS, ChatOptions, QuotesFound, Rewrite, SendRequest, options_from
from slmdesk.ui.chat.attachment_chips import Draft
from slmdesk.ui.chat.attachments import AttachController, Drafts
from slmdesk.ui.chat.context import ContextWatch, FullController, WindowController
from slmdesk.ui.chat.messages import END, MessageInspector, OlderMessages, ShownMessages, all_details_of
from slmdesk.ui.chat.view.message import ANSWER_NOW, DELETIONS, OTHER_MODEL, REWRITES, TOGGLE_THOUGHT
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.base.text import TICK_MS
from slmdesk.ui.kit.base.window_state import WindowStateFile
from slmdesk.ui.kit.widgets.notices import UNDO_MS, Notice, notice_of, undoable

if TYPE_CHECKING:
    from slmdesk.chat.examples import Taught
    from slmdesk.chat.presets import Preset
    from slmdesk.services import Services

Opened = tuple[Conversation, Callable[[Conversation], None]]
"""A chat as it is stored, and what shows it."""


class ChatController(QObject):
    chat_opened = Signal(str, str)
    chat_begun = Signal(str, object)
    conversation_shown = Signal(object, str)
    message_added = Signal(object)
    message_renewed = Signal(object)
    text_grew = Signal(str, str)
    path_cut = Signal(str)
    again_begun = Signal(str)
    version_shown = Signal(str)
    draft_restored = Signal(str)
    busy_changed = Signal(bool)
    other_found = Signal(str)
    space_changed = Signal(str)

    def __init__(self, bridge: Bridge, state: WindowStateFile, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="chat_controller")
        self._bridge = bridge
        self.chat = ""
        """Id of the open chat; '' for a new chat."""
        self._title = _(NEW_CHAT)
        self.space = ""
        self.default_options = ChatOptions()
        self.new_options = ChatOptions()
        self.shown = ShownMessages()
        self.attached = AttachController(bridge, self)
        self.drafts = Drafts(bridge, state, self.attached, self)
        self.inspector = MessageInspector(bridge, self.shown, self)
        self.edits = MessageEdits(bridge, self, self)
        self.window = WindowController(bridge, self, self)
        self.private = PrivateController(bridge, self, self)
        self.older = OlderMessages(bridge, self.shown, self)
        self._others: set[str] = set()
        self.context = ContextWatch(
            bridge,
            lambda: (self.chat, self.drafts.of(self.chat), self.attached.requests(), self.new_options),
            self,
        )
        self.full = FullController(bridge, self, self)
        """Decides what happens when the chat is full."""
        self._is_sending = self._is_stop_requested = self.is_busy = False
        self._is_sent_here = False
        """Whether what was sent last is of what is open."""
        self._wanted: Callable[[Services], Opened | None] | None = None
        self._stored: Live[Opened | None] = Live(bridge, self, lambda: self._wanted, None)
        self._stored.changed.connect(self._on_stored)
        self._live_timer = QTimer(self, interval=TICK_MS)
        self._connect()

    def _connect(self) -> None:
        self._bridge.on(MessageAdded, self._on_message_added)
        self._bridge.on(MessageGrew, self._on_message_grew)
        self._bridge.on(ThoughtGrew, self._on_thought_grew)
        self._bridge.on(MessageEnded, self._on_message_ended)
        self._bridge.on(MessageChanged, self._on_message_changed)
        self._bridge.on(PromptProgress, self._on_prompt_progressed)
        self._bridge.on(ItemChanged, self._on_item_changed)
        self._bridge.on(ItemGone, self._on_item_gone)
        self._bridge.on(ModelStateChanged, self._on_model_state_changed)
        self.attached.changed.connect(self.context.edited)
        self.attached.changed.connect(self.drafts.save_soon)
        self.window.changed.connect(self.context.measure_soon)
        self.attached.waiting_shown.connect(lambda _words: self._show_busy())
        self._bridge.on(QuotesFound, self._on_quotes_found)
        self._live_timer.timeout.connect(self._on_live_tick)
        self.chat_opened.connect(self.private.show)
        self.message_added.connect(self.private.note_words)

    @property
    def message_ids(self) -> tuple[str, ...]:
        return tuple(self.shown.by_id)

    def neighbour_of(self, id: str) -> str:
        """Return the id of the message focused when this one is removed: the one before it, or '' if there is none."""
        ids = self.message_ids
        return ids[max(0, ids.index(id) - 1)] if id in ids else ""

    # ---- requests of the page

    def new_chat(self) -> None:
        self._leave()
        self.new_options = self.default_options
        self.shown.open(None)
        self._show(None, (), "")

    def open_chat(self, chat: str, message: str = "") -> None:
        self._leave()
        if chat == self.chat and chat and message in self.shown.by_id:
            self.show_again(message)
        elif message:
            self._show_stored(lambda services: services.chats.open(chat), partial(self._on_opened, message))
        else:
            self._show_stored(lambda services: services.chats.open_end(chat, END), partial(self._on_opened, ""))

    def restore_chat(self, chat: str) -> None:
        """Open the chat of the last run, unless a person has begun to write. A chat that was deleted is ignored."""

        def wanted(services: Services) -> Opened | None:
            with suppress(KnownError):
                return services.chats.open_end(chat, END), self._on_restored
            return None

        self._wanted = wanted
        self._stored.again()

    def keep_draft(self, text: str) -> None:
        self.drafts.put(self.chat, text)
        self.context.edited()
        self.drafts.save_soon()

    @Slot(str)
    def send(self, text: str) -> None:
        """Send a message in the open chat.

        The text leaves the composer at once and comes back if the message is refused. A text that is known to be too
        long for the model stays in the composer.
        """
        if self._is_writing or not text.strip():
            return
        if not self.attached.when_settled(lambda: self.send(self.drafts.of(self.chat))):
            return
        if self.context.too_long is not None:
            self.full.refuse_draft()
            return
        chat = self.chat
        request = SendRequest(
            text=text, chat=chat or None, options=None if chat else self.new_options, attach=self.attached.requests()
        )
        taken = self.attached.take()
        self.drafts.put(chat, "")
        self.draft_restored.emit("")
        self._send(request, taken)

    def stop(self) -> None:
        self.attached.stop_waiting()
        self._is_stop_requested = self._is_sending  # the answer has no id yet
        for message in self.shown.streaming:
            self._bridge.services.chats.stop(message.id)

    def ask_anew(self, message: str, text: str) -> None:
        """Ask a question in place of an old one, which is kept as a version."""
        self._send(SendRequest(text=text, chat=self.chat, instead_of=message), [])

    def _send(self, request: SendRequest, taken: list[Draft]) -> None:
        self._is_sending, self._is_sent_here, self._is_stop_requested = True, True, False
        self._show_busy()
        refused = partial(self._on_send_refused, request, taken)
        self._bridge.ask(self._bridge.services.chats.send(request), self._on_sent, refused)

    def try_again(self, message: str, *, model: str | None = None, rewrite: Rewrite | None = None) -> None:
        """Ask for another answer in place of this one, which is kept as a version.

        `model`: id of the model that answers. `rewrite`: rephrase the old answer in this way.
        """
        if not self.is_busy:
            begun = self._bridge.services.chats.try_again(message, model=model, rewrite=rewrite)
            self._bridge.ask(begun, self._on_again_begun)

    def refresh(self, near: str = "") -> None:
        chat = self.chat
        if self._stored.is_coming:
            self._stored.again()  # what is coming may be from before
        elif chat:
            self._show_stored(lambda services: services.chats.open(chat), partial(self._on_refreshed, near))

    def show_version(self, message: str, step: int) -> None:
        requested = self.shown.neighbour(message, step)
        if requested is not None and message in self.shown.by_id:
            shown = partial(self._on_version, requested)
            self._show_stored(lambda services: services.chats.show_version(requested), shown)

    def continue_answer(self, message: str) -> None:
        if not self.is_busy:
            self._bridge.services.chats.continue_answer(message)

    def open_extra(self, message: str, key: str) -> None:
        if key == ANSWER_NOW:
            self._bridge.services.chats.answers.answer_now(message)
        elif key == TOGGLE_THOUGHT and message in self.shown.by_id:
            self.shown.open_thoughts ^= {message}
            self.renew(self.shown.by_id[message])
        else:
            self.inspector.open_extra(message, key)

    # ---- answers

    def _leave(self) -> None:
        """Leave what is open. What is on its way to it is not shown."""
        self._wanted, self._is_sent_here = None, False
        self._stored.put(None)

    def _show_stored(self, ask: Callable[[Services], Conversation], show: Callable[[Conversation], None]) -> None:
        """Show a chat as it is stored, unless something else is to be shown meanwhile."""
        self._wanted = lambda services: (ask(services), show)
        self._stored.again()

    def _on_stored(self) -> None:
        if self._stored.value is not None:
            (opened, show), self._wanted = self._stored.value, None
            self._stored.put(None)
            show(opened)

    def _on_again_begun(self, answer: Message) -> None:
        if answer.id in self.shown.by_id:  # an event has added it
            self.again_begun.emit(answer.id)

    def _on_opened(self, message: str, opened: Conversation) -> None:
        if opened.item.kind not in SHOWN_AS_CHATS:
            self.other_found.emit(opened.item.id)
        elif opened.item.deleted_at is None:
            self.shown.open(opened)
            self._show(opened.item, opened.messages, message)
            self.older.expect(opened.older)

    def _on_refreshed(self, near: str, opened: Conversation) -> None:
        self.older.forget()
        before = list(self.shown.by_id)
        now = [message.id for message in opened.messages]
        self.shown.open(opened)
        self.shown.fill(opened.messages)
        if now and before[: len(now)] == now:
            self.path_cut.emit(self.window.last_row(now[-1]))
            self.message_renewed.emit(self.shown.view(opened.messages[-1]))
            self.window.check()
        else:
            self.show_again(near if near in self.shown.by_id else "")
        self._show_busy()
        self.context.measure_soon()

    def _on_restored(self, opened: Conversation) -> None:
        if not self.drafts.of("") and not self._is_sending:
            self._on_opened("", opened)

    def _on_sent(self, sent: SentMessage) -> None:
        self._is_sending = False
        if self._is_sent_here:
            if sent.item.id != self.chat:
                self.chat_begun.emit(sent.item.id, options_from(sent.item.settings))
                self.chat, self._title = sent.item.id, sent.item.shown_title
                self._show_space(sent.item)
                self.attached.begin_chat(self.chat)
                self.chat_opened.emit(self.chat, self._title)
                self.context.measure_soon()  # measures from before the chat had an id are dropped
            self._add(sent.user_message)
            self._add(sent.answer)
        if self._is_stop_requested:
            self._bridge.services.chats.stop(sent.answer.id)
        self._show_busy()

    def _on_send_refused(self, request: SendRequest, taken: list[Draft], problem: Problem) -> None:
        self._is_sending, chat = False, request.chat or ""
        self.attached.give_back(chat, taken)
        self.drafts.put(chat, "\n".join(part for part in (request.text, self.drafts.of(chat)) if part))
        if self._is_sent_here:
            self.draft_restored.emit(self.drafts.of(chat))
        self._show_busy()
        self._bridge.problem_met.emit(problem)

    def _on_version(self, requested: str, opened: Conversation) -> None:
        self.older.forget()
        self.shown.open(opened)
        self.shown.fill(opened.messages)
        self.show_again("")
        self.version_shown.emit(requested)
        self._show_busy()
        self.context.measure_soon()

    # ---- events

    def _on_message_added(self, event: MessageAdded) -> None:
        message = event.message
        if message.item != self.chat or message.id in self.shown.by_id:
            return
        if message.parent is None or message.parent in self.shown.by_id:
            behind = self._cut_behind(message.parent)
            if behind:
                self.shown.take_place(behind[0], message.id)
            self._add(message)
            self._show_busy()

    def _on_message_grew(self, event: MessageGrew) -> None:
        grown = self.shown.grow(event.message, text=event.text)
        if grown is None:
            return
        if grown.text == event.text:  # the first word removes a note such as "Reading …"
            self.message_renewed.emit(self.shown.view(grown))
        else:
            self.text_grew.emit(grown.id, event.text)

    def _on_thought_grew(self, event: ThoughtGrew) -> None:
        grown = self.shown.grow(event.message, thought=event.text)
        if grown is None:
            return
        if grown.thought == event.text or grown.id in self.shown.open_thoughts:
            self.message_renewed.emit(self.shown.view(grown))

    def _on_message_ended(self, event: MessageEnded) -> None:
        if event.message.item in self._others:
            return
        if event.message.id in self.shown.by_id:
            self.shown.live.pop(event.message.id, None)
            self.renew(event.message)
            self._show_busy()
            self.context.measure_soon()
        elif event.problem is not None:
            open_it = partial(self.open_chat, event.message.item)
            self._bridge.notice_raised.emit(notice_of(event.problem, action=_("Open the chat"), on_action=open_it))

    def _on_message_changed(self, event: MessageChanged) -> None:
        if event.message.id in self.shown.by_id:
            self.renew(event.message)
            for message in self.shown.streaming if event.message.attachments else ():
                self.renew(message)  # what is read for the answer has been decided
            self._show_busy()

    def _on_prompt_progressed(self, event: PromptProgress) -> None:
        if event.message in self.shown.by_id and not self.shown.by_id[event.message].text:
            self.shown.read(event.message, event.read, event.total)
            self.renew(self.shown.by_id[event.message])

    def _on_live_tick(self) -> None:
        for message in self.shown.tick():
            self.renew(message)

    def _on_item_changed(self, event: ItemChanged) -> None:
        if event.item.kind not in SHOWN_AS_CHATS:
            self._others.add(event.item.id)
        if event.item.id != self.chat:
            return
        if event.item.deleted_at is not None:
            self.new_chat()
        else:
            self._show_space(event.item)
            if event.item.shown_title != self._title:
                self._title = event.item.shown_title
                self.chat_opened.emit(self.chat, self._title)

    def _on_item_gone(self, event: ItemGone) -> None:
        self._others.discard(event.id)
        if event.id == self.chat:
            self.new_chat()
        elif event.id in self.shown.by_id and not self.edits.is_deleting:  # deleted in another window
            self.refresh()

    def _on_model_state_changed(self, event: ModelStateChanged) -> None:
        for message in self.shown.set_loading(event.state is ModelState.LOADING):
            self.renew(message)

    def _on_quotes_found(self, event: QuotesFound) -> None:
        if event.quotes and event.message in self.shown.by_id:
            self.shown.quotes[event.message] = event.quotes
            self.renew(self.shown.by_id[event.message])

    @property
    def _is_writing(self) -> bool:
        return self._is_sending or bool(self.shown.streaming)

    def _show(self, item: Item | None, messages: Iterable[Message], message: str) -> None:
        self.older.forget()
        self.chat, self._title = (item.id, item.shown_title) if item else ("", _(NEW_CHAT))
        self._show_space(item)
        if item is not None:
            self.drafts.open(item)
        self.shown.fill(messages)
        self.show_again(message)
        self.chat_opened.emit(self.chat, self._title)
        self.context.forget()
        self.full.forget()
        self.draft_restored.emit(self.drafts.of(self.chat))
        self.attached.show_chat(self.chat)
        self._show_busy()

    def _show_space(self, item: Item | None) -> None:
        space = (item.folder if item else "") or ""
        if space != self.space:
            self.space = space
            self.space_changed.emit(space)

    def show_again(self, message: str) -> None:
        self.conversation_shown.emit(self.shown.views, message)
        self.window.drawn()

    def _add(self, message: Message) -> None:
        if message.id not in self.shown.by_id:
            self.shown.put(message)
            self.message_added.emit(self.shown.view(message))
            self.window.check()

    def renew(self, message: Message) -> None:
        self.shown.put(message)
        self.message_renewed.emit(self.shown.view(message))

    def _cut_behind(self, parent: str | None) -> list[str]:
        """Remove the messages after `parent` (None: all messages) and update the view. Returns the removed ids."""
        behind = self.shown.drop_behind(parent)
        if behind and parent is not None:
            self.path_cut.emit(self.window.last_row(parent))
        elif behind:
            self.show_again("")
        return behind

    def _show_busy(self) -> None:
        if not self.shown.streaming:
            self._live_timer.stop()
        elif not self._live_timer.isActive():
            self._live_timer.start()
        is_busy = self._is_writing or self.attached.is_waiting
        if is_busy != self.is_busy:
            self.is_busy = is_busy
            self.busy_changed.emit(is_busy)


class MessageEdits(QObject):
    """Does what was chosen in the menu of a message."""

    edit_requested = Signal(str, str, bool)
    details_requested = Signal(str, str)
    """Emitted with an answer's id and its details."""

    def __init__(self, bridge: Bridge, chat: ChatController, parent: QObject) -> None:
        super().__init__(parent, objectName="message_edits")
        self._bridge, self._chat = bridge, chat
        self.is_deleting = False
        """True while messages are deleted by this window; `_on_deleted` then handles the result."""

    def choose(self, id: str, key: str) -> None:
        """Run what was chosen for a message. For the keys see `ConversationView.menu_chosen`."""
        message = self._chat.shown.by_id.get(id)
        if message is None:
            return
        edits = self._bridge.services.chats.edits
        chosen: dict[str, Callable[[], object]] = {
            "edit": lambda: self.edit_requested.emit(id, message.words, message.role is Role.USER),
            "fork": lambda: self._bridge.ask(edits.fork(id), self._on_forked),
            "original": lambda: edits.restore_original(id),
            "details": lambda: self.details_requested.emit(id, "\n".join(all_details_of(message))),
            **{each: partial(self._chat.try_again, id, rewrite=Rewrite(each)) for each in REWRITES},
            **{each: partial(self._delete, id, alone=each == "delete") for each in DELETIONS},
        }
        if key in chosen:
            chosen[key]()
        elif key.startswith(OTHER_MODEL):
            self._chat.try_again(id, model=key.removeprefix(OTHER_MODEL))

    def save(self, id: str, text: str) -> None:
        """Save the text that a person edited. A changed question is asked again; a changed answer is only stored."""
        message = self._chat.shown.by_id.get(id)
        if message is None or not text.strip() or text == message.words:
            return
        if message.role is Role.USER:
            self._chat.ask_anew(id, text)
        else:
            request = self._bridge.services.chats.edits.edit_answer(id, text)
            self._bridge.ask(request, lambda answer: offer_to_teach(self._bridge, answer.item))

    def _delete(self, id: str, *, alone: bool) -> None:
        near, chat = self._chat.neighbour_of(id), self._chat.chat
        self.is_deleting = True
        self._bridge.ask(
            self._bridge.services.chats.edits.delete(id, alone=alone),
            partial(self._on_deleted, chat, near),
            self._on_refused,
        )

    def _on_refused(self, problem: Problem) -> None:
        self.is_deleting = False
        self._bridge.problem_met.emit(problem)

    def _on_deleted(self, chat: str, near: str, count: int) -> None:
        self.is_deleting = False
        self._refresh(chat, near)
        words = ngettext("The message was deleted.", "{n:,} messages were deleted.", count)
        self._bridge.notice_raised.emit(undoable(words, partial(self._bring_back, chat), f"deleted in {chat}"))

    def _bring_back(self, chat: str) -> None:
        self._bridge.ask(self._bridge.services.chats.edits.undo_delete(chat), lambda _done: self._refresh(chat, ""))

    def _refresh(self, chat: str, near: str) -> None:
        if chat == self._chat.chat:
            self._chat.refresh(near)

    def _on_forked(self, item: Item) -> None:
        self._chat.open_chat(item.id)
        words = _("“{title}” goes on from here. The other chat is as it was.").format(title=item.shown_title)
        self._bridge.notice_raised.emit(Notice(words, life_ms=UNDO_MS, key="forked"))


def offer_to_teach(bridge: Bridge, chat: str) -> None:
    """Offer to make examples of what a person corrected in chats with a preset, once there are enough."""

    def offered(offer: tuple[Preset, int] | None) -> None:
        if offer is not None:
            preset, count = offer
            words = _("You have corrected {count} answers of the preset “{name}”.")
            words = words.format(count=count, name=preset.name)
            act = partial(teach, bridge, preset.id)
            notice = Notice(words, action=_("Teach by these examples"), on_action=act, key=f"teach {preset.id}")
            bridge.notice_raised.emit(notice)

    bridge.ask(bridge.services.examples.offer(chat), offered)


def teach(bridge: Bridge, preset: str, taught: Callable[[Preset], object] = lambda _preset: None) -> None:
    """Make examples of what a person corrected. A notice offers to undo it."""

    def told(done: Taught) -> None:
        words = ngettext(
            "1 answer is an example of “{name}” now.",
            "{n} answers are examples of “{name}” now.",
            done.added,
            name=done.preset.name,
        )
        undo = partial(bridge.ask, lambda services: services.examples.take_back(done))
        bridge.notice_raised.emit(undoable(words, undo, f"teach {preset}"))
        taught(done.preset)

    bridge.ask(bridge.services.examples.teach(preset), told)


class PrivateController(QObject):
    listed = Signal(object)
    shown = Signal(bool)

    def __init__(self, bridge: Bridge, chat: ChatController, parent: QObject) -> None:
        super().__init__(parent, objectName="private_controller")
        self._bridge, self._chat = bridge, chat
        self._chats: dict[str, str] = {}
        self._used: set[str] = set()
        """Ids of private chats that contain messages."""
        bridge.on(ItemGone, self._on_item_gone)

    @property
    def count(self) -> int:
        """Return the number of private chats that contain something that would be lost."""
        return len(self._used | {chat for chat in self._chats if self._chat.drafts.of(chat).strip()})

    @property
    def is_open(self) -> bool:
        return is_private(self._chat.chat)

    @property
    def has_words(self) -> bool:
        """Return whether the open chat is private and contains something that would be lost."""
        return self.is_open and bool(self._chat.message_ids or self._chat.drafts.of(self._chat.chat).strip())

    def begin(self) -> None:
        options = self._chat.default_options
        self._bridge.ask(self._bridge.services.chats.private.begin(options), lambda item: self._chat.open_chat(item.id))

    def save(self) -> None:
        chat = self._chat.chat
        draft = self._chat.drafts.of(chat)
        if self.is_open:
            self._bridge.ask(self._bridge.services.chats.private.save(chat), partial(self._on_saved, draft))

    def close(self) -> None:
        """Delete the open private chat for good."""
        chat = self._chat.chat
        if self.is_open:
            self._bridge.services.chats.private.end(chat)

    def show(self, chat: str, title: str) -> None:
        if is_private(chat):
            self._chats[chat] = title
            self.note_words()
        self.listed.emit(dict(self._chats))
        self.shown.emit(is_private(chat))

    def note_words(self) -> None:
        if self.is_open and self._chat.message_ids:
            self._used.add(self._chat.chat)

    def _on_saved(self, draft: str, saved: Item) -> None:
        self._chat.drafts.put(saved.id, draft)
        self._chat.open_chat(saved.id)
        words = _("“{title}” is saved with the other chats.").format(title=saved.shown_title)
        self._bridge.notice_raised.emit(Notice(words, life_ms=UNDO_MS, key="private saved"))

    def _on_item_gone(self, event: ItemGone) -> None:
        self._used.discard(event.id)
        if self._chats.pop(event.id, None) is not None:
            self.listed.emit(dict(self._chats))
