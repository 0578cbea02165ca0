"""The network log as the window shows it: rows by pages, searched, exported.  No widgets here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QLocale,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from slmdesk.base.labels import clean_label
from slmdesk.base.records import NetworkLogRow
from slmdesk.online.events import RequestsToday
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.delay import Delay
from slmdesk.window.widgets.text import plain_tip

PAGE = 200
DEBOUNCE_MS = 150
COLUMNS = ("Time", "Host", "Method", "Path", "Bytes", "Purpose")
BYTES = COLUMNS.index("Bytes")
UNENDED = "…"
Index = QModelIndex | QPersistentModelIndex


class NetworkLogController(QObject):
    rows_replaced = Signal(object, bool)
    rows_added = Signal(object, bool)
    rows_renewed = Signal(object)
    counted = Signal(int, int, int)
    exported = Signal(object)
    failed = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="ledger_controller")
        self._bridge = bridge
        self.words, self._turn = "", 0
        self._timer = Delay(self, DEBOUNCE_MS, self.refresh)
        self._renew_timer = Delay(self, DEBOUNCE_MS, self._renew)
        bridge.on(RequestsToday, self._on_requests_counted)

    def search(self, words: str) -> None:
        self.words = words.strip()
        self._timer.start()

    def refresh(self) -> None:
        self._timer.stop()
        self._turn += 1
        turn, words = self._turn, self.words
        self._bridge.ask(
            self._bridge.services.network.requests(PAGE, words), partial(self._on_first, turn), self.failed.emit
        )
        self._count()

    def more(self, before: int) -> None:
        """Read the page of rows with numbers below `before`."""
        turn, words = self._turn, self.words
        self._bridge.ask(
            self._bridge.services.network.requests(PAGE, words, before),
            partial(self._on_more, turn),
            self.failed.emit,
        )

    def export(self, path: Path) -> None:
        """Write the rows found, or all, to a file; `exported` or `failed` follows."""
        self._bridge.follow(
            self._bridge.services.network.export(path, self.words), self.exported.emit, self.failed.emit
        )

    def _on_requests_counted(self, _event: object) -> None:
        if not self._renew_timer.isActive():
            self._renew_timer.start()

    def _renew(self) -> None:
        turn, words = self._turn, self.words
        self._bridge.ask(
            self._bridge.services.network.requests(PAGE, words), partial(self._on_renewed, turn), self.failed.emit
        )
        self._count()

    def _count(self) -> None:
        words = self.words
        self._bridge.ask(
            lambda services: (services.network.count(), services.network.count(words), services.network.today()),
            lambda counts: self.counted.emit(*counts),
            self.failed.emit,
        )

    def _on_first(self, turn: int, rows: Sequence[NetworkLogRow]) -> None:
        if turn == self._turn:
            self.rows_replaced.emit(rows, len(rows) < PAGE)

    def _on_more(self, turn: int, rows: Sequence[NetworkLogRow]) -> None:
        if turn == self._turn:
            self.rows_added.emit(rows, len(rows) < PAGE)

    def _on_renewed(self, turn: int, rows: Sequence[NetworkLogRow]) -> None:
        if turn == self._turn:
            self.rows_renewed.emit(rows)


class NetworkLogModel(QAbstractTableModel):
    page_requested = Signal(int)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName("ledger_model")
        self.rows: list[NetworkLogRow] = []
        self._is_waiting, self._at_end = False, True

    def replace(self, rows: Sequence[NetworkLogRow], at_end: bool) -> None:
        self.beginResetModel()
        self.rows = list(rows)
        self._is_waiting, self._at_end = False, at_end
        self.endResetModel()

    def add(self, rows: Sequence[NetworkLogRow], at_end: bool) -> None:
        self._is_waiting, self._at_end = False, at_end
        if rows:
            first = len(self.rows)
            self.beginInsertRows(QModelIndex(), first, first + len(rows) - 1)
            self.rows.extend(rows)
            self.endInsertRows()

    def renew(self, newest: Sequence[NetworkLogRow]) -> None:
        """Add newer rows on top and update byte counts that were unknown before."""
        first = self.rows[0].n if self.rows else 0
        new = [row for row in newest if row.n > first]
        known = {row.n: row for row in newest}
        for at, row in enumerate(self.rows[: len(newest)]):
            now = known.get(row.n, row)
            if now != row:
                self.rows[at] = now
                self.dataChanged.emit(self.index(at, BYTES), self.index(at, BYTES))
        if new and len(new) == len(newest) and self.rows:  # a gap below them: begin anew
            self.replace(newest, False)
        elif new:
            self.beginInsertRows(QModelIndex(), 0, len(new) - 1)
            self.rows[:0] = new
            self.endInsertRows()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own signature
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own signature
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return COLUMNS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _ALIGN[section == BYTES]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return cells_of(row)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(cells_of(row)[index.column()])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _ALIGN[index.column() == BYTES]
        return None

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and not self._at_end and bool(self.rows)

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent) and not self._is_waiting:
            self._is_waiting = True
            self.page_requested.emit(self.rows[-1].n)


_ALIGN = {
    False: Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
    True: Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
}


def cells_of(row: NetworkLogRow) -> tuple[str, ...]:
    """A row as text, in the order of COLUMNS. Host names and paths are untrusted: each becomes one clean line."""
    when = f"{datetime.fromtimestamp(row.time).astimezone():%Y-%m-%d %H:%M:%S}"
    size = UNENDED if row.bytes is None else QLocale().toString(row.bytes)
    return (
        when,
        clean_label(row.host, 250),
        row.method,
        clean_label(row.path, 1000),
        size,
        clean_label(row.purpose, 250),
    )


def summary_of(count: int, today: int) -> str:
    locale = QLocale()
    if not count:
        return "slmdesk has made no request over the network. Each one would be written down here before it leaves."
    noun = "request" if today == 1 else "requests"
    return (
        f"{locale.toString(today)} {noun} today; with the network off there are none. {locale.toString(count)} in all, "
        "each written down before it left."
    )
