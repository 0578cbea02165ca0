"""Shows how full the open chat's context is, and offers ways to go on when it is full."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QToolButton, QWidget

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.records import Item
from slmdesk.base.runtime.events import ItemChanged, MessageEnded, ModelState, ModelStateChanged, Pending
from slmdesk.base.runtime.messages import Problem, bytes_for_people
from slmdesk.base.texts import _
from slmdesk.chat.conversation import window_of
from slmdesk.chat.types import (
    ASK,
    LEAVE_OUT,
    SUMMARIZE,
    AttachRequest,
    ChatOptions,
    ContextMeasured,
    NotesBegun,
    options_from,
)
from slmdesk.ui.chat.messages import EDIT, LINE, REMOVE, SEE_ALL, WRITE
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, Call, Delay, ignored
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.base.theme import scaled
from slmdesk.ui.kit.widgets.build import button, column, named, plain_label, set_kind, set_tip, show_words
from slmdesk.ui.kit.widgets.parts import Popover, draw_ring

if TYPE_CHECKING:
    from slmdesk.models.running import ContextChoice, LoadOptions
    from slmdesk.services import Services
    from slmdesk.ui.chat.conversation import ChatController

MEASURE_AFTER_MS = 300


class ContextWatch(QObject):
    measured = Signal(int, int)

    def __init__(
        self,
        bridge: Bridge,
        now: Callable[[], tuple[str, str, tuple[AttachRequest, ...], ChatOptions]],
        parent: QObject,
    ) -> None:
        """Create the watch. `now` returns the open chat's id ('' for a new chat), unsent text and attachments, and the
        options of a new chat.
        """
        super().__init__(parent, objectName="context_watch")
        self._bridge, self._now = bridge, now
        self.examples = 0
        """Tokens of the examples that a preset has put before the chat."""
        self._expecting = ""
        self.too_long: tuple[int, int] | None = None
        """Tokens needed and tokens available, when the unsent message is known not to fit; else None."""
        self.when_full = ASK
        """What happens when this chat is full; see ChatOptions."""
        self._timer = Delay(self, MEASURE_AFTER_MS, self._measure)
        bridge.on(ContextMeasured, self._on_context_measured)
        bridge.on(ModelStateChanged, self._on_model_state_changed)

    def measure_soon(self) -> None:
        self._timer.start()

    def edited(self) -> None:
        """Discard the last result, because the draft has changed, and measure again soon."""
        self.too_long = None
        self._timer.start()
        chat, draft, *__ = self._now()
        if not draft.strip() or chat != self._expecting:
            self._expect_question()

    def decided(self, when_full: str) -> None:
        """Take over a new decision what happens when the chat is full. A message that was too long may now be sent."""
        self.when_full, self.too_long = when_full, None

    def forget(self) -> None:
        self.measured.emit(0, 0)
        self.edited()

    def _expect_question(self) -> None:
        """Load the model and let it read the conversation as soon as the first letter was typed."""
        chat, draft, *__ = self._now()
        self._expecting = chat if draft.strip() else ""
        if self._expecting:
            self._bridge.ask(self._bridge.services.chats.expect_question(chat), None, ignored)

    def _measure(self) -> None:
        chat, draft, attach, options = self._now()
        self._bridge.ask(self._bridge.services.chats.measure(chat or None, draft, attach, options), None, ignored)

    def _on_context_measured(self, event: ContextMeasured) -> None:
        if (event.chat or "") == self._now()[0]:
            self.when_full = event.when_full
            self.examples = sum(part.tokens for part in event.parts if part.kind == "examples")
            if not self._timer.isActive():  # otherwise the text has changed since
                is_over = least_of(event) > event.context_size
                self.too_long = (event.tokens, event.context_size) if is_over else None
            self.measured.emit(event.tokens, event.context_size)

    def _on_model_state_changed(self, event: ModelStateChanged) -> None:
        if event.state is ModelState.READY:
            self._timer.start()
            self._expect_question()


def least_of(measured: ContextMeasured) -> int:
    """Return the number of tokens that remain when everything is left out that may be left out."""
    if measured.when_full == ASK:
        return measured.tokens
    is_old = {"conversation": True, "answer": True}
    kept = (part for part in measured.parts if not is_old.get(part.kind, part.kind == "attachment" and not part.key))
    return sum(part.tokens for part in kept)


SHOWN_FROM, NEARLY_FULL = 60, 90
"""Percentages of the context from which on the meter is shown, and from which on it warns."""
RING = 16
"""Size of the meter's ring at the usual text size."""
LEAVE_OUT_TIP = _(
    "The model no longer reads the oldest questions and answers of this chat. They stay in it, in grey; pinned "
    "messages and the instructions are always read. Can be changed in the settings of this chat."
)
SUMMARIZE_TIP = _(
    "The same, but the model first writes notes on what is left out, and reads them instead. You can edit them. Can be "
    "changed in the settings of this chat."
)
LARGER_TIP = _("Applies to all chats; the model is loaded again")
NEW_TIP = _("The model writes notes on this chat, with which a new one begins. This one stays as it is.")


