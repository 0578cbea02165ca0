"""The list of opened documents, latest first, below the list of folders."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QPoint, Qt, Signal, SignalInstance, Slot
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListView,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from slmdesk.core.records import DocumentRecord
from slmdesk.gui.base import theme
from slmdesk.gui.documents.library.rows import ID_ROLE, DocumentPainter, DocumentRows, FolderRows, HitRows
from slmdesk.gui.widgets.named import name_clear_button, named
from slmdesk.gui.widgets.text import plain_label
from slmdesk.services.documents.folder_types import CollectionState
from slmdesk.services.documents.search import TextHit

ACTIONS = (
    ("again", "Read it again"),
    ("translate", "Translate it"),
    ("folder", "Open its folder"),
    ("remove", "Take it off the list"),
)
FOLDER_ACTIONS = (("look", "Look again"), ("open", "Open the folder"), ("remove", "Take it off the list"))
MOST_FOLDERS_SHOWN = 5
"""At a time, above the documents; more are scrolled."""


class DocumentList(QFrame):
    """Folders, documents, and the hits of a search in all of them.

    Emits `open_requested`, `folder_requested`, `chosen` and `folder_chosen` with an id, `action_chosen` and
    `folder_action_chosen` with an id and an action, `search_requested` with words, `hit_chosen` with a TextHit.
    """

    open_requested = Signal()
    folder_requested = Signal()
    chosen = Signal(str)
    folder_chosen = Signal(str)
    action_chosen = Signal(str, str)
    folder_action_chosen = Signal(str, str)
    search_requested = Signal(str)
    hit_chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("document_list")
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        self._open = named(QPushButton("Open a document…", self), "open_document_button")
        self._open.setToolTip("Open documents or a folder (Ctrl+O); or drop them on the page")
        self._search = named(QLineEdit(self), "document_filter")
        self._search.setPlaceholderText("Search by name")
        self._search.setToolTip("Names are searched as you type; Enter searches the text of all documents and folders")
        self._search.setAccessibleName("Search the documents by name; Enter searches their text")
        self._search.setClearButtonEnabled(True)
        name_clear_button(self._search)
        self._rows, self._folders, self._hits = DocumentRows(self), FolderRows(self), HitRows(self)
        self._view = self._list_view("document_view", "Documents", self._rows)
        self._folder_view = self._list_view("folder_list", "Folders", self._folders)
        self._hit_view = self._list_view("hit_view", "Found in the text", self._hits)
        self._hit_view.setVisible(False)
        self._watch = named(QPushButton("Watch a folder\u2026", self), "watch_folder_button")
        self._watch.setProperty("kind", "quiet")
        self._watch.setToolTip("Read all documents of a folder, keep looking for new ones, and ask them as one")
        self._note = plain_label("", self, name="document_list_note", kind="muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_8, theme.SPACE_12, theme.SPACE_8, theme.SPACE_8)
        layout.setSpacing(theme.SPACE_8)
        layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetMinimumSize)  # large letters want a wider button
        layout.addWidget(self._open)
        layout.addWidget(self._watch)
        layout.addWidget(self._search)
        layout.addWidget(self._folder_view)
        layout.addWidget(self._note)
        layout.addWidget(self._view, 1)
        layout.addWidget(self._hit_view, 1)
        self._fit_folders()

    def _list_view(self, name: str, title: str, model: QAbstractItemModel) -> QListView:
        view = named(QListView(self), name)
        view.setAccessibleName(title)
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
        self._open.clicked.connect(self.open_requested)
        self._watch.clicked.connect(self.folder_requested)
        self._search.textChanged.connect(self._on_filter)
        self._search.returnPressed.connect(self._on_search)
        for view, received in (
            (self._folder_view, lambda index: self._notify(self.folder_chosen, index)),
            (self._hit_view, lambda index: self._notify(self.hit_chosen, index)),
        ):
            view.clicked.connect(received)
            view.activated.connect(received)
        self._folder_view.customContextMenuRequested.connect(self._on_folder_menu)
        self._view.clicked.connect(self._on_clicked)
        self._view.activated.connect(self._on_clicked)
        self._view.customContextMenuRequested.connect(self._on_menu)

    @Slot(object)
    def show_records(self, records: Sequence[DocumentRecord]) -> None:
        chosen = self._view.currentIndex().data(ID_ROLE)
        self._rows.show_records(records)
        self._tell_note()
        if chosen:
            self.show_chosen(str(chosen))

    def show_chosen(self, document: str) -> None:
        """Mark the shown document; '' for none."""
        row = self._rows.row_of(document)
        if row < 0:
            self._view.clearSelection()
            self._view.setCurrentIndex(QModelIndex())
        elif self._view.currentIndex().row() != row or not self._view.selectionModel().hasSelection():
            self._view.setCurrentIndex(self._rows.index(row))

    @Slot(object)
    def show_folders(self, states: Sequence[CollectionState]) -> None:
        chosen = self._folder_view.currentIndex().data(ID_ROLE)
        self._folders.show_states(states)
        self._fit_folders()
        if chosen:
            self.show_chosen_folder(str(chosen))

    def show_chosen_folder(self, id: str) -> None:
        """Mark the shown folder; '' for none."""
        row = self._folders.row_of(id) if id else -1
        if row < 0:
            self._folder_view.clearSelection()
            self._folder_view.setCurrentIndex(QModelIndex())
        else:
            self._folder_view.setCurrentIndex(self._folders.index(row))

    @Slot(object)
    def show_hits(self, hits: Sequence[TextHit]) -> None:
        self._hits.show_hits(hits)
        self._show_hit_list(True)
        self._note.setText("" if hits else "These words stand in no document.")
        self._note.setVisible(not hits)

    @Slot(str)
    def _on_filter(self, words: str) -> None:
        self._show_hit_list(False)
        self._rows.filter_by(words)
        self._tell_note()

    @Slot()
    def _on_search(self) -> None:
        if words := self._search.text().strip():
            self.search_requested.emit(words)

    def _show_hit_list(self, is_shown: bool) -> None:
        self._hit_view.setVisible(is_shown)
        self._view.setVisible(not is_shown)

    @staticmethod
    def _notify(signal: SignalInstance, index: QModelIndex) -> None:
        chosen = index.data(ID_ROLE)
        if chosen:
            signal.emit(chosen)

    def _fit_folders(self) -> None:
        """Make the list of folders as high as its rows, up to a limit."""
        count = self._folders.rowCount()
        height = max(self._folder_view.sizeHintForRow(0), 0) if count else 0
        self._folder_view.setFixedHeight(min(count, MOST_FOLDERS_SHOWN) * height + 2)
        self._folder_view.setVisible(count > 0)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_folders"):
            self._fit_folders()

    def _tell_note(self) -> None:
        words = ""
        if not self._rows.total:
            words = "No document was opened yet."
        elif not self._rows.rowCount():
            words = "No document has that name."
        self._note.setText(words)
        self._note.setVisible(bool(words))

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        if document := index.data(ID_ROLE):
            self.chosen.emit(str(document))

    @Slot(QPoint)
    def _on_menu(self, point: QPoint) -> None:
        self._pop_up(self._view, point, "document", ACTIONS, self.action_chosen)

    @Slot(QPoint)
    def _on_folder_menu(self, point: QPoint) -> None:
        self._pop_up(self._folder_view, point, "folder", FOLDER_ACTIONS, self.folder_action_chosen)

    def _pop_up(
        self, view: QListView, point: QPoint, name: str, actions: Sequence[tuple[str, str]], reported: SignalInstance
    ) -> None:
        id = view.indexAt(point).data(ID_ROLE)
        if not id:
            return
        menu = named(QMenu(self), f"{name}_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for key, words in actions:
            action = named(QAction(words, menu), f"{name}_{key}")
            action.triggered.connect(lambda _checked=False, chosen=key: reported.emit(str(id), chosen))
            menu.addAction(action)
        menu.popup(view.viewport().mapToGlobal(point))

    def eventFilter(self, watched: object, event: object) -> bool:
        """Delete removes the current row from the list."""
        if not isinstance(event, QKeyEvent) or event.type() != QKeyEvent.Type.KeyPress:
            return False
        for view, reported in ((self._view, self.action_chosen), (self._folder_view, self.folder_action_chosen)):
            id = view.currentIndex().data(ID_ROLE) if watched is view else None
            if event.key() == Qt.Key.Key_Delete and id:
                reported.emit(str(id), "remove")
                return True
        return False
