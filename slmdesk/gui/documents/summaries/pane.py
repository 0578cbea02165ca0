"""The pane of summaries: sentences that lead to their pages, doubtful ones marked, and the coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from slmdesk.core.records import Item, JobStatus
from slmdesk.gui.base import theme
from slmdesk.gui.documents.common.earlier import EarlierBox, Entry
from slmdesk.gui.documents.summaries.form import KINDS, SummaryForm
from slmdesk.gui.widgets.cited_row import CitedRow
from slmdesk.gui.widgets.clear_layout import empty_layout
from slmdesk.gui.widgets.export_menu import ExportMenu
from slmdesk.gui.widgets.flow import FlowLayout
from slmdesk.gui.widgets.job_bar import show_share
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.scroll_column import show_column
from slmdesk.gui.widgets.text import plain_label
from slmdesk.gui.widgets.translate_request import pop_up_words_menu
from slmdesk.services.base.messages import time_for_people
from slmdesk.services.documents.citations import PAGE_WORDS, PageKinds, kind_in
from slmdesk.services.documents.finding_labels import doubts_of
from slmdesk.services.jobs.events import JobChanged
from slmdesk.services.summaries.types import (
    Sentence,
    Summary,
    has_bullets,
    ledger_words,
    pages_read_words,
    sentence_words,
    text_of,
)

TOGETHER = "Together"
LOW_LINES = 20
"""Heights of a line: in a pane lower than that a summary that is made is scrolled to."""
MOST_DOCUMENTS = 20
"""Whose own summaries stand below the joint one; the files have all of them."""


class SentenceRow(CitedRow):
    """One sentence."""

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
    """Requests a summary, and shows it while it is made and when it is done.

    Emits `sentence_chosen` with a Sentence, `sentence_pointed_at` with a Sentence or None, `export_requested` with a
    form, `pause_requested`, `resume_requested`, `cancel_requested`, `folder_cancel_requested`; see `form` and `earlier`
    for the rest.
    """

    sentence_chosen = Signal(object)
    sentence_pointed_at = Signal(object)
    export_requested = Signal(str)
    pause_requested = Signal()
    resume_requested = Signal()
    cancel_requested = Signal()
    folder_cancel_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("summary_pane")
        self.setMinimumWidth(240)
        self._rows: list[SentenceRow] = []
        self._summary: Summary | None = None
        self._is_paused = self._is_reading = False
        self._reveal_timer = QTimer(self, singleShot=True, interval=0)
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        inner = named(QFrame(self), "summary_inner")
        self.form = SummaryForm(inner)
        self.earlier = EarlierBox(inner, name="earlier_summaries")
        self._making = self._making_bar(inner)
        self._note = plain_label("", inner, name="summary_note", kind="muted")
        self._coverage = plain_label("", inner, name="summary_coverage", kind="small")
        self._foot = self._foot_bar(inner)
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        column = self._column = QVBoxLayout(inner)
        column.setContentsMargins(theme.SPACE_12, theme.SPACE_4, theme.SPACE_12, theme.SPACE_12)
        column.setSpacing(theme.SPACE_8)
        for widget in (self.form, self.earlier, self._making, self._note):
            column.addWidget(widget)
        column.addLayout(self._list)
        column.addWidget(self._coverage)
        column.addWidget(self._foot)
        column.addStretch(1)
        show_column(self, inner)
        self.show_nothing()

    def _foot_bar(self, parent: QWidget) -> QFrame:
        bar = named(QFrame(parent), "summary_foot")
        self._copy = named(QPushButton("Copy with pages", bar), "copy_summary_button")
        self._copy.setToolTip("Copy all sentences with file and page, and what was read")
        self._export = named(QPushButton("Export…", bar), "export_summary_button")
        self._export.setAccessibleName("Export this summary")
        self._menu = ExportMenu(self._export)
        self._export.setMenu(self._menu)
        row = FlowLayout(bar, gap=theme.SPACE_8)
        row.addWidget(self._copy)
        row.addWidget(self._export)
        return bar

    def _making_bar(self, parent: QWidget) -> QFrame:
        bar = named(QFrame(parent), "making_summary")
        self._making_words = plain_label("", bar, name="making_words", kind="muted")
        self._pause = named(QPushButton("Pause", bar), "pause_summary_button")
        self._cancel = named(QPushButton("Cancel", bar), "cancel_summary_button")
        self._bar = named(QProgressBar(bar), "making_bar")
        self._bar.setAccessibleName("Making the summary")
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(4)
        row = QHBoxLayout()
        row.addWidget(self._pause)
        row.addWidget(self._cancel)
        row.addStretch(1)
        column = QVBoxLayout(bar)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._making_words)  # a line of its own: beside buttons it broke, and pushed the bar about
        column.addWidget(self._bar)
        column.addLayout(row)
        return bar

    def _connect(self) -> None:
        self.form.said.connect(self._say)
        self._reveal_timer.timeout.connect(self._reveal)
        self._pause.clicked.connect(self._on_pause)
        self._cancel.clicked.connect(self._on_cancel)
        self._copy.clicked.connect(self._on_copy)
        self._menu.form_chosen.connect(self.export_requested)

    # ---- what is shown

    @property
    def rows(self) -> Sequence[SentenceRow]:
        return tuple(self._rows)

    @property
    def title(self) -> str:
        names = [one.name for one in self._summary.documents] if self._summary else []
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        return f"Summary of {names[0]}{more}" if names else "Summary"

    @Slot()
    def show_nothing(self) -> None:
        self._summary = None
        self._clear()
        self._making.setVisible(False)
        self._coverage.setVisible(False)
        self._foot.setVisible(False)
        self.earlier.show_busy(False)
        self.form.allow(True)
        self._say("Each sentence of the summary will lead to the page it comes from.")

    @Slot(object, str)
    def show_earlier(self, items: Sequence[Item], current: str) -> None:
        self.earlier.show_entries([_entry(one) for one in items], current)

    @Slot()
    def show_begun(self) -> None:
        self.show_nothing()
        self._say("")
        self._making.setVisible(True)
        self._making_words.setText("Waiting for the model…")
        self._bar.setRange(0, 0)
        self.earlier.show_busy(True)
        focus = QApplication.focusWidget()
        had_focus = focus is not None and self.form.isAncestorOf(focus)
        self.form.allow(False)
        if had_focus:
            self._pause.setFocus()  # else it would go on to the next button by itself

    @Slot(str, int, int)
    def show_reading(self, words: str, done: int, total: int) -> None:
        """Show the progress of reading a folder's documents, before their summary begins; no words: hide it."""
        self._making.setVisible(bool(words))
        self._pause.setVisible(not words)
        self.form.allow(not words)
        self.form.allow_folder(not words)
        self._is_reading = bool(words)
        self._making_words.setText(words)
        self._bar.setRange(0, total)
        self._bar.setValue(done)

    @Slot(object, int, int, str)
    def show_growing(self, points: Sequence[Sentence], read: int, total: int, page_kind: str) -> None:
        """Show the first points, before they are checked and merged."""
        if self._summary is None:
            self._fill(points, page_kind, has_bullets=True)
            words = pages_read_words(read, total, page_kind)
            self._say(f"First points, {words}. They are checked and put together next.")

    @Slot(object)
    def show_job(self, event: JobChanged) -> None:
        self._is_paused = event.status is JobStatus.PAUSED
        is_ended = event.status.is_end
        self._making.setVisible(not is_ended)
        self.form.allow(is_ended)
        self._pause.setText("Go on" if self._is_paused else "Pause")
        if is_ended:
            if event.problem is not None and self._summary is None:
                self._say(event.problem.sentence)
            elif event.status is JobStatus.CANCELLED and self._summary is None:
                self._say("The summary was cancelled.")
            return
        left = f", {time_for_people(event.eta_s)} left" if event.eta_s else ""
        trouble = f" {event.problem.sentence}" if event.problem else ""
        if self._is_paused:
            self._making_words.setText(f"Paused.{trouble}")
        elif event.total:
            self._making_words.setText(f"Step {event.done} of {event.total}{left}")
        show_share(self._bar, event)

    @Slot(object)
    def show_summary(self, summary: Summary) -> None:
        self._summary = summary
        self._making.setVisible(False)
        self.earlier.show_busy(False)
        self.form.allow(True)
        self._say(summary.note)
        self._fill(_all_of(summary), summary.page_kinds, has_bullets=has_bullets(summary.kind, summary.sentences))
        self._coverage.setText(ledger_words(summary))
        self._coverage.setVisible(True)
        self._foot.setVisible(bool(summary.sentences))
        self._reveal_timer.start()

    @Slot()
    def _reveal(self) -> None:
        """In a low window, scroll to the summary: the form would fill the pane."""
        room = self.viewport().height() / self.fontMetrics().lineSpacing()
        if self._summary is not None and self._rows and room < LOW_LINES:
            self._column.activate()
            self.verticalScrollBar().setValue(self._rows[0].y() - theme.SPACE_8)

    def light(self, sentences: Sequence[Sentence]) -> None:
        """Highlight these sentences; the first is scrolled into view."""
        lit = [row for row in self._rows if row.sentence in sentences]
        for row in self._rows:
            row.show_lit(row in lit)
        if lit:
            self.ensureWidgetVisible(lit[0])

    # ---- events

    @Slot()
    def _on_pause(self) -> None:
        (self.resume_requested if self._is_paused else self.pause_requested).emit()

    @Slot()
    def _on_cancel(self) -> None:
        (self.folder_cancel_requested if self._is_reading else self.cancel_requested).emit()

    @Slot()
    def _on_copy(self) -> None:
        summary = self._summary
        if summary is not None:
            words = text_of(summary.kind, [self._filed(one) for one in summary.sentences], summary.page_kinds)
            QGuiApplication.clipboard().setText(f"{words}\n\n{ledger_words(summary)}")

    def _on_copy_one(self, sentence: Sentence) -> None:
        kind = self._summary.page_kinds if self._summary else "page"
        QGuiApplication.clipboard().setText(sentence_words(self._filed(sentence), kind))

    def _on_sentence(self, row: SentenceRow) -> None:
        self.light([row.sentence])
        self.sentence_chosen.emit(row.sentence)

    def _on_pointed_at(self, sentence: Sentence, is_there: bool) -> None:
        self.sentence_pointed_at.emit(sentence if is_there else None)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """A menu to translate all sentences; each row has its own menu."""
        if self._rows:
            words = "\n".join(row.sentence.text for row in self._rows)
            pop_up_words_menu(self, event.globalPos(), "Translate the summary", words)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up and Down move between the sentences."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched in self._rows:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            at = self._rows.index(watched) + step
            if step and 0 <= at < len(self._rows):
                self._rows[at].setFocus()
                self.ensureWidgetVisible(self._rows[at])
                return True
        return False

    # ---- private

    def _filed(self, sentence: Sentence) -> Sentence:
        """A sentence with the name of its file, even if there is only one."""
        summary = self._summary
        if sentence.file or summary is None or len(summary.documents) != 1:
            return sentence
        return replace(sentence, file=summary.documents[0].name)

    def _fill(self, sentences: Sequence[Sentence], kinds: PageKinds, *, has_bullets: bool) -> None:
        self._clear()
        group = ""
        for sentence in sentences:
            if sentence.group and sentence.group != group:
                group = sentence.group
                self._list.addWidget(plain_label(group, self, name="summary_group", kind="strong"))
            kind = kind_in(kinds, sentence.file or sentence.group)
            row = SentenceRow(sentence, kind, self, has_bullet=has_bullets)
            row.chosen.connect(partial(self._on_sentence, row))
            row.pointed_at.connect(partial(self._on_pointed_at, sentence))
            row.copy_requested.connect(partial(self._on_copy_one, sentence))
            row.installEventFilter(self)
            self._rows.append(row)
            self._list.addWidget(row)

    def _clear(self) -> None:
        self._rows = []
        empty_layout(self._list)

    @Slot(str)
    def _say(self, words: str) -> None:
        self._note.setText(words)
        self._note.setVisible(bool(words))


def _all_of(summary: Summary) -> list[Sentence]:
    """Of several documents, the joint sentences first, then those of each."""
    if len(summary.documents) < 2:
        return list(summary.sentences)
    together = [replace(one, group=f"{TOGETHER}: {one.group}" if one.group else TOGETHER) for one in summary.sentences]
    for document in summary.documents[:MOST_DOCUMENTS]:
        together += [replace(one, group=document.name, file="") for one in document.sentences]
    return together


def _entry(item: Item) -> Entry:
    """A summary's title and description for the list."""
    request = item.settings.get("wish")
    kind = str(request.get("kind")) if isinstance(request, dict) else ""
    length = f", {request['length']}" if isinstance(request, dict) and isinstance(request.get("length"), str) else ""
    like = next((words for one, words in KINDS if one.value == kind), "Summary")
    is_renamed = not item.title.startswith("Summary: ")
    is_joint = isinstance(request, dict) and len(request.get("documents") or ()) > 1
    words = item.title if is_renamed or is_joint else f"{like}{length}"
    return Entry(item.id, words, item.created, item.title)
