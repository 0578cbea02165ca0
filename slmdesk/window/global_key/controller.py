"""The setting for a global shortcut and its state.  No widgets here."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from slmdesk.base.settings import Settings
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.global_key.states import KeyState, KeyStatus, words_of
from slmdesk.window.widgets.notice_bar import Notice

if TYPE_CHECKING:
    from slmdesk.window.global_key.portal import PortalKey

REPORTED = (KeyStatus.CLOSED, KeyStatus.LOST, KeyStatus.REFUSED, KeyStatus.DECLINED)


class GlobalKey(QObject):
    """Follows the setting `global_key`.

    Emits `pressed` with the desktop's activation token, `sentence_shown` when the sentence on its state has changed.
    """

    pressed = Signal(str)
    sentence_shown = Signal(str)

    def __init__(
        self,
        bridge: Bridge,
        settings: Settings,
        parent: QObject | None = None,
        *,
        environment: Mapping[str, str] = os.environ,
        platform: str = sys.platform,
    ) -> None:
        super().__init__(parent, objectName="global_key")
        self._bridge, self._environment = bridge, environment
        self._is_requested, self._is_on = settings.global_key, False
        self.is_possible = platform.startswith("linux")
        self._portal: PortalKey | None = None
        self._state = KeyState(KeyStatus.OFF if self.is_possible else KeyStatus.BY_HAND)
        bridge.opened.connect(self._follow)
        bridge.settings_changed.connect(self._on_settings_changed)
        bridge.closed.connect(self.stop)

    @property
    def sentence(self) -> str:
        return words_of(self._state)

    def stop(self) -> None:
        """Release the key; the setting stays."""
        if self._portal is not None and self._is_on:
            self._is_on = False
            self._portal.stop()

    def _on_settings_changed(self, settings: Settings) -> None:
        self._is_requested = settings.global_key
        self._follow()

    def _follow(self) -> None:
        if not self.is_possible or self._is_requested == self._is_on:
            return
        if self._is_requested:
            self._is_on = True
            self._way().start()
        elif self._state.status is KeyStatus.DECLINED:
            self._is_on = False  # why it is off stays in sight
        else:
            self.stop()

    def _way(self) -> PortalKey:
        if self._portal is None:
            from slmdesk.window.global_key.portal import PortalKey  # late: its library is there on these systems alone

            self._portal = PortalKey(self, self._environment)
            self._portal.state_changed.connect(self._on_state_changed)
            self._portal.pressed.connect(self.pressed)
        return self._portal

    def _on_state_changed(self, state: KeyState) -> None:
        self._state = state
        self.sentence_shown.emit(self.sentence)
        if state.status in REPORTED:
            self._bridge.notice_raised.emit(Notice(self.sentence, key="global key"))
        if state.status is KeyStatus.DECLINED:  # else every start would ask anew
            self._bridge.ask(self._bridge.services.settings.change(global_key=False), None, lambda _problem: None)
