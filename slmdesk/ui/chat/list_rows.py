"""Rows of the list of chats: loaded by pages, drawn under headings, renamed in place, and dragged into spaces."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelection,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
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

from slmdesk.base.record import Record, changed
from slmdesk.base.records import Found, Item, title_words
from slmdesk.base.texts import _, grouped, ngettext
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.text import age_words
from slmdesk.ui.kit.base.theme import pixmap, scaled
from slmdesk.ui.kit.widgets.build import cut_at_word, draw_snippet, paint_ground, plain_tip, without_marks

if TYPE_CHECKING:
    from slmdesk.chat.spaces import Space

PAGE = 100
ALL = 1 << 30
"""Number of rows for loading all rows."""
ID_ROLE = int(Qt.ItemDataRole.UserRole)
MESSAGE_ROLE = ID_ROLE + 2
OPEN_ROLE = ID_ROLE + 3
WRITING_ROLE = ID_ROLE + 4
UNREAD_ROLE = ID_ROLE + 5
HEADING_ROLE = ID_ROLE + 6
SPACE_ROLE = ID_ROLE + 7
CHATS = "application/x-slmdesk-chats"
"""MIME type of dragged chats. The data holds their ids, one per line."""
SPACES, PINNED = _("Spaces"), _("Pinned")
_ROOT = QModelIndex()
Index = QModelIndex | QPersistentModelIndex
Key = tuple[int, float, int]
_CHAT, _PINNED, _SPACE = 0, 1, 2


class Row(Record):
    """A row of the list. Rows are sorted by `key`, largest first. `snippet` is only set in search results."""

    id: str
    title: str
    key: Key
    snippet: str = ""
    message: str = ""
    count: int = 0
    """For a space: number of its chats."""

    @property
    def is_space(self) -> bool:
        return self.key[0] == _SPACE

    @property
    def is_pinned(self) -> bool:
        return self.key[0] == _PINNED

    @property
    def place(self) -> tuple[str, str]:
        """Return what tells the row from others. Several hits of a search may be in one chat."""
        return self.id, self.message


def row_of(item: Item) -> Row:
    return Row(item.id, item.shown_title, (_PINNED if item.pinned else _CHAT, item.updated, item.n))


def row_of_space(space: Space, place: int) -> Row:
    """Return the row of a space; `place` is its position among the spaces."""
    return Row(space.id, space.name, (_SPACE, -float(place), 0), count=space.count)


def row_of_hit(hit: Found) -> Row:
    """Return the row of a search hit. Hits stay in the order in which they were found."""
    return Row(hit.item, title_words(hit.title, "chat"), (_CHAT, 0.0, 0), hit.snippet, hit.message)


class ChatRows(QAbstractListModel):
    """Model of the list: rows of spaces and chats, or of search results.

    Emits `page_requested` with the last key (None: from the start) and the number of rows, and `rename_requested` with
    id and title when a person edited a title.
    """

    page_requested = Signal(object, int)
    rename_requested = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chat_rows")
        self.rows: list[Row] = []
        self._asked = PAGE
        self._is_waiting = False
        self.is_whole = True
        self.is_search = False
        self._open = ""
        self._writing: frozenset[str] = frozenset()
        self._unread: frozenset[str] = frozenset()
        self._today = date.today()

    def start(self) -> None:
        self._reset([], is_search=False)
        self._is_waiting, self.is_whole, self._asked = True, False, PAGE
        self.page_requested.emit(None, PAGE)

    def show_page(self, rows: Sequence[Row]) -> None:
        if self.is_search:
            return
        self._is_waiting, self.is_whole = False, len(rows) < self._asked
        known = {row.id for row in self.rows}
        self._show([*self.rows, *(row for row in rows if row.id not in known)])

    def show_spaces(self, rows: Sequence[Row]) -> None:
        """Replace the spaces, which stand before the chats. During a search no spaces are shown."""
        if not self.is_search:
            self._show([*rows, *(row for row in self.rows if not row.is_space)])

    def show_hits(self, rows: Sequence[Row]) -> None:
        self._reset(rows, is_search=True)

    def put(self, row: Row) -> None:
        """Show the new state of a chat. In search results only its title changes."""
        if self.is_search:
            self._show([changed(old, title=row.title) if old.id == row.id else old for old in self.rows])
            return
        rows = [old for old in self.rows if old.id != row.id]
        at = next((at for at, other in enumerate(rows) if other.key < row.key), len(rows))
        if at < len(rows) or self.is_whole:  # else it arrives with its page
            rows.insert(at, row)
        self._show(rows)

    def set_open(self, chat: str) -> None:
        self._open = chat
        self._tell_changed(OPEN_ROLE)

    def set_marks(self, writing: frozenset[str], unread: frozenset[str]) -> None:
        """Mark the chats in which an answer is being written, and those with a new one."""
        if (writing, unread) != (self._writing, self._unread):
            self._writing, self._unread = writing, unread
            self._tell_changed(WRITING_ROLE, UNREAD_ROLE)

    def set_today(self, today: date) -> None:
        if today != self._today:
            self._today = today
            self._tell_changed()

    def drop(self, chat: str) -> None:
        self._show([row for row in self.rows if row.id != chat])

    def index_of(self, chat: str) -> int | None:
        return next((at for at, row in enumerate(self.rows) if row.id == chat), None)

    def heading_at(self, at: int) -> str:
        if self.is_search:
            return ""
        group = self._group_of(self.rows[at])
        return "" if at and self._group_of(self.rows[at - 1]) == group else group

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        look = _LOOKS.get(role)
        return look(self, index.row()) if look is not None else None

    def _tip_of(self, row: Row) -> str:
        return plain_tip("\n".join(part for part in (row.title, self._news_of(row)) if part))

    def setData(self, index: Index, value: Any, role: int = int(Qt.ItemDataRole.EditRole)) -> bool:
        """Request a new title. It is shown once the services have saved it."""
        title = str(value).strip()
        row = self.rows[index.row()]
        if role != Qt.ItemDataRole.EditRole or not title or title == row.title:
            return False
        self.rename_requested.emit(row.id, title)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return super().flags(index)
        usual = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemNeverHasChildren
        if self.rows[index.row()].is_space:
            return usual | Qt.ItemFlag.ItemIsDropEnabled
        return usual | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:
        return [CHATS]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        data.setData(CHATS, "\n".join(dict.fromkeys(self.rows[index.row()].id for index in indexes)).encode())
        return data

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and not self._is_waiting and not self.is_whole

    def fetchMore(self, parent: Index, most: int = PAGE) -> None:
        if self.canFetchMore(parent) and self.rows:
            self._is_waiting, self._asked = True, most
            last = self.rows[-1]
            self.page_requested.emit(None if last.is_space else last.key, most)

    def fetch_all(self) -> None:
        self.fetchMore(_ROOT, ALL)

    def _description_of(self, row: Row) -> str:
        """Return the icons of a row in words, for screen readers."""
        if row.is_space:
            return ngettext("A space with 1 chat.", "A space with {n:,} chats.", row.count)
        is_open = _("This chat is open.") if row.id == self._open else ""
        group = "" if self.is_search else f"{self._group_of(row)}."
        parts = (is_open, self._news_of(row), group, without_marks(row.snippet))
        return " ".join(part for part in parts if part)

    def _news_of(self, row: Row) -> str:
        if row.id in self._writing:
            return _("An answer is being written.")
        return _("There is a new answer.") if row.id in self._unread else ""

    def _group_of(self, row: Row) -> str:
        if row.is_space:
            return SPACES
        return PINNED if row.is_pinned else age_words(row.key[1], self._today)

    def _show(self, rows: Sequence[Row]) -> None:
        """Show these rows. Those that stay keep their selection, their focus and the editor of their title."""
        if rows == self.rows:
            return
        staying = {row.place for row in rows}
        for at in range(len(self.rows) - 1, -1, -1):
            if self.rows[at].place not in staying:
                self.beginRemoveRows(_ROOT, at, at)
                del self.rows[at]
                self.endRemoveRows()
        known, at = {row.place for row in self.rows}, 0
        while at < len(rows):
            fresh = list(takewhile(lambda row: row.place not in known, rows[at:]))
            if fresh:
                self.beginInsertRows(_ROOT, at, at + len(fresh) - 1)
                self.rows[at:at] = fresh
                self.endInsertRows()
            elif self.rows[at].place != rows[at].place:
                before = next(n for n in range(at, len(self.rows)) if self.rows[n].place == rows[at].place)
                self.beginMoveRows(_ROOT, before, before, _ROOT, at)
                self.rows.insert(at, self.rows.pop(before))
                self.endMoveRows()
            at += len(fresh) or 1
        self.rows = list(rows)
        self._tell_changed()

    def _tell_changed(self, *roles: int) -> None:
        """Have all rows drawn again, or laid out again too, as one may have another heading: without `roles`."""
        if self.rows:
            self.dataChanged.emit(self.index(0), self.index(len(self.rows) - 1), list(roles))

    def _reset(self, rows: Sequence[Row], *, is_search: bool) -> None:
        self.beginResetModel()
        self.rows = list(rows)
        self.is_search, self._is_waiting, self.is_whole = is_search, False, True
        self.endResetModel()


_LOOKS: Mapping[int, Callable[[ChatRows, int], Any]] = {
    int(Qt.ItemDataRole.DisplayRole): lambda rows, at: rows.rows[at].title,
    int(Qt.ItemDataRole.EditRole): lambda rows, at: rows.rows[at].title,
    int(Qt.ItemDataRole.ToolTipRole): lambda rows, at: rows._tip_of(rows.rows[at]),
    int(Qt.ItemDataRole.AccessibleDescriptionRole): lambda rows, at: rows._description_of(rows.rows[at]),
    ID_ROLE: lambda rows, at: rows.rows[at].id,
    MESSAGE_ROLE: lambda rows, at: rows.rows[at].message,
    SPACE_ROLE: lambda rows, at: rows.rows[at].is_space,
    OPEN_ROLE: lambda rows, at: rows.rows[at].id == rows._open,
    WRITING_ROLE: lambda rows, at: rows.rows[at].id in rows._writing,
    UNREAD_ROLE: lambda rows, at: rows.rows[at].id in rows._unread,
    HEADING_ROLE: lambda rows, at: rows.heading_at(at),
}
"""For each role of the model what a row says."""

DOT = 7
HEADING_PERCENT = 87
"""Font size of a heading as a percentage of a row's font size."""
MARKING = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class RowPainter(QStyledItemDelegate):
    def __init__(self, view: ChatView) -> None:
        super().__init__(view)
        self._view = view

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw a row. Untrusted text is drawn as plain text."""
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
        """Set the text only once, so that typed text is not overwritten when something else about the row changes."""
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
        title = cut_at_word(str(index.data()), metrics, inner.width(), 0.8)
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading)
        painter.drawText(inner, flags, title)
        if snippet := self._view.rows.rows[index.row()].snippet:
            line = QRect(line.left(), inner.bottom() + 1 + theme.SPACE_4, line.width(), metrics.height())
            draw_snippet(painter, line, snippet, palette)

    def _draw_marks(self, painter: QPainter, option: QStyleOptionViewItem, line: QRect, index: Index) -> QRect:
        """Draw the icons beside a title. Return the rest of the line."""
        palette: QPalette = option.palette
        is_mirrored = option.direction == Qt.LayoutDirection.RightToLeft
        muted, accent = (
            palette.color(role) for role in (QPalette.ColorRole.PlaceholderText, QPalette.ColorRole.Accent)
        )
        size, ratio = scaled(theme.ICON_SIZE - 2), self._view.devicePixelRatioF()
        if index.data(SPACE_ROLE):
            place, line = _cut(line, size, at_left=not is_mirrored)
            top = place.top() + (place.height() - size) // 2
            painter.drawPixmap(place.left(), top, pixmap("folder-open", muted, size=size, scale=ratio))
            count = grouped(self._view.rows.rows[index.row()].count)
            place, line = _cut(line, option.fontMetrics.horizontalAdvance(count), at_left=is_mirrored)
            painter.setPen(muted)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), count)
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
    """The list view. Arrow keys move the current row, Enter opens it, and letters are left to the page.

    Ctrl and Shift select several rows, with the mouse and with the arrow keys.
    """

    marked_changed = Signal(int)
    all_requested = Signal()
    chats_dropped = Signal(object, str)

    def __init__(self, rows: ChatRows, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows = rows
        self.marked = 0
        """Number of selected rows. A single row counts as 0, since it is only the row with the keyboard focus."""
        self.target = ""
        self.is_marking = False
        """True if the last click selected a row and did not open it."""
        self._build_ui()

    def _build_ui(self) -> None:
        self.setModel(self.rows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setItemDelegate(RowPainter(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setUniformItemSizes(False)
        self.setLayoutMode(QListView.LayoutMode.SinglePass)  # in batches the rows would flicker
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDropIndicatorShown(False)

    @property
    def marked_rows(self) -> list[QModelIndex]:
        """Return the selected rows from the top. Empty if only a single row is selected."""
        return sorted(self.selectedIndexes(), key=QModelIndex.row) if self.marked else []

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
        """Clear the count of selected rows when the model was reset, for which Qt emits no selection signal."""
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
        """Move dropped chats into a space through the services. Qt's own implementation would move rows."""
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
