"""The settings of a chat that are seldom needed: how words are chosen, in all detail.  Folded until it is opened."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from slmdesk.base.types import Sampling
from slmdesk.chat.options import ChatOptions
from slmdesk.chat.samplers import (
    BIAS_TITLE,
    BIAS_WORDS,
    SETTINGS,
    STOP_TITLE,
    STOP_WORDS,
    biases_of,
    defaults_of,
    is_makers,
    stops_of,
    text_of_biases,
    text_of_stops,
)
from slmdesk.chat.window.options.fields import NumberRow, ValueRow, WordsField
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column
from slmdesk.window.widgets.icon import set_icon
from slmdesk.window.widgets.named import named

TITLE = "More settings"
BASIC = ("temperature", "top_p")
LINES = 3


class LinesRow(ValueRow):
    def __init__(
        self,
        name: str,
        title: str,
        sentence: str,
        parent: QWidget,
        *,
        read: Callable[[str], Any],
        write: Callable[[Any], str],
    ) -> None:
        text = WordsField(name, parent, lines=LINES, hint="None")
        super().__init__(name, title, sentence, text, parent)
        self._text = text
        self._reader, self._writer = read, write
        self._value = ()
        self._text.left.connect(self.keep)

    def _read(self) -> Any:
        return self._reader(self._text.toPlainText())

    def _write(self, value: Any) -> None:
        words = self._writer(value)
        if words != self._text.toPlainText():
            self._text.setPlainText(words)

    def _is_default(self) -> bool:
        return not self._value


class MoreSettings(QFrame):
    changed = Signal(object)
    reset_requested = Signal()

    def __init__(self, parent: QWidget, *, prefix: str) -> None:
        super().__init__(parent)
        self.setObjectName(f"{prefix}_more")
        self._rows: dict[str, ValueRow] = {}
        self.open = button(TITLE, f"{prefix}_more_button", self, kind="quiet", icon="chevron-right")
        self.open.setCheckable(True)
        self._inner = named(QFrame(self), f"{prefix}_more_inner")
        for setting in SETTINGS:
            if setting.name not in BASIC:
                self._rows[setting.name] = NumberRow(setting, self._inner, prefix=prefix)
        self._rows["stop"] = LinesRow(
            f"{prefix}_stop", STOP_TITLE, STOP_WORDS, self._inner, read=stops_of, write=text_of_stops
        )
        self._rows["word_bias"] = LinesRow(
            f"{prefix}_word_bias", BIAS_TITLE, BIAS_WORDS, self._inner, read=biases_of, write=text_of_biases
        )
        tip = "Temperature, word variety, seed, length and all of these are as if never set"
        self.reset = button("Reset sampling", f"{prefix}_more_reset", self._inner, tip=tip, on=self.reset_requested)
        left = Qt.AlignmentFlag.AlignLeft
        column(*self._rows.values(), (self.reset, left), into=self._inner, gap=theme.SPACE_16)
        self._inner.hide()
        column((self.open, left), self._inner, into=self, gap=theme.SPACE_12)
        self.open.toggled.connect(self._on_toggled)
        for name, one in self._rows.items():
            one.changed.connect(partial(self._on_changed, name))

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        fields = (part for one in self._rows.values() for part in (one.reset, one.field))
        return (self.open, *fields, self.reset)

    @property
    def problem(self) -> bool:
        return any(one.has_problem for one in self._rows.values())

    def show_options(self, options: ChatOptions, makers: Sampling, *, is_other: bool = False) -> None:
        """Show the values of a chat; `makers`: what the model's file recommends; `is_other`: it is another chat."""
        defaults, count = defaults_of(makers), 0
        for name, one in self._rows.items():
            value = getattr(options, name)
            count += value not in (None, ())
            default = getattr(defaults, name)
            by = "Recommended" if is_makers(name, makers) else "Default"
            one.show_value(
                value, f"{by} ({default:g})" if isinstance(default, int | float) else "None", is_other=is_other
            )
        self.open.setText(f"{TITLE} ({count} set)" if count else TITLE)
        usual = ChatOptions()
        basic = (*BASIC, "seed", "max_tokens")
        self.reset.setEnabled(bool(count) or any(getattr(options, name) != getattr(usual, name) for name in basic))

    def keep(self) -> None:
        for one in self._rows.values():
            one.keep()

    def _on_changed(self, name: str, value: object) -> None:
        self.changed.emit({name: value})

    def _on_toggled(self, is_open: bool) -> None:
        set_icon(self.open, "chevron-down" if is_open else "chevron-right")
        self._inner.setVisible(is_open)
