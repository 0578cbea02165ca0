"""Fields of a chat's settings: a name, what is typed, a sentence, what is wrong with it, and a way back."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QPlainTextEdit, QWidget

from slmdesk.chat.samplers import Setting, WrongLineError, number_of
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import column, row, tool_button
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_label, show_words


class WordsField(QPlainTextEdit):
    """A text field of a few lines.  Tab leaves it."""

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
    """A field with its name above and a sentence below; what cannot be read is said and stays in the field.

    Emits `changed` with the value that was read, which is the default's where the field is empty.
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
        label = f"{title}: back to the default"
        self.reset = tool_button(
            f"{name}_reset", self, icon="undo-2", tip="Back to the default", label=label, on=self._on_reset
        )
        self._keep_place(self.reset)
        self._problem = plain_label("", self, name=f"{name}_problem", kind="danger", is_hidden=True)
        words = plain_label(sentence, self, name=f"{name}_words", kind="small")
        head = row((heading, 1), self.reset, gap=theme.SPACE_4)
        column(head, self.field, self._problem, words, into=self, gap=theme.SPACE_4)

    @property
    def has_problem(self) -> bool:
        return not self._problem.isHidden()

    def show_value(self, value: Any, default: str, *, is_other: bool = False) -> None:
        """Show a value, and the default where there is none; what is being typed and cannot be read stays, unless the
        value is of another chat (`is_other`).
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
    """A number; empty for the default."""

    def __init__(self, setting: Setting, parent: QWidget, *, prefix: str) -> None:
        line = QLineEdit(parent)
        super().__init__(f"{prefix}_{setting.name}", setting.title, setting.words, line, parent)
        self._setting, self._line = setting, line
        line.editingFinished.connect(self.keep)

    def _read(self) -> float | int | None:
        return number_of(self._setting, self._line.text())

    def _write(self, value: float | int | None) -> None:
        self._line.setText("" if value is None else f"{value:.7g}" if isinstance(value, float) else str(value))
