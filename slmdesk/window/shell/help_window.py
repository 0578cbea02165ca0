"""Help: the shortcuts by page, which can be changed, where data is stored, how to report a fault, and licences."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from functools import partial

import PySide6
from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from slmdesk import __version__
from slmdesk.window.base import theme
from slmdesk.window.shell.shortcut_list import ShortcutList
from slmdesk.window.widgets.build import button, column
from slmdesk.window.widgets.dialog import Dialog
from slmdesk.window.widgets.flow import FlowLayout
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.outside import open_outside
from slmdesk.window.widgets.scroll_column import show_column
from slmdesk.window.widgets.settings_controller import SettingsController
from slmdesk.window.widgets.text import breakable, plain_label

Folders = Sequence[tuple[str, str]]
"""What is kept, and where."""
DATA = (
    "Everything stays on this computer. Nothing is sent anywhere unless you allow the network and ask for it; the line "
    "at the foot of the window counts every request."
)
REPORT = (
    "If something goes wrong, note what you did, what you expected and what happened, and add the version below. "
    "“slmdesk doctor” in a terminal prints a report of this computer without your texts. Give both to whoever gave you "
    "slmdesk. Nothing is sent by itself."
)
LICENCES = (
    "slmdesk: Apache License 2.0.\n"
    "Qt and PySide6: LGPL 3, used unchanged; they can be replaced.\n"
    "llama.cpp: MIT License.\n"
    "Icons: Lucide, ISC License.\n"
    "Starter model: SmolLM2, Apache License 2.0. Every other model has a licence of its own, shown in its details."
)
SIZE = (640, 640)
LEAST_LETTERS = 50


class HelpWindow(Dialog):
    def __init__(self, folders: Folders, settings: SettingsController, parent: QWidget) -> None:
        super().__init__(parent)
        passing(self, "help_window", "Help")
        self._area = named(QScrollArea(self), "help_area")
        self._inner = named(QFrame(self), "help_inner")
        margins = (theme.SPACE_16, theme.SPACE_8, theme.SPACE_16, theme.SPACE_16)
        self._column = column(into=self._inner, gap=theme.SPACE_8, margins=margins)
        head = FlowLayout(gap=theme.SPACE_8)
        for name, title, fill in (
            ("shortcuts", "Keyboard shortcuts", partial(self._add_shortcuts, settings)),
            ("data", "Where your data is", partial(self._add_data, folders)),
            ("report", "Report a fault", lambda: self._say("help_report", REPORT)),
            ("about", "About slmdesk", self._add_about),
        ):
            heading = plain_label(title, self._inner, name=f"help_{name}_title", kind="title")
            self._column.addWidget(heading)
            fill()
            self._column.addSpacing(theme.SPACE_16)
            head.addWidget(button(title, f"help_{name}_button", self, on=partial(self._go_to, heading)))
        self._column.addStretch(1)
        show_column(self._area, self._inner)
        layout = QVBoxLayout(self)
        layout.addLayout(head)
        layout.addWidget(self._area, 1)
        self.setMinimumWidth(LEAST_LETTERS * self.fontMetrics().averageCharWidth())
        self.resize(*SIZE)

    def _add_shortcuts(self, settings: SettingsController) -> None:
        self._column.addWidget(ShortcutList(settings, self._inner))

    def _add_data(self, folders: Folders) -> None:
        self._say("help_data", DATA)
        for at, (what, where) in enumerate(folders):
            self._column.addWidget(plain_label(what, self._inner, name="help_what", kind="strong"))
            place = self._say("help_folder", breakable(where))
            place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label, show = f"Open folder: {what}", partial(_open_folder, where)
            opening = button("Open folder", f"help_open_{at}", self._inner, label=label, on=show)
            self._column.addWidget(opening, 0, Qt.AlignmentFlag.AlignLeft)

    def _add_about(self) -> None:
        system = f"{platform.system()} {platform.release()}, Python {sys.version.split()[0]}, Qt {PySide6.__version__}"
        version = self._say("help_version", f"slmdesk {__version__}\n{system}")
        version.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._say("help_licences", LICENCES)

    def _say(self, name: str, words: str) -> QLabel:
        label = plain_label(words, self._inner, name=name)
        self._column.addWidget(label)
        return label

    def _go_to(self, heading: QWidget) -> None:
        self._area.verticalScrollBar().setValue(heading.y() - theme.SPACE_8)


def _open_folder(where: str) -> None:
    open_outside(QUrl.fromLocalFile(where))
