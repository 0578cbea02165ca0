"""The page that compares models: a question to several models, and their answers side by side."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPlainTextEdit,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QWidget,
)

from slmdesk.base.record import changed
from slmdesk.base.records import Item, ModelRecord, Status
from slmdesk.base.texts import _
from slmdesk.evaluation.comparison import (
    KIND,
    LEAST,
    MOST,
    ComparedAnswer,
    CompareRequest,
    Comparison,
    names_of,
    vote_words,
)
from slmdesk.runtime import events
from slmdesk.runtime.events import (
    ItemChanged,
    ItemGone,
    MessageChanged,
    MessageEnded,
    MessageGrew,
    ModelsChanged,
    ModelState,
    ModelStateChanged,
    PromptProgress,
)
from slmdesk.runtime.messages import Problem, problem_of
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Delay, copy_data, copy_text
from slmdesk.window.base.text import moment_words
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.markdown.builder import COPY_CODE, SHOW_ALL_ROWS
from slmdesk.window.markdown.message import MessageText, MessageWriter
from slmdesk.window.markdown.selected import Parser, ViewStyle, mime_of_selection
from slmdesk.window.widgets.build import (
    CutLabel,
    ElidedLabel,
    Part,
    breakable,
    button,
    column,
    named,
    plain_label,
    plain_tip,
    row,
    set_kind,
    show_column,
    show_words,
    tool_button,
)
from slmdesk.window.widgets.dialogs import TextDialog
from slmdesk.window.widgets.notices import ExportController, ask_where, give_export_menu, trash
from slmdesk.window.widgets.opening import ask_about_link
from slmdesk.window.widgets.rows import DOT, Choice, TabOrder, empty_layout

QUESTION_LINES = 2
PAGE = 30


class ComparePage(QStackedWidget):
    back_requested = Signal()

    def __init__(self, bridge: Bridge, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compare_page")
        self._bridge, self._keeper = bridge, keeper
        self._exports = ExportController(bridge, self)
        self._style, self._parser = ViewStyle(keeper.theme, keeper.fonts), Parser()
        self._columns: dict[str, AnswerColumn] = {}
        self.held: Comparison | None = None
        self._filled = ""
        """Id of the comparison that the columns were made for."""
        self._most_earlier = PAGE
        self._is_starting = False
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
        title = plain_label(_("Comparison"), self._result, name="result_title", kind="heading")
        tip = _("Stop all; the words so far are kept")
        self._stop = button(_("Stop"), "compare_stop", self._result, tip=tip, on=self._on_stop)
        self._export = button(_("Export…"), "compare_export", self._result)
        give_export_menu(self._export, self._on_export)
        self._new = button(_("New comparison"), "compare_new", self._result, on=self.restart)
        return row(self._back, (title, 1), self._stop, self._export, self._new, gap=theme.SPACE_8)

    def _build_band(self) -> QFrame:
        band = named(QFrame(self._result), "compare_band", kind="band")
        self._question = CutLabel("", band, name="compared_question", lines=QUESTION_LINES)
        self._all = button(_("More"), "question_more", band, label=_("Show the whole question"), on=self._on_more)
        self._all.setVisible(False)
        margins = (theme.SPACE_12, theme.SPACE_8, theme.SPACE_8, theme.SPACE_8)
        parts = ((self._question, 1), (self._all, Qt.AlignmentFlag.AlignVCenter))
        self._band = row(*parts, into=band, gap=theme.SPACE_8, margins=margins)
        return band

    def _connect(self) -> None:
        bridge = self._bridge
        self._back.clicked.connect(self.restart)
        self._question.was_cut.connect(self._all.setVisible)
        self._keeper.theme_changed.connect(self._on_theme_changed)
        bridge.when_open(self.refresh)
        bridge.on(ModelsChanged, self.refresh)
        bridge.on(ItemChanged, self._on_item_changed)
        bridge.on(ItemGone, self._on_item_gone)
        bridge.on(MessageGrew, self._on_message_grew)
        bridge.on(MessageEnded, self._on_message_reported)
        bridge.on(MessageChanged, self._on_message_reported)
        bridge.on(PromptProgress, self._on_prompt_progressed)
        bridge.on(ModelStateChanged, self.show_state)

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
            self.restart()

    # ---- what is shown

    def restart(self) -> None:
        """Show the form. A running comparison continues."""
        self.held = None
        self.setCurrentWidget(self.form)
        self.form.question.setFocus()

    def open(self, comparison: str) -> None:
        self._bridge.ask(self._bridge.services.comparing.open(comparison), self._on_opened)

    def refresh(self) -> None:
        self._bridge.follow(self._bridge.services.models.present(), self._on_models)
        self._list_earlier()

    def show_state(self, event: ModelStateChanged) -> None:
        if self.held is None or event.state is not ModelState.LOADING:
            return
        for answer in self.held.answers:
            if answer.message.status is Status.STREAMING:
                if answer.name == event.name:
                    self._note(
                        answer.message.id, _("Is loaded: {fraction:.0f} %").format(fraction=event.fraction * 100)
                    )
                return

    def _on_opened(self, found: Comparison) -> None:
        self._is_starting, self.held = False, found
        if found.item.id != self._filled:
            self._fill(found)
        self._renew(found)
        if self.currentWidget() is not self._result:
            self.setCurrentWidget(self._result)
            (self._stop if found.is_running else self._back).setFocus()

    def _fill(self, found: Comparison) -> None:
        self._filled = found.item.id
        empty_layout(self._row)
        self._columns.clear()
        for other_answer in found.answers:
            answer = self._columns[other_answer.message.id] = AnswerColumn(self._style, self._parser, self._result)
            self._row.addWidget(answer, 1)
        self._show_question(found.prompt)
        self._order()

    def _order(self) -> None:
        """Make the Tab key follow the visual order. Qt's default is the order of creation."""
        stops: list[QWidget] = [self._back, self._stop, self._export, self._new, self._all]
        for answer in self._columns.values():
            stops.append(answer.text)
        for before, after in pairwise(stops):
            QWidget.setTabOrder(before, after)

    def _show_question(self, prompt: str) -> None:
        """Show another question in a new label, because a CutLabel cannot change its text."""
        old = self._question
        self._question = CutLabel(breakable(prompt), self, name="compared_question", lines=QUESTION_LINES)
        self._question.was_cut.connect(self._all.setVisible)
        self._band.replaceWidget(old, self._question)
        old.hide()
        old.deleteLater()

    def _renew(self, found: Comparison) -> None:
        is_first = True
        for other_answer in found.answers:
            answer = self._columns[other_answer.message.id]
            is_open = other_answer.message.status is Status.STREAMING
            answer.show_answer(other_answer, is_turn=is_open and is_first)
            is_first = is_first and not is_open
        self._info.setText(_info_of(found))
        self._stop.setVisible(found.is_running)
        self._export.setEnabled(not found.is_running)
        show_words(self._vote, vote_words(found.vote, {answer.message.id: answer.name for answer in found.answers}))

    def _note(self, message: str, words: str) -> None:
        if answer := self._columns.get(message):
            answer.show_note(words)

    def _list_earlier(self) -> None:
        most = self._most_earlier

        def listed(items: Sequence[Item]) -> None:
            self.form.show_earlier(items[:most], len(items) > most)

        self._bridge.ask(self._bridge.services.comparing.items(limit=most + 1), listed)

    def _ask_again(self, held: Comparison) -> None:
        """Show the current state of the comparison shown."""

        def received(found: Comparison) -> None:
            if self.held is not None and self.held.item.id == found.item.id:
                self._on_opened(found)

        opened = self._bridge.services.comparing.open(held.item.id)
        self._bridge.ask(opened, received, lambda _problem: None)  # deleted meanwhile: the list shows that

    def _on_theme_changed(self) -> None:
        self._style = ViewStyle(self._keeper.theme, self._keeper.fonts)
        for answer in self._columns.values():
            answer.set_style(self._style)

    # ---- events

    def _on_models(self, models: Sequence[ModelRecord]) -> None:
        chatting = [model for model in models if model.can_chat]
        self.form.show_models(sorted(chatting, key=lambda model: (-(model.last_used or 0.0), -model.added)))

    def start(self, prompt: str, models: tuple[str, ...]) -> None:
        if not self._is_starting:
            self._is_starting = True
            begun = self._bridge.services.comparing.begin(CompareRequest(prompt, models))
            self._bridge.ask(begun, self._on_opened, self._on_refused)

    def _on_refused(self, problem: Problem) -> None:
        self._is_starting = False
        self._bridge.problem_met.emit(problem)

    def _on_stop(self) -> None:
        self._bridge.services.comparing.stop()

    def delete(self, item: str) -> None:
        trash(self._bridge, item, what=_("The comparison "))

    def list_more(self) -> None:
        self._most_earlier += PAGE
        self._list_earlier()

    def _on_item_changed(self, event: events.ItemChanged) -> None:
        if event.item.kind != KIND:
            return
        self._list_earlier()
        if self.held is not None and event.item.id == self.held.item.id:
            if event.item.deleted_at is not None:
                self.restart()
            else:
                self._ask_again(self.held)

    def _on_item_gone(self, event: events.ItemGone) -> None:
        self._list_earlier()
        if self.held is not None and event.id == self.held.item.id:
            self.restart()

    def _on_message_grew(self, event: events.MessageGrew) -> None:
        held = self.held
        if held is None or event.chat != held.item.id:
            return
        answers = list(held.answers)
        at = next(at for at, answer in enumerate(answers) if answer.message.id == event.message)
        message = answers[at].message
        message = changed(message, text=message.text + event.text)
        answers[at] = changed(answers[at], message=message)
        self.held = changed(held, answers=tuple(answers))
        if answer := self._columns.get(event.message):
            answer.text.show_words(message.text, has_ended=False)
            answer.show_note(_("Is written…"))

    def _on_message_reported(self, event: events.MessageEnded | events.MessageChanged) -> None:
        if self.held is not None and event.message.item == self.held.item.id:
            self._ask_again(self.held)

    def _on_prompt_progressed(self, event: events.PromptProgress) -> None:
        if self.held is not None and event.chat == self.held.item.id and event.total > 0:
            self._note(event.message, _("Reads the question: {read} %").format(read=100 * event.read // event.total))

    def _on_more(self) -> None:
        if self.held is not None:
            TextDialog(self.window(), title=_("The question"), intro="", text=self.held.prompt).show()

    def _on_export(self, form: str) -> None:
        if self.held is not None:
            item = self.held.item
            ask_where(self, item.shown_title, form, partial(self._exports.export, item.id, form))


def _info_of(found: Comparison) -> str:
    parts = [_("{count} models, one after another").format(count=len(found.answers))]
    if found.seed is not None:
        parts.append(_("same seed ({seed}) and settings for all").format(seed=found.seed))
    return "; ".join(parts) + "."


# ---- the form for a comparison


COLUMN = 760
NONE = ""
FIELD_LINES = 4
FIELD_EDGES = 24
INTRO = _(
    "The same question for two to four models on this PC, one after another: each is loaded, "
    "answers alone, and gets the same seed and settings. What it took is measured. Your "
    "question stays on this PC."
)


class CompareForm(QScrollArea):
    def __init__(self, page: ComparePage) -> None:
        super().__init__(page)
        self.setObjectName("compare_form")
        self._page = page
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
        back.clicked.connect(self._page.back_requested)
        title = plain_label(_("Compare models"), holder, name="compare_title", kind="title")
        intro = plain_label(INTRO, holder, name="compare_intro", kind="muted")
        parts = (row(back, (title, 1), gap=theme.SPACE_8), intro, *self._build_question(holder))
        margins = (theme.SPACE_24, theme.SPACE_16, theme.SPACE_24, theme.SPACE_24)
        form = column(*parts, into=holder, gap=theme.SPACE_12, margins=margins)
        form.addSpacing(theme.SPACE_12)
        self._heading = plain_label(_("Earlier comparisons"), holder, name="earlier_heading", kind="heading")
        self._list = column(gap=0)
        self._more = button(_("Show more"), "earlier_more", holder, on=self._page.list_more)
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
        self.question.setPlaceholderText(_("Ask a question from your own work"))
        self.question.setAccessibleName(_("The question for all models"))
        self.question.setTabChangesFocus(True)
        self.question.textChanged.connect(self._judge)
        grid = QGridLayout()
        grid.setSpacing(theme.SPACE_8)
        self._choices: list[Choice] = []
        for at in range(MOST):
            choice = named(Choice([], holder), f"compare_model_{at + 1}", label=_("Model {at}").format(at=at + 1))
            choice.setMinimumWidth(120)
            choice.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            choice.value_chosen.connect(self._judge)
            self._choices.append(choice)
            grid.addWidget(choice, at // 2, at % 2)
        self._start = button(_("Compare"), "compare_start", holder, kind="primary", on=self._on_start)
        self._hint = plain_label("", holder, name="compare_hint", kind="muted")
        return self.question, grid, row(self._start, (self._hint, 1), gap=theme.SPACE_12)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.question.setFixedHeight(FIELD_LINES * self.question.fontMetrics().lineSpacing() + FIELD_EDGES)

    def show_models(self, models: Sequence[ModelRecord]) -> None:
        if tuple(models) == self._models:
            return
        chosen = [choice.currentData() for choice in self._choices]
        self._models = tuple(models)
        known = {model.id for model in models}
        for at, choice in enumerate(self._choices):
            choice.clear()
            if at >= LEAST:
                choice.addItem(_("None"), NONE)
            for model in models:
                choice.addItem(model.name, model.id)
            if chosen[at] in known:
                choice.show_value(chosen[at])
            elif at < LEAST:
                choice.setCurrentIndex(min(at, len(models) - 1))
        self._judge()

    def show_earlier(self, items: Sequence[Item], has_more: bool) -> None:
        words = [(item.id, item.shown_title, about_of(item)) for item in items]
        self._heading.setVisible(bool(items))
        self._more.setVisible(has_more)
        if words == self._listed:
            return  # rows that stay keep the focus
        self._listed = words
        empty_layout(self._list)
        for item in items:
            self._list.addWidget(self._row_of(item))

    def _row_of(self, item: Item) -> QFrame:
        line = named(QFrame(self), f"earlier_{item.id}", kind="card")
        title = ElidedLabel(line, name="earlier_title", text=item.shown_title, kind="strong")
        about = ElidedLabel(line, name="earlier_about", kind="small", text=about_of(item))
        label = _("Open the comparison {title}").format(title=item.shown_title)
        opening = button(_("Open"), "earlier_open", line, label=label, on=lambda: self._page.open(item.id))
        label, tip = _("Delete the comparison {title}").format(title=item.shown_title), _("Move to the trash")
        delete = tool_button("earlier_delete", line, label=label, tip=tip, icon="trash-2")
        delete.clicked.connect(lambda: self._page.delete(item.id))
        delete.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        words = column(title, about, gap=0)
        row((words, 1), opening, delete, into=line, gap=theme.SPACE_8, margins=(0, theme.SPACE_8))
        return line

    def _chosen(self) -> tuple[str, ...]:
        return tuple(str(choice.currentData()) for choice in self._choices if choice.currentData())

    def _judge(self) -> None:
        chosen = self._chosen()
        for choice in self._choices:
            choice.setEnabled(len(self._models) >= LEAST)
            choice.setToolTip(plain_tip(choice.currentText()))
        if len(self._models) < LEAST:
            what = _("one is on this PC. Get another") if self._models else _("none is on this PC. Get two")
            hint = _("A comparison needs two models, and {what} on the page of models.").format(what=what)
        elif len(set(chosen)) < len(chosen):
            hint = _("Choose each model once.")
        elif not self.question.toPlainText().strip():
            hint = _("Write a question.")
        else:
            hint = ""
        self._hint.setText(hint)
        self._start.setEnabled(not hint)

    def _on_start(self) -> None:
        self._page.start(self.question.toPlainText(), self._chosen())


def back_button(parent: QWidget) -> QToolButton:
    back = tool_button("compare_back", parent, label=_("Back"), tip=_("Back (Esc)"), icon="chevron-left")
    back.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return back


def about_of(item: Item) -> str:
    return DOT.join((moment_words(item.created), ", ".join(names_of(item))))


# ---- an answer of a comparison


NARROWEST = 29
"""Least width of a column in letters of a line."""
LEAST_LINES = 4
_ENDS = {
    Status.CANCELLED: (_("Stopped. The words so far are kept."), "warn"),
    Status.INTERRUPTED: (_("Cut off when the program ended. The words so far are kept."), "warn"),
}


class AnswerText(QScrollArea):
    """Scroll area that shows an answer as safe Markdown. While it is scrolled to the end, it follows new text."""

    def __init__(self, style: ViewStyle, parser: Parser, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "compared_text", label=_("Answer"))
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
        """Show this text, which continues the text shown before."""
        if (words, has_ended) == (self.words, self._has_ended):
            return
        self.words, self._has_ended = words, has_ended
        self._write()

    def sizeHint(self) -> QSize:
        """Return the smallest height. The text takes what the column has left, and scrolls first in a low window."""
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

    def show_answer(self, answer: ComparedAnswer, *, is_turn: bool) -> None:
        """Show an answer. `is_turn`: whether it is being written now."""
        message = answer.message
        self._name.setText(breakable(answer.name))
        self.setAccessibleName(answer.name)
        is_open = message.status is Status.STREAMING
        self.text.show_words(message.text, has_ended=not is_open)
        self.text.setVisible(is_open or bool(message.text))
        if is_open:
            waiting = _("Is written…") if message.text else _("Loading the model…")
            self.show_note(waiting if is_turn else _("Waits for its turn"))
        elif message.status is Status.FAILED:
            self._say(problem_of(message.error_code or "", message.error_args).sentence, "danger")
        elif message.status in _ENDS:
            self._say(*_ENDS[message.status])
        elif message.finish_reason == "length":
            self._say(_("Cut at the longest length of an answer."), "small")
        else:
            self._say("", "small")
        self._show_figures(answer.figures.lines() if answer.figures else ())

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
