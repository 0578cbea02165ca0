"""Locks the window, on request or when nobody is there, and replaces the process by a fresh one.

Unsaved text is saved, the history is closed, and the child processes are ended. A fresh process, which knows nothing of
the history, then replaces this one and shows the lock page.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import QApplication

from slmdesk.base.frozen import same_command
from slmdesk.base.runtime.events import NoticeOver
from slmdesk.base.texts import _
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.shortcuts import bind
from slmdesk.ui.kit.widgets.bars import SettingsController
from slmdesk.ui.kit.widgets.notices import Notice
from slmdesk.ui.shell.main_window import MainWindow

if TYPE_CHECKING:
    from slmdesk.history.privacy.opening import PrivacyState, Ways
    from slmdesk.ui.shell.session_watch import SessionWatch

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
        self.idle_s, self._jobs, self._private = idle_s, jobs, private
        self.ways: Ways | None = None
        """What can open the history, such as a passphrase. None while the history is not encrypted."""
        self._is_warned = False
        self.watch: SessionWatch | None = None
        self._timer = QTimer(self, interval=LOOK_MS)
        self._connect()

    def _connect(self) -> None:
        self._timer.timeout.connect(self.look)
        bind(self._window, "lock", self.lock)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        # Queued: the focus may change while a widget is being destroyed and some of its children are gone already.
        app.focusChanged.connect(self._on_focus_changed, Qt.ConnectionType.QueuedConnection)

    def take(self, state: PrivacyState) -> None:
        from slmdesk.history.privacy.opening import Ways

        words = state.by_passphrase or state.by_recovery
        self.know(Ways(words, state.by_keyring) if state.is_encrypted else None)

    def know(self, ways: Ways | None) -> None:
        """Set what can open the history. This is called before the services report it, so that the lock's shortcut
        works from the first moment.
        """
        was, self.ways = self.ways, ways
        if ways is not None and was is None:
            self._timer.start()
            self._start_watch()
        elif ways is None and was is not None:
            self._timer.stop()
            if self.watch is not None:
                self.watch.stop()

    def _start_watch(self) -> None:
        from slmdesk.ui.shell.session_watch import SessionWatch  # late: only an encrypted history is locked

        if self.watch is None:
            self.watch = SessionWatch(self)
            self.watch.screen_locked.connect(self._on_screen_locked)
            self.watch.sleep_announced.connect(self.lock_requested)
        self.watch.start(self._window)

    def lock(self) -> None:
        """Lock at once. If the history is not encrypted, say why locking is useless."""
        if self.ways is None:
            self._bridge.notice_raised.emit(Notice(NOT_ENCRYPTED, key="lock", topic="lock"))
        else:
            self.lock_requested.emit()

    def look(self) -> None:
        """Lock if nobody has worked for as long as the settings say. Show a warning before."""
        limit, idle = 60 * self._settings.current.lock_minutes, self.idle_s()
        if not limit or self.ways is None:
            return
        if idle >= limit:
            self.lock_requested.emit()
        elif idle >= limit - WARN_S and not self._is_warned:
            self._is_warned = True
            from slmdesk.ui.shell.lock_window import lost_words

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
    while (popup := QApplication.activePopupWidget()) is not None and popup.close():
        continue
    for widget in QApplication.topLevelWidgets():
        if widget.isVisible():
            widget.hide()


def jobs_words(count: int) -> str:
    if count == 1:
        return _("The job pauses and goes on after unlocking.")
    return _("{count:,} jobs pause and go on after unlocking.").format(count=count) if count else ""


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
