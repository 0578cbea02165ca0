"""Asks questions about what is shown, and follows their answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from slmdesk.base.record import changed
from slmdesk.base.records import Item
from slmdesk.base.runtime.events import MessageGrew, PromptProgress
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _
from slmdesk.tasks.ask import TASK
from slmdesk.tasks.questions.types import AskRequest, QuestionAnswered, QuestionPlanned
from slmdesk.tasks.shape import TaskView
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.base.text import TICK_MS, AnswerProgress
from slmdesk.ui.tasks.controller import Opened, ResultController


class QuestionController(ResultController):
    """Asks the shown document, several together or a folder. A second question becomes
    a follow-up of the first.
    """

    answered = Signal(object)

    def __init__(
        self,
        bridge: Bridge,
        parent: QObject | None = None,
        *,
        prefix: str = "",
        hint: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`prefix` and `hint`: of the names of its widgets, and what stands in its
        line, where that is not usual.
        """
        super().__init__(bridge, TASK, parent)
        self.prefix, self.hint = prefix, hint
        self._clock = clock
        self._together: tuple[str, ...] = ()
        self._collection = self._message = ""
        """The folder that is asked, and the message of the answer that is being
        written.
        """
        self.is_unanswered = False
        """Whether no model could answer the last question: then passages are shown."""
        self._live = AnswerProgress()
        self._told = ("", 0, 0)
        """How far the answer is, as it was said last."""
        self._tick = QTimer(self, interval=TICK_MS)
        self._tick.timeout.connect(self._on_tick)
        self.suggested: Live[Sequence[str]] = Live(
            bridge, self, self._ask_suggested, ()
        )
        self.suggested.changed.connect(
            lambda: self.suggested_changed.emit(self.suggested.value)
        )
        bridge.on(QuestionPlanned, self._on_planned)
        bridge.on(QuestionAnswered, self._on_answered)
        bridge.on(PromptProgress, self._on_prompt)
        bridge.on(MessageGrew, self._on_words)

    # ---- what is asked

    @property
    def offered(self) -> Sequence[str]:
        return self.suggested.value

    @property
    def document(self) -> str:
        return self._document

    @property
    def scope(self) -> tuple[str, tuple[str, ...]]:
        """The folder, or else the documents that are asked."""
        if self._collection:
            return self._collection, ()
        return "", self._together or tuple(filter(None, (self._document,)))

    def show_document(self, document: str) -> None:
        """Ask this document from now on, unless it is one of several that are asked
        together.
        """
        if document == self._document or document in self._together:
            self._document = document
            return
        self._together, self._about = (), frozenset()
        self.suggested.put(())
        super().show_document(document)
        self.suggested.again()

    def show_together(self, documents: tuple[str, ...]) -> None:
        """Ask several documents, of which one is shown, until another one is shown."""
        self._together = documents
        self.suggested.put(())
        self.restart()

    def show_collection(self, collection: str) -> None:
        if collection != self._collection:
            self._collection = collection
            self.restart()

    def _ask_suggested(self) -> Any:
        is_alone = self._document and not self._together
        return (
            self._bridge.services.questions.suggested(self._document)
            if is_alone
            else None
        )

    def _leave(self) -> None:
        self._message, self.is_unanswered = "", False
        super()._leave()

    # ---- ask

    def ask(self, question: str) -> None:
        collection, documents = self.scope
        if not question.strip() or not (collection or documents):
            return
        request = AskRequest(
            question, documents, collection=collection or None, item=self.item or None
        )
        self.reading.emit(_("Waiting for the model…"), 0, 0)
        self.asked.emit(question)
        begun = self._bridge.services.tasks.begin(self.task.kind, request)
        self._bridge.ask(begun, partial(self._on_asked, self.scope), self.refuse)

    def ask_again(self) -> None:
        """Ask the last question again, if no model could answer it."""
        if self.is_unanswered:
            self.begin_again()

    def begin_again(self) -> None:
        """Ask the last question again: another model may be in use by now."""
        if self.item:
            self.reading.emit(_("Waiting for the model…"), 0, 0)
            begun = self._bridge.services.tasks.again(self.item)
            self._bridge.ask(begun, self._on_again, self.refuse)

    def cancel(self) -> None:
        if self.item:
            self._bridge.services.tasks.stop(self.item)

    def _on_asked(self, scope: object, item: Item) -> None:
        if scope == self.scope:  # else another document was shown meanwhile
            self.items.set_current(item.id)
            self._show_anew()
        self.items.refresh()

    def refuse(self, problem: Problem) -> None:
        self.reading.emit("", 0, 0)
        super().refuse(problem)

    # ---- follow

    def _is_shown(self, view: TaskView[Any, Any]) -> bool:
        if self._collection:
            return bool(view.item.id == self.item)
        return super()._is_shown(view)

    def _on_opened(self, opened: Opened) -> None:
        super()._on_opened(opened)
        view, report = opened
        if view.item.id != self.item:
            return
        awaited = [
            "",
            *(statement.id for statement in report.statements if statement.is_open),
        ]
        if awaited[-1] != self._message:
            self._message, self._live = awaited[-1], AnswerProgress()
            self._told = _("The answer is on its way…"), 0, 0
        self.reading.emit(*(self._told if self._message else ("", 0, 0)))

    def _on_planned(self, event: QuestionPlanned) -> None:
        if event.item == self.item:
            self._message = event.message
            what = _("the whole text")
            if not event.is_whole:
                what = _("the {passages} passages that fit best").format(
                    passages=event.passages
                )
            self._live = AnswerProgress(began=self._clock(), now=self._clock())
            self._tick.start()
            self._tell(_("The model reads {what}…").format(what=what))

    def _on_prompt(self, event: PromptProgress) -> None:
        if event.message == self._message and event.total:
            self._live = self._live.reading(event.read, event.total, self._clock())
            self._say()

    def _on_words(self, event: MessageGrew) -> None:
        if event.message == self._message:
            self._live = self._live.grown(self._clock())
            if self._live.pieces == 1:
                self._say()

    def _on_tick(self) -> None:
        if not self._message:
            self._tick.stop()
            return
        self._live = changed(self._live, now=self._clock())
        self._say()

    def _say(self) -> None:
        """Say how far the answer is."""
        if self._live.pieces:
            words = self._live.writing_words or _("Writing the answer")
            self._tell(
                _("{words}. Its quotations are checked at its end.").format(words=words)
            )
        elif self._live.total:
            self._tell(self._live.reading_words, self._live.read, self._live.total)

    def _tell(self, words: str, read: int = 0, total: int = 0) -> None:
        self._told = words, read, total
        self.reading.emit(*self._told)

    def _on_answered(self, event: QuestionAnswered) -> None:
        if event.item == self.item:
            self.is_unanswered = event.answered.is_quoted
            self.answered.emit(event.answered)
