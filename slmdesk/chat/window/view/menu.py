"""The menu of a message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from slmdesk.window.widgets.named import passing

Do: TypeAlias = "Callable[[], None] | Sequence[Entry] | None"
Entry: TypeAlias = tuple[str, str, Do]
"""Label, shortcut to show, and what it does: an action, a menu of its own, or nothing (disabled).  No label: a line."""


def show_menu(parent: QWidget, place: QPoint, entries: Sequence[Entry]) -> QMenu:
    menu = passing(QMenu(parent), "message_menu")
    _fill(menu, entries)
    menu.popup(place)
    return menu


def _fill(menu: QMenu, entries: Sequence[Entry]) -> None:
    for words, keys, do in entries:
        if not words:
            menu.addSeparator()
            continue
        if isinstance(do, Sequence):
            _fill(menu.addMenu(words), do)
            continue
        action = QAction(words, menu)
        if keys:
            action.setShortcut(QKeySequence(keys))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # named here, handled where the focus is
        action.setEnabled(do is not None)
        if do is not None:
            action.triggered.connect(do)
        menu.addAction(action)
