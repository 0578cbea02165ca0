"""The table of what was found in a document: ticked lines are removed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from slmdesk.library.redacted.types import FoundWord
from slmdesk.library.redacted.words import label_of
from slmdesk.text.redaction.types import Certainty, Kind
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_tip
from slmdesk.window.widgets.tick_delegate import TickDelegate

WORDS, KIND, TIMES, PLACE = range(4)
HEAD = ("Words", "What they are", "Times", "Where they stand")
_WIDTHS = ((KIND, 22), (TIMES, 8))
"""In letters; words and places share the rest."""
MOST_BEFORE = 16
"""Letters before the words, so that these are seen in a narrow column."""


class FindsTable(QTableWidget):
    chosen_changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(0, len(HEAD), parent)
        named(self, "redaction_table", label="What was found; ticked lines are removed")
        self._found: list[FoundWord] = []
        self.setItemDelegate(TickDelegate(self))
        self.setHorizontalHeaderLabels(HEAD)
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for at in (WORDS, PLACE):
            header.setSectionResizeMode(at, QHeaderView.ResizeMode.Stretch)
        for at, letters in _WIDTHS:
            self.setColumnWidth(at, letters * self.fontMetrics().averageCharWidth())
        self.itemChanged.connect(lambda _item: self.chosen_changed.emit())

    def show_found(self, found: Sequence[FoundWord]) -> None:
        self._found = []
        self.setRowCount(0)
        for one in found:
            self._append(one)
        self.chosen_changed.emit()

    def add(self, found: FoundWord) -> bool:
        """Add a line on top; False where these words are a line already, which is then ticked."""
        same = next((at for at, one in enumerate(self._found) if one.words.casefold() == found.words.casefold()), None)
        if same is None:
            self._append(found, at=0)
        else:
            self._item(same).setCheckState(Qt.CheckState.Checked)
        self.selectRow(same or 0)
        self.chosen_changed.emit()
        return same is None

    def choose_kind(self, kind: Kind, is_chosen: bool) -> None:
        state = Qt.CheckState.Checked if is_chosen else Qt.CheckState.Unchecked
        self.blockSignals(True)
        for at, one in enumerate(self._found):
            if one.kind is kind:
                self._item(at).setCheckState(state)
        self.blockSignals(False)
        self.viewport().update()
        self.chosen_changed.emit()

    @property
    def found(self) -> Sequence[FoundWord]:
        return self._found

    @property
    def chosen(self) -> list[FoundWord]:
        return [one for at, one in enumerate(self._found) if self._item(at).checkState() == Qt.CheckState.Checked]

    def _item(self, at: int) -> QTableWidgetItem:
        item = self.item(at, WORDS)
        assert item is not None
        return item

    def _append(self, one: FoundWord, at: int | None = None) -> None:
        at = len(self._found) if at is None else at
        self._found.insert(at, one)
        self.blockSignals(True)
        self.insertRow(at)
        for number, text in enumerate(_cells(one)):
            item = QTableWidgetItem(text)
            item.setToolTip(plain_tip(_tip(one) if number == PLACE else text))
            if number == WORDS:
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked if one.is_chosen else Qt.CheckState.Unchecked)
            self.setItem(at, number, item)
        self.blockSignals(False)


def _cells(one: FoundWord) -> tuple[str, str, str, str]:
    label = label_of(one.kind, 1)
    if one.certainty is Certainty.UNSURE:
        label += ", perhaps"
    place = one.places[0] if one.places else None
    around = f"…{place.before[-MOST_BEFORE:].lstrip()}{place.words}{place.after.rstrip()}…" if place else ""
    if one.is_author:
        around = around or "Author or editor of the file"
    return one.words, label, f"{one.count:,}", around


def _tip(one: FoundWord) -> str:
    lines = [f"{place.place}: …{place.before}{place.words}{place.after}…" for place in one.places]
    return "\n".join(lines) or _cells(one)[PLACE]
