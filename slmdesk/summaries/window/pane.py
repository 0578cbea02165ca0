"""The pane for summaries: sentences that link to their pages, marks on doubtful ones, and the coverage."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QEvent, QLocale, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QCursor, QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QLineEdit, QScrollArea, QSizePolicy, QToolButton, QWidget

from slmdesk.base.documents import CALENDAR, FORMS
from slmdesk.base.language import LANGUAGES, VARIABLE
from slmdesk.base.record import changed
from slmdesk.base.records import Item, JobStatus
from slmdesk.base.texts import _, ngettext
from slmdesk.base.types import page_sign, page_word
from slmdesk.claims.types import DIFFERS, doubts_of
from slmdesk.jobs.service import event_of, request_in
from slmdesk.jobs.types import JobChanged
from slmdesk.library.types import ReceiptChanged, kind_in, pages_read_words
from slmdesk.runtime.messages import Problem
from slmdesk.runtime.prompt_texts import texts
from slmdesk.summaries.order import by_days, deadlines_in, is_over
from slmdesk.summaries.plan import TOO_MUCH_TO_DO
from slmdesk.summaries.types import (
    ALSO_IN,
    KEPT_OWN,
    TO_DO,
    Deadline,
    Kind,
    Length,
    PartialSummary,
    Sentence,
    Summary,
    SummaryRequest,
    group_words,
    has_bullets,
    in_own_words,
    is_written,
    more_words,
    note_words,
    request_from,
    sentence_words,
    text_of,
    whole_coverage_words,
    writer_words,
)
from slmdesk.summaries.window.receipt import DeadlineLine, ReceiptForm
from slmdesk.tasks.report import Edit
from slmdesk.tasks.service import ReportGrew, ReportMade
from slmdesk.tasks.shape import TaskView
from slmdesk.tasks.summarize import ADD, TASK
from slmdesk.text.deadlines.finding import due_day
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Delay
from slmdesk.window.base.clipboard import copy_text
from slmdesk.window.base.live import Live
from slmdesk.window.base.shortcuts import bind
from slmdesk.window.base.text import short_day
from slmdesk.window.panes import EarlierBox, Entry, JobFollower, MakingBar
from slmdesk.window.widgets.build import (
    ElidedLabel,
    button,
    column,
    named,
    plain_label,
    row,
    set_icon,
    show_column,
    show_words,
    tool_button,
)
from slmdesk.window.widgets.form import Field, Form, Listed, TextLine
from slmdesk.window.widgets.notices import ask_folder, give_export_menu, notice_of
from slmdesk.window.widgets.parts import Popover
from slmdesk.window.widgets.requests import pop_up_words_menu
from slmdesk.window.widgets.rows import CitedRow, empty_layout, order_tabs

KIND = TASK.kind
MORE = _("Show or hide the passages that are left out")
WRITTEN = _("These sentences had been written.")
WRITING = _("The model is writing. Until then: the document's own words.")
OWN_WORDS = _("In the document's own words")
NEXT_LINE = "\u2028"
MOST_WORDS = 30
"""Sentences with more words than this are folded, but for what is to be done."""
MOST_UNFOLDED = 12
"""Most passages left out that are shown without a click, where what has to be done fills the summary alone."""
MAKING_AFTER_MS = 300
"""Milliseconds until progress replaces the previous summary. A summary that is ready earlier replaces it directly."""
COPIED_MS = 2_000
MOST_DOCUMENTS = 20
"""Number of documents whose own summaries are shown below the joint summary. The exported files contain all."""


LEAD_LINES = 2
"""Lines of the sentence above that says what the document is; a press shows the rest."""


class SentenceRow(CitedRow):
    def __init__(self, sentence: Sentence, page_kind: str, parent: QWidget, *, number: int = 0, **looks: Any) -> None:
        pages = ", ".join(map(str, sentence.pages[:8]))
        word = page_sign(page_kind) if len(sentence.pages) == 1 else page_word(page_kind)
        place = f"{word} {pages}" if pages else _("no place found")
        file = f"{sentence.file}, " if sentence.file else ""
        doubts = doubts_of(sentence.flags) or ("" if sentence.supported else _("not found in the document"))
        details = "\n".join(flag.detail for flag in sentence.flags if flag.detail)
        super().__init__(
            sentence.text, f"{file}{place}", parent, name="summary_sentence", details=details,
            most_words=0 if sentence.group.endswith(TO_DO) else MOST_WORDS,
            sign=str(number or "") if pages else "",
            warning=_("Check this: {doubts}").format(doubts=doubts) if doubts else "",
            is_wrong=any(flag.kind == DIFFERS for flag in sentence.flags), **looks,
        )  # fmt: skip
        self.sentence = sentence


class SummaryPane(QScrollArea):
    sentence_chosen = Signal(object)
    sentence_pointed_at = Signal(object)
    export_requested = Signal(str)

    def __init__(self, controller: SummaryController, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "summary_pane", label=_("Summary"))
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # what is in it are the stops of Tab
        self.setMinimumWidth(240)
        self._controller = controller
        self.rows: list[SentenceRow] = []
        self.summary: Summary | None = None
        self._shown: Summary | None = None
        """What the rows show of the summary: the written text, or the document's own words."""
        self._has_own_words = False
        """True while the rows are what the rules chose and a model writes."""
        self._cursor = QCursor.pos()
        """Where the mouse was when these rows were shown."""
        self._is_over = False
        self._reckonings: list[DeadlineLine] = []
        self._to_calendar: QToolButton | None = None
        self._place = 0
        """Where the page is to be scrolled to as soon as it is laid out."""
        self._making_timer = Delay(self, MAKING_AFTER_MS, self._show_making)
        self._receipt = ReceiptForm(self)
        self._build_ui()
        self._connect()
        self._keep_width(0, 0)

    def _keep_width(self, _low: int, high: int) -> None:
        """Keep the room of the words when the scroll bar comes or goes, and the place where other words stand now."""
        self.setViewportMargins(0, 0, 0 if high else theme.SCROLL_BAR, 0)
        if high and self._place:
            self.verticalScrollBar().setValue(self._place)
            self._place = 0

    def _build_ui(self) -> None:
        inner = named(QFrame(self), "summary_inner")
        self.form = SummaryForm(inner)
        self.form.setFocusProxy(self)
        self.earlier = EarlierBox(inner, name="earlier_summaries")
        self.form.line.addWidget(self.earlier.only)
        self._making = MakingBar(self._controller, inner, kind="summary", prefix="making", resume=_("Go on"))
        self._making.lay_out(has_own_line=True)
        self._note = plain_label("", inner, name="summary_note", kind="muted")
        self._say = partial(show_words, self._note)
        self._coverage = plain_label("", inner, name="summary_coverage", kind="small")
        self._list, self._also = column(gap=0), column(gap=0)
        self._writing = plain_label("", inner, name="summary_writing", kind="muted", is_hidden=True)
        self._written = button(_("Show the written summary"), "written_button", inner, on=self.form.own_words.click)
        show = self._show_omitted
        self._more = tool_button("more_passages_button", inner, folds=True, kind="small", label=MORE, on=show)
        self._more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._writer = ElidedLabel(inner, name="summary_writer", kind="muted")  # the rows below it are not to move
        self._writer.hide()
        writer = row((self._writer, 1), (self.form.own_words, Qt.AlignmentFlag.AlignTop))
        foot = row(self._more, (self.form, 1))
        column(
            self._note, writer, self._list, self._making, self._writing, row(self._written, 1), foot, self._also,
            self._coverage, self.earlier, (self.form.middle, 100), 1,
            into=inner, gap=theme.SPACE_8, margins=(theme.SPACE_16 + theme.SPACE_4, 0, theme.SPACE_12, theme.SPACE_12),
        )  # fmt: skip
        show_column(self, inner)
        self.show_nothing()

    def _connect(self) -> None:
        summaries = self._controller
        self.form.said.connect(self._say)
        summaries.stopped.connect(self._say)
        summaries.stopped.connect(lambda _words: self.form.allow(True))
        self.form.summary_requested.connect(summaries.begin)
        self.form.changed.connect(summaries.change)
        self.form.copy.clicked.connect(self._on_copy)
        self.export = self.form.export
        give_export_menu(self.export, self.export_requested.emit, forms=(*FORMS, CALENDAR))
        self.form.own_words.toggled.connect(self._on_own_words)
        self.earlier.follow(summaries.items, summaries.choose, summaries.delete, _entry)
        summaries.reading.connect(self.show_reading)
        summaries.begun.connect(self.show_begun)
        self.verticalScrollBar().rangeChanged.connect(self._keep_width)
        summaries.grew.connect(self.show_growing)
        summaries.writing.connect(self.show_writing)
        summaries.job_reported.connect(self.show_job)
        summaries.made.connect(self.show_summary)
        summaries.emptied.connect(self.show_nothing)
        summaries.deadlines.changed.connect(self._on_deadlines)
        summaries.not_reckoned.connect(self._on_not_reckoned)
        self._receipt.confirmed.connect(summaries.receive)

    @property
    def title(self) -> str:
        names = [document.name for document in self.summary.documents] if self.summary else []
        more = _(" and {count} more").format(count=len(names) - 1) if len(names) > 1 else ""
        return _("Summary of {name}{more}").format(name=names[0], more=more) if names else _("Summary")

    def begin_first(self) -> None:
        """Summarize the shown document, unless it was before."""
        if self.form.is_allowed:
            self.form.allow(False)  # no button to summarize comes and goes
            self._controller.begin_first(self.form.request, partial(self.form.allow, True))

    def show_nothing(self) -> None:
        self._clear()
        self._written.hide()
        self.form.offer_own_words(False)
        self.form.show_request(None)

    def show_begun(self, has_model: bool = False) -> None:
        self.summary = None
        if not self._making.isVisible() and not self._making_timer.isActive():
            self._making.show_amount(_("Reading the document…"), 0, 0)
            self._making_timer.start()
        if has_model and self._making_timer.isActive():
            self._making.show_waiting()

    def _show_making(self) -> None:
        """Show the progress in place of the previous summary, because making the new one takes longer."""
        self.show_nothing()
        self._making.setVisible(True)
        self.form.allow(False)

    def show_reading(self, words: str, done: int, total: int) -> None:
        self._making.setVisible(bool(words))
        self._making.pause.setVisible(not words)
        self.form.allow(not words)
        self._making.show_amount(words, done, total)

    def show_growing(
        self, points: Sequence[Sentence], read: int, total: int, page_kind: str, own_words: bool = False
    ) -> None:
        if self.summary is None:
            is_other = own_words and [row.sentence for row in self.rows] != list(points)
            if self._making_timer.isActive() or len(points) < len(self.rows) or is_other:
                self._show_making()
            has_own_bullets = not own_words or has_bullets(self._controller.request.kind, points)
            new = [(point, page_kind) for point in points[len(self.rows) :]]
            self._add_rows(new, has_bullets=has_own_bullets)
            self._has_own_words, self._cursor = own_words, QCursor.pos() if new else self._cursor
            self._say("" if own_words else f"{pages_read_words(read, total, page_kind).capitalize()}.")
            self._say_writer(WRITING if own_words else "")

    def show_writing(self, words: str) -> None:
        if self.summary is None:
            show_words(self._writing, f"{words} …" if words else "")

    def show_job(self, event: JobChanged) -> None:
        self._making.show_job(event)
        reason = _("The summary was cancelled.") if event.status is JobStatus.CANCELLED else ""
        reason = event.problem.sentence if event.problem is not None else reason
        if reason and self._making_timer.isActive():
            self._show_making()
        if event.status.is_end:
            self._making.setVisible(False)
            self.form.allow(True)
            if reason and self.summary is None:
                show_words(self._writing, "")
                if self._has_own_words:  # they are the result
                    self._controller.choose(self._controller.item)
                else:
                    self._say(f"{reason} {WRITTEN}" if self.rows else reason)
            elif event.problem is not None and self.summary is not None and self.summary.is_draft:
                self._say(reason)

    @property
    def _is_looked_at(self) -> bool:
        """Return whether a person is reading the rows: chose one, moved the mouse to one, or scrolled among them."""
        is_chosen = any(shown.hasFocus() or shown.property("lit") for shown in self.rows)
        is_pointed_at = QCursor.pos() != self._cursor and any(shown.underMouse() for shown in self.rows)
        is_scrolled = self.verticalScrollBar().value() > 0 and self._writing.visibleRegion().isEmpty()
        return is_chosen or is_pointed_at or is_scrolled

    def show_summary(self, summary: Summary) -> None:
        if summary == self.summary:  # keep the rows: one may be hovered or focused
            return
        is_read = self._has_own_words and self._is_looked_at and is_written(summary.documents)
        self.summary = summary
        self.form.offer_own_words(is_written(summary.documents), is_on=is_read or self._controller.is_in_own_words)
        self._show(summary)
        self._written.setVisible(is_read)

    def _on_own_words(self, is_on: bool) -> None:
        if self.summary is not None:
            self._controller.keep_own_words(is_on)
            self._show(self.summary)
            self._written.hide()

    def _show(self, summary: Summary) -> None:
        """Show a summary, or its document's own words, where the page stands."""
        place = self.verticalScrollBar().value()
        writer = note_words(summary.note) if summary.is_draft else writer_words(summary)
        shown = in_own_words(summary) if self.form.own_words.isChecked() else summary
        shown = by_days(shown, self._controller.deadlines.value)
        placed = _all_of(shown)
        is_same = [each.sentence for each in self.rows] == [sentence for sentence, __ in placed[: len(self.rows)]]
        self._clear(keeps_rows=self._has_own_words and is_same)
        self.summary, self._shown, summary = summary, shown, shown
        self.form.show_request(self._controller.request)
        self._say_writer(OWN_WORDS if self.form.own_words.isChecked() else writer)
        self._add_rows(placed[len(self.rows) :], has_bullets=has_bullets(summary.kind, summary.sentences))
        read = summary.coverage
        is_whole = read.pages_read == read.pages_total and not (summary.not_read or read.parts)
        covered = "" if is_whole else whole_coverage_words(summary)  # loud only where something is missing
        show_words(
            self._coverage, "\n".join(filter(None, ("" if summary.is_draft else note_words(summary.note), covered)))
        )
        count, is_over = sum(len(document.omitted) for document in summary.documents), TOO_MUCH_TO_DO in summary.note
        if is_over != self._is_over:  # then the pane has room for what is left out
            self._is_over = is_over
            self._more.setChecked(is_over and count <= MOST_UNFOLDED)
        self._show_omitted()
        self._place = place

    def _say_writer(self, words: str) -> None:
        self._writer.set_full_text(words)
        self._writer.setVisible(bool(words))

    def light(self, sentences: Sequence[Sentence]) -> None:
        lit = [shown for shown in self.rows if shown.sentence in sentences]
        for shown in self.rows:
            shown.show_lit(shown in lit)
        if lit:
            self.ensureWidgetVisible(lit[0])

    def ask_folder(self) -> None:
        request = self.form.request

        def chosen(folder: Path) -> None:
            begin = partial(self._controller.begin_folder, request, folder)
            ask_folder(self, _("The folder the summaries are written to"), begin)

        ask_folder(self, _("The folder whose documents are summarized"), chosen)

    def _on_copy(self) -> None:
        summary = self._shown
        if summary is not None:
            words = text_of(summary.kind, [self._filed(sentence) for sentence in summary.sentences], summary.page_kinds)
            rest = more_words(summary.documents), whole_coverage_words(summary)
            parts = (words, writer_words(summary), *rest)
            copy_text("\n\n".join(filter(None, parts)))
            self.form.show_copied()

    def _on_copy_one(self, sentence: Sentence) -> None:
        kind = self.summary.page_kinds if self.summary else "page"
        copy_text(sentence_words(self._filed(sentence), kind))

    def _on_sentence(self, row: SentenceRow) -> None:
        self.light([row.sentence])
        self.sentence_chosen.emit(row.sentence)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.rows:
            words = "\n".join(row.sentence.text for row in self.rows)
            pop_up_words_menu(self, event.globalPos(), _("Translate the summary"), words)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched in self.rows:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            at = self.rows.index(watched) + step
            if step and 0 <= at < len(self.rows):
                self.rows[at].setFocus()
                self.ensureWidgetVisible(self.rows[at])
                return True
        return False

    def _filed(self, sentence: Sentence) -> Sentence:
        """Return a sentence with the name of its file, even if there is only one file."""
        documents = self.summary.documents if self.summary else ()
        return changed(sentence, file=sentence.file or (documents[0].name if len(documents) == 1 else ""))

    def _add_rows(self, placed: Sequence[tuple[Sentence, str]], *, has_bullets: bool) -> None:
        """Add sentences, each given with the word for the pages of its document."""
        group = self.rows[-1].sentence.group if self.rows else ""
        has_groups = any(sentence.group not in ("", ALSO_IN) for sentence, __ in placed)
        for sentence, page_kind in placed:
            if sentence.group and sentence.group != group:
                group = sentence.group
                label = plain_label(group_words(group), self, name="summary_group", kind="group")
                if group.endswith(TO_DO) and self._to_calendar is None:
                    self._list.addLayout(row((label, 1), (self._calendar_button(), Qt.AlignmentFlag.AlignBottom)))
                else:
                    self._list.addWidget(label)
            is_first = not (self.rows or sentence.file or sentence.group)
            is_lead = is_first and (has_groups or len(placed) == 1)  # it says what the document is
            has_bullet = bool(sentence.group) or (has_bullets and not has_groups and not is_lead)
            kind = "lead" if is_lead else "read"
            number = len(self.rows) + 1
            most_lines = LEAD_LINES if is_lead and has_groups else 0
            looks = {"has_bullet": has_bullet, "kind": kind, "number": number, "most_lines": most_lines}
            shown = self._row_of(sentence, page_kind, **looks)
            shown.installEventFilter(self)
            self.rows.append(shown)
            self._list.addWidget(shown)
        self._show_days()

    def _calendar_button(self) -> QToolButton:
        """Return the button beside what has to be done, shown where something is due by a day."""
        made = tool_button("to_calendar_button", self, _("To the calendar"), icon="calendar", kind="small")
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        made.clicked.connect(self._on_to_calendar)
        made.hide()
        self._to_calendar = made
        return made

    def _on_to_calendar(self) -> None:
        self.export_requested.emit(CALENDAR.id)
        undated = [deadline for deadline in self._controller.deadlines.value if not deadline.day]
        if undated:
            words = ngettext(
                "{n} deadline has no day. It goes into the calendar as a task.",
                "{n} deadlines have no day. They go into the calendar as tasks.", len(undated),
            )  # fmt: skip
            self._say(words)

    def _deadlines_of(self, sentence: Sentence) -> list[Deadline]:
        return deadlines_in(sentence, self._controller.deadlines.value) if self.summary else []

    def _on_deadlines(self) -> None:
        """Show the days, and what is to be done in their order."""
        if self.summary and self._shown and by_days(self._shown, self._controller.deadlines.value) != self._shown:
            self._show(self.summary)
        else:
            self._show_days()

    def _on_not_reckoned(self, reason: str) -> None:
        self._say(_("Deadlines not reckoned: {reason}").format(reason=reason))

    def _show_days(self) -> None:
        """Show when duties are due, and how the day was reckoned, beside the rows that stand there: they may come when
        a person reads. A button that was pressed for it keeps the focus.
        """
        document = next((line.deadline.document for line in self._reckonings if line.ask.hasFocus()), "")
        for line in self._reckonings:
            self._list.removeWidget(line)
            line.hide()
            line.deleteLater()
        self._reckonings = []
        duties = {shown: self._day_of(shown.sentence) for shown in self.rows if shown.sentence.group.endswith(TO_DO)}
        for shown, day in duties.items():
            if any(duties.values()) or shown.has_due:  # a day that no longer holds goes
                shown.show_due(day)
        if self._to_calendar:
            self._to_calendar.setVisible(any(deadline.day for deadline in self._controller.deadlines.value))
        stops: list[QWidget] = []
        for shown in self.rows:
            if self._to_calendar and shown.sentence.group.endswith(TO_DO) and self._to_calendar not in stops:
                stops.append(self._to_calendar)
            stops.append(shown)
            for at, deadline in enumerate(each for each in self._deadlines_of(shown.sentence) if each.words):
                line = DeadlineLine(deadline, self, self._receipt)
                self._list.insertWidget(self._list.indexOf(shown) + 1 + at, line)
                self._reckonings.append(line)
                stops += [] if line.ask.isHidden() else [line.ask]
                if deadline.document == document:
                    line.ask.setFocus()
                    document = ""
        if stops:
            order_tabs(self.form.own_words, *stops, self._more, *self.form.tools, self.earlier.only)

    def _day_of(self, sentence: Sentence) -> str:
        """Return the day of a duty: reckoned, or else as the sentence has it."""
        if deadlines := self._deadlines_of(sentence):
            return _day_of(deadlines[0])
        is_own = self.form.own_words.isChecked()  # then the language may be another one
        language = self.summary.language if self.summary and not is_own else ""
        dated = {document.document: document.dated for document in self.summary.documents} if self.summary else {}
        own = dated.get(sentence.blocks[0].document, ()) if sentence.blocks else ()
        return due_words(sentence.text, language, own)

    def _row_of(self, sentence: Sentence, page_kind: str, **looks: Any) -> SentenceRow:
        shown = SentenceRow(sentence, page_kind, self, **looks)
        shown.chosen.connect(partial(self._on_sentence, shown))
        shown.pointed_at.connect(lambda is_there: self.sentence_pointed_at.emit(sentence if is_there else None))
        shown.copy_requested.connect(partial(self._on_copy_one, sentence))
        return shown

    def _show_omitted(self) -> None:
        """Show how many passages the summary leaves out and, if unfolded, the passages themselves."""
        self._place = 0
        empty_layout(self._also)
        documents = self._shown.documents if self._shown else ()
        count, is_open = sum(len(document.omitted) for document in documents), self._more.isChecked()
        show_words(self._more, ngettext("{n:,} more passage", "{n:,} more passages", count) if count else "")
        set_icon(self._more, "chevron-down" if is_open else "chevron-right", "ink2")
        for document in documents[: MOST_DOCUMENTS if is_open else 0]:
            if document.omitted and len(documents) > 1:
                self._also.addWidget(plain_label(document.name, self, name="summary_also", kind="strong"))
            for number, sentence in enumerate(document.omitted):
                passage = self._row_of(sentence, document.page_kind)
                if self.form.own_words.isChecked():  # it would be added to what the model wrote
                    self._also.addWidget(passage)
                    continue
                label = _("Add this sentence to the summary")
                add = tool_button("add_omitted_button", self, _("Add"), kind="small", label=label, tip=label)
                add.clicked.connect(partial(self._controller.add_omitted, document.document, number))
                beside = column(add, 1, margins=(0, theme.SPACE_8, 0, 0))  # on the first line of the passage
                self._also.addLayout(row((passage, 1), beside))

    def _clear(self, *, keeps_rows: bool = False) -> None:
        focus = QApplication.focusWidget()
        is_kept = focus is not None and (
            self.form.isAncestorOf(focus) or focus is self.form.own_words or (keeps_rows and focus in self.rows)
        )
        if focus is not None and self.isAncestorOf(focus) and not is_kept:
            self.setFocus()  # else the focus would leave the pane
        self.summary = self._shown = None
        self._has_own_words = False
        self._making_timer.stop()
        self._making.setVisible(False)
        for label in (self._note, self._writing, self._more, self._coverage):
            show_words(label, "")
        self._say_writer("")
        if not keeps_rows:
            self.rows, self._reckonings, self._to_calendar = [], [], None
            empty_layout(self._list)
        empty_layout(self._also)
        self.form.allow(True)


