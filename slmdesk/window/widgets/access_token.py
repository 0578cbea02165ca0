"""Sets, stores and removes the Hub's access token; the window never shows it.  No widgets here."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from slmdesk.online.access_token import TokenPlaces
from slmdesk.online.events import TokenChanged
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.notice_bar import UNDO_MS, Notice

PLACE_WORDS = {
    "": "No access token is kept.",
    "environment": "The token of the environment (HF_TOKEN) is used. It is not slmdesk's to change.",
    "keyring": "A token is kept in the system's keyring.",
    "ask": "A token is kept until slmdesk is closed.",
    "file": "A token is kept in a file that only you can read.",
}


class TokenController(QObject):
    """Lives on the window's thread; keeps no token."""

    state_shown = Signal(object)
    places_shown = Signal(object)
    kept = Signal()
    refused = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="token_controller")
        self._bridge = bridge
        self.state = TokenChanged("", "")
        self.places: TokenPlaces | None = None
        bridge.on(TokenChanged, self._on_state)
        bridge.when_open(self.refresh)
        bridge.settings_changed.connect(self.refresh)

    def refresh(self) -> None:
        self._bridge.ask(self._bridge.services.tokens.state(), self._on_state)

    def look(self) -> None:
        """Find out where a token can be stored here; `places_shown` follows within seconds."""
        self._bridge.follow(self._bridge.services.tokens.places(), self._on_places)

    def keep(self, token: str, place: str) -> None:
        """Store a token at a place of services.tokens.PLACES; `kept` or `refused` follows."""
        self._bridge.follow(self._bridge.services.tokens.keep(token, place), self._on_kept, self.refused.emit)

    def forget(self) -> None:
        self._bridge.follow(self._bridge.services.tokens.forget(), self._on_forgotten)

    def _on_state(self, state: TokenChanged) -> None:
        self.state = state
        self.state_shown.emit(state)

    def _on_places(self, places: TokenPlaces) -> None:
        self.places = places
        self.places_shown.emit(places)

    def _on_kept(self, state: TokenChanged) -> None:
        self._on_state(state)
        self.kept.emit()

    def _on_forgotten(self, state: TokenChanged) -> None:
        self._on_state(state)
        self._bridge.notice_raised.emit(Notice("The access token is forgotten.", life_ms=UNDO_MS, key="token"))


def words_of(state: TokenChanged) -> str:
    return PLACE_WORDS.get(state.place, "")
