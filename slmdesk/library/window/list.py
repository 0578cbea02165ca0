"""The list of opened documents, latest first, below the list of folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QMenu, QVBoxLayout, QWidget

from slmdesk.base.records import DocumentRecord
from slmdesk.library.folder_types import CollectionState
from slmdesk.library.search import TextHit
from slmdesk.library.window.controller import DocumentsController
from slmdesk.library.window.folders_controller import FoldersController
from slmdesk.library.window.rows import ID_ROLE, DocumentPainter, DocumentRows, FolderRows, HitRows
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import CLEAR, button, column, text_line
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.text import plain_label, show_words

ACTIONS = (
    ("again", "Read it again"),
    ("translate", "Translate it"),
    ("redact", "Give out redacted\u2026"),
    ("folder", "Open its folder"),
    ("remove", "Take it off the list"),
)
FOLDER_ACTIONS = (("look", "Look again"), ("open", "Open the folder"), ("remove", "Take it off the list"))
MOST_FOLDERS_SHOWN = 5
ActionChosen = Callable[[str, str], object]
"""Gets an id and an action."""


class DocumentList(QFrame):
    open_requested = Signal()
    folder_requested = Signal()
    action_chosen = Signal(str, str)
    hit_chosen = Signal(object)

    def __init__(self, controller: DocumentsController, folders: FoldersController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("document_list")
        self._controller, self._folder_controller = controller, folders
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        tip = "Open documents or a folder, or drop them on the page"
        opening = button("Open a document…", "open_document_button", self, tip=tip, shortcut="documents.open")
        opening.clicked.connect(self.open_requested)
        label = "Search the documents by name; Enter searches their text"
        tip = "Names are searched as you type; Enter searches the text of all documents and folders"
        self._search = text_line("document_filter", self, "Search by name", label=label, tip=tip, clears=CLEAR)
        self._rows, self._folders, self._hits = DocumentRows(self), FolderRows(self), HitRows(self)
        self._view = self._list_view("document_view", "Documents", self._rows)
        self._folder_view = self._list_view("folder_list", "Folders", self._folders)
        self._hit_view = self._list_view("hit_view", "Found in the text", self._hits)
        self._hit_view.setVisible(False)
        tip = "Read all documents of a folder, keep looking for new ones, and ask them as one"
        watching = button("Watch a folder\u2026", "watch_folder_button", self, kind="quiet", tip=tip)
        watching.clicked.connect(self.folder_requested)
        self._note = plain_label("", self, name="document_list_note", kind="muted")
        parts = (opening, watching, self._search, self._folder_view, self._note, (self._view, 1), (self._hit_view, 1))
        margins = (theme.SPACE_8, theme.SPACE_12, theme.SPACE_8, theme.SPACE_8)
        layout = column(*parts, into=self, gap=theme.SPACE_8, margins=margins)
        layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetMinimumSize)  # large letters want a wider button
        self._fit_folders()

    def _list_view(self, name: str, title: str, model: QAbstractItemModel) -> QListView:
        view = named(QListView(self), name, label=title)
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setMouseTracking(True)
        view.setUniformItemSizes(True)
        view.setModel(model)
        view.setItemDelegate(DocumentPainter(view))
        view.installEventFilter(self)
        return view

    def _connect(self) -> None:
        self._controller.listed.connect(self.show_records)
        self._controller.hits_found.connect(self.show_hits)
        self._folder_controller.listed.connect(self.show_folders)
        self._search.textChanged.connect(self._on_filter)
        self._search.returnPressed.connect(self._on_search)
        for view, chosen in (
            (self._view, self._controller.choose),
            (self._folder_view, self._folder_controller.choose),
            (self._hit_view, self.hit_chosen.emit),
        ):
            view.clicked.connect(partial(_report, chosen))
            view.activated.connect(partial(_report, chosen))
        self._folder_view.customContextMenuRequested.connect(self._on_folder_menu)
        self._view.customContextMenuRequested.connect(self._on_menu)

    def show_records(self, records: Sequence[DocumentRecord]) -> None:
        chosen = self._view.currentIndex().data(ID_ROLE)
        self._rows.show_records(records)
        self._show_note()
        if chosen:
            self.show_chosen(str(chosen))

    def show_chosen(self, document: str) -> None:
        row = self._rows.row_of(document)
        if row < 0:
            self._view.clearSelection()
            self._view.setCurrentIndex(QModelIndex())
        elif self._view.currentIndex().row() != row or not self._view.selectionModel().hasSelection():
            self._view.setCurrentIndex(self._rows.index(row))

    def show_folders(self, states: Sequence[CollectionState]) -> None:
        chosen = self._folder_view.currentIndex().data(ID_ROLE)
        self._folders.show(states)
        self._fit_folders()
        if chosen:
            self.show_chosen_folder(str(chosen))

    def show_chosen_folder(self, id: str) -> None:
        row = self._folders.row_of(id) if id else -1
        if row < 0:
            self._folder_view.clearSelection()
            self._folder_view.setCurrentIndex(QModelIndex())
        else:
            self._folder_view.setCurrentIndex(self._folders.index(row))

    def show_hits(self, hits: Sequence[TextHit]) -> None:
        self._hits.show(hits)
        self._show_hit_list(True)
        self._note.setText("" if hits else "These words stand in no document.")
        self._note.setVisible(not hits)

    def _on_filter(self, words: str) -> None:
        self._show_hit_list(False)
        self._rows.filter_by(words)
        self._show_note()

    def _on_search(self) -> None:
        if words := self._search.text().strip():
            self._controller.search(words)

    def _show_hit_list(self, is_shown: bool) -> None:
        self._hit_view.setVisible(is_shown)
        self._view.setVisible(not is_shown)

    def _fit_folders(self) -> None:
        count = self._folders.rowCount()
        height = max(self._folder_view.sizeHintForRow(0), 0) if count else 0
        self._folder_view.setFixedHeight(min(count, MOST_FOLDERS_SHOWN) * height + 2)
        self._folder_view.setVisible(count > 0)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_folders"):
            self._fit_folders()

    def _show_note(self) -> None:
        words = ""
        if not self._rows.total:
            words = "No document was opened yet."
        elif not self._rows.rowCount():
            words = "No document has that name."
        show_words(self._note, words)

    def _on_menu(self, point: QPoint) -> None:
        self._pop_up(self._view, point, "document", ACTIONS, self.action_chosen.emit)

    def _on_folder_menu(self, point: QPoint) -> None:
        self._pop_up(self._folder_view, point, "folder", FOLDER_ACTIONS, self._folder_controller.act)

    def _pop_up(
        self, view: QListView, point: QPoint, name: str, actions: Sequence[tuple[str, str]], chosen: ActionChosen
    ) -> None:
        id = view.indexAt(point).data(ID_ROLE)
        if not id:
            return
        menu = passing(QMenu(self), f"{name}_menu")
        for key, words in actions:
            menu.addAction(words, partial(chosen, str(id), key)).setObjectName(f"{name}_{key}")
        menu.popup(view.viewport().mapToGlobal(point))

    def eventFilter(self, watched: object, event: object) -> bool:
        if not isinstance(event, QKeyEvent) or event.type() != QKeyEvent.Type.KeyPress:
            return False
        for view, chosen in (
            (self._view, self.action_chosen.emit),
            (self._folder_view, self._folder_controller.act),
        ):
            id = view.currentIndex().data(ID_ROLE) if watched is view else None
            if event.key() == Qt.Key.Key_Delete and id:
                chosen(str(id), "remove")
                return True
        return False


def _report(chosen: Callable[[Any], object], index: QModelIndex) -> None:
    if (found := index.data(ID_ROLE)) is not None:
        chosen(found)
