"""Covers the window, or has the process replaced by one that shows the lock page: when asked, or nobody is there.

*Cover*: only the lock page is shown; the history stays open and jobs go on.  *Lock*: what grows is saved, the history
is closed, the children are ended, and a fresh process, which knows nothing of the history, shows the lock page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QShortcut
from PySide6.QtWidgets import QApplication, QWidget

from slmdesk.base.settings import Settings
from slmdesk.runtime.events import NoticeOver, Problem
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.shortcuts import bind
from slmdesk.window.shell.main_window import MainWindow
from slmdesk.window.shell.session_watch import SessionWatch
from slmdesk.window.widgets.notice_bar import Notice

if TYPE_CHECKING:
    from slmdesk.privacy.opening import PrivacyState, Ways
    from slmdesk.window.shell.lock_window import LockWindow

LOOK_MS = 5_000
WARN_S = 30.0
"""So long before it locks by itself a notice says so."""
NOT_ENCRYPTED = (
    "Locking would protect nothing here, since this history is not encrypted. In Settings, under Privacy, it can be."
)
SOON = "slmdesk locks in half a minute, since nobody is working here."
SOON_TOPIC = "lock.soon"


class Locking(QObject):
    """Emits `lock_requested` when the process is to be replaced, and `quit_requested` from the page of a cover."""

    lock_requested = Signal()
    quit_requested = Signal()

    def __init__(
        self,
        bridge: Bridge,
        window: MainWindow,
        settings: Settings,
        idle_s: Callable[[], float],
        jobs: Callable[[], int],
        private: Callable[[], int],
        parent: QObject,
    ) -> None:
        """`idle_s`: for how long nobody has worked here; `jobs`: how many run; `private`: how many private chats there
        are, which a lock loses.
        """
        super().__init__(parent, objectName="locking")
        self._bridge, self._window, self._settings = bridge, window, settings
        self._idle_s, self._jobs, self._private = idle_s, jobs, private
        self.ways: Ways | None = None
        """What opens the history; None while it is not encrypted."""
        self.page: LockWindow | None = None
        self._hidden: list[QWidget] = []
        self._is_warned = False
        self._watch = SessionWatch(self)
        self._timer = QTimer(self, interval=LOOK_MS)
        self._connect()

    def _connect(self) -> None:
        self._timer.timeout.connect(self.look)
        self._watch.screen_locked.connect(self._on_screen_locked)
        self._watch.sleep_announced.connect(self.lock_requested)
        self._bridge.settings_changed.connect(self._on_settings_changed)
        bind(self._window, "lock", self.lock)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        # Queued: the focus changes also in the middle of a widget's end, when part of its children are gone.
        app.focusChanged.connect(self._on_focus_changed, Qt.ConnectionType.QueuedConnection)

    def take(self, state: PrivacyState) -> None:
        from slmdesk.privacy.opening import Ways

        words = state.by_passphrase or state.by_recovery
        self.know(Ways(words, state.by_keyring) if state.is_encrypted else None)

    def know(self, ways: Ways | None) -> None:
        """Know it before the services have said so: the keys of a lock work from the first moment."""
        was, self.ways = self.ways, ways
        if ways is not None and was is None:
            self._timer.start()
            self._watch.start(self._window)
        elif ways is None and was is not None:
            self._timer.stop()
            self._watch.stop()

    def lock(self) -> None:
        """Lock at once; of a history that is not encrypted, say why not."""
        if self.ways is None:
            self._bridge.notice_raised.emit(Notice(NOT_ENCRYPTED, key="lock", topic="lock"))
        else:
            self.lock_requested.emit()

    def cover(self) -> None:
        if self.ways is None or self.page is not None:
            return
        from slmdesk.window.shell.lock_window import LockWindow

        page = self.page = LockWindow(self.ways, is_cover=True, geometry=self._window.geometry_state)
        page.words_given.connect(self._on_words_given)
        page.quit_requested.connect(self.quit_requested)
        self._hidden = hide_windows(but=page)
        page.come_forward()
        QGuiApplication.instance().installEventFilter(self)  # type: ignore[union-attr]
        bind(page, "lock", self.lock)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Under a cover no other window comes up; it does once the cover is gone."""
        is_window = event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow()
        if is_window and watched is not self.page and self.page is not None:
            assert isinstance(watched, QWidget)
            self._hidden.append(watched)
            QTimer.singleShot(0, watched, watched.hide)
        return False

    def _on_words_given(self, words: str) -> None:
        self._bridge.follow(self._bridge.services.privacy.check(words), self._on_opened, self._on_refused)

    def _on_opened(self, _none: object) -> None:
        page, self.page = self.page, None
        QGuiApplication.instance().removeEventFilter(self)  # type: ignore[union-attr]
        hidden, self._hidden = self._hidden, []
        for one in dict.fromkeys((self._window, *hidden)):
            one.show()
        self._window.activateWindow()
        if page is not None:
            page.close_for_good()

    def _on_refused(self, problem: Problem) -> None:
        from slmdesk.window.shell.lock_window import WRONG

        if self.page is not None:
            show = self.page.show_refusal if problem.code in WRONG else self.page.show_problem
            show(problem.sentence)

    # ---- by itself

    def look(self) -> None:
        """Lock, or cover, when nobody has been there for as long as the settings say; warn before."""
        limit, idle = 60 * self._settings.lock_minutes, self._idle_s()
        if not limit or self.ways is None or self.page is not None:
            return
        if idle >= limit:
            self._leave_alone()
        elif idle >= limit - WARN_S and not self._is_warned:
            self._is_warned = True
            from slmdesk.window.shell.quit_dialog import lost_words

            lost = lost_words(0 if self._settings.lock_covers else self._private())
            words = " ".join(one for one in (SOON, jobs_words(self._jobs(), self._settings), lost) if one)
            notice = Notice(words, key="lock", topic=SOON_TOPIC)
            self._bridge.notice_raised.emit(notice)
        elif idle < limit - WARN_S and self._is_warned:
            self._is_warned = False
            self._bridge.deliver(NoticeOver(SOON_TOPIC))

    def _leave_alone(self) -> None:
        if self._settings.lock_covers:
            self.cover()
        else:
            self.lock_requested.emit()

    def _on_screen_locked(self) -> None:
        if self._settings.lock_with_screen and self.page is None:
            self._leave_alone()

    def _on_settings_changed(self, settings: Settings) -> None:
        self._settings = settings

    def _on_focus_changed(self) -> None:
        """Let the keys work in every window, in dialogs too: a shortcut of a window is not heard while one is open."""
        window = QApplication.activeWindow()
        directly = Qt.FindChildOption.FindDirectChildrenOnly
        if window is not None and window.findChild(QShortcut, "lock", directly) is None:
            bind(window, "lock", self.lock)


def hide_windows(*, but: QWidget | None = None) -> list[QWidget]:
    """Hide all windows of the program; menus and lists that are open close.  Returns what was hidden."""
    while (popup := QApplication.activePopupWidget()) is not None and popup.close():
        continue
    shown = [one for one in QApplication.topLevelWidgets() if one.isVisible() and one is not but]
    for one in shown:
        one.hide()
    return shown


def jobs_words(count: int, settings: Settings) -> str:
    if not count:
        return ""
    one = count == 1
    if settings.lock_covers:
        return "The job goes on meanwhile." if one else f"{count:,} jobs go on meanwhile."
    return "The job pauses and goes on after unlocking." if one else f"{count:,} jobs pause and go on after unlocking."
