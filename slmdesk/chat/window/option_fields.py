"""Fields for the settings of a chat, made of their declaration, for the panel of the open chat and for presets."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QIntValidator, QWheelEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QPlainTextEdit, QSlider, QWidget

from slmdesk.base.record import Record
from slmdesk.base.texts import _, decimal
from slmdesk.base.types import Sampling
from slmdesk.chat.settings import (
    FIRST,
    LANGUAGE,
    LENGTH,
    MODEL,
    SAMPLED,
    TEMPERATURE,
    Setting,
    WrongLineError,
    defaults_of,
    is_makers,
    number_of,
    stops_of,
    text_of_stops,
)
from slmdesk.chat.types import ChatOptions
from slmdesk.models.running import LoadOptions
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import (
    breakable,
    button,
    column,
    named,
    plain_label,
    plain_tip,
    row,
    set_icon,
    show_words,
    tool_button,
)
from slmdesk.window.widgets.parts import Segments
from slmdesk.window.widgets.rows import Choice

MOST_NAME = 26
MOST_SEED = 2**31 - 1
"""Largest number that an integer field accepts."""
STOP_LINES = 3
FIXED = _(
    "The same question gets the same answer, as long as nothing else is written beside it and the chat is the same."
)


class Around(Record):
    """What the settings are shown for: the models there are, and what is known of the one that is used."""

    models: tuple[tuple[object, str], ...] = ()
    any_model: str = ""
    """Words for no model of its own."""
    load: LoadOptions | None = None
    ways_to_think: tuple[str, ...] | None = None
    """None: all."""

    @property
    def makers(self) -> Sampling:
        return self.load.makers if self.load else Sampling()


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


def explain(sentence: str, *widgets: QWidget) -> None:
    widgets[0].setAccessibleDescription(sentence)
    for each in widgets:
        each.setToolTip(plain_tip(sentence))


def choice(name: str, parent: QWidget) -> Choice:
    """Return a list that is no wider than its column, however long a name in it is."""
    made = Choice([], parent)
    made.setObjectName(name)
    made.setMinimumContentsLength(8)
    made.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return made


def refill(box: Choice, values: Sequence[tuple[object, str]]) -> None:
    """Replace the values to choose from. The selected value stays if it is still among them."""
    tips = [box.itemData(at, Qt.ItemDataRole.ToolTipRole) for at in range(box.count())]
    old = [(box.itemData(at), tip) for at, tip in enumerate(tips)]
    if old == [(value, plain_tip(words)) for value, words in values]:
        return
    shown = box.currentData()
    box.clear()
    for value, words in values:
        box.addItem(words if len(words) <= MOST_NAME else words[: MOST_NAME - 1] + "…", value)
        box.setItemData(box.count() - 1, plain_tip(words), Qt.ItemDataRole.ToolTipRole)
    box.setCurrentIndex(max(0, box.findData(shown)))


class Field(QFrame):
    """A setting with its name above; its explanation is a tooltip. Base class."""

    changed = Signal(object)
    """New values, by the names of their options."""
    has_problem = False

    def __init__(self, setting: Setting, prefix: str, parent: QWidget, title: str = "") -> None:
        super().__init__(parent)
        self.setting, self.name, self.title = setting, f"{prefix}_{setting.name}", title or setting.title
        self.setObjectName(f"{self.name}_part")
        self.heading = plain_label(self.title, self, name=f"{self.name}_heading", wraps=False)

    def put(self, control: QWidget, *below: QWidget, beside: QWidget | None = None) -> None:
        """Lay the field out: `control` under the heading, then what is `below` it."""
        self.heading.setBuddy(control)
        control.setAccessibleName(self.title)
        explain(self.setting.words, control, self.heading)
        head = row((self.heading, 1), *(() if beside is None else (beside,)), gap=theme.SPACE_4)
        column(head, control, *below, into=self, gap=theme.SPACE_4)

    def give(self, value: object) -> None:
        self.changed.emit({self.setting.name: value})

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        raise NotImplementedError

    def show_options(self, options: ChatOptions, around: Around, *, is_other: bool) -> None:
        raise NotImplementedError

    def keep(self) -> None:
        """Take over what is being typed."""


def default_words(name: str, makers: Sampling) -> str:
    by, default = _("Recommended") if is_makers(name, makers) else _("Default"), getattr(defaults_of(makers), name)
    return f"{by} ({decimal(default)})" if isinstance(default, int | float) else _("None")


# ---- a value to choose


class ChoiceField(Field):
    def __init__(self, setting: Setting, prefix: str, parent: QWidget) -> None:
        super().__init__(setting, prefix, parent)
        self.box = choice(self.name, self)
        self._note = plain_label("", self, name=f"{setting.name}_note", kind="danger", is_hidden=True)
        self.put(self.box, self._note)
        self.box.value_chosen.connect(self.give)

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        return (self.box,)

    def show_options(self, options: ChatOptions, around: Around, *, is_other: bool) -> None:
        values, value = self._values(options, around), getattr(options, self.setting.name)
        refill(self.box, values)
        is_gone = self.setting.name == "model" and self.box.findData(value) < 0
        self.box.show_value("" if is_gone else value)
        is_needed = self.setting.name != "lora_scale" or bool(options.lora)
        self.setVisible(is_needed and len(values) > 1)
        show_words(self._note, breakable(lora_note(options, around)) if self.setting.name == "lora" else "")

    def _values(self, options: ChatOptions, around: Around) -> list[tuple[object, str]]:
        name, values = self.setting.name, list(self.setting.values)
        if name == "model":
            return [("", around.any_model), *around.models]
        if name == "lora":
            return lora_values(options, around)
        if name == "thinking" and around.ways_to_think is not None:
            return [each for each in values if each[0] in ("", *around.ways_to_think, options.thinking)]
        if getattr(ChatOptions(), name) is None and values[0][0] is not None:
            return [(None, default_words(name, around.makers)), *values]
        return values


def lora_values(options: ChatOptions, around: Around) -> list[tuple[object, str]]:
    known = around.load.adapters if around.load else ()
    fitting = [(each.id, each.name) for each in known if not each.reason or each.id == options.lora]
    if options.lora and all(options.lora != id for id, _name in fitting):
        fitting.append((options.lora, _("Not in the library")))
    return [("", _("None")), *fitting]


def lora_note(options: ChatOptions, around: Around) -> str:
    if not options.lora or around.load is None:
        return ""
    chosen = next((each for each in around.load.adapters if each.id == options.lora), None)
    why = chosen.reason if chosen else _("it is no longer in the library")
    return _("It cannot be used with this model: {why}.").format(why=why) if why else ""


class SegmentsField(Field):
    """A value of three, as parts of one bar."""

    def __init__(self, setting: Setting, prefix: str, parent: QWidget) -> None:
        super().__init__(setting, prefix, parent)
        self._bar = Segments(self, self.name, label=self.title)
        for _value, words in setting.values:
            self._bar.addTab(words)
        self.put(self._bar)
        self._bar.currentChanged.connect(lambda at: self.give(setting.values[at][0]))

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        return (self._bar,)

    def show_options(self, options: ChatOptions, around: Around, *, is_other: bool) -> None:
        self._bar.blockSignals(True)
        values = [value for value, _words in self.setting.values]
        self._bar.setCurrentIndex(values.index(getattr(options, self.setting.name)))
        self._bar.blockSignals(False)


class Level(QSlider):
    """Slider that the mouse wheel does not change, as it scrolls the panel."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class CreativityField(Field):
    """The temperature in three steps."""

    LEVELS = ((0.2, _("Precise")), (None, _("Balanced")), (1.0, _("Creative")))

    def __init__(self, prefix: str, parent: QWidget) -> None:
        super().__init__(TEMPERATURE, prefix, parent, _("Creativity"))
        self._slider = named(Level(Qt.Orientation.Horizontal, self), f"{prefix}_creativity")
        self._slider.setRange(0, len(self.LEVELS) - 1)
        self._slider.setPageStep(1)
        words = [
            plain_label(level, self, name="creativity_level", kind="small", wraps=False) for _v, level in self.LEVELS
        ]
        labels = QWidget(self)
        row(words[0], 1, words[1], 1, words[2], into=labels)
        self.put(self._slider, labels)
        self._slider.valueChanged.connect(lambda at: self.give(self.LEVELS[at][0]))

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        return (self._slider,)

    def show_options(self, options: ChatOptions, around: Around, *, is_other: bool) -> None:
        value = options.temperature
        self._slider.blockSignals(True)
        self._slider.setValue(1 if value is None or 0.4 < value < 0.9 else 0 if value <= 0.4 else 2)
        self._slider.blockSignals(False)


