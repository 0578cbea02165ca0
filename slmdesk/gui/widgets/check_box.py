"""A check box that can be seen on any background: Fusion's own is nearly black on a dark one."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QCheckBox, QStyle, QStyleOptionButton

from slmdesk.gui.base.icons import pixmap

LINE = 1.5
RADIUS = 3.0


class CheckBox(QCheckBox):
    """A QCheckBox whose box has the theme's colours."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        box = QRectF(self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self))
        palette, is_checked = self.palette(), self.isChecked()
        line = palette.color(QPalette.ColorRole.Highlight if is_checked else QPalette.ColorRole.PlaceholderText)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(box, palette.color(QPalette.ColorRole.Base))
        painter.setPen(QPen(line, LINE))
        painter.setBrush(line if is_checked else palette.color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        if is_checked:
            colour, size = palette.color(QPalette.ColorRole.HighlightedText), int(box.width())
            tick = pixmap("check", colour, size=size, scale=self.devicePixelRatioF())
            painter.drawPixmap(box.topLeft(), tick)
        painter.end()
