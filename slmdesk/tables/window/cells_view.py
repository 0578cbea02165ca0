"""The cells of a table of documents: a view whose columns share the width."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QTableView, QWidget

LEAST_LETTERS = 11


class CellsView(QTableView):
    """Enter edits a cell, Space goes to its page.

    Columns share the width where each has room for some words, until a person resizes one.
    """

    page_requested = Signal(QModelIndex)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._is_fitting = self._is_drawn = False
        self.horizontalHeader().sectionResized.connect(self._on_section_resized)

    def fit(self) -> None:
        self._is_drawn = False
        self._share()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        header, width = self.horizontalHeader(), self.viewport().width()
        count = header.count()
        if not count or self._is_drawn:
            return
        has_space = width >= count * LEAST_LETTERS * self.fontMetrics().averageCharWidth()
        each = width // count if has_space else header.defaultSectionSize()
        self._is_fitting = True
        for at in range(count):
            header.resizeSection(at, each)
        if has_space:
            header.resizeSection(count - 1, width - each * (count - 1))
        self._is_fitting = False

    def _on_section_resized(self, _at: int, _before: int, _now: int) -> None:
        self._is_drawn = self._is_drawn or (not self._is_fitting and self.isVisible())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if self.state() == QAbstractItemView.State.EditingState:  # the Enter that ended it comes here, too
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.edit(index)
        elif event.key() == Qt.Key.Key_Space and index.isValid():
            self.page_requested.emit(index)
        else:
            super().keyPressEvent(event)