def _day_of(deadline: Deadline) -> str:
    if not deadline.day:
        return ""
    day = datetime.date.fromisoformat(deadline.day)
    words = short_day(day.day, day.month, day.year)
    return f"{words}{NEXT_LINE}{_('over')}" if is_over(deadline) else words


def due_words(text: str, language: str, own: Sequence[int] = ()) -> str:
    """Return the first whole date of a text of a paper with the date `own`, short, or ""."""
    if due := due_day(text, language, own):
        year, month, day = due
        return short_day(day or 1, month or 1, year)
    return ""


def _all_of(summary: Summary) -> list[tuple[Sentence, str]]:
    """Return all sentences with the word for their pages. With several documents the joint sentences come first."""
    kinds = summary.page_kinds
    every = [(sentence, kind_in(kinds, sentence.file)) for sentence in summary.sentences]
    for document in summary.documents[:MOST_DOCUMENTS] if len(summary.documents) > 1 else ():
        for sentence in document.sentences:
            if sentence.group or all(sentence.text != other.text for other in summary.sentences):
                group = f"{document.name}: {sentence.group}" if sentence.group else document.name
                every.append((changed(sentence, group=group, file=""), document.page_kind))
    return every


def _entry(item: Item) -> Entry:
    request = request_from(request_in(item))
    length = "" if isinstance(request.length, int) else f", {dict(LENGTHS)[request.length]}"
    like = dict(KINDS).get(request.kind, _("Bullet points"))
    is_renamed = not item.title.startswith("Summary: ")
    words = item.shown_title if is_renamed or len(request.documents) > 1 else f"{like}{length}"
    return Entry(item.id, words, item.created, item.shown_title)


