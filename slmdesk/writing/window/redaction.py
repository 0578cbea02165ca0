"""Whether what is asked about the text is redacted, and what a person decided about it.  No widgets here."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from slmdesk.redaction.service import NOTHING_DECIDED, Decisions, Preview
from slmdesk.window.base.bridge import Bridge, Call

ON = "Redaction is on: what you ask for is shown first, and no words are suggested while you type."
OFF = "Redaction is off."


class WritingRedaction(QObject):
    said = Signal(str)
    preview_arrived = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent, objectName="writing_redaction")
        self._bridge = bridge
        self.is_on = False
        self._following: Call | None = None
        self._go_on: Callable[[Decisions], None] | None = None

    def switch(self, is_on: bool) -> None:
        self.is_on = is_on
        self.drop()
        self.said.emit(ON if is_on else OFF)

    def before(self, text: str, go_on: Callable[[Decisions], None]) -> None:
        """Call `go_on` at once, or, where it is on, when a person has looked at what is replaced in `text`."""
        self.drop()
        if not self.is_on:
            go_on(NOTHING_DECIDED)
            return
        self._go_on = go_on
        self._following = self._bridge.follow(self._bridge.services.redaction.look(text), self._on_preview)

    def accept(self, decisions: Decisions) -> None:
        go_on, self._go_on = self._go_on, None
        if go_on is not None:
            go_on(decisions)

    def drop(self) -> None:
        following, self._following, self._go_on = self._following, None, None
        if following is not None:
            following.cancel()

    def _on_preview(self, preview: Preview) -> None:
        self._following = None
        if self._go_on is not None:
            self.preview_arrived.emit(preview)
