"""The pane of summaries: sentences that lead to their pages, doubtful ones marked, and the coverage."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QWidget

from slmdesk.core.record import changed
from slmdesk.core.records import Item, JobStatus
from slmdesk.gui.base import theme
from slmdesk.gui.base.clipboard import copy_text
from slmdesk.gui.base.delay import Delay
from slmdesk.gui.documents.common.earlier import EarlierBox, Entry
from slmdesk.gui.documents.common.making_bar import MakingBar
from slmdesk.gui.documents.common.redaction_dialog import show_before
from slmdesk.gui.documents.summaries.controller import FormRequest, SummaryController
from slmdesk.gui.documents.summaries.form import KINDS, SummaryForm
from slmdesk.gui.widgets.build import button, column, flow, row
from slmdesk.gui.widgets.cited_row import CitedRow
from slmdesk.gui.widgets.clear_layout import empty_layout
from slmdesk.gui.widgets.export_menu import ask_folder, give_export_menu
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.scroll_column import show_column
from slmdesk.gui.widgets.text import plain_label, show_words
from slmdesk.gui.widgets.translate_request import pop_up_words_menu
from slmdesk.services.documents.citations import PAGE_WORDS, PageKinds, kind_in
from slmdesk.services.documents.finding_labels import doubts_of
from slmdesk.services.jobs.events import JobChanged
from slmdesk.services.jobs.resumable import request_in
from slmdesk.services.summaries.papers import Paper
from slmdesk.services.summaries.prompts import Kind, Length
from slmdesk.services.summaries.types import (
    ALSO,
    Sentence,
    Summary,
    has_bullets,
    pages_read_words,
    request_from,
    sentence_words,
    text_of,
    whole_coverage_words,
)

TOGETHER = "Together"
OLDER_WORDS = "This summary was made the old way. Summarized again, it says more of the document."
WRITTEN = "These sentences had been written."
LOW_LINES = 20
"""Heights of a line: in a pane lower than that a summary that is made is scrolled to."""
MOST_DOCUMENTS = 20
"""Whose own summaries stand below the joint one; the files have all of them."""


class SentenceRow(CitedRow):
    def __init__(self, sentence: Sentence, page_kind: str, parent: QWidget, *, has_bullet: bool = False) -> None:
        words = f"“{sentence.text}”" if sentence.quotation else sentence.text
        singular, plural = PAGE_WORDS.get(page_kind, ("page", "pages"))
        pages = ", ".join(map(str, sentence.pages[:8]))
        place = f"{singular if len(sentence.pages) == 1 else plural} {pages}" if pages else "no place found"
        file = f"{sentence.file}, " if sentence.file else ""
        details = "\n".join(one.detail for one in sentence.flags if one.detail)
        super().__init__(
            words,
            f"{file}{place}",
            parent,
            name="summary_sentence",
            warning=_doubts_of(sentence),
            details=details,
            has_bullet=has_bullet,
        )
        self.sentence = sentence


def _doubts_of(sentence: Sentence) -> str:
    doubts = doubts_of(sentence.flags)
    if not sentence.supported and not doubts:
        doubts = "not found in the document"
    return f"Uncertain: {doubts}" if doubts else ""


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
        self._reveal_timer = Delay(self, 0, self._reveal)
        self._is_revealing = False
        """Whether a new summary is kept in view while the pane finds its height, until the person scrolls."""
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        inner = named(QFrame(self), "summary_inner")
        self.form = SummaryForm(inner)
        self.earlier = EarlierBox(inner, name="earlier_summaries")
        self._making = MakingBar(self._controller, inner, kind="summary", prefix="making", resume="Go on")
        self._making.lay_out(has_own_line=True)
        self._note = plain_label("", inner, name="summary_note", kind="muted")
        self._coverage = plain_label("", inner, name="summary_coverage", kind="small")
        self._foot = self._foot_bar(inner)
        self._list, self._also = column(gap=0), column(gap=0)
        self._writing = plain_label("", inner, name="summary_writing", kind="muted", is_hidden=True)
        self._column = column(
            self.form, self.earlier, self._making, self._note, self._list, self._writing, self._coverage, self._foot,
            self._also, 1,
            into=inner, gap=theme.SPACE_8, margins=(theme.SPACE_12, theme.SPACE_4, theme.SPACE_12, theme.SPACE_12),
        )  # fmt: skip
        show_column(self, inner)
        self.show_nothing()

    def _foot_bar(self, parent: QWidget) -> QFrame:
        bar = named(QFrame(parent), "summary_foot")
        tip = "Copy all sentences with file and page, and what was read"
        copy = button("Copy with pages", "copy_summary_button", bar, tip=tip, on=self._on_copy)
        export = button("Export…", "export_summary_button", bar, label="Export this summary")
        give_export_menu(export, self.export_requested.emit)
        self._again = button("Summarize again", "summarize_again_button", bar, on=self._controller.summarize_again)
        self._again.setVisible(False)
        flow(copy, export, self._again, gap=theme.SPACE_8, into=bar)
        return bar

    def _connect(self) -> None:
        summaries = self._controller
        self.form.said.connect(self._say)
        self.form.summary_requested.connect(self._on_summary_requested)
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
        self.verticalScrollBar().rangeChanged.connect(self._reveal)
        self.verticalScrollBar().actionTriggered.connect(self._stop_revealing)

    # ---- what is shown

    @property
    def title(self) -> str:
        names = [one.name for one in self.summary.documents] if self.summary else []
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        return f"Summary of {names[0]}{more}" if names else "Summary"

    def show_nothing(self) -> None:
        self.summary = None
        self._clear()
        show_words(self._writing, "")
        self._making.setVisible(False)
        self._coverage.setVisible(False)
        self._foot.setVisible(False)
        self.earlier.show_busy(False)
        self.form.allow(True)
        self._say("Each sentence of the summary will lead to the page it comes from.")

    def show_begun(self) -> None:
        self.show_nothing()
        self._say("")
        self._making.setVisible(True)
        self._making.show_waiting()
        self.earlier.show_busy(True)
        focus = QApplication.focusWidget()
        had_focus = focus is not None and self.form.isAncestorOf(focus)
        self.form.allow(False)
        if had_focus:
            self._making.pause.setFocus()  # else it would go on to the next button by itself

    def show_reading(self, words: str, done: int, total: int) -> None:
        self._making.setVisible(bool(words))
        self._making.pause.setVisible(not words)
        self.form.allow(not words)
        self.form.allow_folder(not words)
        self._making.show_amount(words, done, total)

    def show_growing(self, points: Sequence[Sentence], read: int, total: int, page_kind: str) -> None:
        if self.summary is None:
            if len(points) < len(self.rows):
                self._clear()
            self._add_rows(points[len(self.rows) :], page_kind, has_bullets=True)
            self._say(f"{pages_read_words(read, total, page_kind).capitalize()}. Sentences come as they are written.")

    def show_writing(self, words: str) -> None:
        if self.summary is None:
            show_words(self._writing, f"{words} …" if words else "")

    def show_job(self, event: JobChanged) -> None:
        is_ended = event.status.is_end
        self._making.setVisible(not is_ended)
        self._making.show_job(event)
        self.form.allow(is_ended)
        if is_ended and event.problem is not None and self.summary is None:
            self._say(f"{event.problem.sentence} {WRITTEN}" if self.rows else event.problem.sentence)
        elif event.status is JobStatus.CANCELLED and self.summary is None:
            show_words(self._writing, "")
            self._say(f"The summary was cancelled. {WRITTEN}" if self.rows else "The summary was cancelled.")

    def show_summary(self, summary: Summary) -> None:
        if summary == self.summary:  # its rows stay: one may be pointed at, or have the focus
            return
        self.summary = summary
        self._making.setVisible(False)
        self.earlier.show_busy(False)
        self.form.allow(True)
        self._say(OLDER_WORDS if summary.is_of_older_version else summary.note)
        self._again.setVisible(summary.is_of_older_version)
        show_words(self._writing, "")
        self._fill(_all_of(summary), summary.page_kinds, has_bullets=has_bullets(summary.kind, summary.sentences))
        self._show_omitted(summary)
        report = summary.redaction.words if summary.redaction else ""
        self._coverage.setText("\n".join(filter(None, (whole_coverage_words(summary), report))))
        self._coverage.setVisible(True)
        self._foot.setVisible(bool(summary.sentences))
        self._is_revealing = True
        self._reveal_timer.start()

    def _reveal(self) -> None:
        """In a low window, scroll to the summary: the form would fill the pane."""
        space = self.viewport().height() / self.fontMetrics().lineSpacing()
        if self._is_revealing and self.rows and self.rows[0].isVisible() and space < LOW_LINES:
            self._column.activate()
            self.verticalScrollBar().setValue(self.rows[0].y() - theme.SPACE_8)

    def _stop_revealing(self) -> None:
        self._is_revealing = False

    def light(self, sentences: Sequence[Sentence]) -> None:
        lit = [one for one in self.rows if one.sentence in sentences]
        for one in self.rows:
            one.show_lit(one in lit)
        if lit:
            self._stop_revealing()
            self.ensureWidgetVisible(lit[0])

    # ---- events

    def _on_summary_requested(self, kind: Kind, length: Length, focus: str, instruction: str, paper: Paper) -> None:
        redact = self.form.shield.isChecked()
        self._controller.begin(kind, length, focus, instruction, paper, redact=redact)

    def _on_folder_requested(self, request: FormRequest) -> None:
        def chosen(folder: Path) -> None:
            begin = partial(self._controller.begin_folder, request, folder)
            ask_folder(self, "The folder the summaries are written to", begin)

        ask_folder(self, "The folder whose documents are summarized", chosen)

    def _on_copy(self) -> None:
        summary = self.summary
        if summary is not None:
            words = text_of(summary.kind, [self._filed(one) for one in summary.sentences], summary.page_kinds)
            copy_text(f"{words}\n\n{whole_coverage_words(summary)}")

    def _on_copy_one(self, sentence: Sentence) -> None:
        kind = self.summary.page_kinds if self.summary else "page"
        copy_text(sentence_words(self._filed(sentence), kind))

    def _on_sentence(self, row: SentenceRow) -> None:
        self.light([row.sentence])
        self.sentence_chosen.emit(row.sentence)

    def _on_pointed_at(self, sentence: Sentence, is_there: bool) -> None:
        self.sentence_pointed_at.emit(sentence if is_there else None)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.rows:
            words = "\n".join(row.sentence.text for row in self.rows)
            pop_up_words_menu(self, event.globalPos(), "Translate the summary", words)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Show, QEvent.Type.Move) and self.rows and watched is self.rows[0]:
            self._reveal_timer.start()
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched in self.rows:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            at = self.rows.index(watched) + step
            if step and 0 <= at < len(self.rows):
                self._stop_revealing()
                self.rows[at].setFocus()
                self.ensureWidgetVisible(self.rows[at])
                return True
        return False

    # ---- private

    def _filed(self, sentence: Sentence) -> Sentence:
        """A sentence with the name of its file, even if there is only one."""
        summary = self.summary
        if sentence.file or summary is None or len(summary.documents) != 1:
            return sentence
        return changed(sentence, file=summary.documents[0].name)

    def _fill(self, sentences: Sequence[Sentence], kinds: PageKinds, *, has_bullets: bool) -> None:
        self._clear()
        self._add_rows(sentences, kinds, has_bullets=has_bullets)

    def _add_rows(self, sentences: Sequence[Sentence], kinds: PageKinds, *, has_bullets: bool) -> None:
        group = self.rows[-1].sentence.group if self.rows else ""
        for sentence in sentences:
            if sentence.group and sentence.group != group:
                group = sentence.group
                self._list.addWidget(plain_label(group, self, name="summary_group", kind="strong"))
            shown = self._row_of(sentence, kind_in(kinds, sentence.file or sentence.group), has_bullet=has_bullets)
            shown.installEventFilter(self)
            self.rows.append(shown)
            self._list.addWidget(shown)

    def _row_of(self, sentence: Sentence, kind: str, *, has_bullet: bool) -> SentenceRow:
        shown = SentenceRow(sentence, kind, self, has_bullet=has_bullet)
        shown.chosen.connect(partial(self._on_sentence, shown))
        shown.pointed_at.connect(partial(self._on_pointed_at, sentence))
        shown.copy_requested.connect(partial(self._on_copy_one, sentence))
        return shown

    def _show_omitted(self, summary: Summary) -> None:
        several = len(summary.documents) > 1
        for document in summary.documents[:MOST_DOCUMENTS]:
            if document.omitted:
                words = f"{ALSO}: {document.name}" if several else ALSO
                self._also.addWidget(plain_label(words, self, name="summary_also", kind="strong"))
            for number, sentence in enumerate(document.omitted):
                passage = self._row_of(sentence, document.page_kind, has_bullet=False)
                label = "Add this sentence to the summary"
                add = button("Add", "add_omitted_button", self, kind="quiet", label=label, tip=label)
                add.clicked.connect(partial(self._controller.add_omitted, document.document, number))
                self._also.addLayout(row((passage, 1), (add, Qt.AlignmentFlag.AlignTop)))

    def _clear(self) -> None:
        self.rows = []
        empty_layout(self._list)
        empty_layout(self._also)

    def _say(self, words: str) -> None:
        show_words(self._note, words)


def _all_of(summary: Summary) -> list[Sentence]:
    """Of several documents, the joint sentences first, then those of each."""
    if len(summary.documents) < 2:
        return list(summary.sentences)
    together = [changed(one, group=f"{TOGETHER}: {one.group}" if one.group else TOGETHER) for one in summary.sentences]
    for document in summary.documents[:MOST_DOCUMENTS]:
        together += [changed(one, group=document.name, file="") for one in document.sentences]
    return together


def _entry(item: Item) -> Entry:
    request = request_from(request_in(item))
    length = "" if isinstance(request.length, int) else f", {request.length.value}"
    like = next(words for one, words in KINDS if one is request.kind)
    is_renamed = not item.title.startswith("Summary: ")
    words = item.title if is_renamed or len(request.documents) > 1 else f"{like}{length}"
    return Entry(item.id, words, item.created, item.title)
