"""Draws the rows of the palette: headings, entries, and what there is to say where nothing was found."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from slmdesk.window.base import theme
from slmdesk.window.base.icons import icon, scaled
from slmdesk.window.palette.entries import Entry
from slmdesk.window.widgets.snippet import draw_snippet

ENTRY_ROLE = int(Qt.ItemDataRole.UserRole)
LEADS = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading)
ENDS = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignTrailing)
HEADING_SIZE = 0.87


class PalettePainter(QStyledItemDelegate):
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one row; untrusted text is drawn as plain text."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        entry = index.data(ENTRY_ROLE)
        if isinstance(entry, Entry):
            self._draw_entry(painter, option, entry)
        else:
            self._draw_heading(painter, option, str(index.data()))
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        entry = index.data(ENTRY_ROLE)
        line = max(option.fontMetrics.height(), scaled())
        has_snippet = isinstance(entry, Entry) and entry.snippet
        return QSize(80, line + theme.SPACE_8 + (option.fontMetrics.height() + 2 if has_snippet else 0))

    def _draw_heading(self, painter: QPainter, option: QStyleOptionViewItem, words: str) -> None:
        palette: QPalette = option.palette
        font = QFont(option.font)
        font.setPointSizeF(font.pointSizeF() * HEADING_SIZE)
        painter.setFont(font)
        painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
        inner: QRect = option.rect.adjusted(theme.SPACE_8, theme.SPACE_4, -theme.SPACE_8, 0)
        shown = QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideMiddle, inner.width())
        painter.drawText(inner, LEADS, shown)

    def _draw_entry(self, painter: QPainter, option: QStyleOptionViewItem, entry: Entry) -> None:
        palette: QPalette = option.palette
        area: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.color(QPalette.ColorRole.Midlight))
            painter.drawRoundedRect(area, theme.CONTROL_RADIUS, theme.CONTROL_RADIUS)
        inner = area.adjusted(theme.SPACE_8, 0, -theme.SPACE_8, 0)
        line = QRect(inner)
        if entry.snippet:
            line.setHeight(line.height() - option.fontMetrics.height() - 2 - theme.SPACE_4)
            line.translate(0, theme.SPACE_4)
        size = scaled()
        place = QRect(line.left(), line.top() + (line.height() - size) // 2, size, size)
        drawn = icon(entry.icon, palette.color(QPalette.ColorRole.PlaceholderText), size=size)
        drawn.paint(painter, QStyle.visualRect(option.direction, area, place))
        line.setLeft(line.left() + size + theme.SPACE_8)
        below = QRect(line.left(), line.bottom() + 1, line.width(), option.fontMetrics.height())
        self._draw_line(painter, option, entry, line)
        if entry.snippet:
            draw_snippet(painter, QStyle.visualRect(option.direction, area, below), entry.snippet, palette)

    def _draw_line(self, painter: QPainter, option: QStyleOptionViewItem, entry: Entry, line: QRect) -> None:
        palette, metrics, area = option.palette, option.fontMetrics, option.rect
        painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
        for words, space in ((entry.shortcut, line.width() // 2), (entry.detail, line.width() // 3)):
            if words:
                shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, space)
                painter.drawText(QStyle.visualRect(option.direction, area, line), ENDS, shown)
                line.setRight(line.right() - metrics.horizontalAdvance(shown) - theme.SPACE_16)
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        name = metrics.elidedText(entry.name, Qt.TextElideMode.ElideMiddle, line.width())
        painter.drawText(QStyle.visualRect(option.direction, area, line), LEADS, name)
