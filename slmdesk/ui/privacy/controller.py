"""Encrypt and decrypt the history, change what opens it, and print the recovery key. No widgets here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from slmdesk.base.documents import Paper, Run, paragraph
from slmdesk.base.files import write_atomically
from slmdesk.base.runtime.events import HistoryReplaced
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.widgets.bars import SettingsController
from slmdesk.ui.kit.widgets.notices import Notice

if TYPE_CHECKING:
    from slmdesk.base.runtime.events import Pending
    from slmdesk.history.privacy.opening import PrivacyState
    from slmdesk.services import Services

KEPT = (
    _("It opens the history where the passphrase is forgotten. Nobody can make another for it."),
    _("Keep it away from the PC, as you would a key to the filing room."),
)


class PrivacyController(QObject):
    state_shown = Signal(object)
    encryption_shown = Signal(bool)
    done = Signal()
    refused = Signal(object)

    def __init__(self, bridge: Bridge, settings: SettingsController, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="privacy_controller")
        self._bridge, self.settings = bridge, settings
        self.state: PrivacyState | None = None
        bridge.opened.connect(self._on_opened)
        bridge.on(HistoryReplaced, self.look)

    def look(self, _event: HistoryReplaced | None = None) -> None:
        self._bridge.follow(self._bridge.services.privacy.state(), self._on_state)

    def _on_opened(self) -> None:
        """Load the state without asking the keyring. It is asked when the settings are opened: few people need it, and
        its libraries are large.
        """
        self._bridge.follow(self._bridge.services.privacy.state(asks_keyring=False), self._on_state)

    def begin(self, request: Callable[[Services], Pending[None]], note: str = "") -> None:
        """Change what opens the history. `done` (with a notice, if there is a `note`) or `refused` is emitted later."""

        def ended(_none: None) -> None:
            if note:
                self._bridge.notice_raised.emit(Notice(note, key="encrypted"))
            self.done.emit()
            self.look()

        self._bridge.follow(request, ended, self._on_refused)

    def print_key(self, recovery: str, target: Path) -> None:
        """Write a recovery key to a PDF. A notice is shown or `refused` emitted later. An existing file is replaced."""

        def written(_none: None) -> None:
            words = _("The recovery key is in {target}. Print it, and delete the file.").format(target=target)
            self._bridge.notice_raised.emit(Notice(words, key="recovery"))

        def write(pdf: bytes) -> None:
            self._bridge.ask(lambda _services: write_atomically(target, pdf), written, self.refused.emit)

        paper = Paper(
            _("Recovery key of a slmdesk history"), (paragraph(Run(recovery, code=True)), *map(paragraph, KEPT))
        )
        self._bridge.follow(self._bridge.services.exports.print(paper), write, self.refused.emit)

    def _on_state(self, state: PrivacyState) -> None:
        self.state = state
        self.state_shown.emit(state)
        self.encryption_shown.emit(state.is_encrypted)

    def _on_refused(self, problem: Problem) -> None:
        self.refused.emit(problem)
        self.look()
