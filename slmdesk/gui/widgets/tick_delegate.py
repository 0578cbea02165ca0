"""Ticks in tables, which can be seen on any background."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from slmdesk.gui.base.theme_keeper import ThemeKeeper
from slmdesk.gui.widgets.named import named

Index = QModelIndex | QPersistentModelIndex


class TickDelegate(QStyledItemDelegate):
    """Check boxes that can be seen in the dark too: the style takes their outline from the window's colour."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self._keeper = keeper

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """A line edit, named after its column."""
        editor = super().createEditor(parent, option, index)
        named(editor, "cell_editor", label=str(index.model().headerData(index.column(), Qt.Orientation.Horizontal)))
        return editor

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        """Use the colour of muted text for the outline."""
        super().initStyleOption(option, index)
        option.palette.setColor(QPalette.ColorRole.Window, self._keeper.theme.colour("muted"))
