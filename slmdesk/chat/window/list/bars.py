"""Bars of the list of chats: which chats are listed, and what to do with the marked ones."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QMenu, QToolButton, QWidget

from slmdesk.window.base import theme
from slmdesk.window.widgets.build import row, tool_button
from slmdesk.window.widgets.icon import set_icon
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import ElidedLabel

BUTTON = 28
"""Pixels: six of them and a number are no wider than the list."""


class PlaceBar(QFrame):
    back_requested = Signal()
    edit_requested = Signal()
    delete_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "place_bar", label="What is listed")
        self.back = tool_button(
            "place_back", self, tip="Back to all chats (Backspace)", label="Back to all chats", icon="chevron-left",
            on=self.back_requested,
        )  # fmt: skip
        self.title = ElidedLabel(self, name="place_title")
        self.more = tool_button("place_more", self, tip="Change or delete this space", icon="ellipsis")
        self.more.setAccessibleName("Change or delete this space")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.more)
        named(menu.addAction("Edit space…", self.edit_requested.emit), "place_edit")
        named(menu.addAction("Delete space…", self.delete_requested.emit), "place_delete")
        self.more.setMenu(menu)
        row(self.back, (self.title, 1), self.more, into=self, gap=theme.SPACE_4, margins=(theme.SPACE_8, 0))
        self.hide()

    def show_place(self, name: str, *, is_space: bool) -> None:
        self.setVisible(bool(name))
        self.title.set_full_text(name)
        self.more.setVisible(is_space)


class SelectionBar(QFrame):
    pin_requested = Signal()
    archive_requested = Signal()
    delete_requested = Signal()
    done = Signal()

    def __init__(self, export: QMenu, move: QMenu, parent: QWidget) -> None:
        """`export`, `move`: menus of the formats, and of the spaces."""
        super().__init__(parent)
        named(self, "selection_bar", label="Marked chats")
        self._count = ElidedLabel(self, name="selection_count", kind="small")
        self.pin = self._button("pin", "pin", "Pin")
        self.archive = self._button("archive", "package", "Archive")
        self._move = self._button("move", "folder-open", "Move to a space")
        self._export = self._button("export", "download", "Export")
        self._delete = self._button("delete", "trash-2", "Move to the trash (Del)")
        self._done = self._button("done", "x", "Unmark them (Esc)")
        for button, menu in ((self._move, move), (self._export, export)):
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
            button.setMenu(menu)
        for button, signal in (
            (self.pin, self.pin_requested), (self.archive, self.archive_requested),
            (self._delete, self.delete_requested), (self._done, self.done),
        ):  # fmt: skip
            button.clicked.connect(signal)
        sides = (theme.SPACE_16, theme.SPACE_4, theme.SPACE_8, theme.SPACE_4)
        row((self._count, 1), *self.in_order, into=self, gap=0, margins=sides)
        self.hide()

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        return self.pin, self.archive, self._move, self._export, self._delete, self._done

    def show_count(self, count: int, *, is_archive: bool, is_pinned: bool) -> None:
        self.setVisible(count > 1)
        self._count.set_full_text(f"{count:,} marked")
        _say(self.archive, "Take out of the archive" if is_archive else "Archive")
        set_icon(self.archive, "undo-2" if is_archive else "package")
        _say(self.pin, "Unpin" if is_pinned else "Pin")
        self.pin.setVisible(not is_archive)

    def _button(self, name: str, icon: str, words: str) -> QToolButton:
        made = tool_button(f"selection_{name}", self, kind="tight", tip=words, label=words, icon=icon)
        made.setFixedWidth(BUTTON)
        return made


def _say(button: QToolButton, words: str) -> None:
    button.setToolTip(words)
    button.setAccessibleName(words)
