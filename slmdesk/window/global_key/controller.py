"""Controller of the setting for a global shortcut, and the state of that shortcut. It has no widgets."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from slmdesk.base.record import Record
from slmdesk.base.settings import Settings
from slmdesk.base.texts import _
from slmdesk.base.untrusted import clean_label
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.notices import Notice

if TYPE_CHECKING:
    from slmdesk.window.global_key.session_bus import PortalKey

# ---- the states of the global shortcut, and the sentence for each


MOST_TRIGGER = 60
BY_HAND = _("Bind the command “slmdesk --translate-clipboard” to a key in the settings of your system instead.")


class KeyStatus(StrEnum):
    OFF = "off"
    ASKING = "asking"
    READY = "ready"
    NO_KEY = "no_key"
    """The desktop has accepted the shortcut, but the person has not assigned a key to it."""
    DECLINED = "declined"
    REFUSED = "refused"
    UNKNOWN_PROGRAM = "unknown_program"
    MISSING = "missing"
    """There is no session bus or no portal, or the portal does not offer global shortcuts."""
    CLOSED = "closed"
    LOST = "lost"
    """The session bus or the portal has ended."""
    BY_HAND = "by_hand"
    """This system offers no way to request a global shortcut, so the person must set one up by hand."""


class KeyState(Record):
    status: KeyStatus = KeyStatus.OFF
    untrusted_trigger: str = ""


WORDS = {
    KeyStatus.OFF: _(
        "A key that works in every program brings this window forward and translates what was copied. Your "
        "desktop says which key it is, and may ask you."
    ),
    KeyStatus.ASKING: _("Your desktop is asked for a key; it may show a window with a question."),
    KeyStatus.READY: _(
        "{trigger} translates what was copied, in every program. It is changed in your desktop's settings."
    ),
    KeyStatus.NO_KEY: _("Your desktop has no key for it yet: choose one in its settings, among the keys of slmdesk."),
    KeyStatus.DECLINED: _("No key was given when your desktop asked. Switch it on to be asked again. {by_hand}").format(
        by_hand=BY_HAND
    ),
    KeyStatus.REFUSED: _("Your desktop has not given a key. Switch it off and on to ask again. {by_hand}").format(
        by_hand=BY_HAND
    ),
    KeyStatus.UNKNOWN_PROGRAM: _(
        "Your desktop gives keys to installed programs only, and does not know slmdesk as one. {by_hand}"
    ).format(by_hand=BY_HAND),
    KeyStatus.MISSING: _("This desktop gives programs no key that works everywhere. {by_hand}").format(by_hand=BY_HAND),
    KeyStatus.CLOSED: _("Your desktop has taken the key back. Switch it off and on to ask again. {by_hand}").format(
        by_hand=BY_HAND
    ),
    KeyStatus.LOST: _("The line to your desktop has ended, and the key with it. Switch it off and on to ask again."),
    KeyStatus.BY_HAND: _("On this system slmdesk takes no key. {by_hand}").format(by_hand=BY_HAND),
}


def words_of(state: KeyState) -> str:
    return WORDS[state.status].replace("{trigger}", clean_label(state.untrusted_trigger, MOST_TRIGGER))


# ---- controller


REPORTED = (KeyStatus.CLOSED, KeyStatus.LOST, KeyStatus.REFUSED, KeyStatus.DECLINED)


class GlobalKey(QObject):
    """Requests or releases the key as setting `global_key` says. Emits `pressed` with a desktop activation token."""

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
        """Release the key. The setting is not changed."""
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
            self._is_on = False  # the reason stays visible
        else:
            self.stop()

    def _way(self) -> PortalKey:
        if self._portal is None:
            from slmdesk.window.global_key.session_bus import (
                PortalKey,  # imported late: its library exists on these systems only
            )

            self._portal = PortalKey(self, self._environment)
            self._portal.state_changed.connect(self._on_state_changed)
            self._portal.pressed.connect(self.pressed)
        return self._portal

    def _on_state_changed(self, state: KeyState) -> None:
        self._state = state
        self.sentence_shown.emit(self.sentence)
        if state.status in REPORTED:
            self._bridge.notice_raised.emit(Notice(self.sentence, key="global key"))
        if state.status is KeyStatus.DECLINED:  # otherwise every start would ask again
            self._bridge.ask(self._bridge.services.settings.change(global_key=False), None, lambda _problem: None)
