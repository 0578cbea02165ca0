"""Above a summary: how long it is and of what sort of document; behind *Other…* what else can be asked for."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QApplication, QFrame, QToolButton, QWidget

from slmdesk.summaries.papers import Paper
from slmdesk.summaries.prompts import Kind, Length
from slmdesk.summaries.types import SummaryRequest
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column, flow, row, text_line, tool_button
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.export_menu import give_export_menu
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.shield import Shield

KINDS = [
    (Kind.BULLETS, "Bullet points"), (Kind.PARAGRAPH, "A paragraph"), (Kind.SECTIONS, "By section"),
    (Kind.SIMPLE, "In everyday words"), (Kind.OWN, "As I say below"),
]  # fmt: skip
PAPERS = [
    (Paper.AUTO, "Auto"), (Paper.CONTRACT, "Contract"), (Paper.MINUTES, "Minutes"), (Paper.REPORT, "Report"),
    (Paper.LETTER, "Letter"), (Paper.ARTICLE, "Text"),
]  # fmt: skip
LENGTHS = [(Length.SHORT, "Short"), (Length.MEDIUM, "Medium"), (Length.LONG, "Long")]
NO_FOLDER = "A whole folder cannot be shown before it is redacted. Switch the shield off, or summarize one by one."


class SummaryForm(QFrame):
    summary_requested = Signal(object)
    folder_requested = Signal(object)
    changed = Signal(object)
    """Another length or sort of document was chosen for the shown summary: what of its request changes."""
    copy_requested = Signal()
    export_requested = Signal(str)
    said = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("summary_form")
        self.last_length: str = Length.MEDIUM.value
        self._has_summary, self._is_allowed = False, True
        self._build_ui()
        self._focus.returnPressed.connect(self._begin.click)
        self._kind.currentIndexChanged.connect(self._on_kind)
        self._length.value_chosen.connect(self._on_length)
        self._paper.value_chosen.connect(lambda value: self._change(paper=Paper(value)))
        self.show_request(None)

    def _build_ui(self) -> None:
        label = "What sort of document it is"
        self._length = named(Choice(list(LENGTHS), self), "summary_length", label="How long it is", kind="quiet")
        self._paper = named(Choice(list(PAPERS), self), "summary_paper", label=label, tip=label, kind="quiet")
        tip = "Summarize in another way, or a whole folder"
        self._other = tool_button("summary_other_button", self, "Other…", kind="small", tip=tip)
        self._other.setCheckable(True)
        self._other.toggled.connect(self._settle)
        tip, copied = "Copy with pages, and what was read", self.copy_requested.emit
        self._copy = tool_button("copy_summary_button", self, icon="copy", label=tip, tip=tip, on=copied)
        tip = "Export this summary"
        self._export = tool_button("export_summary_button", self, icon="download", label=tip, tip=tip)
        self._export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        give_export_menu(self._export, self.export_requested.emit)
        self._more = named(QFrame(self), "summary_other")
        self._kind = named(Choice(list(KINDS), self._more), "summary_kind", label="What the summary is like")
        label = "What the summary focuses on; may be empty"
        self._focus = text_line("summary_focus", self._more, "Focus on…", label=label)
        self.shield = Shield("redact_summary_button", self._more)
        column(self._kind, row((self._focus, 1), self.shield), into=self._more, gap=theme.SPACE_8)
        self._begin = button("Summarize", "summarize_button", self, kind="primary")
        self._begin.clicked.connect(lambda: self._ask(self.summary_requested))
        tip = "One summary for each document in a folder and one of all, written as files"
        self._folder = button("A whole folder…", "summarize_folder_button", self, tip=tip, on=self._on_folder)
        self._first, self._last = flow(self._length, self._paper, gap=0), flow(gap=theme.SPACE_8)
        top = Qt.AlignmentFlag.AlignTop
        line = row((self._first, 1), (self._other, top), (self._copy, top), (self._export, top), gap=0)
        column(line, self._more, self._last, into=self, gap=theme.SPACE_8)

    def allow(self, is_allowed: bool) -> None:
        self._is_allowed = is_allowed
        self._settle()

    def use_length(self, length: str) -> None:
        """Take what was used last in an earlier run; other words change nothing."""
        if length in [one.value for one, _ in LENGTHS]:
            self.last_length = length

    def show_request(self, request: SummaryRequest | None, paper: str = Paper.AUTO) -> None:
        """Show what was asked for the shown summary, and what sort of document it is of; None: no summary is shown."""
        self._has_summary = request is not None
        self._length.show_value(request.length if request else self.last_length)
        self._paper.show_value(paper)
        self._settle()

    @property
    def request(self) -> SummaryRequest:
        """What is asked for, of no document yet; what is folded away does not count."""
        length, kind = self._length.currentData(), Kind(self._kind.currentData())  # Qt keeps an enum's text alone
        length = Length(length) if isinstance(length, str) else length
        if not self._other.isChecked():
            return SummaryRequest((), length=length)
        words, paper = self._focus.text().strip(), Paper(self._paper.currentData())
        focus, instruction = ("", words) if kind is Kind.OWN else (words, "")
        return SummaryRequest((), kind, length, "", focus, instruction, paper=paper, redact=self.shield.isChecked())

    def _on_folder(self) -> None:
        if self.shield.isChecked():
            self.said.emit(NO_FOLDER)
        else:
            self._ask(self.folder_requested)

    def _ask(self, signal: SignalInstance) -> None:
        if self.request.kind is Kind.OWN and not self.request.instruction:
            self.said.emit("Say what the summary is to be like.")
            self._focus.setFocus()
        else:
            signal.emit(self.request)

    def _on_kind(self) -> None:
        is_own = self._kind.currentData() == Kind.OWN
        self._focus.setPlaceholderText("What it is to be like" if is_own else "Focus on…")

    def _on_length(self, value: object) -> None:
        if isinstance(value, str):
            self.last_length = value
            self._change(length=Length(value))

    def _change(self, **changes: object) -> None:
        if self._has_summary and not self._other.isChecked():  # else it is a part of the form
            self.changed.emit(changes)

    def _settle(self) -> None:
        """Show the parts that are of use now; the focus of one that is not goes to the form's proxy."""
        is_open, focus = self._other.isChecked(), QApplication.focusWidget()
        (self._last if is_open else self._first).addWidget(self._begin)  # after what it takes
        self._last.addWidget(self._folder)
        for one, is_shown in (
            (self._length, is_open or self._has_summary), (self._paper, is_open or self._has_summary),
            (self._more, is_open), (self._folder, is_open), (self._begin, is_open or not self._has_summary),
            (self._copy, self._has_summary), (self._export, self._has_summary),
        ):  # fmt: skip
            one.setVisible(is_shown)
        for one in (self._begin, self._folder):
            one.setEnabled(self._is_allowed)
        if focus and self.isAncestorOf(focus) and not (focus.isVisible() and focus.isEnabled()):
            self.setFocus()
