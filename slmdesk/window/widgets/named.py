"""Sets object names: tests, style sheets and accessibility tools find every widget by its name."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

T = TypeVar("T", bound=QObject)
W = TypeVar("W", bound=QWidget)


def named(thing: T, name: str, *, label: str = "", tip: str = "", kind: str = "") -> T:
    """Set the objectName of `thing` and return it; of a widget also the label for assistive tools, the tool tip and the
    style sheet's `kind`.
    """
    thing.setObjectName(name)
    if isinstance(thing, QWidget):
        if label:
            thing.setAccessibleName(label)
        if tip:
            thing.setToolTip(tip)
        if kind:
            thing.setProperty("kind", kind)
    return thing


def passing(thing: W, name: str, title: str = "") -> W:
    """Name a window or menu that is deleted when it is closed, give it a title, and return it."""
    thing.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if title:
        thing.setWindowTitle(title)
    return named(thing, name)