# ---- a value that is typed


class TypedField(Field):
    """Invalid text stays in the field, with an error message. An empty field stands for the default. Base class."""

    def __init__(self, setting: Setting, prefix: str, parent: QWidget, control: QLineEdit | WordsField) -> None:
        super().__init__(setting, prefix, parent)
        self.control = named(control, self.name)
        self._value: Any = getattr(ChatOptions(), setting.name)
        label = _("{title}: back to the default").format(title=setting.title)
        self.reset = tool_button(
            f"{self.name}_reset", self, icon="undo-2", tip=_("Back to the default"), label=label, on=self._on_reset
        )
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)
        self._problem = plain_label("", self, name=f"{self.name}_problem", kind="danger", is_hidden=True)
        self.put(self.control, self._problem, beside=self.reset)

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        return (self.reset, self.control)

    @property
    def has_problem(self) -> bool:  # type: ignore[override]
        return not self._problem.isHidden()

    def show_options(self, options: ChatOptions, around: Around, *, is_other: bool) -> None:
        """Invalid text that is being typed stays, unless the value belongs to another chat (`is_other`)."""
        value = getattr(options, self.setting.name)
        self.control.setPlaceholderText(default_words(self.setting.name, around.makers))
        if is_other or value != self._value or not self.has_problem:
            show_words(self._problem, "")
            if is_other or value != self._value or not self.control.hasFocus():
                self.write(value)
        self._value = value
        self._show_reset()

    def keep(self) -> None:
        try:
            value = self.read()
        except WrongLineError as err:
            show_words(self._problem, str(err))
            self._show_reset()
            return
        show_words(self._problem, "")
        if value != self._value:
            self._value = value
            self.give(value)
        self._show_reset()

    def read(self) -> Any:
        raise NotImplementedError

    def write(self, value: Any) -> None:
        raise NotImplementedError

    def _show_reset(self) -> None:
        self.reset.setVisible(self.has_problem or self._value not in (None, ()))

    def _on_reset(self) -> None:
        self.control.clear()
        self.keep()
        self.control.setFocus()


