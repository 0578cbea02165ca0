"""The menu of a message."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from slmdesk.gui.widgets.named import passing


def show_menu(parent: QWidget, place: QPoint, entries: list[tuple[str, str, Callable[[], None] | None]]) -> QMenu:
    """Show a menu of (label, shortcut to show, action); no action: disabled; no label: a separator."""
    menu = passing(QMenu(parent), "message_menu")
    for words, keys, do in entries:
        if not words:
            menu.addSeparator()
            continue
        action = QAction(words, menu)
        if keys:
            action.setShortcut(QKeySequence(keys))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # named here, handled where the focus is
        action.setEnabled(do is not None)
        if do is not None:
            action.triggered.connect(do)
        menu.addAction(action)
    menu.popup(place)
    return menu
