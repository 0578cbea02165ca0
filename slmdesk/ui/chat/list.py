"""The list of chats with search: spaces, then chats by day. Select several, rename in place, delete with undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFrame, QMenu, QToolButton, QWidget

from slmdesk.base.texts import _
from slmdesk.chat.conversation import NEW_CHAT
from slmdesk.ui.chat.list_controller import (
    ALL,
    ARCHIVE,
    FILTER,
    ListController,
    Place,
    becomes_of_chats,
    chat_files,
)
from slmdesk.ui.chat.list_rows import ID_ROLE, MESSAGE_ROLE, SPACE_ROLE, ChatView, Row
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Delay
from slmdesk.ui.kit.base.shortcuts import show_in_menu, show_keys
from slmdesk.ui.kit.widgets.build import (
    CLEAR,
    ElidedButton,
    ElidedLabel,
    button,
    column,
    named,
    passing,
    plain_label,
    row,
    set_icon,
    set_tip,
    show_words,
    text_line,
    tool_button,
)
from slmdesk.ui.kit.widgets.dialogs import Question
from slmdesk.ui.kit.widgets.files import FileDrop, admit, ask_files
from slmdesk.ui.kit.widgets.notices import ChatsExportMenu, ExportMenu, ask_folder, ask_where
from slmdesk.ui.kit.widgets.rows import Rows

if TYPE_CHECKING:
    from slmdesk.chat.spaces import Space

SEARCH_AFTER_MS = 200
NEW, NEW_HERE = _("New chat"), _("New chat here")
MORE = _("Private chat, spaces, archive, trash, import and export")


class ChatList(QFrame):
    chat_chosen = Signal(str, str)
    new_chat_requested = Signal()
    private_requested = Signal()
    trash_requested = Signal()
    key_left = Signal(QKeyEvent)
    """A key that the list does not use: letters go to the field for a message."""

    def __init__(self, controller: ListController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chat_list")
        self._controller, self._rows = controller, controller.rows
        self._chat = self._marked = ""
        self._moving: list[str] = []
        self._when_whole: Callable[[], None] | None = None
        self._timer = Delay(self, SEARCH_AFTER_MS, self._on_search_due)
        self._build_actions()
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        self.search_box = text_line("search_box", self, "", most=400, clears=CLEAR)
        self._new = button(
            NEW, "new_chat_button", self, tip=_("Start a new chat"), shortcut="chat.new", icon="plus",
            kind="new", colour="accent", on=self.new_chat_requested,
        )  # fmt: skip
        self._more = tool_button("list_menu_button", self, tip=MORE, label=MORE, icon="ellipsis")
        self._more.setMenu(self._build_menu())
        self.place_bar = PlaceBar(
            lambda: self._controller.show_place(ALL),
            lambda: self.edit_space(self._space),
            lambda: self._ask_delete(self._space),
            self,
        )
        self.private = PrivateList(self)
        self.view = named(ChatView(self._rows, self), "chat_view", label=_("Chats"))
        self.view.addAction(self._delete)
        self._hint = plain_label("", self, name="chat_list_hint", kind="small", is_hidden=True)
        self._hint.setContentsMargins(theme.SPACE_8, 0, theme.SPACE_8, 0)
        self.selection = SelectionBar(self)
        top = row((self._new, 1), self._more, gap=theme.SPACE_4)
        parts = (top, self.search_box, self.private, self.place_bar, self._hint, (self.view, 1), self.selection)
        column(*parts, into=self, gap=theme.SPACE_8)
        self._show_place(ALL)

    def _build_menu(self) -> QMenu:
        menu = QMenu(self._more)

        def add(name: str, words: str, do: Callable[[], object]) -> QAction:
            return named(menu.addAction(words, do), f"{name}_action")

        private = add("new_private", _("New private chat"), self.private_requested.emit)
        show_in_menu(private, "chat.private")
        private.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # the page has the key
        add("new_space", _("New space…"), partial(self.edit_space, None))
        add("show_archive", _("Archived"), partial(self._controller.show_place, ARCHIVE))
        add("show_trash", _("Trash…"), self.trash_requested.emit)
        menu.addSeparator()
        add("import_chats", _("Import chats…"), self._on_import)
        add("import_folder", _("Import a folder of chats…"), self._on_import_folder)
        exports = named(ExportMenu(menu, _("Export all shown chats as")), "export_shown_menu")
        exports.form_chosen.connect(self._on_export_shown)
        menu.addMenu(exports)
        return menu

    def _build_actions(self) -> None:
        self._rename = named(QAction(_("Rename"), self), "rename_action")
        show_in_menu(self._rename, "chat.rename")  # the page has the key, see `rename_current`
        self._delete = named(QAction(_("Delete"), self), "delete_action")
        self._delete.setShortcut(QKeySequence(Qt.Key.Key_Delete))
        self._pin, self._archive = (named(QAction(self), f"{name}_action") for name in ("pin", "archive"))
        self.export_menu = ChatsExportMenu(self)
        self.move_menu = named(QMenu(_("Move to a space"), self), "move_menu")
        for action in (self._rename, self._delete):
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)

    def _connect(self) -> None:
        self._controller.hint_changed.connect(self._show_hint)
        self._controller.rows_changed.connect(self._on_rows_changed)
        self._controller.place_changed.connect(self._show_place)
        self._controller.spaces.made.connect(self._on_space_made)
        self.search_box.textChanged.connect(lambda: self._timer.start())
        self.search_box.returnPressed.connect(self._on_search_entered)
        self.view.clicked.connect(self._on_clicked)
        self.view.activated.connect(self._on_clicked)
        self.view.customContextMenuRequested.connect(self._on_menu_requested)
        self.view.marked_changed.connect(self._show_marked)
        self.view.all_requested.connect(partial(self._with_all_rows, self.view.selectAll))
        self.view.chats_dropped.connect(self._controller.move)
        self._rename.triggered.connect(self.rename_current)
        self._delete.triggered.connect(self.delete_marked)
        self._pin.triggered.connect(self.pin_marked)
        self._archive.triggered.connect(self.archive_marked)
        self.export_menu.form_chosen.connect(self._on_export)
        self.export_menu.together_chosen.connect(
            lambda form: self._ask_together([target.id for target in self._targets], form)
        )
        FileDrop(self, self._controller.imports.import_files, pick=chat_files)
        self._controller.imports.chat_chosen.connect(lambda chat: self.chat_chosen.emit(chat, ""))
        self.move_menu.aboutToShow.connect(self._fill_move)

    def show_current(self, chat: str) -> None:
        """Highlight the open chat ('' for none). If another chat was opened, it becomes the current row."""
        self._chat = chat
        self._controller.mark_open(chat)
        at = self._rows.index_of(chat) if chat else None
        self._rows.set_open(chat)
        if at is not None and (chat != self._marked or not self.view.currentIndex().isValid()):
            self._marked = chat
            if self.view.currentIndex().data(ID_ROLE) != chat:  # keep the chosen one of several hits
                self.view.setCurrentIndex(self._rows.index(at))
        elif not chat:
            self._marked = ""

    def _show_hint(self, text: str) -> None:
        show_words(self._hint, text)

    def end_search(self) -> bool:
        was_searched = bool(self.search_box.text())
        self.search_box.clear()
        self._timer.stop()
        self._on_search_due()
        return was_searched

    def show_space(self, space: str) -> None:
        self._controller.show_place(Place(space))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Handle Esc (clear the selection, then end the search) and Backspace (leave a space)."""
        if event.key() == Qt.Key.Key_Escape and self.view.marked:
            self.view.clearSelection()
        elif event.key() == Qt.Key.Key_Backspace and self.view.hasFocus() and self._controller.place != ALL:
            self._controller.show_place(ALL)
        elif event.key() != Qt.Key.Key_Escape or not self.end_search():
            self.key_left.emit(event)

    # ---- what is listed

    @property
    def _space(self) -> Space | None:
        return self._controller.spaces.of(self._controller.place.space)

    def _show_place(self, place: Place) -> None:
        name = _("Archived") if place.is_archive else self._controller.spaces.name_of(place.space)
        self.place_bar.show_place(name, is_space=bool(place.space))
        hint = _("Search the archive") if place.is_archive else _("Search all chats")
        self.search_box.setPlaceholderText(hint)
        self.search_box.setAccessibleName(hint)
        show_keys(self.search_box, "chat.search", hint)
        self._new.setText(NEW_HERE if place.space else NEW)

    def _on_rows_changed(self) -> None:
        self.show_current(self._chat)
        if self._when_whole is not None and self._rows.is_whole:
            do, self._when_whole = self._when_whole, None
            do()

    def _with_all_rows(self, do: Callable[[], None]) -> None:
        if self._rows.is_whole:
            do()
        else:
            self._when_whole = do
            self._rows.fetch_all()

    def _on_search_due(self) -> None:
        self._controller.search(self.search_box.text().strip())

    def _on_search_entered(self) -> None:
        self._timer.stop()
        self._on_search_due()
        self.view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _on_clicked(self, index: QModelIndex) -> None:
        if self.view.is_marking:
            return
        if index.data(SPACE_ROLE):
            self.show_space(str(index.data(ID_ROLE)))
            self.view.setFocus()
        else:
            self.chat_chosen.emit(str(index.data(ID_ROLE)), str(index.data(MESSAGE_ROLE) or ""))

    # ---- what is done with chats

    @property
    def _targets(self) -> list[Row]:
        """The chats to which an action applies. Several hits in a chat give one."""
        indexes = self.view.marked_rows or [self.view.currentIndex()]
        rows = [self._rows.rows[index.row()] for index in indexes if index.isValid()]
        return list({row.id: row for row in rows if not row.is_space}.values())

    def _show_marked(self, count: int) -> None:
        is_pinned = all(target.is_pinned for target in self._targets)
        self.export_menu.show_count(count)
        self.selection.show_count(count, is_archive=self._controller.place.is_archive, is_pinned=is_pinned)

    def _on_menu_requested(self, at: QPoint) -> None:
        index = self.view.indexAt(at)
        if not index.isValid():
            return
        if not self.view.selectionModel().isSelected(index) or not self.view.marked:
            self.view.setCurrentIndex(index)
        menu = passing(QMenu(self), "chat_menu")
        if index.data(SPACE_ROLE):
            self._fill_space_menu(menu, str(index.data(ID_ROLE)))
        else:
            self._fill_menu(menu)
        menu.popup(self.view.viewport().mapToGlobal(at))

    def _fill_menu(self, menu: QMenu) -> None:
        targets, is_archive = self._targets, self._controller.place.is_archive
        self.export_menu.show_count(len(targets))
        self._pin.setText(_("Unpin") if all(target.is_pinned for target in targets) else _("Pin"))
        self._archive.setText(_("Take out of the archive") if is_archive else _("Archive"))
        if len(targets) == 1:
            menu.addAction(self._rename)
        if not is_archive:
            menu.addAction(self._pin)
        menu.addMenu(self.move_menu)
        menu.addMenu(self.export_menu)
        menu.addAction(self._archive)
        menu.addAction(self._delete)

    def _fill_space_menu(self, menu: QMenu, id: str) -> None:
        space = self._controller.spaces.of(id)
        named(
            menu.addAction(_("New chat in this space"), partial(self._controller.begin_chat, id)), "space_chat_action"
        )
        menu.addAction(self._rename)
        named(menu.addAction(_("Edit…"), partial(self.edit_space, space)), "space_edit_action")
        named(menu.addAction(_("Delete…"), partial(self._ask_delete, space)), "space_delete_action")

    def _fill_move(self) -> None:
        here = self._controller.place.space
        self.move_menu.clear()
        for space in self._controller.spaces.spaces:
            action = self.move_menu.addAction(space.name.replace("&", "&&"), partial(self._move_to, space.id))
            action.setEnabled(space.id != here)
        if self._controller.spaces.spaces:
            self.move_menu.addSeparator()
        named(self.move_menu.addAction(_("New space…"), self._move_to_new), "move_new_action")
        if here:
            named(self.move_menu.addAction(_("Out of this space"), partial(self._move_to, "")), "move_out_action")

    def _move_to(self, space: str) -> None:
        self._controller.move([target.id for target in self._targets], space)

    def _move_to_new(self) -> None:
        self._moving = [target.id for target in self._targets]
        self.edit_space(None)

    def rename_current(self) -> None:
        if self.view.currentIndex().isValid():
            self.view.edit(self.view.currentIndex())

    def delete_marked(self) -> None:
        """Delete the marked chats, or the current chat or space."""
        targets, index = self._targets, self.view.currentIndex()
        if targets:
            self._controller.delete_all([target.id for target in targets])
        elif index.isValid():
            self._ask_delete(self._controller.spaces.of(str(index.data(ID_ROLE))))

    def pin_marked(self) -> None:
        targets = self._targets
        self._controller.pin([target.id for target in targets], pinned=not all(target.is_pinned for target in targets))

    def archive_marked(self) -> None:
        chats = [target.id for target in self._targets]
        self._controller.archive(chats, archived=not self._controller.place.is_archive)

    def _on_export(self, form: str) -> None:
        targets, exports = self._targets, self._controller.exports
        if len(targets) == 1:
            ask_where(self, targets[0].title, form, partial(exports.export, targets[0].id, form))
        elif targets:
            titles = [(target.id, target.title) for target in targets]
            ask_folder(
                self, _("Export {count:,} chats").format(count=len(targets)), partial(exports.export_all, titles, form)
            )

    def _ask_together(self, chats: Sequence[str], form: str) -> None:
        title = self._space.name if self._space else _("Chats")
        ask_where(self, title, form, partial(self._controller.exports.export_together, chats, form))

    def _on_import(self) -> None:
        taken = self._controller.imports.import_files
        ask_files(self, _("Import chats"), taken, name="import_chats_dialog", filters=FILTER)

    def _on_import_folder(self) -> None:
        taken = self._controller.imports.import_files
        ask_folder(self, _("Import a folder of chats"), lambda folder: admit(self, [folder], taken, is_chosen=True))

    def _on_export_shown(self, form: str) -> None:
        def ask() -> None:
            chats = list(dict.fromkeys(row.id for row in self._rows.rows if not row.is_space))
            if chats:
                self._ask_together(chats, form)

        self._with_all_rows(ask)

    # ---- spaces

    def edit_space(self, space: Space | None) -> None:
        spaces = self._controller.spaces
        from slmdesk.chat.spaces import Space
        from slmdesk.ui.chat.dialogs import SpaceEditor

        editor = SpaceEditor(space or Space("", ""), spaces.presets, spaces.attachments(self), self)
        editor.saved.connect(spaces.save)
        editor.rejected.connect(self._moving.clear)
        editor.open()

    def _on_space_made(self, space: Space) -> None:
        moving, self._moving = self._moving, []
        if moving:
            self._controller.move(moving, space.id)
        else:
            self.show_space(space.id)

    def _ask_delete(self, space: Space | None) -> None:
        if space is None:
            return
        words = _("The space “{name}” is moved to the trash{becomes_of_chats}.").format(
            name=space.name, becomes_of_chats=becomes_of_chats(space.count)
        )
        more = _("Instructions and documents stay in the chats that have them.")
        question = Question(self, "delete_space_dialog", _("Delete the space?"), words, more)
        delete = partial(self._controller.spaces.delete, space)
        question.ask_sure(_("Delete space"), "delete_space_button", delete, kind="")


