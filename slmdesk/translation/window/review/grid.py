"""The table model of a translation's segments: only visible rows are loaded."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from slmdesk.base.translation import SegmentRecord, SegmentState
from slmdesk.translation.asking.labels import REASON_WORDS, STATE_WORDS, flag_words
from slmdesk.window.base.delay import Delay
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.widgets.text import plain_tip

SOURCE, TARGET, STATE, FLAGS = range(4)
COLUMNS = ("Source", "Translation", "State", "Needs review")
PAGE = 50
MOST_KEPT = 4000
"""Segments in memory; those seen longest ago go first."""
MOST_RUNS = 40
"""If more runs of rows than this change at once, the model is reset."""
SEGMENT_ROLE = Qt.ItemDataRole.UserRole + 1
"""The SegmentRecord of a row; None while it is being fetched."""
Index = QModelIndex | QPersistentModelIndex


class SegmentModel(QAbstractTableModel):
    requested = Signal(object)
    edited = Signal(int, str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("segment_model")
        self._keeper = keeper
        self.numbers: Sequence[int] = ()
        self._known: dict[int, SegmentRecord] = {}
        self._missing: set[int] = set()
        self._asked: set[int] = set()
        self._timer = Delay(self, 0, self._on_requested, "fetch_timer")

    # ---- what is there

    def clear(self) -> None:
        self.beginResetModel()
        self.numbers = ()
        self._known.clear()
        self._asked.clear()
        self.endResetModel()

    def show_numbers(self, numbers: Sequence[int]) -> None:
        """Show these segments, in order; rows that stay keep their place and an open editor."""
        old, new = self.numbers, numbers
        if list(old) == list(new):
            return
        kept = set(old) & set(new)
        gone = _runs([row for row, number in enumerate(old) if number not in kept])
        come = _runs([row for row, number in enumerate(new) if number not in kept])
        if len(gone) + len(come) > MOST_RUNS:
            self.beginResetModel()
            self.numbers = new
            self.endResetModel()
        else:
            rows = list(old)
            for first, last in reversed(gone):
                self.beginRemoveRows(QModelIndex(), first, last)
                del rows[first : last + 1]
                self.numbers = list(rows)
                self.endRemoveRows()
            for first, last in come:
                self.beginInsertRows(QModelIndex(), first, last)
                rows[first:first] = new[first : last + 1]
                self.numbers = list(rows)
                self.endInsertRows()
            self.numbers = new
        self._asked.clear()

    def add(self, segments: Sequence[SegmentRecord]) -> None:
        for one in segments:
            self._known.pop(one.number, None)
            self._known[one.number] = one
        for number in list(self._known)[: max(0, len(self._known) - MOST_KEPT)]:
            del self._known[number]
        self._asked.clear()
        rows = [row for one in segments if (row := self.row_of(one.number)) >= 0]
        if rows:
            self.dataChanged.emit(self.index(min(rows), 0), self.index(max(rows), len(COLUMNS) - 1))

    def change(self, segment: SegmentRecord) -> None:
        """Replace a segment; one that is not loaded is loaded when it becomes visible."""
        if segment.number in self._known:
            self._known[segment.number] = segment
            row = self.row_of(segment.number)
            if row >= 0:
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))

    def segment(self, row: int) -> SegmentRecord | None:
        """The segment of a row; None if it is not loaded."""
        return self._known.get(self.numbers[row]) if 0 <= row < len(self.numbers) else None

    def number(self, row: int) -> int:
        return self.numbers[row]

    def row_of(self, number: int) -> int:
        """The row of a segment; -1: it is not listed."""
        at = bisect_left(self.numbers, number)
        return at if at < len(self.numbers) and self.numbers[at] == number else -1

    # ---- Qt's own

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self.numbers)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation is Qt.Orientation.Horizontal:
            return COLUMNS[section]
        return str(self.numbers[section] + 1) if section < len(self.numbers) else ""

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, colours, tooltips; a segment that is not loaded is requested."""
        segment, column = self.segment(index.row()), index.column()
        if segment is None:
            self._missing.add(index.row() // PAGE)
            if not self._timer.isActive():
                self._timer.start()
            return "…" if role == Qt.ItemDataRole.DisplayRole and column == SOURCE else None
        if role == SEGMENT_ROLE:
            return segment
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return words_of(segment, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(segment.place if column == SOURCE else words_of(segment, column))
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._colour(segment, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeading
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Request a change of the text; it is shown once it is saved."""
        known = self.segment(index.row())
        if role != Qt.ItemDataRole.EditRole or index.column() != TARGET or (known and str(value) == known.target):
            return False
        self.edited.emit(self.number(index.row()), str(value))
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        is_open = index.column() == TARGET and self.segment(index.row()) is not None
        return flags | Qt.ItemFlag.ItemIsEditable if is_open else flags

    def _on_requested(self) -> None:
        pages, self._missing = self._missing - self._asked, set()
        if not pages:
            return
        self._asked |= pages
        numbers = [
            number for page in sorted(pages) for number in self.numbers[page * PAGE : (page + 1) * PAGE]
            if number not in self._known
        ]  # fmt: skip
        if numbers:
            self.requested.emit(numbers)

    def _colour(self, segment: SegmentRecord, column: int) -> QColor | None:
        theme = self._keeper.theme
        if column == FLAGS or (column == STATE and segment.state is SegmentState.FAILED):
            return theme.colour("warn")
        return theme.colour("muted") if column == STATE or segment.state is SegmentState.LEFT else None


def words_of(segment: SegmentRecord, column: int) -> str:
    match column:
        case 0:
            return segment.source
        case 1:
            return segment.target
        case 2:
            why = REASON_WORDS.get(segment.reason, "") if segment.state is SegmentState.LEFT else ""
            return why or STATE_WORDS[segment.state]
        case _:
            why = REASON_WORDS.get(segment.reason, "") if segment.state is SegmentState.FAILED else ""
            return "; ".join([*([why] if why else []), *(flag_words(flag) for flag in segment.flags)])


def _runs(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Runs of neighbouring rows: (first, last), in order."""
    found = []
    for _, group in groupby(enumerate(rows), key=lambda one: one[1] - one[0]):
        run = [row for _, row in group]
        found.append((run[0], run[-1]))
    return found
