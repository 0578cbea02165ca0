"""Questions to the shown document: asked, followed, stopped, opened again.  No widgets here."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from slmdesk.base.record import changed
from slmdesk.base.records import Item, Message, Status
from slmdesk.chat.conversation import SentMessage
from slmdesk.questions.events import QuestionAnswered, QuestionPlanned
from slmdesk.questions.service import KIND
from slmdesk.questions.types import AskedQuestion, AskRequest
from slmdesk.runtime import events
from slmdesk.runtime.events import MessageEnded, MessageGrew, Problem, PromptProgress
from slmdesk.window.base.answer_progress import TICK_MS, Live
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.panes.items_controller import ItemsController
from slmdesk.window.panes.redaction import AS_BEFORE, FOLDER, RedactionController


class QuestionController(QObject):
    asked = Signal(str)
    progressed = Signal(str)
    answered = Signal(object)
    ended = Signal(str)
    emptied = Signal()
    opened = Signal(object)

    def __init__(
        self, bridge: Bridge, parent: QObject | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(parent, objectName="question_controller")
        self._bridge, self._clock = bridge, clock
        self._live = Live()
        self._tick = QTimer(self, interval=TICK_MS)
        self._tick.timeout.connect(self._on_tick)
        self.items = ItemsController(bridge, KIND, self)
        self._document = self._collection = ""
        self.item: str | None = None
        """The questions on show; None: a first one will begin them."""
        self._message = ""
        self.redaction = RedactionController(bridge, self)
        self._is_redacted = False
        self.items.current_gone.connect(self.restart)
        self.items.restored.connect(self._on_restored)
        bridge.on(QuestionPlanned, self._on_planned)
        bridge.on(QuestionAnswered, self._on_answered)
        bridge.on(PromptProgress, self._on_prompt)
        bridge.on(MessageGrew, self._on_grew)
        bridge.on(MessageEnded, self._on_ended)

    def show_document(self, document: str) -> None:
        if document == self._document:
            return
        self._document = document
        self.restart()
        self.items.show_document(document, self._open_newest)

    def show_collection(self, collection: str) -> None:
        if collection != self._collection:
            self._collection = collection
            self.restart()

    def choose(self, item: str) -> None:
        self._bridge.ask(self._bridge.services.questions.turns(item), partial(self._on_opened, item))

    def restart(self) -> None:
        """Make the next question the first of a new conversation."""
        self._message, self._is_redacted = "", False
        self.redaction.drop()
        self._set(None)
        self.emptied.emit()

    def ask(self, question: str, *, redact: bool = False) -> None:
        """Ask the shown document; a second question follows the first.  `redact`: once a person has looked."""
        if not (self._document or self._collection) or not question.strip():
            return
        documents = () if self._collection else (self._document,)
        request = AskRequest(question, documents, collection=self._collection or None, item=self.item, redact=redact)
        if not redact:
            self._ask(request)
            return
        item = self.item if self.item and self._is_redacted else ""
        rest = FOLDER if self._collection else AS_BEFORE if item else ""
        self.redaction.look(
            [question], () if item else documents, lambda found: self._ask(changed(request, decisions=found)),
            item=item, rest=rest,
        )  # fmt: skip

    def _ask(self, request: AskRequest) -> None:
        self._is_redacted = bool(request.redact)
        self.asked.emit(request.question)
        self.progressed.emit("Waiting for the model…")
        self._bridge.ask(self._bridge.services.questions.ask(request), self._on_sent, self._on_refused)

    def stop(self) -> None:
        message = self._message
        if message:
            self._bridge.services.questions.stop(message)

    # ---- events

    def _on_sent(self, sent: SentMessage) -> None:
        self._set(sent.item.id)
        self._message = sent.answer.id
        self.items.refresh()

    def _on_refused(self, problem: Problem) -> None:
        self.ended.emit(problem.sentence)
        if problem.report:
            self._bridge.problem_met.emit(problem)

    def _on_opened(self, item: str, turns: Sequence[AskedQuestion]) -> None:
        self._set(item)
        self._is_redacted = bool(turns and turns[-1].answered and turns[-1].answered.redaction)
        self.opened.emit(list(turns))
        last = turns[-1].message if turns else None
        self._message = ""
        if last is not None and last.status is Status.STREAMING:
            self._message = last.id
            self.progressed.emit("The answer is on its way…")

    def _on_planned(self, event: QuestionPlanned) -> None:
        if event.item == self.item:
            self._message = event.message
            what = "the whole text" if event.is_whole else f"the {event.passages} passages that fit best"
            self._live = Live(began=self._clock(), now=self._clock())
            self._tick.start()
            self.progressed.emit(f"The model reads {what}…")

    def _on_prompt(self, event: events.PromptProgress) -> None:
        if event.message == self._message and event.total:
            self._live = self._live.reading(event.read, event.total, self._clock())
            self.progressed.emit(self._live.reading_words)

    def _on_grew(self, event: events.MessageGrew) -> None:
        if event.message == self._message:
            self._live = self._live.grown(self._clock())
            if self._live.pieces == 1:
                self._on_tick()

    def _on_tick(self) -> None:
        if not self._message:
            self._tick.stop()
            return
        self._live = changed(self._live, now=self._clock())
        if self._live.pieces:
            words = self._live.writing_words or "Writing the answer"
            self.progressed.emit(f"{words}. Its quotations are checked at its end.")
        elif self._live.total:
            self.progressed.emit(self._live.reading_words)

    def _on_answered(self, event: QuestionAnswered) -> None:
        if event.item == self.item:
            self._message = ""
            self.answered.emit(event.answered)

    def _on_ended(self, event: events.MessageEnded) -> None:
        message: Message = event.message
        if message.item == self.item and message.status is not Status.COMPLETE:
            self._message = ""
            self.ended.emit(event.problem.sentence if event.problem else "The answer was stopped.")

    def _on_restored(self, item: str) -> None:
        if self.item is None:
            self.choose(item)

    # ---- private

    def _open_newest(self, items: Sequence[Item]) -> None:
        if items and self.item is None:
            self.choose(items[0].id)

    def _set(self, item: str | None) -> None:
        self.item = item
        self.items.set_current(item or "")
