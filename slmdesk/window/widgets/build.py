"""Short ways to build what every page is made of: rows, columns and buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QHBoxLayout,
    QLayout,
    QLineEdit,
    QPushButton,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from slmdesk.window.base.shortcuts import show_keys
from slmdesk.window.widgets.flow import FlowLayout
from slmdesk.window.widgets.icon import set_icon
from slmdesk.window.widgets.named import named

Part = QWidget | QLayout | int | tuple[QWidget | QLayout, int | Qt.AlignmentFlag]
"""A widget, a layout, or a stretch with this factor; a widget or layout with its stretch factor or its alignment."""
Margins = int | tuple[int, int] | tuple[int, int, int, int]
"""Pixels on all sides; left and right, top and bottom; or left, top, right, bottom."""
CLEAR = "Clear the search"
B = TypeVar("B", bound=QAbstractButton)
L = TypeVar("L", bound=QBoxLayout)


def row(*parts: Part, into: QWidget | None = None, gap: int | None = None, margins: Margins = 0) -> QHBoxLayout:
    """Lay parts out from left to right, inside `into` where it is given; `gap` None: the style's."""
    return _filled(QHBoxLayout(), parts, into, gap, margins)


def column(*parts: Part, into: QWidget | None = None, gap: int | None = None, margins: Margins = 0) -> QVBoxLayout:
    """Lay parts out from top to bottom, inside `into` where it is given; `gap` None: the style's."""
    return _filled(QVBoxLayout(), parts, into, gap, margins)


def flow(*widgets: QWidget, gap: int, into: QWidget | None = None) -> FlowLayout:
    layout = FlowLayout(into, gap=gap)
    for widget in widgets:
        layout.addWidget(widget)
    return layout


def split(
    name: str,
    parent: QWidget,
    *widgets: QWidget,
    sizes: Sequence[int],
    grows: int = 1,
    way: Qt.Orientation = Qt.Orientation.Horizontal,
) -> QSplitter:
    """Widgets with handles between them; a larger window gives its space to the one at `grows`."""
    made = named(QSplitter(way, parent), name)
    made.setChildrenCollapsible(False)
    made.setHandleWidth(1)
    for one in widgets:
        made.addWidget(one)
    made.setStretchFactor(grows, 1)
    made.setSizes(sizes)
    return made


def button(text: str, name: str, parent: QWidget, **options: Any) -> QPushButton:
    """A push button with an object name; for the options see `_dress`."""
    return _dress(named(QPushButton(text, parent), name), **options)


def tool_button(name: str, parent: QWidget, text: str = "", **options: Any) -> QToolButton:
    """A tool button with an object name; for the options see `_dress`."""
    made = named(QToolButton(parent), name)
    made.setText(text)
    return _dress(made, **options)


def text_line(
    name: str, parent: QWidget, hint: str, *, label: str = "", tip: str = "", most: int = 0, clears: str = "",
    shortcut: str = "",
) -> QLineEdit:  # fmt: skip
    """A line to write into; `hint` stands in it while it is empty, and is read out where there is no `label`.

    `most` limits its letters.  With `clears`, the words of it, there is a button in the line that clears it.
    `shortcut`: its name; the tool tip names the keys.
    """
    line = named(QLineEdit(parent), name, label=label or hint, tip=tip)
    if shortcut:
        show_keys(line, shortcut, tip or label or hint)
    line.setPlaceholderText(hint)
    if most:
        line.setMaxLength(most)
    if clears:
        line.setClearButtonEnabled(True)
        for clear in line.findChildren(QToolButton):  # Qt gives it no name
            named(clear, "clear_search_button", label=clears)
    return line


def set_kind(widget: QWidget, kind: str) -> None:
    widget.setProperty("kind", kind)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def _filled(layout: L, parts: tuple[Part, ...], into: QWidget | None, gap: int | None, margins: Margins) -> L:
    sides = (margins,) * 4 if isinstance(margins, int) else margins * 2 if len(margins) == 2 else margins
    layout.setContentsMargins(*sides)
    if gap is not None:
        layout.setSpacing(gap)
    for part in parts:
        if isinstance(part, int):
            layout.addStretch(part)
            continue
        item, how = part if isinstance(part, tuple) else (part, 0)
        if isinstance(item, QWidget):
            layout.addWidget(item)
        else:
            layout.addLayout(item)
        if isinstance(how, Qt.AlignmentFlag):  # an int too
            layout.setAlignment(item, how)
        else:
            layout.setStretch(layout.count() - 1, how)
    if into is not None:
        into.setLayout(layout)
    return layout


def _dress(
    made: B,
    *,
    tip: str = "",
    label: str = "",
    kind: str = "",
    icon: str = "",
    colour: str = "text",
    on: Callable[..., object] | None = None,
    shortcut: str = "",
) -> B:
    """Set what is given: the tool tip, the label for assistive tools, the style sheet's `kind`, a Lucide icon and the
    theme's colour it is drawn in, what a click calls, and the name of the shortcut that the tool tip names.
    """
    if shortcut:
        show_keys(made, shortcut, tip)
    elif tip:
        made.setToolTip(tip)
    if label:
        made.setAccessibleName(label)
    if kind:
        made.setProperty("kind", kind)
    if icon:
        set_icon(made, icon, colour)
    if on is not None:
        made.clicked.connect(on)
    return made
