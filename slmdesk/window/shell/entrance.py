"""What stands before the window: the lock page, where the history is encrypted and nothing opens it by itself."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtWidgets import QApplication

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import Paths
from slmdesk.base.record import Record
from slmdesk.base.settings import SettingsFile, policy_of
from slmdesk.privacy.opening import open_by, ways_of
from slmdesk.window.base.window_state import WindowStateFile
from slmdesk.window.shell.lock_screen import LockScreen
from slmdesk.window.shell.signal_door import SignalDoor
from slmdesk.window.shell.single_instance import SingleInstance


class Door(Record):
    key: Any = None
    """Of the history (services.privacy); None where it needs none."""
    is_left: bool = False
    """The person has quit."""


def ask_for_key(app: QApplication, paths: Paths, instance: SingleInstance, *, by_itself: bool) -> Door:
    """Show the lock page where the history needs a key, until it is there or the person quits."""
    try:
        ways = ways_of(paths)
    except KnownError:  # said by the window, which cannot open it either
        ways = None
    if ways is None:
        return Door()
    settings = SettingsFile(paths.settings_file, policy_of(paths)).current
    state = WindowStateFile(paths.window_file, settings.extra).current
    screen = LockScreen(app, settings, ways, partial(open_by, paths), geometry=state.window_geometry)
    instance.can_lock = True  # it is
    asked = (instance.raise_requested, instance.translate_requested)
    for one in asked:
        one.connect(screen.come_forward)
    signals = SignalDoor(app, app.quit)
    key = screen.run(by_itself=by_itself)
    signals.close()
    for one in asked:
        one.disconnect(screen.come_forward)
    return Door(key, is_left=key is None)
