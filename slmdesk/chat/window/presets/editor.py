"""A dialog with everything that is in a preset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QHeaderView,
    QLayout,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from slmdesk.base.record import changed
from slmdesk.base.types import Sampling
from slmdesk.chat.options import FORMS, MOST_EXAMPLE, MOST_EXAMPLES, SAMPLED, ChatOptions, Example
from slmdesk.chat.presets import MOST_NAME, MOST_SYSTEM
from slmdesk.chat.window.options.form import AnswerForm, Reader
from slmdesk.chat.window.options.more import MoreSettings
from slmdesk.chat.window.options.values import ANSWER_LANGUAGES, TEMPERATURES, THINKING, TOP_PS, lengths
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column, row, text_line
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.dialog import Dialog
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.scroll_column import show_column
from slmdesk.window.widgets.text import plain_label, show_words

AS_USUAL = "The model's own"
ANY_MODEL = "Any"
HALF = "An example needs a question and an answer."
LONG = f"One side of an example has {MOST_EXAMPLE:,} characters at most."
UNREADABLE = "One of the settings above cannot be used; below it stands why."
LONG_SYSTEM = f"Instructions have {MOST_SYSTEM:,} characters at most."


class PresetEditor(Dialog):
    saved = Signal(str, object)

    def __init__(
        self,
        parent: QWidget,
        name: str,
        options: ChatOptions,
        models: Sequence[tuple[str, str]],
        *,
        title: str,
        read_form: Reader,
    ) -> None:
        super().__init__(parent)
        self._form = AnswerForm(self, read_form, prefix="preset")
        passing(self, "preset_editor", title)
        self.resize(720, 640)
        self._build_ui(name, options, models)
        self._connect()
        self._show_state()

    def _build_ui(self, name: str, options: ChatOptions, models: Sequence[tuple[str, str]]) -> None:
        self._name = text_line("preset_name", self, "Name", most=MOST_NAME)
        self._name.setText(name)
        self._system = named(QPlainTextEdit(options.system, self), "preset_system", label="Instructions")
        self._system.setTabChangesFocus(True)
        self._system.setPlaceholderText("What the model is told before each chat")
        self._system.setMinimumHeight(100)
        self._choices = {
            "model": self._choice("model", [("", ANY_MODEL), *models], options.model),
            "temperature": self._choice("temperature", [(None, AS_USUAL), *TEMPERATURES], options.temperature),
            "top_p": self._choice("top_p", [(None, AS_USUAL), *TOP_PS], options.top_p),
            "max_tokens": self._choice("max_tokens", lengths(), options.max_tokens),
            "thinking": self._choice("thinking", list(THINKING.items()), options.thinking),
            "answer_language": self._choice("answer_language", list(ANSWER_LANGUAGES), options.answer_language),
        }
        titles = ("Model", "Temperature", "Word variety (top-p)", "Maximum length", "Thinking", "Language of answers")
        grid = QGridLayout()
        for at, (title, choice) in enumerate(zip(titles, self._choices.values(), strict=True)):
            heading = plain_label(title, self, name=f"preset_{choice.objectName()}_heading", wraps=False)
            heading.setBuddy(choice)
            choice.setAccessibleName(title)
            grid.addWidget(heading, at // 2 * 2, at % 2)
            grid.addWidget(choice, at // 2 * 2 + 1, at % 2)
        names = (*SAMPLED, *FORMS)
        self._sampling = {name: getattr(options, name) for name in names if name not in (*self._choices, "seed")}
        self._form.show_options(options, is_other=True)
        self._sampling_box = MoreSettings(self, prefix="preset")
        self._sampling_box.show_options(options, Sampling(), is_other=True)
        content = QFrame(self)
        content.setMinimumHeight(1)  # else it is as tall as in the narrowest column
        column(
            plain_label("Instructions", self, name="preset_system_heading", wraps=False),
            (self._system, 2),
            grid,
            self._form,
            self._sampling_box,
            self._build_examples(options.examples),
            into=content,
            gap=theme.SPACE_12,
        )
        scroll = named(QScrollArea(self), "preset_scroll")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        show_column(scroll, content)
        self._problem = plain_label("", self, name="preset_problem", kind="danger")
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self._save = named(QPushButton("Save", self), "preset_save")
        self._save.setProperty("kind", "primary")
        self._buttons.addButton(self._save, QDialogButtonBox.ButtonRole.AcceptRole)
        column(
            self._name,
            (scroll, 1),
            self._problem,
            self._buttons,
            into=self,
            gap=theme.SPACE_12,
            margins=theme.SPACE_16,
        )

    def _build_examples(self, examples: Sequence[Example]) -> QLayout:
        words = "Examples: the model reads them before each chat and answers in the same way."
        heading = plain_label(words, self, name="preset_examples_heading")
        self._examples = named(QTableWidget(0, 2, self), "preset_examples", label="Examples")
        self._examples.setHorizontalHeaderLabels(["Question", "Answer"])
        self._examples.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self._examples.verticalHeader().hide()
        self._examples.setWordWrap(True)
        self._examples.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._examples.setMinimumHeight(120)
        for one in examples:
            self._add(one.question, one.answer)
        self._more = button("Add an example", "preset_example_add", self, on=self._on_add)
        self._less = button("Remove", "preset_example_remove", self, on=self._on_remove)
        return column(heading, self._examples, row(self._more, self._less, 1, gap=theme.SPACE_8), gap=theme.SPACE_4)

    def _choice(self, name: str, values: list[tuple[object, str]], shown: object) -> Choice:
        made = named(Choice(values, self), f"preset_{name}")
        made.show_value(shown)
        return made

    def _connect(self) -> None:
        self._name.textChanged.connect(self._show_state)
        self._system.textChanged.connect(self._show_state)
        self._examples.itemChanged.connect(self._show_state)
        self._examples.itemSelectionChanged.connect(self._show_state)
        self._form.changed.connect(self._on_form)
        self._sampling_box.changed.connect(self._on_sampling)
        self._sampling_box.reset_requested.connect(self._on_reset)
        self._buttons.accepted.connect(self._on_accepted)
        self._buttons.rejected.connect(self.reject)

    def _on_sampling(self, values: dict[str, Any]) -> None:
        self._sampling |= values
        self._sampling_box.show_options(changed(ChatOptions(), **self._sampling), Sampling())

    def _on_form(self, values: dict[str, Any]) -> None:
        self._sampling |= values

    def _on_reset(self) -> None:
        for name, choice in self._choices.items():
            if name in SAMPLED:
                choice.show_value(None)
        self._on_sampling({name: getattr(ChatOptions(), name) for name in self._sampling if name not in FORMS})

    def _add(self, question: str, answer: str) -> None:
        at = self._examples.rowCount()
        self._examples.insertRow(at)
        for column_, words in enumerate((question, answer)):
            self._examples.setItem(at, column_, QTableWidgetItem(words))
        self._examples.resizeRowToContents(at)

    def _on_add(self) -> None:
        self._add("", "")
        self._examples.setCurrentCell(self._examples.rowCount() - 1, 0)
        self._examples.editItem(self._examples.currentItem())
        self._show_state()

    def _on_remove(self) -> None:
        self._examples.removeRow(self._examples.currentRow())
        self._show_state()

    def _sides(self) -> list[tuple[str, str]]:
        """The examples as they are written; lines without any words are none."""
        cells = [[self._examples.item(at, side) for side in (0, 1)] for at in range(self._examples.rowCount())]
        pairs = [tuple(cell.text().strip() if cell else "" for cell in line) for line in cells]
        return [(question, answer) for question, answer in pairs if question or answer]

    def _show_state(self) -> None:
        sides = self._sides()
        problem = ""
        if any(not question or not answer for question, answer in sides):
            problem = HALF
        elif any(len(side) > MOST_EXAMPLE for pair in sides for side in pair):
            problem = LONG
        elif len(self._system.toPlainText()) > MOST_SYSTEM:
            problem = LONG_SYSTEM
        show_words(self._problem, problem)
        self._save.setEnabled(bool(self._name.text().strip()) and not problem)
        self._more.setEnabled(self._examples.rowCount() < MOST_EXAMPLES)
        self._less.setEnabled(self._examples.currentRow() >= 0)

    def _on_accepted(self) -> None:
        self._form.keep()
        self._sampling_box.keep()
        if self._sampling_box.problem or self._form.problem:
            show_words(self._problem, UNREADABLE)
            return
        values = {name: choice.currentData() for name, choice in self._choices.items()} | self._sampling
        examples = tuple(Example(question, answer) for question, answer in self._sides())
        self.saved.emit(
            self._name.text(), ChatOptions(system=self._system.toPlainText().strip(), examples=examples, **values)
        )
        self.accept()
