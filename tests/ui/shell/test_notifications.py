"""What is said through the system: when, in which words, by which way; and that no name can be markup (G1)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from fakes.commands import ROOT
from PySide6.QtWidgets import QWidget

from slmdesk.base.record import changed
from slmdesk.base.records import JobStatus, Status
from slmdesk.base.runtime.events import DownloadChanged, DownloadState
from slmdesk.base.settings import Settings
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.widgets.bars import SettingsController
from slmdesk.ui.shell.main_window import (
    Alert,
    Notifier,
    Portal,
    Tray,
    Words,
    plain,
    words_of_answer,
    words_of_download,
    words_of_job,
)

pytestmark = pytest.mark.gui
NAMED = Settings(notify_names="always")


class Recording:
    """A way that keeps what it was given."""

    def __init__(self, there: bool = True) -> None:
        self.there, self.shown = there, []

    def is_there(self) -> bool:
        return self.there

    def show(self, title: str, words: str) -> None:
        self.shown.append(words)


class Window(QWidget):
    in_front = False

    def isActiveWindow(self) -> bool:
        return self.in_front


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def program(qtbot, clock):
    bridge, window, ways = Bridge(), Window(), [Recording(False), Recording(), Recording()]
    qtbot.addWidget(window)
    notifier = Notifier(bridge, SettingsController(bridge, NAMED, window), window, window.show, ways=ways, clock=clock)
    yield bridge, window, ways
    notifier.deleteLater()


def download(state: DownloadState, name: str = "tiny.gguf", id: str = "1") -> DownloadChanged:
    return DownloadChanged(id, "some/repo", name, state)


def run(bridge, *states: DownloadState, name: str = "tiny.gguf", id: str = "1") -> None:
    for state in states:
        bridge.deliver(download(state, name, id))


def test_an_end_is_said_once_by_the_first_way_there_is(program) -> None:
    bridge, _window, (missing, first, second) = program
    run(bridge, DownloadState.FETCHING, DownloadState.DONE, DownloadState.DONE)
    assert (missing.shown, len(first.shown), second.shown) == ([], 1, [])
    assert "tiny.gguf is here" in first.shown[0]
    run(bridge, DownloadState.FETCHING, DownloadState.FAILED, id="2")
    assert "needs you" in first.shown[1]


def test_nothing_is_said_in_front_or_when_it_is_switched_off_or_old(program) -> None:
    bridge, window, (_, first, _) = program
    run(bridge, DownloadState.FAILED)
    run(bridge, DownloadState.FETCHING, DownloadState.PAUSED, id="2")
    window.in_front = True
    run(bridge, DownloadState.FETCHING, DownloadState.DONE, id="3")
    window.in_front = False
    bridge.settings_changed.emit(changed(NAMED, notify=False))
    run(bridge, DownloadState.FETCHING, DownloadState.DONE, id="4")
    assert first.shown == []
    bridge.settings_changed.emit(NAMED)
    run(bridge, DownloadState.FETCHING, DownloadState.DONE, id="5")
    assert len(first.shown) == 1, "the control"


def publish(bridge, clock, seconds: float, *statuses: JobStatus, kind: str = "summary", id: str = "1") -> None:
    for status in statuses:
        bridge.deliver(JobChanged(id, kind, status, 1, 1, title="Report.pdf"))
        clock.now += seconds


def test_long_work_that_ended_is_said_once_whatever_its_kind_and_a_download_not_twice(program, clock) -> None:
    bridge, _window, (_, first, _) = program
    on, done, failed = JobStatus.RUNNING, JobStatus.DONE, JobStatus.FAILED
    publish(bridge, clock, 31, on, done, done)
    publish(bridge, clock, 31, on, done, kind="download", id="2")
    publish(bridge, clock, 31, on, failed, kind="some_new<b>", id="3")
    publish(bridge, clock, 20, on, JobStatus.PAUSED, on, done, kind="versions", id="4")
    assert first.shown == [
        "Summary “Report.pdf” is done.",
        "Some new‹b› “Report.pdf” needs you.",
        "Comparison “Report.pdf” is done.",
    ]


def test_without_names_nothing_that_a_person_named_is_said(program, clock) -> None:
    bridge, _window, (_, first, _) = program
    bridge.settings_changed.emit(Settings(notify_names="never"))
    publish(bridge, clock, 31, JobStatus.RUNNING, JobStatus.DONE)
    run(bridge, DownloadState.FETCHING, DownloadState.DONE, name="secret.gguf", id="2")
    run(bridge, DownloadState.FETCHING, DownloadState.FAILED, name="secret.gguf", id="3")
    assert first.shown == ["Summary is done.", "A download is done.", "A download needs you."]
    assert words_of_answer(Status.COMPLETE, "Dismissal") == Words("“Dismissal” is answered.", "A chat is answered.")
    assert words_of_answer(Status.FAILED, "Dismissal").nameless == "A chat could not be answered."


def test_short_or_cancelled_work_and_what_had_ended_before_is_not_said(program, clock) -> None:
    bridge, _window, (_, first, _) = program
    publish(bridge, clock, 29, JobStatus.RUNNING, JobStatus.DONE)
    publish(bridge, clock, 100, JobStatus.RUNNING, JobStatus.CANCELLED, id="2")
    publish(bridge, clock, 100, JobStatus.DONE, JobStatus.DONE, id="3")
    assert first.shown == []


@pytest.mark.parametrize("name", ["<img src='file:///etc/passwd'>", "<b>a</b>&lt;", "a\nb\u202e.gguf", "x" * 5000])
def test_g1_no_name_is_markup_or_steers(name) -> None:
    for words in (
        words_of_download(download(DownloadState.DONE, name)),
        words_of_download(download(DownloadState.FAILED, name)),
        words_of_job(JobChanged("1", "versions", JobStatus.DONE, 1, 1, title=name)),
    ):
        assert words
        assert not set(words.named) & set("<>&\n\u202e")
        assert len(words.named) < 140
    assert plain("tiny.Q4_K_M.gguf") == "tiny.Q4_K_M.gguf"


def test_the_ways_of_a_desktop_without_tray_and_bus(program) -> None:
    _bridge, window, _ways = program
    assert not Portal({}).is_there()
    assert Portal({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}).is_there() == sys.platform.startswith("linux")
    assert not Tray(window, window.show).is_there(), "offscreen there is none"
    alert = Alert(window)
    assert alert.is_there()
    alert.show("slmdesk", "words")


BUS = """
from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtDBus import QDBusConnection, QDBusVirtualObject
from slmdesk.ui.shell.main_window import Portal

class Fake(QDBusVirtualObject):
    def introspect(self, path):
        return ""
    def handleMessage(self, message, connection):
        print(message.interface(), message.member(), message.signature(), message.arguments()[0], flush=True)
        app.quit()
        return True

app = QCoreApplication([])
server = QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, "server")
assert server.registerService("org.freedesktop.portal.Desktop")
fake = Fake()
assert server.registerVirtualObject("/org/freedesktop/portal/desktop", fake)
Portal().show("slmdesk", "words")
QTimer.singleShot(20000, app.quit)
app.exec()
"""


@pytest.mark.skipif(shutil.which("dbus-run-session") is None, reason="no D-Bus here")
def test_the_portal_is_asked_as_its_interface_wants_it() -> None:
    done = subprocess.run(
        ["dbus-run-session", "--", sys.executable, "-c", BUS],
        cwd=ROOT, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.split() == ["org.freedesktop.portal.Notification", "AddNotification", "sa{sv}", "slmdesk-1"]
