"""The trash: chats that were deleted, to be restored or deleted for good."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from slmdesk.core.records import Item
from slmdesk.gui import theme
from slmdesk.gui.bridge import Bridge
from slmdesk.gui.dates import moment_words
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.text import plain_label

PAGE = 100
INTRO = "Deleted chats. They can be searched no more, and come back with “Restore”."


class DeletedChats(QDialog):
    """The chats in the trash, newest first, a page at a time; it follows what changes while it is open."""

    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("deleted_chats")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Deleted chats")
        self.resize(560, 420)
        self._bridge = bridge
        self._shown = PAGE
        self._build_ui()
        self._connect()
        self.refresh()

    def _build_ui(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_16, theme.SPACE_16, theme.SPACE_16, theme.SPACE_16)
        layout.setSpacing(theme.SPACE_12)
        self._intro = plain_label(INTRO, self, name="deleted_intro", kind="muted")
        self._list = named(QListWidget(self), "deleted_list")
        self._list.setAccessibleName("Deleted chats")
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._more = named(QPushButton("Show more", self), "deleted_more")
        self._restore = named(QPushButton("Restore", self), "restore_button")
        self._delete = named(QPushButton("Delete for good…", self), "delete_for_good_button")
        self._close = named(QPushButton("Close", self), "deleted_close")
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_8)
        row.addWidget(self._more)
        row.addStretch(1)
        for button in (self._restore, self._delete, self._close):
            row.addWidget(button)
        layout.addWidget(self._intro)
        layout.addWidget(self._list, 1)
        layout.addLayout(row)
        self._show([])

    def _connect(self) -> None:
        self._list.currentRowChanged.connect(self._on_row_changed)
        self._more.clicked.connect(self._on_more)
        self._restore.clicked.connect(self._on_restore)
        self._delete.clicked.connect(self._on_delete)
        self._close.clicked.connect(self.reject)
        self._bridge.item_changed.connect(self.refresh)
        self._bridge.item_gone.connect(self.refresh)

    @Slot()
    def refresh(self) -> None:
        """List them again."""
        self._bridge.ask(lambda services: services.history.items(None, limit=self._shown, deleted=True), self._show)

    def _show(self, items: Sequence[Item]) -> None:
        at = max(self._list.currentRow(), 0)
        self._list.clear()
        for item in items:
            when = moment_words(item.deleted_at or item.updated)
            what = "" if item.kind == "chat" else f"{item.kind}, "
            row = QListWidgetItem(f"{item.title}   ({what}{when})", self._list)
            row.setData(Qt.ItemDataRole.UserRole, (item.id, item.title, item.kind))
        self._list.setCurrentRow(min(at, self._list.count() - 1))
        self._intro.setText(INTRO if items else "The trash is empty.")
        self._more.setVisible(len(items) >= self._shown)
        self._on_row_changed(self._list.currentRow())

    @Slot(int)
    def _on_row_changed(self, row: int) -> None:
        for button in (self._restore, self._delete):
            button.setEnabled(row >= 0)

    @Slot()
    def _on_more(self) -> None:
        self._shown += PAGE
        self.refresh()

    @Slot()
    def _on_restore(self) -> None:
        chat, _title, _kind = self._list.currentItem().data(Qt.ItemDataRole.UserRole)
        self._bridge.ask(lambda services: services.history.restore(chat))

    @Slot()
    def _on_delete(self) -> None:
        chat, title, kind = self._list.currentItem().data(Qt.ItemDataRole.UserRole)
        box = QMessageBox(self)
        box.setObjectName("delete_for_good_dialog")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setWindowTitle("Delete for good?")
        box.setText(f"“{title}” is deleted for good. This cannot be undone.")
        if kind == "translation":
            box.setInformativeText("What you wrote in it is forgotten by the memory of translations too.")
        sure = box.addButton("Delete for good", QMessageBox.ButtonRole.DestructiveRole)
        sure.setObjectName("delete_sure_button")
        sure.clicked.connect(partial(self._delete_now, chat))
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.open()

    def _delete_now(self, chat: str) -> None:
        self._bridge.ask(lambda services: services.history.delete_for_good(chat))
