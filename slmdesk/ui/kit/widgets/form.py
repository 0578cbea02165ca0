"""Forms made of a list of fields: each says what it is called, what can be chosen, when it is there, how it is read.

A form is made of them once (`Form(self, FIELDS, prefix="space")`), laid out by its `parts`, and shown for a record by
`show_values(values_of(record), env)`. It emits `changed` with each value that a person chooses or types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QLayout, QLineEdit, QPlainTextEdit, QSlider, QToolButton, QWidget

from slmdesk.base.record import Record
from slmdesk.base.texts import _
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Delay
from slmdesk.ui.kit.widgets.build import (
    breakable,
    column,
    keep_place,
    named,
    plain_label,
    plain_tip,
    row,
    set_tip,
    show_words,
    tool_button,
)
from slmdesk.ui.kit.widgets.parts import Segments
from slmdesk.ui.kit.widgets.rows import Choice

V = TypeVar("V")
Values = Sequence[tuple[object, str]]
"""Values to choose from, each with its words."""
KEEP_AFTER_MS = 600
"""Milliseconds after the last key until a text of several lines is read."""
LEAST_HEIGHT = 100
MOST_NAME = 26
"""Letters of a value's words that are shown in a list. All of them are in its tooltip."""


class Field(Record):
    """A field of a form. What may depend on more than its value is a function of `env`: whatever the form is shown
    for.
    """

    name: str
    title: str
    control: Callable[[Field, QWidget], Control]
    of: str = ""
    """Name of its value, if that is not its own."""
    tip: str | Callable[[Any], str] = ""
    values: Values | Callable[[Any], Values] = ()
    takes_others: bool = False
    """Whether its value may be one that cannot be chosen here. Otherwise the first value stands for such a value."""
    hint: str | Callable[[Any], str] = ""
    """Words in a text field that is empty."""
    lines: int = 3
    """Height of a text of several lines. 0: as much as there is room for."""
    read: Callable[[Any], Any] = lambda chosen: chosen
    """Make the value of what was chosen or typed. Raises ValueError with a sentence for people."""
    write: Callable[[Any], Any] = lambda value: value
    """Make of the value what is shown."""
    usual: object = None
    """The value of a field that is not set."""
    resets: bool = False
    """Whether a button beside its title sets the usual value."""
    note: Callable[[Any], str] = lambda _env: ""
    """What is said below it; nothing if there are no words."""
    is_there: Callable[[Any], bool] = lambda _env: True
    is_enabled: Callable[[Any], bool] = lambda _env: True


class Control:
    """What a field is chosen or typed with. Base class."""

    widget: QWidget
    """It has the focus, and the name of the field."""
    below: QLayout | QWidget | None = None

    def __init__(self, field: Field, parent: QWidget) -> None:
        """Set `widget`, and have `told` called with what a person chooses or types."""
        self.field = field
        self.told: Callable[[Any], bool] = lambda _chosen: True
        """Take what was chosen. Return whether it could be read."""

    def show(self, value: Any, env: Any, *, is_new: bool) -> None:
        """Show a value without telling. `is_new`: it is another one than was shown or told last."""
        raise NotImplementedError

    def keep(self) -> None:
        """Tell what is being typed."""

    def refuse(self) -> None:
        """What was told last cannot be."""


