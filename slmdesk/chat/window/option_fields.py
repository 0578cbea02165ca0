"""Fields for the settings of a chat, with names, values, explanations and errors."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QLocale, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QPlainTextEdit, QWidget

from slmdesk.base.texts import _
from slmdesk.base.translation import LANGUAGES
from slmdesk.chat.types import (
    ANY_LANGUAGE,
    OF_MESSAGE,
    Setting,
    WrongLineError,
    number_of,
)
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import column, named, plain_label, row, show_words, tool_button


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