class NumberField(TypedField):
    def __init__(self, setting: Setting, prefix: str, parent: QWidget) -> None:
        line = QLineEdit(parent)
        super().__init__(setting, prefix, parent, line)
        self._line = line
        self._line.editingFinished.connect(self.keep)

    def read(self) -> float | int | None:
        return number_of(self.setting, self._line.text())

    def write(self, value: float | int | None) -> None:
        self._line.setText("" if value is None else decimal(value))


class StopsField(TypedField):
    """Stop texts, one a line."""

    def __init__(self, setting: Setting, prefix: str, parent: QWidget) -> None:
        text = WordsField("", parent, lines=STOP_LINES, hint=_("None"))
        super().__init__(setting, prefix, parent, text)
        self._text = text
        self._text.left.connect(self.keep)

    def read(self) -> tuple[str, ...]:
        return stops_of(self._text.toPlainText())

    def write(self, value: tuple[str, ...]) -> None:
        words = text_of_stops(value)
        if words != self._text.toPlainText():
            self._text.setPlainText(words)


class SeedField(Field):
    def __init__(self, setting: Setting, prefix: str, parent: QWidget) -> None:
        super().__init__(setting, prefix, parent)
        self._box = choice(self.name, self)
        refill(self._box, [(False, _("A new one")), (True, _("Always this one:"))])
        self._number = named(QLineEdit(self), f"{self.name}_number", label=_("Number of the seed"))
        self._number.setValidator(QIntValidator(0, MOST_SEED, self._number))
        self.put(self._box, self._number)  # ten digits do not fit beside the list
        self._seed: int | None = None
        self._box.value_chosen.connect(self._on_chosen)
        self._number.editingFinished.connect(self._on_written)

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        return (self._box, self._number)

    def show_options(self, options: ChatOptions, around: Around, *, is_other: bool) -> None:
        seed = self._seed = options.seed
        self._box.show_value(seed is not None)
        self._number.setVisible(seed is not None)
        self._number.setEnabled(seed is not None)
        self._number.setText("" if seed is None else str(seed))
        explain(self.setting.words if seed is None else FIXED, self._box, self.heading)

    def _on_chosen(self, is_fixed: bool) -> None:
        self.give(secrets.randbelow(10_000) if is_fixed else None)
        if is_fixed:
            self._number.setFocus()
            self._number.selectAll()

    def _on_written(self) -> None:
        text = self._number.text()
        if self._seed is not None and text.isdigit() and int(text) != self._seed:
            self.give(int(text))