class Form(QObject):
    """Fields and their values. A value that cannot be read stays in its field with the reason below it.

    `parts` are the widgets of the fields, which the owner lays out.
    """

    changed = Signal(object)
    """Emitted with the values that a person has changed, by name."""

    def __init__(self, parent: QWidget, fields: Sequence[Field], *, prefix: str) -> None:
        """The object name of a control is `prefix` and the name of its field."""
        super().__init__(parent)
        self.values: dict[str, Any] = {}
        self.env: Any = None
        self.problems: dict[str, str] = {}
        self._parts = {field.name: self.make_part(field, parent, prefix) for field in fields}

    def make_part(self, field: Any, parent: Any, prefix: str) -> FieldPart:
        return FieldPart(field, parent, prefix, self)

    @property
    def parts(self) -> tuple[FieldPart, ...]:
        return tuple(self._parts.values())

    def part(self, name: str) -> FieldPart:
        return self._parts[name]

    def show_values(self, values: Mapping[str, Any], env: Any = None, *, is_other: bool = False) -> None:
        """Show these values. `is_other`: what is being typed belonged to what was shown before, and goes."""
        before, self.env = self.values, env
        self.values = {part.value_name: values[part.value_name] for part in self.parts}
        for name, part in self._parts.items():
            value = self.values[part.value_name]
            is_new = is_other or part.value_name not in before or value != before[part.value_name]
            if is_new:
                self.problems.pop(name, None)
            part.show_value(value, env, self.problems.get(name, ""), is_new=is_new)

    def keep(self) -> bool:
        """Read what is being typed. Return whether each field can be read."""
        for part in self.parts:
            part.control.keep()
        return not self.problems

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Set these values as if a person had chosen them. What cannot be read goes, in all fields."""
        self.keep()
        self.changed.emit(dict(values))
        self.show_values({**self.values, **values}, self.env, is_other=True)

    def reset(self, part: FieldPart) -> None:
        part.control.show(part.field.usual, self.env, is_new=True)
        self.take(part, part.field.write(part.field.usual))
        part.widget.setFocus()

    def refuse(self, name: str, words: str, value: Any) -> None:
        """Say below a field why what was chosen cannot be, and that `value` still holds. What was typed stays."""
        part = self._parts[name]
        self.problems[name], self.values[part.value_name] = words, value
        part.control.refuse()
        part.show_problem(words, value)

    def take(self, part: FieldPart, chosen: Any) -> bool:
        """Read what was chosen or typed in a field. Return whether it could be read."""
        try:
            value = part.field.read(chosen)
        except ValueError as err:
            self.problems[part.field.name] = str(err)
            part.show_problem(str(err), self.values[part.value_name])
            return False
        self.problems.pop(part.field.name, None)
        part.show_problem(part.field.note(self.env), value)
        if value != self.values[part.value_name]:
            self.values[part.value_name] = value
            self.changed.emit({part.value_name: value})
        return True


class FieldPart(QFrame):
    """A field with its title above and a line for its note or problem below. Its explanation is a tooltip."""

    wraps_title = False

    def __init__(self, field: Field, parent: QWidget, prefix: str, form: Form) -> None:
        super().__init__(parent)
        name = f"{prefix}_{field.name}"
        self.setObjectName(f"{name}_part")
        self.field, self.value_name = field, field.of or field.name
        self._heading = plain_label(field.title, self, name=f"{name}_heading", wraps=self.wraps_title)
        self._reset = self._reset_button(name, lambda: form.reset(self)) if field.resets else None
        self.control = field.control(field, self)
        self.control.told = partial(form.take, self)
        self.widget = named(self.control.widget, name, label=field.title)
        self._heading.setBuddy(self.widget)
        self._problem = plain_label("", self, name=f"{name}_problem", kind="danger", is_hidden=True)
        self._lay_out()

    def _lay_out(self) -> None:
        head = row((self._heading, 1), *((self._reset,) if self._reset else ()), gap=theme.SPACE_4)
        below = (self.control.below,) if self.control.below else ()
        column(head, (self.widget, 1), *below, self._problem, into=self, gap=theme.SPACE_4)

    def show_value(self, value: Any, env: Any, problem: str, *, is_new: bool) -> None:
        self.control.show(value, env, is_new=is_new)
        explain(of_env(self.field.tip, env), self.widget, self._heading)
        self.widget.setEnabled(self.field.is_enabled(env))
        self.setVisible(self.field.is_there(env))
        self.show_problem(problem or self.field.note(env), value)

    def show_problem(self, words: str, value: Any) -> None:
        show_words(self._problem, breakable(words))
        if self._reset is not None:
            self._reset.setVisible(bool(words) or value != self.field.usual)

    def _reset_button(self, name: str, on: Callable[[], None]) -> QToolButton:
        label = _("{title}: back to the default").format(title=self.field.title)
        made = tool_button(f"{name}_reset", self, icon="undo-2", tip=_("Back to the default"), label=label, on=on)
        keep_place(made)
        return made


def explain(sentence: str, *widgets: QWidget) -> None:
    for widget in widgets:
        set_tip(widget, sentence)


def of_env(told: V | Callable[[Any], V], env: Any) -> V:
    """Return what a field tells of `env`, or for all."""
    return told(env) if callable(told) else told


class Listed(Control):
    """A drop-down list, no wider than its column, however long a name in it is."""

    def __init__(self, field: Field, parent: QWidget) -> None:
        super().__init__(field, parent)
        self.widget = self._box = Choice([], parent)
        self._box.setMinimumContentsLength(8)
        self._box.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._box.value_chosen.connect(lambda value: self.told(value))
        self._listed: Values = ()

    def show(self, value: Any, env: Any, *, is_new: bool) -> None:
        values = of_env(self.field.values, env)
        if values != self._listed:
            self._listed = values
            self._box.clear()
            for other, words in values:
                self._box.addItem(words if len(words) <= MOST_NAME else words[: MOST_NAME - 1] + "…", other)
                self._box.setItemData(self._box.count() - 1, plain_tip(words), Qt.ItemDataRole.ToolTipRole)
        if self.field.takes_others or self._box.findData(value) >= 0:
            self._box.show_value(value)
        else:
            self._box.setCurrentIndex(0)


class Parted(Control):
    """A few values, as parts of one bar."""

    def __init__(self, field: Field, parent: QWidget) -> None:
        super().__init__(field, parent)
        self.widget = self._bar = Segments(parent, "", label=field.title)
        values = of_env(field.values, None)
        self._keys = [value for value, _words in values]
        for _value, words in values:
            self._bar.addTab(words)
        self._bar.currentChanged.connect(lambda at: self.told(self._keys[at]))

    def show(self, value: Any, env: Any, *, is_new: bool) -> None:
        with QSignalBlocker(self._bar):
            self._bar.setCurrentIndex(self._keys.index(value))


class Level(QSlider):
    """Slider that the mouse wheel does not change, as it scrolls the page."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class Stepped(Control):
    """A few values as steps of a slider, with their words below it. `write` makes the number of the step."""

    def __init__(self, field: Field, parent: QWidget) -> None:
        super().__init__(field, parent)
        values = of_env(field.values, None)
        self.widget = self._slider = Level(Qt.Orientation.Horizontal, parent)
        self._slider.setRange(0, len(values) - 1)
        self._slider.setPageStep(1)
        self._slider.valueChanged.connect(lambda at: self.told(values[at][0]))
        self.below = row()
        for at, (_value, words) in enumerate(values):
            self.below.addStretch(1 if at else 0)
            self.below.addWidget(plain_label(words, parent, name=f"{field.name}_level", kind="small", wraps=False))

    def show(self, value: Any, env: Any, *, is_new: bool) -> None:
        with QSignalBlocker(self._slider):
            self._slider.setValue(self.field.write(value))


