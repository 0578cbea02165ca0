"""A folder: its state, its documents, what could not be read and why, and questions to it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QWidget,
)

from slmdesk.base.records import DocumentRecord, DocumentStatus
from slmdesk.library.document_info import info_of
from slmdesk.library.folder_types import CollectionState, CollectionStatus, SkippedDocument, folder_of
from slmdesk.library.labels import counted_documents, folder_words
from slmdesk.library.window.controller import DocumentsController
from slmdesk.library.window.folders_controller import FoldersController
from slmdesk.library.window.rows import ID_ROLE, DocumentPainter, DocumentRows
from slmdesk.questions.window.controller import QuestionController
from slmdesk.questions.window.pane import QuestionPane
from slmdesk.runtime.messages import time_for_people
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import CLEAR, button, column, row, split, text_line
from slmdesk.window.widgets.check_box import CheckBox
from slmdesk.window.widgets.job_bar import thin_bar
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import ElidedLabel, breakable, plain_label, show_words

MOST_REASONS = 6
"""Files that could not be read and are named with their reasons; the list marks all of them."""
NARROW_LINES = 34
GO_ON = (CollectionStatus.PAUSED, CollectionStatus.STOPPED)


class FolderView(QFrame):
    def __init__(
        self, documents: DocumentsController, folders: FoldersController, questions: QuestionController, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setObjectName("folder_view")
        self._documents, self._folders = documents, folders
        self._state: CollectionState | None = None
        self._build_ui(questions)
        self._connect()

    def _build_ui(self, questions: QuestionController) -> None:
        self._left = self._overview()
        self.questions = QuestionPane(questions, self, about="folder")
        self._split = split("folder_splitter", self, self._left, self.questions, sizes=(520, 400), grows=0)
        self._chips = self._chip_row()
        column(self._chips, (self._split, 1), into=self, gap=0)

    def _chip_row(self) -> QFrame:
        holder = named(QFrame(self), "folder_chips")
        self._chip_documents, self._chip_questions = (
            button(words, f"folder_{words.lower()}_chip", holder, kind="chip", on=self._settle)
            for words in ("Documents", "Questions")
        )
        for chip in (self._chip_documents, self._chip_questions):
            chip.setCheckable(True)
            chip.setAutoExclusive(True)
        margins = (theme.SPACE_16, theme.SPACE_8, theme.SPACE_12, 0)
        row(self._chip_documents, self._chip_questions, 1, into=holder, margins=margins)
        self._chip_documents.setChecked(True)
        return holder

    def _overview(self) -> QWidget:
        holder = named(QFrame(self), "folder_overview")
        self._title = ElidedLabel(holder, name="folder_title", kind="heading")
        self._place = ElidedLabel(holder, name="folder_place", kind="small")
        self._sentence = plain_label("", holder, name="folder_words")
        self._more = plain_label("", holder, name="folder_more", kind="small")
        self._progress = thin_bar("folder_progress", holder, "Reading the folder")
        tip = "Look for new, changed and deleted documents by itself while slmdesk is open"
        self._watched = named(CheckBox("Watch this folder", holder), "folder_watched", tip=tip)
        label, tip = "Pause reading the folder", "See now what is new, changed or gone"
        self._pause = button("Pause", "folder_pause_button", holder, label=label, on=self._folders.pause)
        self._look = button("Look again", "folder_look_button", holder, tip=tip, on=self._folders.look_again)
        self._unread = plain_label("", holder, name="folder_unread", kind="warn")
        self._unread.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._build_list(holder)
        column(
            self._title,
            self._place,
            self._sentence,
            self._progress,
            self._more,
            row(self._look, self._pause, 1),
            self._watched,
            self._unread,
            self._filter,
            (self._view, 1),
            into=holder,
            gap=theme.SPACE_8,
            margins=(theme.SPACE_16, theme.SPACE_16, theme.SPACE_12, theme.SPACE_8),
        )
        return holder

    def _build_list(self, holder: QWidget) -> None:
        hint, label = "Search its documents by name", "Search the documents of the folder by name"
        self._filter = text_line("folder_filter", holder, hint, label=label, clears=CLEAR)
        self._view = named(QListView(holder), "folder_documents", label="Documents of the folder")
        self._view.setFrameShape(QFrame.Shape.NoFrame)
        self._view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._view.setMouseTracking(True)
        self._view.setUniformItemSizes(True)
        self._rows = DocumentRows(holder, by_name=True)
        self._view.setModel(self._rows)
        self._view.setItemDelegate(DocumentPainter(self._view))

    def _connect(self) -> None:
        self._filter.textChanged.connect(self._rows.filter_by)
        self._view.clicked.connect(self._on_chosen)
        self._view.activated.connect(self._on_chosen)
        self._watched.clicked.connect(self._folders.set_watched)
        self._folders.contents_received.connect(self.show_contents)

    # ---- what is shown

    def show_state(self, state: CollectionState) -> None:
        if self._state is None or self._state.record.id != state.record.id:
            self._filter.clear()
            self._rows.show_records([])
            self._unread.setVisible(False)
        self._state = state
        self._title.set_full_text(state.record.name)
        self._place.set_full_text(str(folder_of(state.record)))
        is_reading = state.status is CollectionStatus.INDEXING
        self._sentence.setText(breakable(_sentence_of(state)))
        self._progress.setVisible(is_reading or state.status is CollectionStatus.LOOKING)
        self._progress.setRange(0, state.total if is_reading else 0)
        self._progress.setValue(state.done)
        show_words(self._more, _more_of(state))
        self._pause.setVisible(is_reading)
        self._look.setVisible(not is_reading)
        self._look.setText("Go on" if state.status in GO_ON else "Look again")
        self._watched.setChecked(state.record.watched)
        self.questions.setEnabled(state.documents > 0)

    def show_contents(self, records: Sequence[DocumentRecord], left: Sequence[SkippedDocument]) -> None:
        self._rows.show_records(records)
        read = [one for one in records if one.status is DocumentStatus.READ]
        kinds = {one.id: info_of(one).page_kind.value for one in read}
        self.questions.name_documents({one.id: one.name for one in read}, kinds)
        lines = [one.sentence for one in left[:MOST_REASONS]]
        if len(left) > MOST_REASONS:
            lines.append(f"And {len(left) - MOST_REASONS:,} more.")
        self._unread.setText(breakable("\n".join(["Not read:", *lines])) if lines else "")
        self._unread.setVisible(bool(lines))

    # ---- events

    def _on_chosen(self, index: QModelIndex) -> None:
        if document := index.data(ID_ROLE):
            self._documents.show_document(str(document))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._settle()

    def _settle(self) -> None:
        is_wide = self.width() >= NARROW_LINES * self.fontMetrics().lineSpacing()
        self._chips.setVisible(not is_wide)
        self._left.setVisible(is_wide or self._chip_documents.isChecked())
        self.questions.setVisible(is_wide or self._chip_questions.isChecked())


def _sentence_of(state: CollectionState) -> str:
    if state.status is CollectionStatus.CURRENT:
        if not state.documents:
            return "There is no document in it that could be read."
        return f"{counted_documents(state.documents)} with {state.pages:,} pages can be asked."
    words = folder_words(state)
    if state.status is CollectionStatus.INDEXING and state.eta_s:
        words = f"{words}, {time_for_people(state.eta_s)} left"
    return f"{words[:1].upper()}{words[1:]}."


def _more_of(state: CollectionState) -> str:
    words: list[str] = []
    if state.looked is not None:
        words.append(f"Last looked at {time.strftime('%H:%M', time.localtime(state.looked))}.")
    if state.gone:
        words.append(f"{counted_documents(state.gone)} forgotten, since the files are gone.")
    if state.later:
        words.append(f"{state.later:,} being written, or open elsewhere: read when that is over.")
    return "  ".join(words)
