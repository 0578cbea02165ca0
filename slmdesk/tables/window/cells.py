"""The cells of a table made from documents: their model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QIcon

from slmdesk.base.texts import N_, _
from slmdesk.base.types import page_word
from slmdesk.tables.types import (
    DAY,
    DOUBTFUL,
    NOT_LOOKED_FOR,
    Column,
    ColumnKind,
    Flag,
    Table,
    TableCell,
    TableRow,
    cell_words,
    certainty_words,
    value_words,
)
from slmdesk.text.folding import fold
from slmdesk.window.base import theme
from slmdesk.window.base.text import day_in_figures
from slmdesk.window.base.theme import pixmap
from slmdesk.window.widgets.build import plain_tip
from slmdesk.window.widgets.cells import ICON_SIZE, Index

NUMBERS = (ColumnKind.NUMBER, ColumnKind.AMOUNT)
EMPTY = "–"
EMPTY_WORDS = {Flag.OPEN: "…", Flag.UNREAD: N_("not read"), Flag.UNASKED: NOT_LOOKED_FOR}
"""What stands in empty cells."""


class TableModel(QAbstractTableModel):
    """Table model of a table made from documents. Column 0 has the name of the document."""

    cell_edited = Signal(str, int, str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.columns: tuple[Column, ...] = ()
        self.rows: list[TableRow] = []
        self.only: frozenset[str] | None = None
        """Ids of the rows on show, of which a figure of the counts was opened. None: all."""
        self._every: list[TableRow] = []
        self._places: dict[str, int] = {}

    def begin(self, columns: Sequence[Column], rows: Sequence[TableRow] = ()) -> None:
        self.beginResetModel()
        self.columns, self._every, self.only = tuple(columns), list(rows), None
        self._place()
        self.endResetModel()

    def show_only(self, rows: frozenset[str] | None) -> None:
        self.beginResetModel()
        self.only = rows
        self._place()
        self.endResetModel()

    def _place(self) -> None:
        only = self.only
        self.rows = self._every if only is None else [row for row in self._every if row.document in only]
        self._places = {row.document: at for at, row in enumerate(self._every)}

    def add(self, rows: Sequence[TableRow]) -> None:
        """Add rows. One replaces a row with the same id."""
        new: dict[str, TableRow] = {}
        for row in rows:
            at = self._places.get(row.document)
            if at is None:
                new[row.document] = row
                continue
            self._every[at] = row
            if self.only is None:
                self._changed(at, at)
        first, is_shown = len(self._every), self.only is None and bool(new)
        self._places |= {id: first + number for number, id in enumerate(new)}
        if is_shown:
            self.beginInsertRows(QModelIndex(), first, first + len(new) - 1)
        self._every += new.values()
        if is_shown:
            self.endInsertRows()

    def show_table(self, table: Table) -> None:
        """Show a table. If rows and columns are the same, only cells change and the selection stays."""
        before, now = ([row.document for row in rows] for rows in (self._every, table.rows))
        if table.columns == self.columns and before == now:
            self._every = list(table.rows)
            self._place()
            self._changed(0, len(self.rows) - 1)
        else:
            self.begin(table.columns, table.rows)

    def row_at(self, index: Index) -> TableRow | None:
        return self.rows[index.row()] if index.isValid() and index.row() < len(self.rows) else None

    def cell_at(self, index: Index) -> TableCell | None:
        """Return the cell of an index, or None in the column of document names."""
        row = self.row_at(index)
        at = index.column() - 1
        return row.cells[at] if row and 0 <= at < len(row.cells) else None

    def is_number(self, at: int) -> bool:
        return at > 0 and self.columns[at - 1].kind in NUMBERS

    def repaint(self) -> None:
        self._changed(0, len(self.rows) - 1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  as Qt has it
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  as Qt has it
        return 0 if parent.isValid() or not self.columns else len(self.columns) + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section <= len(self.columns):
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if self.is_number(section) else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.DisplayRole:
            return _(self.columns[section - 1].name) if section else _("Document")
        if role == Qt.ItemDataRole.ToolTipRole and section:
            return plain_tip(_(self.columns[section - 1].meaning or self.columns[section - 1].name))
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row, cell = self.row_at(index), self.cell_at(index)
        if row is None:
            return None
        if cell is None:
            return _name_data(row, role)
        column = self.columns[index.column() - 1]
        return TOLD[role](column, row, cell) if role in TOLD else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if self.cell_at(index) is not None else flags

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row, cell = self.row_at(index), self.cell_at(index)
        words = " ".join(str(value).split())
        words = next((name for name in self._labels(index) if fold(words) in (fold(name), fold(_(name)))), words)
        if role != Qt.ItemDataRole.EditRole or row is None or cell is None or words == cell.value:
            return False
        self.cell_edited.emit(row.document, index.column() - 1, words)
        return True

    def _labels(self, index: Index) -> list[str]:
        return [label.name for label in self.columns[index.column() - 1].choices]

    def _changed(self, first: int, last: int) -> None:
        if 0 <= first <= last:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns)))


def _words(column: Column, _row: TableRow, cell: TableCell) -> str:
    if cell.date and column.name == DAY and not cell.page:
        return day_in_figures(date.fromisoformat(cell.date))
    share = f"{cell.certainty:.0%}" if certainty_words(cell) else ""
    return " ".join(filter(None, (value_words(column, cell), share))) or _(EMPTY_WORDS.get(cell.flag, EMPTY))


def _typed(column: Column, _row: TableRow, cell: TableCell) -> str:
    return _(cell.value) if column.choices else cell.value


def _side(column: Column, _row: TableRow, _cell: TableCell) -> int:
    side = Qt.AlignmentFlag.AlignRight if column.kind in NUMBERS else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)


def _ink(_column: Column, _row: TableRow, cell: TableCell) -> QColor | None:
    return None if cell.value else QColor(theme.current().ink2)


def _sign(_column: Column, _row: TableRow, cell: TableCell) -> QIcon | None:
    colours = theme.current()
    if cell.flag is Flag.DIFFERS:
        return QIcon(pixmap("triangle-alert", QColor(colours.danger), size=ICON_SIZE))
    if cell.flag in DOUBTFUL:
        return QIcon(pixmap("triangle-alert", QColor(colours.warn), size=ICON_SIZE))
    if cell.edited:
        return QIcon(pixmap("pencil", QColor(colours.ink2), size=ICON_SIZE))
    return None


def _tip(_column: Column, row: TableRow, cell: TableCell) -> str:
    return plain_tip("\n".join(filter(None, (cell.value, cell_words(cell, row.page_kind)))))


def _spoken(column: Column, row: TableRow, cell: TableCell) -> str:
    return f"{_(column.name)}: {cell.value or _('empty')}. {cell_words(cell, row.page_kind)}"


TOLD: Mapping[int, Callable[[Column, TableRow, TableCell], object]] = {
    Qt.ItemDataRole.DisplayRole: _words,
    Qt.ItemDataRole.EditRole: _typed,
    Qt.ItemDataRole.TextAlignmentRole: _side,
    Qt.ItemDataRole.ForegroundRole: _ink,
    Qt.ItemDataRole.DecorationRole: _sign,
    Qt.ItemDataRole.ToolTipRole: _tip,
    Qt.ItemDataRole.AccessibleTextRole: _spoken,
}
"""What is told of a cell, by Qt's roles."""


def _name_data(row: TableRow, role: int) -> object:
    if role == Qt.ItemDataRole.DisplayRole:
        return row.name
    if role == Qt.ItemDataRole.FontRole:
        font = QFont()
        font.setWeight(QFont.Weight.DemiBold)
        return font
    if role == Qt.ItemDataRole.ToolTipRole:
        given = "" if row.is_whole else _("\nThe model was given the passages that fit each column best.")
        read = _("{pages_read} of {pages_total} {pages} have words.").format(
            pages_read=row.coverage.pages_read, pages_total=row.coverage.pages_total, pages=page_word(row.page_kind)
        )
        return plain_tip(f"{row.name}\n{read}{given}")
    return None
