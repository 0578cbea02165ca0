"""The view of the list of chats, and how its rows are drawn: under headings, several marked at once, dragged."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from slmdesk.chat.window.list.rows import (
    CHATS,
    COUNT_ROLE,
    HEADING_ROLE,
    HELD_ROLE,
    ID_ROLE,
    OPEN_ROLE,
    SNIPPET_ROLE,
    SPACE_ROLE,
    UNREAD_ROLE,
    WRITING_ROLE,
    ChatRows,
)
from slmdesk.window.base import theme
from slmdesk.window.base.icons import pixmap, scaled
from slmdesk.window.widgets.row_frame import paint_ground
from slmdesk.window.widgets.snippet import draw_snippet

DOT = 7
HEADING_PERCENT = 87
"""Size of the letters of a heading, of those of a row."""
MARKING = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
Index = QModelIndex | QPersistentModelIndex


class RowPainter(QStyledItemDelegate):
    def __init__(self, view: ChatView) -> None:
        super().__init__(view)
        self._view = view

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one row; untrusted text is drawn as plain text."""
        painter.save()
        shown = QStyleOptionViewItem(option)
        if heading := str(index.data(HEADING_ROLE) or ""):
            place: QRect = option.rect
            height = heading_height(option.fontMetrics)
            self._draw_heading(painter, option, QRect(place.left(), place.top(), place.width(), height), heading)
            shown.rect = place.adjusted(0, height, 0, 0)
        is_chosen = bool(index.data(OPEN_ROLE)) or index.data(ID_ROLE) == self._view.target
        area = paint_ground(painter, shown, is_chosen=is_chosen)
        if self._is_marked(option):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(option.palette.color(QPalette.ColorRole.Midlight))
            painter.drawRoundedRect(area, theme.CONTROL_RADIUS, theme.CONTROL_RADIUS)
        self._draw_words(painter, shown, area, index)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        rows = self._view.rows  # asked directly, without variants: a list has thousands, and is laid out often
        at, metrics = index.row(), option.fontMetrics
        height = metrics.height() + theme.SPACE_16
        if rows.rows[at].snippet:
            height += metrics.height() + theme.SPACE_4
        return QSize(80, height + heading_height(metrics) if rows.heading_at(at) else height)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        heading = heading_height(option.fontMetrics) if index.data(HEADING_ROLE) else 0
        editor.setGeometry(option.rect.adjusted(theme.SPACE_4, 1 + heading, -theme.SPACE_4, -1))

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Set the text only once: typing is not overwritten when something else about the row changes."""
        if not isinstance(editor, QLineEdit) or not (editor.isModified() or editor.text()):
            super().setEditorData(editor, index)

    def _is_marked(self, option: QStyleOptionViewItem) -> bool:
        state: QStyle.StateFlag = option.state
        return bool(self._view.marked and state & QStyle.StateFlag.State_Selected)

    def _draw_heading(self, painter: QPainter, option: QStyleOptionViewItem, place: QRect, words: str) -> None:
        painter.setFont(_heading_font(option.font))
        painter.setPen(option.palette.color(QPalette.ColorRole.PlaceholderText))
        line = place.adjusted(theme.SPACE_16, theme.SPACE_4, -theme.SPACE_8, 0)
        words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading), words)

    def _draw_words(self, painter: QPainter, option: QStyleOptionViewItem, area: QRect, index: Index) -> None:
        palette: QPalette = option.palette
        metrics = option.fontMetrics
        line = area.adjusted(theme.SPACE_12, theme.SPACE_8 - 1, -theme.SPACE_8, -theme.SPACE_8 + 1)
        inner = QRect(line.left(), line.top(), line.width(), metrics.height())
        painter.setFont(option.font)
        inner = self._draw_marks(painter, option, inner, index)
        title = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, inner.width())
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading)
        painter.drawText(inner, flags, title)
        snippet = str(index.data(SNIPPET_ROLE) or "")
        if snippet:
            line = QRect(line.left(), inner.bottom() + 1 + theme.SPACE_4, line.width(), metrics.height())
            draw_snippet(painter, line, snippet, palette)

    def _draw_marks(self, painter: QPainter, option: QStyleOptionViewItem, line: QRect, index: Index) -> QRect:
        """Draw what stands beside a title, and return what is left of the line."""
        palette: QPalette = option.palette
        is_mirrored = option.direction == Qt.LayoutDirection.RightToLeft
        muted, accent = (palette.color(one) for one in (QPalette.ColorRole.PlaceholderText, QPalette.ColorRole.Accent))
        size, ratio = scaled(theme.ICON_SIZE - 2), self._view.devicePixelRatioF()
        if index.data(SPACE_ROLE):
            place, line = _cut(line, size, at_left=not is_mirrored)
            top = place.top() + (place.height() - size) // 2
            painter.drawPixmap(place.left(), top, pixmap("folder-open", muted, size=size, scale=ratio))
            count = f"{index.data(COUNT_ROLE):,}"
            place, line = _cut(line, option.fontMetrics.horizontalAdvance(count), at_left=is_mirrored)
            painter.setPen(muted)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), count)
        if index.data(HELD_ROLE):
            place, line = _cut(line, size, at_left=is_mirrored)
            top = place.top() + (place.height() - size) // 2
            painter.drawPixmap(place.left(), top, pixmap("lock", muted, size=size, scale=ratio))
        is_writing = bool(index.data(WRITING_ROLE))
        if is_writing or index.data(UNREAD_ROLE):  # a ring while an answer is written, a disc when it is new
            place, line = _cut(line, DOT, at_left=is_mirrored)
            painter.setPen(QPen(accent, 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush if is_writing else accent)
            painter.drawEllipse(QRect(place.left(), place.top() + (place.height() - DOT) // 2, DOT, DOT))
        if self._is_marked(option):
            place, line = _cut(line, size, at_left=is_mirrored)
            top = place.top() + (place.height() - size) // 2
            painter.drawPixmap(place.left(), top, pixmap("check", accent, size=size, scale=ratio))
        return line


class ChatView(QListView):
    """The list: arrow keys move the current row, Enter opens it; letters are left to the page.

    Ctrl and Shift mark several rows, with the mouse and with the arrow keys.
    """

    marked_changed = Signal(int)
    all_requested = Signal()
    chats_dropped = Signal(object, str)

    def __init__(self, rows: ChatRows, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows = rows
        self.marked = 0
        """How many rows are marked; 0 where it is one alone, which is only where the keyboard stands."""
        self.target = ""
        self.is_marking = False
        """The last click marked a row, and opened none."""
        self._build_ui()

    def _build_ui(self) -> None:
        self.setModel(self.rows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setItemDelegate(RowPainter(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setUniformItemSizes(False)
        self.setLayoutMode(QListView.LayoutMode.SinglePass)  # in batches the rows would go and come back
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDropIndicatorShown(False)

    @property
    def marked_rows(self) -> list[QModelIndex]:
        """The marked rows from the top; none where it is one alone."""
        return sorted(self.selectedIndexes(), key=lambda one: one.row()) if self.marked else []

    def unmark(self) -> None:
        self.clearSelection()

    def indexAt(self, point: QPoint) -> QModelIndex:
        index = super().indexAt(point)
        if index.isValid() and index.data(HEADING_ROLE):
            below = self.visualRect(index).top() + heading_height(self.fontMetrics())
            if point.y() < below:
                return QModelIndex()
        return index

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        self._count_marked()

    def reset(self) -> None:
        """Other rows have come: none is marked, of which Qt says nothing."""
        super().reset()
        self._count_marked()

    def _count_marked(self) -> None:
        count = len(self.selectedIndexes())
        marked = count if count > 1 else 0
        if marked != self.marked:
            self.marked = marked
            self.marked_changed.emit(marked)
            self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.is_marking = bool(event.modifiers() & MARKING)
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.is_marking = False
        with_command = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        if event.matches(QKeySequence.StandardKey.SelectAll):
            self.all_requested.emit()
        elif event.text() and event.text().isprintable() and not with_command:
            event.ignore()
        else:
            super().keyPressEvent(event)

    # ---- chats dragged onto a space

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        super().dragEnterEvent(event)
        self._accept(event, is_enough=event.mimeData().hasFormat(CHATS))

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        super().dragMoveEvent(event)  # scrolls the list at its edges
        self._accept(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        super().dragLeaveEvent(event)
        self._aim("")

    def dropEvent(self, event: QDropEvent) -> None:
        """Qt's own would move rows; here the services do."""
        space = self._space_under(event)
        self._aim("")
        if not space:
            event.ignore()
            return
        event.acceptProposedAction()
        self.setState(QAbstractItemView.State.NoState)
        chats = bytes(event.mimeData().data(CHATS).data()).decode().split()
        self.chats_dropped.emit(chats, space)

    def _accept(self, event: QDragMoveEvent, *, is_enough: bool = False) -> None:
        space = self._space_under(event)
        self._aim(space)
        if space or is_enough:
            event.acceptProposedAction()
        else:
            event.ignore()

    def _space_under(self, event: QDropEvent) -> str:
        index = self.indexAt(event.position().toPoint())
        is_space = event.mimeData().hasFormat(CHATS) and index.isValid() and index.data(SPACE_ROLE)
        return str(index.data(ID_ROLE)) if is_space else ""

    def _aim(self, space: str) -> None:
        if space != self.target:
            self.target = space
            self.viewport().update()


def heading_height(metrics: QFontMetrics) -> int:
    return metrics.height() * HEADING_PERCENT // 100 + theme.SPACE_12


def _heading_font(usual: QFont) -> QFont:
    font = QFont(usual)
    if usual.pointSizeF() > 0:
        font.setPointSizeF(usual.pointSizeF() * HEADING_PERCENT / 100)
    return font


def _cut(line: QRect, width: int, *, at_left: bool) -> tuple[QRect, QRect]:
    cut = width + theme.SPACE_8
    if at_left:
        return QRect(line.left(), line.top(), width, line.height()), line.adjusted(cut, 0, 0, 0)
    return QRect(line.right() + 1 - width, line.top(), width, line.height()), line.adjusted(0, 0, -cut, 0)