class Typed(Control):
    """Text that is read when a person leaves the field. Base class."""

    widget: QLineEdit | QPlainTextEdit
    _seen = ""
    """What was read or shown last."""
    _is_right = True
    """Whether it could be read."""

    def words(self) -> str:
        raise NotImplementedError

    def fill(self, words: str) -> None:
        raise NotImplementedError

    def show(self, value: Any, env: Any, *, is_new: bool) -> None:
        self.widget.setPlaceholderText(of_env(self.field.hint, env))
        is_left = self._is_right and self.words() == self._seen and not self.widget.hasFocus()
        if is_new or is_left:
            self._seen, self._is_right = self.field.write(value), True
            if self.words() != self._seen:
                self.fill(self._seen)

    def keep(self) -> None:
        if self.words() != self._seen:
            self._seen, self._is_right = self.words(), True
            if not self.told(self._seen):
                self.refuse()

    def refuse(self) -> None:
        self._is_right = False


class TextLine(Typed):
    def __init__(self, field: Field, parent: QWidget) -> None:
        super().__init__(field, parent)
        self.widget = self._line = QLineEdit(parent)
        self._line.editingFinished.connect(self.keep)

    def words(self) -> str:
        return self._line.text()

    def fill(self, words: str) -> None:
        self._line.setText(words)


class TextLines(Typed):
    """A text of several lines. It is also read when a person pauses. The Tab key leaves it."""

    def __init__(self, field: Field, parent: QWidget) -> None:
        super().__init__(field, parent)
        self.widget = self._text = _LeftText(parent)
        self._text.setTabChangesFocus(True)
        if field.lines:
            self._text.setFixedHeight(field.lines * self._text.fontMetrics().lineSpacing() + 2 * theme.SPACE_8)
        else:
            self._text.setMinimumHeight(LEAST_HEIGHT)
        self._text.left.connect(self.keep)
        self._text.textChanged.connect(Delay(self._text, KEEP_AFTER_MS, self.keep).start)

    def words(self) -> str:
        return self._text.toPlainText()

    def fill(self, words: str) -> None:
        self._text.setPlainText(words)


class _LeftText(QPlainTextEdit):
    left = Signal()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()
