"""Says once what a person should know of the disk that their history lies on."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject

from slmdesk.runtime.events import Problem
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.window_state import WindowStateFile
from slmdesk.window.widgets.notice_bar import Notice


class HomePlace(QObject):
    def __init__(self, bridge: Bridge, state: WindowStateFile, parent: QObject) -> None:
        super().__init__(parent, objectName="home_place")
        self._bridge, self._state = bridge, state
        bridge.opened.connect(self._on_opened)

    def _on_opened(self) -> None:
        from slmdesk.runtime.home_place import look_at_home

        self._bridge.follow(
            lambda services: look_at_home(services.service_thread, services.paths),
            self._on_found,
            lambda _problem: None,
        )

    def _on_found(self, problems: Sequence[Problem]) -> None:
        told = self._state.current.told_of_disk.split()
        news = [one for one in problems if one.code not in told]
        for one in news:
            self._bridge.notice_raised.emit(Notice(one.sentence, key=one.code))
        if news:
            codes = " ".join([*told, *(one.code for one in news)])
            self._bridge.ask(lambda _services: self._state.change(told_of_disk=codes), None, lambda _problem: None)
