"""Changes the settings of spelling and the person's own words.  No widgets here."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from slmdesk.base.settings import Settings
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.settings_controller import SettingsController
from slmdesk.writing.spelling.events import SpellingChanged


class SpellingController(QObject):
    settings_shown = Signal(object)
    state_shown = Signal(object)

    def __init__(self, bridge: Bridge, settings: SettingsController, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="spelling_controller")
        self._bridge, self._settings = bridge, settings
        self.change = settings.change
        settings.settings_shown.connect(self.settings_shown)
        bridge.on(SpellingChanged, self.look)

    @property
    def current(self) -> Settings:
        return self._settings.current

    def look(self) -> None:
        self._bridge.follow(self._bridge.services.spelling.state(), self.state_shown.emit)

    def choose(self, place: str) -> None:
        """Use the dictionaries at a place, or, for "", those of the system."""
        self._bridge.follow(self._bridge.services.spelling.choose(place))

    def remove_words(self, words: Sequence[str]) -> None:
        self._bridge.services.spelling.remove_words(words)

    def add_words(self, words: Sequence[str]) -> None:
        self._bridge.services.spelling.add_words(words)
