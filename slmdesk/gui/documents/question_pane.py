"""Questions beside the pages: an answer, and under it the quotations that stand in the document, each with its page."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget

from slmdesk.gui import theme
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.text import breakable, plain_label
from slmdesk.services.question_prompt import Answered, Citation

HINT = (
    "The answer quotes the document, and each quotation opens its page. What the document does not say is not answered."
)
MOST_SHOWN = 20


class CitationRow(QFrame):
    """A quotation.  Emits `chosen`."""

    chosen = Signal()

    def __init__(self, citation: Citation, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("citation")
        self.setProperty("kind", "row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.citation = citation
        self.setAccessibleName(f"“{citation.quote}”, page {citation.page}")
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_12, theme.SPACE_4, theme.SPACE_12, theme.SPACE_4)
        column.setSpacing(2)
        column.addWidget(plain_label(breakable(f"“{citation.quote}”"), self, name="citation_quote"))
        column.addWidget(plain_label(f"p. {citation.page}", self, name="citation_page", kind="small"))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Go to it."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes to it, too."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit()
        else:
            super().keyPressEvent(event)


class QuestionPane(QScrollArea):
    """Emits `question_asked` with words, `citation_chosen` with a Citation, `stop_requested`."""

    question_asked = Signal(str)
    citation_chosen = Signal(object)
    stop_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("question_pane")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._build_ui()
        self._line.returnPressed.connect(self._on_ask)
        self._ask.clicked.connect(self._on_ask)
        self._stop.clicked.connect(self.stop_requested)

    def _build_ui(self) -> None:
        inner = named(QFrame(self), "question_inner")
        self._line = named(QLineEdit(inner), "question_line")
        self._line.setPlaceholderText("Ask this document")
        self._line.setAccessibleName("A question to the document")
        self._ask = named(QPushButton("Ask", inner), "ask_button")
        self._ask.setProperty("kind", "primary")
        self._hint = plain_label(HINT, inner, name="question_hint", kind="muted")
        self._busy = named(QFrame(inner), "question_busy")
        self._words = plain_label("", self._busy, name="question_words", kind="muted")
        self._stop = named(QPushButton("Stop", self._busy), "stop_question_button")
        self._stop.setAccessibleName("Stop the answer")
        row = QHBoxLayout(self._busy)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._words, 1)
        row.addWidget(self._stop)
        self._list = QVBoxLayout()
        self._list.setSpacing(theme.SPACE_4)
        line = QHBoxLayout()
        line.addWidget(self._line, 1)
        line.addWidget(self._ask)
        column = QVBoxLayout(inner)
        column.setContentsMargins(theme.SPACE_12, theme.SPACE_12, theme.SPACE_12, theme.SPACE_12)
        column.setSpacing(theme.SPACE_8)
        column.addLayout(line)
        column.addWidget(self._hint)
        column.addLayout(self._list)
        column.addWidget(self._busy)
        column.addStretch(1)
        self.setWidget(inner)
        self._busy.setVisible(False)

    @Slot()
    def clear(self) -> None:
        """Another document is on show."""
        while self._list.count():
            item = self._list.itemAt(0)
            widget = item.widget() if item else None
            if widget is None:
                break
            self._list.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._line.clear()
        self._hint.setVisible(True)
        self._end()

    @Slot(str)
    def show_asked(self, question: str) -> None:
        """A question is on its way."""
        self._hint.setVisible(False)
        self._line.clear()
        self._line.setEnabled(False)
        self._ask.setEnabled(False)
        self._add(question, "strong")

    @Slot(str)
    def show_progress(self, words: str) -> None:
        """How far it is."""
        self._words.setText(words)
        self._busy.setVisible(True)

    @Slot(object)
    def show_answer(self, answered: Answered) -> None:
        """The answer with its quotations; without any, where the document comes closest."""
        self._end()
        if answered.is_quoted:
            self._add("This model is too weak to answer by itself. These passages fit the question best:", "muted")
        elif not answered.found:
            self._add("Not found in this document.", "")
        else:
            self._add(answered.answer, "")
        self._cite(answered.citations)
        if answered.dropped:
            self._add(f"Left out: {answered.dropped} quotations that stand nowhere in the document.", "warn")
        if answered.nearest:
            if not answered.is_quoted:
                self._add("The passages that come closest:", "muted")
            self._cite(answered.nearest)
        self._line.setFocus()

    @Slot(str)
    def show_ended(self, words: str) -> None:
        """There is no answer."""
        self._end()
        self._add(words, "warn")

    @Slot()
    def _on_ask(self) -> None:
        if words := self._line.text().strip():
            self.question_asked.emit(words)

    def _cite(self, citations: Sequence[Citation]) -> None:
        for citation in citations[:MOST_SHOWN]:
            row = CitationRow(citation, self)
            row.chosen.connect(lambda chosen=citation: self.citation_chosen.emit(chosen))
            self._list.addWidget(row)

    def _add(self, words: str, kind: str) -> None:
        self._list.addWidget(plain_label(breakable(words), self, name="question_part", kind=kind))

    def _end(self) -> None:
        self._busy.setVisible(False)
        self._line.setEnabled(True)
        self._ask.setEnabled(True)
