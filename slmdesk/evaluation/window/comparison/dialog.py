"""The comparison of models: a question for several, their answers side by side.  Widgets only."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QStackedWidget,
    QWidget,
)

from slmdesk.base.records import Status
from slmdesk.evaluation.comparison_types import Comparison, vote_words
from slmdesk.evaluation.window.comparison.column import AnswerColumn
from slmdesk.evaluation.window.comparison.controller import CompareController
from slmdesk.evaluation.window.comparison.form import CompareForm, back_button
from slmdesk.window.base import theme
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.markdown.parser import Parser
from slmdesk.window.markdown.style import ViewStyle
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.clear_layout import empty_layout
from slmdesk.window.widgets.export_menu import ask_where, give_export_menu
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import CutLabel, breakable, plain_label, show_words
from slmdesk.window.widgets.text_dialog import TextDialog

QUESTION_LINES = 2


class ComparePage(QStackedWidget):
    back_requested = Signal()

    def __init__(self, compare: CompareController, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compare_page")
        self._compare, self._keeper = compare, keeper
        self._style, self._parser = ViewStyle(keeper.theme, keeper.fonts), Parser()
        self._columns: dict[str, AnswerColumn] = {}
        self._item = ""
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        self.form = CompareForm(self)
        self._result = named(QFrame(self), "compare_result")
        head, band = self._build_head(), self._build_band()
        self._info = plain_label("", self._result, name="compare_facts", kind="small")
        area = named(QScrollArea(self._result), "compare_columns")
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        inner = named(QFrame(area), "compare_columns_inner")
        self._row = row(into=inner, gap=0)
        area.setWidget(inner)
        self._vote = plain_label("", self._result, name="vote_words")
        parts = (head, band, self._info, (area, 1), self._vote)
        column(*parts, into=self._result, gap=theme.SPACE_8, margins=(theme.SPACE_16, theme.SPACE_12))
        self.addWidget(self.form)
        self.addWidget(self._result)

    def _build_head(self) -> QHBoxLayout:
        self._back = named(back_button(self._result), "result_back")
        title = plain_label("Comparison", self._result, name="result_title", kind="heading")
        tip = "Stop all; the words so far are kept"
        self._stop = button("Stop", "compare_stop", self._result, tip=tip, on=self._compare.stop)
        self._export = button("Export…", "compare_export", self._result)
        give_export_menu(self._export, self._on_export)
        self._new = button("New comparison", "compare_new", self._result, on=self._compare.restart)
        return row(self._back, (title, 1), self._stop, self._export, self._new, gap=theme.SPACE_8)

    def _build_band(self) -> QFrame:
        band = named(QFrame(self._result), "compare_band", kind="band")
        self._question = CutLabel("", band, name="compared_question", lines=QUESTION_LINES)
        self._all = button("More", "question_more", band, label="Show the whole question", on=self._on_more)
        self._all.setVisible(False)
        margins = (theme.SPACE_12, theme.SPACE_8, theme.SPACE_8, theme.SPACE_8)
        parts = ((self._question, 1), (self._all, Qt.AlignmentFlag.AlignVCenter))
        self._band = row(*parts, into=band, gap=theme.SPACE_8, margins=margins)
        return band

    def _connect(self) -> None:
        compare, form = self._compare, self.form
        compare.models_listed.connect(form.show_models)
        compare.earlier_listed.connect(form.show_earlier)
        compare.comparison_shown.connect(self._on_shown)
        compare.answer_grew.connect(self._on_grew)
        compare.note_changed.connect(self._on_note)
        form.start_requested.connect(compare.start)
        form.open_requested.connect(compare.open)
        form.delete_requested.connect(compare.delete)
        form.more_requested.connect(compare.show_more)
        form.back_requested.connect(self.back_requested)
        self._back.clicked.connect(compare.restart)
        self._question.was_cut.connect(self._all.setVisible)
        self._keeper.theme_changed.connect(self._on_theme_changed)

    @property
    def columns(self) -> list[AnswerColumn]:
        return list(self._columns.values())

    def focus_first(self) -> None:
        if self.currentWidget() is self.form:
            self.form.question.setFocus()
        else:
            self._back.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.currentWidget() is self.form:
            self.back_requested.emit()
        else:
            self._compare.restart()

    # ---- what is shown

    def _on_shown(self, found: Comparison | None) -> None:
        if found is None:
            self.setCurrentWidget(self.form)
            self.form.question.setFocus()
            return
        if found.item.id != self._item:
            self._fill(found)
        self._renew(found)
        if self.currentWidget() is not self._result:
            self.setCurrentWidget(self._result)
            (self._stop if found.is_running else self._back).setFocus()

    def _fill(self, found: Comparison) -> None:
        self._item = found.item.id
        empty_layout(self._row)
        self._columns.clear()
        for one in found.answers:
            answer = self._columns[one.message.id] = AnswerColumn(self._style, self._parser, self._result)
            self._row.addWidget(answer, 1)
        self._show_question(found.prompt)
        self._order()

    def _order(self) -> None:
        """Set the visual tab order; Qt's own is the order of creation."""
        stops: list[QWidget] = [self._back, self._stop, self._export, self._new, self._all]
        for answer in self._columns.values():
            stops.append(answer.text)
        for before, after in pairwise(stops):
            QWidget.setTabOrder(before, after)

    def _show_question(self, prompt: str) -> None:
        """Replace the label: a CutLabel cannot change its text."""
        old = self._question
        self._question = CutLabel(breakable(prompt), self, name="compared_question", lines=QUESTION_LINES)
        self._question.was_cut.connect(self._all.setVisible)
        self._band.replaceWidget(old, self._question)
        old.hide()
        old.deleteLater()

    def _renew(self, found: Comparison) -> None:
        is_first = True
        for one in found.answers:
            answer = self._columns[one.message.id]
            is_open = one.message.status is Status.STREAMING
            answer.show_answer(one, is_turn=is_open and is_first)
            is_first = is_first and not is_open
        self._info.setText(_info_of(found))
        self._stop.setVisible(found.is_running)
        self._export.setEnabled(not found.is_running)
        show_words(self._vote, vote_words(found.vote, {one.message.id: one.name for one in found.answers}))

    def _on_grew(self, message: str, words: str) -> None:
        answer = self._columns.get(message)
        if answer is not None:
            answer.text.show_words(words, has_ended=False)
            answer.show_note("Is written…")

    def _on_note(self, message: str, words: str) -> None:
        answer = self._columns.get(message)
        if answer is not None:
            answer.show_note(words)

    def _on_theme_changed(self) -> None:
        self._style = ViewStyle(self._keeper.theme, self._keeper.fonts)
        for answer in self._columns.values():
            answer.set_style(self._style)

    # ---- requests

    def _on_more(self) -> None:
        held = self._compare.held
        if held is not None:
            TextDialog(self.window(), title="The question", intro="", text=held.prompt).show()

    def _on_export(self, form: str) -> None:
        held = self._compare.held
        if held is not None:
            ask_where(self, held.item.title, form, partial(self._compare.exports.export, held.item.id, form))


def _info_of(found: Comparison) -> str:
    parts = [f"{len(found.answers)} models, one after another"]
    if found.seed is not None:
        parts.append(f"same seed ({found.seed}) and settings for all")
    return "; ".join(parts) + "."
