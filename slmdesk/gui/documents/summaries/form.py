"""The form for a new summary: kind, length, focus, instruction."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QFrame, QWidget

from slmdesk.gui.base import theme
from slmdesk.gui.widgets.build import button, column, row, text_line
from slmdesk.gui.widgets.choice import Choice
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.shield import Shield
from slmdesk.services.summaries.papers import Paper
from slmdesk.services.summaries.prompts import Kind, Length

KINDS = [
    (Kind.BULLETS, "Bullet points"),
    (Kind.PARAGRAPH, "A paragraph"),
    (Kind.EXECUTIVE, "Decisions, dates, amounts"),
    (Kind.SECTIONS, "By section"),
    (Kind.SIMPLE, "In everyday words"),
    (Kind.OWN, "As I say below"),
]
PAPERS = [
    (Paper.AUTO, "Any document"),
    (Paper.CONTRACT, "A contract"),
    (Paper.MINUTES, "Minutes"),
    (Paper.REPORT, "A report"),
    (Paper.LETTER, "A letter or mail"),
    (Paper.ARTICLE, "An article"),
]
"""The first stands for whichever of the others fits the words of the document."""
NO_FOLDER = "A whole folder cannot be shown before it is redacted. Switch the shield off, or summarize one by one."
LEAST_LETTERS = 6
LENGTHS = [(Length.SHORT, "short"), (Length.MEDIUM, "medium"), (Length.LONG, "long")]


class SummaryForm(QFrame):
    summary_requested = Signal(object, object, str, str, object)
    folder_requested = Signal(object)
    said = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("summary_form")
        self._build_ui()
        self._focus.returnPressed.connect(self._on_begin)
        self._kind.currentIndexChanged.connect(self._on_kind)

    def _build_ui(self) -> None:
        self._kind = named(Choice(list(KINDS), self), "summary_kind", label="What the summary is like")
        self._length = named(Choice(list(LENGTHS), self), "summary_length", label="How long the summary is")
        self._length.show_value(Length.MEDIUM)
        self._paper = named(Choice(list(PAPERS), self), "summary_paper", label="What sort of document it is")
        self._paper.setToolTip("Minutes keep every decision and action; “any” goes by the words of the document")
        for choice in (self._kind, self._length, self._paper):  # long values must not widen the pane
            choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            choice.setMinimumContentsLength(LEAST_LETTERS)
        label = "What the summary focuses on; may be empty"
        self._focus = text_line("summary_focus", self, "Focus on…", label=label)
        self.shield = Shield("redact_summary_button", self)
        self._begin = button("Summarize", "summarize_button", self, kind="primary", on=self._on_begin)
        tip = "One summary for each document in a folder and one of all, written as files"
        self._folder = button(
            "Summarize a whole folder…", "summarize_folder_button", self, kind="quiet", tip=tip, on=self._on_folder
        )
        self._choices = row((self._kind, 3), (self._length, 2))
        line, left = row((self._focus, 1), self.shield, self._begin), Qt.AlignmentFlag.AlignLeft
        column(self._choices, self._paper, line, (self._folder, left), into=self, gap=theme.SPACE_8)

    def allow(self, is_allowed: bool) -> None:
        """Enable or disable the button that begins a summary."""
        self._begin.setEnabled(is_allowed)

    def allow_folder(self, is_allowed: bool) -> None:
        self._folder.setEnabled(is_allowed)

    @property
    def request(self) -> tuple[Kind, Length, str, str, Paper]:
        kind = Kind(self._kind.currentData())  # Qt keeps an enum's text alone
        words = self._focus.text().strip()
        focus, instruction = ("", words) if kind is Kind.OWN else (words, "")
        return kind, Length(self._length.currentData()), focus, instruction, Paper(self._paper.currentData())

    def is_whole(self) -> bool:
        """Whether the form is complete; else `said` is emitted."""
        kind, _, _, instruction, _ = self.request
        if kind is Kind.OWN and not instruction:
            self.said.emit("Say above what the summary is to be like.")
            self._focus.setFocus()
            return False
        return True

    def _on_begin(self) -> None:
        if self._begin.isEnabled() and self.is_whole():
            self.summary_requested.emit(*self.request)

    def _on_folder(self) -> None:
        if self.shield.isChecked():
            self.said.emit(NO_FOLDER)
        elif self.is_whole():
            self.folder_requested.emit(self.request)

    def _on_kind(self) -> None:
        is_own = self._kind.currentData() == Kind.OWN
        self._focus.setPlaceholderText("What it is to be like" if is_own else "Focus on…")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._arrange()

    def _arrange(self) -> None:
        letters = self._kind.fontMetrics()
        frame = self._kind.sizeHint().width() - LEAST_LETTERS * letters.horizontalAdvance("X")
        requested = frame + max(letters.horizontalAdvance(words) for _, words in KINDS)
        has_space = (self.width() - self._choices.spacing()) * 3 // 5 >= requested
        way = QBoxLayout.Direction.LeftToRight if has_space else QBoxLayout.Direction.TopToBottom
        if self._choices.direction() is not way:
            self._choices.setDirection(way)
