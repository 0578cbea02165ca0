"""The list of changes beside the text: before and after, and why."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from slmdesk.window.base import theme
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_tip
from slmdesk.writing.labels import DOUBT_WORDS
from slmdesk.writing.window.correcting import ShownChange

NUMBER_ROLE = int(Qt.ItemDataRole.UserRole)
PADDING = 6
MOST = 60
"""Characters of each side in the list; the tool tip has all of them."""


class ChangeLines(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.changes: Sequence[ShownChange] = ()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008  Qt's own
        return 0 if parent.isValid() else len(self.changes)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self.changes):
            return None
        change = self.changes[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return f"{sign_of(change)}  {change_line(change, MOST)}\n{reason_words(change)}"
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(f"{change_line(change, 800)}\n{reason_words(change)}")
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{index.row() + 1}. {change_line(change, MOST)}, {reason_words(change)}"
            case _ if role == NUMBER_ROLE:
                return change.number
        return None

    def show_changes(self, changes: Sequence[ShownChange]) -> None:
        self.beginResetModel()
        self.changes = changes
        self.endResetModel()

    def row_of(self, number: int) -> int:
        """The row of a change; -1: it is not there."""
        return next((row for row, one in enumerate(self.changes) if one.number == number), -1)


class _Wrapped(QStyledItemDelegate):
    """Lines that wrap: the list alone would leave them the room they need without."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        area = self.parent()
        width = (area.viewport().width() if isinstance(area, QListView) else 200) - 2 * PADDING - theme.SPACE_8
        words = str(index.data(Qt.ItemDataRole.DisplayRole))
        room = QRect(0, 0, max(1, width), 10_000)
        needed = option.fontMetrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap), words)
        return QSize(width, needed.height() + 2 * PADDING)


class ChangeList(QListView):
    change_chosen = Signal(int)
    accept_requested = Signal()
    refuse_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "writing_changes", label="Changes")
        self.lines = ChangeLines(self)
        self.setModel(self.lines)
        self.setSpacing(theme.SPACE_4 // 2)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrap(True)
        self.setItemDelegate(_Wrapped(self))
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setFrameShape(self.Shape.NoFrame)
        self._is_showing = False

    @property
    def current(self) -> int:
        found = self.currentIndex().data(NUMBER_ROLE) if self.currentIndex().isValid() else 0
        return found if isinstance(found, int) else 0

    def show_changes(self, changes: Sequence[ShownChange]) -> None:
        """Show these; the current one stays current, or the one that has its place now."""
        number, row = self.current, self.currentIndex().row()
        self._is_showing = True
        self.lines.show_changes(changes)
        there = self.lines.row_of(number)
        self._go(there if there >= 0 else min(row, len(changes) - 1))
        self._is_showing = False

    def show_change(self, number: int) -> None:
        """Make a change current without emitting `change_chosen`."""
        self._is_showing = True
        self._go(self.lines.row_of(number))
        self._is_showing = False

    def step(self, by: int) -> None:
        count = len(self.lines.changes)
        if count:
            row = self.currentIndex().row()
            self._go((row + by) % count if row >= 0 else 0 if by > 0 else count - 1)

    def sizeHint(self) -> QSize:
        return QSize(260, 120)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.modifiers() == Qt.KeyboardModifier.NoModifier and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accept_requested.emit()
        elif event.modifiers() == Qt.KeyboardModifier.NoModifier and event.key() == Qt.Key.Key_Delete:
            self.refuse_requested.emit()
        else:
            super().keyPressEvent(event)

    def currentChanged(
        self, current: QModelIndex | QPersistentModelIndex, previous: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().currentChanged(current, previous)
        number = current.data(NUMBER_ROLE) if current.isValid() else None
        if isinstance(number, int) and not self._is_showing:
            self.change_chosen.emit(number)

    def _go(self, row: int) -> None:
        self.setCurrentIndex(self.lines.index(row) if row >= 0 else QModelIndex())


def sign_of(change: ShownChange) -> str:
    if change.is_doubtful:
        return "?"
    return "≠" if change.old.strip() and change.new.strip() else "+" if change.new.strip() else "−"


def change_line(change: ShownChange, most: int) -> str:
    return f"{_shown(change.old, most)} → {_shown(change.new, most)}"


def reason_words(change: ShownChange) -> str:
    about = change.change
    return f"{about.reason}; doubtful: {DOUBT_WORDS[about.doubt]}" if about.doubt else about.reason


def _shown(words: str, most: int) -> str:
    if not words:
        return "nothing"
    if not words.strip():
        return "line break" if "\n" in words else "space" if len(words) == 1 else f"{len(words)} spaces"
    line = " ".join(words.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
