"""Paints the ground of a row of a list: pointed at, chosen, focused."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from slmdesk.window.base import theme


def paint_ground(painter: QPainter, option: QStyleOptionViewItem, *, is_chosen: bool) -> QRect:
    """Paint everything but the words of a row, and return its place."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    palette: QPalette = option.palette
    rect: QRect = option.rect
    state: QStyle.StateFlag = option.state
    area = rect.adjusted(theme.SPACE_4, 1, -theme.SPACE_4, -1)
    painter.setPen(Qt.PenStyle.NoPen)
    if is_chosen or state & QStyle.StateFlag.State_MouseOver:
        painter.setBrush(palette.color(QPalette.ColorRole.Midlight))
        painter.drawRoundedRect(area, theme.CONTROL_RADIUS, theme.CONTROL_RADIUS)
    if is_chosen:
        painter.setBrush(palette.color(QPalette.ColorRole.Accent))
        bar_x = area.left() if option.direction != Qt.LayoutDirection.RightToLeft else area.right() - 2
        painter.drawRoundedRect(QRect(bar_x, area.top() + 6, 3, area.height() - 12), 1.5, 1.5)
    if state & QStyle.StateFlag.State_HasFocus:
        painter.setPen(palette.color(QPalette.ColorRole.Accent))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area, theme.CONTROL_RADIUS, theme.CONTROL_RADIUS)
    return area