class SummaryController(JobFollower):
    begun = Signal(bool)
    """Emitted with whether a model is asked, as far as that is known."""
    grew = Signal(object, int, int, str, bool)
    writing = Signal(str)
    made = Signal(object)
    reading = Signal(str, int, int)
    folder_begun = Signal(object)
    not_reckoned = Signal(str)
    """Emitted with why no deadline of the shown summary can be told."""

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(bridge, KIND, "summary_controller", parent)
        self._points: list[Sentence] = []
        self._has_own_words = False
        """True if the points are what the rules chose."""
        self.is_in_own_words = False
        """True if a person chose so for the shown summary."""
        self.request = SummaryRequest(())
        self.deadlines = Live[tuple[Deadline, ...]](
            bridge, self, self._ask_deadlines, (),
            on=(ReportMade, ReceiptChanged), refused=lambda problem: self.not_reckoned.emit(problem.sentence),
        )  # fmt: skip
        bridge.on(ReportGrew, self._on_grew)
        bridge.on(ReportMade, self._on_ended)

    def _ask_deadlines(self) -> Any:
        item = self.item
        if not item:
            return None
        return lambda services: TASK.deadlines(services.tasks.open(item), services.task_context)

    def begin(self, request: SummaryRequest, documents: tuple[str, ...] = ()) -> None:
        """Summarize the shown document, or several as one."""
        self._begin(changed(request, documents=documents or (self._document,)))

    def begin_first(self, request: SummaryRequest, otherwise: Callable[[], object]) -> None:
        """Summarize the shown document, unless it was before, even if that summary was deleted."""
        request = changed(request, documents=(self._document,))

        def answered(item: Item | None) -> None:
            if request.documents == (self._document,):
                (otherwise if item is None else partial(self.show_begun, item))()

        self._bridge.ask(self._bridge.services.tasks.begin_first(KIND, request), answered, self._refuse)

    def _open_newest(self, items: Sequence[Item]) -> None:
        """Show the newest of the document alone, before those of it and others."""
        alone = [item for item in items if request_from(request_in(item)).documents == (self._document,)]
        super()._open_newest([*alone, *items])

    def begin_again(self) -> None:
        self._begin(self.request)

    def change(self, changes: Mapping[str, Any]) -> None:
        """Show a summary for the same request with changed values: an existing one, else a new one."""
        request = changed(self.request, **changes)
        kept = [item.id for item in self.items.shown if request_from(request_in(item)) == request]
        if kept:
            self._bridge.ask(self._bridge.services.tasks.open(kept[0]), partial(self._on_kept, request))
        else:
            self._begin(request)

    def add_omitted(self, document: str, number: int) -> None:
        """Move an omitted sentence of a document into the shown summary. The signal `made` follows."""
        self._bridge.services.tasks.edit(self.item, Edit(f"{document} {number}", action=ADD))

    def receive(self, document: str, day: str, place: str) -> None:
        """Remember when a document was received. The days are reckoned anew."""
        self._bridge.ask(self._bridge.services.documents.receive(document, day, place), lambda _done: None)

    def keep_own_words(self, is_on: bool) -> None:
        """Show and export the shown summary in the document's own words from now on, or as it was written."""
        self.is_in_own_words = is_on
        self._bridge.services.history.change_settings(self.item, **{KEPT_OWN: is_on or None})

    def begin_folder(self, request: SummaryRequest, folder: Path, target: Path) -> None:
        self.reading.emit(_("Looking at the folder…"), 0, 0)
        begun = self._bridge.services.tasks.begin_folder(KIND, folder, target, request)
        self.read_folder(begun, self._on_folder_begun, self._on_folder_refused, self._on_read)

    def show_begun(self, item: Item) -> None:
        self._points, self._has_own_words, self.is_in_own_words = [], False, False
        self.items.set_current(item.id)
        self.request = request_from(request_in(item))
        self.begun.emit(False)
        self.choose(item.id)
        self.items.refresh()

    def choose(self, item: str) -> None:
        self._bridge.ask(self._bridge.services.tasks.open(item), self._on_opened)

    def _on_opened(self, view: TaskView[SummaryRequest, Summary]) -> None:
        about = frozenset(document.id for document in view.documents)
        if self._document not in about:
            return
        self._about = about
        self.items.set_current(view.item.id)
        self.request = view.request
        self._job = view.job.id if view.job and not view.job.status.is_end else ""
        self._points = list(view.draft.sentences) if view.draft else []
        self._has_own_words = view.draft is not None and view.draft.method == "quotations"
        self.is_in_own_words = view.item.settings.get(KEPT_OWN) is True
        if view.result is not None:
            self.made.emit(view.result)
            self.deadlines.again()
        elif view.job is not None:
            if not view.job.status.is_end:
                self.begun.emit(bool(view.job.model_sha256))
            elif not self._has_own_words:
                self.emptied.emit()
            if view.draft and self._has_own_words and view.job.status.is_end:  # no model's text will come
                self.made.emit(view.draft)
            elif view.draft:
                read, kind = view.draft.coverage, view.draft.page_kind
                self.grew.emit(list(self._points), read.pages_read, read.pages_total, kind, self._has_own_words)
            self.job_reported.emit(event_of(view.job))

    def _on_kept(self, request: SummaryRequest, view: TaskView[SummaryRequest, Summary]) -> None:
        if view.result is not None or (view.job is not None and not view.job.status.is_end):
            self._on_opened(view)
        else:
            self._begin(request)

    def _on_read(self, report: tuple[int, int, str]) -> None:
        done, total, name = report
        self.reading.emit(
            _("Reading {done:,} of {total:,}: {name}").format(done=done + 1, total=total, name=name), done, total
        )

    def _on_folder_begun(self, item: Item) -> None:
        self.reading.emit("", 0, 0)
        self.folder_begun.emit(item)

    def _on_folder_refused(self, problem: Problem) -> None:
        self.reading.emit("", 0, 0)
        if problem.code != "document.stopped":
            self._bridge.notice_raised.emit(notice_of(problem))

    def _on_grew(self, event: ReportGrew) -> None:
        if event.item == self.item:
            self._job = event.job
            if event.growth.is_whole:
                self._points, self._has_own_words = [], True
            known: PartialSummary = event.growth.own
            self._points += known.points
            read, total, own_words = known.pages_read, known.pages_total, self._has_own_words
            self.grew.emit(list(self._points), read, total, known.page_kind, own_words)
            self.writing.emit(known.writing)

    def _on_ended(self, event: ReportMade) -> None:
        if event.item == self.item:
            self._job = ""
            self.choose(self.item)

    def _begin(self, request: SummaryRequest) -> None:
        self._bridge.ask(self._bridge.services.tasks.begin(KIND, request), self.show_begun, self._refuse)


