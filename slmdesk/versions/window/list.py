"""The list of changes between two versions: what changed and under which clause, filtered by kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from slmdesk.text.difference.types import Change, ChangeKind
from slmdesk.versions.phrases import by_importance, change_words, marked_text, place_words, shortened
from slmdesk.versions.types import Comparison
from slmdesk.versions.window.rows import SIGNS
from slmdesk.window.base import theme
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_tip

CHANGE_ROLE = int(Qt.ItemDataRole.UserRole)
FILTERS: Sequence[tuple[str, str, Callable[[Change], bool]]] = (
    ("all", "All changes", lambda _change: True),
    ("duties", "Duties and conditions", lambda change: _names(change, "duty added", "duty removed", "condition")),
    ("numbers", "Amounts and numbers", lambda change: _names(change, "amount", "percent", "number", "period")),
    ("dates", "Dates", lambda change: _names(change, "date")),
    ("negations", "Negations", lambda change: _names(change, "negation")),
    ("names", "Names", lambda change: _names(change, "name")),
    ("changed", "Changed wording", lambda change: change.kind is ChangeKind.CHANGED),
    ("added", "Added", lambda change: change.kind is ChangeKind.ADDED),
    ("removed", "Removed", lambda change: change.kind is ChangeKind.REMOVED),
    ("moved", "Moved", lambda change: change.kind is ChangeKind.MOVED),
)

ORDERS: Sequence[tuple[object, str]] = (("weight", "Most important first"), ("text", "In the order of the text"))


def _names(change: Change, *kinds: str) -> bool:
    return any(one.kind in kinds for one in change.named)


class ChangeLines(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._comparison: Comparison | None = None
        self.shown: list[int] = []
        """The numbers of the changes listed, in the order of the list."""
        self._filter, self._order = "all", "weight"

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008  Qt's own
        return 0 if parent.isValid() else len(self.shown)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        found = self._comparison
        if found is None or not index.isValid() or index.row() >= len(self.shown):
            return None
        number = self.shown[index.row()]
        change = found.changes[number]
        where = place_words(change, found)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return f"{SIGNS[change.kind]}  {shortened(_short_words(change), 120)}\n     {where}"
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(shortened(marked_text(change.old_runs, change.new_runs), 800))
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{index.row() + 1}. {change.kind.value}: {change_words(change)}, {where}"
            case _ if role == CHANGE_ROLE:
                return number
        return None

    def show_changes(self, comparison: Comparison | None) -> None:
        self._comparison = comparison
        self.choose(self._filter)

    def choose(self, name: str) -> None:
        passes = next(test for key, _, test in FILTERS if key == name)
        self.beginResetModel()
        self._filter = name
        changes = self._comparison.changes if self._comparison else ()
        order = by_importance(changes) if self._order == "weight" else range(len(changes))
        self.shown = [at for at in order if passes(changes[at])]
        self.endResetModel()

    def order_by(self, name: str) -> None:
        self._order = name
        self.choose(self._filter)

    def row_of(self, change: int) -> int:
        """The row of a change; -1: it is filtered out."""
        return self.shown.index(change) if change in self.shown else -1


def _short_words(change: Change) -> str:
    """A change without its kind: the sign before it says that."""
    words = change_words(change)
    kind = f"{change.kind.value}: "
    return words.removeprefix(kind)


class ChangeList(QListView):
    change_chosen = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "versions_list", label="Changes")
        self.lines = ChangeLines(self)
        self.setModel(self.lines)
        self.setUniformItemSizes(True)
        self.setSpacing(theme.SPACE_4 // 2)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setFrameShape(self.Shape.NoFrame)
        self.setMinimumHeight(80)
        self._is_showing = False

    def sizeHint(self) -> QSize:
        """No higher than necessary: it scrolls, and the pane around it should not have to."""
        return QSize(super().sizeHint().width(), self.minimumHeight())

    def show_change(self, change: int) -> None:
        """Highlight a change without emitting `change_chosen`."""
        row = self.lines.row_of(change)
        self._is_showing = True
        self.setCurrentIndex(self.lines.index(row) if row >= 0 else QModelIndex())
        self._is_showing = False

    def currentChanged(
        self, current: QModelIndex | QPersistentModelIndex, previous: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().currentChanged(current, previous)
        number = current.data(CHANGE_ROLE) if current.isValid() else None
        if isinstance(number, int) and not self._is_showing:
            self.change_chosen.emit(number)
