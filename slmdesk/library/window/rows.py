"""List models of documents, folders and search hits, and how their rows are painted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from slmdesk.base.records import DocumentRecord, DocumentStatus
from slmdesk.library.document_info import file_of, info_of
from slmdesk.library.folder_types import CollectionState, folder_of
from slmdesk.library.labels import counted, folder_words, size_words
from slmdesk.library.search import TextHit
from slmdesk.text.words.folding import fold
from slmdesk.window.base import theme
from slmdesk.window.widgets.row_frame import paint_ground
from slmdesk.window.widgets.text import plain_tip

T = TypeVar("T")
ID_ROLE = int(Qt.ItemDataRole.UserRole)
LINE_ROLE = ID_ROLE + 1


def line_of(record: DocumentRecord) -> str:
    info = info_of(record)
    if record.status is DocumentStatus.READING:
        return "being read…"
    if record.status is DocumentStatus.FAILED:
        return "could not be read" if not record.pages else f"read in part, {counted(record.pages, info.page_kind)}"
    return f"{size_words(info)}  ·  {record.format}"


class _Rows(QAbstractListModel, Generic[T]):
    def __init__(self, parent: QWidget, roles: Mapping[int, Callable[[T], object]]) -> None:
        super().__init__(parent)
        self._roles = roles
        self._rows: list[T] = []

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008  Qt's own
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._rows) or role not in self._roles:
            return None
        return self._roles[role](self._rows[index.row()])

    def row_of(self, id: str) -> int:
        """The row of a document or folder; -1: not there."""
        return next((row for row, one in enumerate(self._rows) if self._roles[ID_ROLE](one) == id), -1)

    def show(self, rows: Sequence[T]) -> None:
        """Show these; where they are the same ones, the choice and the place stay."""
        id_of = self._roles[ID_ROLE]
        if [id_of(one) for one in rows] == [id_of(one) for one in self._rows]:
            self._rows = list(rows)
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()


class DocumentRows(_Rows[DocumentRecord]):
    def __init__(self, parent: QWidget, *, by_name: bool = False) -> None:
        roles: dict[int, Callable[[DocumentRecord], object]] = {
            Qt.ItemDataRole.DisplayRole: lambda one: one.name,
            Qt.ItemDataRole.ToolTipRole: lambda one: plain_tip(str(file_of(one))),
            Qt.ItemDataRole.AccessibleTextRole: lambda one: f"{one.name}, {line_of(one)}",
            ID_ROLE: lambda one: one.id,
            LINE_ROLE: line_of,
        }
        super().__init__(parent, roles)
        self._by_name = by_name
        self._all: list[DocumentRecord] = []
        self._words = ""
        self._folded: dict[str, str] = {}
        """Names folded for comparison: folding thousands at each key would be noticed."""

    def show_records(self, records: Sequence[DocumentRecord]) -> None:
        for one in records:
            if one.name not in self._folded:
                self._folded[one.name] = fold(one.name)
        if self._by_name:
            self._all = sorted(records, key=lambda one: (self._folded[one.name], one.n))
        else:
            self._all = sorted(records, key=lambda one: (one.opened, one.n), reverse=True)
        self._filter()

    def filter_by(self, words: str) -> None:
        self._words = words
        self._filter()

    @property
    def total(self) -> int:
        """The number of documents, with those hidden by the filter."""
        return len(self._all)

    def _filter(self) -> None:
        words = fold(self._words).split()
        self.show([one for one in self._all if all(word in self._folded[one.name] for word in words)])


class FolderRows(_Rows[CollectionState]):
    """CollectionStates, in the order in which they were added."""

    def __init__(self, parent: QWidget) -> None:
        roles: dict[int, Callable[[CollectionState], object]] = {
            Qt.ItemDataRole.DisplayRole: lambda one: one.record.name,
            Qt.ItemDataRole.ToolTipRole: lambda one: plain_tip(str(folder_of(one.record))),
            Qt.ItemDataRole.AccessibleTextRole: lambda one: f"Folder {one.record.name}, {folder_words(one)}",
            ID_ROLE: lambda one: one.record.id,
            LINE_ROLE: folder_words,
        }
        super().__init__(parent, roles)


class HitRows(_Rows[TextHit]):
    def __init__(self, parent: QWidget) -> None:
        roles: dict[int, Callable[[TextHit], object]] = {
            Qt.ItemDataRole.DisplayRole: lambda one: f"p. {one.page}  \u00b7  {one.name}",
            Qt.ItemDataRole.ToolTipRole: lambda one: plain_tip(one.words),
            Qt.ItemDataRole.AccessibleTextRole: lambda one: f"{one.name}, page {one.page}: {one.words}",
            ID_ROLE: lambda one: one,
            LINE_ROLE: lambda one: one.words,
        }
        super().__init__(parent, roles)


class DocumentPainter(QStyledItemDelegate):
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        painter.save()
        palette: QPalette = option.palette
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        area = paint_ground(painter, option, is_chosen=is_chosen)
        inner = area.adjusted(theme.SPACE_12, theme.SPACE_8 - 2, -theme.SPACE_8, -theme.SPACE_8 + 2)
        metrics = option.fontMetrics
        flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading)
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        line = QRect(inner.left(), inner.top(), inner.width(), metrics.height())
        painter.drawText(line, flags, metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, line.width()))
        small = QFont(option.font)
        small.setPointSizeF(small.pointSizeF() * 0.87)
        painter.setFont(small)
        painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
        line.translate(0, metrics.height() + 2)
        words = painter.fontMetrics().elidedText(str(index.data(LINE_ROLE)), Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, flags, words)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(80, 2 * option.fontMetrics.height() + theme.SPACE_16)
