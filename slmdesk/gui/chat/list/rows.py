"""The list model of chats: fetched by pages, newest first, renamed in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from slmdesk.core.records import Found, Item
from slmdesk.gui.widgets.snippet import without_marks
from slmdesk.gui.widgets.text import plain_tip

PAGE = 100
ID_ROLE = int(Qt.ItemDataRole.UserRole)
SNIPPET_ROLE = ID_ROLE + 1
MESSAGE_ROLE = ID_ROLE + 2
OPEN_ROLE = ID_ROLE + 3
WRITING_ROLE = ID_ROLE + 4
UNREAD_ROLE = ID_ROLE + 5
_ROOT = QModelIndex()
Index = QModelIndex | QPersistentModelIndex
Key = tuple[float, int]


@dataclass(frozen=True, slots=True)
class Row:
    """One row.  `key` orders it (newest first); `snippet` is set in search results only."""

    id: str
    title: str
    key: Key
    snippet: str = ""
    message: str = ""


def row_of(item: Item) -> Row:
    return Row(item.id, item.title, (item.updated, item.n))


def row_of_hit(found: Found) -> Row:
    """A search hit as a row; hits keep the order in which they were found."""
    return Row(found.item, found.title, (0.0, 0), found.snippet, found.message)


class ChatRows(QAbstractListModel):
    """Rows of chats, or of search results.

    Emits `page_requested` with the last key (None: from the start) and how many, and `rename_requested` with id and
    title when a person edited one.
    """

    page_requested = Signal(object, int)
    rename_requested = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chat_rows")
        self.rows: list[Row] = []
        self._is_waiting = False
        self._is_at_end = True
        self.is_search = False
        self._open = ""
        self._writing: frozenset[str] = frozenset()
        self._unread: frozenset[str] = frozenset()

    def start(self) -> None:
        self._reset([], is_search=False)
        self._is_waiting, self._is_at_end = True, False
        self.page_requested.emit(None, PAGE)

    def show_page(self, rows: Sequence[Row]) -> None:
        if self.is_search:
            return
        self._is_waiting, self._is_at_end = False, len(rows) < PAGE
        known = {row.id for row in self.rows}
        fresh = [row for row in rows if row.id not in known]
        if fresh:
            first = len(self.rows)
            self.beginInsertRows(_ROOT, first, first + len(fresh) - 1)
            self.rows.extend(fresh)
            self.endInsertRows()

    def show_hits(self, rows: Sequence[Row]) -> None:
        """Show the results of a search instead of the chats."""
        self._reset(rows, is_search=True)

    def put(self, row: Row) -> None:
        """Add or update a chat, at its place in the order."""
        at = self.index_of(row.id)
        if self.is_search:
            if at is not None and self.rows[at].title != row.title:
                old = self.rows[at]
                self.rows[at] = Row(old.id, row.title, old.key, old.snippet, old.message)
                self.dataChanged.emit(self.index(at), self.index(at))
            return
        if at is not None and self.rows[at].key == row.key:
            if self.rows[at] != row:
                self.rows[at] = row
                self.dataChanged.emit(self.index(at), self.index(at))
            return
        if at is not None and self._place_of(row) in (at, at + 1):
            self.rows[at] = row
            self.dataChanged.emit(self.index(at), self.index(at))
            return
        if at is not None:
            self._move(at, row)
        else:
            self._insert(row)

    def set_open(self, chat: str) -> None:
        """Mark the open chat; '' for none."""
        self._open = chat
        self._describe_marks()

    def set_writing(self, chats: frozenset[str]) -> None:
        """Mark the chats whose answer is being written."""
        self._writing = chats
        self._describe_marks()

    def set_unread(self, chats: frozenset[str]) -> None:
        """Mark the chats with an answer that was not seen yet."""
        self._unread = chats
        self._describe_marks()

    def drop(self, chat: str) -> None:
        for at in [at for at in range(len(self.rows) - 1, -1, -1) if self.rows[at].id == chat]:
            self.beginRemoveRows(_ROOT, at, at)
            del self.rows[at]
            self.endRemoveRows()

    def index_of(self, chat: str) -> int | None:
        return next((at for at, row in enumerate(self.rows) if row.id == chat), None)

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        row = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return row.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(f"{row.title}\n{self._news_of(row)}".rstrip())
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return self._description_of(row)
        if role == OPEN_ROLE:
            return row.id == self._open
        if role == WRITING_ROLE:
            return row.id in self._writing
        if role == UNREAD_ROLE:
            return row.id in self._unread
        return {ID_ROLE: row.id, SNIPPET_ROLE: row.snippet, MESSAGE_ROLE: row.message}.get(role)

    def setData(self, index: Index, value: Any, role: int = int(Qt.ItemDataRole.EditRole)) -> bool:
        """Request a new title; it is shown once the services have saved it."""
        title = str(value).strip()
        row = self.rows[index.row()]
        if role != Qt.ItemDataRole.EditRole or not title or title == row.title:
            return False
        self.rename_requested.emit(row.id, title)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and not self._is_waiting and not self._is_at_end

    def fetchMore(self, parent: Index) -> None:
        """Ask for the next page, by key."""
        if self.canFetchMore(parent) and self.rows:
            self._is_waiting = True
            self.page_requested.emit(self.rows[-1].key, PAGE)

    def _description_of(self, row: Row) -> str:
        """The marks in words, for screen readers."""
        is_open = "This chat is open." if row.id == self._open else ""
        return " ".join(part for part in (is_open, self._news_of(row), without_marks(row.snippet)) if part)

    def _news_of(self, row: Row) -> str:
        """What the dot of a row stands for; '' without one."""
        if row.id in self._writing:
            return "An answer is being written."
        return "There is a new answer." if row.id in self._unread else ""

    def _describe_marks(self) -> None:
        if self.rows:
            roles = [OPEN_ROLE, WRITING_ROLE, UNREAD_ROLE]
            self.dataChanged.emit(self.index(0), self.index(len(self.rows) - 1), roles)

    def _reset(self, rows: Sequence[Row], *, is_search: bool) -> None:
        self.beginResetModel()
        self.rows = list(rows)
        self.is_search, self._is_waiting, self._is_at_end = is_search, False, True
        self.endResetModel()

    def _place_of(self, row: Row) -> int:
        """The index before the first older row."""
        return next((at for at, other in enumerate(self.rows) if other.key < row.key), len(self.rows))

    def _insert(self, row: Row) -> None:
        at = self._place_of(row)
        if at == len(self.rows) and not self._is_at_end:
            return  # it comes with its page
        self.beginInsertRows(_ROOT, at, at)
        self.rows.insert(at, row)
        self.endInsertRows()

    def _move(self, at: int, row: Row) -> None:
        to = self._place_of(row)
        if not self.beginMoveRows(_ROOT, at, at, _ROOT, to):
            return
        del self.rows[at]
        self.rows.insert(to if to < at else to - 1, row)
        self.endMoveRows()
        index = self.index(to if to < at else to - 1)
        self.dataChanged.emit(index, index)
