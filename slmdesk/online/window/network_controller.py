"""Changes how the Hub is reached: checked, saved, in force with the next request.  No widgets here."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from slmdesk.base.settings import Settings
from slmdesk.runtime.events import Problem
from slmdesk.window.base.bridge import Bridge

BESIDE = frozenset({"setting.invalid", "setting.managed"})
"""Problems shown beside the field."""


class NetworkController(QObject):
    settings_shown = Signal(object)
    verdict_given = Signal(str, str)

    def __init__(self, bridge: Bridge, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="network_controller")
        self._bridge = bridge
        self.current = settings
        bridge.settings_changed.connect(self._on_settings_changed)

    def change(self, key: str, value: object) -> None:
        if value == getattr(self.current, key):
            self.verdict_given.emit(key, "")
            return
        values: dict[str, Any] = {key: value}

        def saved() -> None:
            self.verdict_given.emit(key, "")

        def refused(problem: Problem) -> None:
            if problem.code in BESIDE:
                self.verdict_given.emit(key, words_of(problem))
            else:
                self._bridge.problem_met.emit(problem)
            self.settings_shown.emit(self.current)

        if key == "offline":  # the switch of the status bar; hiding these settings does not take it away
            self._bridge.ask(self._bridge.services.network.set_offline(bool(value)), lambda _none: saved(), refused)
        else:
            self._bridge.follow(self._bridge.services.network.change(**values), lambda _new: saved(), refused)

    def _on_settings_changed(self, settings: Settings) -> None:
        self.current = settings
        self.settings_shown.emit(settings)


def words_of(problem: Problem) -> str:
    if problem.code == "setting.managed":
        return "Set by your organisation; the value before still holds."
    reason = str(problem.args.get("reason", ""))
    return f"Not taken over, the value before still holds: {reason}."
