"""The table model of the translation memory: pairs by pages, or those similar to a sentence with their differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QWidget

from slmdesk.base.translation import MemoryPair, Origin
from slmdesk.translation.terms.memory import Match, MemoryPage
from slmdesk.window.base.dates import day_words
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.widgets.text import plain_tip

LIKE, SOURCE, TARGET, DIFFERENCE, LANGUAGES, DOMAIN, ORIGIN, CREATED = range(8)
COLUMNS = ("Like", "Source", "Translation", "What differs", "Languages", "Domain", "From", "Kept on")
ORIGIN_WORDS = {
    Origin.PERSON: "you", Origin.IMPORT: "a file", Origin.MODEL: "a model", Origin.MEMORY: "the memory",
}  # fmt: skip
Index = QModelIndex | QPersistentModelIndex


class MemoryModel(QAbstractTableModel):
    edited = Signal(int, str, str)
    page_requested = Signal(int)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("memory_model")
        self._keeper = keeper
        self._rows: list[Match] = []
        self.found = 0
        """The number of pairs found, including those not loaded yet."""
        self._is_waiting = False

    def show_page(self, page: MemoryPage, is_first: bool) -> None:
        """The first page replaces what is there, later ones are appended."""
        rows = [Match(one, 0.0, ()) for one in page.pairs]
        self._is_waiting = False
        if is_first:
            self._show(rows, page.found)
        elif rows:
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(rows) - 1)
            self._rows += rows
            self.endInsertRows()

    def show_matches(self, matches: Sequence[Match]) -> None:
        self._show(list(matches), len(matches))

    def change(self, pair: MemoryPair) -> None:
        for row, one in enumerate(self._rows):
            if one.pair.n == pair.n:
                self._rows[row] = Match(pair, one.likeness, one.changes, one.penalty)
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))

    def pairs(self, rows: Sequence[int]) -> list[MemoryPair]:
        return [self._rows[row].pair for row in rows if row < len(self._rows)]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(COLUMNS)

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and 0 < len(self._rows) < self.found

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent) and not self._is_waiting:
            self._is_waiting = True
            self.page_requested.emit(self._rows[-1].pair.n)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return COLUMNS[section] if orientation is Qt.Orientation.Horizontal else str(section + 1)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        match = self._rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole, Qt.ItemDataRole.AccessibleTextRole):
            return cells_of(match)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(_tip(match) if index.column() == LIKE else cells_of(match)[index.column()])
        if role == Qt.ItemDataRole.ForegroundRole and index.column() > DIFFERENCE:
            return self._keeper.theme.colour("muted")
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        pair, words = self._rows[index.row()].pair, str(value)
        if role != Qt.ItemDataRole.EditRole or words == (pair.source, pair.target)[index.column() == TARGET]:
            return False
        if index.column() == SOURCE:
            self.edited.emit(pair.n, words, pair.target)
        elif index.column() == TARGET:
            self.edited.emit(pair.n, pair.source, words)
        return False

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() in (SOURCE, TARGET) else flags

    def _show(self, rows: list[Match], found: int) -> None:
        if (rows, found) == (self._rows, self.found):
            self._is_waiting = False
            return  # what is selected, or being edited, stays so
        self.beginResetModel()
        self._rows, self.found, self._is_waiting = rows, found, False
        self.endResetModel()


def cells_of(match: Match) -> tuple[str, ...]:
    pair = match.pair
    day = day_words(pair.created)
    return (
        f"{match.percent} %" + (" *" if match.penalty else "") if match.likeness else "",
        pair.source,
        pair.target,
        "; ".join(f"{old or '—'} → {new or '—'}" for old, new in match.changes),
        f"{pair.source_language} → {pair.target_language}",
        pair.domain,
        ORIGIN_WORDS[pair.origin],
        day,
    )


def _tip(match: Match) -> str:
    if not match.likeness:
        return ""
    words = f"{match.percent} % of the letters are the same."
    if match.penalty:
        words = f"{words[:-1]}, {match.penalty:.0%} taken off because the entry is of another domain."
    return words
