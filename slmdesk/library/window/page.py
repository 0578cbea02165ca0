"""The page of documents: the list, and beside it the shown document or folder. Widgets only."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    QUrl,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QListView,
    QMenu,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from slmdesk.base.documents import FORMATS, is_picture
from slmdesk.base.files import free_name
from slmdesk.base.records import DocumentRecord, DocumentStatus
from slmdesk.base.texts import _
from slmdesk.base.types import counted_pages, page_sign
from slmdesk.library.search import TextHit
from slmdesk.library.types import (
    CollectionState,
    CollectionStatus,
    counted_documents,
    file_of,
    folder_of,
    folder_words,
    info_of,
    size_words,
)
from slmdesk.library.window.controller import STOPPED, DocumentsController, FoldersController, is_unreadable
from slmdesk.library.window.document_view import ACTIONS, DocumentView
from slmdesk.runtime.messages import time_for_people
from slmdesk.text.folding import fold
from slmdesk.window.base import theme
from slmdesk.window.base.shortcuts import bind
from slmdesk.window.base.theme import ThemeKeeper, pixmap, scaled
from slmdesk.window.widgets.bars import thin_bar
from slmdesk.window.widgets.build import (
    CLEAR,
    CheckBox,
    ElidedLabel,
    breakable,
    button,
    column,
    draw_box,
    draw_lines,
    flow,
    named,
    paint_ground,
    passing,
    plain_label,
    plain_tip,
    row,
    set_kind,
    show_words,
    split,
    text_line,
    tool_button,
)
from slmdesk.window.widgets.dialogs import Question, ask_password
from slmdesk.window.widgets.files import FileDrop, admit, ask_documents, ask_new_file, document_folder
from slmdesk.window.widgets.notices import ask_folder
from slmdesk.window.widgets.opening import open_outside
from slmdesk.window.widgets.parts import EmptyState, Segments

MOST_NAMED = 8
"""Most files that a question names."""


class DocumentsPage(QWidget):
    redaction_requested = Signal(str)

    def __init__(
        self,
        controller: DocumentsController,
        folders: FoldersController,
        folder_questions: QWidget,
        keeper: ThemeKeeper,
    ) -> None:
        super().__init__()
        self.setObjectName("documents_page")
        FileDrop(self, self.open_chosen, entered=controller.make_ready)
        self._controller, self._folders = controller, folders
        self.side_list = self.documents = DocumentList(controller, folders, self)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self._empty())
        self.document = DocumentView(controller, keeper, self)
        self.view, self.side = self.document.view, self.document.side
        self.folder = FolderView(controller, folders, folder_questions, self)
        self._stack.addWidget(self.document)
        self._stack.addWidget(self.folder)
        column((self._stack, 1), into=self, gap=0)
        self._connect()
        self._on_shown(None)

    def _empty(self) -> QWidget:
        formats = _("Word, PDF, Excel, PowerPoint, e-mail and {n} more").format(n=len(FORMATS) - 5)
        line, hint = _("Drop a document here, or a folder of them"), _("Read on this PC. Never uploaded.")
        empty = EmptyState(self, "documents_empty", icon="file-text", line=line, hint=f"{hint}\n{formats}")
        empty.add(button(_("Open a document…"), "empty_open_button", empty, kind="primary", on=self.ask_files))
        return empty

    def _connect(self) -> None:
        self._controller.shown.connect(self._on_shown)
        self._controller.password_requested.connect(self._on_password_requested)
        self.documents.open_requested.connect(self.ask_files)
        self.documents.folder_requested.connect(self.watch_folder)
        self.documents.folder_opened.connect(partial(self._ask_folder, _("Open folder"), self._controller.open_paths))
        self.documents.action_chosen.connect(self._on_action)
        self.document.action_chosen.connect(self._on_action)
        bind(self, "documents.open", self.ask_files)
        bind(self, "documents.watch", self.watch_folder)
        bind(self, "documents.page", self.document.turn_page)
        bind(self, "documents.find", self.document.find_words)
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

    def _on_shown(self, record: DocumentRecord | None) -> None:
        focus = QApplication.focusWidget()
        was_here = focus is not None and self._stack.isAncestorOf(focus)
        self._stack.setCurrentIndex(1 if record else 0)
        if was_here and focus is not None and not focus.isVisible():
            self.documents.take_focus()
        self.documents.show_chosen(record.id if record else "")

    def _on_action(self, document: str, action: str) -> None:
        actions: dict[str, Callable[[str], object]] = {
            "remove": self._controller.remove,
            "again": self._controller.read_again,
            "other": lambda _document: self.ask_files(),
            "translate": self.document.translate,
            "redact": self.redaction_requested.emit,
            "searchable": lambda id: self._ask_searchable([file_of(self._controller.records([id])[id])]),
            "folder": lambda _document: open_outside(QUrl.fromLocalFile(str(self._controller.folder_of(document)))),
        }
        actions[action](document)

    def _ask_searchable(self, files: Sequence[Path]) -> None:
        proposed = free_name(files[0].with_name(_("{stem}.searchable").format(stem=files[0].stem) + ".pdf"))
        ask_new_file(
            self, _("Save as searchable PDF"), partial(self._controller.write_searchable, files),
            name="searchable_dialog", proposed=proposed, filters="*.pdf",
        )  # fmt: skip

    def open_chosen(self, paths: Sequence[Path]) -> None:
        """Open what a person chose. Of several pictures is asked first whether they are the pages of one paper."""
        if len(paths) < 2 or not all(is_picture(path) for path in paths):
            self._controller.open_paths(paths)
            return
        words = _("Are these {n} pictures the pages of one paper?").format(n=len(paths))
        more = _("As one paper they are saved as a PDF, in this order: {names}").format(
            names=", ".join(path.name for path in paths[:MOST_NAMED]) + (" …" if len(paths) > MOST_NAMED else "")
        )
        question = Question(self, "one_paper_dialog", _("Open pictures"), words, more)
        question.add_choice(_("One paper"), "one_paper_button", partial(self._ask_searchable, paths), is_default=True)
        question.add_choice(_("Open each"), "open_each_button", partial(self._controller.open_paths, paths))
        question.add_cancel()
        question.open()

    def ask_files(self, chosen: Callable[[list[Path]], object] | None = None) -> None:
        ask_documents(self, _("Open documents"), chosen or self.open_chosen, name="documents_dialog")

    def watch_folder(self) -> None:
        self._ask_folder(_("Watch a folder"), lambda paths: self._folders.add(paths[0]))

    def _ask_folder(self, title: str, chosen: Callable[[Sequence[Path]], object]) -> None:
        ask_folder(self, title, lambda folder: admit(self, [folder], chosen, is_chosen=True), place=document_folder())

    def _on_password_requested(self, path: Path, is_wrong: bool) -> None:
        ask_password(self, path.name, lambda word: self._controller.unlock(path, word), is_wrong=is_wrong)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._controller.make_ready()


FOLDER_ACTIONS = (("look", _("Look again")), ("open", _("Open the folder")), ("remove", _("Remove from the list")))
MOST_FOLDERS_SHOWN = 5


class DocumentList(QFrame):
    open_requested = Signal()
    folder_opened = Signal()
    folder_requested = Signal()
    folder_summary_requested = Signal()
    several_requested = Signal(str, object)
    """What is to be done with several documents, and their ids. "": they are no longer chosen together."""
    count_changed = Signal(int)
    """How many documents the search leaves in the list."""
    action_chosen = Signal(str, str)
    hit_chosen = Signal(object)

    def __init__(self, controller: DocumentsController, folders: FoldersController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("document_list")
        self._controller, self._folder_controller = controller, folders
        self._shown = self._awaited = ""
        self._is_marking = False
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        tip = _("Open documents or a folder, or drop them on the page")
        opening = button(
            _("Open document"), "open_document_button", self, tip=tip, shortcut="documents.open", icon="plus",
            kind="new", colour="accent", on=self.open_requested,
        )  # fmt: skip
        more = tool_button("document_list_menu_button", self, tip=_("More"), label=_("More"), icon="ellipsis")
        more.setMenu(self._list_menu(more))
        label = _("Search the documents by name; Enter searches their text")
        tip = _("Names are searched as you type; Enter searches the text of all documents and folders")
        hint = _("Search documents")
        self._search = text_line("document_filter", self, hint, label=label, tip=tip, clears=CLEAR)
        set_kind(self._search, "search")
        self._rows, self._folders, self._hits = DocumentRows(self), _Rows(self, FOLDER_ROLES), _Rows(self, HIT_ROLES)
        self._view = self._list_view("document_view", _("Documents"), self._rows)
        self._view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._view.setUniformItemSizes(False)  # those that were not read whole have a second line
        self._folder_view = self._list_view("folder_list", _("Folders"), self._folders)
        self._hit_view = self._list_view("hit_view", _("Found in the text"), self._hits)
        self._hit_view.setVisible(False)
        self._note = plain_label("", self, name="document_list_note", kind="small")
        self._card = SeveralCard(self)
        top = row((opening, 1), more, gap=theme.SPACE_4)
        parts = (top, self._search, self._folder_view, self._note, (self._view, 1), (self._hit_view, 1), self._card)
        column(*parts, into=self, gap=theme.SPACE_8)
        self._fit_folders()

    def _list_menu(self, parent: QWidget) -> QMenu:
        menu = named(QMenu(parent), "document_list_menu")
        for name, words, asked in (
            ("open_folder", _("Open folder…"), self.folder_opened.emit),
            ("watch_folder", _("Watch folder…"), self.folder_requested.emit),
            ("summarize_folder", _("Summarize folder…"), self.folder_summary_requested.emit),
        ):
            named(menu.addAction(words, asked), f"{name}_action")
        menu.addSeparator()
        by_name = named(menu.addAction(_("Sort by name")), "sort_by_name_action")
        by_name.setCheckable(True)
        by_name.toggled.connect(lambda is_on: self._keeping(lambda: self._rows.sort_by_name(is_on)))
        return menu

    def _list_view(self, name: str, title: str, model: QAbstractItemModel) -> RowsView:
        view = RowsView(self, name, title, model)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.installEventFilter(self)
        return view

    def _connect(self) -> None:
        self._controller.listed.connect(self.show_records)
        self._controller.hits_found.connect(self.show_hits)
        self._folder_controller.listed.connect(self.show_folders)
        self._search.textChanged.connect(self._on_filter)
        self._search.returnPressed.connect(self._on_search)
        for view, chosen in (
            (self._view, self._choose),
            (self._folder_view, self._folder_controller.choose),
            (self._hit_view, self.hit_chosen.emit),
        ):
            view.clicked.connect(partial(_report, chosen))
            view.activated.connect(partial(_report, chosen))
        self._view.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self._card.chosen.connect(self._on_several)
        self._folder_view.customContextMenuRequested.connect(self._on_folder_menu)
        self._view.customContextMenuRequested.connect(self._on_menu)

    def show_records(self, records: Sequence[DocumentRecord]) -> None:
        self._keeping(lambda: self._rows.show_records(records))
        self._uncover()

    def _uncover(self) -> None:
        """Clear the search if it hides a document that has just been opened."""
        if self._awaited and self._rows.has(self._awaited):
            document, self._awaited = self._awaited, ""
            if self._rows.row_of(document) < 0:
                self._search.clear()

    def _keeping(self, change: Callable[[], object]) -> None:
        """Change the rows. Documents that are still listed stay chosen."""
        chosen = self.chosen or [self._shown]
        change()
        self._show_note()
        self.count_changed.emit(self._rows.rowCount())
        self.mark(chosen)

    def mark(self, documents: Sequence[str]) -> None:
        """Choose these documents together, as far as they are listed."""
        model = self._view.selectionModel()
        rows = [at for at in map(self._rows.row_of, documents) if at >= 0]
        if [index.row() for index in model.selectedRows()] != rows:
            self._is_marking = True
            model.clear()
            for at in rows:
                model.setCurrentIndex(self._rows.index(at), QItemSelectionModel.SelectionFlag.Select)
            self._is_marking = False
        self._on_selected()

    @property
    def chosen(self) -> list[str]:
        rows = sorted(index.row() for index in self._view.selectionModel().selectedRows())
        return [str(self._rows.index(at).data(ID_ROLE)) for at in rows]

    @property
    def shown(self) -> Sequence[DocumentRecord]:
        """The documents that the search leaves in the list."""
        return self._rows.shown

    def take_focus(self) -> None:
        self._view.setFocus()

    def _on_selection_changed(self) -> None:
        if not self._is_marking:
            self._on_selected()

    def _on_selected(self) -> None:
        chosen = self.chosen
        if self._view.has_boxes and len(chosen) < 2:
            self.several_requested.emit("", chosen)
        self._view.has_boxes = len(chosen) > 1
        self._view.viewport().update()
        focus = QApplication.focusWidget()
        if len(chosen) < 2 and focus is not None and self._card.isAncestorOf(focus):
            self.take_focus()
        self._card.show_count(len(chosen), self._rows.rowCount())

    def _on_several(self, action: str) -> None:
        if action == "all":
            self._view.selectAll()  # those that the search hides are not taken
        elif action == "none":
            self.mark([self._shown])
        else:
            self.several_requested.emit(action, self.chosen)

    def show_chosen(self, document: str) -> None:
        """Mark the shown document. If it has just been opened and the search hides it, the search is cleared."""
        is_other, self._shown = document != self._shown, document
        if is_other:
            self._awaited = document
            self._uncover()
        if document not in self.chosen:
            self.mark([document])

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
        show_words(self._note, "" if hits else _("These words stand in no document."))

    def _on_filter(self, words: str) -> None:
        self._show_hit_list(False)
        self._keeping(lambda: self._rows.filter_by(words))

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

    def _choose(self, document: str) -> None:
        if len(self.chosen) < 2:  # with several, a press on a box adds or takes away
            self._controller.choose(document)

    def _show_note(self) -> None:
        words = ""
        if not self._rows.total:
            words = _("No documents yet")
        elif not self._rows.rowCount():
            words = _("No document has that name.")
        show_words(self._note, words)

    def _on_menu(self, point: QPoint) -> None:
        document = str(self._view.indexAt(point).data(ID_ROLE) or "")
        self._pop_up(
            self._view, point, "document", self._controller.actions(document, ACTIONS), self.action_chosen.emit
        )

    def _on_folder_menu(self, point: QPoint) -> None:
        self._pop_up(self._folder_view, point, "folder", FOLDER_ACTIONS, self._folder_controller.act)

    def _pop_up(
        self, view: QListView, point: QPoint, name: str, actions: Sequence[tuple[str, str]],
        chosen: Callable[[str, str], object],
    ) -> None:  # fmt: skip
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
        for view, chosen in ((self._view, self.action_chosen.emit), (self._folder_view, self._folder_controller.act)):
            id = view.currentIndex().data(ID_ROLE) if watched is view else None
            if event.key() == Qt.Key.Key_Delete and id:
                if watched is self._view and len(self.chosen) > 1:
                    self._on_several("remove")
                else:
                    chosen(str(id), "remove")
                return True
        return False


MARKING = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
BOX_WIDTH = 36


class RowsView(QListView):
    """A list of rows. With several chosen, each row has a check box; a press on it, or Space, chooses one more."""

    has_boxes = False

    def __init__(self, parent: QWidget, name: str, title: str, model: QAbstractItemModel) -> None:
        super().__init__(parent)
        named(self, name, label=title)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setModel(model)
        self.setItemDelegate(DocumentPainter(self))

    def selectionCommand(
        self, index: QModelIndex | QPersistentModelIndex, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        is_space = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Space
        if is_space or (isinstance(event, QMouseEvent) and self.is_on_box(event.position().toPoint())):
            return QItemSelectionModel.SelectionFlag.Toggle
        return super().selectionCommand(index, event)

    def is_on_box(self, place: QPoint) -> bool:
        return self.has_boxes and place.x() < scaled(BOX_WIDTH)


class SeveralCard(QFrame):
    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "several_card", kind="choice", label=_("Chosen documents"))
        self._count = plain_label("", self, name="several_count", kind="strong", wraps=False)
        none = _("Choose none of them")
        clear = tool_button("several_none", self, icon="x", label=none, tip=none, on=partial(self.chosen.emit, "none"))
        actions = {
            name: button(words, f"several_{name}", self, kind="quiet", on=partial(self.chosen.emit, name))
            for name, words in (
                ("summarize", _("Summarize")), ("ask", _("Ask")), ("compare", _("Compare")), ("table", _("Table")),
                ("remove", _("Remove")), ("all", ""),
            )
        }  # fmt: skip
        self._compare, self._all = actions["compare"], actions["all"]
        head = row((self._count, 1), clear, margins=(theme.SPACE_8, 0, 0, 0))
        column(head, flow(*actions.values(), gap=0), into=self, gap=0, margins=theme.SPACE_4)
        self.hide()

    def show_count(self, count: int, listed: int) -> None:
        self.setVisible(count > 1)
        self._count.setText(_("{count:,} selected").format(count=count))
        words = _("Select all {listed:,} shown").format(listed=listed)
        self._all.setText(_("All {listed:,}").format(listed=listed))
        self._all.setAccessibleName(words)
        self._all.setToolTip(words)
        self._all.setVisible(count < listed)
        self._compare.setEnabled(count == 2)
        self._compare.setToolTip("" if count == 2 else _("Choose two documents to compare them"))


def _report(chosen: Callable[[Any], object], index: QModelIndex) -> None:
    if QApplication.keyboardModifiers() & MARKING:
        return
    if (ident := index.data(ID_ROLE)) is not None:
        chosen(ident)


T = TypeVar("T")
READ = DocumentStatus.READ


ID_ROLE = int(Qt.ItemDataRole.UserRole)
LINE_ROLE = ID_ROLE + 1


def line_of(record: DocumentRecord) -> str:
    info = info_of(record)
    if record.status is DocumentStatus.READING:
        return _("being read…")
    if record.status is DocumentStatus.FAILED:
        unread = _("paused") if record.error_code == STOPPED else _("could not be read")
        words = _("read in part, {counted}") if record.pages else unread
        return words.format(counted=counted_pages(record.pages, info.page_kind))
    return f"{size_words(info)}  ·  {record.format}"


class _Rows(QAbstractListModel, Generic[T]):
    def __init__(self, parent: QWidget, roles: Mapping[int, Callable[[T], object]]) -> None:
        super().__init__(parent)
        self._roles = roles
        self._rows: list[T] = []

    @property
    def shown(self) -> Sequence[T]:
        return self._rows

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008  Qt's own
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._rows) or role not in self._roles:
            return None
        return self._roles[role](self._rows[index.row()])

    def row_of(self, id: str) -> int:
        """Return the row of a document or folder, or -1 if it is not in the list."""
        return next((at for at, entry in enumerate(self._rows) if self._roles[ID_ROLE](entry) == id), -1)

    def show(self, rows: Sequence[T]) -> None:
        """Show these rows. If they are the same as before, the selection and the scroll position stay."""
        id_of = self._roles[ID_ROLE]
        if [id_of(entry) for entry in rows] == [id_of(entry) for entry in self._rows]:
            self._rows = list(rows)
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()


class DocumentRows(_Rows[DocumentRecord]):
    def __init__(self, parent: QWidget, *, by_name: bool = False) -> None:
        roles: dict[int, Callable[[DocumentRecord], object]] = {
            Qt.ItemDataRole.DisplayRole: lambda document: document.name,
            Qt.ItemDataRole.ToolTipRole: lambda document: plain_tip(f"{file_of(document)}\n{line_of(document)}"),
            Qt.ItemDataRole.AccessibleTextRole: lambda document: f"{document.name}, {line_of(document)}",
            ID_ROLE: lambda document: document.id,
            LINE_ROLE: line_of if by_name else lambda document: "" if document.status is READ else line_of(document),
        }
        super().__init__(parent, roles)
        self._by_name = by_name
        self._all: list[DocumentRecord] = []
        self._words = ""
        self._folded: dict[str, str] = {}
        """Folded names of the documents, for comparison. Folding thousands at each key press would be noticeable."""

    def show_records(self, records: Sequence[DocumentRecord]) -> None:
        for record in records:
            if record.name not in self._folded:
                self._folded[record.name] = fold(record.name)
        if self._by_name:
            self._all = sorted(records, key=lambda record: (self._folded[record.name], record.n))
        else:
            self._all = sorted(
                records, key=lambda record: (not is_unreadable(record), record.opened, record.n), reverse=True
            )
        self._filter()

    def filter_by(self, words: str) -> None:
        self._words = words
        self._filter()

    def sort_by_name(self, by_name: bool) -> None:
        self._by_name = by_name
        self.show_records(self._all)

    def has(self, document: str) -> bool:
        """Return whether a document is in the list, or would be without the filter."""
        return any(record.id == document for record in self._all)

    @property
    def total(self) -> int:
        """The number of documents, including documents that the filter hides."""
        return len(self._all)

    def _filter(self) -> None:
        words = fold(self._words).split()
        self.show([document for document in self._all if all(word in self._folded[document.name] for word in words)])


FOLDER_ROLES: Mapping[int, Callable[[CollectionState], object]] = {
    Qt.ItemDataRole.DisplayRole: lambda state: state.record.name,
    Qt.ItemDataRole.ToolTipRole: lambda state: plain_tip(str(folder_of(state.record))),
    Qt.ItemDataRole.AccessibleTextRole: lambda state: _("Folder {name}, {folder}").format(
        name=state.record.name, folder=folder_words(state)
    ),
    ID_ROLE: lambda state: state.record.id,
    LINE_ROLE: folder_words,
}
HIT_ROLES: Mapping[int, Callable[[TextHit], object]] = {
    Qt.ItemDataRole.DisplayRole: lambda hit: f"{page_sign('page')} {hit.page}  \u00b7  {hit.name}",
    Qt.ItemDataRole.ToolTipRole: lambda hit: plain_tip(hit.words),
    Qt.ItemDataRole.AccessibleTextRole: lambda hit: _("{name}, page {page}: {words}").format(
        name=hit.name, page=hit.page, words=hit.words
    ),
    ID_ROLE: lambda hit: hit,
    LINE_ROLE: lambda hit: hit.words,
}


ROW_HEIGHT, TALL_ROW_HEIGHT = 32, 46


class DocumentPainter(QStyledItemDelegate):
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        painter.save()
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        colours, view = theme.current(), option.widget
        area = paint_ground(painter, option, is_chosen=is_chosen)
        size = scaled(15)
        sign = QRect(area.left() + scaled(10), area.top() + (area.height() - size) // 2, size, size)
        if isinstance(view, RowsView) and view.has_boxes:
            line, ground = colours.colour("accent" if is_chosen else "edge"), colours.colour("sheet")
            tick = colours.colour("on_accent") if is_chosen else None
            scale = painter.device().devicePixelRatio()
            draw_box(painter, QRectF(sign), line=line, ground=ground, tick=tick, scale=scale)
        else:
            colour = colours.colour("soft_ink" if is_chosen else "ink2")
            painter.drawPixmap(sign.topLeft(), pixmap("file-text", colour, size=size))
        left = sign.right() + scaled(8)
        place = QRect(left, area.top(), area.right() - left - scaled(6), area.height())
        draw_lines(painter, option, place, str(index.data()), str(index.data(LINE_ROLE) or ""), is_chosen=is_chosen)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(80, scaled(TALL_ROW_HEIGHT if index.data(LINE_ROLE) else ROW_HEIGHT))


MOST_REASONS = 6
"""Most unreadable files that are named with their reasons. The list marks all of them."""
NARROW_LINES = 34
GO_ON = (CollectionStatus.PAUSED, CollectionStatus.STOPPED)


class FolderView(QFrame):
    table_requested = Signal(object)
    """Ids of the documents that were read; those that the search hides are not taken."""

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
        self._unread = plain_label("", holder, name="folder_unread", kind="warn")
        self._unread.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._build_list(holder)
        column(
            self._title,
            self._place,
            self._sentence,
            self._progress,
            self._more,
            row(self._table, self._look, self._pause, self._watched, 1, gap=theme.SPACE_8),
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
        for part in (self._right, self._table):
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
        if not state.documents:
            return _("There is no document in it that could be read.")
        words, pages = _("{counted_documents} with {pages} can be asked."), counted_pages(state.pages, "page")
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
