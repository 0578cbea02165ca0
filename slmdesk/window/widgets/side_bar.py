"""The narrow bar at the side of the window with an entry for each page."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QSizePolicy, QToolButton, QWidget

from slmdesk.window.base import theme
from slmdesk.window.base.shortcuts import press_with_keys
from slmdesk.window.widgets.build import column, tool_button
from slmdesk.window.widgets.named import named


class SideBar(QFrame):
    entry_chosen = Signal(int)
    help_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "side_bar", label="Pages")
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._layout = column(into=self, gap=theme.SPACE_4, margins=(theme.SPACE_4, theme.SPACE_8))
        self._ends = column(gap=theme.SPACE_4)
        self._layout.addStretch(1)
        self._layout.addLayout(self._ends)
        self._group.idClicked.connect(self.entry_chosen)
        self._ends.addWidget(self._make_help())

    def _make_help(self) -> QToolButton:
        made = self._entry("help_button", "Help", "info", "Shortcuts, your data, about slmdesk", "help")
        made.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # by the keyboard there is F1
        made.clicked.connect(self.help_requested)
        return made

    def _entry(self, name: str, title: str, icon: str, tip: str, shortcut: str) -> QToolButton:
        made = tool_button(name, self, title, label=title, tip=tip, kind="entry", icon=icon, shortcut=shortcut)
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        made.setIconSize(QSize(theme.ICON_SIZE, theme.ICON_SIZE))
        made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return made

    def add_entry(self, title: str, icon_name: str, shortcut: str, *, at_end: bool = False) -> None:
        index = len(self._group.buttons())
        entry = self._entry(f"entry_{index}", title, icon_name, title, shortcut)
        entry.setCheckable(True)
        press_with_keys(entry, shortcut)
        self._group.addButton(entry, index)
        if index == 0:
            entry.setChecked(True)
        else:
            entry.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # Tab goes to the checked one, arrows to the others
        if at_end:
            self._ends.insertWidget(self._ends.count() - 1, entry)  # help stands last
        else:
            self._layout.insertWidget(self._layout.count() - 2, entry)  # before the stretch and the end

    def show_entry(self, index: int) -> None:
        self._group.button(index).setChecked(True)
