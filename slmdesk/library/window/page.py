"""The page of documents: the list, and beside it the shown document or folder.  Widgets only."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, Qt, QUrl, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QStackedWidget, QVBoxLayout, QWidget

from slmdesk.base.formats import FORMATS
from slmdesk.base.records import DocumentRecord
from slmdesk.library.folder_types import CollectionState
from slmdesk.library.window.controller import DocumentsController
from slmdesk.library.window.folder_view import FolderView
from slmdesk.library.window.folders_controller import FoldersController
from slmdesk.library.window.list import DocumentList
from slmdesk.library.window.viewer.document_view import DocumentView
from slmdesk.questions.window.controller import QuestionController
from slmdesk.window.base import theme
from slmdesk.window.base.shortcuts import bind
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.widgets.build import button, row, split
from slmdesk.window.widgets.file_dialogs import ask_files, document_folder
from slmdesk.window.widgets.file_drop import FileDrop
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.outside import open_outside
from slmdesk.window.widgets.password import ask_password
from slmdesk.window.widgets.shares import admit
from slmdesk.window.widgets.text import plain_label

EMPTY_WORDS = (
    ("title", "heading", "Drop a document here, or a folder of them"),
    ("promise", "", "It is read on this PC, page by page. Nothing of it leaves this PC, and the file is not changed."),
    ("formats", "small", ", ".join(one.name for one in FORMATS)),
)
"""Name, kind and text of the labels that are shown while no document is."""


class DocumentsPage(QWidget):
    layout_changed = Signal()
    redaction_requested = Signal(object)

    def __init__(
        self,
        controller: DocumentsController,
        folders: FoldersController,
        folder_questions: QuestionController,
        keeper: ThemeKeeper,
    ) -> None:
        super().__init__()
        self.setObjectName("documents_page")
        FileDrop(self, controller.open_paths, entered=controller.make_ready)
        self._controller, self._folders = controller, folders
        self.documents = DocumentList(controller, folders, self)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self._empty())
        self.document = DocumentView(controller, keeper, self)
        self.view, self.side = self.document.view, self.document.side
        self.folder = FolderView(controller, folders, folder_questions, self)
        self._stack.addWidget(self.document)
        self._stack.addWidget(self.folder)
        self._split = split("documents_splitter", self, self.documents, self._stack, sizes=(230, 800))
        row(self._split, into=self)
        self._connect()
        self._on_shown(None)

    def _empty(self) -> QWidget:
        holder = named(QFrame(self), "documents_empty")
        layout = QVBoxLayout(holder)
        layout.setSpacing(theme.SPACE_12)
        layout.addStretch(2)
        for name, kind, text in EMPTY_WORDS:
            label = plain_label(text, holder, name=f"empty_documents_{name}", kind=kind)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setMaximumWidth(theme.COLUMN_WIDTH)
            layout.addLayout(row(1, (label, 1000), 1))
        opening = button("Open a document…", "empty_open_button", holder, kind="primary", on=self._on_open)
        layout.addWidget(opening, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)
        return holder

    def _connect(self) -> None:
        self._controller.shown.connect(self._on_shown)
        self._controller.password_requested.connect(self._on_password_requested)
        self.documents.open_requested.connect(self._on_open)
        self.documents.folder_requested.connect(self._on_open_folder)
        self.documents.action_chosen.connect(self._on_action)
        self.document.layout_changed.connect(self.layout_changed)
        self._split.splitterMoved.connect(lambda *_: self.layout_changed.emit())
        bind(self, "documents.open", self._on_open)
        bind(self, "documents.find", self.document.find_bar.begin)
        bind(self, "documents.larger", self.view.zoom_in)
        bind(self, "documents.smaller", self.view.zoom_out)
        bind(self, "documents.usual", lambda: self.view.set_zoom(100))

    def show_folder(self, state: CollectionState | None) -> None:
        if state is not None:
            self.folder.show_state(state)
            self._stack.setCurrentWidget(self.folder)
            self.documents.show_chosen("")
        elif self._stack.currentWidget() is self.folder:
            self._stack.setCurrentIndex(1 if self._controller.current else 0)
        self.documents.show_chosen_folder(state.record.id if state else "")

    @property
    def layout_state(self) -> tuple[str, str]:
        """The states of the two splitters, base64: the list's, and the one between pages and panes."""
        splits = (self._split, self.document.body)
        outer, inner = (bytes(one.saveState().toBase64().data()).decode("ascii") for one in splits)
        return outer, inner

    def restore_layout(self, outer: str, inner: str = "") -> None:
        """Restore the splitters; an unreadable state is ignored."""
        for part, state in ((self._split, outer), (self.document.body, inner)):
            if state:
                part.restoreState(QByteArray.fromBase64(state.encode("ascii", "ignore")))

    # ---- events

    def _on_shown(self, record: DocumentRecord | None) -> None:
        self._stack.setCurrentIndex(1 if record else 0)
        self.documents.show_chosen(record.id if record else "")

    def _on_action(self, document: str, action: str) -> None:
        if action == "remove":
            self._controller.remove(document)
        elif action == "again":
            self._controller.read_again(document)
        elif action == "translate":
            self.document.translate(document)
        elif action == "redact":
            self._redact(document)
        elif action == "folder":
            open_outside(QUrl.fromLocalFile(str(self._controller.folder_of(document))))

    def _redact(self, document: str) -> None:
        path = self._controller.redactable(document)
        if path is not None:
            self.redaction_requested.emit(path)

    def _on_open(self) -> None:
        suffixes = " ".join(f"*{suffix}" for one in FORMATS for suffix in one.suffixes)
        filters = f"Documents ({suffixes});;All files (*)"
        ask_files(self, "Open documents", self._controller.open_paths, name="documents_dialog", filters=filters)

    def _on_open_folder(self) -> None:
        dialog = passing(QFileDialog(self, "Watch a folder", document_folder()), "folder_dialog")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self._on_folder_selected)
        dialog.open()

    def _on_folder_selected(self, folder: str) -> None:
        admit(self, [Path(folder)], lambda paths: self._folders.add(paths[0]), is_chosen=True)

    def _on_password_requested(self, path: Path, is_wrong: bool) -> None:
        ask_password(self, path.name, lambda word: self._controller.unlock(path, word), is_wrong=is_wrong)

    def showEvent(self, event: QShowEvent) -> None:
        """Start the reader child: a document will probably be opened."""
        super().showEvent(event)
        self._controller.make_ready()
