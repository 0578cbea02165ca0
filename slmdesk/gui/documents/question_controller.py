"""Questions to the document on show: asked, followed, stopped.  No widgets here."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from slmdesk.core.records import Message, Status
from slmdesk.gui.bridge import Bridge
from slmdesk.gui.widgets.notice_bar import notice_of
from slmdesk.services import facts
from slmdesk.services.conversation import Sent
from slmdesk.services.facts import Problem
from slmdesk.services.questions import AskWish


class QuestionController(QObject):
    """Lives on the window's thread.

    Emits `asked` with a question, `progressed` with words on how far it is, `answered` with an Answered, `ended` with
    words on why there is no answer ('' when the person stopped it), `emptied` when another document is on show,
    `notice_raised`.
    """

    asked = Signal(str)
    progressed = Signal(str)
    answered = Signal(object)
    ended = Signal(str)
    emptied = Signal()
    notice_raised = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("question_controller")
        self._bridge = bridge
        self._document = ""
        self._item: str | None = None
        self._message = ""
        bridge.question_planned.connect(self._on_planned)
        bridge.question_answered.connect(self._on_answered)
        bridge.prompt_progressed.connect(self._on_prompt)
        bridge.message_grew.connect(self._on_grew)
        bridge.message_ended.connect(self._on_ended)

    def show_document(self, document: str) -> None:
        """Another document is on show: questions begin anew."""
        if document != self._document:
            self._document, self._item, self._message = document, None, ""
            self.emptied.emit()

    @Slot(str)
    def ask(self, question: str) -> None:
        """Ask the document on show; a second question follows the first."""
        if not self._document or not question.strip():
            return
        wish = AskWish(question, (self._document,), item=self._item)
        self.asked.emit(question)
        self.progressed.emit("Waiting for the model…")
        self._bridge.ask(lambda services: services.questions.ask(wish), self._on_sent, self._on_refused)

    @Slot()
    def stop(self) -> None:
        """Stop the answer."""
        message = self._message
        if message:
            self._bridge.ask(lambda services: services.questions.stop(message))

    def _on_sent(self, sent: Sent) -> None:
        self._item, self._message = sent.item.id, sent.answer.id

    def _on_refused(self, problem: Problem) -> None:
        self.ended.emit(problem.sentence)
        if problem.report:
            self.notice_raised.emit(notice_of(problem))

    @Slot(object)
    def _on_planned(self, fact: facts.QuestionPlanned) -> None:
        if fact.item == self._item:
            self._message = fact.message
            what = "the whole document" if fact.is_whole else f"the {fact.passages} passages that fit best"
            self.progressed.emit(f"The model reads {what}…")

    @Slot(object)
    def _on_prompt(self, fact: facts.PromptProgress) -> None:
        if fact.message == self._message and fact.total:
            self.progressed.emit(f"The model reads: {100 * fact.read // fact.total} %")

    @Slot(object)
    def _on_grew(self, fact: facts.MessageGrew) -> None:
        if fact.message == self._message:
            self.progressed.emit("The answer is written; its quotations are checked at its end.")

    @Slot(object)
    def _on_answered(self, fact: facts.QuestionAnswered) -> None:
        if fact.item == self._item:
            self._message = ""
            self.answered.emit(fact.answered)

    @Slot(object)
    def _on_ended(self, fact: facts.MessageEnded) -> None:
        message: Message = fact.message
        if message.item == self._item and message.status is not Status.COMPLETE:
            self._message = ""
            self.ended.emit(fact.problem.sentence if fact.problem else "The answer was stopped.")