# ---- all of them


_KINDS: Mapping[str, type[ChoiceField | SegmentsField | StopsField | SeedField]] = {
    "model": ChoiceField, "answer_length": SegmentsField, "stop": StopsField, "seed": SeedField, "lora": ChoiceField,
}  # fmt: skip


def field_of(setting: Setting, prefix: str, parent: QWidget) -> Field:
    kind = _KINDS.get(setting.name, ChoiceField if setting.values else NumberField)
    return kind(setting, prefix, parent)


class SettingsForm(QFrame):
    """The settings: the first in sight, the others folded."""

    changed = Signal(object)
    reset_requested = Signal()
    folded = Signal()

    def __init__(
        self, settings: Sequence[Setting], parent: QWidget, *, prefix: str, more: Sequence[QWidget] = (),
        beside: QWidget | None = None,
    ) -> None:  # fmt: skip
        """`more`: what is folded too, before the numbers. `beside`: a widget at the end of the row of the fold."""
        super().__init__(parent)
        self._title, self._more = _("Advanced"), tuple(more)
        first = [each for each in settings if each in FIRST]
        rest = [one for each in settings for one in (each, each.more) if one and one not in (MODEL, LENGTH, LANGUAGE)]
        self.open = button(self._title, f"{prefix}_more_button", self, kind="quiet", icon="chevron-right")
        self.open.setCheckable(True)
        self._inner = named(QFrame(self), f"{prefix}_more_inner")
        self._first: list[Field] = [
            CreativityField(prefix, self) if each is TEMPERATURE else field_of(each, prefix, self) for each in first
        ]
        self._rest = [field_of(each, prefix, self._inner) for each in rest]
        tip = _("Temperature, word variety, seed, length and all of these are as if never set")
        self.reset = button(_("Reset sampling"), f"{prefix}_more_reset", self._inner, tip=tip, on=self.reset_requested)
        for widget in self._more:
            widget.setParent(self._inner)
        left = Qt.AlignmentFlag.AlignLeft
        column(*self._more, *self._rest, (self.reset, left), into=self._inner, gap=theme.SPACE_16)
        self._inner.hide()
        head = row(self.open, 1, *(() if beside is None else (beside,)))
        column(*self._first, column(head, self._inner, gap=theme.SPACE_12), into=self, gap=theme.SPACE_16)
        self.open.toggled.connect(self._on_toggled)
        for each in self.fields:
            each.changed.connect(self.changed)

    @property
    def fields(self) -> tuple[Field, ...]:
        return (*self._first, *self._rest)

    @property
    def first_in_order(self) -> tuple[QWidget, ...]:
        return (*(widget for each in self._first for widget in each.in_order), self.open)

    @property
    def rest_in_order(self) -> tuple[QWidget, ...]:
        return (*(widget for each in self._rest for widget in each.in_order), self.reset)

    @property
    def has_problem(self) -> bool:
        return any(each.has_problem for each in self.fields)

    def show_options(self, options: ChatOptions, around: Around, *, is_other: bool = False) -> None:
        """Show the values of a chat or preset. `is_other`: it is another one than before."""
        for each in self.fields:
            each.show_options(options, around, is_other=is_other)
        usual = ChatOptions()
        changed = [name for name in SAMPLED if getattr(options, name) != getattr(usual, name)]
        count = len([name for name in changed if name != TEMPERATURE.name])
        self.open.setText(_("{title} ({count} set)").format(title=self._title, count=count) if count else self._title)
        self.reset.setEnabled(bool(changed))

    def keep(self) -> None:
        for each in self.fields:
            each.keep()

    def _on_toggled(self, is_open: bool) -> None:
        set_icon(self.open, "chevron-down" if is_open else "chevron-right")
        self._inner.setVisible(is_open)
        self.folded.emit()
