"""The pane to review a translation's segments: filter, table, help for the current segment, and its actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QWidget

from slmdesk.base.texts import _
from slmdesk.base.translation import Origin, SegmentRecord, SegmentState
from slmdesk.runtime.messages import Problem
from slmdesk.services import Services
from slmdesk.translation.segments import LOOK_AT, SegmentHelp, SegmentNumbers
from slmdesk.translation.types import GlossariesChanged, SegmentChanged, TranslationGrew, TranslationView
from slmdesk.translation.window.languages import ViewSettings
from slmdesk.translation.window.review import FilterBar, SegmentPanel
from slmdesk.translation.window.review_table import TARGET, SegmentModel, SegmentTable
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Delay, ignored
from slmdesk.window.base.live import Live
from slmdesk.window.base.shortcuts import bind
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.widgets.build import (
    CheckBox,
    button,
    column,
    named,
    plain_label,
    row,
    split,
    text_line,
    tool_button,
)

LIST_MS = 250
"""Least milliseconds between two requests for the list while segments change."""
R = TypeVar("R")
RECHECK_MS = 1000
"""Milliseconds after the last change of a glossary until a document is checked again."""
CHOSEN_MS = 120
"""Milliseconds for which a segment must stay selected before its help is requested."""
HINT = _("e.g. shorter, more formal")
APPROVE_TIP = _("Take the chosen segments as they are and go to the next")
LEAST_LINES = 14
SIDE_WIDTH, LEAST_WIDTH = 320, 860
"""Width of the side panel, and least width for it beside the table. In a narrower window it stands below."""
LOW_SHARE = 0.48


class ReviewPane(QWidget):
    listed = Signal()
    words_changed = Signal()
    rows_came = Signal()

    def __init__(self, bridge: Bridge, view: ViewSettings, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("review_pane")
        self._bridge, self._view = bridge, view
        self._item = ""
        """Id of the translation shown. Empty if none is shown."""
        self._listed: Live[SegmentNumbers | None] = Live(bridge, self, self._ask_list, None)
        self._help: Live[SegmentHelp | None] = Live(
            bridge, self, self._ask_help, None, on=(GlossariesChanged,), refused=ignored
        )
        self._is_asking = False
        """Whether the model is asked to translate a segment once more."""
        self._hinted = -1
        """Number of the segment that the hint field belongs to. The field is cleared for another segment."""
        self._is_split_moved = False
        self._build_ui(keeper)
        self._connect(parent)
        self._show_shading()

    def _build_ui(self, keeper: ThemeKeeper) -> None:
        self.bar = FilterBar(self._listed, self)
        self._model = SegmentModel(keeper, self)
        self._table = SegmentTable(self._model, keeper, self)
        self._panel = SegmentPanel(keeper, self)
        self._nothing = plain_label("", self, name="no_segments", kind="muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title = plain_label("", self, name="segment_title", kind="strong", wraps=False)
        self._before = tool_button(
            "previous_flagged_button", self, label=_("Previous to check"), tip=_("Previous to check"),
            shortcut="segment.previous", icon="chevron-up", colour="ink2", on=lambda: self._go_to_flagged(-1),
        )  # fmt: skip
        self._next = tool_button(
            "next_flagged_button", self, label=_("Next to check"), tip=_("Next to check"),
            shortcut="segment.next", icon="chevron-down", colour="ink2", on=lambda: self._go_to_flagged(1),
        )  # fmt: skip
        tip = _("What to do differently with this segment, such as: shorter, or: rent = Miete")
        self._hint = text_line("segment_hint", self, HINT, label=_("Ask for another wording"), tip=tip)
        self._hint_label = plain_label(_("Ask for another wording"), self, name="segment_hint_label", kind="group")
        self._busy = plain_label("", self, name="segment_busy", kind="small")
        self._approve = button(
            _("Approve"), "approve_segment_button", self, tip=APPROVE_TIP, on=self._on_approve, icon="check",
            shortcut="segment.approve",
        )  # fmt: skip
        self._again = button(_("Try again"), "retry_segment_button", self, on=self._on_again)
        self.shade = named(CheckBox(_("Highlight uncertain words"), self), "shade_doubts_box")
        self._chosen_timer = Delay(self, CHOSEN_MS, self._on_chosen, "chosen_timer")
        self._recheck_timer = Delay(self, RECHECK_MS, self._recheck, "recheck_timer")
        self._list_timer = Delay(self, LIST_MS, self._list_again, "list_timer")
        self._lay_out()

    def _lay_out(self) -> None:
        self._side = named(QFrame(self), "segment_side")
        self._busy.setMinimumHeight(self._busy.fontMetrics().height())
        column(
            row((self._title, 1), self._before, self._next, gap=theme.SPACE_4), (self._panel, 1), self._hint_label,
            self._hint, self._busy, row((self._approve, 1), self._again, gap=theme.SPACE_8),
            into=self._side, gap=theme.SPACE_8, margins=(theme.SPACE_16, theme.SPACE_12, theme.SPACE_12, theme.SPACE_8),
        )  # fmt: skip
        self._split = split("review_splitter", self, self._table, self._side, sizes=(1, 1), grows=0)
        self._split.setMinimumHeight(LEAST_LINES * self.fontMetrics().lineSpacing())
        area = named(QFrame(self), "document_review")
        column(self._nothing, (self._split, 1), into=area, gap=0)
        column(self.bar, (area, 1), into=self, gap=0)
        self._nothing.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = self.width() >= theme.scaled(LEAST_WIDTH)
        way = Qt.Orientation.Horizontal if is_wide else Qt.Orientation.Vertical
        if way is not self._split.orientation():
            self._split.setOrientation(way)
            self._is_split_moved = False
        if not self._is_split_moved:
            side = theme.scaled(SIDE_WIDTH) if is_wide else round(self.height() * LOW_SHARE)
            self._split.setSizes([max(1, (self.width() if is_wide else self.height()) - side), side])

    def _on_split_moved(self) -> None:
        self._is_split_moved = True

    def _connect(self, around: QWidget) -> None:
        model = self._model
        self._split.splitterMoved.connect(self._on_split_moved)
        self._hint.returnPressed.connect(self._on_again)
        self.shade.clicked.connect(lambda is_on: self._view.change(translate_doubts=is_on))
        self._view.changed.connect(self._show_shading)
        self._panel.use_requested.connect(self._edit)
        self._table.cells.approve_requested.connect(self._on_approve)
        self._table.cells.closeEditor.connect(self._show_listed)
        self._listed.changed.connect(self._on_listed)
        self._help.changed.connect(self._show_panel)
        self._table.selectionModel().currentRowChanged.connect(self._on_row)
        model.requested.connect(self._on_rows_requested)
        model.edited.connect(self._on_edited)
        model.dataChanged.connect(self._on_data_changed)
        model.modelReset.connect(self._chosen_timer.start)
        self._bridge.on(SegmentChanged, self._on_segment)
        self._bridge.on(TranslationGrew, self._on_grew)
        self._bridge.on(GlossariesChanged, lambda _event: self._recheck_timer.start())
        # also active in the widgets around the segments, such as the buttons of the file
        bind(around, "segment.approve", self._on_approve)
        bind(around, "segment.hint", self._on_hint)
        bind(around, "segment.next", lambda: self._go_to_flagged(1))
        bind(around, "segment.previous", lambda: self._go_to_flagged(-1))

    # ---- what is listed

    def show_view(self, view: TranslationView) -> None:
        self._item = view.item.id
        self._show_asking(False)
        self._model.clear()
        self.bar.show_only("")
        self._hint.clear()
        self._hinted = -1
        self._help.put(None)
        self._show_panel()
        self._table.cells.drafts.clear()
        self._nothing.hide()
        self._listed.put(None)
        self._listed.again()

    def close_view(self) -> None:
        self._item = ""
        self._listed.put(None)

    def refresh(self) -> None:
        self._list_timer.start_once()

    def _list_again(self) -> None:
        """Read the list again, but not while it is being read: in a long document that would never end."""
        self._list_timer.start() if self._listed.is_coming else self._listed.again()

    def _ask_list(self) -> object:
        return self._bridge.services.segment_lists.listed(self._item, self.bar.shown) if self._item else None

    @property
    def numbers(self) -> SegmentNumbers | None:
        return self._listed.value

    def _on_rows_requested(self, numbers: Sequence[int]) -> None:
        def came(segments: Sequence[SegmentRecord]) -> None:
            self._model.add(segments)
            self.rows_came.emit()

        self._bridge.ask(self._bridge.services.segment_lists.rows(self._item, numbers), self._while_shown(came))

    def _on_segment(self, event: SegmentChanged) -> None:
        if event.item == self._item:
            self._model.change(event.segment)
            self.refresh()

    def _on_grew(self, event: TranslationGrew) -> None:
        if event.item == self._item:
            self.refresh()

    def _while_shown(self, report: Callable[[R], None]) -> Callable[[R], None]:
        """Wrap `report` so that it is called only while the translation shown now is still shown."""
        item = self._item

        def answered(answer: R) -> None:
            if item == self._item:
                report(answer)

        return answered

    @property
    def language(self) -> str:
        return self._model.language

    def take_focus(self) -> None:
        self._table.setFocus(Qt.FocusReason.OtherFocusReason)

    def look(self) -> None:
        self.bar.show_only(LOOK_AT)
        self.take_focus()

    def _on_listed(self) -> None:
        if self.numbers is not None:
            self.listed.emit()
            if not self._table.cells.is_editing:  # an open editor must not move; the list follows once it is closed
                self._show_listed()

    def _show_listed(self) -> None:
        if (listed := self.numbers) is None:
            return
        row, current = self._row(), self._number()
        chosen = [self._model.numbers[row] for row in self._rows()]
        self._model.show_numbers(listed.numbers)
        self._keep_row(current, row)
        self._choose_again(chosen)
        is_empty = not listed.numbers
        self._nothing.setText(_("No segment is like this.") if listed.total else "")
        self._nothing.setVisible(is_empty and bool(listed.total))
        self._next.setEnabled(bool(listed.look))
        self._before.setEnabled(bool(listed.look))

    def _on_row(self, _now: QModelIndex, _before: QModelIndex) -> None:
        number = self._number()  # briefly none while the list is read again
        if number >= 0 and number != self._hinted:
            self._hinted = number
            self._hint.clear()
            if not self._is_asking:
                self._busy.clear()
        self._allow(self._chosen())
        self._chosen_timer.start()

    def _on_chosen(self) -> None:
        self._show_panel()
        self._allow(self._chosen())
        self._help.again()

    def _ask_help(self) -> object:
        segment = self._chosen()
        return self._bridge.services.segment_lists.help(self._item, segment.number) if segment else None

    def _show_panel(self) -> None:
        self._panel.show_segment(self._chosen(), self._help.value)

    def _allow(self, segment: SegmentRecord | None) -> None:
        number = self._number()
        self._title.setText(_("Sentence {number:,}").format(number=number + 1) if number >= 0 else "")
        self._approve.setEnabled(segment is not None)
        can_ask = segment is not None and segment.state is not SegmentState.LEFT
        self._again.setEnabled(can_ask and not self._is_asking)

    def _on_data_changed(self, first: QModelIndex, last: QModelIndex) -> None:
        if first.row() <= self._row() <= last.row():
            self._show_panel()
            self._chosen_timer.start()

    def _on_edited(self, number: int, words: str) -> None:
        """Save the text. If it was approved, go to the next segment.

        Text that cannot be saved is not approved either.
        """
        is_approving, self._table.cells.is_approving = self._table.cells.is_approving, False
        self._edit(number, words, approve=is_approving)
        if is_approving:
            self._go(min(self._model.row_of(number) + 1, self._model.rowCount() - 1))

    def _edit(self, number: int, target: str, *, approve: bool = False) -> None:
        """Save a person's text for a segment. With `approve`, also approve it if it was saved."""
        item = self._item

        def refused(problem: Problem) -> None:
            self._table.cells.drafts[number] = target  # the editor opens with it, to be corrected
            self._table.edit_row(self._model.row_of(number))
            self._bridge.problem_met.emit(problem)

        def work(services: Services) -> SegmentRecord:
            kept = services.segment_edits.edit(item, number, target)
            if approve:
                services.segment_edits.approve(item, [number])
            return kept

        self._bridge.ask(work, self._while_shown(self._on_kept), refused)

    def _on_kept(self, _segment: SegmentRecord) -> None:
        self.words_changed.emit()
        self._help.again()

    def _on_approve(self) -> None:
        rows = self._rows() or [self._row()]
        numbers = [self._model.numbers[row] for row in rows if 0 <= row < self._model.rowCount()]
        if not numbers:
            return
        self._bridge.services.segment_edits.approve(self._item, numbers)
        self._go(min(rows[-1] + 1, self._model.rowCount() - 1))

    def _on_hint(self) -> None:
        self._hint.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._hint.selectAll()

    def _on_again(self) -> None:
        """Translate the segment once more, with the hint. The answer counts only while this translation is shown."""
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
        self._busy.setText(_("Translating once more…") if is_asking else "")
        self._allow(self._chosen())

    def _go_to_flagged(self, step: int) -> None:
        """Go to the next listed segment to check (`step` 1), or to the previous one (-1)."""
        self.take_focus()
        flagged = self._bridge.services.segment_lists.flagged(self._item, self.bar.shown, self._number(), step)
        self._bridge.ask(flagged, self._while_shown(self.go_to))

    def _show_shading(self) -> None:
        is_on = self._view.last.translate_doubts
        self.shade.setChecked(is_on)
        self._table.cells.has_shading = is_on
        self._table.viewport().update()

    def _recheck(self) -> None:
        if not self._item:
            return
        rechecked = self._bridge.services.segment_edits.recheck(self._item)
        self._bridge.follow(rechecked, self._while_shown(lambda _changed: self.refresh()))

    def _row(self) -> int:
        return self._table.currentIndex().row()

    def _rows(self) -> list[int]:
        return sorted({index.row() for index in self._table.selectionModel().selectedRows()})

    def _number(self) -> int:
        row = self._row()
        return self._model.numbers[row] if 0 <= row < self._model.rowCount() else -1

    def _chosen(self) -> SegmentRecord | None:
        return self._model.segment(self._row())

    def go_to(self, number: int) -> None:
        row = self._model.row_of(number)
        if row >= 0:
            self._go(row)

    def _go(self, row: int) -> None:
        if not 0 <= row < self._model.rowCount():
            return
        index = self._model.index(row, TARGET)
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self._table.selectionModel().setCurrentIndex(index, flags)
        self._table.scrollTo(index)

    def _keep_row(self, number: int, row: int) -> None:
        """Keep the current segment selected. If it is gone, select the segment that is now in its row."""
        if number < 0:
            return
        now = self._model.row_of(number)
        if now != self._row():
            self._go(now if now >= 0 else min(row, self._model.rowCount() - 1))

    def _choose_again(self, numbers: Sequence[int]) -> None:
        if len(numbers) < 2 or len(self._rows()) == len(numbers):
            return
        rows = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for at in map(self._model.row_of, numbers):
            if at >= 0:
                self._table.selectionModel().select(self._model.index(at, TARGET), rows)


def tried_words(before: SegmentRecord, now: SegmentRecord) -> str:
    """Return what another try gave, where the translation does not say it."""
    if now.origin is Origin.MEMORY:
        return _("Taken from the translation memory.")
    return _("The model gave the same words again.") if now.target == before.target else ""
