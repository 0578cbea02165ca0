"""The base of all dialogs: none is larger than its screen."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QBoxLayout,
    QDialog,
    QFrame,
    QLayout,
    QLayoutItem,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from slmdesk.window.base import theme
from slmdesk.window.widgets.named import named

MOST = QSize(1 << 20, 1 << 20)
FRAME = (8, 40)
"""Pixels kept for what the system draws around a window: at the sides and below, and above it."""
FILLING = Qt.WindowState.WindowMaximized | Qt.WindowState.WindowFullScreen


class Dialog(QDialog):
    """Shown or grown beyond the screen, it is made smaller; what has no room then scrolls, over its last row where the
    buttons stand.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scrolling: QScrollArea | None = None
        """Holds all but the buttons, once there was no room for it."""
        self._is_fitted = self._is_placed = False

    def fit(self, width: int) -> None:
        """Give it this width and the height that its words need there, also when more of them come."""
        self._is_fitted = True
        self.setMinimumSize(width // 2, 1)  # that of wrapped words is for the narrowest column
        if not self.windowState() & FILLING:
            self.resize(width, 1)
        self._keep_inside(_space_on(self._screen()))

    def reveal(self, widget: QWidget) -> None:
        if self._scrolling is not None:
            self._scrolling.ensureWidgetVisible(widget)

    def event(self, event: QEvent) -> bool:
        if event.type() != QEvent.Type.LayoutRequest or not self.isVisible():
            return super().event(event)
        before, framed, screen = self.size(), self.frameGeometry().size(), self._screen()
        is_filling, space = bool(self.windowState() & FILLING), _space_on(screen)
        if is_filling or framed == framed.boundedTo(screen.size()):
            space = space.expandedTo(before)  # one that is tiled stays so
        is_done = super().event(event)
        self._keep_inside(space)
        if self.size() != before and not is_filling:
            self.setGeometry(fitted(self.geometry(), screen))
        return is_done

    def showEvent(self, event: QShowEvent) -> None:
        """Only now its parts have their letters; Qt centres it afterwards over its parent, unless it was moved."""
        if not event.spontaneous():
            self._is_placed = self.testAttribute(Qt.WidgetAttribute.WA_Moved)
            self._keep_inside(_space_on(self._screen()))
        super().showEvent(event)
        self._is_placed = True

    def _screen(self) -> QRect:
        parent = self.parentWidget()
        return screen_of(self) if self._is_placed or parent is None else parent.screen().availableGeometry()

    def _keep_inside(self, space: QSize) -> None:
        layout = self.layout()
        if layout is None:
            return
        least, width = layout.totalMinimumSize(), min(self.width(), space.width())
        if layout.hasHeightForWidth():
            least.setHeight(layout.totalMinimumHeightForWidth(max(width, min(least.width(), space.width()))))
        size = self.size().expandedTo(least)
        if self._is_fitted:
            size.setHeight(max(size.height(), self.heightForWidth(width)))
        if self._scrolling is None and least != least.boundedTo(space) and isinstance(layout, QBoxLayout):
            self._scroll(layout, space)
        if self.minimumSize() != self.minimumSize().boundedTo(space):
            self.setMinimumSize(least.boundedTo(space))
        if size.boundedTo(space) != self.size() and not self.windowState() & FILLING:
            self.resize(size.boundedTo(space))

    def _scroll(self, layout: QBoxLayout, space: QSize) -> None:
        focused, margins = self.focusWidget(), layout.contentsMargins()
        last = layout.itemAt(layout.count() - 1)
        has_foot = last is not None and _has_buttons(last) and last.minimumSize().width() <= space.width()
        foot = layout.takeAt(layout.count() - 1) if has_foot else None
        inner = named(QWidget(self), "dialog_inner")  # what leaves its window loses its place in the order of Tab
        inner.setLayout(layout)
        area = self._scrolling = named(QScrollArea(self), "dialog_area")
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area, 1)
        if foot is not None:
            below = QVBoxLayout()
            below.setContentsMargins(margins.left(), theme.SPACE_8, margins.right(), margins.bottom())
            if (widget := foot.widget()) is not None:
                below.addWidget(widget)
            elif (row := foot.layout()) is not None:
                below.addLayout(row)
            outer.addLayout(below)
        area.show()
        if focused is not None:
            focused.setFocus()


def _has_buttons(item: QLayoutItem) -> bool:
    if (layout := item.layout()) is not None:
        return any(isinstance(widget, QPushButton) for widget in _widgets_of(layout))
    widget = item.widget()
    return (
        widget is not None and not isinstance(widget, QAbstractScrollArea) and widget.findChild(QPushButton) is not None
    )


def _widgets_of(layout: QLayout) -> list[QWidget]:
    found = (layout.itemAt(at) for at in range(layout.count()))
    return [widget for one in found if one is not None and (widget := one.widget()) is not None]


def screen_of(window: QWidget) -> QRect:
    """The room on the screen where a window's middle is."""
    return (QGuiApplication.screenAt(window.geometry().center()) or window.screen()).availableGeometry()


def _space_on(screen: QRect) -> QSize:
    return fitted(QRect(QPoint(), MOST), screen).size()


def fitted(requested: QRect, screen: QRect) -> QRect:
    """A window's geometry, moved and shrunk until it lies on the screen with its frame."""
    side, top = FRAME
    space = screen.adjusted(side, top, -side, -side)
    size = requested.size().boundedTo(space.size())
    left = max(space.left(), min(requested.left(), space.right() + 1 - size.width()))
    upper = max(space.top(), min(requested.top(), space.bottom() + 1 - size.height()))
    return QRect(QPoint(left, upper), size)
