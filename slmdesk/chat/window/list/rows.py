"""The list model of chats: spaces, then chats by day, fetched by pages, renamed in place, dragged into spaces."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from slmdesk.base.record import Record, changed
from slmdesk.base.records import Found, Item
from slmdesk.window.base.dates import group_words
from slmdesk.window.widgets.snippet import without_marks
from slmdesk.window.widgets.text import plain_tip

if TYPE_CHECKING:
    from slmdesk.chat.spaces import Space

PAGE = 100
ALL = 1 << 30
"""As many rows as there are."""
ID_ROLE = int(Qt.ItemDataRole.UserRole)
SNIPPET_ROLE = ID_ROLE + 1
MESSAGE_ROLE = ID_ROLE + 2
OPEN_ROLE = ID_ROLE + 3
WRITING_ROLE = ID_ROLE + 4
UNREAD_ROLE = ID_ROLE + 5
HEADING_ROLE = ID_ROLE + 6
SPACE_ROLE = ID_ROLE + 7
COUNT_ROLE = ID_ROLE + 8
PINNED_ROLE = ID_ROLE + 9
HELD_ROLE = ID_ROLE + 10
CHATS = "application/x-slmdesk-chats"
"""Type of dragged chats: their ids, a line each."""
SPACES, PINNED = "Spaces", "Pinned"
_ROOT = QModelIndex()
Index = QModelIndex | QPersistentModelIndex
Key = tuple[int, float, int]
_CHAT, _PINNED, _SPACE = 0, 1, 2


class Row(Record):
    """`key` orders it (the largest first); `snippet` is set in search results only."""

    id: str
    title: str
    key: Key
    snippet: str = ""
    message: str = ""
    count: int = 0
    """Of a space: its chats."""

    @property
    def is_space(self) -> bool:
        return self.key[0] == _SPACE

    @property
    def is_pinned(self) -> bool:
        return self.key[0] == _PINNED


def row_of(item: Item) -> Row:
    return Row(item.id, item.title, (_PINNED if item.pinned else _CHAT, item.updated, item.n))


def row_of_space(space: Space, place: int) -> Row:
    """A space at its place among the spaces."""
    return Row(space.id, space.name, (_SPACE, -float(place), 0), count=space.count)


def row_of_hit(found: Found) -> Row:
    """A search hit as a row; hits keep the order in which they were found."""
    return Row(found.item, found.title, (_CHAT, 0.0, 0), found.snippet, found.message)


class ChatRows(QAbstractListModel):
    """Rows of spaces and chats, or of search results.

    Emits `page_requested` with the last key (None: from the start) and how many, and `rename_requested` with id and
    title when a person edited one.
    """

    page_requested = Signal(object, int)
    rename_requested = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chat_rows")
        self.rows: list[Row] = []
        self._asked = PAGE
        self._is_waiting = False
        self._is_at_end = True
        self.is_search = False
        self._open = ""
        self._writing: frozenset[str] = frozenset()
        self._unread: frozenset[str] = frozenset()
        self._held: frozenset[str] = frozenset()
        self._today = date.today()

    @property
    def is_whole(self) -> bool:
        return self._is_at_end

    def start(self) -> None:
        self._reset([], is_search=False)
        self._is_waiting, self._is_at_end, self._asked = True, False, PAGE
        self.page_requested.emit(None, PAGE)

    def show_page(self, rows: Sequence[Row]) -> None:
        if self.is_search:
            return
        self._is_waiting, self._is_at_end = False, len(rows) < self._asked
        known = {row.id for row in self.rows}
        fresh = [row for row in rows if row.id not in known]
        if fresh:
            first = len(self.rows)
            self.beginInsertRows(_ROOT, first, first + len(fresh) - 1)
            self.rows.extend(fresh)
            self.endInsertRows()

    def show_spaces(self, rows: Sequence[Row]) -> None:
        """Replace the spaces, which stand before the chats; a search shows none."""
        if self.is_search:
            return
        old = [row for row in self.rows if row.is_space]
        if [row.id for row in old] == [row.id for row in rows]:
            self.rows[: len(old)] = rows
            if old != list(rows):
                self.dataChanged.emit(self.index(0), self.index(len(old) - 1))
            return
        if old:
            self.beginRemoveRows(_ROOT, 0, len(old) - 1)
            del self.rows[: len(old)]
            self.endRemoveRows()
        if rows:
            self.beginInsertRows(_ROOT, 0, len(rows) - 1)
            self.rows[:0] = rows
            self.endInsertRows()

    def show_hits(self, rows: Sequence[Row]) -> None:
        self._reset(rows, is_search=True)

    def put(self, row: Row) -> None:
        at = self.index_of(row.id)
        if self.is_search:
            if at is not None and self.rows[at].title != row.title:
                self.rows[at] = changed(self.rows[at], title=row.title)
                self.dataChanged.emit(self.index(at), self.index(at))
            return
        if at is None:
            self._insert(row)
        elif self.rows[at].key == row.key or self._place_of(row) in (at, at + 1):
            if self.rows[at] != row:
                self.rows[at] = row
                self.dataChanged.emit(self.index(at), self.index(at))
                self._renew_headings(at + 1)
        else:
            self._move(at, row)

    def set_open(self, chat: str) -> None:
        self._open = chat
        self._describe_marks()

    def set_writing(self, chats: frozenset[str]) -> None:
        if chats != self._writing:
            self._writing = chats
            self._describe_marks()

    def set_unread(self, chats: frozenset[str]) -> None:
        if chats != self._unread:
            self._unread = chats
            self._describe_marks()

    def set_held(self, ids: frozenset[str]) -> None:
        if ids != self._held:
            self._held = ids
            self._describe_marks()

    def set_today(self, today: date) -> None:
        if today != self._today:
            self._today = today
            self._renew_headings(*range(len(self.rows)))

    def drop(self, chat: str) -> None:
        for at in [at for at in range(len(self.rows) - 1, -1, -1) if self.rows[at].id == chat]:
            self.beginRemoveRows(_ROOT, at, at)
            del self.rows[at]
            self.endRemoveRows()
            self._renew_headings(at)

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
        row = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return row.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip("\n".join(part for part in (row.title, self._news_of(row), self._hold_of(row)) if part))
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return self._description_of(row)
        if role == HEADING_ROLE:
            return self.heading_at(index.row())
        if role == OPEN_ROLE:
            return row.id == self._open
        if role == WRITING_ROLE:
            return row.id in self._writing
        if role == UNREAD_ROLE:
            return row.id in self._unread
        if role == HELD_ROLE:
            return row.id in self._held
        return {
            ID_ROLE: row.id, SNIPPET_ROLE: row.snippet, MESSAGE_ROLE: row.message, SPACE_ROLE: row.is_space,
            COUNT_ROLE: row.count, PINNED_ROLE: row.is_pinned,
        }.get(role)  # fmt: skip

    def setData(self, index: Index, value: Any, role: int = int(Qt.ItemDataRole.EditRole)) -> bool:
        """Request a new title; it is shown once the services have saved it."""
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
        data.setData(CHATS, "\n".join(dict.fromkeys(self.rows[one.row()].id for one in indexes)).encode())
        return data

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and not self._is_waiting and not self._is_at_end

    def fetchMore(self, parent: Index, most: int = PAGE) -> None:
        if self.canFetchMore(parent) and self.rows:
            self._is_waiting, self._asked = True, most
            last = self.rows[-1]
            self.page_requested.emit(None if last.is_space else last.key, most)

    def fetch_all(self) -> None:
        self.fetchMore(_ROOT, ALL)

    def _description_of(self, row: Row) -> str:
        """The marks in words, for screen readers."""
        if row.is_space:
            words = "A space with 1 chat." if row.count == 1 else f"A space with {row.count:,} chats."
            return f"{words} {self._hold_of(row)}".rstrip()
        is_open = "This chat is open." if row.id == self._open else ""
        group = "" if self.is_search else f"{self._group_of(row)}."
        parts = (is_open, self._news_of(row), self._hold_of(row), group, without_marks(row.snippet))
        return " ".join(part for part in parts if part)

    def _news_of(self, row: Row) -> str:
        if row.id in self._writing:
            return "An answer is being written."
        return "There is a new answer." if row.id in self._unread else ""

    def _hold_of(self, row: Row) -> str:
        return "On hold: nothing deletes it." if row.id in self._held else ""

    def _group_of(self, row: Row) -> str:
        if row.is_space:
            return SPACES
        return PINNED if row.is_pinned else group_words(row.key[1], self._today)

    def _renew_headings(self, *ats: int) -> None:
        """Lay these rows out again: another row has come or gone before them."""
        for at in ats:
            if 0 <= at < len(self.rows) and not self.is_search:
                self.dataChanged.emit(self.index(at), self.index(at), [HEADING_ROLE])

    def _describe_marks(self) -> None:
        if self.rows:
            roles = [OPEN_ROLE, WRITING_ROLE, UNREAD_ROLE, HELD_ROLE]
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
        self._renew_headings(at, at + 1)

    def _move(self, at: int, row: Row) -> None:
        to = self._place_of(row)
        if to == len(self.rows) and not self._is_at_end:
            self.drop(row.id)  # it comes again with its page
            return
        if not self.beginMoveRows(_ROOT, at, at, _ROOT, to):
            return
        del self.rows[at]
        new = to if to < at else to - 1
        self.rows.insert(new, row)
        self.endMoveRows()
        self.dataChanged.emit(self.index(new), self.index(new))
        self._renew_headings(new + 1, at, at + 1)
