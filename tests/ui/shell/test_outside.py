"""Links and files while the system keeps slmdesk offline: the desktop is asked to open them, no program is started."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QProcess, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPushButton, QWidget

from slmdesk.ui.kit.widgets import opening
from slmdesk.ui.kit.widgets.dialogs import Question

pytestmark = pytest.mark.gui
BUS = """
import sys
from PySide6.QtCore import QTimer, QUrl
from PySide6.QtDBus import QDBusConnection, QDBusVirtualObject
from PySide6.QtWidgets import QApplication
from slmdesk.ui.kit.widgets import opening as outside
outside.is_enforced = lambda: True

class Fake(QDBusVirtualObject):
    count = 0
    def introspect(self, path):
        return ""
    def handleMessage(self, message, connection):
        if message.interface().startswith("org.freedesktop.DBus"):
            return False
        called = message.interface(), message.member(), message.signature()
        print(*called, *map(str, message.arguments()[:2]), flush=True)
        connection.send(message.createReply())
        self.count += 1
        if self.count == len(sys.argv) - 1:
            QTimer.singleShot(0, app.quit)
        return True

app = QApplication([])
server = QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, "server")
fake = Fake()
for name, path in (("org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"),
                   ("org.freedesktop.FileManager1", "/org/freedesktop/FileManager1")):
    assert server.registerService(name)
    assert server.registerVirtualObject(path, fake)
for address in sys.argv[1:]:
    outside.open_outside(QUrl(address))
QTimer.singleShot(20000, app.quit)
app.exec()
"""


@pytest.mark.skipif(shutil.which("dbus-run-session") is None, reason="no D-Bus here")
def test_the_desktop_is_asked_as_its_interfaces_want_it(tmp_path: Path) -> None:
    (file := tmp_path / "a file.txt").write_text("x")
    addresses = ["https://example.org/a?b=c%20d", tmp_path.as_uri(), file.as_uri()]
    done = subprocess.run(
        ["dbus-run-session", "--", sys.executable, "-c", BUS, *addresses],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert sorted(done.stdout.splitlines()) == sorted(
        [
            f"org.freedesktop.portal.OpenURI OpenURI ssa{{sv}}  {addresses[0]}",
            f"org.freedesktop.FileManager1 ShowFolders ass ['{addresses[1]}'] ",
            f"org.freedesktop.FileManager1 ShowItems ass ['{addresses[2]}'] ",
        ]
    ), done.stderr


def test_where_the_desktop_does_not_answer_a_person_gets_the_address(qtbot, monkeypatch) -> None:
    monkeypatch.setattr(opening, "is_enforced", lambda: True)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: pytest.fail("a program would be started"))
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    opening.open_outside(QUrl("https://example.org/<b>x"))

    qtbot.waitUntil(lambda: bool(boxes()), timeout=60_000)
    (box,) = boxes()
    assert "example.org" in box.findChild(QLabel, "question_more").text()
    box.close()


def boxes() -> list[Question]:  # a window of another test may be in front
    return [box for top in QApplication.topLevelWidgets() for box in top.findChildren(QDialog) if box.isVisible()]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="xdg-mime is of Linux desktops")
@pytest.mark.parametrize("program", ["", "writer.desktop"])
def test_where_no_program_opens_a_file_that_is_said_and_the_folder_offered(qtbot, monkeypatch, tmp_path, program):
    went: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: went.append(url) or True)
    asked = tmp_path / "asked.txt"
    (script := tmp_path / "xdg-mime").write_text(
        f'#!/bin/sh\necho "{program}"\necho "$@" > {asked}.part\nmv {asked}.part {asked}\n'  # whole, once it is there
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    (file := tmp_path / "letter.docx").write_bytes(b"PK")
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    opening.open_outside(QUrl.fromLocalFile(str(file)))
    qtbot.waitUntil(asked.exists, timeout=60_000)
    assert "wordprocessingml" in asked.read_text()
    qtbot.waitUntil(lambda: not QApplication.instance().findChildren(QProcess), timeout=60_000)
    assert bool(boxes()) != bool(program)
    if not program:
        (box,) = boxes()
        assert "letter.docx" in box.findChild(QLabel, "question_text").text()
        box.findChild(QPushButton, "open_folder_button").click()
        assert went == [QUrl.fromLocalFile(str(file)), QUrl.fromLocalFile(str(tmp_path))]


def test_what_qt_cannot_open_is_said(qtbot, monkeypatch, tmp_path):
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: False)
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    opening.open_outside(QUrl.fromLocalFile(str(tmp_path)))
    (box,) = boxes()
    assert str(tmp_path.name)[:20] in box.findChild(QLabel, "question_more").text().replace("\u200b", "")
    box.close()


def test_the_control_otherwise_qt_opens_it(qtbot, monkeypatch) -> None:
    went: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", went.append)
    opening.open_outside(QUrl("https://example.org/"))
    assert went == [QUrl("https://example.org/")]
