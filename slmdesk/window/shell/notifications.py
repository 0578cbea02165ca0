"""System notifications that work has ended, while the window is not in front.  Plain text only."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from slmdesk.base.labels import clean_label
from slmdesk.base.record import Record
from slmdesk.base.records import Item, JobStatus, Status
from slmdesk.base.settings import Settings
from slmdesk.jobs.events import JobChanged
from slmdesk.jobs.kinds import DOWNLOAD
from slmdesk.jobs.labels import kind_words
from slmdesk.online.events import DownloadChanged, DownloadState
from slmdesk.runtime.events import MessageEnded
from slmdesk.window.base.bridge import Bridge

TITLE = "slmdesk"
CHAT = "chat"
NAME_LENGTH = 60
SHOWN_MS = 10_000
_MARKUP = str.maketrans({"<": "\u2039", ">": "\u203a", "&": "\uff06"})
"""Some desktops read markup in a notification, images included (G1): no name may look like it."""
LONG_S = 30.0
"""Work shorter than this causes no notification: the person is still there."""
_BUS = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Notification"


class Words(Record):
    named: str
    nameless: str


class NotificationChannel(Protocol):
    def is_there(self) -> bool: ...

    def show(self, title: str, words: str) -> None:
        """Show it; returns at once."""


class Tray:
    """A message of the system's tray: Windows, macOS, and the desktops of Linux that have a tray."""

    def __init__(self, window: QWidget, clicked: Callable[[], None]) -> None:
        self._window, self._clicked = window, clicked
        self._icon: QSystemTrayIcon | None = None

    def is_there(self) -> bool:
        return QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()

    def show(self, title: str, words: str) -> None:
        if self._icon is None:
            self._icon = QSystemTrayIcon(self._window.windowIcon(), self._window)
            self._icon.setObjectName("tray_icon")
            self._icon.messageClicked.connect(self._clicked)
        self._icon.show()
        self._icon.showMessage(title, words, QSystemTrayIcon.MessageIcon.Information, SHOWN_MS)
        QTimer.singleShot(SHOWN_MS, self._icon, self._icon.hide)


class Portal:
    """The notification portal of Linux desktops, over the session's D-Bus: GNOME has no tray, but this.

    org.freedesktop.Notifications wants an unsigned number, which QtDBus cannot be given from Python.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment
        self._count = 0

    def is_there(self) -> bool:
        """Whether a session bus is running; none is ever started for this."""
        return sys.platform.startswith("linux") and bool(self._environment.get("DBUS_SESSION_BUS_ADDRESS"))

    def show(self, title: str, words: str) -> None:
        from PySide6.QtDBus import QDBusConnection, QDBusMessage  # late: loads a library

        self._count += 1
        message = QDBusMessage.createMethodCall(*_BUS, "AddNotification")
        message.setAutoStartService(False)
        message.setArguments([f"slmdesk-{self._count}", {"title": title, "body": words}])
        QDBusConnection.sessionBus().send(message)


class Alert:
    """The window's entry in the taskbar asks for attention.  Always there."""

    def __init__(self, window: QWidget) -> None:
        self._window = window

    def is_there(self) -> bool:
        return True

    def show(self, title: str, words: str) -> None:
        QApplication.alert(self._window)


class Notifier(QObject):
    """Notifies of ended work by the first available way, and in the taskbar."""

    def __init__(
        self,
        bridge: Bridge,
        settings: Settings,
        window: QWidget,
        come_forward: Callable[[], None],
        parent: QObject | None = None,
        *,
        ways: Sequence[NotificationChannel] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent, objectName="notifier")
        self._bridge = bridge
        self._window, self._settings = window, settings
        self.ways: Sequence[NotificationChannel] = ways or (Tray(window, come_forward), Portal(), Alert(window))
        self._last: dict[str, object] = {}
        self._clock = clock
        self._began: dict[str, float] = {}
        bridge.on(DownloadChanged, self._on_download_changed)
        bridge.on(JobChanged, self._on_job_changed)
        bridge.on(MessageEnded, self._on_message_ended)
        bridge.settings_changed.connect(self._on_settings_changed)

    def _on_download_changed(self, change: DownloadChanged) -> None:
        self._receive(change.id, change.state, words_of_download(change))

    def _on_job_changed(self, job: JobChanged) -> None:
        began = self._began.setdefault(job.id, self._clock())
        is_over = job.status.is_end
        if is_over:
            del self._began[job.id]
        is_long = self._clock() - began > LONG_S
        self._receive(f"job {job.id}", job.status, words_of_job(job) if is_long else None)

    def _on_message_ended(self, event: MessageEnded) -> None:
        """An answer in a chat: at most its title is told, for a locked screen shows notifications too."""
        chat, status = event.message.item, event.message.status
        if status in (Status.COMPLETE, Status.FAILED) and self._is_out_of_sight():
            told = partial(self._on_chat_known, status)
            self._bridge.ask(self._bridge.services.history.item(chat), told, lambda _problem: None)

    def _on_chat_known(self, status: Status, item: Item) -> None:
        if item.kind == CHAT and self._is_out_of_sight():
            self._tell(words_of_answer(status, item.title))

    def _on_settings_changed(self, settings: Settings) -> None:
        self._settings = settings

    def _receive(self, id: str, state: object, words: Words | None) -> None:
        before, self._last[id] = self._last.get(id), state
        is_news = before is not None and before != state  # what had ended before is none
        if words and is_news and self._is_out_of_sight():
            self._tell(words)

    def _is_out_of_sight(self) -> bool:
        """Whether a person wants to be told, and looks neither at the window nor at a dialog of it."""
        return self._settings.notify and not (self._window.isActiveWindow() or QApplication.activeWindow())

    def _tell(self, words: Words) -> None:
        """Show the words, without names where the person wants none; where it is for slmdesk to tell, while the
        history is confidential.
        """
        if self._settings.notify_names == "automatic":
            self._bridge.ask(
                self._bridge.services.history.is_confidential(),
                lambda is_so: self._show(words.nameless if is_so else words.named),
                lambda _problem: self._show(words.nameless),
            )
        else:
            self._show(words.named if self._settings.notify_names == "always" else words.nameless)

    def _show(self, words: str) -> None:
        next(one for one in self.ways if one.is_there()).show(TITLE, words)


def words_of_download(change: DownloadChanged) -> Words | None:
    """What to say of a download; None while it has not ended in a way worth a notice."""
    name = plain(change.model.name if change.model else change.name or change.repo)
    if change.state is DownloadState.DONE:
        return Words(f"{name} is here, and exactly what was published.", "A download is done.")
    if change.state is DownloadState.FAILED:
        return Words(f"The download of {name} needs you.", "A download needs you.")
    return None


def words_of_job(job: JobChanged) -> Words | None:
    """What to say of a job that has ended; None for a download, which has its own text."""
    ends = {JobStatus.DONE: "is done.", JobStatus.FAILED: "needs you."}
    if job.kind == DOWNLOAD or job.status not in ends:
        return None
    kind, end = plain(kind_words(job.kind)), ends[job.status]
    return Words(f"{kind} “{plain(job.title)}” {end}", f"{kind} {end}")


def words_of_answer(status: Status, title: str) -> Words:
    end = "is answered." if status is Status.COMPLETE else "could not be answered."
    return Words(f"“{plain(title)}” {end}", f"A chat {end}")


def plain(untrusted: str) -> str:
    """A name on one line, shortened, with nothing that could be read as markup."""
    return clean_label(untrusted, NAME_LENGTH).translate(_MARKUP)
