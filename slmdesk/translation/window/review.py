"""The segments of the shown translation: filtered, listed, changed, undone, translated again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QKeyEvent, Qt
from PySide6.QtWidgets import QComboBox, QWidget

from slmdesk.base.translation import SegmentRecord, SegmentState
from slmdesk.redaction.service import Veil
from slmdesk.runtime.events import Pending
from slmdesk.runtime.messages import Problem
from slmdesk.services import Services
from slmdesk.text.tagged import Search, Tags, plain
from slmdesk.translation.prompts import TranslationStyle
from slmdesk.translation.segments import LOOK_AT, Hits, ReplaceResult, SegmentFilter, SegmentNumbers, UndoResult
from slmdesk.translation.types import STATE_WORDS, SegmentChanged, TranslationGrew, TranslationRequest, kind_words
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Delay
from slmdesk.window.widgets.build import (
    CLEAR,
    CheckBox,
    button,
    column,
    flow,
    named,
    plain_label,
    row,
    text_line,
    tool_button,
)
from slmdesk.window.widgets.rows import Choice

LIST_MS = 250
"""At most so often the list is asked for while segments change."""
TAGS = "translation.tags"
R = TypeVar("R")
A = TypeVar("A")


class SegmentsController(QObject):
    listed = Signal(object)
    rows_received = Signal(object)
    segment_changed = Signal(object)
    help_received = Signal(object)
    found = Signal(object)
    replaced = Signal(object)
    undone = Signal(object)
    flagged_found = Signal(int)
    draft_offered = Signal(int, str)
    back_translation_received = Signal(int, str)
    others_received = Signal(int, object)
    busy_changed = Signal(str)
    words_changed = Signal()
    shading_reported = Signal(bool)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="segments_controller")
        self._bridge = bridge
        self._item = ""
        self._request = TranslationRequest("")
        self.requested = SegmentFilter()
        self._is_listing = self._is_stale = False
        self._asked: object = None
        """What the model is asked just now: its answer counts, an earlier one's does not."""
        self._timer = Delay(self, LIST_MS, self._on_list, "list_timer")
        bridge.on(SegmentChanged, self._on_segment)
        bridge.on(TranslationGrew, self._on_grew)

    # ---- what is listed

    def show_item(self, item: str, request: TranslationRequest) -> None:
        """Show the segments of this translation; '' for none."""
        self._item, self._request, self.requested = item, request, SegmentFilter()
        self._stop_asking()
        self._on_list()
        if item:
            self._bridge.ask(
                lambda services: services.settings.current.translate_doubts,
                self._while_shown(self.shading_reported.emit),
            )

    def keep_shading(self, is_on: bool) -> None:
        self._bridge.services.settings.change(translate_doubts=is_on)

    def want(self, requested: SegmentFilter) -> None:
        if requested != self.requested:
            self.requested = requested
            self._on_list()

    def refresh(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def need(self, numbers: Sequence[int]) -> None:
        self._bridge.ask(
            self._bridge.services.segment_lists.rows(self._item, numbers), self._while_shown(self.rows_received.emit)
        )

    def ask_help(self, number: int) -> None:
        item = self._item
        self._bridge.ask(
            self._bridge.services.segment_lists.help(item, number),
            self._while_shown(self.help_received.emit),
            lambda _problem: None,  # the person has not asked for it
        )

    def ask_flagged(self, number: int, step: int) -> None:
        """Find the next segment to review (`step` 1) or the one before (-1) among those listed; `flagged_found`
        follows.
        """
        item, requested = self._item, self.requested
        self._bridge.ask(
            self._bridge.services.segment_lists.flagged(item, requested, number, step),
            self._while_shown(self.flagged_found.emit),
        )

    # ---- user actions

    def edit(self, number: int, target: str, *, approve: bool = False) -> None:
        """Save a person's text for a segment; `approve`: approve it too, if it can be saved."""
        item = self._item

        def refused(problem: Problem) -> None:
            self.draft_offered.emit(number, target)
            self._bridge.problem_met.emit(problem)

        def work(services: Services) -> SegmentRecord:
            kept = services.segment_changes.edit(item, number, target)
            if approve:
                services.segment_changes.approve(item, [number])
            return kept

        self._bridge.ask(work, self._while_shown(self._on_edited), refused)

    def approve(self, numbers: Sequence[int]) -> None:
        self._bridge.services.segment_changes.approve(self._item, numbers)

    def retry(self, number: int, hint: str) -> None:
        item = self._item
        self._ask_model(
            "Translating once more…",
            lambda services: services.segment_changes.retry(item, number, hint),
            self._on_edited,
        )

    def find(self, search: Search) -> None:
        self._bridge.follow(
            self._bridge.services.segment_changes.find(self._item, search), self._while_shown(self.found.emit)
        )

    def replace(self, numbers: Sequence[int], search: Search, instead: str) -> None:
        self._bridge.follow(
            self._bridge.services.segment_changes.replace(self._item, numbers, search, instead),
            self._while_shown(self._on_replaced),
        )

    def recheck(self) -> None:
        item = self._item
        self._bridge.follow(
            self._bridge.services.segment_changes.recheck(item), self._while_shown(lambda _changed: self.refresh())
        )

    def undo(self) -> None:
        self._bridge.follow(self._bridge.services.segment_changes.undo(self._item), self._while_shown(self._on_undone))

    def back(self, segment: SegmentRecord) -> None:
        """Translate a translation back into its source language; `back_translation_received` follows."""
        tags, manner = Tags(segment.paired, segment.lone), self._manner_of(segment)
        words, source = plain(segment.target, tags), plain(segment.source, tags)
        veil = self._veil
        self._ask_model(
            "Translating back…",
            lambda services: services.segment_edits.back(words, manner, source, veil=veil(services)),
            lambda answer: self.back_translation_received.emit(segment.number, answer),
        )

    def others(self, segment: SegmentRecord) -> None:
        """Ask the model for other translations; `others_received` follows."""
        words = plain(segment.source, Tags(segment.paired, segment.lone))
        now = plain(segment.target, Tags(segment.paired, segment.lone))
        manner, veil = self._manner_of(segment), self._veil
        self._ask_model(
            "Looking for other wordings…",
            lambda services: services.segment_edits.alternatives(words, manner, now=now, veil=veil(services)),
            lambda answer: self.others_received.emit(segment.number, answer),
        )

    # ---- events

    def _on_segment(self, event: SegmentChanged) -> None:
        if event.item == self._item:
            self.segment_changed.emit(event.segment)
            self.refresh()

    def _on_grew(self, event: TranslationGrew) -> None:
        if event.item == self._item:
            self.refresh()

    def _on_list(self) -> None:
        """One request at a time; changes meanwhile are requested after it."""
        if not self._item:
            return
        if self._is_listing:
            self._is_stale = True
            return
        self._is_listing, self._is_stale = True, False
        item, requested = self._item, self.requested

        def received(found: SegmentNumbers) -> None:
            self._is_listing = False
            if item == self._item and requested == self.requested:
                self.listed.emit(found)
            if self._is_stale:
                self._on_list()

        def refused(problem: Problem) -> None:
            self._is_listing = False
            self._bridge.problem_met.emit(problem)

        self._bridge.ask(self._bridge.services.segment_lists.listed(item, requested), received, refused)

    def _on_edited(self, segment: SegmentRecord) -> None:
        self.words_changed.emit()
        self.ask_help(segment.number)

    def _on_replaced(self, done: ReplaceResult) -> None:
        self.replaced.emit(done)
        if done.segments:
            self.words_changed.emit()

    def _on_undone(self, undone: UndoResult | None) -> None:
        self.undone.emit(undone)
        if undone is not None and undone.numbers:
            self.words_changed.emit()

    # ---- private

    def _manner_of(self, segment: SegmentRecord) -> TranslationStyle:
        request = self._request
        return TranslationStyle(request.target, segment.language or request.source, request.domain, request.formality)

    @property
    def _veil(self) -> Callable[[Services], Veil | None]:
        item, request = self._item, self._request
        return lambda services: services.translations.veil(item, request)

    def _ask_model(self, words: str, work: Callable[[Services], Pending[R]], answered: Callable[[R], None]) -> None:
        """Ask the model one thing; the answer to an earlier request is ignored."""
        self._stop_asking()
        asked = self._asked = object()
        self.busy_changed.emit(words)

        def if_last(report: Callable[[A], None]) -> Callable[[A], None]:
            def reported(result: A) -> None:
                if self._asked is asked:
                    self._stop_asking()
                    report(result)

            return reported

        self._bridge.follow(work, if_last(answered), if_last(self._bridge.problem_met.emit))

    def _stop_asking(self) -> None:
        if self._asked is not None:
            self._asked = None
            self.busy_changed.emit("")

    def _while_shown(self, report: Callable[[R], None]) -> Callable[[R], None]:
        """Wrap `report` so that it is called only while the translation shown now is still shown."""
        item = self._item

        def answered(found: R) -> None:
            if item == self._item:
                report(found)

        return answered


# ---- a bar that filters segments, and finds and replaces words in them


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
                ((state.value, ""), f"{STATE_WORDS[state].capitalize()}: {found.states[state]:,}")
                for state in SegmentState if found.states.get(state)
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
