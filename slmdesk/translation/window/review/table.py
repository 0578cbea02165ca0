"""The table of segments: rows as high as their text, measured when they become visible."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QRect, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyleOptionViewItem, QTableView, QWidget

from slmdesk.translation.window.review.grid import FLAGS, SOURCE, STATE, TARGET, SegmentModel
from slmdesk.translation.window.review.grid_cells import SegmentCells
from slmdesk.window.base import theme
from slmdesk.window.base.delay import Delay
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.widgets.named import named

SHARES = {SOURCE: 0.345, TARGET: 0.345, STATE: 0.135, FLAGS: 0.175}


class SegmentTable(QTableView):
    """Shows a SegmentModel; scrolls by rows, so that heights measured late move nothing."""

    def __init__(self, model: SegmentModel, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "segment_table", label="Segments of the translation")
        self.cells = SegmentCells(keeper, self)
        self.setItemDelegate(self.cells)
        self.setModel(model)
        self._segments = model
        self._timer = Delay(self, 0, self._on_fit, "fit_timer")
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(2 * self.fontMetrics().lineSpacing() + theme.SPACE_12)
        rows.setMinimumSectionSize(self.fontMetrics().lineSpacing() + theme.SPACE_8)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        columns.setHighlightSections(False)
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)

    def _connect(self) -> None:
        self.verticalScrollBar().valueChanged.connect(self.fit_soon)
        self._segments.dataChanged.connect(self.fit_soon)
        self._segments.rowsInserted.connect(self.fit_soon)
        self._segments.rowsRemoved.connect(self.fit_soon)
        self._segments.modelReset.connect(self.fit_soon)
        self.cells.closeEditor.connect(self.fit_soon)

    def edit_row(self, row: int) -> None:
        index = self._segments.index(row, TARGET)
        if index.isValid():
            self.setCurrentIndex(index)
            self.scrollTo(index)
            self.edit(index)

    def fit_soon(self) -> None:
        """Measure the visible rows soon, once for several changes."""
        if not self._timer.isActive():
            self._timer.start()

    def _on_fit(self) -> None:
        """Measure the visible rows, but none by which an open editor would move."""
        row, height = self.rowAt(0), self.viewport().height()
        edited = self.currentIndex().row() if self.cells.is_editing else -1
        if row < 0:
            return
        taken = 0
        while row < self._segments.rowCount() and taken < height:
            if self._segments.segment(row) is not None and row > edited:
                requested = max(self._height(self._segments.index(row, column)) for column in SHARES)
                if requested != self.rowHeight(row):
                    self.setRowHeight(row, requested)
            else:
                self._segments.data(self._segments.index(row, SOURCE))  # have it fetched
            taken += self.rowHeight(row)
            row += 1

    def _height(self, index: QModelIndex) -> int:
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        option.rect = QRect(0, 0, self.columnWidth(index.column()), 0)
        return self.cells.sizeHint(option, index).height()

    # ---- Qt's own

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.NoModifier
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and is_plain
        if (is_enter or event.key() == Qt.Key.Key_F2) and self.state() != QAbstractItemView.State.EditingState:
            self.edit_row(self.currentIndex().row())
            event.accept()
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        width = self.viewport().width()
        for column, share in SHARES.items():
            self.setColumnWidth(column, round(width * share))
        self.fit_soon()
