"""The pane of questions: an answer, and below it quotations from the document, each with its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from slmdesk.base.records import Status
from slmdesk.library.citations import PAGE_WORDS, PageKinds, kind_in
from slmdesk.library.nearest import Citation
from slmdesk.questions.prompt import Answered
from slmdesk.questions.types import AskedQuestion
from slmdesk.questions.window.controller import QuestionController
from slmdesk.window.base import theme
from slmdesk.window.base.clipboard import copy_text
from slmdesk.window.panes.earlier import EarlierBox
from slmdesk.window.panes.redaction_dialog import show_before
from slmdesk.window.widgets.build import button, column, flow, row, text_line
from slmdesk.window.widgets.cited_row import CitedRow
from slmdesk.window.widgets.clear_layout import empty_layout
from slmdesk.window.widgets.export_menu import give_export_menu
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.scroll_column import show_column
from slmdesk.window.widgets.shield import Shield
from slmdesk.window.widgets.text import breakable, plain_label
from slmdesk.window.widgets.translate_request import pop_up_words_menu

HINT = (
    "The answer quotes the document, and each quotation opens its page. What the document does not say is not answered."
)
MOST_SHOWN = 20
CUT_WORDS = {
    Status.CANCELLED: "The answer was stopped.",
    Status.INTERRUPTED: "The program ended before the answer did.",
    Status.FAILED: "There was no answer.",
}


class CitationRow(CitedRow):
    def __init__(self, citation: Citation, place: str, parent: QWidget) -> None:
        super().__init__(f"“{citation.quote}”", place, parent, name="citation")
        self.citation = citation


class QuestionPane(QScrollArea):
    citation_chosen = Signal(object)
    citation_pointed_at = Signal(object)
    export_requested = Signal(str)

    def __init__(self, controller: QuestionController, parent: QWidget, *, about: str = "document") -> None:
        super().__init__(parent)
        self._controller = controller
        self._what = about
        self._prefix = "" if about == "document" else f"{about}_"
        self.setObjectName(self._prefix + "question_pane")
        self._names: Mapping[str, str] = {}
        self._kinds: PageKinds = "page"
        self._texts: list[str] = []
        self.rows: list[CitationRow] = []
        self._at = self._row_at = 0
        """Where the next part and the next row of the newest question go: it stands above the older ones."""
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        inner = named(QFrame(self), self._prefix + "question_inner")
        hint = "Ask this document" if self._what == "document" else "Ask all documents of this folder"
        label = f"A question to the {self._what}"
        self._line = text_line(self._prefix + "question_line", inner, hint, label=label)
        self._shield = Shield(self._prefix + "redact_questions_button", inner)
        self._ask = button("Ask", self._prefix + "ask_button", inner, kind="primary", on=self._on_ask)
        self.earlier = EarlierBox(inner, name=self._prefix + "earlier_questions")
        self._hint = plain_label(HINT, inner, name=self._prefix + "question_hint", kind="muted")
        self._busy = self._busy_bar(inner)
        self._foot = self._foot_bar(inner)
        self._list = column(gap=theme.SPACE_4)
        line = row((self._line, 1), self._shield, self._ask)
        parts = (line, self.earlier, self._hint, self._busy, self._list, self._foot, 1)
        margins = (theme.SPACE_12, theme.SPACE_4, theme.SPACE_12, theme.SPACE_12)
        column(*parts, into=inner, gap=theme.SPACE_8, margins=margins)
        show_column(self, inner)
        self.setFocusProxy(self._line)
        self.clear()

    def _busy_bar(self, parent: QWidget) -> QFrame:
        bar = named(QFrame(parent), self._prefix + "question_busy")
        self._words = plain_label("", bar, name=self._prefix + "question_words", kind="muted")
        name = self._prefix + "stop_question_button"
        self._stop = button("Stop", name, bar, label="Stop the answer", on=self._controller.stop)
        row((self._words, 1), self._stop, into=bar)
        return bar

    def _foot_bar(self, parent: QWidget) -> QFrame:
        bar = named(QFrame(parent), self._prefix + "question_foot")
        label, tip = "Begin new questions", "Begin anew: the next question does not follow these"
        name, anew = self._prefix + "new_questions_button", self._controller.restart
        restart = button("New", name, bar, label=label, tip=tip, on=anew)
        tip = "Copy questions, answers and quotations with file and page"
        copy = button("Copy with pages", self._prefix + "copy_answers_button", bar, tip=tip, on=self._on_copy)
        label = "Export these questions and answers"
        export = button("Export…", self._prefix + "export_questions_button", bar, label=label)
        give_export_menu(export, self.export_requested.emit)
        flow(copy, export, restart, gap=theme.SPACE_8, into=bar)
        return bar

    def _connect(self) -> None:
        controller = self._controller
        self._line.returnPressed.connect(self._on_ask)
        self.earlier.follow(controller.items, controller.choose)
        controller.asked.connect(self.show_asked)
        controller.progressed.connect(self.show_progress)
        controller.answered.connect(self.show_answer)
        controller.ended.connect(self.show_ended)
        controller.emptied.connect(self.clear)
        controller.opened.connect(self.show_turns)
        show_before(controller.redaction, self, "Ask", "The question and the text")

    # ---- what is shown

    def name_documents(self, names: Mapping[str, str], kinds: PageKinds = "page") -> None:
        self._names, self._kinds = names, kinds

    @property
    def redacts(self) -> bool:
        return self._shield.isChecked()

    @property
    def title(self) -> str:
        """The first question, as a file name for exports."""
        return self._texts[0] if self._texts else "Questions"

    def clear(self) -> None:
        self._texts, self.rows = [], []
        self._at = self._row_at = 0
        empty_layout(self._list)
        self._line.clear()
        self._hint.setVisible(True)
        self._end()

    def show_turns(self, turns: Sequence[AskedQuestion]) -> None:
        self.clear()
        self._shield.setChecked(bool(turns and turns[-1].answered and turns[-1].answered.redaction))
        for turn in turns:
            self.show_asked(turn.question)
            if turn.answered is not None:
                self.show_answer(turn.answered, is_new=False)
            elif turn.message.status is not Status.STREAMING:
                self.show_ended(CUT_WORDS.get(turn.message.status, turn.message.text))

    def show_asked(self, question: str) -> None:
        self._hint.setVisible(False)
        self._line.clear()
        self._ask.setEnabled(False)  # the next question may be typed meanwhile
        self._foot.setVisible(False)
        self._at = self._row_at = 0
        if self._list.count():
            self._list.insertSpacing(0, theme.SPACE_16)
        self._add(question, "strong")
        self.verticalScrollBar().setValue(0)

    def show_progress(self, words: str) -> None:
        self._words.setText(words)
        self._busy.setVisible(True)

    def show_answer(self, answered: Answered, *, is_new: bool = True) -> None:
        """Show the answer with its quotations; if it has none, the passages that come closest."""
        if answered.is_quoted:
            self._add("This model is too weak to answer by itself. These passages fit the question best:", "muted")
        else:
            self._add(answered.answer, "")
        if answered.missing:
            self._add(f"⚠ Check this: {answered.missing}", "warn")
        self._cite(answered.citations)
        if answered.reading_words:
            self._add(answered.reading_words, "small")
        if answered.documents_words:
            self._add(answered.documents_words, "small")
        if answered.redaction:
            self._add(answered.redaction.words, "small")
        if answered.dropped:
            self._add(f"Left out: {answered.dropped} quotations that stand nowhere in the document.", "warn")
        if answered.nearest:
            if not answered.is_quoted:
                self._add("The passages that come closest:", "muted")
            self._cite(answered.nearest)
        self._end()
        if is_new:
            self._line.setFocus()

    def show_ended(self, words: str) -> None:
        self._add(words, "warn")
        self._end()

    def light(self, citations: Sequence[Citation]) -> None:
        lit = [one for one in self.rows if one.citation in citations]
        for one in self.rows:
            one.show_lit(one in lit)
        if lit:
            self.ensureWidgetVisible(lit[0])

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._texts:
            words = "\n\n".join(self._texts)
            pop_up_words_menu(self, event.globalPos(), "Translate questions and answers", words)

    # ---- events

    def _on_ask(self) -> None:
        words = self._line.text().strip()
        if words and self._ask.isEnabled():
            self._controller.ask(words, redact=self._shield.isChecked())

    def _on_copy(self) -> None:
        copy_text("\n\n".join(self._texts))

    def _on_citation(self, row: CitationRow) -> None:
        self.light([row.citation])
        self.citation_chosen.emit(row.citation)

    # ---- private

    def _cite(self, citations: Sequence[Citation]) -> None:
        for citation in citations[:MOST_SHOWN]:
            file = self._names.get(citation.document, "")
            word = PAGE_WORDS.get(kind_in(self._kinds, citation.document), PAGE_WORDS["page"])[0]
            place = f"{word} {citation.page}"
            filed = f"{file}, {place}" if file else place
            row = CitationRow(citation, filed if len(self._names) > 1 else place, self)
            text = f"“{' '.join(citation.quote.split())}” [{filed}]"
            row.chosen.connect(partial(self._on_citation, row))
            row.pointed_at.connect(partial(self._on_pointed_at, citation))
            row.copy_requested.connect(partial(copy_text, text))
            self._texts.append(text)
            before = self.rows[self._row_at - 1] if self._row_at else self._stop
            QWidget.setTabOrder(before, row)
            self.rows.insert(self._row_at, row)
            self._row_at += 1
            self._put(row)

    def _on_pointed_at(self, citation: Citation, is_there: bool) -> None:
        self.citation_pointed_at.emit(citation if is_there else None)

    def _add(self, words: str, kind: str) -> None:
        if words:
            self._texts.append(words)
            self._put(plain_label(breakable(words), self, name="question_part", kind=kind))

    def _put(self, part: QWidget) -> None:
        self._list.insertWidget(self._at, part)
        self._at += 1

    def _end(self) -> None:
        self._busy.setVisible(False)
        self._ask.setEnabled(True)
        self._foot.setVisible(bool(self._texts))
