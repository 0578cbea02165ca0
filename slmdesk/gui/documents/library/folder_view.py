"""A folder: its state, its documents, what could not be read and why, and questions to it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QProgressBar,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from slmdesk.core.records import DocumentRecord, DocumentStatus
from slmdesk.gui.base import theme
from slmdesk.gui.documents.library.rows import ID_ROLE, DocumentPainter, DocumentRows
from slmdesk.gui.documents.questions.pane import QuestionPane
from slmdesk.gui.widgets.check_box import CheckBox
from slmdesk.gui.widgets.named import name_clear_button, named
from slmdesk.gui.widgets.text import ElidedLabel, breakable, plain_label
from slmdesk.services.base.messages import time_for_people
from slmdesk.services.documents.document_info import info_of
from slmdesk.services.documents.folder_types import CollectionState, CollectionStatus, LeftOut, folder_of
from slmdesk.services.documents.labels import counted_documents, folder_words

MOST_REASONS = 6
"""Files that could not be read and are named with their reasons; the list marks all of them."""
NARROW_LINES = 34
GO_ON = (CollectionStatus.PAUSED, CollectionStatus.STOPPED)


class FolderView(QFrame):
    """A folder of documents.

    Emits `document_chosen` with an id, `look_requested`, `pause_requested`, `watched_changed`.
    """

    document_chosen = Signal(str)
    look_requested = Signal()
    pause_requested = Signal()
    watched_changed = Signal(bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("folder_view")
        self._state: CollectionState | None = None
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        self._split = named(QSplitter(Qt.Orientation.Horizontal, self), "folder_splitter")
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(1)
        self._left = self._overview()
        self._split.addWidget(self._left)
        self.questions = QuestionPane(self._split, about="folder")
        self._split.addWidget(self.questions)
        self._split.setStretchFactor(0, 1)
        self._split.setSizes([520, 400])
        self._chips = self._chip_row()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._chips)
        column.addWidget(self._split, 1)

    def _chip_row(self) -> QFrame:
        """The buttons that choose between documents and questions where there is room for one only."""
        holder = named(QFrame(self), "folder_chips")
        row = QHBoxLayout(holder)
        row.setContentsMargins(theme.SPACE_16, theme.SPACE_8, theme.SPACE_12, 0)
        self._chip_documents, self._chip_questions = (
            named(QPushButton(words, holder), f"folder_{words.lower()}_chip") for words in ("Documents", "Questions")
        )
        for chip in (self._chip_documents, self._chip_questions):
            chip.setProperty("kind", "chip")
            chip.setCheckable(True)
            chip.setAutoExclusive(True)
            chip.clicked.connect(self._settle)
            row.addWidget(chip)
        row.addStretch(1)
        self._chip_documents.setChecked(True)
        return holder

    def _overview(self) -> QWidget:
        holder = named(QFrame(self._split), "folder_overview")
        self._title = ElidedLabel(holder, name="folder_title")
        self._title.setProperty("kind", "heading")
        self._place = ElidedLabel(holder, name="folder_place")
        self._place.setProperty("kind", "small")
        self._said = plain_label("", holder, name="folder_words")
        self._more = plain_label("", holder, name="folder_more", kind="small")
        self._progress = named(QProgressBar(holder), "folder_progress")
        self._progress.setAccessibleName("Reading the folder")
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(4)
        self._watched = CheckBox("Watch this folder", holder)
        self._watched.setObjectName("folder_watched")
        self._watched.setToolTip("Look for new, changed and deleted documents by itself while slmdesk is open")
        self._pause = named(QPushButton("Pause", holder), "folder_pause_button")
        self._pause.setAccessibleName("Pause reading the folder")
        self._look = named(QPushButton("Look again", holder), "folder_look_button")
        self._look.setToolTip("See now what is new, changed or gone")
        self._unread = plain_label("", holder, name="folder_unread", kind="warn")
        self._unread.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = QVBoxLayout(holder)
        column.setContentsMargins(theme.SPACE_16, theme.SPACE_16, theme.SPACE_12, theme.SPACE_8)
        column.setSpacing(theme.SPACE_8)
        for one in (self._title, self._place, self._said, self._progress, self._more):
            column.addWidget(one)
        buttons = QHBoxLayout()
        buttons.addWidget(self._look)
        buttons.addWidget(self._pause)
        buttons.addStretch(1)
        column.addLayout(buttons)
        column.addWidget(self._watched)
        column.addWidget(self._unread)
        self._add_list(holder, column)
        return holder

    def _add_list(self, holder: QWidget, column: QVBoxLayout) -> None:
        self._filter = named(QLineEdit(holder), "folder_filter")
        self._filter.setPlaceholderText("Search its documents by name")
        self._filter.setAccessibleName("Search the documents of the folder by name")
        self._filter.setClearButtonEnabled(True)
        name_clear_button(self._filter)
        self._view = named(QListView(holder), "folder_documents")
        self._view.setAccessibleName("Documents of the folder")
        self._view.setFrameShape(QFrame.Shape.NoFrame)
        self._view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._view.setMouseTracking(True)
        self._view.setUniformItemSizes(True)
        self._rows = DocumentRows(holder, by_name=True)
        self._view.setModel(self._rows)
        self._view.setItemDelegate(DocumentPainter(self._view))
        column.addWidget(self._filter)
        column.addWidget(self._view, 1)

    def _connect(self) -> None:
        self._filter.textChanged.connect(self._rows.filter_by)
        self._view.clicked.connect(self._on_chosen)
        self._view.activated.connect(self._on_chosen)
        self._look.clicked.connect(self.look_requested)
        self._pause.clicked.connect(self.pause_requested)
        self._watched.clicked.connect(self.watched_changed)

    # ---- what is shown

    def show_state(self, state: CollectionState) -> None:
        """Show the state of a folder; the list of another folder is empty at first."""
        if self._state is None or self._state.record.id != state.record.id:
            self._filter.clear()
            self._rows.show_records([])
            self._unread.setVisible(False)
        self._state = state
        self._title.set_full_text(state.record.name)
        self._place.set_full_text(str(folder_of(state.record)))
        is_reading = state.status is CollectionStatus.INDEXING
        self._said.setText(breakable(_sentence_of(state)))
        self._progress.setVisible(is_reading or state.status is CollectionStatus.LOOKING)
        self._progress.setRange(0, state.total if is_reading else 0)
        self._progress.setValue(state.done)
        self._more.setText(_more_of(state))
        self._more.setVisible(bool(self._more.text()))
        self._pause.setVisible(is_reading)
        self._look.setVisible(not is_reading)
        self._look.setText("Go on" if state.status in GO_ON else "Look again")
        self._watched.setChecked(state.record.watched)
        self.questions.setEnabled(state.documents > 0)

    @Slot(object, object)
    def show_contents(self, records: Sequence[DocumentRecord], left: Sequence[LeftOut]) -> None:
        """Show its documents, and those that were not read."""
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

    @Slot(QModelIndex)
    def _on_chosen(self, index: QModelIndex) -> None:
        if document := index.data(ID_ROLE):
            self.document_chosen.emit(str(document))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._settle()

    @Slot()
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
