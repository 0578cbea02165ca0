"""Sections and rows of the settings. Each feature adds its own rows to a section of the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QFrame, QLineEdit, QSizePolicy, QWidget

from slmdesk.base.text.folding import holds_words
from slmdesk.base.texts import _
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.theme import scaled
from slmdesk.ui.kit.widgets.bars import SET_BY_ORGANISATION, SettingsController
from slmdesk.ui.kit.widgets.build import breakable, column, fold_button, named, plain_label, row, set_tip, show_words
from slmdesk.ui.kit.widgets.form import Control, Field, FieldPart, Form, of_env
from slmdesk.ui.kit.widgets.rows import Choice

CONTROL_WIDTH = 220


class Switch(QCheckBox):
    """A check box without words, drawn as a switch."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(scaled(36), scaled(24))

    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, is_on = theme.current(), self.isChecked()
        track = QRectF(0.5, (self.height() - scaled(20)) / 2 + 0.5, scaled(36) - 1, scaled(20) - 1)
        knob = QRectF(0, 0, scaled(14), scaled(14))
        knob.moveCenter(track.center())
        away = scaled(3)
        if is_on is not self.isRightToLeft():
            knob.moveRight(track.right() - away)
        else:
            knob.moveLeft(track.left() + away)
        if not self.isEnabled():
            ground = "line"
        elif is_on:
            ground = "accent"
        else:
            ground = "edge"
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colours.colour(ground), 1))
        painter.setBrush(colours.colour(ground))
        painter.drawRoundedRect(track, track.height() / 2, track.height() / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.colour("on_accent" if is_on and self.isEnabled() else "sheet"))
        painter.drawEllipse(knob)
        painter.end()


class Switched(Control):
    def __init__(self, field: Field, parent: QWidget) -> None:
        super().__init__(field, parent)
        self.widget = self._switch = Switch(parent)
        self._switch.clicked.connect(lambda is_on: self.told(is_on))

    def show(self, value: Any, env: Any, *, is_new: bool) -> None:
        self._switch.setChecked(bool(value))


class Held(Control):
    """Buttons or other widgets, which know themselves what to do. `fit` is called with what they are shown for."""

    def __init__(self, widgets: Sequence[QWidget], fit: Callable[[Any], object], field: Field, parent: QWidget) -> None:
        super().__init__(field, parent)
        self._fit = fit
        self.widget = widgets[0]
        if len(widgets) > 1 or self.widget.objectName():  # a button without a name gets that of the setting
            self.widget = QWidget(parent)
            row(*widgets, into=self.widget, gap=theme.SPACE_8)
            self.widget.setFocusProxy(widgets[0])

    def show(self, value: Any, env: Any, *, is_new: bool) -> None:
        self._fit(env)


def held(*widgets: QWidget, fit: Callable[[Any], object] = bool) -> Callable[[Field, QWidget], Control]:
    return partial(Held, widgets, fit)


class Setting(Field):
    """A field of the settings. One that is a setting of the program has its name."""

    sentence: str | Callable[[Any], str] = ""
    """What stands below the title."""
    group: str = ""
    """Title of the group in which it stands. Groups stand as first named."""
    is_advanced: bool = False
    takes_others: bool = True
    also: str = ""
    """Other words by which it is searched for."""


class SettingRow(FieldPart):
    """A setting: its title at the left, its control at the right, and its explanation as a tooltip."""

    field: Setting
    wraps_title = True
    section = ""
    is_there = True
    is_managed = False
    """Whether the organisation has set it, so that it cannot be changed."""
    _is_found = True

    def _lay_out(self) -> None:
        name, tip = self.field.name, of_env(self.field.tip, None)
        set_tip(named(self, f"row_{name}", kind="card"), tip)
        self._heading.setObjectName(f"{name}_title")
        self._problem.setObjectName(f"{name}_verdict")
        self._sentence = plain_label("", self, name=f"{name}_sentence", kind="small")
        words = column(self._heading, self._sentence, gap=0)
        line = row((words, 1), (self.widget, Qt.AlignmentFlag.AlignVCenter), gap=theme.SPACE_16)
        column(line, self._problem, into=self, gap=theme.SPACE_4, margins=(0, theme.SPACE_8))
        self._fit()

    def show_value(self, value: Any, env: Any, problem: str, *, is_new: bool) -> None:
        field = self.field
        self.control.show(value, env, is_new=is_new)
        self.widget.setEnabled(not self.is_managed and field.is_enabled(env))
        words = SET_BY_ORGANISATION if self.is_managed else of_env(field.sentence, env)
        show_words(self._sentence, breakable(words))
        self.widget.setAccessibleDescription(" ".join(filter(None, (words, of_env(field.tip, env)))))
        self.is_there = field.is_there(env)
        self.setVisible(self.is_there and self._is_found)
        self.show_problem(problem, value)

    @property
    def also(self) -> str:
        """What it is found by beside its title: the values to choose from, and other words for it."""
        values = () if callable(self.field.values) else self.field.values
        return " ".join([*(words for _value, words in values), self.field.also])

    def match(self, typed: str, title: str) -> None:
        text = f"{title} {self.field.title} {self._sentence.text()} {self.field.tip} {self.also}"
        self._is_found = holds_words(text, typed)
        self.setVisible(self.is_there and self._is_found)

    @property
    def is_offered(self) -> bool:
        """Whether the setting exists here, and the organisation has not hidden it."""
        forbidden: list[QWidget] = []
        above: QWidget | None = self
        while above is not None and not above.isWindow():
            if above.property("forbidden"):
                forbidden.append(above)
            above = above.parentWidget()
        return self.is_there and not forbidden

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_sentence"):
            self._fit()

    def _fit(self) -> None:
        self.setMinimumHeight(scaled(52))
        for each in (self.widget, *self.widget.findChildren(QWidget)):
            if isinstance(each, Choice | QLineEdit):
                each.setFixedWidth(scaled(CONTROL_WIDTH))


