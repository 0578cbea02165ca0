"""Ticks in tables and lists, which can be seen on any background."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from slmdesk.window.widgets.check_box import draw_box
from slmdesk.window.widgets.named import named

Index = QModelIndex | QPersistentModelIndex


class TickDelegate(QStyledItemDelegate):
    """Check boxes with the theme's colours: the style's own cannot be seen on a dark ground, nor in a chosen row."""

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._view = view

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = super().createEditor(parent, option, index)
        named(editor, "cell_editor", label=str(index.model().headerData(index.column(), Qt.Orientation.Horizontal)))
        return editor

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        filled = QStyleOptionViewItem(option)
        self.initStyleOption(filled, index)
        if not filled.features & QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator:
            return
        box = self._view.style().subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, filled, self._view)
        is_chosen = bool(filled.state & QStyle.StateFlag.State_Selected)
        is_ticked = filled.checkState is Qt.CheckState.Checked
        palette, role = QApplication.palette(), QPalette.ColorRole  # a list's own has the colours of its chosen row
        draw_box(
            painter, QRectF(box), line=palette.color(role.Accent if is_ticked else role.PlaceholderText),
            ground=palette.color(role.AlternateBase if is_chosen else role.Base),
            tick=palette.color(role.HighlightedText) if is_ticked else None, scale=self._view.devicePixelRatioF(),
        )  # fmt: skip
