"""The form for a comparison: the question, the models, and the earlier comparisons."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QPlainTextEdit,
    QScrollArea,
    QToolButton,
    QWidget,
)

from slmdesk.base.records import Item, ModelRecord
from slmdesk.evaluation.comparison_types import LEAST, MOST, names_of
from slmdesk.window.base import theme
from slmdesk.window.base.dates import moment_words
from slmdesk.window.widgets.build import Part, button, column, row, tool_button
from slmdesk.window.widgets.card import DOT
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.clear_layout import empty_layout
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.scroll_column import show_column
from slmdesk.window.widgets.tab_order import TabOrder
from slmdesk.window.widgets.text import ElidedLabel, plain_label, plain_tip

COLUMN = 760
NONE = ""
QUESTION_LINES = 4
FIELD_EDGES = 24
INTRO = (
    "The same question for two to four models on this PC, one after another: each is loaded anew, answers alone, and "
    "gets the same seed and settings. What it took is measured. Your question stays on this PC."
)


class EarlierRow(QFrame):
    opened = Signal()
    deleted = Signal()

    def __init__(self, item: Item, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, f"earlier_{item.id}", kind="card")
        title = ElidedLabel(self, name="earlier_title", text=item.title, kind="strong")
        about = ElidedLabel(self, name="earlier_about", kind="small", text=about_of(item))
        label = f"Open the comparison {item.title}"
        opening = button("Open", "earlier_open", self, label=label, on=self.opened)
        label, tip = f"Delete the comparison {item.title}", "Move to the trash"
        delete = tool_button("earlier_delete", self, label=label, tip=tip, icon="trash-2", on=self.deleted)
        delete.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        words = column(title, about, gap=0)
        row((words, 1), opening, delete, into=self, gap=theme.SPACE_8, margins=(0, theme.SPACE_8))


class CompareForm(QScrollArea):
    start_requested = Signal(str, object)
    open_requested = Signal(str)
    delete_requested = Signal(str)
    more_requested = Signal()
    back_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("compare_form")
        self._models: tuple[ModelRecord, ...] = ()
        self._listed: list[tuple[str, str, str]] = []
        self._build_ui()
        self._judge()

    def _build_ui(self) -> None:
        inner = named(QFrame(self), "compare_inner")
        inner.setMinimumHeight(1)
        holder = QWidget(inner)
        holder.setMaximumWidth(COLUMN)
        back = back_button(holder)
        back.clicked.connect(self.back_requested)
        title = plain_label("Compare models", holder, name="compare_title", kind="title")
        intro = plain_label(INTRO, holder, name="compare_intro", kind="muted")
        parts = (row(back, (title, 1), gap=theme.SPACE_8), intro, *self._build_question(holder))
        margins = (theme.SPACE_24, theme.SPACE_16, theme.SPACE_24, theme.SPACE_24)
        form = column(*parts, into=holder, gap=theme.SPACE_12, margins=margins)
        form.addSpacing(theme.SPACE_12)
        self._heading = plain_label("Earlier comparisons", holder, name="earlier_heading", kind="heading")
        self._list = column(gap=0)
        self._more = button("Show more", "earlier_more", holder, on=self.more_requested)
        form.addWidget(self._heading)
        form.addLayout(self._list)
        form.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        form.addStretch(1)
        self.show_earlier((), False)
        row(1, (holder, 1000), 1, into=inner)
        show_column(self, inner)
        TabOrder(self, inner)

    def _build_question(self, holder: QWidget) -> tuple[Part, ...]:
        self.question = named(QPlainTextEdit(holder), "compare_question")
        self.question.setPlaceholderText("Your question, best one of your real work")
        self.question.setAccessibleName("The question for all models")
        self.question.setTabChangesFocus(True)
        self.question.textChanged.connect(self._judge)
        grid = QGridLayout()
        grid.setSpacing(theme.SPACE_8)
        self._choices: list[Choice] = []
        for at in range(MOST):
            choice = named(Choice([], holder), f"compare_model_{at + 1}", label=f"Model {at + 1}")
            choice.setMinimumWidth(120)
            choice.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            choice.value_chosen.connect(self._judge)
            self._choices.append(choice)
            grid.addWidget(choice, at // 2, at % 2)
        self._start = button("Compare", "compare_start", holder, kind="primary", on=self._on_start)
        self._hint = plain_label("", holder, name="compare_hint", kind="muted")
        return self.question, grid, row(self._start, (self._hint, 1), gap=theme.SPACE_12)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.question.setFixedHeight(QUESTION_LINES * self.question.fontMetrics().lineSpacing() + FIELD_EDGES)

    def show_models(self, models: Sequence[ModelRecord]) -> None:
        if tuple(models) == self._models:
            return
        chosen = [choice.currentData() for choice in self._choices]
        self._models = tuple(models)
        known = {one.id for one in models}
        for at, choice in enumerate(self._choices):
            choice.clear()
            if at >= LEAST:
                choice.addItem("None", NONE)
            for one in models:
                choice.addItem(one.name, one.id)
            if chosen[at] in known:
                choice.show_value(chosen[at])
            elif at < LEAST:
                choice.setCurrentIndex(min(at, len(models) - 1))
        self._judge()

    def show_earlier(self, items: Sequence[Item], has_more: bool) -> None:
        words = [(one.id, one.title, about_of(one)) for one in items]
        self._heading.setVisible(bool(items))
        self._more.setVisible(has_more)
        if words == self._listed:
            return  # rows that stay keep the focus
        self._listed = words
        empty_layout(self._list)
        for item in items:
            self._list.addWidget(self._row_of(item))

    def _row_of(self, item: Item) -> EarlierRow:
        line = EarlierRow(item, self)
        line.opened.connect(lambda: self.open_requested.emit(item.id))
        line.deleted.connect(lambda: self.delete_requested.emit(item.id))
        return line

    def _chosen(self) -> tuple[str, ...]:
        return tuple(str(one.currentData()) for one in self._choices if one.currentData())

    def _judge(self) -> None:
        chosen = self._chosen()
        for choice in self._choices:
            choice.setEnabled(len(self._models) >= LEAST)
            choice.setToolTip(plain_tip(choice.currentText()))
        if len(self._models) < LEAST:
            what = "one is on this PC. Get another" if self._models else "none is on this PC. Get two"
            hint = f"A comparison needs two models, and {what} on the page of models."
        elif len(set(chosen)) < len(chosen):
            hint = "Choose each model once."
        elif not self.question.toPlainText().strip():
            hint = "Write a question."
        else:
            hint = ""
        self._hint.setText(hint)
        self._start.setEnabled(not hint)

    def _on_start(self) -> None:
        self.start_requested.emit(self.question.toPlainText(), self._chosen())


def back_button(parent: QWidget) -> QToolButton:
    back = tool_button("compare_back", parent, label="Back", tip="Back (Esc)", icon="chevron-left")
    back.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return back


def about_of(item: Item) -> str:
    return DOT.join((moment_words(item.created), ", ".join(names_of(item))))
