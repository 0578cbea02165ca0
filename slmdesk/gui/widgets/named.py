"""Every widget has a name: tests, style sheets and screen readers' tools find it by that."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QLineEdit, QToolButton

T = TypeVar("T", bound=QObject)


def name_clear_button(line: QLineEdit, words: str = "Clear the search") -> None:
    """Name the button with which Qt lets a line be cleared: it has no name of its own."""
    for button in line.findChildren(QToolButton):
        named(button, "clear_search_button").setAccessibleName(words)


def named(thing: T, name: str) -> T:
    """`thing` with its objectName set."""
    thing.setObjectName(name)
    return thing
