"""Reads and changes the person's list of people and firms.  No widgets here."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from slmdesk.redaction.service import listed_from_lines
from slmdesk.window.base.bridge import Bridge


class RedactionNamesController(QObject):
    names_shown = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="redaction_names_controller")
        self._bridge = bridge

    def look(self) -> None:
        self._bridge.ask(self._bridge.services.redaction.names(), self._on_names)

    def change(self, lines: str) -> None:
        names = listed_from_lines(lines)
        self._bridge.ask(self._bridge.services.redaction.change_names(names), self._on_names)

    def _on_names(self, names: object) -> None:
        self.names_shown.emit(names)
