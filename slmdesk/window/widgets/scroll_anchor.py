"""Keeps what a person looks at in place while parts of a scrolling page open, grow or go above it."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QTimer
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget
from shiboken6 import isValid

from slmdesk.window.base import theme

_PROBES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Heights of the view at which something to hold on to is looked for, where nothing has the focus."""


class ScrollAnchor(QObject):
    """Keeps the place of a scrolling column.

    Lives as long as its scroll area.  The row with the focus, else the topmost visible one, is held in place.  When the
    column grows or shrinks above it, the page scrolls along.  At the very top nothing is held, so that what appears
    there is seen.
    """

    def __init__(self, area: QScrollArea) -> None:
        super().__init__(area)
        self._area = area
        self._held: QWidget | None = None
        self._y = 0
        self._is_following = False
        bar = area.verticalScrollBar()
        bar.rangeChanged.connect(self._on_range_changed)
        bar.valueChanged.connect(self._on_value_changed)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._on_focus_changed)

    def scroll_into_view(self, top: QWidget, bottom: QWidget | None = None) -> None:
        """Once laid out, scroll until `bottom` (else all of `top`) is visible, or at least `top`."""
        QTimer.singleShot(0, top, lambda: self._scroll_to(top, bottom if bottom is not None else top))

    def _scroll_to(self, top: QWidget, bottom: QWidget) -> None:
        inner = self._area.widget()
        if inner is None or not isValid(bottom) or not inner.isAncestorOf(top) or not inner.isAncestorOf(bottom):
            return
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)  # what is new has no place before that
        bar, height = self._area.verticalScrollBar(), self._area.viewport().height()
        first = top.mapTo(inner, QPoint(0, 0)).y() - theme.SPACE_16
        last = bottom.mapTo(inner, QPoint(0, bottom.height())).y() + theme.SPACE_16
        if first < bar.value():
            bar.setValue(first)
        elif last > bar.value() + height:
            bar.setValue(min(first, last - height))

    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        if new is not None and self._area.isAncestorOf(new):
            self._hold()

    def _on_value_changed(self) -> None:
        if not self._is_following:
            self._hold()

    def _on_range_changed(self, _least: int, most: int) -> None:
        bar, held = self._area.verticalScrollBar(), self._held
        if held is None or not isValid(held) or not held.isVisible():
            self._hold()
            return
        self._is_following = True  # not a person's scrolling: what was wanted stays so, for when there is room again
        bar.setValue(min(most, bar.value() + self._place(held) - self._y))
        self._is_following = False

    def _hold(self) -> None:
        self._held = None
        if self._area.verticalScrollBar().value() > 0:
            self._held = self._focused() or self._top_most()
        if self._held is not None:
            self._y = self._place(self._held)

    def _focused(self) -> QWidget | None:
        widget, row = QApplication.focusWidget(), None
        while widget is not None and widget is not self._area.widget():
            if row is None or widget.property("kind") == "card":
                row = widget
            widget = widget.parentWidget()
        return row if row is not None and widget is not None and self._is_in_sight(row) else None

    def _top_most(self) -> QWidget | None:
        view, inner = self._area.viewport(), self._area.widget()
        if inner is None:
            return None
        for share in _PROBES:
            point = inner.mapFrom(view, QPoint(view.width() // 2, round(view.height() * share)))
            widget, row = inner.childAt(point), None
            while widget is not None and widget is not inner:
                if widget.property("kind") == "card":
                    row = widget
                widget = widget.parentWidget()
            if row is not None:
                return row
        return None

    def _is_in_sight(self, widget: QWidget) -> bool:
        y = self._place(widget)
        return y < self._area.viewport().height() and y + widget.height() > 0

    def _place(self, widget: QWidget) -> int:
        return widget.mapTo(self._area.viewport(), QPoint(0, 0)).y()