KINDS = [
    (Kind.BULLETS, _("Bullet points")), (Kind.PARAGRAPH, _("A paragraph")), (Kind.SECTIONS, _("By section")),
    (Kind.SIMPLE, _("In everyday words")), (Kind.OWN, _("As I say below")),
]  # fmt: skip
LENGTHS = [(Length.SHORT, _("Short")), (Length.MEDIUM, _("Medium")), (Length.LONG, _("Long"))]
FIELDS = (
    Field(
        name="length", title=_("Length"), control=Listed, values=LENGTHS, takes_others=True,
        read=lambda chosen: Length(chosen) if isinstance(chosen, str) else chosen,
    ),
    Field(name="kind", title=_("What the summary is like"), control=Listed, values=KINDS, read=Kind),
    Field(
        name="focus", title=_("Focus"), tip=_("What the summary focuses on; may be empty"), control=TextLine,
        hint=lambda kind: _("What it is to be like") if kind is Kind.OWN else _("Focus on…"),
    ),
)  # fmt: skip


def readers_language() -> str:
    """Return the language of the window; if it is English because it does not know the system's, that, or else ""."""
    language, system = os.environ.get(VARIABLE, "en"), QLocale.system().name().partition("_")[0]
    if language != "en" or system in (*LANGUAGES, "C"):
        return language
    return system if system in texts()["language"] else ""


