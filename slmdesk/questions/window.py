"""The pane for questions: an answer, and below it the quotations from the documents, each with its page."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from slmdesk.base.record import changed
from slmdesk.base.records import Item, Message, Status
from slmdesk.base.texts import _, in_quotes
from slmdesk.base.types import page_sign
from slmdesk.chat.conversation import SentMessage
from slmdesk.library.search import Citation
from slmdesk.library.types import PageKinds, kind_in
from slmdesk.questions.prompt import Answered
from slmdesk.questions.service import KIND
from slmdesk.questions.types import AskedQuestion, AskRequest, QuestionAnswered, QuestionPlanned
from slmdesk.runtime import events
from slmdesk.runtime.events import MessageEnded, MessageGrew, PromptProgress
from slmdesk.runtime.messages import Problem
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.clipboard import copy_text
from slmdesk.window.base.live import Live
from slmdesk.window.base.text import TICK_MS, AnswerProgress
from slmdesk.window.panes import EarlierBox, ItemsController
from slmdesk.window.widgets.build import (
    breakable,
    button,
    column,
    dictate_button,
    flow,
    named,
    plain_label,
    row,
    settle,
    show_column,
    text_line,
    tool_button,
)
from slmdesk.window.widgets.notices import give_export_menu
from slmdesk.window.widgets.requests import pop_up_words_menu
from slmdesk.window.widgets.rows import CitedRow, empty_layout

HINT = _("Answers come only from what was read here, with quotations.")
MOST_SHOWN = 20
CUT_WORDS = {
    Status.CANCELLED: _("The answer was stopped."),
    Status.INTERRUPTED: _("The program ended before the answer did."),
    Status.FAILED: _("There was no answer."),
}


class CitationRow(CitedRow):
    def __init__(self, citation: Citation, place: str, parent: QWidget) -> None:
        super().__init__(in_quotes(citation.quote), place, parent, name="citation", sign=place, kind="read")
        self.citation = citation


class QuestionPane(QScrollArea):
    citation_chosen = Signal(object)
    citation_pointed_at = Signal(object)
    export_requested = Signal(str)

    def __init__(
        self, controller: QuestionController, parent: QWidget | None = None, *, about: str = "document"
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._what = about
        self._prefix = "" if about == "document" else f"{about}_"
        named(self, f"{self._prefix}question_pane", label=_("Questions"))
        self._names: Mapping[str, str] = {}
        self._kinds: PageKinds = "page"
        self._follows = True
        """Whether the end stays in view, as it does from a question on until a person chooses a quotation."""
        self._texts: list[str] = []
        self.rows: list[CitationRow] = []
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        inner = named(QFrame(self), self._prefix + "question_inner")
        hint = _("Ask this document") if self._what == "document" else _("Ask all documents of this folder")
        self._line = text_line(self._prefix + "question_line", inner, hint, label=hint)
        self._dictate = dictate_button(self._controller.bridge, self._line, inner, self._prefix + "question_")
        self._ask = button(_("Ask"), self._prefix + "ask_button", inner, kind="primary", on=self._on_ask)
        self.earlier = EarlierBox(inner, name=self._prefix + "earlier_questions")
        self._hint = plain_label(HINT, inner, name=self._prefix + "question_hint", kind="muted")
        self._busy = self._busy_bar(inner)
        self._foot = self._foot_bar(inner)
        self._list = column(gap=theme.SPACE_4)
        line = row((self._line, 1), self._dictate, self._ask)
        self._suggested = flow(gap=theme.SPACE_8)
        parts = (self.earlier, self._list, self._busy, self._foot, 1, self._suggested, self._hint, line)
        margins = (theme.SPACE_16 + theme.SPACE_4, 0, theme.SPACE_12, theme.SPACE_12)
        column(*parts, into=inner, gap=theme.SPACE_8, margins=margins)
        show_column(self, inner)
        self.setFocusProxy(self._line)
        self.clear()

    def _busy_bar(self, parent: QWidget) -> QFrame:
        bar = named(QFrame(parent), self._prefix + "question_busy")
        self._words = plain_label("", bar, name=self._prefix + "question_words", kind="muted")
        name = self._prefix + "stop_question_button"
        self._stop = button(_("Stop"), name, bar, label=_("Stop the answer"), on=self._controller.stop)
        row((self._words, 1), self._stop, into=bar)
        return bar

    def _foot_bar(self, parent: QWidget) -> QFrame:
        bar = named(QFrame(parent), self._prefix + "question_foot")
        label, tip = _("New conversation"), _("The next question does not follow these")
        name, anew = self._prefix + "new_questions_button", self._controller.restart
        restart = button(_("New conversation"), name, bar, label=label, tip=tip, on=anew)
        tip = _("Copy questions, answers and quotations with file and page")
        copy = button(_("Copy with sources"), self._prefix + "copy_answers_button", bar, tip=tip, on=self._on_copy)
        self._copied = plain_label(_("Copied."), bar, name=self._prefix + "answers_copied", kind="muted", wraps=False)
        label = _("Export these questions and answers")
        name = self._prefix + "export_questions_button"
        self.export = tool_button(name, bar, icon="download", label=label, tip=label)
        give_export_menu(self.export, self.export_requested.emit)
        flow(copy, self.export, restart, self.earlier.only, self._copied, gap=theme.SPACE_8, into=bar)
        return bar

    def _on_range(self, _least: int, most: int) -> None:
        """Keep the newest question and the field in view while an answer grows."""
        if self._follows:
            self.verticalScrollBar().setValue(most)

    def _connect(self) -> None:
        controller = self._controller
        self.verticalScrollBar().rangeChanged.connect(self._on_range)
        self._line.returnPressed.connect(self._on_ask)
        self.earlier.follow(controller.items, controller.choose)
        controller.asked.connect(self.show_asked)
        controller.progressed.connect(self.show_progress)
        controller.answered.connect(self.show_answer)
        controller.ended.connect(self.show_ended)
        controller.emptied.connect(self.clear)
        controller.suggested.changed.connect(self.show_suggested)
        controller.opened.connect(self.show_turns)

    def name_documents(self, names: Mapping[str, str], kinds: PageKinds = "page") -> None:
        self._names, self._kinds = names, kinds

    @property
    def title(self) -> str:
        """Return the first question, which exports use as a file name."""
        return self._texts[0] if self._texts else _("Questions")

    def clear(self) -> None:
        self._texts, self.rows = [], []
        empty_layout(self._list)
        self._line.clear()
        self._hint.setVisible(True)
        self.show_suggested()
        self._end()

    def show_suggested(self) -> None:
        empty_layout(self._suggested)
        for at, words in enumerate(() if self._texts else self._controller.suggested.value):
            name, asks = f"{self._prefix}suggested_{at}", partial(self._controller.ask, words)
            self._suggested.addWidget(button(words, name, self, kind="chip", on=asks))

    def show_turns(self, turns: Sequence[AskedQuestion]) -> None:
        self.clear()
        for turn in turns:
            self.show_asked(turn.question)
            if turn.answered is not None:
                self.show_answer(turn.answered, is_new=False)
            elif turn.message.status is not Status.STREAMING:
                self.show_ended(CUT_WORDS.get(turn.message.status, turn.message.text))

    def show_asked(self, question: str) -> None:
        self._hint.setVisible(False)
        empty_layout(self._suggested)
        self._line.clear()
        self._ask.setEnabled(False)  # the next question may be typed meanwhile
        self._foot.setVisible(False)
        if self._list.count():
            self._list.addSpacing(theme.SPACE_16)
        self._add(question, "strong")
        self._follows = True

    def show_progress(self, words: str) -> None:
        self._words.setText(words)
        self._busy.setVisible(True)

    def show_answer(self, answered: Answered, *, is_new: bool = True) -> None:
        """Show an answer and its quotations, which come first where it is doubtful, or else the closest passages."""
        if not answered.missing:
            self._add(answered.answer, "muted" if answered.is_quoted else "")
        self._cite(answered.citations)
        if answered.missing:  # below the text, so that nobody takes it for what the text says
            self._add(_("⚠ Check this: {missing}").format(missing=answered.missing), "warn")
            if answered.answer.split() not in [citation.quote.split() for citation in answered.citations]:
                self._add(answered.answer, "muted")
        if answered.reading_words:
            self._add(answered.reading_words, "small")
        if answered.documents_words:
            self._add(answered.documents_words, "small")
        if answered.dropped:
            words = _("Left out: {dropped} quotations that stand nowhere in the document.")
            self._add(words.format(dropped=answered.dropped), "warn")
        if answered.nearest:
            self._add(_("Closest passages:"), "muted")
            self._cite(answered.nearest)
        self._end()
        if is_new:
            self._line.setFocus()

    def show_ended(self, words: str) -> None:
        self._add(words, "warn")
        self._end()

    def light(self, citations: Sequence[Citation]) -> None:
        lit = [shown for shown in self.rows if shown.citation in citations]
        for shown in self.rows:
            shown.show_lit(shown in lit)
        if lit:
            self.ensureWidgetVisible(lit[0])

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._texts:
            words = "\n\n".join(self._texts)
            pop_up_words_menu(self, event.globalPos(), _("Translate questions and answers"), words)

    def _on_ask(self) -> None:
        settle(self._dictate)
        words = self._line.text().strip()
        if words and self._ask.isEnabled():
            self._controller.ask(words)

    def _on_copy(self) -> None:
        copy_text("\n\n".join(self._texts))
        self._copied.show()

    def _on_citation(self, row: CitationRow) -> None:
        self._follows = False
        self.light([row.citation])
        self.citation_chosen.emit(row.citation)

    def _cite(self, citations: Sequence[Citation]) -> None:
        for citation in citations[:MOST_SHOWN]:
            file = self._names.get(citation.document, "")
            word = page_sign(kind_in(self._kinds, citation.document))
            place = f"{word} {citation.page}"
            filed = f"{file}, {place}" if file else place
            row = CitationRow(citation, filed if len(self._names) > 1 else place, self)
            text = f"{in_quotes(' '.join(citation.quote.split()))} [{filed}]"
            row.chosen.connect(partial(self._on_citation, row))
            row.pointed_at.connect(partial(self._on_pointed_at, citation))
            row.copy_requested.connect(partial(copy_text, text))
            self._texts.append(text)
            QWidget.setTabOrder(self.rows[-1] if self.rows else self._stop, row)
            self.rows.append(row)
            self._list.addWidget(row)

    def _on_pointed_at(self, citation: Citation, is_there: bool) -> None:
        self.citation_pointed_at.emit(citation if is_there else None)

    def _add(self, words: str, kind: str) -> None:
        if words:
            self._texts.append(words)
            self._list.addWidget(plain_label(breakable(words), self, name="question_part", kind=kind))

    def _end(self) -> None:
        self._busy.setVisible(False)
        self._ask.setEnabled(True)
        self._foot.setVisible(bool(self._texts))
        self._copied.hide()
        self.export.setEnabled(bool(self._texts))


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
        self.bridge = self._bridge = bridge
        self._clock = clock
        self._live = AnswerProgress()
        self._tick = QTimer(self, interval=TICK_MS)
        self._tick.timeout.connect(self._on_tick)
        self.items = ItemsController(bridge, KIND, self)
        self.document = self._collection = ""
        self._together: tuple[str, ...] = ()
        self._question = self._unanswered = ""
        """The last question, and whether no model could answer it: then passages are shown."""
        self._message = ""
        self.suggested: Live[Sequence[str]] = Live(bridge, self, self._ask_suggested, ())
        self.items.current_gone.connect(self.restart)
        self.items.restored.connect(self._on_restored)
        bridge.on(QuestionPlanned, self._on_planned)
        bridge.on(QuestionAnswered, self._on_answered)
        bridge.on(PromptProgress, self._on_prompt)
        bridge.on(MessageGrew, self._on_grew)
        bridge.on(MessageEnded, self._on_ended)

    @property
    def item(self) -> str | None:
        """Item of the shown questions; None until a first question creates it."""
        return self.items.current or None

    def show_document(self, document: str) -> None:
        if document == self.document:
            return
        self.document = document
        if document in self._together:
            return
        self._together = ()
        self.suggested.put(())
        self.suggested.again()
        self.restart()
        self.items.show_document(document, self._open_newest)

    def _ask_suggested(self) -> Any:
        is_alone = self.document and not self._together
        return self._bridge.services.questions.suggested(self.document) if is_alone else None

    def show_together(self, documents: tuple[str, ...]) -> None:
        """Ask several documents, of which one is shown, until another one is shown."""
        self._together = documents
        self.suggested.put(())
        self.restart()

    def show_collection(self, collection: str) -> None:
        if collection != self._collection:
            self._collection = collection
            self.restart()

    def choose(self, item: str) -> None:
        self._bridge.ask(self._bridge.services.questions.turns(item), partial(self._on_opened, item))

    def restart(self) -> None:
        """Start a new conversation with the next question."""
        self._message = self._unanswered = ""
        self.items.set_current("")
        self.emptied.emit()

    def ask(self, question: str) -> None:
        """Ask the shown document or folder. A second question becomes a follow-up of the first."""
        if not (self.document or self._collection) or not question.strip():
            return
        documents = () if self._collection else self._together or (self.document,)
        request = AskRequest(question, documents, collection=self._collection or None, item=self.item)
        self._question = question
        self.asked.emit(request.question)
        self.progressed.emit(_("Waiting for the model…"))
        self._bridge.ask(self._bridge.services.questions.ask(request), self._on_sent, self._on_refused)

    def ask_again(self) -> None:
        """Ask the last question again, if no model could answer it."""
        self.ask(self._unanswered)

    def stop(self) -> None:
        message = self._message
        if message:
            self._bridge.services.questions.stop(message)

    def _on_sent(self, sent: SentMessage) -> None:
        self.items.set_current(sent.item.id)
        self._message = sent.answer.id
        self.items.refresh()

    def _on_refused(self, problem: Problem) -> None:
        self.ended.emit(problem.sentence)
        if problem.report:
            self._bridge.problem_met.emit(problem)

    def _on_opened(self, item: str, turns: Sequence[AskedQuestion]) -> None:
        self.items.set_current(item)
        self.opened.emit(list(turns))
        last = turns[-1].message if turns else None
        self._message = ""
        if last is not None and last.status is Status.STREAMING:
            self._message = last.id
            self.progressed.emit(_("The answer is on its way…"))

    def _on_planned(self, event: QuestionPlanned) -> None:
        if event.item == self.item:
            self._message = event.message
            what = _("the whole text") if event.is_whole else _("the {passages} passages that fit best")
            what = what.format(passages=event.passages)
            self._live = AnswerProgress(began=self._clock(), now=self._clock())
            self._tick.start()
            self.progressed.emit(_("The model reads {what}…").format(what=what))

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
            words = self._live.writing_words or _("Writing the answer")
            self.progressed.emit(_("{words}. Its quotations are checked at its end.").format(words=words))
        elif self._live.total:
            self.progressed.emit(self._live.reading_words)

    def _on_answered(self, event: QuestionAnswered) -> None:
        if event.item == self.item:
            self._message = ""
            self._unanswered = self._question if event.answered.is_quoted else ""
            self.answered.emit(event.answered)

    def _on_ended(self, event: events.MessageEnded) -> None:
        message: Message = event.message
        if message.item == self.item and message.status is not Status.COMPLETE:
            self._message = ""
            self.ended.emit(event.problem.sentence if event.problem else _("The answer was stopped."))

    def _on_restored(self, item: str) -> None:
        if self.item is None:
            self.choose(item)

    def _open_newest(self, items: Sequence[Item]) -> None:
        if items and self.item is None:
            self.choose(items[0].id)
