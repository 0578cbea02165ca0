"""The trash: deleted chats, to be restored or deleted for good."""

from __future__ import annotations

from collections.abc import Container, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QWidget,
)

from slmdesk.base.labels import clean_label
from slmdesk.base.records import DocumentRecord, Item
from slmdesk.runtime.events import ItemChanged, ItemGone
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.dates import moment_words
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.check_box import CheckBox
from slmdesk.window.widgets.dialog import Dialog
from slmdesk.window.widgets.message_box import message_box
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.text import plain_label

if TYPE_CHECKING:
    from slmdesk.services import Services

PAGE = 100
MOST_NAME = 40
INTRO = (
    "Deleted chats. They can be searched no more, and come back with “Restore”. They stay until you delete them for "
    "good, or a rule does (Settings, “Rules and holds”)."
)


class DeletedChats(Dialog):
    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        passing(self, "deleted_chats", "Deleted chats")
        self.resize(560, 420)
        self._bridge = bridge
        self._shown = PAGE
        self._build_ui()
        self._connect()
        self.refresh()

    def _build_ui(self) -> None:
        self._intro = plain_label(INTRO, self, name="deleted_intro", kind="muted")
        self._list = named(QListWidget(self), "deleted_list", kind="list", label="Deleted chats")
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._more = button("Show more", "deleted_more", self, on=self._on_more)
        self._restore = button("Restore", "restore_button", self, on=self._on_restore)
        self._delete = button("Delete for good…", "delete_for_good_button", self, on=self._on_delete)
        self._empty = button("Empty the trash…", "empty_trash_button", self, on=self._on_empty)
        close = button("Close", "deleted_close", self, on=self.reject)
        close.setDefault(True)
        foot = row(self._more, self._empty, 1, self._restore, self._delete, close, gap=theme.SPACE_8)
        column(self._intro, (self._list, 1), foot, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)
        self._show([])

    def _connect(self) -> None:
        self._list.itemSelectionChanged.connect(self._on_chosen)
        self._bridge.on(ItemChanged, self.refresh)
        self._bridge.on(ItemGone, self.refresh)

    def refresh(self) -> None:
        def found(services: Services) -> tuple[list[Item], set[str]]:
            items = services.history.items(None, limit=self._shown, deleted=True)
            return items, services.retention.held([one.id for one in items])

        self._bridge.ask(found, lambda listed: self._show(*listed))

    def _show(self, items: Sequence[Item], held: Container[str] = ()) -> None:
        at = max(self._list.currentRow(), 0)
        kept = {one.id for one in self._chosen}
        self._list.clear()
        for item in items:
            when = moment_words(item.deleted_at or item.updated)
            what = "" if item.kind == "chat" else f"{item.kind}, "
            hold = ", on hold" if item.id in held else ""
            line = QListWidgetItem(f"{item.title}   ({what}{when}{hold})", self._list)
            line.setData(Qt.ItemDataRole.UserRole, item)
        self._list.setCurrentRow(min(at, self._list.count() - 1))
        for at, item in enumerate(items):
            if item.id in kept:
                self._list.item(at).setSelected(True)
        self._intro.setText(INTRO if items else "The trash is empty.")
        self._more.setVisible(len(items) >= self._shown)
        self._empty.setEnabled(bool(items))
        self._on_chosen()

    @property
    def _chosen(self) -> list[Item]:
        return [one.data(Qt.ItemDataRole.UserRole) for one in self._list.selectedItems()]

    def _on_chosen(self) -> None:
        self._restore.setEnabled(bool(self._chosen))
        self._delete.setEnabled(bool(self._chosen))

    def _on_more(self) -> None:
        self._shown += PAGE
        self.refresh()

    def _on_restore(self) -> None:
        ids = [one.id for one in self._chosen]
        self._bridge.services.chats.restore_all(ids)

    def _on_delete(self) -> None:
        items = self._chosen
        ids = [one.id for one in items]
        self._bridge.ask(self._bridge.services.history.documents_only_of(ids), partial(self._ask_delete, items))

    def _ask_delete(self, items: Sequence[Item], documents: Sequence[DocumentRecord]) -> None:
        forgotten = "What you wrote in it is forgotten by the memory of translations too."
        more = forgotten if any(one.kind == "translation" for one in items) else ""
        what = f"“{items[0].title}” is" if len(items) == 1 else f"{len(items):,} chats are"
        words = f"{what} deleted for good. This cannot be undone."
        box = message_box(self, "delete_for_good_dialog", "Delete for good?", words, more)
        also = named(CheckBox(_also(documents), box), "delete_documents_too")
        also.setToolTip("\n".join(one.name for one in documents))
        if documents:
            box.setCheckBox(also)
        else:
            also.deleteLater()
        sure = named(box.addButton("Delete for good", QMessageBox.ButtonRole.DestructiveRole), "delete_sure_button")
        ids = [one.id for one in items]
        sure.clicked.connect(lambda: self._delete_now(ids, documents if documents and also.isChecked() else ()))
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.open()

    def _delete_now(self, ids: Sequence[str], documents: Sequence[DocumentRecord]) -> None:
        def delete(services: Services) -> None:
            for id in ids:
                services.history.delete_for_good(id)
            for one in documents:
                services.documents.forget(one.id)

        self._bridge.ask(delete)

    def _on_empty(self) -> None:
        words = "Everything in the trash is deleted for good. This cannot be undone."
        more = "Text of documents is kept; “Delete for good…” can forget it together with a chat."
        box = message_box(self, "empty_trash_dialog", "Empty the trash?", words, more)
        sure = named(box.addButton("Empty the trash", QMessageBox.ButtonRole.DestructiveRole), "empty_sure_button")
        sure.clicked.connect(lambda: self._bridge.services.history.empty_trash())
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.open()


def _also(documents: Sequence[DocumentRecord]) -> str:
    name = clean_label(documents[0].name, MOST_NAME).replace("&", "&&") if documents else ""
    what = f"“{name}”" if len(documents) == 1 else f"{len(documents)} documents"
    return f"Forget the text of {what} too: nothing else uses it. Files are not touched."
