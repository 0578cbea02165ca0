"""The header of a chat: title, model, and the buttons of list and settings."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QToolButton, QWidget

from slmdesk.chat.window.model.controller import ModelsController
from slmdesk.chat.window.model.picker import ModelPicker
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import row, tool_button
from slmdesk.window.widgets.elided_button import ElidedButton
from slmdesk.window.widgets.export_menu import ExportMenu
from slmdesk.window.widgets.icon import set_icon
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import ElidedLabel, plain_tip

PICKER_PERCENT = 34
MOST_SPACE = 150
"""Pixels for the name of a space."""


class ChatHeader(QFrame):
    def __init__(self, models: ModelsController, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setObjectName("chat_header")
        self.fold = self._button("fold_button", "panel-left", "Show or hide the list of chats", "chat.list")
        self.space = named(ElidedButton("", self), "chat_space", kind="status")
        self.space.setMaximumWidth(MOST_SPACE)
        self.space.hide()
        set_icon(self.space, "folder-open", "muted")
        self.title = ElidedLabel(self, name="chat_title")
        self.hold = named(QLabel(self), "chat_hold")
        set_icon(self.hold, "lock", "muted")
        self.hold.hide()
        self.picker = ModelPicker(models, self)
        self.export = tool_button(
            "export_button", self, tip="Export this chat", label="Export this chat", icon="download"
        )
        self.export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.export_menu = ExportMenu(self.export)
        self.export.setMenu(self.export_menu)
        self.panel = self._button("panel_button", "sliders", "Settings of this chat", "chat.panel")
        self.panel.setCheckable(True)
        row(
            self.fold, self.space, (self.title, 1), self.hold, self.picker, self.export, self.panel,
            into=self, gap=theme.SPACE_8, margins=(theme.SPACE_8, theme.SPACE_4),
        )  # fmt: skip

    def show_space(self, name: str) -> None:
        self.space.setText(name.replace("&", "&&"))
        tip = f"In the space “{name}”: show its chats"
        self.space.setToolTip(plain_tip(tip))
        self.space.setAccessibleName(tip)
        self.space.setVisible(bool(name))

    def show_hold(self, words: str) -> None:
        """Show that nothing deletes the chat, and who has said so; "" hides the badge."""
        self.hold.setToolTip(plain_tip(words))
        self.hold.setAccessibleName(words)
        self.hold.setVisible(bool(words))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Title and model share the width; the title has the larger part."""
        super().resizeEvent(event)
        self.picker.set_space(self.width() * PICKER_PERCENT // 100)

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        return self.fold, self.space, self.picker.button, self.picker.cancel_button, self.export, self.panel

    def _button(self, name: str, icon: str, words: str, shortcut: str) -> QToolButton:
        return tool_button(name, self, tip=words, shortcut=shortcut, label=words, icon=icon)
