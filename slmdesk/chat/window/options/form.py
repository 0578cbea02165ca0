"""The form the answers of a chat are bound to: free text, a JSON schema or a grammar, checked while it is typed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QPalette, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QTextEdit, QWidget
from shiboken6 import isValid

from slmdesk.chat.answer_form import GRAMMAR, MOST_FORM, SCHEMA, TITLES, FormCheck, check_form
from slmdesk.chat.options import ChatOptions
from slmdesk.chat.window.options.fields import WordsField
from slmdesk.runtime.events import Problem
from slmdesk.window.base import theme
from slmdesk.window.base.delay import Delay
from slmdesk.window.widgets.build import button, column
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.file_dialogs import ask_file
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import breakable, plain_label, show_words

FREE = ""
TITLE = "Form of the answer"
LINES = 8
CHECK_AFTER_MS = 400
SENTENCES = {
    FREE: "Answers are free text. A JSON schema or a grammar binds each answer to a form that other programs can read.",
    SCHEMA: "Each answer is JSON that keeps to this schema. The model answers without thinking aloud.",
    GRAMMAR: "Each answer keeps to this grammar, from its rule root on. The model answers without thinking aloud.",
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
    SCHEMA: "JSON schemas (*.json);;All files (*)",
    GRAMMAR: "Grammars (*.gbnf *.txt);;All files (*)",
}
Reader = Callable[[Path, Callable[[str], None], Callable[[Problem], None]], None]
"""Reads a file on another thread; calls one of both with its text or what is wrong."""
UNUSABLE = "Until this is corrected nothing can be asked."
TOO_LONG = "What was there before stays in force."


class AnswerForm(QFrame):
    changed = Signal(object)

    def __init__(self, parent: QWidget, read: Reader, *, prefix: str) -> None:
        super().__init__(parent)
        self.setObjectName(f"{prefix}_form")
        self._prefix, self._reader = prefix, read
        self._kind = FREE
        self._texts = {SCHEMA: "", GRAMMAR: ""}
        """What was written for either, also while the other is chosen."""
        self._found = FormCheck()
        self._timer = Delay(self, CHECK_AFTER_MS, self.keep)
        self._build_ui()
        self._connect()
        self._show_kind()

    def _build_ui(self) -> None:
        prefix = self._prefix
        heading = plain_label(TITLE, self, name=f"{prefix}_form_heading", wraps=False)
        kinds: list[tuple[object, str]] = [(FREE, "Free text"), *TITLES.items()]
        self.choice = named(Choice(kinds, self), f"{prefix}_form_kind", label=TITLE)
        self.choice.setMinimumContentsLength(8)
        self.choice.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        heading.setBuddy(self.choice)
        self.field = WordsField(f"{prefix}_form_text", self, lines=LINES, hint="")
        self.field.setProperty("kind", "code")
        self.field.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.open = button("Open file…", f"{prefix}_form_open", self, tip="Take the text of a file", on=self._on_open)
        self._problem = plain_label("", self, name=f"{prefix}_form_problem", kind="danger", is_hidden=True)
        self._note = plain_label("", self, name=f"{prefix}_form_note", kind="warn", is_hidden=True)
        self._words = plain_label(SENTENCES[FREE], self, name=f"{prefix}_form_words", kind="small")
        left = Qt.AlignmentFlag.AlignLeft
        column(
            heading, self.choice, self.field, (self.open, left), self._problem, self._note, self._words,
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
            return  # it is in no options, and stays to be shortened
        if is_other:
            self._kind, self._texts = FREE, {SCHEMA: "", GRAMMAR: ""}
        if kind := SCHEMA if options.json_schema else GRAMMAR if options.grammar else FREE:
            self._kind, self._texts[kind] = kind, options.json_schema or options.grammar
        elif self._text.strip():
            self._kind = FREE  # it was taken away elsewhere
        self._show_kind()

    def keep(self) -> None:
        """Check what is written, and emit it where it has changed: also what cannot be used yet, lest it be lost."""
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
        self._words.setText(SENTENCES[kind])
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
        show_words(self._note, f"Answers are not held to: {names}." if names else "")
        marks = [self._mark(self._found)] if self._found.line and self._kind != FREE else []
        self.field.setExtraSelections(marks)

    def _mark(self, found: FormCheck) -> QTextEdit.ExtraSelection:
        """The place of an error: the sign there, or the one before the end."""
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
        ask_file(self, f"Open: {TITLES[kind]}", chosen, name="form_file_dialog", filters=FILTERS[kind])

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