class SummaryForm(QFrame):
    summary_requested = Signal(object)
    changed = Signal(object)
    """Emitted with the request's changed values if another length was chosen for the shown summary."""
    said = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("summary_form")
        self.last_length: str = Length.MEDIUM.value
        self._has_summary, self.is_allowed = False, True
        self._copied_timer = Delay(self, COPIED_MS, self._show_copy)
        self._build_ui()
        self._fields.changed.connect(self._on_changed)
        self._focus.returnPressed.connect(self._begin_so.click)
        self.show_request(None)

    def _build_ui(self) -> None:
        tip = OWN_WORDS
        self.own_words = tool_button(
            "own_words_button", self, kind="small", icon="file-text", label=tip, tip=tip, shortcut="summary.own_words"
        )
        self.own_words.setCheckable(True)
        fixed, low = QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored  # no higher than the line it stands in
        self.own_words.setSizePolicy(fixed, low)
        self.own_words.hide()
        bind(self.own_words, "summary.own_words", self.own_words.click)
        tip = _("Length, form and focus of the summary")
        self._other = tool_button("summary_other_button", self, folds=True, icon="sliders", label=tip, tip=tip)
        self._other.clicked.connect(self._on_other)
        tip = _("Copy with sources")
        self.copy = tool_button("copy_summary_button", self, icon="copy", label=tip, tip=tip)
        tip = _("Export this summary")
        self.export = tool_button("export_summary_button", self, icon="download", label=tip, tip=tip)
        self._more = Popover(self, "summary_other", label=_("Length, form and focus"))
        self._fields = Form(self._more, FIELDS, prefix="summary")
        self._focus = cast(QLineEdit, self._fields.part("focus").widget)
        self._begin_so = button(_("Summarize"), "summarize_so_button", self._more, kind="primary", on=self._ask)
        self._fields.parts[0].setFocusProxy(self._fields.parts[0].widget)  # where the popover puts the focus
        last = row(1, self._begin_so)
        column(*self._fields.parts, last, into=self._more, gap=theme.SPACE_12, margins=theme.SPACE_16)
        self.middle = named(QFrame(self.parentWidget()), "summary_middle")
        self._begin = button(_("Summarize"), "summarize_button", self.middle, kind="primary", on=self._ask)
        column(1, (self._begin, Qt.AlignmentFlag.AlignHCenter), 1, into=self.middle)
        self.tools = (self._other, self.copy, self.export)
        self.line = row(1, *self.tools, into=self, gap=theme.SPACE_8)

    def show_copied(self) -> None:
        """Say for a moment, where it was pressed, that the summary was copied."""
        set_icon(self.copy, "check", "accent")
        self.copy.setAccessibleDescription(_("Copied."))
        self._copied_timer.start()

    def _show_copy(self) -> None:
        set_icon(self.copy, "copy", "ink2")
        self.copy.setAccessibleDescription("")

    def allow(self, is_allowed: bool) -> None:
        self.is_allowed = is_allowed
        self._settle()

    def use_length(self, length: str) -> None:
        """Preselect the length that was used last in an earlier run. Unknown values are ignored."""
        if length in [length.value for length, __ in LENGTHS]:
            self.last_length = length

    def offer_own_words(self, is_offered: bool, *, is_on: bool = False) -> None:
        """Offer the document's own words beside a text that a model wrote. `is_on`: they are shown first."""
        with QSignalBlocker(self.own_words):
            self.own_words.setChecked(is_offered and is_on)
        self.own_words.setVisible(is_offered)

    def show_request(self, request: SummaryRequest | None) -> None:
        """Show the request of the shown summary. None means that no summary is shown."""
        self._has_summary = request is not None
        self._show_fields(length=request.length if request else Length(self.last_length))
        self._settle()

    def _show_fields(self, **changes: object) -> None:
        values = {"kind": Kind.BULLETS, "focus": "", **self._fields.values, **changes}
        self._fields.show_values(values, values["kind"])

    @property
    def request(self) -> SummaryRequest:
        """The request that the form describes, without documents."""
        self._fields.keep()
        values = self._fields.values
        kind, words = values["kind"], values["focus"].strip()
        focus, instruction = ("", words) if kind is Kind.OWN else (words, "")
        return SummaryRequest((), kind, values["length"], "", focus, instruction, reader=readers_language())

    def _ask(self) -> None:
        request = self.request
        if request.kind is Kind.OWN and not request.instruction:
            self.said.emit(_("Say what the summary is to be like."))
            self._focus.setFocus()
        else:
            self._more.dismiss()
            self.summary_requested.emit(request)

    def _on_other(self) -> None:
        self._more.toggle(self._other)
        self._settle()

    def _on_changed(self, changes: Mapping[str, object]) -> None:
        self._show_fields()  # what the field is for depends on the kind
        self._settle()
        if isinstance(length := changes.get("length"), Length):
            self.last_length = length.value
        if self._has_summary and changes.keys() <= {"length"}:
            self.changed.emit(changes)

    def _settle(self) -> None:
        """Show only form parts that are useful now. If a focused part is hidden, the form's proxy gets the focus."""
        focus = QApplication.focusWidget()
        self.middle.setVisible(not self._has_summary and self.is_allowed)
        for tool in (self.copy, self.export):
            tool.setVisible(self._has_summary)
        for begin in (self._begin, self._begin_so):
            begin.setEnabled(self.is_allowed)
        self._other.setChecked(bool(self._focus.text()) or self._fields.values["kind"] is not Kind.BULLETS)
        if focus and self.isAncestorOf(focus) and not (focus.isVisible() and focus.isEnabled()):
            self.setFocus()
