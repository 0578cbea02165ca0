"""Sections and rows of the settings. Each feature adds its own rows to a section of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QFrame, QLineEdit, QSizePolicy, QWidget

from slmdesk.base.texts import _
from slmdesk.window.base import theme
from slmdesk.window.base.theme import scaled
from slmdesk.window.widgets.build import (
    breakable,
    column,
    fold_button,
    named,
    plain_label,
    plain_tip,
    row,
    show_words,
)
from slmdesk.window.widgets.rows import Choice

CONTROL_WIDTH = 220


class Switch(QCheckBox):
    """A check box without words, drawn as a switch."""

    value_chosen = Signal(object)
    """Emitted only when a person switches."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda: self.value_chosen.emit(self.isChecked()))

    def show_value(self, value: object) -> None:
        self.setChecked(bool(value))

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
        ground = "line" if not self.isEnabled() else "accent" if is_on else "edge"
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colours.colour(ground), 1))
        painter.setBrush(colours.colour(ground))
        painter.drawRoundedRect(track, track.height() / 2, track.height() / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.colour("on_accent" if is_on and self.isEnabled() else "sheet"))
        painter.drawEllipse(knob)
        painter.end()


class SettingRow(QFrame):
    """A setting: its title at the left, its control at the right, and its explanation as a tooltip."""

    def __init__(
        self, parent: QWidget, section: str, name: str, title: str, control: QWidget, *, hint: str, tip: str
    ) -> None:
        super().__init__(parent)
        named(self, f"row_{name}", kind="card", tip=plain_tip(tip))
        self.section, self.title, self.control, self._tip = section, title, control, tip
        self.is_there, self._is_found = True, True
        named(control, f"setting_{name}", label=title)
        label = plain_label(title, self, name=f"{name}_title")
        label.setBuddy(control)
        self.hint = plain_label("", self, name=f"{name}_sentence", kind="small")
        self.verdict = plain_label("", self, name=f"{name}_verdict", kind="danger", is_hidden=True)
        line = row((column(label, self.hint, gap=0), 1), (control, Qt.AlignmentFlag.AlignVCenter), gap=theme.SPACE_16)
        column(line, self.verdict, into=self, gap=theme.SPACE_4, margins=(0, theme.SPACE_8))
        self.set_hint(hint)
        self._fit()

    def set_hint(self, words: str) -> None:
        show_words(self.hint, breakable(words))
        self.control.setAccessibleDescription(" ".join(filter(None, (words, self._tip))))

    def set_there(self, is_there: bool) -> None:
        """Show the row, or take it away where it has no meaning."""
        self.is_there = is_there
        self.setVisible(is_there and self._is_found)

    def match(self, parts: Iterable[str], title: str) -> None:
        words = f"{title} {self.title} {self.hint.text()} {self._tip}".casefold()
        self._is_found = all(part in words for part in parts)
        self.set_there(self.is_there)

    @property
    def is_offered(self) -> bool:
        """Whether the setting exists here, and the organisation has not hidden it."""
        forbidden: list[QWidget] = []
        above: QWidget | None = self
        while above is not None and not above.isWindow():
            forbidden += [above] if above.property("forbidden") else []
            above = above.parentWidget()
        return self.is_there and not forbidden

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "hint"):
            self._fit()

    def _fit(self) -> None:
        self.setMinimumHeight(scaled(52))
        for field in (self.control, *self.control.findChildren(QWidget)):
            if isinstance(field, Choice | QLineEdit):
                field.setFixedWidth(scaled(CONTROL_WIDTH))


class SettingsSection(QFrame):
    """Rows below a title, in groups. The advanced ones are folded."""

    shown = Signal()

    def __init__(self, parent: QWidget, name: str, title: str) -> None:
        super().__init__(parent)
        named(self, f"{name}_section")
        self.name, self.title = name, title
        self.rows: list[SettingRow] = []
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

    def add(
        self, name: str, title: str, control: QWidget, *, hint: str = "", tip: str = "", group: str = "",
        is_advanced: bool = False,
    ) -> SettingRow:  # fmt: skip
        """Add a row. `hint` is shown below the title, `tip` as its tooltip. Groups stand as first named."""
        place = self._advanced if is_advanced else self._group(group)
        made = SettingRow(place, self.name, name, title, control, hint=hint, tip=tip)
        cast(QBoxLayout, place.layout()).addWidget(made)
        self.rows.append(made)
        if is_advanced:
            self._unfold.show()
        return made

    def offer(
        self,
        name: str,
        title: str,
        values: Iterable[tuple[object, str]],
        change: Callable[[object], object],
        **more: object,
    ) -> Choice | Switch:
        """Add a row with a list of values, or with a switch if there are none. `change` gets what a person chooses."""
        listed = list(values)
        control = Choice(listed, self) if listed else Switch(self)
        control.value_chosen.connect(change)
        self.add(name, title, control, **more)  # type: ignore[arg-type]  # those of `add`
        return control

    def buttons(self, *widgets: QWidget) -> QWidget:
        """Return buttons or fields as the control of a row."""
        control = QWidget(self)
        row(*widgets, into=control, gap=theme.SPACE_8)
        control.setFocusProxy(widgets[0])
        return control

    def unfold(self, setting: SettingRow) -> None:
        self._unfold.setChecked(self._unfold.isChecked() or self._advanced.isAncestorOf(setting))

    def search(self, words: str) -> bool:
        """Show the rows that hold these words, or all. Return whether there are any."""
        parts = words.casefold().split()
        for each in self.rows:
            each.match(parts, self.title)
        for group in (*self._groups.values(), self._advanced):
            group.setVisible(any(not each.isHidden() for each in self.rows if each.parentWidget() is group))
        has_advanced = any(each.parentWidget() is self._advanced for each in self.rows)
        self._unfold.setVisible(has_advanced and not parts)
        if not parts:
            self._advanced.setVisible(self._unfold.isChecked())
        return any(not each.isHidden() and each.is_offered for each in self.rows)

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
