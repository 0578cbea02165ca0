"""How much of the context the open chat takes: measured shortly after each change, estimated while an answer grows."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from slmdesk.chat.events import ContextMeasured
from slmdesk.chat.options import ASK
from slmdesk.chat.requests import AttachRequest
from slmdesk.chat.window.composer.context_usage import ContextUse
from slmdesk.loader.events import ModelState, ModelStateChanged
from slmdesk.runtime.events import Problem
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.delay import Delay

MEASURE_AFTER_MS = 300


class ContextWatch(QObject):
    measured = Signal(int, int)
    parts_measured = Signal(object)

    def __init__(
        self, bridge: Bridge, now: Callable[[], tuple[str, str, tuple[AttachRequest, ...]]], parent: QObject
    ) -> None:
        """`now`: the open chat's id ('' for a new one), its unsent text, and its attachments."""
        super().__init__(parent, objectName="context_watch")
        self._bridge, self._now = bridge, now
        self._use = ContextUse()
        self._expecting = ""
        self.too_long: tuple[int, int] | None = None
        """Tokens needed and available, when what is written is known not to fit."""
        self.when_full = ASK
        """What happens in this chat when it is full; see ChatOptions."""
        self._timer = Delay(self, MEASURE_AFTER_MS, self._measure)
        bridge.on(ContextMeasured, self._on_context_measured)
        bridge.on(ModelStateChanged, self._on_model_state_changed)

    def measure_soon(self) -> None:
        self._timer.start()

    def edited(self) -> None:
        """The draft has changed: the measured parts no longer hold."""
        self.too_long = None
        self._timer.start()
        chat, draft, _attach = self._now()
        if not draft.strip() or chat != self._expecting:
            self._expect_question()

    def decided(self, when_full: str) -> None:
        """What happens when the chat is full was decided just now: what was too long may be sent."""
        self.when_full, self.too_long = when_full, None

    def enlarged(self) -> None:
        """The context is made larger: what was too long may be sent."""
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
        """From the first letter on the model is loaded and reads the conversation."""
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
            if not self._timer.isActive():  # else the words have changed since
                is_over = least_of(event) > event.context_size
                self.too_long = (event.tokens, event.context_size) if is_over else None
            self.measured.emit(event.tokens, event.context_size)
            self.parts_measured.emit(event.parts)

    def _on_model_state_changed(self, event: ModelStateChanged) -> None:
        if event.state is ModelState.READY:
            self._timer.start()
            self._expect_question()


def least_of(measured: ContextMeasured) -> int:
    """How many tokens there are when all is left out that may be left out."""
    if measured.when_full == ASK:
        return measured.tokens
    is_old = {"conversation": True, "answer": True}
    kept = (one for one in measured.parts if not is_old.get(one.kind, one.kind == "attachment" and not one.key))
    return sum(one.tokens for one in kept)


def _ignore(problem: Problem) -> None:
    """The meter and the reading are optional: their problems are shown elsewhere."""
