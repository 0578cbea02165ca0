"""A drop-down list of values."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QWheelEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyledItemDelegate, QStyleOptionComboBox, QWidget

from slmdesk.window.base import theme
from slmdesk.window.base.icons import pixmap

ELLIPSIS_WIDTH = 2
"""Pixels the style keeps free beside the words."""
MOST_LETTERS = 40
MOST_VISIBLE = 12


class Choice(QComboBox):
    """A drop-down list.

    The wheel scrolls the page, not the value.  Emits `value_chosen` only when a person chooses.
    """

    value_chosen = Signal(object)

    def __init__(self, values: list[tuple[object, str]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMaxVisibleItems(MOST_VISIBLE)  # obeyed by a list below the box (combobox-popup in the style sheet)
        self.setItemDelegate(QStyledItemDelegate(self))  # the usual one does not hear of the style sheet
        for value, words in values:
            self.addItem(words, value)
        self.activated.connect(lambda index: self.value_chosen.emit(self.itemData(index)))

    def show_value(self, value: object) -> None:
        """Show a value; one that is not in the list is added."""
        at = self.findData(value)
        if at < 0:
            self.addItem(str(value), value)
            at = self.count() - 1
        self.setCurrentIndex(at)

    def minimumSizeHint(self) -> QSize:
        """No dialog is wider for a long name in a list: it is shown with an ellipsis."""
        least = super().minimumSizeHint()
        return least.boundedTo(QSize(MOST_LETTERS * self.fontMetrics().averageCharWidth(), least.height()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        super().initStyleOption(option)
        field = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        metrics, words = self.fontMetrics(), self.currentText()
        if metrics.horizontalAdvance(words) > field.width() + ELLIPSIS_WIDTH:  # its own width fits it to a pixel or two
            space = field.width() - ELLIPSIS_WIDTH
            option.currentText = metrics.elidedText(words, Qt.TextElideMode.ElideRight, space)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the arrow in the theme's colour, which a style sheet's image could not have."""
        super().paintEvent(event)
        size, colour = 16, self.palette().color(QPalette.ColorRole.WindowText)
        is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        left = theme.SPACE_8 if is_mirrored else self.width() - size - theme.SPACE_8
        arrow = pixmap("chevron-down", colour, size=size, scale=self.devicePixelRatioF())
        painter = QPainter(self)
        painter.drawPixmap(left, (self.height() - size) // 2, arrow)
        painter.end()
