"""The narrow bar at the side of the window with an entry for each page."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QFrame, QSizePolicy, QToolButton, QWidget

from slmdesk.gui.base import theme
from slmdesk.gui.widgets.build import column
from slmdesk.gui.widgets.icon import set_icon
from slmdesk.gui.widgets.named import named


class SideBar(QFrame):
    """An entry per page, icon over word, and one for help.  Emits `entry_chosen` with the entry's index."""

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
        button = named(QToolButton(self), "help_button")
        button.setText("Help")
        button.setToolTip("Shortcuts, your data, about slmdesk (F1)")
        button.setAccessibleName("Help")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(QSize(theme.ICON_SIZE, theme.ICON_SIZE))
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # by the keyboard there is F1
        button.setProperty("kind", "entry")
        set_icon(button, "info")
        button.clicked.connect(self.help_requested)
        return button

    def add_entry(self, title: str, icon_name: str, shortcut: str, *, at_end: bool = False) -> None:
        """Add an entry; those `at_end` stand at the foot of the bar."""
        index = len(self._group.buttons())
        button = named(QToolButton(self), f"entry_{index}")
        button.setCheckable(True)
        button.setText(title)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(QSize(theme.ICON_SIZE, theme.ICON_SIZE))
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setShortcut(shortcut)
        button.setToolTip(f"{title} ({shortcut})")
        button.setAccessibleName(title)
        button.setProperty("kind", "entry")
        set_icon(button, icon_name)
        self._group.addButton(button, index)
        if index == 0:
            button.setChecked(True)
        else:
            button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # Tab goes to the checked one, arrows to the others
        if at_end:
            self._ends.insertWidget(self._ends.count() - 1, button)  # help stands last
        else:
            self._layout.insertWidget(self._layout.count() - 2, button)  # before the stretch and the end

    @Slot(int)
    def show_entry(self, index: int) -> None:
        self._group.button(index).setChecked(True)
