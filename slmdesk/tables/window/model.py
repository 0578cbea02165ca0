"""The table model of a table taken from documents: a row for each document, cells that can be edited."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFont, QIcon

from slmdesk.library.citations import PAGE_WORDS
from slmdesk.tables.types import DOUBTFUL, Column, Flag, Table, TableCell, TableRow, cell_words
from slmdesk.window.base.icons import pixmap
from slmdesk.window.base.theme import Theme
from slmdesk.window.widgets.text import plain_tip

ICON_SIZE = 14
EMPTY, OPEN = "–", "…"
Index = QModelIndex | QPersistentModelIndex


class TableModel(QAbstractTableModel):
    """Column 0 names the document."""

    cell_edited = Signal(str, int, str)

    def __init__(self, theme: Callable[[], Theme], parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme
        self.columns: tuple[Column, ...] = ()
        """The columns, without that of the document."""
        self.rows: list[TableRow] = []

    # ---- what is shown

    def begin(self, columns: Sequence[Column]) -> None:
        self.beginResetModel()
        self.columns, self.rows = tuple(columns), []
        self.endResetModel()

    def add(self, row: TableRow) -> None:
        """Add a row; one of the same document is replaced."""
        at = next((at for at, one in enumerate(self.rows) if one.document == row.document), len(self.rows))
        if at < len(self.rows):
            self.rows[at] = row
            self._changed(at, at)
            return
        self.beginInsertRows(QModelIndex(), at, at)
        self.rows.append(row)
        self.endInsertRows()

    def show_table(self, table: Table) -> None:
        """Show a table; with the same rows and columns, only cells change and the selection stays."""
        is_same = table.columns == self.columns and [one.document for one in table.rows] == [
            one.document for one in self.rows
        ]
        if is_same:
            self.rows = list(table.rows)
            self._changed(0, len(self.rows) - 1)
            return
        self.beginResetModel()
        self.columns, self.rows = table.columns, list(table.rows)
        self.endResetModel()

    def row_at(self, index: Index) -> TableRow | None:
        return self.rows[index.row()] if index.isValid() and index.row() < len(self.rows) else None

    def cell_at(self, index: Index) -> TableCell | None:
        """The cell of an index; None in the column of documents."""
        row = self.row_at(index)
        at = index.column() - 1
        return row.cells[at] if row and 0 <= at < len(row.cells) else None

    def repaint(self) -> None:
        self._changed(0, len(self.rows) - 1)

    # ---- Qt's own

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  as Qt has it
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  as Qt has it
        return 0 if parent.isValid() or not self.columns else len(self.columns) + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section <= len(self.columns):
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section - 1].name if section else "Document"
        if role == Qt.ItemDataRole.ToolTipRole and section:
            return plain_tip(self.columns[section - 1].meaning or self.columns[section - 1].name)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.row_at(index)
        if row is None:
            return None
        cell = self.cell_at(index)
        if cell is None:
            return _name_data(row, role)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return cell.value or (OPEN if cell.flag is Flag.OPEN else EMPTY)
            case Qt.ItemDataRole.EditRole:
                return cell.value
            case Qt.ItemDataRole.ForegroundRole if not cell.value:
                return QColor(self._theme().muted)
            case Qt.ItemDataRole.DecorationRole if cell.flag in DOUBTFUL:
                return QIcon(pixmap("triangle-alert", QColor(self._theme().warn), size=ICON_SIZE))
            case Qt.ItemDataRole.DecorationRole if cell.edited:
                return QIcon(pixmap("pencil", QColor(self._theme().muted), size=ICON_SIZE))
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip("\n".join(one for one in (cell.value, cell_words(cell, row.page_kind)) if one))
            case Qt.ItemDataRole.AccessibleTextRole:
                name = self.columns[index.column() - 1].name
                return f"{name}: {cell.value or 'empty'}. {cell_words(cell, row.page_kind)}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        found = super().flags(index)
        return found | Qt.ItemFlag.ItemIsEditable if self.cell_at(index) is not None else found

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row, cell = self.row_at(index), self.cell_at(index)
        words = " ".join(str(value).split())
        if role != Qt.ItemDataRole.EditRole or row is None or cell is None or words == cell.value:
            return False
        self.cell_edited.emit(row.document, index.column() - 1, words)
        return True

    def _changed(self, first: int, last: int) -> None:
        if 0 <= first <= last:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns)))


def _name_data(row: TableRow, role: int) -> object:
    if role == Qt.ItemDataRole.DisplayRole:
        return row.name
    if role == Qt.ItemDataRole.FontRole:
        font = QFont()
        font.setWeight(QFont.Weight.DemiBold)
        return font
    if role == Qt.ItemDataRole.ToolTipRole:
        given = "" if row.is_whole else "\nThe model was given the passages that fit each column best."
        pages = PAGE_WORDS.get(row.page_kind, PAGE_WORDS["page"])[1]
        read = f"{row.coverage.pages_read} of {row.coverage.pages_total} {pages} have words."
        return plain_tip(f"{row.name}\n{read}{given}")
    return None
