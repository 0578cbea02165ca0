"""What a hand does in the window: clicks, keys, files given to dialogs.  Each step waits for what it needs.

A step is a generator: it yields what it waits for, and goes on when that holds (`fakes.driven_window`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
    QListView,
    QScrollArea,
    QTabBar,
    QWidget,
)

from slmdesk.ui.shell import composition

Wait = Callable[[], object]
Chapter = Iterator[Wait]
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier

frames: list[composition.Frame] = []
"""The parts of the window, once it is there."""


def window() -> QWidget:
    return frames[-1].window


def find(name: str, within: QWidget | None = None) -> QWidget | None:
    """A widget that can be seen; None: it is not there yet."""
    widgets = (within or window()).findChildren(QWidget, name)
    return next((widget for widget in widgets if widget.isVisible()), None)


def shown(name: str) -> QWidget:
    """A widget that has been waited for."""
    widget = find(name)
    assert widget is not None, name
    return widget


def press(widget: QWidget, key: Qt.Key, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(widget, key, keys)


def click(name: str, within: QWidget | None = None) -> Chapter:
    """Click a button, scrolled to, when it can be clicked."""

    def is_there() -> bool:
        widget = next(iter((within or window()).findChildren(QWidget, name)), None)
        area = widget
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if isinstance(area, QScrollArea):
            area.ensureWidgetVisible(widget)
        seen = find(name, within)
        return seen is not None and seen.isEnabled()

    yield is_there
    QTest.mouseClick(find(name, within), Qt.MouseButton.LeftButton)


def choose_tab(name: str) -> Chapter:
    """Click the tab of a document's pane."""
    yield lambda: (bar := find("document_tabs")) is not None and bar.isEnabled()
    tabs = find("document_tabs")
    assert isinstance(tabs, QTabBar)
    at = next(at for at in range(tabs.count()) if tabs.tabData(at) == name)
    QTest.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=tabs.tabRect(at).center())


def type_into(name: str, words: str, within: QWidget | None = None) -> Chapter:
    yield lambda: (field := find(name, within)) is not None and field.isEnabled()
    QTest.keyClicks(find(name, within), words)


def in_front() -> Chapter:
    """The keys reach the window; a screen that nobody sees gives them back to none when a dialog has closed."""

    def is_in_front() -> bool:
        if not window().isActiveWindow():
            window().activateWindow()
        return window().isActiveWindow()

    yield is_in_front


def turn_to(key: Qt.Key, page: str) -> Chapter:
    yield from in_front()
    press(window(), key, CTRL)
    yield lambda: window().current_page == page


def choose_row(name: str, words: str) -> Chapter:
    """Click the row of a list that begins with these words."""

    def at():
        view = find(name)
        assert isinstance(view, QListView | None)
        rows = range(view.model().rowCount()) if view is not None else ()
        return next((view.model().index(row) for row in rows if view.model().index(row).data().startswith(words)), None)

    yield lambda: at() is not None
    view = find(name)
    assert isinstance(view, QListView)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(at()).center())


def give_file(path: str) -> Chapter:
    """Write a path into the file dialog that is open, and accept it."""

    def dialog() -> QFileDialog | None:
        tops = QApplication.topLevelWidgets()
        return next((top for top in tops if isinstance(top, QFileDialog) and top.isVisible()), None)

    yield dialog
    open_dialog = dialog()
    line = open_dialog.findChild(QLineEdit, "fileNameEdit")
    line.setText(path)
    box = open_dialog.findChild(QDialogButtonBox, "buttonBox")
    button = next(
        button for button in box.buttons() if box.buttonRole(button) is QDialogButtonBox.ButtonRole.AcceptRole
    )
    yield button.isEnabled
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    yield lambda: dialog() is None


def choose_export(button: str, form: str, path: str) -> Chapter:
    """Choose a form in the menu of a button, and the file."""
    yield lambda: (widget := find(button)) is not None and widget.isEnabled()
    menu = shown(button).menu()
    menu.popup(QPoint(0, 0))
    yield menu.isVisible
    action = next(action for action in menu.actions() if action.objectName() == f"export_{form}")
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
    yield from give_file(path)
    yield lambda: any(path in notice for notice in notices()) and Path(path).stat().st_size


def notices() -> list[str]:
    return [bar.notice.text for bar in window().notices.bars]


def lock_page() -> QWidget | None:
    tops = (top for top in QApplication.topLevelWidgets() if top.objectName() == "lock_window" and top.isVisible())
    return next(tops, None)
