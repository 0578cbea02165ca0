"""Keeps Tab in visual order on a page whose rows come and go; Qt's own order is that of creation."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QLayout, QWidget

from slmdesk.window.base.delay import Delay


class TabOrder(QObject):
    def __init__(self, first: QWidget, content: QWidget) -> None:
        super().__init__(content, objectName="tab_order")
        self._first, self._content = first, content
        self._timer = Delay(self, 0, self._order)
        content.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._timer.start()
        return False

    def _order(self) -> None:
        for before, after in pairwise((self._first, *_stops(self._content.layout()))):
            QWidget.setTabOrder(before, after)


def _stops(layout: QLayout | None) -> Iterator[QWidget]:
    if layout is None:
        return
    for at in range(layout.count()):
        item = layout.itemAt(at)
        widget = item.widget() if item is not None else None
        if widget is None:
            inner = item.layout() if item is not None else None
            yield from _stops(inner)
        elif widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            yield widget
        else:
            yield from _stops(widget.layout())
