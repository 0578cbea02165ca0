"""Fields for the settings of a chat, with names, values, explanations and errors, and the form for bound answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QLocale, Qt, Signal
from PySide6.QtGui import QFocusEvent, QPalette, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QLineEdit, QPlainTextEdit, QTextEdit, QWidget
from shiboken6 import isValid

from slmdesk.base.texts import _
from slmdesk.base.translation import LANGUAGES
from slmdesk.chat.types import (
    ANY_LANGUAGE,
    GRAMMAR,
    MOST_FORM,
    OF_MESSAGE,
    SCHEMA,
    TITLES,
    ChatOptions,
    FormCheck,
    Setting,
    WrongLineError,
    check_form,
    number_of,
)
from slmdesk.runtime.messages import Problem
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Delay
from slmdesk.window.widgets.build import breakable, button, column, named, plain_label, row, show_words, tool_button
from slmdesk.window.widgets.opening import ask_file
from slmdesk.window.widgets.rows import Choice


class WordsField(QPlainTextEdit):
    """Text field of a few lines. The Tab key leaves it."""

    left = Signal()

    def __init__(self, name: str, parent: QWidget, *, lines: int, hint: str) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setTabChangesFocus(True)
        self.setPlaceholderText(hint)
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 2 * theme.SPACE_8)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()


class ValueRow(QFrame):
    """A field with its name above; its explanation is a tooltip. Invalid text stays in it, with an error message.

    Emits `changed` with the value that was read; an empty field stands for the default.
    """

    changed = Signal(object)

    def __init__(self, name: str, title: str, sentence: str, field: QLineEdit | WordsField, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(f"{name}_row")
        self.field = named(field, name, label=title, tip=f"<p>{sentence}</p>")
        self.field.setAccessibleDescription(sentence)
        self._value: Any = None
        heading = plain_label(title, self, name=f"{name}_heading")
        heading.setBuddy(self.field)
        label = _("{title}: back to the default").format(title=title)
        self.reset = tool_button(
            f"{name}_reset", self, icon="undo-2", tip=_("Back to the default"), label=label, on=self._on_reset
        )
        self._keep_place(self.reset)
        self._problem = plain_label("", self, name=f"{name}_problem", kind="danger", is_hidden=True)
        heading.setToolTip(self.field.toolTip())
        head = row((heading, 1), self.reset, gap=theme.SPACE_4)
        column(head, self.field, self._problem, into=self, gap=theme.SPACE_4)

    @property
    def has_problem(self) -> bool:
        return not self._problem.isHidden()

    def show_value(self, value: Any, default: str, *, is_other: bool = False) -> None:
        """Show a value, and the default if there is none. Invalid text that is being typed stays, unless the value
        belongs to another chat (`is_other`).
        """
        self.field.setPlaceholderText(default)
        if is_other or value != self._value or not self.has_problem:
            show_words(self._problem, "")
            if is_other or value != self._value or not self.field.hasFocus():
                self._write(value)
        self._value = value
        self._show_reset()

    def keep(self) -> None:
        try:
            value = self._read()
        except WrongLineError as err:
            show_words(self._problem, str(err))
            self._show_reset()
            return
        show_words(self._problem, "")
        if value != self._value:
            self._value = value
            self.changed.emit(value)
        self._show_reset()

    def _read(self) -> Any:
        raise NotImplementedError

    def _write(self, value: Any) -> None:
        raise NotImplementedError

    def _is_default(self) -> bool:
        return self._value is None

    def _show_reset(self) -> None:
        self.reset.setVisible(self.has_problem or not self._is_default())

    def _on_reset(self) -> None:
        self.field.clear()
        self.keep()
        self.field.setFocus()

    @staticmethod
    def _keep_place(widget: QWidget) -> None:
        policy = widget.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        widget.setSizePolicy(policy)


class NumberRow(ValueRow):
    """Field for a number. Empty means the default."""

    def __init__(self, setting: Setting, parent: QWidget, *, prefix: str) -> None:
        line = QLineEdit(parent)
        super().__init__(f"{prefix}_{setting.name}", setting.title, setting.words, line, parent)
        self._setting, self._line = setting, line
        line.editingFinished.connect(self.keep)

    def _read(self) -> float | int | None:
        return number_of(self._setting, self._line.text())

    def _write(self, value: float | int | None) -> None:
        self._line.setText("" if value is None else f"{value:.7g}" if isinstance(value, float) else str(value))


# ---- the form the answers of a chat are bound to


FREE = ""
TITLE = _("Form of the answer")
LINES = 8
CHECK_AFTER_MS = 400
SENTENCES = {
    FREE: _(
        "Answers are free text. A JSON schema or a grammar binds each answer to a form that other programs can read."
    ),
    SCHEMA: _("Each answer is JSON that keeps to this schema. The model answers without thinking aloud."),
    GRAMMAR: _("Each answer keeps to this grammar, from its rule root on. The model answers without thinking aloud."),
}
HINTS = {
    SCHEMA: """{
  "type": "object",
  "properties": {
    "name": {"type": "string"},
    "amount": {"type": "number"}
  },
  "required": ["name"]
}""",
    GRAMMAR: 'root ::= "Yes" | "No"',
}
FILTERS = {
    SCHEMA: _("JSON schemas (*.json);;All files (*)"),
    GRAMMAR: _("Grammars (*.gbnf *.txt);;All files (*)"),
}
Reader = Callable[[Path, Callable[[str], None], Callable[[Problem], None]], None]
"""Function to read a file on another thread. Calls its first callback with the text, or its second with the problem."""
UNUSABLE = _("Until this is corrected nothing can be asked.")
TOO_LONG = _("What was there before stays in force.")


class AnswerForm(QFrame):
    changed = Signal(object)

    def __init__(self, parent: QWidget, read: Reader, *, prefix: str) -> None:
        super().__init__(parent)
        self.setObjectName(f"{prefix}_form")
        self._prefix, self._reader = prefix, read
        self._kind = FREE
        self._texts = {SCHEMA: "", GRAMMAR: ""}
        """Typed texts of both kinds, which are kept while the other kind is selected."""
        self._found = FormCheck()
        self._timer = Delay(self, CHECK_AFTER_MS, self.keep)
        self._build_ui()
        self._connect()
        self._show_kind()

    def _build_ui(self) -> None:
        prefix = self._prefix
        heading = plain_label(TITLE, self, name=f"{prefix}_form_heading", wraps=False)
        kinds: list[tuple[object, str]] = [(FREE, _("Free text")), *TITLES.items()]
        self.choice = named(Choice(kinds, self), f"{prefix}_form_kind", label=TITLE)
        self.choice.setMinimumContentsLength(8)
        self.choice.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        heading.setBuddy(self.choice)
        self.field = WordsField(f"{prefix}_form_text", self, lines=LINES, hint="")
        self.field.setProperty("kind", "code")
        self.field.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.open = button(
            _("Open file…"), f"{prefix}_form_open", self, tip=_("Take the text of a file"), on=self._on_open
        )
        self._problem = plain_label("", self, name=f"{prefix}_form_problem", kind="danger", is_hidden=True)
        self._note = plain_label("", self, name=f"{prefix}_form_note", kind="warn", is_hidden=True)
        left = Qt.AlignmentFlag.AlignLeft
        column(
            heading, self.choice, self.field, (self.open, left), self._problem, self._note,
            into=self, gap=theme.SPACE_4,
        )  # fmt: skip

    def _connect(self) -> None:
        self.choice.value_chosen.connect(self._on_kind_chosen)
        self.field.textChanged.connect(self._timer.start)
        self.field.left.connect(self.keep)

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        return (self.choice, self.field, self.open)

    @property
    def problem(self) -> str:
        return self._found.problem

    def show_options(self, options: ChatOptions, *, is_other: bool = False) -> None:
        if not is_other and len(self._text) > MOST_FORM:
            return  # too long to be stored: it stays to be shortened
        if is_other:
            self._kind, self._texts = FREE, {SCHEMA: "", GRAMMAR: ""}
        if kind := SCHEMA if options.json_schema else GRAMMAR if options.grammar else FREE:
            self._kind, self._texts[kind] = kind, options.json_schema or options.grammar
        elif self._text.strip():
            self._kind = FREE  # it was removed elsewhere
        self._show_kind()

    def keep(self) -> None:
        """Check the text and emit it if it has changed. Unusable text is emitted too, so that it is not lost."""
        self._timer.stop()
        if self._kind == FREE:
            return
        text = self.field.toPlainText()
        is_changed = text != self._text
        self._texts[self._kind] = text
        self._check()
        if is_changed and len(text) <= MOST_FORM:
            self.changed.emit({SCHEMA: "", GRAMMAR: "", self._kind: text if text.strip() else ""})

    @property
    def _text(self) -> str:
        return self._texts.get(self._kind, "")

    def _show_kind(self) -> None:
        kind = self._kind
        self.choice.show_value(kind)
        self.field.setVisible(kind != FREE)
        self.open.setVisible(kind != FREE)
        self.choice.setToolTip(f"<p>{SENTENCES[kind]}</p>")
        self.choice.setAccessibleDescription(SENTENCES[kind])
        self.field.setAccessibleName(TITLES.get(kind, TITLE))
        self.field.setPlaceholderText(HINTS.get(kind, ""))
        if kind != FREE and self.field.toPlainText() != self._text and not self._timer.isActive():
            self.field.setPlainText(self._text)
            self._timer.stop()
        self._check()

    def _check(self) -> None:
        self._found = check_form(self._kind, self._text) if self._text.strip() else FormCheck()
        then = UNUSABLE if len(self._text) <= MOST_FORM else TOO_LONG
        show_words(self._problem, f"{breakable(self._found.problem)} {then}" if self._found.problem else "")
        names = ", ".join(self._found.not_kept)
        show_words(self._note, _("Answers are not held to: {names}.").format(names=names) if names else "")
        marks = [self._mark(self._found)] if self._found.line and self._kind != FREE else []
        self.field.setExtraSelections(marks)

    def _mark(self, found: FormCheck) -> QTextEdit.ExtraSelection:
        """Return a mark at the place of an error: the character there, or the last character."""
        block = self.field.document().findBlockByNumber(found.line - 1)
        mark = QTextEdit.ExtraSelection()
        mark.cursor = QTextCursor(block)
        mark.cursor.setPosition(block.position() + min(found.column - 1, max(block.length() - 1, 0)))
        moves, keep = QTextCursor.MoveOperation, QTextCursor.MoveMode.KeepAnchor
        if not mark.cursor.movePosition(moves.NextCharacter, keep):
            mark.cursor.movePosition(moves.PreviousCharacter, keep)
        colour = self.palette().color(QPalette.ColorRole.BrightText)
        style = QTextCharFormat()
        style.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        style.setUnderlineColor(colour)
        colour.setAlpha(60)
        style.setBackground(colour)
        mark.format = style
        return mark

    def _on_kind_chosen(self, kind: str) -> None:
        self.keep()
        self._kind = kind
        self._show_kind()
        text = self._text if len(self._text) <= MOST_FORM else ""
        self.changed.emit({SCHEMA: "", GRAMMAR: ""} | ({kind: text} if kind else {}))
        if kind:
            self.field.setFocus()

    def _on_open(self) -> None:
        kind = self._kind
        chosen = partial(self._on_file, kind)
        ask_file(
            self, _("Open: {title}").format(title=TITLES[kind]), chosen, name="form_file_dialog", filters=FILTERS[kind]
        )

    def _on_file(self, kind: str, path: Path) -> None:
        self._reader(path, partial(self._on_read, kind), self._on_unreadable)

    def _on_read(self, kind: str, text: str) -> None:
        if isValid(self) and kind == self._kind:
            self.field.setPlainText(text)
            self.keep()

    def _on_unreadable(self, problem: Problem) -> None:
        if isValid(self):
            show_words(self._problem, breakable(problem.sentence))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._check()


# ---- the values that a chat's settings can be given, as lists to choose from


TEMPERATURES = (
    (0.0, _("0 — always the likeliest word")), (0.2, _("0.2 — close to the likeliest")), (0.4, "0.4"), (0.6, "0.6"),
    (0.8, "0.8"), (1.0, _("1 — freely")), (1.2, "1.2"), (1.5, _("1.5 — wildly")),
)  # fmt: skip
TOP_PS = ((0.5, _("The likeliest half")), (0.8, "80 %"), (0.9, "90 %"), (0.95, "95 %"), (1.0, _("All words")))
STRENGTHS = ((0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1.0, "100 %"), (1.5, "150 %"), (2.0, "200 %"))
THINKING = {
    "": _("Default"),
    "off": _("Off"),
    "on": _("On"),
    "low": _("A little"),
    "medium": _("Some"),
    "high": _("A lot"),
}
ANSWER_LANGUAGES = (
    (ANY_LANGUAGE, _("The model's choice")),
    (OF_MESSAGE, _("That of each message")),
    *sorted(((language.code, language.shown) for language in LANGUAGES.values()), key=lambda each: each[1]),
)
_LENGTHS = (64, 128, 256, 512, 1024, 2048, 4096)


def lengths() -> list[tuple[object, str]]:
    numbers = QLocale()
    return [
        (None, _("No limit")),
        *((size, _("{size} tokens").format(size=numbers.toString(size))) for size in _LENGTHS),
    ]
