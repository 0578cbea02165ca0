"""The segments of a translation as one list: what is to check first, each edited in place, its source beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from slmdesk.base.runtime.events import HistoryReplaced
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _
from slmdesk.base.translation import MemoryPair, Origin, SegmentRecord, SegmentState, weighty
from slmdesk.base.types import told_place
from slmdesk.services import Services
from slmdesk.tasks.translation.segments import is_to_check
from slmdesk.tasks.translation.types import (
    GlossariesChanged,
    SegmentChanged,
    TranslationGrew,
    TranslationView,
    flag_words,
)
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, Delay, ignored
from slmdesk.ui.kit.base.shortcuts import bind
from slmdesk.ui.kit.base.theme import ThemeKeeper
from slmdesk.ui.kit.widgets.build import (
    ElidedButton,
    button,
    column,
    keep_place,
    named,
    plain_label,
    plain_tip,
    row,
    text_line,
    tool_button,
)
from slmdesk.ui.translation.segment_table import SegmentModel, SegmentTable, marks_of, words_of_state

ORIGINS = {
    Origin.PERSON: _("edited by you"),
    Origin.IMPORT: _("imported"),
    Origin.MEMORY: _("from memory"),
    Origin.MODEL: _("machine translation"),
}
R = TypeVar("R")
COUNT_MS = 250
"""Least milliseconds between two counts while segments change."""
CHOSEN_MS = 120
"""Milliseconds for which a segment must stay chosen before the memory is searched."""
RECHECK_MS = 1000
"""Milliseconds after the last change of a glossary until a document is checked again."""
LEAST_LINES = 14


class SegmentPane(QWidget):
    counted = Signal()
    words_changed = Signal()

    def __init__(self, bridge: Bridge, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("segment_pane")
        self._bridge = bridge
        self._item = ""
        """Id of the translation shown. Empty if none is shown."""
        self.states: Mapping[SegmentState, int] = {}
        self.look_count = 0
        self._is_reading = False
        self._is_due = False
        """Whether the list is to be read again when the open editor is closed."""
        self._number = -1
        """Number of the segment that the hint and the similar sentence belong to."""
        self._pair: MemoryPair | None = None
        """What is offered from the memory for the chosen segment."""
        self._is_asking = False
        """Whether the model translates a segment again."""
        self._build_ui(keeper)
        self._connect(parent)

    def _build_ui(self, keeper: ThemeKeeper) -> None:
        self._model = SegmentModel(keeper, self)
        self._table = SegmentTable(self._model, self)
        self._table.setMinimumHeight(LEAST_LINES // 2 * self.fontMetrics().lineSpacing())
        self._marks = plain_label("", self, name="segment_marks", kind="warn")
        self._marks.setMinimumHeight(self._marks.fontMetrics().height())
        self._about = plain_label("", self, name="segment_about", kind="small")
        self._about.setMinimumHeight(self._about.fontMetrics().height())
        self._busy = plain_label("", self, name="segment_busy", kind="small", wraps=False)
        self._similar = named(ElidedButton("", self), "similar_button", label=_("Similar"), kind="quiet")
        keep_place(self._similar)
        self._similar.hide()
        self._before = tool_button(
            "previous_flagged_button", self, label=_("Previous to check"), tip=_("Previous to check"),
            shortcut="segment.previous", icon="chevron-up", colour="ink2", on=lambda: self._go_to_flagged(-1),
        )  # fmt: skip
        self._next = tool_button(
            "next_flagged_button", self, label=_("Next to check"), tip=_("Next to check"),
            shortcut="segment.next", icon="chevron-down", colour="ink2", on=lambda: self._go_to_flagged(1),
        )  # fmt: skip
        self._undo = tool_button(
            "undo_segment_button", self, label=_("Undo"), tip=_("Take back what you changed last"),
            icon="undo-2", colour="ink2", on=self._on_undo,
        )  # fmt: skip
        self._hint = text_line(
            "segment_hint", self, _("e.g. shorter, more formal"), label=_("Ask for another wording"),
            tip=_("What to do differently with this segment, such as: shorter, or: rent = Miete"),
        )  # fmt: skip
        self._again = button(_("Try again"), "retry_segment_button", self, on=self._on_again)
        self._approve = button(
            _("Approve"), "approve_segment_button", self, icon="check", on=self._on_approve,
            tip=_("Take the chosen segments as they are and go to the next"), shortcut="segment.approve",
        )  # fmt: skip
        self._count_timer = Delay(self, COUNT_MS, self.count, "count_timer")
        self._chosen_timer = Delay(self, CHOSEN_MS, self._ask_similar, "chosen_timer")
        self._recheck_timer = Delay(self, RECHECK_MS, self._recheck, "recheck_timer")
        tools = row(
            (self._hint, 1), self._again, self._undo, self._before, self._next, self._approve, gap=theme.SPACE_8
        )
        margins = (theme.SPACE_24, theme.SPACE_8, theme.SPACE_16, theme.SPACE_8)
        foot = column(
            self._marks, row((self._about, 1), self._busy), self._similar, tools, gap=theme.SPACE_4, margins=margins
        )
        column((self._table, 1), foot, into=self)

    def _connect(self, around: QWidget) -> None:
        self._model.edited.connect(self._on_edited)
        self._model.dataChanged.connect(self._on_data_changed)
        self._table.selectionModel().currentRowChanged.connect(self._on_row)
        self._table.editor.approve_requested.connect(self._on_approve)
        self._table.editor.closeEditor.connect(self._on_editor_closed)
        self._hint.returnPressed.connect(self._on_again)
        self._similar.clicked.connect(self._on_similar)
        self._bridge.on(SegmentChanged, self._on_segment)
        self._bridge.on(TranslationGrew, self._on_grew)
        self._bridge.on(GlossariesChanged, lambda _event: self._recheck_timer.start())
        self._bridge.on(HistoryReplaced, self._on_replaced)
        QShortcut(QKeySequence.StandardKey.Undo, self._table, self._on_undo).setContext(
            Qt.ShortcutContext.WidgetShortcut
        )
        # also from the widgets around, such as the buttons of the file
        bind(around, "segment.approve", self._on_approve)
        bind(around, "segment.hint", self._on_hint)
        bind(around, "segment.next", lambda: self._go_to_flagged(1))
        bind(around, "segment.previous", lambda: self._go_to_flagged(-1))

    # ---- what is listed

    def show_view(self, view: TranslationView) -> None:
        self.close_view()
        self._item = view.item.id
        self.refresh()

    def close_view(self) -> None:
        self._item, self._number = "", -1
        self._model.clear()
        self._table.editor.drafts.clear()
        self._show_asking(False)
        self._show_chosen()
        self.count()

    def refresh(self) -> None:
        """Read the list again, what is to check first."""
        if self._item:
            self._is_reading = True
            listed = self._bridge.services.segment_edits.all(self._item)
            self._bridge.follow(listed, self._while_shown(self._on_listed))

    def look(self) -> None:
        """Show what is to check."""
        self.take_focus()
        self._number = -1
        self.refresh()

    def take_focus(self) -> None:
        self._table.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def language(self) -> str:
        return next((segment.language for segment in self._model.segments if segment.language), "")

    def _on_listed(self, segments: Sequence[SegmentRecord]) -> None:
        self._is_reading = False
        self._is_due = self._table.is_editing  # nothing moves under an editor
        if not self._is_due:
            number = self._number
            self._model.show_segments(segments)
            self.count()
            if number >= 0:
                self._table.go_to(self._model.row_of(number))
            elif not self.states.get(SegmentState.OPEN):  # before the end, another may come first
                self._table.go_to(0)

    def _on_editor_closed(self) -> None:
        if self._is_due:
            self.refresh()

    def _on_segment(self, event: SegmentChanged) -> None:
        if event.item == self._item:
            self._model.change(event.segment)
            self._count_timer.start_once()

    def _on_grew(self, event: TranslationGrew) -> None:
        is_longer = event.item == self._item and event.total > self._model.rowCount()
        if is_longer and not self._is_reading:
            self.refresh()

    def _on_replaced(self, _event: HistoryReplaced) -> None:
        self._model.clear()
        self.refresh()

    def count(self) -> None:
        segments = self._model.segments
        self.states = Counter(segment.state for segment in segments)
        self.look_count = sum(is_to_check(segment) for segment in segments)
        for way in (self._before, self._next):
            way.setEnabled(bool(self.look_count))
        self.counted.emit()

    def _while_shown(self, report: Callable[[R], None]) -> Callable[[R], None]:
        """Wrap `report` so that it is called only while the translation shown now is still shown."""
        item = self._item

        def answered(answer: R) -> None:
            if item == self._item:
                report(answer)

        return answered

    # ---- the chosen segment

    def _chosen(self) -> SegmentRecord | None:
        return self._model.segment(self._table.currentIndex().row())

    def _on_row(self, now: QModelIndex, _before: QModelIndex) -> None:
        segment = self._model.segment(now.row())
        if segment is not None and segment.number != self._number:
            self._number = segment.number
            self._hint.clear()
            self._busy.setText("")
        self._show_chosen()
        self._chosen_timer.start()

    def _on_data_changed(self, first: QModelIndex, last: QModelIndex) -> None:
        if first.row() <= self._table.currentIndex().row() <= last.row():
            self._show_chosen()
            self._chosen_timer.start()

    def _show_chosen(self) -> None:
        segment = self._chosen()
        self._show_similar([])
        self._approve.setEnabled(segment is not None)
        self._undo.setEnabled(segment is not None)
        can_ask = segment is not None and segment.state is not SegmentState.LEFT
        self._again.setEnabled(can_ask and not self._is_asking)
        if segment is None:
            self._marks.clear()
            self._about.clear()
        else:
            self._marks.setText("  ".join(marks_of(segment)))
            self._about.setText(about_words(segment))

    def _ask_similar(self) -> None:
        segment = self._chosen()
        if segment is not None:
            asked = self._bridge.services.segment_edits.similar(self._item, segment.number)
            self._bridge.ask(asked, self._while_shown(self._show_similar), ignored)

    def _show_similar(self, found: Sequence[tuple[MemoryPair, float]]) -> None:
        """Offer the most similar sentence of the memory."""
        self._pair = None
        self._similar.setVisible(bool(found))
        for pair, likeness in found[:1]:
            self._pair = pair
            words = _("Similar in the memory ({percent} %): {words}")
            words = words.format(percent=int(likeness * 100), words=pair.target)
            self._similar.setText(words)
            self._similar.setAccessibleName(words)
            self._similar.setToolTip(plain_tip(f"{pair.source}\n{pair.target}"))

    def _on_similar(self) -> None:
        if self._pair is not None:
            self._edit(self._number, self._pair.target)

    # ---- what a person does

    def _on_edited(self, number: int, words: str) -> None:
        is_approving, self._table.editor.is_approving = self._table.editor.is_approving, False
        self._edit(number, words, approve=is_approving)
        if is_approving:
            self._table.go_to(self._model.row_of(number) + 1)

    def _edit(self, number: int, target: str, *, approve: bool = False) -> None:
        """Save a person's words. With `approve`, approve them too if they were saved."""
        item = self._item

        def refused(problem: Problem) -> None:
            self._table.editor.drafts[number] = target  # the editor opens with it, to be corrected
            self._table.edit_row(self._model.row_of(number))
            self._bridge.problem_met.emit(problem)

        def work(services: Services) -> None:
            services.segment_edits.edit(item, number, target)
            if approve:
                services.segment_edits.approve(item, [number])

        self._bridge.ask(work, self._while_shown(self._on_kept), refused)

    def _on_kept(self, _answer: object) -> None:
        self.words_changed.emit()

    def _on_approve(self) -> None:
        rows = sorted(index.row() for index in self._table.selectionModel().selectedRows())
        numbers = [segment.number for at in rows if (segment := self._model.segment(at))]
        if numbers:
            self._bridge.services.segment_edits.approve(self._item, numbers)
            self._table.go_to(rows[-1] + 1)

    def _on_undo(self) -> None:
        self._bridge.ask(self._bridge.services.segment_edits.undo(self._item), self._while_shown(self._on_undone))

    def _on_undone(self, number: int) -> None:
        if number < 0:
            self._busy.setText(_("There is nothing to take back."))
        else:
            self._table.go_to(self._model.row_of(number))
            self.words_changed.emit()

    def _on_hint(self) -> None:
        self._hint.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._hint.selectAll()

    def _on_again(self) -> None:
        """Translate the segment again, with the hint."""
        segment = self._chosen()
        if segment is None or not self._again.isEnabled():
            return

        def tried(result: SegmentRecord) -> None:
            self._show_asking(False)
            self._busy.setText(tried_words(segment, result))
            self._on_kept(result)

        def refused(problem: Problem) -> None:
            self._show_asking(False)
            self._bridge.problem_met.emit(problem)

        self._show_asking(True)
        again = self._bridge.services.segment_edits.retry(self._item, segment.number, self._hint.text())
        self._bridge.follow(again, self._while_shown(tried), self._while_shown(refused))

    def _show_asking(self, is_asking: bool) -> None:
        self._is_asking = is_asking
        self._show_chosen()
        self._busy.setText(_("Translating once more…") if is_asking else "")

    def _go_to_flagged(self, step: int) -> None:
        """Go to the next segment to check (`step` 1) or the previous one (-1). After the end comes the beginning."""
        self.take_focus()
        segments, at = self._model.segments, self._table.currentIndex().row()
        for further in range(1, len(segments) + 1):
            row = (at + step * further) % len(segments)
            if is_to_check(segments[row]):
                self._table.go_to(row)
                return

    def _recheck(self) -> None:
        if self._item:
            rechecked = self._bridge.services.segment_edits.recheck(self._item)
            self._bridge.follow(rechecked, self._while_shown(lambda _changed: self.refresh()))


def about_words(segment: SegmentRecord) -> str:
    """Return where a segment stands, what became of it and who wrote it."""
    origin = ""
    if segment.origin is not None:
        origin = ORIGINS[segment.origin]
    light = [flag_words(flag) for flag in segment.flags if flag not in weighty(segment.flags) and flag.kind != "unsure"]
    return " · ".join(filter(None, (told_place(segment.place), words_of_state(segment), origin, *light)))


def tried_words(before: SegmentRecord, now: SegmentRecord) -> str:
    """Return what another try gave, where the translation does not say it."""
    if now.origin is Origin.MEMORY:
        return _("Taken from the translation memory.")
    if now.target == before.target:
        return _("The model gave the same words again.")
    return ""
