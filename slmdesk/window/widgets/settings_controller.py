"""Changes settings: saved and in force at once.  No widgets here."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from slmdesk.base.policy import Policy
from slmdesk.base.settings import Settings
from slmdesk.runtime.events import Problem
from slmdesk.window.base.bridge import Bridge


class SettingsController(QObject):
    settings_shown = Signal(object)
    policy_shown = Signal(object)
    saved_shown = Signal(object)
    once_shown = Signal()
    walls_shown = Signal(object)

    def __init__(self, bridge: Bridge, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="settings_controller")
        self._bridge = bridge
        self.current = settings
        self.policy: Policy | None = None
        """None: not known yet."""
        bridge.settings_changed.connect(self._on_settings_changed)
        bridge.ask(lambda services: services.settings.policy, self._on_policy)

    def change(self, key: str, value: object) -> None:
        if value != getattr(self.current, key):
            self._bridge.ask(self._bridge.services.settings.change(**{key: value}), None, self._on_refused)

    def allow_once(self) -> None:
        """Allow the network until slmdesk is closed."""
        self._bridge.ask(self._bridge.services.network.allow_once(), None, self._on_refused)

    def look_at_saved(self) -> None:
        self._bridge.follow(self._bridge.services.states.size(), self.saved_shown.emit, lambda _problem: None)

    def look_at_walls(self) -> None:
        self._bridge.ask(self._bridge.services.walls(), self.walls_shown.emit)

    def delete_saved(self) -> None:
        """Delete all saved state: nothing is lost, the documents are only read again."""
        self._bridge.ask(
            self._bridge.services.states.forget_all(), lambda _none: self.look_at_saved(), self._on_refused
        )

    def _on_settings_changed(self, settings: Settings) -> None:
        self.current = settings
        self.settings_shown.emit(settings)
        if not settings.offline:
            self._bridge.ask(lambda services: services.network.is_once, self._on_once_known)

    def _on_once_known(self, is_once: bool) -> None:
        if is_once:
            self.once_shown.emit()

    def _on_policy(self, policy: Policy) -> None:
        self.policy = policy
        self.policy_shown.emit(policy)

    def _on_refused(self, problem: Problem) -> None:
        self.settings_shown.emit(self.current)
        self._bridge.problem_met.emit(problem)
