"""The cells of a table: the view that draws them, fits its columns, and keeps the first one in sight."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.theme import scaled
from slmdesk.ui.kit.widgets.build import cut_in_middle, named

ROW, HEAD, LEAST, MOST, PAD = 40, 36, 60, 240, 12
"""Heights and widths in pixels, and the free space beside the words of a cell, at normal size of text."""
ROWS_MEASURED = 200
ICON_SIZE = 14
Index = QModelIndex | QPersistentModelIndex


class CellDelegate(QStyledItemDelegate):
    """Draws a line below each row, and cuts names of documents in the middle."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        if not index.column():
            option.text = cut_in_middle(option.text, option.fontMetrics, option.rect.width() - 2 * scaled(PAD))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        colours = theme.current()
        painter.setPen(QPen(colours.colour("line"), colours.line_width))
        painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())


class CellsView(QTableView):
    """Enter edits a cell, Space shows its source. Columns are as wide as their words, until a person resizes one."""

    source_requested = Signal(QModelIndex)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._is_fitting = self._is_drawn = False
        self.horizontalHeader().sectionResized.connect(self._on_section_resized)
        self._names = named(QTableView(self), "frozen_names")
        """The first column once more, over the others when they are scrolled."""
        self._names.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._names.clicked.connect(self.clicked)
        for view in (self, self._names):
            view.setShowGrid(False)
            view.setWordWrap(False)
            view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
            view.setItemDelegate(CellDelegate(view))
            view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
            view.verticalHeader().hide()
            view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)  # else all rows would be read
            view.horizontalHeader().setHighlightSections(False)
        self._names.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._names.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().valueChanged.connect(self._names.verticalScrollBar().setValue)
        self._names.verticalScrollBar().valueChanged.connect(self.verticalScrollBar().setValue)
        self.horizontalScrollBar().valueChanged.connect(lambda _value: self._freeze())

    def setModel(self, model: QAbstractItemModel | None) -> None:
        super().setModel(model)
        self._names.setModel(model)
        self._names.setSelectionModel(self.selectionModel())

    @property
    def is_editing(self) -> bool:
        return self.state() is QAbstractItemView.State.EditingState

    def fit(self) -> None:
        self._is_drawn = False
        self.share()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.share()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._freeze()

    def scrollTo(
        self, index: Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        super().scrollTo(index, hint)
        covered = self._names.width() - self.visualRect(index).left()
        if index.column() and covered > 0 and self._names.isVisibleTo(self):
            self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() - covered)

    def share(self) -> None:
        for view in (self, self._names):
            view.verticalHeader().setDefaultSectionSize(scaled(ROW))
            view.horizontalHeader().setFixedHeight(scaled(HEAD))
        if self.model() is None or self._is_drawn:
            return
        self._is_fitting = True
        for at in range(self.horizontalHeader().count()):
            self.horizontalHeader().resizeSection(at, min(max(self._width_of(at), scaled(LEAST)), scaled(MOST)))
            self._names.setColumnHidden(at, at > 0)
        self._is_fitting = False
        self._freeze()

    def _freeze(self) -> None:
        """Show the names over the columns if these are scrolled and enough of them stays in view."""
        width, around = self.columnWidth(0), self.viewport().geometry()
        self._names.setVisible(self.horizontalScrollBar().value() > 0 and 2 * width < around.width())
        self._names.setColumnWidth(0, width)
        head = self.horizontalHeader().height()
        self._names.setGeometry(around.left(), around.top() - head, width + 1, around.height() + head)

    def _width_of(self, at: int) -> int:
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        head, plain, model = QFontMetrics(bold), self.fontMetrics(), self.model()
        widths = [head.horizontalAdvance(str(model.headerData(at, Qt.Orientation.Horizontal))) + scaled(PAD)]
        for number in range(min(model.rowCount(), ROWS_MEASURED)):
            index = model.index(number, at)
            sign = scaled(ICON_SIZE + PAD) if index.data(Qt.ItemDataRole.DecorationRole) else 0
            metrics = plain if at else head
            widths.append(metrics.horizontalAdvance(str(index.data() or "")) + sign)
        return max(widths) + 2 * scaled(PAD)

    def _on_section_resized(self, at: int, _before: int, now: int) -> None:
        self._is_drawn = self._is_drawn or (bool(now) and not self._is_fitting and self.isVisible())
        if not at and not self._is_fitting:
            self._freeze()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if self.state() == QAbstractItemView.State.EditingState:  # the Enter that ended the editing arrives here too
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.edit(index)
        elif event.key() == Qt.Key.Key_Space and index.isValid():
            self.source_requested.emit(index)
        else:
            super().keyPressEvent(event)
