"""One answer of a comparison: model, progress, text, measurements."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QWidget

from slmdesk.base.records import Status
from slmdesk.evaluation.comparison_types import ComparedAnswer
from slmdesk.runtime.messages import problem_of
from slmdesk.window.base import theme
from slmdesk.window.base.clipboard import copy_data, copy_text
from slmdesk.window.base.delay import Delay
from slmdesk.window.markdown.builder import COPY_CODE
from slmdesk.window.markdown.parser import Parser
from slmdesk.window.markdown.selected import mime_of_selection
from slmdesk.window.markdown.style import ViewStyle
from slmdesk.window.markdown.tables import SHOW_ALL_ROWS
from slmdesk.window.markdown.text import MessageText
from slmdesk.window.markdown.writer import MessageWriter
from slmdesk.window.widgets.build import column, set_kind
from slmdesk.window.widgets.clear_layout import empty_layout
from slmdesk.window.widgets.link_dialog import ask_about_link
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import breakable, plain_label, show_words

NARROWEST = 29
"""Letters in a line of the narrowest column."""
LEAST_LINES = 4
_ENDS = {
    Status.CANCELLED: ("Stopped. The words so far are kept.", "warn"),
    Status.INTERRUPTED: ("Cut off when the program ended. The words so far are kept.", "warn"),
}


class AnswerText(QScrollArea):
    """One answer as safe Markdown with its own scroll bar; at its end it follows new text."""

    def __init__(self, style: ViewStyle, parser: Parser, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "compared_text", label="Answer")
        self.setWidgetResizable(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # arrows scroll it
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._parser = parser
        self.words, self._has_ended = "", False
        self._more = Delay(self, 0, self._write)
        self._make(style)

    def _make(self, style: ViewStyle) -> None:
        self._text = MessageText(style, self, on_band=False)
        self._text.anchor_chosen.connect(self._on_anchor)
        self._text.copy_requested.connect(self._on_copy)
        self._text.reshaped.connect(self._fit)
        self._writer = MessageWriter(self._text.document(), style, self._parser)
        self.setWidget(self._text)
        self.setMinimumHeight(round(LEAST_LINES * style.line_height))
        self._text.setAutoFillBackground(False)  # which `setWidget` sets

    def set_style(self, style: ViewStyle) -> None:
        words, has_ended = self.words, self._has_ended
        self._make(style)
        self.words, self._has_ended = "", False
        self.show_words(words, has_ended=has_ended)

    def show_words(self, words: str, *, has_ended: bool) -> None:
        """Show this text, which begins with the text shown before."""
        if (words, has_ended) == (self.words, self._has_ended):
            return
        self.words, self._has_ended = words, has_ended
        self._write()

    def sizeHint(self) -> QSize:
        """Minimal height: it takes what the column has left; in a low window the text scrolls first."""
        return QSize(super().sizeHint().width(), self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _write(self) -> None:
        bar = self.verticalScrollBar()
        is_at_end = bar.value() >= bar.maximum() - 4
        more = self._writer.write(self.words, ended=self._has_ended)
        self._fit()
        if is_at_end and not self._has_ended:
            bar.setValue(bar.maximum())
        if more:
            self._more.start()

    def _fit(self) -> None:
        width = max(self.viewport().width(), 40)
        height = self._text.height_at(width)
        if self._text.size().toTuple() != (width, height):
            self._text.setFixedSize(width, height)

    def _on_copy(self) -> None:
        copy_data(mime_of_selection(self._text.textCursor()))

    def _on_anchor(self, address: str) -> None:
        if address.startswith(COPY_CODE):
            number = int(address.removeprefix(COPY_CODE))
            copy_text(self._writer.codes[number - 1])
        elif address == SHOW_ALL_ROWS:
            if self._writer.show_all_rows(self.words):
                self._more.start()
            self._fit()
        else:
            ask_about_link(self, address)


class AnswerColumn(QFrame):
    def __init__(self, style: ViewStyle, parser: Parser, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "answer_column", kind="column")
        self._build_ui(style, parser)
        self.set_style(style)

    def _build_ui(self, style: ViewStyle, parser: Parser) -> None:
        self._name = plain_label("", self, name="column_name", kind="strong")
        self.state = plain_label("", self, name="column_state", kind="small")
        self.text = AnswerText(style, parser, self)
        self._figures = named(QWidget(self), "column_figures")
        self._grid = QGridLayout(self._figures)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.SPACE_12)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(1, 1)
        parts = (self._name, self.state, (self.text, 1), self._figures, 0)
        column(*parts, into=self, gap=theme.SPACE_8, margins=(theme.SPACE_12, theme.SPACE_8))

    @property
    def name(self) -> str:
        return self._name.text().replace("\u200b", "")

    def set_style(self, style: ViewStyle) -> None:
        self.setMinimumWidth(round(NARROWEST * style.letter_width))
        self.text.set_style(style)

    def show_answer(self, one: ComparedAnswer, *, is_turn: bool) -> None:
        """Show an answer; `is_turn`: it is the one being written now."""
        message = one.message
        self._name.setText(breakable(one.name))
        self.setAccessibleName(one.name)
        is_open = message.status is Status.STREAMING
        self.text.show_words(message.text, has_ended=not is_open)
        self.text.setVisible(is_open or bool(message.text))
        if is_open:
            waiting = "Is written…" if message.text else "Its model is loaded…"
            self.show_note(waiting if is_turn else "Waits for its turn")
        elif message.status is Status.FAILED:
            self._say(problem_of(message.error_code or "", message.error_args).sentence, "danger")
        elif message.status in _ENDS:
            self._say(*_ENDS[message.status])
        elif message.finish_reason == "length":
            self._say("Cut at the longest length of an answer.", "small")
        else:
            self._say("", "small")
        self._show_figures(one.figures.lines() if one.figures else ())

    def show_note(self, words: str) -> None:
        self._say(words, "small")

    def _say(self, words: str, kind: str) -> None:
        show_words(self.state, breakable(words))
        if self.state.property("kind") != kind:
            set_kind(self.state, kind)

    def _show_figures(self, lines: Sequence[tuple[str, str]]) -> None:
        empty_layout(self._grid)
        for at, (what, value) in enumerate(lines):
            key = plain_label(what, self._figures, name=f"figure_key_{at}", kind="small", wraps=False)
            self._grid.addWidget(key, at, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(plain_label(value, self._figures, name=f"figure_{at}", kind="figure"), at, 1)
        self._figures.setVisible(bool(lines))
