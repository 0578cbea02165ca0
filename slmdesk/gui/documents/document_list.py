"""The documents that were opened, the last one first."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QAction, QFont, QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListView,
    QMenu,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from slmdesk.core.records import DocumentRecord, DocumentStatus
from slmdesk.gui import theme
from slmdesk.gui.widgets.named import name_clear_button, named
from slmdesk.gui.widgets.text import plain_label, plain_tip
from slmdesk.services.document_words import counted
from slmdesk.services.documents import facts_of, file_of
from slmdesk.text.folding import fold

ID_ROLE = int(Qt.ItemDataRole.UserRole)
LINE_ROLE = ID_ROLE + 1
ACTIONS = (("again", "Read it again"), ("folder", "Open its folder"), ("remove", "Take it off the list"))


def line_of(record: DocumentRecord) -> str:
    """What stands under a name."""
    facts = facts_of(record)
    if record.status is DocumentStatus.READING:
        return "being read…"
    if record.status is DocumentStatus.FAILED:
        return "could not be read" if not record.pages else f"read in part, {counted(record.pages, facts.page_kind)}"
    return f"{counted(facts.pages, facts.page_kind)}  ·  {record.format}"


class DocumentRows(QAbstractListModel):
    """Rows of DocumentRecords whose name holds the words of a filter."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._all: list[DocumentRecord] = []
        self._rows: list[DocumentRecord] = []
        self._words = ""

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008  Qt's own
        """Rows."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Name, id, the line under the name, the place as a tooltip."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        record = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return record.name
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(str(file_of(record)))
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{record.name}, {line_of(record)}"
            case _ if role == ID_ROLE:
                return record.id
            case _ if role == LINE_ROLE:
                return line_of(record)
        return None

    def show_records(self, records: Sequence[DocumentRecord]) -> None:
        """These, the last opened first."""
        self._all = sorted(records, key=lambda one: (one.opened, one.n), reverse=True)
        self._filter()

    def filter_by(self, words: str) -> None:
        """Only names with these words."""
        self._words = words
        self._filter()

    def row_of(self, document: str) -> int:
        """Its row; -1: it is not there."""
        return next((row for row, one in enumerate(self._rows) if one.id == document), -1)

    @property
    def total(self) -> int:
        """Also those the filter hides."""
        return len(self._all)

    def _filter(self) -> None:
        words = fold(self._words).split()
        rows = [one for one in self._all if all(word in fold(one.name) for word in words)]
        if [one.id for one in rows] == [one.id for one in self._rows]:
            self._rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()


class DocumentPainter(QStyledItemDelegate):
    """A name, and under it a small line; foreign text is drawn as it is."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """One row."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette: QPalette = option.palette
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        area = rect.adjusted(theme.SPACE_4, 1, -theme.SPACE_4, -1)
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        if is_chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.color(QPalette.ColorRole.Midlight))
            painter.drawRoundedRect(area, theme.CONTROL_RADIUS, theme.CONTROL_RADIUS)
        if is_chosen:
            painter.setBrush(palette.color(QPalette.ColorRole.Accent))
            painter.drawRoundedRect(QRect(area.left(), area.top() + 6, 3, area.height() - 12), 1.5, 1.5)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(palette.color(QPalette.ColorRole.Accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area, theme.CONTROL_RADIUS, theme.CONTROL_RADIUS)
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
        """Two lines."""
        return QSize(80, 2 * option.fontMetrics.height() + theme.SPACE_16)


class DocumentList(QFrame):
    """The side of the page.  Emits `open_requested`, `chosen` with an id, `action_chosen` with an id and an action."""

    open_requested = Signal()
    chosen = Signal(str)
    action_chosen = Signal(str, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("document_list")
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        self._open = named(QPushButton("Open a document…", self), "open_document_button")
        self._open.setToolTip("Open documents or a folder (Ctrl+O); or drop them on the page")
        self._search = named(QLineEdit(self), "document_filter")
        self._search.setPlaceholderText("Search by name")
        self._search.setAccessibleName("Search the documents by name")
        self._search.setClearButtonEnabled(True)
        name_clear_button(self._search)
        self._view = named(QListView(self), "document_view")
        self._view.setAccessibleName("Documents")
        self._view.setFrameShape(QFrame.Shape.NoFrame)
        self._view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._view.setMouseTracking(True)
        self._view.setUniformItemSizes(True)
        self._rows = DocumentRows(self)
        self._view.setModel(self._rows)
        self._view.setItemDelegate(DocumentPainter(self._view))
        self._view.installEventFilter(self)
        self._note = plain_label("", self, name="document_list_note", kind="muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_8, theme.SPACE_12, theme.SPACE_8, theme.SPACE_8)
        layout.setSpacing(theme.SPACE_8)
        layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetMinimumSize)  # large letters want a wider button
        layout.addWidget(self._open)
        layout.addWidget(self._search)
        layout.addWidget(self._note)
        layout.addWidget(self._view, 1)

    def _connect(self) -> None:
        self._open.clicked.connect(self.open_requested)
        self._search.textChanged.connect(self._on_filter)
        self._view.clicked.connect(self._on_clicked)
        self._view.activated.connect(self._on_clicked)
        self._view.customContextMenuRequested.connect(self._on_menu)

    @Slot(object)
    def show_records(self, records: Sequence[DocumentRecord]) -> None:
        """The documents there are."""
        chosen = self._view.currentIndex().data(ID_ROLE)
        self._rows.show_records(records)
        self._tell_note()
        if chosen:
            self.show_chosen(str(chosen))

    def show_chosen(self, document: str) -> None:
        """Mark the one on show; '' for none."""
        row = self._rows.row_of(document)
        if row < 0:
            self._view.clearSelection()
            self._view.setCurrentIndex(QModelIndex())
        elif self._view.currentIndex().row() != row or not self._view.selectionModel().hasSelection():
            self._view.setCurrentIndex(self._rows.index(row))

    @Slot(str)
    def _on_filter(self, words: str) -> None:
        self._rows.filter_by(words)
        self._tell_note()

    def _tell_note(self) -> None:
        words = ""
        if not self._rows.total:
            words = "No document was opened yet."
        elif not self._rows.rowCount():
            words = "No document has that name."
        self._note.setText(words)
        self._note.setVisible(bool(words))

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        if document := index.data(ID_ROLE):
            self.chosen.emit(str(document))

    @Slot(QPoint)
    def _on_menu(self, point: QPoint) -> None:
        index = self._view.indexAt(point)
        document = index.data(ID_ROLE)
        if not document:
            return
        menu = named(QMenu(self), "document_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for key, words in ACTIONS:
            action = named(QAction(words, menu), f"document_{key}")
            action.triggered.connect(lambda _checked=False, chosen=key: self.action_chosen.emit(str(document), chosen))
            menu.addAction(action)
        menu.popup(self._view.viewport().mapToGlobal(point))

    def eventFilter(self, watched: object, event: object) -> bool:
        """Delete takes the current one off the list."""
        if watched is self._view and isinstance(event, QKeyEvent) and event.type() == QKeyEvent.Type.KeyPress:
            document = self._view.currentIndex().data(ID_ROLE)
            if event.key() == Qt.Key.Key_Delete and document:
                self.action_chosen.emit(str(document), "remove")
                return True
        return False
