"""Whether the typed text is redacted, and what a person decided about it.  No widgets here."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from slmdesk.redaction.service import Decisions, Preview
from slmdesk.window.base.bridge import Bridge, Call

WAITS = "Redaction is on, so nothing is translated while you type. Press Translate… to see first what is replaced."


class TextRedaction(QObject):
    """Emits `shown` with whether it is on, `switched` too where a person switched it, `preview_arrived` with a Preview
    of the text, `accepted` with the Decisions with which it may be translated.
    """

    switched = Signal(bool)
    shown = Signal(bool)
    preview_arrived = Signal(object)
    accepted = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent, objectName="text_redaction")
        self._bridge = bridge
        self.is_on = False
        self._looked_at = ""
        self._following: Call | None = None

    def switch(self, is_on: bool) -> None:
        if is_on != self.is_on:
            self.is_on, self._looked_at = is_on, ""
            self.shown.emit(is_on)
            self.switched.emit(is_on)

    def show(self, *, is_on: bool) -> None:
        """An earlier text is shown: what was decided about it is not kept, so it waits to be looked through again."""
        self.is_on, self._looked_at = is_on, ""
        self.shown.emit(is_on)

    def waits(self, text: str) -> bool:
        return self.is_on and bool(text.strip()) and text != self._looked_at

    def look(self, text: str) -> None:
        if self._following is not None:
            self._following.cancel()
        self._following = self._bridge.follow(self._bridge.services.redaction.look(text), self._on_preview)

    def _on_preview(self, preview: Preview) -> None:
        self._following = None
        if self.is_on:
            self.preview_arrived.emit(preview)

    def accept(self, text: str, decisions: Decisions) -> None:
        self._looked_at = text
        self.accepted.emit(decisions)
