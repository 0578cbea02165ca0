"""The part of the settings page that says what the system keeps each child process from."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QWidget

from slmdesk.base.walls import Walls
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import column
from slmdesk.window.widgets.settings_controller import SettingsController
from slmdesk.window.widgets.text import plain_label

INTRODUCTION = (
    "Models and documents are opened by processes of their own. What a hostile file could do if it took one over is "
    "limited by the system; this is what took effect on this PC."
)
PARTS = {
    "engine": "Models",
    "helper": "Chat templates of models",
    "reader": "Documents",
    "printer": "Exported PDF files",
    "speller": "Dictionaries",
}
NOT_YET = "not started yet"


class WallsSection(QWidget):
    def __init__(self, controller: SettingsController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("walls_section")
        self._controller = controller
        self._rows: dict[str, QLabel] = {}
        self._build_ui()
        controller.walls_shown.connect(self.show_walls)

    def _build_ui(self) -> None:
        title = plain_label("Walls", self, name="walls_heading", kind="heading")
        words = plain_label(INTRODUCTION, self, name="walls_sentence", kind="muted")
        self._column = column(title, words, into=self, gap=theme.SPACE_8)
        for role, part in PARTS.items():
            self._rows[role] = plain_label(f"{part}: {NOT_YET}", self, name=f"walls_{role}")
            self._column.addWidget(self._rows[role])

    def show_walls(self, walls: Mapping[str, Walls | None]) -> None:
        """Show the walls of each child; None: not started yet."""
        for role, label in self._rows.items():
            its = walls.get(role)
            label.setText(f"{PARTS[role]}: {its.words if its else NOT_YET}")

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._controller.look_at_walls()