class SettingsSection(QFrame):
    """Rows below a title, in groups. The advanced ones are folded."""

    shown = Signal()

    def __init__(self, parent: QWidget, name: str, title: str) -> None:
        super().__init__(parent)
        named(self, f"{name}_section")
        self.name, self.title = name, title
        self.rows: list[SettingRow] = []
        self.search_more: Callable[[str], bool] = lambda _words: False
        """Shows what else of the section holds these words; returns whether there is any."""
        self._groups: dict[str, QFrame] = {}
        self.note = plain_label("", self, name=f"{name}_hidden", kind="muted", is_hidden=True)
        self.body = named(QWidget(self), f"{name}_body")
        self._column = column(into=self.body, gap=theme.SPACE_16)
        self._advanced = named(QFrame(self.body), f"{name}_advanced")
        self._unfold = fold_button(_("Advanced"), f"{name}_advanced_button", self._advanced, self.body)
        self._unfold.hide()
        column(into=self._advanced, gap=0)
        self._column.addLayout(row(self._unfold, 1))
        self._column.addWidget(self._advanced)
        heading = plain_label(title, self, name=f"{name}_heading", kind="section")
        column(heading, self.note, self.body, into=self, gap=theme.SPACE_16)

    def add_widget(self, widget: QWidget) -> None:
        self._column.addWidget(widget)

    def place_of(self, field: Setting) -> QFrame:
        return self._advanced if field.is_advanced else self._group(field.group)

    def add(self, made: SettingRow) -> None:
        made.section = self.name
        cast(QBoxLayout, self.place_of(made.field).layout()).addWidget(made)
        self.rows.append(made)
        self._unfold.setVisible(any(each.field.is_advanced for each in self.rows))

    def unfold(self, setting: SettingRow) -> None:
        self._unfold.setChecked(self._unfold.isChecked() or self._advanced.isAncestorOf(setting))

    def search(self, words: str) -> bool:
        """Show the rows that hold these words, or all. Return whether there are any."""
        words = words.strip()
        for each in self.rows:
            each.match(words, self.title)
        for group in (*self._groups.values(), self._advanced):
            group.setVisible(any(not each.isHidden() for each in self.rows if each.parentWidget() is group))
        has_advanced = any(each.parentWidget() is self._advanced for each in self.rows)
        self._unfold.setVisible(has_advanced and not words)
        if not words:
            self._advanced.setVisible(self._unfold.isChecked())
        has_more = self.search_more(words)
        return has_more or any(not each.isHidden() and each.is_offered for each in self.rows)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()

    def _group(self, title: str) -> QFrame:
        if title not in self._groups:
            made = self._groups[title] = named(QFrame(self.body), "settings_group")
            rows = column(into=made, gap=0)
            if title:
                rows.addWidget(plain_label(title, made, name="group_title", kind="group"))
            self._column.insertWidget(self._column.count() - 2, made)
        return self._groups[title]


class SettingsForm(Form):
    """Settings in a section of the page. `env` returns what they are shown for, beside the settings of the program."""

    def __init__(
        self,
        section: SettingsSection,
        settings: SettingsController,
        fields: Sequence[Setting],
        env: Callable[[], Any] = lambda: None,
    ) -> None:
        super().__init__(section, fields, prefix="setting")
        self.settings, self._env = settings, env
        self.pending: set[str] = set()
        """Settings whose change is on its way. What was chosen or typed stays until it is taken or refused."""
        self.changed.connect(self._on_changed)
        for shown in (settings.settings_shown, settings.policy_shown):
            shown.connect(self.show)
        self.show()

    def make_part(self, field: Setting, section: SettingsSection, prefix: str) -> SettingRow:
        made = SettingRow(field, section.place_of(field), prefix, self)
        section.add(made)
        return made

    def show(self, *_news: object) -> None:
        current = self.settings.current
        for part in cast(Sequence[SettingRow], self.parts):
            part.is_managed = self.settings.is_managed(part.field.name)
        values = {part.field.name: getattr(current, part.field.name, None) for part in self.parts}
        self.show_values({**values, **{key: self.values[key] for key in self.pending}}, self._env())

    def change(self, key: str, value: object) -> None:
        self.settings.change(key, value)

    def _on_changed(self, values: Mapping[str, object]) -> None:
        for key, value in values.items():
            self.change(key, value)