class Offer(Record):
    percent: int = 0
    text: str = ""
    is_urgent: bool = False
    """True from NEARLY_FULL on if nothing was decided, and if a message was refused."""
    has_ways: bool = False
    """True when turns can be left out, with or without a summary, and when a new chat can begin with a summary."""
    larger: str = ""
    is_working: bool = False


class ContextMeter(QToolButton):
    """Button that shows how full the context is, from 60 % on. It opens the ways to go on."""

    def __init__(self, full: FullController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "context_meter", kind="meter")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._full, self._offer = full, Offer()
        self.ways = ContextWays(full, self)
        self.clicked.connect(self._on_clicked)
        full.offered.connect(self.show_offer)
        self._opening = Delay(self, 0, self._open)  # once the button has its place
        full.asked.connect(self._opening.start)
        full.decided.connect(self.ways.dismiss)
        self.show_offer(self._offer)

    @property
    def sentence(self) -> str:
        return self.text().strip()

    def show_offer(self, offer: Offer) -> None:
        self._offer = offer
        words = _("{percent} % full").format(percent=offer.percent)
        self.setText(f" {words}")  # clear of the ring
        self.setAccessibleName(_("Context: {words}").format(words=words))
        set_tip(self, offer.text)
        kind = "meter_warn" if offer.is_urgent else "meter"
        if self.property("kind") != kind:
            set_kind(self, kind)
        self._draw()
        self.setVisible(offer.percent >= SHOWN_FROM or offer.is_urgent or offer.is_working)
        if self.isHidden() and self.ways.isVisible():
            self.ways.dismiss()
        self.ways.show_offer(offer)

    def _on_clicked(self) -> None:
        self._full.look()
        self.ways.toggle(self)

    def _open(self) -> None:
        if self.isVisible() and not self.ways.isVisible():
            self.ways.toggle(self)

    def _draw(self) -> None:
        size, scale = scaled(RING), self.devicePixelRatioF()
        drawn = QPixmap(round(size * scale), round(size * scale))
        drawn.setDevicePixelRatio(scale)
        drawn.fill(Qt.GlobalColor.transparent)
        painter = QPainter(drawn)
        colour = "warn" if self._offer.is_urgent else "accent"
        draw_ring(painter, QRectF(0, 0, size, size), self._offer.percent / 100, colour)
        painter.end()
        self.setIcon(QIcon(drawn))
        self.setIconSize(QSize(size, size))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()


class ContextWays(Popover):
    def __init__(self, controller: FullController, parent: QWidget) -> None:
        super().__init__(parent, "context_ways", label=_("Context"), width=WIDTH)
        self._title = plain_label("", self, name="context_title", kind="heading")
        self._label = plain_label("", self, name="full_words")
        ways = (
            (_("Forget the oldest messages"), "full_leave_out", LEAVE_OUT_TIP, lambda: controller.choose(LEAVE_OUT)),
            (_("Keep a summary"), "full_summarize", SUMMARIZE_TIP, lambda: controller.choose(SUMMARIZE)),
            (_("Larger context"), "full_larger", LARGER_TIP, controller.enlarge),
            (_("New chat with a summary"), "full_new_chat", NEW_TIP, controller.begin_new),
            (_("Cancel"), "full_cancel", "", controller.cancel),
        )
        self._buttons = [button(words, name, self, tip=tip, on=on) for words, name, tip, on in ways]
        buttons = column(*self._buttons, gap=theme.SPACE_8, margins=(0, theme.SPACE_8, 0, 0))
        column(self._title, self._label, buttons, into=self, gap=theme.SPACE_8, margins=PADDING)

    @property
    def sentence(self) -> str:
        return self._label.text()

    def show_offer(self, offer: Offer) -> None:
        leave_out, summarize, larger, new, cancel = self._buttons
        self._title.setText(_("{percent} % full").format(percent=offer.percent))
        show_words(self._label, offer.text)
        for way in (leave_out, summarize, new):
            way.setVisible(offer.has_ways)
        larger.setText(offer.larger or _("Larger context"))
        larger.setVisible(bool(offer.larger))
        cancel.setVisible(offer.is_working)
        self.fit()


