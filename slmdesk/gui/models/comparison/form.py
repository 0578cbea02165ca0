"""The form for a comparison: the question, the models, and the earlier comparisons."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from slmdesk.core.records import Item, ModelRecord
from slmdesk.gui.base import theme
from slmdesk.gui.base.dates import moment_words
from slmdesk.gui.models.common.card import DOT
from slmdesk.gui.widgets.build import column, row
from slmdesk.gui.widgets.check_box import CheckBox
from slmdesk.gui.widgets.choice import Choice
from slmdesk.gui.widgets.icon import set_icon
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.scroll_column import show_column
from slmdesk.gui.widgets.tab_order import TabOrder
from slmdesk.gui.widgets.text import ElidedLabel, plain_label, plain_tip
from slmdesk.services.evaluation.comparison_types import LEAST, MOST, is_blind, names_of, vote_of

COLUMN = 760
NONE = ""
QUESTION_LINES = 4
FIELD_EDGES = 24
"""Frame and margins of the field, above and below together."""
INTRO = (
    "The same question for two to four models on this PC, one after another: each is loaded anew, answers alone, and "
    "gets the same seed and settings. What it took is measured. Your question stays on this PC."
)


class EarlierRow(QFrame):
    """An earlier comparison.  Emits `opened` and `deleted`."""

    opened = Signal()
    deleted = Signal()

    def __init__(self, item: Item, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, f"earlier_{item.id}", kind="card")
        title = ElidedLabel(self, name="earlier_title", text=item.title, kind="strong")
        about = ElidedLabel(self, name="earlier_about", kind="small", text=about_of(item))
        button = named(QPushButton("Open", self), "earlier_open", label=f"Open the comparison {item.title}")
        button.clicked.connect(self.opened)
        delete = named(QToolButton(self), "earlier_delete", label=f"Delete the comparison {item.title}")
        delete.setToolTip("Move to the trash")
        delete.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        set_icon(delete, "trash-2")
        delete.clicked.connect(self.deleted)
        words = column(title, about, gap=0)
        row((words, 1), button, delete, into=self, gap=theme.SPACE_8, margins=(0, theme.SPACE_8))


class CompareForm(QScrollArea):
    """Emits `start_requested` (question, ids of models, whether names are hidden), `open_requested` and
    `delete_requested` with the id of a comparison, `more_requested`, `back_requested`.
    """

    start_requested = Signal(str, object, bool)
    open_requested = Signal(str)
    delete_requested = Signal(str)
    more_requested = Signal()
    back_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("compare_form")
        self._models: tuple[ModelRecord, ...] = ()
        self._rows: list[EarlierRow] = []
        self._listed: list[tuple[str, str, str]] = []
        self._build_ui()
        self._judge()

    def _build_ui(self) -> None:
        inner = named(QFrame(self), "compare_inner")
        inner.setMinimumHeight(1)
        holder = QWidget(inner)
        holder.setMaximumWidth(COLUMN)
        column = QVBoxLayout(holder)
        column.setContentsMargins(theme.SPACE_24, theme.SPACE_16, theme.SPACE_24, theme.SPACE_24)
        column.setSpacing(theme.SPACE_12)
        column.addLayout(self._build_head(holder))
        column.addWidget(plain_label(INTRO, holder, name="compare_intro", kind="muted"))
        self._build_question(holder, column)
        column.addSpacing(theme.SPACE_12)
        self._heading = plain_label("Earlier comparisons", holder, name="earlier_heading", kind="heading")
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        self._more = named(QPushButton("Show more", holder), "earlier_more")
        self._more.clicked.connect(self.more_requested)
        column.addWidget(self._heading)
        column.addLayout(self._list)
        column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self.show_earlier((), False)
        row(1, (holder, 1000), 1, into=inner)
        show_column(self, inner)
        TabOrder(self, inner)

    def _build_head(self, holder: QWidget) -> QHBoxLayout:
        back = back_button(holder)
        back.clicked.connect(self.back_requested)
        head = row(
            back, (plain_label("Compare models", holder, name="compare_title", kind="title"), 1), gap=theme.SPACE_8
        )
        return head

    def _build_question(self, holder: QWidget, column: QVBoxLayout) -> None:
        self._question = named(QPlainTextEdit(holder), "compare_question")
        self._question.setPlaceholderText("Your question, best one of your real work")
        self._question.setAccessibleName("The question for all models")
        self._question.setTabChangesFocus(True)
        self._question.textChanged.connect(self._judge)
        column.addWidget(self._question)
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
        column.addLayout(grid)
        self._blind = named(CheckBox("Hide which model wrote what until I have voted", holder), "compare_blind")
        column.addWidget(self._blind)
        self._start = named(QPushButton("Compare", holder), "compare_start", kind="primary")
        self._start.clicked.connect(self._on_start)
        self._hint = plain_label("", holder, name="compare_hint", kind="muted")
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_12)
        row.addWidget(self._start)
        row.addWidget(self._hint, 1)
        column.addLayout(row)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._question.setFixedHeight(QUESTION_LINES * self._question.fontMetrics().lineSpacing() + FIELD_EDGES)

    @property
    def question(self) -> QPlainTextEdit:
        return self._question

    @Slot(object)
    def show_models(self, models: Sequence[ModelRecord]) -> None:
        """List the models, the last used first; the chosen ones stay chosen."""
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

    @Slot(object, bool)
    def show_earlier(self, items: Sequence[Item], has_more: bool) -> None:
        words = [(one.id, one.title, about_of(one)) for one in items]
        self._heading.setVisible(bool(items))
        self._more.setVisible(has_more)
        if words == self._listed:
            return  # rows that stay keep the focus
        self._listed = words
        for row in self._rows:
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = [self._row_of(item) for item in items]
        for row in self._rows:
            self._list.addWidget(row)

    def _row_of(self, item: Item) -> EarlierRow:
        row = EarlierRow(item, self)
        row.opened.connect(lambda: self.open_requested.emit(item.id))
        row.deleted.connect(lambda: self.delete_requested.emit(item.id))
        return row

    def _chosen(self) -> tuple[str, ...]:
        return tuple(str(one.currentData()) for one in self._choices if one.currentData())

    @Slot()
    def _judge(self) -> None:
        """Say what is missing, and enable the button accordingly."""
        chosen = self._chosen()
        for choice in self._choices:
            choice.setEnabled(len(self._models) >= LEAST)
            choice.setToolTip(plain_tip(choice.currentText()))
        if len(self._models) < LEAST:
            what = "one is on this PC. Get another" if self._models else "none is on this PC. Get two"
            hint = f"A comparison needs two models, and {what} on the page of models."
        elif len(set(chosen)) < len(chosen):
            hint = "Choose each model once."
        elif not self._question.toPlainText().strip():
            hint = "Write a question."
        else:
            hint = ""
        self._hint.setText(hint)
        self._start.setEnabled(not hint)

    @Slot()
    def _on_start(self) -> None:
        self.start_requested.emit(self._question.toPlainText(), self._chosen(), self._blind.isChecked())


def back_button(parent: QWidget) -> QToolButton:
    back = named(QToolButton(parent), "compare_back", label="Back", tip="Back (Esc)")
    back.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    set_icon(back, "chevron-left")
    return back


def about_of(item: Item) -> str:
    """Date, models, and the vote."""
    when = moment_words(item.created)
    vote = vote_of(item)
    said = "no vote yet" if vote is None else "none was good" if vote.best is None else "voted"
    hidden = is_blind(item) and vote is None
    names = f"{len(names_of(item))} models, names hidden" if hidden else ", ".join(names_of(item))
    return DOT.join((when, said, names))
