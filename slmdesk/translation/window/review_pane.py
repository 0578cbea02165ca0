"""The pane to review a translation's segments: filter, table, help for the current one, and its actions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QMessageBox, QScrollArea, QSplitter, QVBoxLayout, QWidget

from slmdesk.base.translation import Origin, SegmentRecord, SegmentState
from slmdesk.text.tagged import Search
from slmdesk.translation.segments import (
    LOOK_AT,
    Hits,
    ReplaceResult,
    SegmentHelp,
    SegmentNumbers,
    SimilarPair,
    TermUse,
    UndoResult,
)
from slmdesk.translation.types import REASON_WORDS, TranslationView, flag_words
from slmdesk.translation.window.review import FilterBar, SegmentsController
from slmdesk.translation.window.review_table import TARGET, SegmentModel, SegmentTable
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Delay
from slmdesk.window.base.shortcuts import bind
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.widgets.build import (
    CheckBox,
    button,
    column,
    flow,
    message_box,
    named,
    plain_label,
    row,
    show_column,
    text_line,
)
from slmdesk.window.widgets.rows import empty_layout

CHOSEN_MS = 120
"""A segment is looked up once the choice rests on it."""
PANEL_SHARE = 0.36
HINT = "How should it change? e.g. shorter"
AGAIN_TIP = "Translate the chosen segment once more, with the change beside "
BACK_TIP = "Translate it back into the language of the source, to check it"
APPROVE_TIP = "Take the chosen segments as they are and go to the next"
NEXT_TIP = "The next segment that needs review (F3; Shift+F3: the one before)"
LEAST_LINES = 14


class ReviewPane(QWidget):
    def __init__(self, controller: SegmentsController, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("review_pane")
        self._controller = controller
        self._hinted = -1
        """The segment for which a change was typed."""
        self._wants_next_hit = self._is_busy = self._is_split_moved = False
        self._build_ui(keeper)
        self._connect()
        self._add_keys(parent)

    def _build_ui(self, keeper: ThemeKeeper) -> None:
        self._bar = FilterBar(self)
        self._model = SegmentModel(keeper, self)
        self._table = SegmentTable(self._model, keeper, self)
        self._panel = SegmentPanel(keeper, self)
        self._nothing = plain_label("", self, name="no_segments", kind="muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._split = named(QSplitter(Qt.Orientation.Vertical, self), "review_splitter")
        self._split.setChildrenCollapsible(True)
        self._split.setHandleWidth(theme.SPACE_8)
        self._split.addWidget(self._table)
        self._split.addWidget(self._panel)
        self._split.setMinimumHeight(LEAST_LINES * self.fontMetrics().lineSpacing())
        tip = "What to do differently with this segment, such as: shorter, or: rent = Miete"
        self._hint = text_line("segment_hint", self, HINT, label="How this segment should change", tip=tip)
        self._hint.setMinimumWidth(self.fontMetrics().horizontalAdvance(HINT) + 2 * theme.SPACE_16)
        self._again = button(
            "Try again", "retry_segment_button", self, tip=AGAIN_TIP, on=self._on_again, shortcut="segment.hint"
        )
        self._back = button(
            "Back-translate", "back_segment_button", self, tip=BACK_TIP, on=self._on_back, shortcut="segment.back"
        )
        self._others = button(
            "Other wordings",
            "others_segment_button",
            self,
            tip="Ask for other ways to say it",
            shortcut="segment.wordings",
        )
        self._approve = button(
            "Approve", "approve_segment_button", self, tip=APPROVE_TIP, on=self._on_approve, shortcut="segment.approve"
        )
        self._next = button("Next to review", "next_flagged_button", self, tip=NEXT_TIP, on=self._on_next)
        self._shade = named(
            CheckBox("Shade doubtful words", self), "shade_doubts_box", tip="Words of which the model was not sure"
        )
        self._busy = plain_label("", self, name="segment_busy", kind="muted", wraps=False)
        self._chosen_timer = Delay(self, CHOSEN_MS, self._on_chosen, "chosen_timer")
        self._lay_out()

    def _lay_out(self) -> None:
        line = flow(
            self._approve, self._next, self._hint, self._again, self._back, self._others, self._shade, self._busy,
            gap=theme.SPACE_8,
        )  # fmt: skip
        column(self._bar, self._nothing, (self._split, 1), line, into=self, gap=theme.SPACE_8)
        self._nothing.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self._is_split_moved:
            height = max(1, self._split.height())
            self._split.setSizes([round(height * (1 - PANEL_SHARE)), round(height * PANEL_SHARE)])

    def _on_split_moved(self) -> None:
        self._is_split_moved = True

    def _connect(self) -> None:
        controller, model = self._controller, self._model
        self._split.splitterMoved.connect(self._on_split_moved)
        self._bar.requested.connect(controller.want)
        self._bar.search_changed.connect(self._on_search)
        self._bar.replace_requested.connect(self._on_replace)
        self._bar.undo_button.clicked.connect(controller.undo)
        self._hint.returnPressed.connect(self._on_again)
        self._others.clicked.connect(self._on_others)
        self._shade.clicked.connect(self._on_shade)
        controller.shading_reported.connect(self._show_shading)
        self._panel.use_requested.connect(controller.edit)
        self._table.cells.approve_requested.connect(self._on_approve)
        self._table.cells.closeEditor.connect(controller.refresh)
        self._table.selectionModel().currentRowChanged.connect(self._on_row)
        model.requested.connect(controller.need)
        model.edited.connect(self._on_edited)
        model.dataChanged.connect(self._on_data_changed)
        model.modelReset.connect(self._chosen_timer.start)
        controller.listed.connect(self._on_listed)
        controller.rows_received.connect(model.add)
        controller.segment_changed.connect(model.change)
        controller.help_received.connect(self._panel.show_help)
        controller.back_translation_received.connect(self._panel.show_back)
        controller.others_received.connect(self._panel.show_others)
        controller.found.connect(self._on_found)
        controller.replaced.connect(self._on_replaced)
        controller.undone.connect(self._on_undone)
        controller.flagged_found.connect(self.go_to)
        controller.draft_offered.connect(self._on_draft)
        controller.busy_changed.connect(self._on_busy)

    def _add_keys(self, around: QWidget) -> None:
        keys: tuple[tuple[str, Callable[[], None]], ...] = (
            ("approve", self._on_approve), ("hint", self._on_hint),
            ("next", self._on_next_key), ("previous", self._on_previous), ("find", self._bar.search_words),
            ("replace", self._bar.replace_words), ("back", self._on_back), ("wordings", self._on_others),
            ("undo", self._controller.undo),  # fields of text undo for themselves
        )  # fmt: skip
        for name, work in keys:
            # of all that stands around the segments too, such as the buttons of the file
            bind(around, f"segment.{name}", work, within=True)

    # ---- events

    def show_view(self, view: TranslationView) -> None:
        self._model.clear()
        self._bar.clear()
        self._hint.clear()
        self._hinted = -1
        self._busy.clear()
        self._panel.show_segment(None)
        self._table.cells.drafts.clear()
        self._table.cells.search = Search("")
        self._nothing.hide()
        self._split.show()
        self._shade.setVisible(True)

    def take_focus(self) -> None:
        self._table.setFocus(Qt.FocusReason.OtherFocusReason)

    def look(self) -> None:
        self._bar.look(LOOK_AT)
        self.take_focus()

    def _on_listed(self, found: SegmentNumbers) -> None:
        self._bar.show_listed(found)
        if self._table.cells.is_editing:
            return  # nothing moves under an open editor: all is listed again once it is closed
        row = self._row()
        current = self._model.number(row) if 0 <= row < self._model.rowCount() else -1
        self._model.show_numbers(found.numbers)
        self._keep_row(current, row)
        is_empty = not found.numbers
        self._nothing.setText("No segment is like this." if found.total else "")
        self._nothing.setVisible(is_empty and bool(found.total))
        self._next.setEnabled(bool(found.look))

    def _on_row(self, _now: QModelIndex, _before: QModelIndex) -> None:
        number = self._number()  # none for a moment where the list is read anew: the same one comes back
        if number >= 0 and number != self._hinted:
            self._hinted = number
            self._hint.clear()
        self._allow(self._chosen())
        self._chosen_timer.start()

    def _on_chosen(self) -> None:
        segment = self._chosen()
        self._panel.show_segment(segment)
        self._allow(segment)
        if segment is not None:
            self._controller.ask_help(segment.number)

    def _allow(self, segment: SegmentRecord | None) -> None:
        can_ask = segment is not None and not self._is_busy
        self._approve.setEnabled(segment is not None)
        self._again.setEnabled(can_ask and segment is not None and segment.state is not SegmentState.LEFT)
        self._back.setEnabled(can_ask and segment is not None and bool(segment.target))
        self._others.setEnabled(can_ask)

    def _on_data_changed(self, first: QModelIndex, last: QModelIndex) -> None:
        if first.row() <= self._row() <= last.row():
            self._panel.show_segment(self._chosen())
            self._chosen_timer.start()

    def _on_draft(self, number: int, words: str) -> None:
        """Open the editor with text that could not be saved, to be corrected."""
        self._table.cells.drafts[number] = words
        self._table.edit_row(self._model.row_of(number))

    def _on_busy(self, words: str) -> None:
        self._is_busy = bool(words)
        self._busy.setText(words)
        self._allow(self._chosen())

    # ---- user actions

    def _on_edited(self, number: int, words: str) -> None:
        """Save the text; if it was approved, go to the next segment.

        Text that cannot be saved is not approved either.
        """
        is_approving, self._table.cells.is_approving = self._table.cells.is_approving, False
        self._forget_result()
        self._controller.edit(number, words, approve=is_approving)
        if is_approving:
            self._go(min(self._model.row_of(number) + 1, self._model.rowCount() - 1))

    def _on_approve(self) -> None:
        rows = sorted({index.row() for index in self._table.selectionModel().selectedRows()}) or [self._row()]
        numbers = [self._model.number(row) for row in rows if 0 <= row < self._model.rowCount()]
        if not numbers:
            return
        self._forget_result()
        self._controller.approve(numbers)
        self._go(min(rows[-1] + 1, self._model.rowCount() - 1))

    def _on_hint(self) -> None:
        self._hint.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._hint.selectAll()

    def _on_again(self) -> None:
        segment = self._chosen()
        if segment is not None and self._again.isEnabled():
            self._controller.retry(segment.number, self._hint.text())

    def _on_back(self) -> None:
        segment = self._chosen()
        if segment is not None and self._back.isEnabled():
            self._controller.back(segment)

    def _on_others(self) -> None:
        segment = self._chosen()
        if segment is not None and self._others.isEnabled():
            self._controller.others(segment)

    def _on_next(self) -> None:
        self._controller.ask_flagged(self._number(), 1)

    def _on_next_key(self) -> None:
        """By shortcut, from anywhere on the page: go to the next one and focus the table."""
        self.take_focus()
        self._on_next()

    def _on_previous(self) -> None:
        self.take_focus()
        self._controller.ask_flagged(self._number(), -1)

    def _on_shade(self, is_on: bool) -> None:
        self._show_shading(is_on)
        self._controller.keep_shading(is_on)

    def _show_shading(self, is_on: bool) -> None:
        self._shade.setChecked(is_on)
        self._table.cells.has_shading = is_on
        self._table.viewport().update()

    # ---- searching and replacing

    def _on_search(self, search: Search) -> None:
        self._table.cells.search = search
        self._table.viewport().update()
        if self._bar.is_replacing:
            self._controller.find(search)

    def _on_found(self, hits: Hits) -> None:
        self._bar.show_hits(hits)
        if self._wants_next_hit:
            self._wants_next_hit = False
            number = next((number for number in hits.numbers if number > self._number()), next(iter(hits.numbers), -1))
            self._go(self._model.row_of(number))

    def _on_replace(self, everywhere: bool) -> None:
        hits, segment = self._bar.hits, self._chosen()
        if hits is None:
            return
        if everywhere:
            ask_approved(self, hits, self._replace)
        elif segment is None or segment.number not in hits.numbers:
            self._wants_next_hit = True
            self._on_found(hits)
        else:
            self._wants_next_hit = True
            self._controller.replace([segment.number], self._bar.search, self._bar.instead)

    def _replace(self, numbers: list[int]) -> None:
        self._controller.replace(numbers, self._bar.search, self._bar.instead)

    def _on_replaced(self, done: ReplaceResult) -> None:
        self._busy.setText(replaced_words(done))
        if not self._wants_next_hit:
            self.take_focus()  # the button is off now: the next key is for the segments, such as Ctrl+Z
        self._controller.find(self._bar.search)

    def _on_undone(self, undone: UndoResult | None) -> None:
        self._busy.setText(undone_words(undone))
        if undone is not None and undone.numbers:
            self._go(self._model.row_of(undone.numbers[0]))
        if undone is not None and self._bar.is_replacing:
            self._controller.find(self._bar.search)

    # ---- private

    def _forget_result(self) -> None:
        if not self._is_busy:
            self._busy.clear()

    def _row(self) -> int:
        return self._table.currentIndex().row()

    def _number(self) -> int:
        row = self._row()
        return self._model.number(row) if 0 <= row < self._model.rowCount() else -1

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
        """Keep the current segment; if it is gone, take the one in its place."""
        if number < 0:
            return
        now = self._model.row_of(number)
        if now != self._row():
            self._go(now if now >= 0 else min(row, self._model.rowCount() - 1))


# ---- the help for the current segment


ORIGINS = {
    Origin.PERSON: "written by you",
    Origin.IMPORT: "imported",
    Origin.MEMORY: "from the memory",
    Origin.MODEL: "by a model",
}
DOMAIN_WORDS = {"legal": "law", "medical": "medicine", "technical": "technology", "finance": "money"}


class SegmentPanel(QScrollArea):
    use_requested = Signal(int, str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "segment_panel", label="Help with the chosen segment")
        self._keeper = keeper
        self._segment: SegmentRecord | None = None
        self._help: SegmentHelp | None = None
        self._back = ""
        self._others: tuple[str, ...] | None = None
        self._inner = named(QWidget(self), "segment_panel_inner")
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(0, theme.SPACE_8, theme.SPACE_8, theme.SPACE_8)
        self._column.setSpacing(theme.SPACE_4)
        show_column(self, self._inner)
        keeper.theme_changed.connect(self._show)

    # ---- events

    def show_segment(self, segment: SegmentRecord | None) -> None:
        if segment is not None and segment == self._segment:
            return
        if segment is None or self._segment is None or segment.number != self._segment.number:
            self._help, self._back, self._others = None, "", None
        elif segment.target != self._segment.target:
            self._back = ""
        self._segment = segment
        self._show()

    def show_help(self, found: SegmentHelp) -> None:
        if self._segment is not None and found.number == self._segment.number and found != self._help:
            self._help = found
            self._show()

    def show_back(self, number: int, words: str) -> None:
        if self._segment is not None and number == self._segment.number:
            self._back = words or "(the model gave no answer)"
            self._show()

    def show_others(self, number: int, words: list[str]) -> None:
        if self._segment is not None and number == self._segment.number:
            self._others = tuple(words)
            self._show()

    # ---- private

    def _show(self) -> None:
        empty_layout(self._column)
        segment = self._segment
        if segment is None:
            self._add(plain_label("Choose a segment to see its terms, and what the memory has like it.", self._inner,
                                  name="panel_empty", kind="muted"))  # fmt: skip
        else:
            self._show_flags(segment)
            if self._help is not None:
                self._show_terms(self._help.terms)
                self._show_likenesses(self._help.likenesses)
            if self._back:
                self._head("Back into the language of the source")
                self._add(plain_label(self._back, self._inner, name="back_translation"))
            self._show_others()
        self._column.addStretch(1)

    def _show_flags(self, segment: SegmentRecord) -> None:
        why = [REASON_WORDS.get(segment.reason, segment.reason)] if segment.reason else []
        said = [*why, *(flag_words(flag) for flag in segment.flags)]
        if segment.place or segment.origin:
            origin = ORIGINS.get(segment.origin, "") if segment.origin else ""
            about = " · ".join(one for one in (segment.place, origin) if one)
            self._add(plain_label(about, self._inner, name="segment_place", kind="muted"))
        for words in said:
            self._add(plain_label(f"• {words}", self._inner, name="segment_flag", kind="warn"))

    def _show_terms(self, terms: tuple[TermUse, ...]) -> None:
        if not terms:
            return
        self._head("Terms of the glossary")
        for term in terms:
            requested = "stays as it is" if term.term.keeps else term.term.target
            used = "used" if term.is_used else "not used"
            words = f"{term.term.source} → {requested}: {used}" if requested else term.term.source
            words += f"; forbidden: {', '.join(term.forbidden)}" if term.forbidden else ""
            words += f" ({term.term.note})" if term.term.note else ""
            is_fine = term.is_used and not term.forbidden
            self._add(plain_label(words, self._inner, name="segment_term", kind="" if is_fine else "warn"))

    def _show_likenesses(self, likenesses: tuple[SimilarPair, ...]) -> None:
        if not likenesses:
            return
        self._head("Like it in the memory")
        for likeness in likenesses:
            pair = likeness.match.pair
            domain = DOMAIN_WORDS.get(pair.domain, pair.domain)
            about = [f"{int(likeness.match.likeness * 100)} %", ORIGINS.get(pair.origin, "")]
            about += [f"about {domain}" + (", counted lower for it" if likeness.is_penalised else "")] if domain else []
            self._add(plain_label(" · ".join(part for part in about if part), self._inner, name="likeness_about",
                                  kind="muted"))  # fmt: skip
            self._add(self._difference(likeness))
            self._offer(pair.target, "use_likeness", "Use")

    def _difference(self, pair: SimilarPair) -> QLabel:
        """The remembered source compared with this one: removed words struck out, new ones marked.

        Every word is escaped.
        """
        colours = self._keeper.theme
        forms = {
            "same": "{}",
            "gone": f'<s style="color:{colours.muted}">{{}}</s>',
            "new": f'<b style="background:{colours.mark};color:{colours.text}">{{}}</b>',
        }
        words = " ".join(forms[kind].format(escape(text)) for kind, text in pair.runs)
        label = plain_label("", self._inner, name="likeness_source")
        label.setTextFormat(Qt.TextFormat.RichText)
        label.setText(words)
        reported = {"same": "{}", "gone": "[only in the memory: {}]", "new": "[only here: {}]"}
        label.setAccessibleName(" ".join(reported[kind].format(text) for kind, text in pair.runs))
        return label

    def _show_others(self) -> None:
        if self._others is None:
            return
        self._head("Other wordings")
        if not self._others:
            self._add(plain_label("The model has no other.", self._inner, name="no_others", kind="muted"))
        for words in self._others:
            self._offer(words, "use_other", "Use")

    def _offer(self, words: str, name: str, button_words: str) -> None:
        number = self._segment.number if self._segment is not None else 0
        use = button(
            button_words, name, self._inner, kind="quiet", label=f"Use: {words[:80]}",
            on=partial(self.use_requested.emit, number, words),
        )  # fmt: skip
        offered, holder = plain_label(words, self._inner, name="offered_words"), named(QWidget(self._inner), "offer")
        row(
            (offered, 1), (use, Qt.AlignmentFlag.AlignTop), into=holder, gap=theme.SPACE_8,
            margins=(0, 0, 0, theme.SPACE_4),
        )  # fmt: skip
        self._add(holder)

    def _head(self, words: str) -> None:
        self._add(plain_label(words, self._inner, name="panel_head", kind="strong"))

    def _add(self, widget: QWidget) -> None:
        self._column.addWidget(widget)


# ---- words replaced in many segments


def ask_approved(parent: QWidget, hits: Hits, replace: Callable[[list[int]], None]) -> None:
    """Call `replace` with the segments; if some are approved, ask whether to include them.  Does not block."""
    if not hits.approved:
        replace(list(hits.numbers))
        return
    count = len(hits.approved)
    words = f"{count:,} of these {len(hits.numbers):,} segments {'is' if count == 1 else 'are'} approved."
    more = "Replace there too? They then count as edited."
    box = message_box(parent, "replace_approved", "Replace all", words, more)
    too = named(box.addButton("Replace in all", QMessageBox.ButtonRole.AcceptRole), "replace_approved_too")
    other = named(box.addButton("Only in the others", QMessageBox.ButtonRole.ActionRole), "replace_others_only")
    box.setEscapeButton(named(box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole), "replace_cancel"))
    approved = set(hits.approved)
    too.clicked.connect(lambda: replace(list(hits.numbers)))
    other.clicked.connect(lambda: replace([number for number in hits.numbers if number not in approved]))
    box.open()


def replaced_words(done: ReplaceResult) -> str:
    words = f"{done.places:,} replaced in {done.segments:,} {'segment' if done.segments == 1 else 'segments'}"
    return words + (f"; {len(done.refused):,} not, for their formatting marks" if done.refused else "")


def undone_words(undone: UndoResult | None) -> str:
    if undone is None:
        return "There is nothing to undo."
    count = len(undone.numbers)
    words = f"Undone: {undone.words}" + (f" of {count:,} segments" if count != 1 else "")
    return words + (f"; {undone.skipped:,} have changed since" if undone.skipped else "")