WIDTH = 400
PADDING = 20
FULL = "context.full"


class FullController(QObject):
    """What to do with a chat that is, or soon will be, longer than the context."""

    offered = Signal(object)
    asked = Signal()
    """Emitted when a message was refused, so that it must be decided how to go on."""
    decided = Signal()

    def __init__(self, bridge: Bridge, chat: ChatController, parent: QObject) -> None:
        super().__init__(parent, objectName="full_controller")
        self._bridge, self._chat = bridge, chat
        self._tokens = self._size = 0
        self._is_draft_refused = False
        self._refused = ""
        self._load: Live[LoadOptions | None] = Live(
            bridge, self, lambda: _load_of(chat.chat), None, refused=ignored, is_watched=False
        )
        """What can be set for the model of the chat, once it is looked at."""
        self._load.changed.connect(self._show)
        self._following: Call | None = None
        chat.context.measured.connect(self._on_measured)
        bridge.on(MessageEnded, self._on_message_ended)

    # ---- when there is something to decide

    def forget(self) -> None:
        self._is_draft_refused, self._refused = False, ""
        self._load.watch(False)
        self._load.put(None)
        self._on_measured(0, 0)

    def refuse_draft(self) -> None:
        self._is_draft_refused = True
        self._ask()

    def _ask(self) -> None:
        self.look()
        self._show()
        self.asked.emit()

    def _on_measured(self, tokens: int, size: int) -> None:
        self._tokens, self._size = tokens, size
        if self._chat.context.too_long is None:
            self._is_draft_refused = False
        self._show()

    def _on_message_ended(self, event: MessageEnded) -> None:
        if event.message.id not in self._chat.message_ids:
            return
        self._refused = event.message.id if event.problem is not None and event.problem.code == FULL else ""
        if self._refused:
            self._ask()
        else:
            self._show()

    @property
    def _is_refused(self) -> bool:
        return self._is_draft_refused or (bool(self._refused) and self._refused in self._chat.message_ids[-1:])

    @property
    def _has_ways(self) -> bool:
        return bool(self._chat.chat and self._chat.message_ids) and self._chat.context.when_full == ASK

    def _show(self) -> None:
        percent = self._tokens * 100 // self._size if self._size else 0
        if self._following is not None:
            words = _("Writing a summary of this chat for the new one…")
            self.offered.emit(Offer(percent, words, is_working=True))
            return
        asks = self._chat.context.when_full == ASK or self._chat.context.too_long is not None
        is_urgent = self._is_refused or (percent >= NEARLY_FULL and asks)
        self.offered.emit(Offer(percent, self._text(percent), is_urgent, self._has_ways, self._larger_words))

    def _text(self, percent: int) -> str:
        examples, is_over = self._chat.context.examples, self._tokens > self._size
        if is_over and 2 * examples > self._size:
            words = _("Too long for the model: the examples of the preset take {tokens:,} of {size:,} tokens.")
            return words.format(tokens=examples, size=self._size)
        if self._is_refused:
            what = _("This chat is") if self._has_ways else _("This is")
            return _("{what} too long for the model. Nothing was cut or sent. How should it go on?").format(what=what)
        if is_over:
            return _("Too long for the model. Shorten the message or start a new chat.")
        if self._chat.context.when_full != ASK:
            return _("When the chat is full, the oldest messages are forgotten.")
        if percent >= NEARLY_FULL:
            return _("This chat is almost full. How should it go on?")
        return _("How should the chat go on when it is full?")

    # ---- a larger context

    def look(self) -> None:
        """Look which larger context this PC has the memory for."""
        self._load.watch(True)

    @property
    def _larger(self) -> ContextChoice | None:
        """The next larger context for which this PC has the memory, as far as that was looked at."""
        load, least = self._load.value, max(self._size, self._tokens)
        larger = [context for context in load.contexts if context.tokens > least and context.fits] if load else []
        return min(larger, key=lambda context: context.tokens, default=None) if self._size else None

    @property
    def _larger_words(self) -> str:
        larger = self._larger
        if larger is None:
            return ""
        return _("Larger context ({size} of memory)").format(size=bytes_for_people(larger.bytes))

    # ---- what was decided

    def choose(self, way: str) -> None:
        """Leave turns out in this way (LEAVE_OUT or SUMMARIZE) from now on, and try again what was refused."""
        chat = self._chat.chat

        def change(services: Services) -> None:
            options = services.chats.options(chat)
            services.chats.change_options(chat, changed(options, when_full=way))

        go_on = self._way_on(chat)
        self.decided.emit()
        self._chat.context.decided(way)
        self._bridge.ask(change, go_on)

    def enlarge(self) -> None:
        larger, chat = self._larger, self._chat.chat
        if larger is not None:
            go_on = self._way_on(chat)
            self.decided.emit()
            self._chat.context.too_long = None  # it may be sent, as the context becomes larger
            self._bridge.ask(self._bridge.services.settings.change(context_tokens=larger.tokens), go_on)

    def begin_new(self) -> None:
        """Open a new chat that begins with the model's notes on this chat. The unsent message moves there."""
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

    def _way_on(self, chat: str) -> Callable[[object], None]:
        """Return what to do when the decision is stored: send again what is refused now."""
        refused, is_draft = self._refused, self._is_draft_refused
        return lambda _done: self._go_on(chat, refused, is_draft)

    def _go_on(self, chat: str, refused: str, is_draft: bool) -> None:
        """Send the draft that was too long, or have the answer `refused` (its id; "": none) written once more.

        Nothing is sent where another chat was opened meanwhile, or the answer is not the last message any more.
        """
        if chat != self._chat.chat:
            return
        self._refused = ""
        self._is_draft_refused = False
        self._chat.context.too_long = None  # a measure that was asked for before the decision may have come since
        draft = self._chat.drafts.of(chat)
        is_last = refused in self._chat.message_ids[-1:]
        if is_draft and draft.strip():
            self._chat.send(draft)
        elif refused and is_last:
            self._chat.try_again(refused)
        self._chat.context.measure_soon()
        self._show()

    def _on_begun(self, chat: str, item: Item) -> None:
        if self._following is None:
            return
        self._following = None
        self.decided.emit()
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


