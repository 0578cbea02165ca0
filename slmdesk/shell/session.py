"""Locks the window, on request or when nobody is there. Also detects a locked screen, sleep, and absence.

Unsaved text is saved, the history is closed, and the child processes are ended. A fresh process, which knows nothing of
the history, then replaces this one and shows the lock page.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from PySide6.QtCore import QAbstractNativeEventFilter, QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QCursor, QGuiApplication, QShortcut, QWindow
from PySide6.QtWidgets import QApplication, QWidget

from slmdesk.base.frozen import same_command
from slmdesk.base.texts import _
from slmdesk.loader.energy import OtherPrograms
from slmdesk.runtime.events import NoticeOver
from slmdesk.shell.main_window import MainWindow
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.shortcuts import bind
from slmdesk.window.widgets.bars import SettingsController
from slmdesk.window.widgets.notices import Notice

if TYPE_CHECKING:
    from slmdesk.privacy.opening import PrivacyState, Ways
    from slmdesk.shell.system_bus import Answer, BusSignal, SystemBus

LOOK_MS = 5_000
WARN_S = 30.0
"""Seconds before an automatic lock at which a notice warns of it."""
NOT_ENCRYPTED = _(
    "Locking would protect nothing here, since this history is not encrypted. In Settings, under Privacy, it can be."
)
SOON = _("slmdesk locks in half a minute, since nobody is working here.")
SOON_TOPIC = "lock.soon"


class Locking(QObject):
    """Decides when to lock the window. Emits `lock_requested` when the process must be replaced."""

    lock_requested = Signal()

    def __init__(
        self,
        bridge: Bridge,
        window: MainWindow,
        settings: SettingsController,
        idle_s: Callable[[], float],
        jobs: Callable[[], int],
        private: Callable[[], int],
        parent: QObject,
    ) -> None:
        """`idle_s` returns for how many seconds nobody has worked here. `jobs` returns the number of running jobs, and
        `private` the number of private chats, which a lock loses.
        """
        super().__init__(parent, objectName="locking")
        self._bridge, self._window, self._settings = bridge, window, settings
        self._idle_s, self._jobs, self._private = idle_s, jobs, private
        self.ways: Ways | None = None
        """What can open the history, such as a passphrase. None while the history is not encrypted."""
        self._is_warned = False
        self._watch = SessionWatch(self)
        self._timer = QTimer(self, interval=LOOK_MS)
        self._connect()

    def _connect(self) -> None:
        self._timer.timeout.connect(self.look)
        self._watch.screen_locked.connect(self._on_screen_locked)
        self._watch.sleep_announced.connect(self.lock_requested)
        bind(self._window, "lock", self.lock)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        # Queued: the focus may change while a widget is being destroyed and some of its children are gone already.
        app.focusChanged.connect(self._on_focus_changed, Qt.ConnectionType.QueuedConnection)

    def take(self, state: PrivacyState) -> None:
        from slmdesk.privacy.opening import Ways

        words = state.by_passphrase or state.by_recovery
        self.know(Ways(words, state.by_keyring) if state.is_encrypted else None)

    def know(self, ways: Ways | None) -> None:
        """Set what can open the history. This is called before the services report it, so that the lock's shortcut
        works from the first moment.
        """
        was, self.ways = self.ways, ways
        if ways is not None and was is None:
            self._timer.start()
            self._watch.start(self._window)
        elif ways is None and was is not None:
            self._timer.stop()
            self._watch.stop()

    def lock(self) -> None:
        """Lock at once. If the history is not encrypted, say why locking is useless."""
        if self.ways is None:
            self._bridge.notice_raised.emit(Notice(NOT_ENCRYPTED, key="lock", topic="lock"))
        else:
            self.lock_requested.emit()

    def look(self) -> None:
        """Lock if nobody has worked for as long as the settings say. Show a warning before."""
        limit, idle = 60 * self._settings.current.lock_minutes, self._idle_s()
        if not limit or self.ways is None:
            return
        if idle >= limit:
            self.lock_requested.emit()
        elif idle >= limit - WARN_S and not self._is_warned:
            self._is_warned = True
            from slmdesk.shell.lock_window import lost_words

            words = " ".join(text for text in (SOON, jobs_words(self._jobs()), lost_words(self._private())) if text)
            notice = Notice(words, key="lock", topic=SOON_TOPIC)
            self._bridge.notice_raised.emit(notice)
        elif idle < limit - WARN_S and self._is_warned:
            self._is_warned = False
            self._bridge.deliver(NoticeOver(SOON_TOPIC))

    def _on_screen_locked(self) -> None:
        if self._settings.current.lock_with_screen:
            self.lock_requested.emit()

    def _on_focus_changed(self) -> None:
        """Bind the lock's shortcut in the active window. The main window's does not work while a dialog is open."""
        window = QApplication.activeWindow()
        directly = Qt.FindChildOption.FindDirectChildrenOnly
        if window is not None and window.findChild(QShortcut, "lock", directly) is None:
            bind(window, "lock", self.lock)


def hide_windows() -> None:
    """Hide all windows of the program and close open menus and lists."""
    while (popup := QApplication.activePopupWidget()) is not None and popup.close():
        continue
    for widget in QApplication.topLevelWidgets():
        if widget.isVisible():
            widget.hide()


def jobs_words(count: int) -> str:
    if count == 1:
        return _("The job pauses and goes on after unlocking.")
    return _("{count:,} jobs pause and go on after unlocking.").format(count=count) if count else ""


# ---- hears that the screen is locked, and that the PC is about to sleep
#
# Delays sleep until the history is locked. Linux: systemd-logind,
# https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.login1.html, and
# https://systemd.io/INHIBITOR_LOCKS/. Windows and macOS: see below.


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
        self._session = ""
        self._handle: int | None = None
        self._is_over = False
        self._bus: SystemBus | None = None
        self._inhibited.connect(self._on_inhibited, Qt.ConnectionType.QueuedConnection)

    @property
    def holds_sleep(self) -> bool:
        """True if sleep waits for `let_sleep`."""
        return self._handle is not None

    def start(self, window: QWidget | None = None) -> None:
        """Start listening. `window` is needed on Windows."""
        if sys.platform != "linux":
            self._start_elsewhere(window)
            return
        from slmdesk.shell.system_bus import SystemBus  # imports a library that is not needed yet

        self._is_over = False
        bus = self._bus = SystemBus(self, self._environment)
        bus.opened.connect(self._on_opened)
        bus.signal_received.connect(self._on_signal)
        bus.open()
        self._delay_sleep()

    def _start_elsewhere(self, window: QWidget | None) -> None:
        if sys.platform == "win32" and window is not None:
            self._other: object = WindowsSession(window, self._on_heard)
        elif sys.platform == "darwin":
            self._other = MacSession(self, self._on_heard, mac_screen_is_locked)

    def _on_heard(self, meaning: str) -> None:
        if not self._is_over:
            (self.sleep_announced if meaning == "sleep" else self.screen_locked).emit()

    def stop(self) -> None:
        self._is_over = True
        if self._bus is not None:
            self._bus.close()
        self.let_sleep()

    def let_sleep(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            with suppress(OSError):
                os.close(handle)

    def _delay_sleep(self) -> None:
        """Ask the system to wait with its sleep until the window is locked: as long as the handle it gives is open."""
        from slmdesk.shell.system_bus import Call, handle_from

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
        self._handle = handle
        if self._is_over:
            self.let_sleep()

    def _on_opened(self) -> None:
        from slmdesk.shell.system_bus import Call

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
                self._session = path

    def _on_signal(self, reported: BusSignal) -> None:
        interface = reported.interface
        # a program that the desktop started by systemd belongs to no session: then any session counts
        is_ours = not self._session or reported.path == self._session
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


# ---- hears on Windows and macOS that the screen is locked or the PC goes to sleep
#
# Never run: written from the manuals. Windows: https://learn.microsoft.com/windows/win32/api/wtsapi32/nf-
# wtsapi32-wtsregistersessionnotification, WM_WTSSESSION_CHANGE and WM_POWERBROADCAST. macOS:
# CGSessionCopyCurrentDictionary, checked every few seconds. Sleep is not detected there, but the screen is usually
# locked with it.


WM_POWERBROADCAST, PBT_APMSUSPEND = 0x0218, 0x0004
WM_WTSSESSION_CHANGE, WTS_SESSION_LOCK = 0x02B1, 0x7
SESSION_LOOK_MS = 3_000
LOCKED_KEY = b"CGSSessionScreenIsLocked"
UTF8 = 0x08000100
CORE_GRAPHICS = "/System/Library/Frameworks/CoreGraphics.framework/CoreGraphics"
CORE_FOUNDATION = "/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation"


def meaning_of(message: int, w_param: int) -> str:
    """Return what a Windows message means: "locked", "sleep", or "" for anything else."""
    known = {(WM_WTSSESSION_CHANGE, WTS_SESSION_LOCK): "locked", (WM_POWERBROADCAST, PBT_APMSUSPEND): "sleep"}
    return known.get((message, w_param), "")


class WindowsSession(QAbstractNativeEventFilter):
    """Calls `heard` with "locked" or "sleep". Windows only. The window must exist already."""

    def __init__(self, window: QWidget, heard: Callable[[str], object]) -> None:
        super().__init__()
        self._heard = heard
        if sys.platform == "win32":
            with suppress(OSError, AttributeError):
                ctypes.windll.wtsapi32.WTSRegisterSessionNotification(int(window.winId()), 0)
        if (app := QCoreApplication.instance()) is not None:
            app.installNativeEventFilter(self)

    def nativeEventFilter(self, event_type: Any, message: Any) -> Any:
        if bytes(event_type) == b"windows_generic_MSG":
            from ctypes import wintypes

            read = wintypes.MSG.from_address(int(message))
            if meaning := meaning_of(read.message, read.wParam):
                self._heard(meaning)
        return False, 0


class MacSession(QObject):
    """Calls `heard` with "locked" if the screen was locked since the last check. macOS only."""

    def __init__(self, parent: QObject, heard: Callable[[str], object], is_locked: Callable[[], bool]) -> None:
        super().__init__(parent)
        self._heard, self._is_locked = heard, is_locked
        self._was = False
        self._timer = QTimer(self, interval=SESSION_LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        was, self._was = self._was, self._is_locked()
        if self._was and not was:
            self._heard("locked")


def mac_screen_is_locked() -> bool:
    try:
        graphics, foundation = ctypes.CDLL(CORE_GRAPHICS), ctypes.CDLL(CORE_FOUNDATION)
        graphics.CGSessionCopyCurrentDictionary.restype = ctypes.c_void_p
        foundation.CFStringCreateWithCString.restype = ctypes.c_void_p
        foundation.CFDictionaryGetValue.restype = ctypes.c_void_p
        foundation.CFBooleanGetValue.restype = ctypes.c_bool
        session = ctypes.c_void_p(graphics.CGSessionCopyCurrentDictionary())
        if not session:
            return False
        key = ctypes.c_void_p(foundation.CFStringCreateWithCString(None, LOCKED_KEY, UTF8))
        value = ctypes.c_void_p(foundation.CFDictionaryGetValue(session, key))
        is_locked = bool(value) and bool(foundation.CFBooleanGetValue(value))
        foundation.CFRelease(key)
        foundation.CFRelease(session)
    except (OSError, AttributeError):
        return False
    return is_locked


AWAY_S = 180.0
"""Seconds without a key press or mouse movement after which nobody is assumed to be there."""
PRESENCE_LOOK_MS = 15_000
MOST_LOAD = 25.0
"""Highest load by other programs, in percent of all cores, at which nobody is assumed to work."""

_INPUTS = frozenset(
    {
        QEvent.Type.KeyPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel,
        QEvent.Type.TouchBegin, QEvent.Type.TabletMove, QEvent.Type.Drop,
    }
)  # fmt: skip


class Presence(QObject):
    """Watches the input of the windows, the mouse everywhere, and the load of this PC."""

    def __init__(
        self, parent: QObject, *, clock: Callable[[], float] = time.monotonic, load: Callable[[], float] | None = None
    ) -> None:
        """`load` returns the load by other programs since the last call, in percent of all cores."""
        super().__init__(parent)
        self._clock, self._load = clock, load or self._load_of_others
        self._others: OtherPrograms | None = None
        self._seen = clock()
        self._busy = 100.0
        self._place = QCursor.pos()
        self._timer = QTimer(self, interval=PRESENCE_LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):  # dialogs and the windows beside the main one count too
            app.focusWindowChanged.connect(self._on_focus_window_changed)

    def watch(self, window: QWindow) -> None:
        window.installEventFilter(self)

    @property
    def idle_s(self) -> float:
        """Seconds for which nobody has worked here, as far as the last check and the watched windows tell."""
        return self._clock() - self._seen

    def is_away(self) -> bool:
        """Return whether nobody has worked here for AWAY_S and other programs are quiet now. Any thread."""
        return self._clock() - self._seen >= AWAY_S and self._busy <= MOST_LOAD

    def _on_focus_window_changed(self, window: QWindow | None) -> None:
        if window is not None:
            self.watch(window)

    def look(self) -> None:
        place = QCursor.pos()
        if place != self._place:
            self._place, self._seen = place, self._clock()
        if self._clock() - self._seen >= AWAY_S / 2:  # measuring takes some milliseconds
            self._busy = self._load()

    def _load_of_others(self) -> float:
        if self._others is None:
            self._others = OtherPrograms()
            return 100.0
        return 100 * self._others.cores() / (os.cpu_count() or 1)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _INPUTS:
            self._seen = self._clock()
        return False


LAST_STANDARD = 2
"""Descriptors above this one are closed: sockets, the lock of the window, files that a library left open."""


def replace_process(arguments: Sequence[str]) -> NoReturn:
    """Replace this process by a fresh one with these arguments. Nothing of the old memory is left.

    Python cannot erase a text from memory, but the kernel takes back the whole memory. Windows has no such call: there
    a new process is started and this one ends.
    """
    command = same_command(arguments)
    try:
        if sys.platform == "win32":  # never run
            subprocess.Popen(command)
        else:
            for name in sorted(path.name for path in Path("/dev/fd").iterdir()):
                with suppress(OSError):  # the descriptor that read the folder is closed already
                    os.set_inheritable(int(name), int(name) <= LAST_STANDARD)
            os.execv(sys.executable, command)  # noqa: S606 - our own program
    finally:
        os._exit(0)  # no memory for a new process: ending this one locks too
