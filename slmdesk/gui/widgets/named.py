"""Sets object names: tests, style sheets and accessibility tools find every widget by its name."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QLineEdit, QToolButton, QWidget

T = TypeVar("T", bound=QObject)


def name_clear_button(line: QLineEdit, words: str = "Clear the search") -> None:
    """Name the button with which Qt clears a line: Qt gives it no name."""
    for button in line.findChildren(QToolButton):
        named(button, "clear_search_button").setAccessibleName(words)


def named(thing: T, name: str, *, label: str = "", tip: str = "") -> T:
    """Set the objectName of `thing` and return it; of a widget also the label for assistive tools and the tool tip."""
    thing.setObjectName(name)
    if isinstance(thing, QWidget):
        if label:
            thing.setAccessibleName(label)
        if tip:
            thing.setToolTip(tip)
    return thing