BUTTON = 28
"""Width of a button in pixels. Six buttons and a number are no wider than the list."""


class PlaceBar(QFrame):
    def __init__(
        self, back: Callable[[], None], edit: Callable[[], None], delete: Callable[[], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        named(self, "place_bar", label=_("What is listed"))
        words, tip = _("Back to all chats"), _("Back to all chats (Backspace)")
        leave = tool_button("place_back", self, tip=tip, label=words, icon="chevron-left", on=back)
        self.title = ElidedLabel(self, name="place_title")
        words = _("Change or delete this space")
        self.more = tool_button("place_more", self, tip=words, label=words, icon="ellipsis")
        menu = QMenu(self.more)
        named(menu.addAction(_("Edit space…"), edit), "place_edit")
        named(menu.addAction(_("Delete space…"), delete), "place_delete")
        self.more.setMenu(menu)
        row(leave, (self.title, 1), self.more, into=self, gap=theme.SPACE_4, margins=(theme.SPACE_8, 0))
        self.hide()

    def show_place(self, name: str, *, is_space: bool) -> None:
        self.setVisible(bool(name))
        self.title.set_full_text(name)
        self.more.setVisible(is_space)


class SelectionBar(QFrame):
    def __init__(self, chats: ChatList) -> None:
        super().__init__(chats)
        named(self, "selection_bar", label=_("Marked chats"))
        self._count = ElidedLabel(self, name="selection_count", kind="small")
        self.pin = self._button("pin", "pin", _("Pin"), chats.pin_marked)
        self.archive = self._button("archive", "package", _("Archive"), chats.archive_marked)
        others = (
            self._button("move", "folder-open", _("Move to a space"), chats.move_menu),
            self._button("export", "download", _("Export"), chats.export_menu),
            self._button("delete", "trash-2", _("Move to the trash (Del)"), chats.delete_marked),
            self._button("done", "x", _("Unmark them (Esc)"), chats.view.clearSelection),
        )
        sides = (theme.SPACE_16, theme.SPACE_4, theme.SPACE_8, theme.SPACE_4)
        row((self._count, 1), self.pin, self.archive, *others, into=self, gap=0, margins=sides)
        self.hide()

    def show_count(self, count: int, *, is_archive: bool, is_pinned: bool) -> None:
        self.setVisible(count > 1)
        self._count.set_full_text(_("{count:,} marked").format(count=count))
        _say(self.archive, _("Take out of the archive") if is_archive else _("Archive"))
        set_icon(self.archive, "undo-2" if is_archive else "package")
        _say(self.pin, _("Unpin") if is_pinned else _("Pin"))
        self.pin.setVisible(not is_archive)

    def _button(self, name: str, icon: str, words: str, does: QMenu | Callable[[], None]) -> QToolButton:
        made = tool_button(f"selection_{name}", self, kind="tight", tip=words, label=words, icon=icon)
        made.setFixedWidth(BUTTON)
        if isinstance(does, QMenu):
            made.setMenu(does)
        else:
            made.clicked.connect(does)
        return made


def _say(tool: QToolButton, words: str) -> None:
    tool.setToolTip(words)
    tool.setAccessibleName(words)


PRIVATE = _("Private chat")


class PrivateList(QFrame):
    chat_chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "private_list", label=_("Private chats"))
        buttons = column(into=self, gap=0, margins=(theme.SPACE_8, 0))
        self._rows = Rows[tuple[str, str], ElidedButton](buttons, lambda chat: chat, self._button)
        self.hide()

    def show_chats(self, chats: Mapping[str, str]) -> None:
        self._rows.show(chats.items())
        self.setVisible(bool(chats))

    def _button(self, chat: tuple[str, str]) -> ElidedButton:
        id, title = chat
        words = PRIVATE if title == _(NEW_CHAT) else f"{PRIVATE}: {title}"
        made = named(ElidedButton(words.replace("&", "&&"), self), "private_chat", label=words, kind="status")
        set_tip(made, words)
        set_icon(made, "eye-off", "ink2")
        made.clicked.connect(partial(self.chat_chosen.emit, id))
        return made
