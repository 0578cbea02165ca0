"""A watched folder beside the list: its documents, and questions to them all."""

from __future__ import annotations

import time

from PySide6.QtCore import (
    QModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QWidget,
)

from slmdesk.base.runtime.messages import time_for_people
from slmdesk.base.texts import _
from slmdesk.base.types import counted_pages
from slmdesk.documents.types import (
    CollectionState,
    CollectionStatus,
    counted_documents,
    folder_of,
    folder_words,
)
from slmdesk.ui.documents.controller import DocumentsController, FoldersController
from slmdesk.ui.documents.document_rows import ID_ROLE, READ, DocumentRows, RowsView
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.widgets.bars import thin_bar
from slmdesk.ui.kit.widgets.build import (
    CLEAR,
    CheckBox,
    ElidedLabel,
    breakable,
    button,
    column,
    named,
    plain_label,
    row,
    show_words,
    split,
    text_line,
    tool_button,
)
from slmdesk.ui.kit.widgets.parts import Segments

MOST_REASONS = 6
"""Most unreadable files that are named with their reasons. The list marks all of them."""
NARROW_LINES = 34
GO_ON = (CollectionStatus.PAUSED, CollectionStatus.STOPPED)


class FolderView(QFrame):
    table_requested = Signal(object)
    """Ids of the documents that were read; those that the search hides are not taken."""
    deadlines_requested = Signal()

    def __init__(
        self, documents: DocumentsController, folders: FoldersController, questions: QWidget, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setObjectName("folder_view")
        self._documents, self._folders = documents, folders
        self._state: CollectionState | None = None
        self._build_ui(questions)
        self._connect()

    def _build_ui(self, questions: QWidget) -> None:
        self.questions = questions
        self._left, self._right = self._overview(), questions
        self._split = split("folder_splitter", self, self._left, self._right, sizes=(520, 400), grows=0)
        self._tabs = Segments(self, "folder_tabs", label=_("What is shown of the folder"))
        for words in (_("Documents"), _("Questions")):
            self._tabs.addTab(words)
        self._tabs.currentChanged.connect(self._settle)
        self._head = named(QWidget(self), "folder_head")
        row(self._tabs, 1, into=self._head, margins=(theme.SPACE_24, theme.SPACE_12, theme.SPACE_12, 0))
        column(self._head, (self._split, 1), into=self, gap=0)

    def _overview(self) -> QWidget:
        holder = named(QFrame(self), "folder_overview")
        self._title = ElidedLabel(holder, name="folder_title", kind="heading")
        tip = _("Open a document, or another one of the list")
        self.opening = tool_button("folder_open_button", holder, _("Open"), icon="folder-open", tip=tip)
        self._place = ElidedLabel(holder, name="folder_place", kind="small")
        self._sentence = plain_label("", holder, name="folder_words")
        self._more = plain_label("", holder, name="folder_more", kind="small")
        self._progress = thin_bar("folder_progress", holder, _("Reading the folder"))
        tip = _("Look for new, changed and deleted documents while slmdesk is open")
        self._watched = named(CheckBox(_("Watch this folder"), holder), "folder_watched", tip=tip)
        label, tip = _("Pause reading the folder"), _("See now what is new, changed or gone")
        self._pause = button(_("Pause"), "folder_pause_button", holder, label=label, on=self._folders.pause)
        self._look = button(_("Look again"), "folder_look_button", holder, tip=tip, on=self._folders.look_again)
        self._table = button(_("Table"), "folder_table_button", holder, icon="table", on=self._on_table)
        self._deadlines = button(
            _("Deadlines"), "folder_deadlines_button", holder, icon="calendar", on=self.deadlines_requested
        )
        self._unread = plain_label("", holder, name="folder_unread", kind="warn")
        self._unread.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._build_list(holder)
        column(
            row((self._title, 1), self.opening),
            self._place,
            self._sentence,
            self._progress,
            self._more,
            row(self._table, self._deadlines, self._look, self._pause, self._watched, 1, gap=theme.SPACE_8),
            self._unread,
            self._filter,
            (self._view, 1),
            into=holder,
            gap=theme.SPACE_8,
            margins=(theme.SPACE_24, theme.SPACE_16, theme.SPACE_12, theme.SPACE_8),
        )
        return holder

    def _build_list(self, holder: QWidget) -> None:
        hint, label = _("Search by name"), _("Search the documents of the folder by name")
        self._filter = text_line("folder_filter", holder, hint, label=label, clears=CLEAR)
        self._rows = DocumentRows(holder, by_name=True)
        self._view = RowsView(holder, "folder_documents", _("Documents of the folder"), self._rows)

    def _connect(self) -> None:
        self._filter.textChanged.connect(self._rows.filter_by)
        self._view.clicked.connect(self._on_chosen)
        self._view.activated.connect(self._on_chosen)
        self._watched.clicked.connect(self._folders.set_watched)
        self._folders.contents.changed.connect(self.show_contents)

    def show_state(self, state: CollectionState) -> None:
        if self._state is None or self._state.record.id != state.record.id:
            self._filter.clear()
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
        self._look.setText(_("Go on") if state.status in GO_ON else _("Look again"))
        self._watched.setChecked(state.record.watched)
        for part in (self._right, self._table, self._deadlines):
            part.setEnabled(state.documents > 0)

    def show_contents(self) -> None:
        records, left = self._folders.contents.value
        self._rows.show_records(records)
        lines = [document.sentence for document in left[:MOST_REASONS]]
        if len(left) > MOST_REASONS:
            lines.append(_("And {count:,} more.").format(count=len(left) - MOST_REASONS))
        show_words(self._unread, breakable("\n".join([_("Not read:"), *lines])) if lines else "")

    def _on_table(self) -> None:
        self.table_requested.emit([record.id for record in self._rows.shown if record.status is READ])

    def _on_chosen(self, index: QModelIndex) -> None:
        if document := index.data(ID_ROLE):
            self._documents.show_document(str(document))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._settle()

    def _settle(self, *_tab: object) -> None:
        is_wide = self.width() >= NARROW_LINES * self.fontMetrics().lineSpacing()
        self._head.setVisible(not is_wide)
        self._left.setVisible(is_wide or self._tabs.currentIndex() == 0)
        self._right.setVisible(is_wide or self._tabs.currentIndex() == 1)


def _sentence_of(state: CollectionState) -> str:
    if state.status is CollectionStatus.CURRENT:
        if state.later and not state.documents:
            return _("None of its documents has been read yet.")
        if not state.documents:
            return _("There is no document in it that could be read.")
        words = _("{counted_documents} with {pages} can be asked.")
        pages = counted_pages(state.pages, "page")
        return words.format(counted_documents=counted_documents(state.documents), pages=pages)
    words = folder_words(state)
    if state.status is CollectionStatus.INDEXING and state.eta_s:
        words = _("{words}, {time} left").format(words=words, time=time_for_people(state.eta_s))
    return f"{words[:1].upper()}{words[1:]}."


def _more_of(state: CollectionState) -> str:
    words: list[str] = []
    if state.looked is not None:
        at = time.strftime("%H:%M", time.localtime(state.looked))
        words.append(_("Last looked at {strftime}.").format(strftime=at))
    if state.gone:
        gone = _("{counted_documents} forgotten, since the files are gone.")
        words.append(gone.format(counted_documents=counted_documents(state.gone)))
    if state.later:
        words.append(_("{later:,} being written, or open elsewhere: read when that is over.").format(later=state.later))
    return "  ".join(words)
