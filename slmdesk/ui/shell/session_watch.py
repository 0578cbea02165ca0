"""Hears that the screen is locked, and that the PC is about to sleep.

Delays sleep until the history is locked. Linux: systemd-logind,
https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.login1.html, and
https://systemd.io/INHIBITOR_LOCKS/. Windows and macOS: session_elsewhere.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from slmdesk.base.texts import _

if TYPE_CHECKING:
    from slmdesk.ui.shell.system_bus import Answer, BusSignal, SystemBus


SERVICE, PATH = "org.freedesktop.login1", "/org/freedesktop/login1"
MANAGER, SESSION = "org.freedesktop.login1.Manager", "org.freedesktop.login1.Session"
PROPERTIES = "org.freedesktop.DBus.Properties"
WHY = _("The encrypted history is locked before sleep")
PATIENCE_S = 10.0


class SessionWatch(QObject):
    """Detects that the screen is locked or the PC is about to sleep. On Linux it uses logind, and does nothing without
    it. It lives on the window's thread and never blocks it.

    Emits `screen_locked` and `sleep_announced`. After the latter, the PC sleeps when `let_sleep` was called, or after
    the time that logind allows (usually 5 s).
    """

    screen_locked = Signal()
    sleep_announced = Signal()
    _inhibited = Signal(int)

    def __init__(self, parent: QObject, environment: Mapping[str, str] = os.environ) -> None:
        super().__init__(parent, objectName="session_watch")
        self._environment = environment
        self.session = ""
        self.handle: int | None = None
        """While it is held, sleep waits for `let_sleep`."""
        self._is_over = False
        self._bus: SystemBus | None = None
        self._inhibited.connect(self._on_inhibited, Qt.ConnectionType.QueuedConnection)

    def start(self, window: QWidget | None = None) -> None:
        """Start listening. `window` is needed on Windows."""
        if sys.platform != "linux":
            self._start_elsewhere(window)
            return
        from slmdesk.ui.shell.system_bus import SystemBus  # imports a library that is not needed yet

        self._is_over = False
        bus = self._bus = SystemBus(self, self._environment)
        bus.opened.connect(self._on_opened)
        bus.signal_received.connect(self._on_signal)
        bus.open()
        self._delay_sleep()

    def _start_elsewhere(self, window: QWidget | None) -> None:
        from slmdesk.ui.shell.session_elsewhere import MacSession, WindowsSession, mac_screen_is_locked

        if sys.platform == "win32" and window is not None:
            self._other: object = WindowsSession(window, self._on_heard)
        elif sys.platform == "darwin":
            self._other = MacSession(self, self._on_heard, mac_screen_is_locked)

    def _on_heard(self, meaning: str) -> None:
        if not self._is_over:
            if meaning == "sleep":
                self.sleep_announced.emit()
            else:
                self.screen_locked.emit()

    def stop(self) -> None:
        self._is_over = True
        if self._bus is not None:
            self._bus.close()
        self.let_sleep()

    def let_sleep(self) -> None:
        handle, self.handle = self.handle, None
        if handle is not None:
            with suppress(OSError):
                os.close(handle)

    def _delay_sleep(self) -> None:
        """Ask the system to wait with its sleep until the window is locked: as long as the handle it gives is open."""
        from slmdesk.ui.shell.system_bus import Call, handle_from

        call = Call(SERVICE, PATH, MANAGER, "Inhibit", "ssss", ("sleep", "slmdesk", WHY, "delay"))

        def ask() -> None:
            handle = handle_from(call, self._environment, patience_s=PATIENCE_S)
            if handle is not None:
                try:
                    self._inhibited.emit(handle)
                except RuntimeError:  # the window has been closed meanwhile
                    os.close(handle)

        threading.Thread(target=ask, name="sleep inhibitor", daemon=True).start()

    def _on_inhibited(self, handle: int) -> None:
        self.let_sleep()
        self.handle = handle
        if self._is_over:
            self.let_sleep()

    def _on_opened(self) -> None:
        from slmdesk.ui.shell.system_bus import Call

        bus = self._bus
        assert bus is not None
        bus.listen(f"type='signal',sender='{SERVICE}',path_namespace='{PATH}'")
        by_id = self._environment.get("XDG_SESSION_ID", "")
        call = (
            Call(SERVICE, PATH, MANAGER, "GetSession", "s", (by_id,))
            if by_id
            else Call(SERVICE, PATH, MANAGER, "GetSessionByPID", "u", (os.getpid(),))
        )
        bus.call(call, self._on_session)

    def _on_session(self, answer: Answer) -> None:
        match answer.untrusted:
            case (str(path),) if not answer.error:
                self.session = path

    def _on_signal(self, reported: BusSignal) -> None:
        interface = reported.interface
        # a program that the desktop started by systemd belongs to no session: then any session counts
        is_ours = not self.session or reported.path == self.session
        match interface, reported.member, reported.untrusted:
            case (str(), "PrepareForSleep", (True,)) if interface == MANAGER:
                self.sleep_announced.emit()
            case (str(), "PrepareForSleep", (False,)) if interface == MANAGER:
                self._delay_sleep()
            case (str(), "Lock", _) if interface == SESSION and is_ours:
                self.screen_locked.emit()
            case (str(), "PropertiesChanged", (str(), dict(changed), *_)) if interface == PROPERTIES and is_ours:
                if changed.get("LockedHint") == ("b", True):  # desktops that lock the screen themselves set this
                    self.screen_locked.emit()
