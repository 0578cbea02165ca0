"""Parts of the design system (docs/design.md): popover, segmented tabs, empty state, and the ring around the focus."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen, QWheelEvent, QWindow
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QFrame,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSplitter,
    QTabBar,
    QTextEdit,
    QWidget,
)
from shiboken6 import isValid

from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Delay
from slmdesk.ui.kit.base.theme import scaled
from slmdesk.ui.kit.widgets.build import column, is_above, named, plain_label, set_icon

GAP = 8
"""Pixels between a popover and its button, and between a popover and the edge of the window."""
PRESSES = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)


class Popover(QFrame):
    """A panel above the window's content, opened by a button. Esc or a press outside closes it, and the focus returns
    to the button. It is a child widget, not a window, as the desktop would choose a window's position.
    """

    def __init__(self, parent: QWidget, name: str, *, label: str, width: int = 340) -> None:
        super().__init__(parent)
        named(self, name, label=label, kind="popover")
        self.setAutoFillBackground(False)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)  # a press on its words is none on what lies below
        self._anchor: QWidget | None = None
        self._part: QRect | None = None
        self._width = width
        self._fitting = Delay(self, 0, self.fit)  # once the button has its new place
        self.hide()

    def toggle(self, anchor: QWidget, part: QRect | None = None) -> None:
        """Open the popover beside a button or a part of a widget, above it where there is more room, or close it."""
        if self.isVisible():
            self.dismiss()
            return
        window = anchor.window()
        self._anchor, self._part = anchor, part
        self.setParent(window)
        self.show()
        self.fit()  # its parts have their fonts once they are shown
        self.raise_()
        first = self.focus_target()
        if first is not None:
            first.setFocus(Qt.FocusReason.PopupFocusReason)
        QApplication.instance().installEventFilter(self)  # type: ignore[union-attr]

    def focus_target(self) -> QWidget | None:
        """Return the widget that gets the focus when the popover opens: the first that takes keys, else any other, so
        that Esc closes it.
        """
        enabled = [widget for widget in self._inside() if widget.isEnabled() and widget.isVisibleTo(self)]
        for widget in enabled:
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                return widget
        return enabled[0] if enabled else None

    def _inside(self) -> Iterator[QWidget]:
        following = self.nextInFocusChain()
        while following is not None and self.isAncestorOf(following):
            yield following
            following = following.nextInFocusChain()

    def fit(self) -> None:
        """Give the popover the height of its content, and a place inside the window."""
        if self._anchor is None:
            return
        window = self._anchor.window()
        width = min(scaled(self._width), window.width() - 2 * GAP)
        height = self.heightForWidth(width) if self.hasHeightForWidth() else self.sizeHint().height()
        height = min(height, window.height() - 2 * GAP)
        part = self._part or self._anchor.rect()
        place = QRect(self._anchor.mapTo(window, part.topLeft()), part.size())
        is_above = place.center().y() > window.height() // 2
        y = place.top() - GAP - height if is_above else place.bottom() + GAP
        is_at_right = place.center().x() > window.width() // 2
        x = place.right() + 1 - width if is_at_right else place.left()
        x = min(max(x, GAP), window.width() - GAP - width)
        self.setGeometry(x, min(max(y, GAP), window.height() - GAP - height), width, height)

    def dismiss(self) -> None:
        QApplication.instance().removeEventFilter(self)  # type: ignore[union-attr]
        focus = QApplication.focusWidget()
        if self._anchor is not None and focus is not None and self.isAncestorOf(focus):
            self._anchor.setFocus()  # otherwise the next widget would get the focus
        self.hide()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:  # the words or their size have changed
            self._fitting.start()
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in PRESSES and isinstance(watched, QWidget):
            is_button = watched is self._anchor and self._part is None
            is_inside = watched is self or self.isAncestorOf(watched) or is_button
            is_here = watched.window() is self.window()  # a menu of the popover is a window of its own
            if not is_inside and is_here and not is_above(watched, self):  # a sheet over it
                self.dismiss()
        elif event.type() == QEvent.Type.Resize and watched is self.window():
            self._fitting.start()
        elif event.type() == QEvent.Type.Hide and watched is self._anchor:
            self.dismiss()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            super().keyPressEvent(event)


class Segments(QTabBar):
    """Tabs as parts of one bar. The chosen part is raised. Arrow keys and page-tab names come from Qt. The mouse wheel
    changes nothing, as it scrolls the page.
    """

    PAD = 3
    CLOSE = 10

    def __init__(self, parent: QWidget, name: str, *, label: str = "") -> None:
        super().__init__(parent)
        named(self, name, label=label)
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(False)
        self.setElideMode(Qt.TextElideMode.ElideNone)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def tabSizeHint(self, index: int) -> QSize:
        words = self.fontMetrics().horizontalAdvance(self.tabText(index))
        return QSize(words + scaled(34), scaled(34))

    def minimumTabSizeHint(self, index: int) -> QSize:
        """Return the size of a tab where there is no room for all: its words come closer to those beside them."""
        usual = self.tabSizeHint(index)
        return QSize(usual.width() - scaled(34 - self.CLOSE), usual.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, pad = theme.current(), scaled(self.PAD)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = QPen(colours.colour("line"), colours.line_width) if colours.line_width > 1 else Qt.PenStyle.NoPen
        painter.setPen(edge)
        painter.setBrush(colours.colour("fill"))
        track = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if self.count():
            track.setWidth(float(self.tabRect(self.count() - 1).right() + 1) - 0.5)
        painter.drawRoundedRect(track, 9, 9)
        for index in range(self.count()):
            place = QRectF(self.tabRect(index)).adjusted(pad, pad, -pad, -pad)
            is_chosen = index == self.currentIndex()
            if is_chosen:
                painter.setPen(QPen(colours.colour("line"), colours.line_width))
                painter.setBrush(colours.colour("sheet"))
                painter.drawRoundedRect(place, 7, 7)
            painter.setPen(colours.colour("ink" if is_chosen else "ink2"))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self.tabText(index))


class EmptyState(QWidget):
    """What will be on a page, and how it gets there: an icon, a line and a hint in the middle."""

    def __init__(self, parent: QWidget, name: str, *, icon: str, line: str, hint: str = "") -> None:
        super().__init__(parent)
        self.setObjectName(name)
        sign = named(QLabel(self), f"{name}_icon")
        set_icon(sign, icon, "ink3")
        middle = Qt.AlignmentFlag.AlignHCenter
        parts = [plain_label(line, self, name=f"{name}_line", kind="strong")]
        if hint:
            parts.append(plain_label(hint, self, name=f"{name}_hint", kind="small"))
        for label in parts:
            label.setAlignment(middle)
        self._column = column(1, (sign, middle), *parts, 1, into=self, gap=theme.SPACE_8, margins=theme.SPACE_16)

    def add(self, widget: QWidget) -> None:
        self._column.insertWidget(self._column.count() - 1, widget, 0, Qt.AlignmentFlag.AlignHCenter)


def draw_ring(painter: QPainter, place: QRectF, share: float, colour: str = "accent") -> None:
    """Draw a ring of which a share, from 0 to 1, is done, in a colour of the theme."""
    colours, width = theme.current(), place.width() / 6
    ring = place.adjusted(width / 2, width / 2, -width / 2, -width / 2)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colours.colour("line"), width))
    painter.drawEllipse(ring)
    painter.setPen(QPen(colours.colour(colour), width))
    painter.drawArc(ring, 90 * 16, -round(min(share, 1.0) * 360 * 16))


class _Ring(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("focus_ring")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.current().accent), 2))
        radius = theme.CONTROL_RADIUS + 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), radius, radius)


class FocusRing(QObject):
    """Shows a ring around the widget with the focus, if it got the focus by a key. Text fields show the focus by their
    edge and lists by their row, if they have one.
    """

    AWAY = 4
    """Pixels from the widget to the outer edge of the ring."""

    def __init__(self, app: QApplication, parent: QObject) -> None:
        super().__init__(parent, objectName="focus_ring_keeper")
        self._by_key = False
        self._ring: _Ring | None = None
        self._watched: QWidget | None = None
        app.focusWindowChanged.connect(self._on_window_changed)
        app.focusChanged.connect(self._on_focus_changed)

    def _on_window_changed(self, window: QWindow | None) -> None:
        if window is not None:
            window.installEventFilter(self)  # its native events alone: an application's filter would see thousands

    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        self._remove()
        if new is None or not self._by_key or isinstance(new, QLineEdit | QPlainTextEdit | QTextEdit):
            return
        if isinstance(new, QAbstractItemView) and new.currentIndex().isValid():
            return
        is_stop = new.focusPolicy() & Qt.FocusPolicy.TabFocus or isinstance(new, QAbstractButton)
        if new.isWindow() or not is_stop:  # a page, whose first control is next
            return
        parent = new.parentWidget()
        while isinstance(parent, QSplitter):  # a splitter would make a pane of the ring
            parent = parent.parentWidget()
        if parent is None:
            return
        self._ring, self._watched = _Ring(parent), new
        new.installEventFilter(self)
        self._place()
        self._ring.show()

    def _place(self) -> None:
        if self._ring is None or self._watched is None or not isValid(self._ring):
            return
        parent = self._ring.parentWidget()
        assert parent is not None
        corner = self._watched.mapTo(parent, QPoint(0, 0))
        away = self.AWAY
        place = QRect(corner, self._watched.size()).adjusted(-away, -away, away, away)
        self._ring.setGeometry(place.intersected(parent.rect()))
        self._ring.raise_()

    def _remove(self) -> None:
        if self._watched is not None and isValid(self._watched):
            self._watched.removeEventFilter(self)
        if self._ring is not None and isValid(self._ring):
            self._ring.hide()
            self._ring.deleteLater()
        self._ring = self._watched = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.KeyPress:
            self._by_key = True
        elif kind == QEvent.Type.MouseButtonPress:
            self._by_key = False
            self._remove()
        elif watched is self._watched:
            if kind in (QEvent.Type.Move, QEvent.Type.Resize):
                self._place()
            elif kind in (QEvent.Type.Hide, QEvent.Type.Show) and self._ring is not None and isValid(self._ring):
                self._ring.setVisible(kind == QEvent.Type.Show)  # laid out anew, a row hides its buttons for a moment
                self._place()
        return False
