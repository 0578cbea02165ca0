"""The page of documents: the list, and beside it the shown document or folder. Widgets only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    Qt,
    QUrl,
    Signal,
)
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QListView,
    QMenu,
    QPushButton,
    QStackedWidget,
    QWidget,
)

from slmdesk.base.documents import FORMATS, is_picture
from slmdesk.base.files import free_name
from slmdesk.base.records import DocumentRecord
from slmdesk.base.texts import _
from slmdesk.documents.search import TextHit
from slmdesk.documents.types import (
    CollectionState,
    file_of,
)
from slmdesk.ui.documents.controller import DocumentsController, FoldersController
from slmdesk.ui.documents.document_rows import FOLDER_ROLES, HIT_ROLES, ID_ROLE, DocumentRows, RowsModel, RowsView
from slmdesk.ui.documents.document_view import ACTIONS, DocumentView
from slmdesk.ui.documents.folder_view import FolderView
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.shortcuts import bind, show_in_menu
from slmdesk.ui.kit.base.theme import ThemeKeeper, scaled
from slmdesk.ui.kit.widgets.build import (
    CLEAR,
    ElidedLabel,
    button,
    column,
    cut_in_middle,
    flow,
    named,
    passing,
    plain_label,
    row,
    set_kind,
    show_words,
    text_line,
    tool_button,
)
from slmdesk.ui.kit.widgets.dialogs import Question, ask_password
from slmdesk.ui.kit.widgets.files import FileDrop, admit, ask_documents, ask_new_file, document_folder
from slmdesk.ui.kit.widgets.notices import ask_folder, open_export
from slmdesk.ui.kit.widgets.opening import open_outside
from slmdesk.ui.kit.widgets.parts import EmptyState

MOST_NAMED = 8
"""Most files that a question names."""
MOST_IN_MENU, MENU_WIDTH = 10, 360
DUE_MARGINS = (theme.SPACE_24, theme.SPACE_16, theme.SPACE_12, 0)


class DocumentsPage(QWidget):
    pane_requested = Signal(str, str)
    """Emitted with a document and the pane that is to be shown beside it."""
    nameless_requested_of = Signal(str)
    """Emitted with a document that is to be copied without names."""
    list_requested = Signal()
    """The list is to be shown, which the narrow side bar hides."""

    def __init__(
        self,
        controller: DocumentsController,
        folders: FoldersController,
        folder_questions: QWidget,
        deadlines: QWidget,
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
        self.deadlines = deadlines
        self._due_page = self._due_list()
        self._stack.addWidget(self._due_page)
        column((self._stack, 1), into=self, gap=0)
        for opening in (self.document.opening, self.folder.opening):
            menu = named(QMenu(opening), f"{opening.objectName()}_menu")
            menu.aboutToShow.connect(partial(self._fill_menu, menu))
            opening.setMenu(menu)
        self._show_opening()
        self._connect()
        self._on_shown(None)

    def _empty(self) -> QWidget:
        formats = _("Word, PDF, Excel, PowerPoint, e-mail and {n} more").format(n=len(FORMATS) - 5)
        line, hint = _("Drop a document here, or a folder of them"), _("Read on this PC. Never uploaded.")
        empty = EmptyState(self, "documents_empty", icon="file-text", line=line, hint=f"{hint}\n{formats}")
        empty.add(button(_("Open a document…"), "empty_open_button", empty, kind="primary", on=self.ask_files))
        return empty

    def _due_list(self) -> QWidget:
        """Return the list of what is due, below what it is of and what is due now."""
        made = named(QFrame(self), "due_page")
        self._due_title = ElidedLabel(made, name="due_title", kind="heading")
        self._due_words = plain_label("", made, name="due_words", kind="muted")
        head = column(self._due_title, self._due_words, gap=theme.SPACE_4, margins=DUE_MARGINS)
        column(head, (self.deadlines, 1), into=made, gap=theme.SPACE_8)
        return made

    def _connect(self) -> None:
        self._controller.shown.connect(self._on_shown)
        self._stack.currentChanged.connect(lambda _at: self.documents.mark_deadlines(False))
        self._controller.password_requested.connect(self._on_password_requested)
        self.documents.open_requested.connect(self.ask_files)
        self.documents.folder_requested.connect(self.watch_folder)
        self.documents.folder_opened.connect(partial(self._ask_folder, _("Open folder"), self._controller.open_paths))
        self.documents.action_chosen.connect(self._on_action)
        self.document.action_chosen.connect(self._on_action)
        self.documents.visibility_changed.connect(self._show_opening)
        bind(self, "documents.open", self.ask_files)
        bind(self, "documents.watch", self.watch_folder)
        bind(self, "documents.export", self._export)
        bind(self, "documents.page", self.document.turn_page)
        bind(self, "documents.find", self.document.find_words)
        bind(self, "documents.larger", self.view.zoom_in)
        bind(self, "documents.smaller", self.view.zoom_out)
        bind(self, "documents.usual", lambda: self.view.set_zoom(100))

    def _export(self) -> None:
        """Open the exports of what is on show, wherever the focus is."""
        others: dict[QWidget | None, QWidget] = {self.folder: self.folder.questions, self._due_page: self.deadlines}
        pane = others.get(self._stack.currentWidget()) or self.side.currentWidget()
        if (export := getattr(pane, "export", None)) is not None:
            open_export(export)

    def _show_opening(self) -> None:
        """Show the ways to other documents on the page itself while the list is out of sight."""
        for opening in (self.document.opening, self.folder.opening):
            opening.setVisible(not self.documents.isVisible())

    def _fill_menu(self, menu: QMenu) -> None:
        menu.clear()
        show_in_menu(
            named(menu.addAction(_("Open document…"), self.ask_files), "open_document_action"), "documents.open"
        )
        named(menu.addAction(_("Open folder…"), self.documents.folder_opened.emit), "open_folder_action")
        menu.addSeparator()
        for record in self.documents.shown[:MOST_IN_MENU]:
            name = cut_in_middle(record.name, menu.fontMetrics(), scaled(MENU_WIDTH)).replace("&", "&&")
            named(menu.addAction(name, partial(self._controller.choose, record.id)), "listed_document_action")
        menu.addSeparator()
        named(menu.addAction(_("Show the list"), self._show_list), "show_list_action")

    def _show_list(self) -> None:
        self.list_requested.emit()
        self.documents.take_focus()

    def show_folder(self, state: CollectionState | None) -> None:
        if state is not None:
            self.folder.show_state(state)
            self._stack.setCurrentWidget(self.folder)
            self.documents.show_chosen("")
        elif self._stack.currentWidget() is self.folder:
            self._stack.setCurrentIndex(1 if self._controller.current else 0)
        self.documents.show_chosen_folder(state.record.id if state else "")

    def name_deadlines(self, title: str, words: str) -> None:
        self._due_title.set_full_text(title)
        self._due_words.setText(words)

    def show_deadlines(self, folder: str = "") -> None:
        self._stack.setCurrentWidget(self._due_page)
        self.documents.show_chosen("")
        self.documents.show_chosen_folder(folder)
        self.documents.mark_deadlines(not folder)

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
            "nameless": self.nameless_requested_of.emit,
            "searchable": lambda id: self._ask_searchable([file_of(self._controller.records([id])[id])]),
            "folder": lambda _document: open_outside(QUrl.fromLocalFile(str(self._controller.folder_of(document)))),
        }
        if action in actions:
            actions[action](document)
        else:
            self.pane_requested.emit(document, action)

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
    deadlines_requested = Signal()
    several_requested = Signal(str, object)
    """What is to be done with several documents, and their ids. "": they are no longer chosen together."""
    visibility_changed = Signal()
    """The list came into sight, or went out of it."""
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
        self._rows, self._folders, self._hits = (
            DocumentRows(self),
            RowsModel(self, FOLDER_ROLES),
            RowsModel(self, HIT_ROLES),
        )
        self._view = self._list_view("document_view", _("Documents"), self._rows)
        self._view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._view.setUniformItemSizes(False)  # those that were not read whole have a second line
        self._folder_view = self._list_view("folder_list", _("Folders"), self._folders)
        self._hit_view = self._list_view("hit_view", _("Found in the text"), self._hits)
        self._hit_view.setVisible(False)
        self._note = plain_label("", self, name="document_list_note", kind="small")
        self._card = SeveralCard(self)
        self._deadlines = button(
            _("Deadlines"), "deadlines_button", self, icon="calendar", kind="section", on=self.deadlines_requested
        )
        self._deadlines.setCheckable(True)
        top = row((opening, 1), more, gap=theme.SPACE_4)
        views = (self._folder_view, self._note, (self._view, 1), (self._hit_view, 1))
        column(top, self._search, self._deadlines, *views, self._card, into=self, gap=theme.SPACE_8)
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

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.visibility_changed.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.visibility_changed.emit()

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

    def offer(self, offers: Sequence[tuple[str, str]]) -> None:
        """Offer more that can be done with several documents: key and words of each."""
        self._card.offer(offers)

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

    def mark_deadlines(self, is_chosen: bool) -> None:
        """Mark that the days of all papers are on show, or not."""
        self._deadlines.setChecked(is_chosen)

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
        self._show_note()

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
            words = _("No documents yet") if self._folder_view.isHidden() else ""
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
        """Let *Delete* remove what is current in the list of documents or of folders, or all chosen documents."""
        if not isinstance(event, QKeyEvent) or event.type() != QKeyEvent.Type.KeyPress:
            return False
        if event.key() != Qt.Key.Key_Delete:
            return False
        for view, act in ((self._view, self.action_chosen.emit), (self._folder_view, self._folder_controller.act)):
            id = view.currentIndex().data(ID_ROLE) if watched is view else None
            if id and watched is self._view and len(self.chosen) > 1:
                self._on_several("remove")
                return True
            if id:
                act(str(id), "remove")
                return True
        return False


MARKING = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class SeveralCard(QFrame):
    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "several_card", kind="choice", label=_("Chosen documents"))
        self._count = plain_label("", self, name="several_count", kind="strong", wraps=False)
        none = _("Choose none of them")
        clear = tool_button("several_none", self, icon="x", label=none, tip=none, on=partial(self.chosen.emit, "none"))
        actions = {
            name: self._button(name, words)
            for name, words in (
                ("summarize", _("Summarize")), ("ask", _("Ask")), ("compare", _("Compare")), ("table", _("Table")),
                ("remove", _("Remove")), ("all", ""),
            )
        }  # fmt: skip
        self._compare, self._all = actions["compare"], actions["all"]
        head = row((self._count, 1), clear, margins=(theme.SPACE_8, 0, 0, 0))
        self._more = flow(gap=0)
        column(head, flow(*actions.values(), gap=0), self._more, into=self, gap=0, margins=theme.SPACE_4)
        self.hide()

    def _button(self, name: str, words: str) -> QPushButton:
        return button(words, f"several_{name}", self, kind="quiet", on=partial(self.chosen.emit, name))

    def offer(self, offers: Sequence[tuple[str, str]]) -> None:
        for name, words in offers:
            self._more.addWidget(self._button(name, words))

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
