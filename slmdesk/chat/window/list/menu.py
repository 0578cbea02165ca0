"""The menu over the list of chats: a private chat, spaces, archive, trash, import, and export of all that is listed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from slmdesk.chat.window.list.importing import FILTER, ImportController
from slmdesk.window.base.shortcuts import show_in_menu
from slmdesk.window.widgets.export_menu import ExportMenu, ask_folder
from slmdesk.window.widgets.file_dialogs import ask_files
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.shares import admit


class ListMenu(QMenu):
    private_requested = Signal()
    space_requested = Signal()
    archive_requested = Signal()
    trash_requested = Signal()
    export_requested = Signal(str)

    def __init__(self, imports: ImportController, parent: QWidget) -> None:
        super().__init__(parent)
        self._imports, self._over = imports, parent
        private = self._add("new_private", "New private chat", self.private_requested.emit)
        show_in_menu(private, "chat.private")
        private.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # the page has the key
        self._add("new_space", "New space…", self.space_requested.emit)
        self._add("show_archive", "Archive", self.archive_requested.emit)
        self._add("show_trash", "Trash…", self.trash_requested.emit)
        self.addSeparator()
        self._add("import_chats", "Import chats…", self._ask_files)
        self._add("import_folder", "Import a folder of chats…", self._ask_folder)
        exports = named(ExportMenu(self, "Export all shown chats as"), "export_shown_menu")
        exports.form_chosen.connect(self.export_requested)
        self.addMenu(exports)

    def _add(self, name: str, words: str, do: Callable[[], object]) -> QAction:
        return named(self.addAction(words, do), f"{name}_action")

    def _ask_files(self) -> None:
        taken = self._imports.import_files
        ask_files(self._over, "Import chats", taken, name="import_chats_dialog", filters=FILTER)

    def _ask_folder(self) -> None:
        over, taken = self._over, self._imports.import_files
        ask_folder(over, "Import a folder of chats", lambda folder: admit(over, [folder], taken, is_chosen=True))