def _load_of(chat: str) -> Callable[[Services], Pending[LoadOptions]]:
    def look(services: Services) -> Pending[LoadOptions]:
        if "context_tokens" in services.settings.policy.managed:
            raise KnownError("setting.managed", key="context_tokens")
        model = services.chats.options(chat).model if chat else ""
        return services.load_options.look(model)

    return look


class WindowController(QObject):
    """The part of the open chat that the model sees."""

    line_renewed = Signal(object)
    notes_edit_requested = Signal(str)
    changed = Signal()

    def __init__(self, bridge: Bridge, chat: ChatController, parent: QObject) -> None:
        super().__init__(parent, objectName="window_controller")
        self._bridge, self._chat = bridge, chat
        self._drawn: tuple[int, frozenset[str]] = (-1, frozenset())
        self._near = ""
        """Id of the message at which a person has just changed what the model sees."""
        bridge.on(ItemChanged, self._on_item_changed)
        bridge.on(NotesBegun, self._on_notes_begun)

    # ---- what is shown

    def drawn(self) -> None:
        self._drawn = self._state

    def check(self) -> None:
        """Draw the chat again if another part of it is left out than was drawn."""
        if self._state != self._drawn:
            self._chat.show_again("")

    def last_row(self, message: str) -> str:
        """Return the last row that stays when all after `message` are removed: the context line if it comes next."""
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
        """Pin or unpin a message. Other keys are ignored, because other controllers handle them."""
        if key in ("pin", "unpin"):
            self._near = message
            self._bridge.services.chats.window.pin(message, pinned=key == "pin")

    def open_extra(self, message: str, key: str) -> None:
        """Run the action chosen at the context line. Other messages are ignored; other controllers handle them."""
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
        """Save the notes as a person edited them. An empty text removes them."""
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
