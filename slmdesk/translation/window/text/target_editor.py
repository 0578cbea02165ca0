"""Edits a translation in a cell of a table."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtWidgets import QPlainTextEdit, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from slmdesk.window.widgets.named import named

Index = QModelIndex | QPersistentModelIndex
SOURCE = 0
"""The column of the source: what has no translation begins with it."""
CELL_PADDING = 10
"""Pixels left and right of a cell's words, as the style sheet has it: padding and border."""


class TargetEditor(QStyledItemDelegate):
    """Edits a translation on several lines; Ctrl+Enter or leaving the field saves it."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """The height of the text with the cell's padding, which Qt forgets where it wraps lines."""
        narrow, rect = QStyleOptionViewItem(option), QRect(option.rect)
        rect.setWidth(max(1, rect.width() - CELL_PADDING))
        narrow.rect = rect
        return super().sizeHint(narrow, index)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QPlainTextEdit(parent)
        named(editor, "segment_editor", label="The translation of this segment")
        editor.setTabChangesFocus(True)
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Begin with the existing text; a segment without any begins with its source, for its tags."""
        assert isinstance(editor, QPlainTextEdit)
        words = index.data(Qt.ItemDataRole.EditRole) or index.sibling(index.row(), SOURCE).data()
        editor.setPlainText(str(words))
        editor.selectAll()

    def setModelData(self, editor: QWidget, model: Any, index: Index) -> None:
        """Save the text on one line, as segments are."""
        assert isinstance(editor, QPlainTextEdit)
        model.setData(index, " ".join(editor.toPlainText().split("\n")))
