"""A bar that filters segments, and finds and replaces words in them."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent, Qt
from PySide6.QtWidgets import QComboBox, QWidget

from slmdesk.base.translation import SegmentState
from slmdesk.text.translation.replace import Search
from slmdesk.translation.asking.labels import STATE_WORDS, kind_words
from slmdesk.translation.segment_list import LOOK_AT, SegmentFilter, SegmentNumbers
from slmdesk.translation.segment_undo import Hits
from slmdesk.window.base import theme
from slmdesk.window.base.delay import Delay
from slmdesk.window.widgets.build import CLEAR, button, column, flow, row, text_line, tool_button
from slmdesk.window.widgets.check_box import CheckBox
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_label

TYPED_MS = 200


class FilterBar(QWidget):
    """A list of states and flags with their counts, and a field for words; below, on Ctrl+H, a field for the
    replacement.
    """

    requested = Signal(object)
    search_changed = Signal(object)
    replace_requested = Signal(bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("segment_filter_bar")
        self._listed: SegmentNumbers | None = None
        self.hits: Hits | None = None
        """Where the words were found; None while unknown, or when nothing is to be replaced."""
        self._timer = Delay(self, TYPED_MS, self._on_requested, "typed_filter_timer")
        self._build_ui()
        self._connect()
        self._show_replacing(False)

    def _build_ui(self) -> None:
        self._choice = named(
            Choice([(("", ""), "All segments")], self), "segment_filter", label="Which segments are shown",
            tip="Which segments are shown",
        )  # fmt: skip
        self._choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        tip, find = "Search in source and translation", "segment.find"
        self._search = text_line("segment_search", self, "Search in the segments", tip=tip, clears=CLEAR, shortcut=find)
        tip = "Replace words in the translations"
        self._more = tool_button("replace_toggle", self, "Replace", tip=tip, shortcut="segment.replace")
        self._more.setCheckable(True)
        self._instead = text_line("replace_with", self, "Put instead", label="What is put instead")
        self._exact = named(CheckBox("Match case", self), "replace_match_case")
        self._whole = named(CheckBox("Whole words", self), "replace_whole_words")
        self._said = plain_label("", self, name="replace_hits", kind="muted", wraps=False)
        self._one = button(
            "Replace", "replace_one_button", self, tip="Replace in the chosen segment and go to the next"
        )
        self._all = button("Replace all", "replace_all_button", self, on=lambda: self.replace_requested.emit(True))
        self.undo_button = tool_button(
            "undo_segment_button", self, label="Undo the last change", tip="Undo the last change",
            shortcut="segment.undo", icon="undo-2",
        )  # fmt: skip
        top = row(self._choice, (self._search, 1), self._more, self.undo_button, gap=theme.SPACE_8)
        self._row = named(QWidget(self), "replace_row")
        self._instead.setMinimumWidth(200)
        parts = (self._instead, self._exact, self._whole, self._one, self._all, self._said)
        self._row.setLayout(flow(*parts, gap=theme.SPACE_8))
        column(top, self._row, into=self, gap=theme.SPACE_8)
        for before, after in pairwise((self._search, self._instead, self._exact, self._whole, self._one, self._all,
                                       self._more, self.undo_button)):  # fmt: skip
            QWidget.setTabOrder(before, after)

    def _connect(self) -> None:
        self._choice.value_chosen.connect(self._on_requested)
        self._search.textChanged.connect(self._timer.start)
        self._more.toggled.connect(self._show_replacing)
        self._exact.toggled.connect(self._on_requested)
        self._whole.toggled.connect(self._on_requested)
        self._one.clicked.connect(self._on_one)
        self._instead.returnPressed.connect(self._on_one)

    @property
    def search(self) -> Search:
        words = self._search.text()
        if not self._more.isChecked():
            return Search(words)
        return Search(words, self._exact.isChecked(), self._whole.isChecked())

    @property
    def instead(self) -> str:
        return self._instead.text()

    @property
    def is_replacing(self) -> bool:
        return self._more.isChecked()

    def clear(self) -> None:
        self._search.clear()
        self._timer.stop()  # the list is asked for anyway
        self._more.setChecked(False)
        self._choice.setCurrentIndex(0)

    def look(self, state: str = "", flag: str = "") -> None:
        self._fill(state, flag)
        self._on_requested()

    def search_words(self) -> None:
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def replace_words(self) -> None:
        self._more.setChecked(True)
        (self._instead if self._search.text() else self._search).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_listed(self, found: SegmentNumbers) -> None:
        self._listed = found
        if not self._choice.view().isVisible():
            state, flag = self._value()
            self._fill(state, flag)

    def show_hits(self, hits: Hits) -> None:
        self.hits = hits
        count = len(hits.numbers)
        words = f"{hits.places:,} in {count:,} {'segment' if count == 1 else 'segments'}"
        words += f", {len(hits.approved):,} of them approved" if hits.approved else ""
        self._said.setText(words if self._search.text() else "")
        self._one.setEnabled(bool(count))
        self._all.setEnabled(bool(count))

    def _on_requested(self) -> None:
        state, flag = self._value()
        self.hits = None
        self.requested.emit(SegmentFilter(state, flag, self._search.text()))
        if self._more.isChecked():
            self._one.setEnabled(False)
            self._all.setEnabled(False)
        self.search_changed.emit(self.search)

    def _on_one(self) -> None:
        if self._one.isEnabled():
            self.replace_requested.emit(False)

    def _show_replacing(self, is_on: bool) -> None:
        self._row.setVisible(is_on)
        self._said.clear()
        self._one.setEnabled(False)
        self._all.setEnabled(False)
        if is_on:
            self._on_requested()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._more.isChecked():
            self._more.setChecked(False)
            return
        super().keyPressEvent(event)

    def _value(self) -> tuple[str, str]:
        found = self._choice.currentData()
        return (str(found[0]), str(found[1])) if found else ("", "")

    def _fill(self, state: str, flag: str) -> None:
        found = self._listed
        values: list[tuple[tuple[str, str], str]] = [(("", ""), "All segments")]
        if found is not None:
            values = [(("", ""), f"All {found.total:,} segments"), ((LOOK_AT, ""), f"Needs review: {found.look:,}")]
            values += [
                ((one.value, ""), f"{STATE_WORDS[one].capitalize()}: {found.states[one]:,}")
                for one in SegmentState if found.states.get(one)
            ]  # fmt: skip
            values += [(("", kind), f"Flag: {kind_words(kind)}: {count:,}") for kind, count in found.flags.items()]
        if (state, flag) not in [value for value, _ in values]:
            values.append(((state, flag), f"{_words_of(state, flag)}: 0"))
        old = [(self._choice.itemData(at), self._choice.itemText(at)) for at in range(self._choice.count())]
        if [words for _, words in old] != [words for _, words in values]:
            self._choice.clear()
            for value, words in values:
                self._choice.addItem(words, value)
        at = next(at for at, (value, _) in enumerate(values) if value == (state, flag))
        self._choice.setCurrentIndex(at)


def _words_of(state: str, flag: str) -> str:
    if flag:
        return f"Flag: {kind_words(flag)}"
    return "Needs review" if state == LOOK_AT else STATE_WORDS[SegmentState(state)].capitalize()
