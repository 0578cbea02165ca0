"""The header of a chat: title, model, and the buttons of list and settings."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from slmdesk.gui.base import theme
from slmdesk.gui.base.shortcuts import keys_of
from slmdesk.gui.chat.model.picker import ModelPicker
from slmdesk.gui.widgets.export_menu import ExportMenu
from slmdesk.gui.widgets.icon import set_icon
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.text import ElidedLabel

PICKER_PERCENT = 34


class ChatHeader(QFrame):
    """Buttons and labels; the page connects them."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("chat_header")
        self.fold = _button(
            self, "fold_button", "panel-left", "Show or hide the list of chats", keys_of("chat.list").shown
        )
        self.title = ElidedLabel(self, name="chat_title")
        self.picker = ModelPicker(self)
        self.export = named(QToolButton(self), "export_button")
        self.export.setToolTip("Export this chat")
        self.export.setAccessibleName("Export this chat")
        set_icon(self.export, "download")
        self.export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.export_menu = ExportMenu(self.export)
        self.export.setMenu(self.export_menu)
        self.panel = _button(self, "panel_button", "sliders", "Settings of this chat", keys_of("chat.panel").shown)
        self.panel.setCheckable(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE_8, theme.SPACE_4, theme.SPACE_8, theme.SPACE_4)
        row.setSpacing(theme.SPACE_8)
        row.addWidget(self.fold)
        row.addWidget(self.title, 1)
        row.addWidget(self.picker)
        row.addWidget(self.export)
        row.addWidget(self.panel)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Title and model share the width; the title has the larger part."""
        super().resizeEvent(event)
        self.picker.set_room(self.width() * PICKER_PERCENT // 100)

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        """The widgets Tab stops at, from the left."""
        return self.fold, self.picker.button, self.picker.cancel_button, self.export, self.panel


def _button(parent: QWidget, name: str, icon: str, words: str, keys: str) -> QToolButton:
    button = named(QToolButton(parent), name)
    button.setToolTip(f"{words} ({keys})")
    button.setAccessibleName(words)
    set_icon(button, icon)
    return button
