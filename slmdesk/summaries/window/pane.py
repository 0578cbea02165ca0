"""The pane of summaries: sentences that lead to their pages, doubtful ones marked, and the coverage."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QWidget

from slmdesk.base.record import changed
from slmdesk.base.records import Item, JobStatus
from slmdesk.jobs.events import JobChanged
from slmdesk.jobs.resumable import request_in
from slmdesk.library.citations import PAGE_WORDS, kind_in
from slmdesk.library.finding_labels import doubts_of
from slmdesk.summaries.papers import Paper
from slmdesk.summaries.types import (
    Sentence,
    Summary,
    SummaryRequest,
    has_bullets,
    more_words,
    pages_read_words,
    request_from,
    sentence_words,
    text_of,
    whole_coverage_words,
)
from slmdesk.summaries.window.controller import SummaryController
from slmdesk.summaries.window.form import KINDS, SummaryForm
from slmdesk.window.base import theme
from slmdesk.window.base.clipboard import copy_text
from slmdesk.window.base.delay import Delay
from slmdesk.window.panes.earlier import EarlierBox, Entry
from slmdesk.window.panes.making_bar import MakingBar
from slmdesk.window.panes.redaction_dialog import show_before
from slmdesk.window.widgets.build import button, column, row, tool_button
from slmdesk.window.widgets.cited_row import CitedRow
from slmdesk.window.widgets.clear_layout import empty_layout
from slmdesk.window.widgets.export_menu import ask_folder
from slmdesk.window.widgets.icon import set_icon
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.scroll_column import show_column
from slmdesk.window.widgets.text import plain_label, show_words
from slmdesk.window.widgets.translate_request import pop_up_words_menu

OLDER_WORDS = "Made the old way"
MORE = "Show or hide the passages that are left out"
WRITTEN = "These sentences had been written."
MOST_WORDS = 30
"""A longer sentence is folded."""
MAKING_AFTER_MS = 300
"""A summary that is there by then takes the place of the one before it."""
MOST_DOCUMENTS = 20
"""Whose own summaries stand below the joint one; the files have all of them."""


class SentenceRow(CitedRow):
    def __init__(self, sentence: Sentence, page_kind: str, parent: QWidget, **looks: Any) -> None:
        singular, plural = PAGE_WORDS.get(page_kind, ("page", "pages"))
        pages = ", ".join(map(str, sentence.pages[:8]))
        place = f"{singular if len(sentence.pages) == 1 else plural} {pages}" if pages else "no place found"
        file = f"{sentence.file}, " if sentence.file else ""
        doubts = doubts_of(sentence.flags) or ("" if sentence.supported else "not found in the document")
        details = "\n".join(one.detail for one in sentence.flags if one.detail)
        super().__init__(
            sentence.text, f"{file}{place}", parent, name="summary_sentence", details=details, most_words=MOST_WORDS,
            warning=f"Check this: {doubts}" if doubts else "", **looks,
        )  # fmt: skip
        self.sentence = sentence


class SummaryPane(QScrollArea):
    sentence_chosen = Signal(object)
    sentence_pointed_at = Signal(object)
    export_requested = Signal(str)

    def __init__(self, controller: SummaryController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("summary_pane")
        self.setMinimumWidth(240)
        self._controller = controller
        self.rows: list[SentenceRow] = []
        self.summary: Summary | None = None
        self._making_timer = Delay(self, MAKING_AFTER_MS, self._show_making)
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        inner = named(QFrame(self), "summary_inner")
        self.form = SummaryForm(inner)
        self.form.setFocusProxy(self)
        self.earlier = EarlierBox(inner, name="earlier_summaries")
        self._making = MakingBar(self._controller, inner, kind="summary", prefix="making", resume="Go on")
        self._making.lay_out(has_own_line=True)
        self._note = plain_label("", inner, name="summary_note", kind="muted")
        self._say = partial(show_words, self._note)
        again = partial(self._controller.change, {})
        self._again = button("Summarize again", "summarize_again_button", inner, on=again)
        self._coverage = plain_label("", inner, name="summary_coverage", kind="small")
        self._list, self._also = column(gap=0), column(gap=0)
        self._writing = plain_label("", inner, name="summary_writing", kind="muted", is_hidden=True)
        self._more = tool_button("more_passages_button", inner, kind="small", label=MORE, on=self._show_omitted)
        self._more.setCheckable(True)
        self._more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        column(
            self.form, self._making, row((self._note, 1), self._again), self._list, self._writing, self._more,
            self._also, self._coverage, self.earlier, 1,
            into=inner, gap=theme.SPACE_8, margins=(theme.SPACE_12, theme.SPACE_4, theme.SPACE_12, theme.SPACE_12),
        )  # fmt: skip
        show_column(self, inner)
        self.show_nothing()

    def _connect(self) -> None:
        summaries = self._controller
        self.form.said.connect(self._say)
        self.form.summary_requested.connect(summaries.begin)
        self.form.changed.connect(summaries.change)
        self.form.copy_requested.connect(self._on_copy)
        self.form.export_requested.connect(self.export_requested)
        show_before(summaries.redaction, self, "Summarize")
        self.form.folder_requested.connect(self._on_folder_requested)
        self.earlier.follow(summaries.items, summaries.choose, summaries.delete, _entry)
        summaries.reading.connect(self.show_reading)
        summaries.begun.connect(self.show_begun)
        summaries.grew.connect(self.show_growing)
        summaries.writing.connect(self.show_writing)
        summaries.job_reported.connect(self.show_job)
        summaries.made.connect(self.show_summary)
        summaries.emptied.connect(self.show_nothing)

    # ---- what is shown

    @property
    def title(self) -> str:
        names = [one.name for one in self.summary.documents] if self.summary else []
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        return f"Summary of {names[0]}{more}" if names else "Summary"

    def show_nothing(self) -> None:
        self._clear()
        self.form.show_request(None)

    def show_begun(self) -> None:
        self.summary = None
        if not self._making.isVisible() and not self._making_timer.isActive():
            self._making.show_waiting()
            self._making_timer.start()

    def _show_making(self) -> None:
        """It takes longer: show how far it is in place of what was on show."""
        self.show_nothing()
        self._making.setVisible(True)
        self.form.allow(False)

    def show_reading(self, words: str, done: int, total: int) -> None:
        self._making.setVisible(bool(words))
        self._making.pause.setVisible(not words)
        self.form.allow(not words)
        self._making.show_amount(words, done, total)

    def show_growing(self, points: Sequence[Sentence], read: int, total: int, page_kind: str) -> None:
        if self.summary is None:
            if self._making_timer.isActive() or len(points) < len(self.rows):
                self._show_making()
            self._add_rows([(one, page_kind) for one in points[len(self.rows) :]], has_bullets=True)
            self._say(f"{pages_read_words(read, total, page_kind).capitalize()}.")

    def show_writing(self, words: str) -> None:
        if self.summary is None:
            show_words(self._writing, f"{words} …" if words else "")

    def show_job(self, event: JobChanged) -> None:
        self._making.show_job(event)
        reason = "The summary was cancelled." if event.status is JobStatus.CANCELLED else ""
        reason = event.problem.sentence if event.problem is not None else reason
        if reason and self._making_timer.isActive():
            self._show_making()
        if event.status.is_end:
            self._making.setVisible(False)
            self.form.allow(True)
            if reason and self.summary is None:
                show_words(self._writing, "")
                self._say(f"{reason} {WRITTEN}" if self.rows else reason)

    def show_summary(self, summary: Summary) -> None:
        if summary == self.summary:  # its rows stay: one may be pointed at, or have the focus
            return
        self._clear()
        self.summary = summary
        papers = {one.paper or Paper.AUTO for one in summary.documents}
        self.form.show_request(self._controller.request, papers.pop() if len(papers) == 1 else Paper.AUTO)
        self._say(OLDER_WORDS if summary.is_of_older_version else "")
        self._again.setVisible(summary.is_of_older_version)
        self._add_rows(_all_of(summary), has_bullets=has_bullets(summary.kind, summary.sentences))
        report = summary.redaction.words if summary.redaction else ""
        show_words(self._coverage, "\n".join(filter(None, (summary.note, whole_coverage_words(summary), report))))
        self._show_omitted()

    def light(self, sentences: Sequence[Sentence]) -> None:
        lit = [one for one in self.rows if one.sentence in sentences]
        for one in self.rows:
            one.show_lit(one in lit)
        if lit:
            self.ensureWidgetVisible(lit[0])

    # ---- events

    def _on_folder_requested(self, request: SummaryRequest) -> None:
        def chosen(folder: Path) -> None:
            begin = partial(self._controller.begin_folder, request, folder)
            ask_folder(self, "The folder the summaries are written to", begin)

        ask_folder(self, "The folder whose documents are summarized", chosen)

    def _on_copy(self) -> None:
        summary = self.summary
        if summary is not None:
            words = text_of(summary.kind, [self._filed(one) for one in summary.sentences], summary.page_kinds)
            parts = (words, more_words(summary.documents), whole_coverage_words(summary))
            copy_text("\n\n".join(filter(None, parts)))

    def _on_copy_one(self, sentence: Sentence) -> None:
        kind = self.summary.page_kinds if self.summary else "page"
        copy_text(sentence_words(self._filed(sentence), kind))

    def _on_sentence(self, row: SentenceRow) -> None:
        self.light([row.sentence])
        self.sentence_chosen.emit(row.sentence)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.rows:
            words = "\n".join(row.sentence.text for row in self.rows)
            pop_up_words_menu(self, event.globalPos(), "Translate the summary", words)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched in self.rows:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            at = self.rows.index(watched) + step
            if step and 0 <= at < len(self.rows):
                self.rows[at].setFocus()
                self.ensureWidgetVisible(self.rows[at])
                return True
        return False

    # ---- private

    def _filed(self, sentence: Sentence) -> Sentence:
        """A sentence with the name of its file, even if there is only one."""
        documents = self.summary.documents if self.summary else ()
        return changed(sentence, file=sentence.file or (documents[0].name if len(documents) == 1 else ""))

    def _add_rows(self, placed: Sequence[tuple[Sentence, str]], *, has_bullets: bool) -> None:
        """Add sentences, each with what the pages of its document are called."""
        group = self.rows[-1].sentence.group if self.rows else ""
        has_groups = any(one.group for one, _ in placed)
        for sentence, page_kind in placed:
            if sentence.group and sentence.group != group:
                group = sentence.group
                self._list.addWidget(plain_label(group, self, name="summary_group", kind="strong"))
            is_first = not (self.rows or sentence.file or sentence.group)
            is_lead = is_first and (has_groups or len(placed) == 1)  # it says what the document is
            has_bullet = bool(sentence.group) or (has_bullets and not has_groups and not is_lead)
            shown = self._row_of(sentence, page_kind, has_bullet=has_bullet, kind="heading" if is_lead else "")
            shown.installEventFilter(self)
            self.rows.append(shown)
            self._list.addWidget(shown)
        if self.rows:
            QWidget.setTabOrder(self.rows[-1], self._more)

    def _row_of(self, sentence: Sentence, page_kind: str, **looks: Any) -> SentenceRow:
        shown = SentenceRow(sentence, page_kind, self, **looks)
        shown.chosen.connect(partial(self._on_sentence, shown))
        shown.pointed_at.connect(lambda is_there: self.sentence_pointed_at.emit(sentence if is_there else None))
        shown.copy_requested.connect(partial(self._on_copy_one, sentence))
        return shown

    def _show_omitted(self) -> None:
        """Show how many passages the summary leaves out, and, unfolded, which."""
        empty_layout(self._also)
        documents = self.summary.documents if self.summary else ()
        count, is_open = sum(len(one.omitted) for one in documents), self._more.isChecked()
        show_words(self._more, f"{count:,} more passage{'' if count == 1 else 's'}" if count else "")
        set_icon(self._more, "chevron-down" if is_open else "chevron-right", "muted")
        for document in documents[: MOST_DOCUMENTS if is_open else 0]:
            if document.omitted and len(documents) > 1:
                self._also.addWidget(plain_label(document.name, self, name="summary_also", kind="strong"))
            for number, sentence in enumerate(document.omitted):
                passage = self._row_of(sentence, document.page_kind)
                label = "Add this sentence to the summary"
                add = tool_button("add_omitted_button", self, "Add", kind="small", label=label, tip=label)
                add.clicked.connect(partial(self._controller.add_omitted, document.document, number))
                self._also.addLayout(row((passage, 1), (add, Qt.AlignmentFlag.AlignTop)))

    def _clear(self) -> None:
        focus = QApplication.focusWidget()
        if focus is not None and self.isAncestorOf(focus) and not self.form.isAncestorOf(focus):
            self.setFocus()  # else it would go on to another part of the window
        self.summary = None
        self._making_timer.stop()
        self._making.setVisible(False)
        self._again.setVisible(False)
        for one in (self._note, self._writing, self._more, self._coverage):
            show_words(one, "")
        self.rows = []
        empty_layout(self._list)
        empty_layout(self._also)
        self.form.allow(True)


def _all_of(summary: Summary) -> list[tuple[Sentence, str]]:
    """Of several documents, the joint sentences first, then those of each."""
    kinds = summary.page_kinds
    every = [(one, kind_in(kinds, one.file)) for one in summary.sentences]
    for document in summary.documents[:MOST_DOCUMENTS] if len(summary.documents) > 1 else ():
        for one in document.sentences:
            if one.group or all(one.text != other.text for other in summary.sentences):
                group = f"{document.name}: {one.group}" if one.group else document.name
                every.append((changed(one, group=group, file=""), document.page_kind))
    return every


def _entry(item: Item) -> Entry:
    request = request_from(request_in(item))
    length = "" if isinstance(request.length, int) else f", {request.length.value}"
    like = dict(KINDS).get(request.kind, "Bullet points")
    is_renamed = not item.title.startswith("Summary: ")
    words = item.title if is_renamed or len(request.documents) > 1 else f"{like}{length}"
    return Entry(item.id, words, item.created, item.title)
