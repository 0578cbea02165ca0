"""A check box that can be seen on any background: Fusion's own is nearly black on a dark one."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QCheckBox, QStyle, QStyleOptionButton

from slmdesk.window.base.icons import pixmap

LINE = 1.5
RADIUS = 3.0


class CheckBox(QCheckBox):
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        box = QRectF(self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self))
        palette, is_checked = self.palette(), self.isChecked()
        line = palette.color(QPalette.ColorRole.Highlight if is_checked else QPalette.ColorRole.PlaceholderText)
        tick = palette.color(QPalette.ColorRole.HighlightedText) if is_checked else None
        painter = QPainter(self)
        ground, scale = palette.color(QPalette.ColorRole.Base), self.devicePixelRatioF()
        draw_box(painter, box, line=line, ground=ground, tick=tick, scale=scale)
        painter.end()


def draw_box(
    painter: QPainter, box: QRectF, *, line: QColor, ground: QColor, tick: QColor | None, scale: float
) -> None:
    """Draw a check box over the style's own; `tick`: its colour, None for no tick; `scale`: of the screen."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(box, ground)
    painter.setPen(QPen(line, LINE))
    painter.setBrush(line if tick is not None else ground)
    painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), RADIUS, RADIUS)
    if tick is not None:
        painter.drawPixmap(box.topLeft(), pixmap("check", tick, size=int(box.width()), scale=scale))
    painter.restore()
