"""Assistive tools read the parts of a page as they stand on it, and what opens or closes something as a button.

Qt gives them the children of a widget in the order of stacking, which is that in which they were made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAccessible, QAccessibleActionInterface
from PySide6.QtWidgets import QAbstractButton, QAccessibleWidget, QApplication, QBoxLayout, QLayout, QSplitter, QWidget
from shiboken6 import createdByPython

_CHANGES = frozenset((QEvent.Type.LayoutRequest, QEvent.Type.Show))
"""A layout that is shown before its request comes gets none."""
PRESS = QAccessibleActionInterface.pressAction()
_DIRECT = Qt.FindChildOption.FindDirectChildrenOnly


class ReadingOrder(QObject):
    """Stacks the widgets of every layout as they stand in it. Made when an assistive tool is there."""

    def __init__(self, app: QApplication, parent: QObject) -> None:
        super().__init__(parent)
        app.installEventFilter(self)
        for widget in app.allWidgets():
            _stack(widget)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _CHANGES:
            _stack(watched)
        return False


def _stack(holder: QObject) -> None:
    """Put each widget below the next, and none above what lies over the layout.

    Of a widget that Qt made, as in its dialog for files, the layout is not asked for: the Python objects of what it
    holds would end with the one for it.
    """
    if not isinstance(holder, QWidget) or not createdByPython(holder):
        return
    stacked = holder.findChildren(QWidget, options=_DIRECT)
    if isinstance(holder, QSplitter):  # it puts each new part below the others
        wanted = [part for at in range(holder.count()) if (part := holder.widget(at)) is not None]
    elif (layout := holder.layout()) is not None:
        wanted = [*_in_order(layout, stacked)]
    else:
        return
    if wanted != [widget for widget in stacked if widget in wanted]:
        for before, after in reversed([*pairwise(wanted)]):
            before.stackUnder(after)


def _in_order(layout: QLayout, widgets: Sequence[QWidget]) -> Iterator[QWidget]:
    """Yield those of the widgets that are in a layout. Its items are not asked for: Qt would free them below their
    Python objects.
    """
    own = {layout.indexOf(widget): widget for widget in widgets}
    inner = {layout.indexOf(part): part for part in layout.findChildren(QLayout, options=_DIRECT)}
    is_turned = isinstance(layout, QBoxLayout) and layout.direction() == QBoxLayout.Direction.BottomToTop
    for at in sorted((own.keys() | inner.keys()) - {-1}, reverse=is_turned):
        if at in own:
            yield own[at]
        else:
            yield from _in_order(inner[at], widgets)


class ButtonAccessible(QAccessibleWidget):
    """A button, open or closed if it has two states. It can be pressed by name, as by voice."""

    def __init__(self, widget: Any) -> None:
        super().__init__(widget, QAccessible.Role.Button)

    def text(self, kind: QAccessible.Text) -> str:
        words, button = super().text(kind), self.widget()
        is_unnamed = kind == QAccessible.Text.Name and not words
        return button.text().replace("&", "") if is_unnamed and isinstance(button, QAbstractButton) else words

    def state(self) -> QAccessible.State:
        made, button = super().state(), self.widget()
        if isinstance(button, QAbstractButton):
            made.expandable = True
            made.expanded = button.isChecked()
            made.collapsed = not button.isChecked()
        return made

    def actionNames(self) -> list[str]:
        return [PRESS, *super().actionNames()]

    def doAction(self, name: str) -> None:
        if name == PRESS:
            widget: Any = self.widget()
            widget.click()
        else:
            super().doAction(name)
