"""Shows how full the open chat's context is and what the model sees of it, and offers ways to go on when it is full."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QWidget

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.records import Item
from slmdesk.base.texts import _
from slmdesk.chat.attachment_text import SOME, ContextPart
from slmdesk.chat.conversation import window_of
from slmdesk.chat.types import ASK, LEAVE_OUT, SUMMARIZE, AttachRequest, ContextMeasured, NotesBegun, options_from
from slmdesk.chat.window.messages import EDIT, LINE, REMOVE, SEE_ALL, WRITE
from slmdesk.runtime.events import ItemChanged, MessageEnded, ModelState, ModelStateChanged, Pending
from slmdesk.runtime.messages import Problem, bytes_for_people
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Call, Delay
from slmdesk.window.widgets.bars import thin_bar
from slmdesk.window.widgets.build import (
    ElidedLabel,
    button,
    column,
    flow,
    named,
    plain_label,
    row,
    set_kind,
    show_column,
    show_words,
    tool_button,
)

if TYPE_CHECKING:
    from slmdesk.chat.window.conversation import ChatController
    from slmdesk.models.running import ContextChoice, LoadOptions
    from slmdesk.services import Services

MEASURE_AFTER_MS = 300


class ContextWatch(QObject):
    measured = Signal(int, int)
    parts_measured = Signal(object)

    def __init__(
        self, bridge: Bridge, now: Callable[[], tuple[str, str, tuple[AttachRequest, ...]]], parent: QObject
    ) -> None:
        """Create the watch. `now` returns the open chat's id ('' for a new chat), unsent text and attachments."""
        super().__init__(parent, objectName="context_watch")
        self._bridge, self._now = bridge, now
        self._use = ContextUse()
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
        chat, draft, _attach = self._now()
        if not draft.strip() or chat != self._expecting:
            self._expect_question()

    def decided(self, when_full: str) -> None:
        """Take over a new decision what happens when the chat is full. A message that was too long may now be sent."""
        self.when_full, self.too_long = when_full, None

    def enlarged(self) -> None:
        """Allow sending a message that was too long, because the context becomes larger."""
        self.too_long = None

    def forget(self) -> None:
        self._use.forget()
        self.measured.emit(0, 0)
        self.parts_measured.emit(())
        self.edited()

    def read(self, tokens: int) -> None:
        self._expecting = ""
        self._use.read(tokens)

    def grew(self) -> None:
        guessed = self._use.grew()
        if guessed is not None:
            self.measured.emit(*guessed)

    def _expect_question(self) -> None:
        """Load the model and let it read the conversation as soon as the first letter was typed."""
        chat, draft, _attach = self._now()
        self._expecting = chat if draft.strip() else ""
        if self._expecting:
            self._bridge.ask(self._bridge.services.chats.expect_question(chat), None, _ignore)

    def _measure(self) -> None:
        chat, draft, attach = self._now()
        self._bridge.ask(self._bridge.services.chats.measure(chat or None, draft, attach), None, _ignore)

    def _on_context_measured(self, event: ContextMeasured) -> None:
        if (event.chat or "") == self._now()[0]:
            self._use.measured(event.tokens, event.context_size)
            self.when_full = event.when_full
            if not self._timer.isActive():  # otherwise the text has changed since
                is_over = least_of(event) > event.context_size
                self.too_long = (event.tokens, event.context_size) if is_over else None
            self.measured.emit(event.tokens, event.context_size)
            self.parts_measured.emit(event.parts)

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


def _ignore(problem: Problem) -> None:
    """Ignore problems of measuring and reading ahead, which are optional. The problems are shown elsewhere."""


# ---- how much of the context a chat takes


class ContextUse:
    """The latest measure, plus the pieces of text since. Each piece counts as one token, which is roughly right."""

    def __init__(self) -> None:
        self._measured = self._size = self._since = 0
        self._reported = (0, 0)

    def forget(self) -> None:
        self._measured = self._size = self._since = 0
        self._reported = (0, 0)

    def measured(self, tokens: int, size: int) -> None:
        self._measured, self._size, self._since = tokens, size, 0
        self._reported = (tokens, size)

    def read(self, tokens: int) -> None:
        self._measured = max(self._measured, tokens)

    def grew(self) -> tuple[int, int] | None:
        """Count another piece. Returns (tokens, size) if the meter would show another percentage, else None."""
        self._since += 1
        now = (min(self._measured + self._since, self._size), self._size)
        if not self._size or now[0] * 100 // self._size == self._reported[0] * 100 // self._size:
            return None
        self._reported = now
        return now


