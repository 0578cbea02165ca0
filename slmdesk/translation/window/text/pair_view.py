"""Sentence beside sentence: a text and its translation as rows to read, copy and correct."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QHeaderView, QTableView, QWidget

from slmdesk.base.translation import LiveSegment, SegmentState
from slmdesk.translation.window.text.status_text import PaneState, shown_of, tip_of
from slmdesk.translation.window.text.target_editor import TargetEditor
from slmdesk.window.base.clipboard import copy_text
from slmdesk.window.base.delay import Delay
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.widgets.named import named

SOURCE, TARGET, FLAGS = range(3)
COLUMNS = ("Text", "Translation", "Needs review")
RESIZE_MS = 60
Index = QModelIndex | QPersistentModelIndex


class PairModel(QAbstractTableModel):
    edited = Signal(int, str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.rows: Sequence[LiveSegment] = ()

    def show(self, rows: Sequence[LiveSegment]) -> list[int]:
        """Returns the rows that have changed."""
        old = self.rows
        if len(old) != len(rows):
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
            return list(range(len(rows)))
        self.rows = rows
        changed = [at for at, (one, other) in enumerate(zip(old, rows, strict=True)) if one != other]
        for at in changed:
            self.dataChanged.emit(self.index(at, 0), self.index(at, len(COLUMNS) - 1))
        return changed

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return COLUMNS[section] if orientation is Qt.Orientation.Horizontal else str(section + 1)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        one, column = self.rows[index.row()], index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return (one.source, shown_of(one), tip_of(one))[column]
        if role == Qt.ItemDataRole.ForegroundRole:
            theme = self._keeper.theme
            return theme.colour("warn") if column == FLAGS else theme.colour("muted") if is_left(one) else None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeading
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or str(value).strip() in ("", self.rows[index.row()].target):
            return False
        self.edited.emit(index.row(), str(value))
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        is_open = index.column() == TARGET and not is_left(self.rows[index.row()])
        return flags | Qt.ItemFlag.ItemIsEditable if is_open else flags


class PairView(QTableView):
    edited = Signal(int, str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "pair_table")
        self.setAccessibleName("Sentences side by side")
        self._model = PairModel(keeper, self)
        self.setModel(self._model)
        self.setItemDelegate(TargetEditor(self))
        self.setWordWrap(True)
        self.setShowGrid(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self._stale: set[int] = set()
        self._timer = Delay(self, RESIZE_MS, self._size_rows)
        copy = named(QAction("Copy", self), "copy_pairs_action")
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy)
        self.addAction(copy)
        self._model.edited.connect(self.edited)
        self._show_flags()

    def show_pairs(self, shown: PaneState) -> None:
        self._stale.update(self._model.show(shown.segments))
        self._show_flags()
        if self._stale and self.isVisible():
            self._timer.start()

    def set_letters(self, percent: int) -> None:
        font = QApplication.font()
        font.setPointSizeF(max(4.0, font.pointSizeF() * percent / 100))
        if font != self.font():
            self.setFont(font)
            self._stale.update(range(self._model.rowCount()))
            self._timer.start()

    @property
    def current_segment(self) -> int:
        return self.currentIndex().row()

    def go_to(self, index: int) -> None:
        at = self._model.index(index, TARGET)
        if at.isValid():
            self.setCurrentIndex(at)
            self.scrollTo(at)

    def copy(self) -> None:
        """Copy the selected rows: source, tab, translation."""
        rows = sorted({one.row() for one in self.selectedIndexes()})
        lines = [self._model.rows[row] for row in rows]
        copy_text("\n".join(f"{one.source}\t{shown_of(one)}" for one in lines))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._stale.update(range(self._model.rowCount()))
        self._timer.start()

    def _show_flags(self) -> None:
        self.setColumnHidden(FLAGS, not any(one.flags for one in self._model.rows))

    def _size_rows(self) -> None:
        stale, self._stale = self._stale, set()
        for row in stale:
            if row < self._model.rowCount():
                self.resizeRowToContents(row)


def is_left(segment: LiveSegment) -> bool:
    """Whether a segment stays as it is."""
    return segment.state is SegmentState.LEFT