# ---- the meter of the context


class ContextMeter(QWidget):
    new_chat_requested = Signal()

    def __init__(self, watch: ContextWatch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("context_meter")
        self._watch = watch
        self._build_ui()
        watch.measured.connect(self.show_measure)
        watch.parts_measured.connect(self.show_parts)
        self.show_unknown()

    def _build_ui(self) -> None:
        self._bar = thin_bar("context_bar", self, _("Context"))
        self._bar.setFixedWidth(96)
        self._label = plain_label("", self, name="context_label", kind="small")
        self._by_part = tool_button(
            "context_by_part", self, kind="small", tip=_("What takes how much"), label=_("What takes how much"),
            icon="info", colour="ink2", on=self._on_by_part,
        )  # fmt: skip
        self._by_part.setIconSize(QSize(theme.ICON_SIZE - 2, theme.ICON_SIZE - 2))
        self._parts = ContextParts(self)
        self._parts.closed.connect(lambda: self._by_part.setFocus())
        self._new_chat = button(
            _("New chat"), "context_new_chat", self, kind="quiet", tip=_("Start a new chat; this one is kept"),
            shortcut="chat.new", on=self.new_chat_requested,
        )  # fmt: skip
        row(
            (self._bar, Qt.AlignmentFlag.AlignVCenter), self._by_part, (self._label, 1), self._new_chat,
            into=self, gap=theme.SPACE_8,
        )  # fmt: skip

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        return (self._by_part, self._new_chat)

    @property
    def sentence(self) -> str:
        return self._label.text()

    @property
    def part_lines(self) -> list[tuple[str, str]]:
        return self._parts.lines

    def show_unknown(self) -> None:
        self._bar.setVisible(False)
        self._label.clear()
        self._by_part.setVisible(False)
        self._new_chat.setVisible(False)

    def show_parts(self, parts: Sequence[ContextPart]) -> None:
        self._parts.show_parts(parts)
        self._by_part.setVisible(bool(parts) and not self._bar.isHidden())

    def _on_by_part(self) -> None:
        self._parts.open_over(self._by_part)

    def show_measure(self, tokens: int, context_size: int) -> None:
        """Show how much of the context is taken (both in tokens), and offer a new chat when it is full."""
        if context_size <= 0:
            self.show_unknown()
            return
        percent = tokens * 100 // context_size
        self._bar.setVisible(True)
        self._bar.setValue(min(percent, 100))
        is_over, asks = tokens > context_size, self._watch.when_full == ASK or self._watch.too_long is not None
        is_warning = percent >= NEARLY_FULL and asks
        set_kind(self._bar, "warn" if is_warning else "")
        set_kind(self._label, "warn" if is_warning else "small")
        locale = QLocale()
        numbers = _("{tokens} of {context_size} tokens").format(
            tokens=locale.toString(tokens), context_size=locale.toString(context_size)
        )
        if not asks and percent >= NEARLY_FULL:
            words = _("{percent} % full; the oldest messages are forgotten").format(percent=percent)
        elif is_over:
            words = _("Too long for the model: {numbers}. Nothing is cut; shorten it or start a new chat.").format(
                numbers=numbers
            )
        elif percent >= NEARLY_FULL:
            words = _("{percent} % full").format(percent=percent)
        else:
            words = _("{percent} % full").format(percent=percent)
        self._label.setText(words)
        self._label.setToolTip(numbers)
        self._bar.setToolTip(numbers)
        self._new_chat.setVisible(is_warning)


# ---- a small list above the meter


WIDTH, MOST_HEIGHT = 66, 16
"""Width in widths of the letter x, and most height in lines."""
WORDS = {
    "instructions": _("Instructions"),
    "notes": _("Notes on the earlier part"),
    "pinned": _("Pinned messages"),
    "conversation": _("Conversation so far"),
    "question": _("What you are writing"),
    "answer": _("Kept free for the answer"),
}


class ContextParts(QFrame):
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        named(self, "context_parts", label=_("What takes how much of the context"))
        self._inner = named(QWidget(self), "context_parts_inner")
        self._grid = QGridLayout(self._inner)
        self._grid.setContentsMargins(theme.SPACE_12, theme.SPACE_12, theme.SPACE_12, theme.SPACE_12)
        self._grid.setHorizontalSpacing(theme.SPACE_16)
        self._grid.setVerticalSpacing(theme.SPACE_4)
        self._grid.setColumnStretch(0, 1)
        self._scroll = named(QScrollArea(self), "context_parts_scroll")
        show_column(self._scroll, self._inner)
        column(self._scroll, into=self)
        self._shown: tuple[ContextPart, ...] = ()

    @property
    def lines(self) -> list[tuple[str, str]]:
        return [(f"{words_of(part)} {part.note}".strip(), number_of(part)) for part in self._shown]

    def show_parts(self, parts: Sequence[ContextPart]) -> None:
        if tuple(parts) == self._shown:
            return
        self._shown = tuple(parts)
        while self._grid.count():
            item = self._grid.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for at, part in enumerate(self._shown):
            words = ElidedLabel(self._inner, name="context_part", cut=Qt.TextElideMode.ElideMiddle, text=words_of(part))
            note = plain_label(part.note, self._inner, name="context_part_note", kind="small", wraps=False)
            number = plain_label(number_of(part), self._inner, name="context_part_tokens", wraps=False)
            number.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(words, at, 0)
            self._grid.addWidget(note, at, 1)
            self._grid.addWidget(number, at, 2)

    def open_over(self, anchor: QWidget) -> None:
        for label in self._inner.findChildren(QLabel):
            label.ensurePolished()
        metrics, window = self.fontMetrics(), anchor.window()
        height = min(self._inner.sizeHint().height() + 4, MOST_HEIGHT * metrics.lineSpacing())
        width = min(WIDTH * metrics.horizontalAdvance("x"), window.width() - 2 * theme.SPACE_16)
        self.resize(width, height)
        corner = anchor.mapToGlobal(QPoint(0, -height - theme.SPACE_4))
        left = window.mapToGlobal(QPoint(theme.SPACE_16, 0)).x()
        right = window.mapToGlobal(QPoint(window.width() - theme.SPACE_16, 0)).x() - width
        self.move(max(left, min(corner.x(), right)), corner.y())
        self.show()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.closed.emit()


def words_of(part: ContextPart) -> str:
    return part.name if part.kind == "attachment" else WORDS.get(part.kind, part.kind)


def number_of(part: ContextPart) -> str:
    most = _("up to ") if part.kind == "attachment" and part.note == SOME else ""
    return _("{most}{tokens} tokens").format(most=most, tokens=QLocale().toString(part.tokens))


# ---- what to do with a chat that is, or soon will be, longer than the context


NEARLY_FULL = 90
"""Percentage of the context from which on the ways to go on are offered."""
FULL = "context.full"


class Offer(Record):
    text: str
    has_ways: bool = False
    """True when turns can be left out, with or without a summary, and when a new chat can begin with a summary."""
    larger: str = ""
    is_working: bool = False


class FullController(QObject):
    offered = Signal(object)

    def __init__(self, bridge: Bridge, chat: ChatController, parent: QObject) -> None:
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
        """Close the offer. It is shown again when a question is refused."""
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
            self.offered.emit(Offer(_("Writing a summary of this chat for the new one…"), is_working=True))
        elif not self._is_asked:
            self.offered.emit(None)
        else:
            self.offered.emit(Offer(self._text, self._has_ways, self._larger_words))

    @property
    def _text(self) -> str:
        locale = QLocale()
        numbers = _("{tokens} of {size} tokens").format(
            tokens=locale.toString(self._tokens), size=locale.toString(self._size)
        )
        if self._is_refused:
            what = _("This chat is") if self._has_ways else _("This is")
            needed = f": {numbers}" if self._tokens > self._size > 0 else ""
            return _("{what} too long for the model{needed}. Nothing was cut or sent. How should it go on?").format(
                what=what, needed=needed
            )
        percent = self._tokens * 100 // self._size
        filling = [part for part in self._parts if part.kind != "answer"]
        most = max(filling, key=lambda part: part.tokens, default=None)
        part = (
            _(", most of it: {words} ({tokens})").format(
                words=words_of(most).lower(), tokens=locale.toString(most.tokens)
            )
            if most
            else ""
        )
        return _("This chat is almost full: {percent} %{part}. How should it go on?").format(percent=percent, part=part)

    # ---- a larger context

    def _look(self) -> None:
        key = (self._chat.chat, self._size)
        if key == self._looked or not self._size:
            return
        self._looked, self._larger = key, None
        self._bridge.follow(_contexts_of(self._chat.chat), partial(self._on_looked, key), lambda _problem: None)

    def _on_looked(self, key: tuple[str, int], found: LoadOptions) -> None:
        if key == self._looked:
            larger = [
                context for context in found.contexts if context.tokens > max(self._size, self._tokens) and context.fits
            ]
            self._larger = min(larger, key=lambda choice: choice.tokens, default=None)
            self._show()

    @property
    def _larger_words(self) -> str:
        if self._larger is None:
            return ""
        tokens = QLocale().toString(self._larger.tokens)
        return _("Larger context: {tokens} tokens, {size} of memory").format(
            tokens=tokens, size=bytes_for_people(self._larger.bytes)
        )

    # ---- what was decided

    def choose(self, way: str) -> None:
        """Leave turns out in this way (LEAVE_OUT or SUMMARIZE) from now on, and try again what was refused."""
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


# ---- the bar over the composer with the ways to go on with a chat that is, or soon will be, full


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


class FullBar(QFrame):
    def __init__(self, controller: FullController, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "full_bar", label=_("This chat is nearly full"))
        self._controller = controller
        self._build_ui()
        controller.offered.connect(self.show_offer)
        self.hide()

    def _build_ui(self) -> None:
        controller = self._controller
        self._label = plain_label("", self, name="full_words")
        tip = _("Decide later")
        self._close = tool_button("full_close", self, tip=tip, label=tip, icon="x", on=controller.close_offer)
        self._leave_out = button(_("Forget the oldest messages"), "full_leave_out", self, tip=LEAVE_OUT_TIP)
        self._leave_out.clicked.connect(lambda: controller.choose(LEAVE_OUT))
        self._summarize = button(_("Keep a summary of the earlier part"), "full_summarize", self, tip=SUMMARIZE_TIP)
        self._summarize.clicked.connect(lambda: controller.choose(SUMMARIZE))
        self._new = button(_("New chat with a summary"), "full_new_chat", self, tip=NEW_TIP, on=controller.begin_new)
        self._larger = button(_("Larger context"), "full_larger", self, tip=LARGER_TIP, on=controller.enlarge)
        self._cancel = button(_("Cancel"), "full_cancel", self, on=controller.cancel)
        buttons = QWidget(self)
        flow(*self.in_order[1:], gap=theme.SPACE_8, into=buttons)
        head = row((self._label, 1), (self._close, Qt.AlignmentFlag.AlignTop), gap=theme.SPACE_8)
        sides = (theme.SPACE_12, theme.SPACE_8, theme.SPACE_8, theme.SPACE_8)
        column(head, buttons, into=self, gap=theme.SPACE_8, margins=sides)

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        return (self._close, self._leave_out, self._summarize, self._new, self._larger, self._cancel)

    @property
    def sentence(self) -> str:
        return self._label.text()

    def show_offer(self, offer: Offer | None) -> None:
        if offer is not None:
            self._label.setText(offer.text)
            for other_button in (self._leave_out, self._summarize, self._new):
                other_button.setVisible(offer.has_ways)
            show_words(self._larger, offer.larger)
            self._cancel.setVisible(offer.is_working)
            self._close.setVisible(not offer.is_working)
        self.setVisible(offer is not None)


# ---- the part of the open chat that the model sees


class WindowController(QObject):
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
        """Show the window that is stored in the item now."""
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
