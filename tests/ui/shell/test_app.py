"""The composition root: no display, a history of a newer version, signals."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import psutil
import pytest
from fakes.commands import SLMDESK
from fakes.echo.program import TAKE_ECHO
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPushButton
from shiboken6 import delete

from slmdesk.app import WindowRun, has_display, usable_home
from slmdesk.history.store.opening import APPLICATION_ID
from slmdesk.ui.kit.widgets.dialogs import sheets_over

pytestmark = pytest.mark.gui


@pytest.mark.parametrize(
    ("environment", "platform", "shown"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"QT_QPA_PLATFORM": "offscreen"}, "linux", True),
        ({"QT_QPA_PLATFORM": "xcb"}, "linux", False),
        ({}, "darwin", True),
        ({}, "win32", True),
    ],
)
def test_whether_there_is_a_display(environment, platform, shown):
    assert has_display(environment, platform) is shown


def test_without_a_display_one_line_and_a_status_of_its_own(home):
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    env = {key: value for key, value in os.environ.items() if key not in hidden}
    done = subprocess.run([sys.executable, "-m", "slmdesk"], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert "no display" in done.stderr


COMMA = "de_DE.UTF-8"
NUMBERS = """
import locale, sqlite3, sys
def look(*_given):
    fraction = sqlite3.connect(":memory:").execute("select json_extract('{\\"t\\": 5000.5}', '$.t')").fetchone()[0]
    print(locale.localeconv()["decimal_point"], fraction)
    sys.exit()
"""


def numbers_after(start: str) -> list[str]:
    """The decimal point of the C library and 5000.5 as SQLite reads it, where numbers are written with a comma."""
    env = os.environ | {"LC_ALL": COMMA, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", NUMBERS + start]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60).stdout.split()


@pytest.mark.parametrize(
    "start",
    [
        "from slmdesk import app; app.make_folders = look; app.run_window()",
        "from slmdesk.children import printing; kept = printing.prepare(); look()",
    ],
)
def test_numbers_of_the_c_library_keep_their_point(home, start):
    bare = numbers_after("from PySide6.QtGui import QGuiApplication; kept = QGuiApplication([]); look()")
    if bare[0] != ",":
        pytest.skip(f"the language {COMMA} is not installed here")
    assert numbers_after(start) == [".", "5000.5"]


def test_a_start_keeps_no_source_of_modules(home):
    start = (
        "import linecache\nfrom slmdesk import app\nfrom slmdesk.base.paths import find_paths\n"
        "app.choose_language(find_paths())\nimport slmdesk.ui.kit.base.theme\nprint(*linecache.cache)"
    )
    done = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "theme.py" not in done.stdout


def test_a_history_of_a_newer_version_is_left_alone_and_said(qtbot, qapp, paths):
    database = sqlite3.connect(paths.database)
    database.execute(f"pragma application_id = {APPLICATION_ID}")
    database.execute("pragma user_version = 9999")
    database.close()
    before = paths.database.read_bytes()
    run = WindowRun(qapp, paths)
    run.start()
    bars = run.frame.window.notices
    qtbot.waitUntil(lambda: bool(bars.bars), timeout=20_000)
    assert "newer version" in bars.bars[0].notice.text
    assert bars.bars[0].notice.action == "Quit"
    assert not run.frame.chat_page.composer.button.isEnabled()
    with qtbot.waitSignal(run.bridge.closed, timeout=20_000):
        run.frame.window.close()
    run.end()
    for owner in (run.frame.window, run.frame, run.bridge):
        delete(owner)
    assert paths.database.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.soak)])
def test_a_signal_closes_in_order_and_leaves_no_process(home, number):
    env = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    window = subprocess.Popen([*SLMDESK, "--window"], env=env)
    try:
        process = psutil.Process(window.pid)
        lock = home / "data" / "window.lock"
        while not lock.exists() or not (home / "data" / "slmdesk.sqlite3").exists():
            assert window.poll() is None
            time.sleep(0.01)
        children = process.children(recursive=True)
        window.send_signal(number)
        assert window.wait(20) == 0
        assert not psutil.wait_procs(children, timeout=60)[1]
    finally:
        if window.poll() is None:
            window.kill()
        window.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="made read-only by a mount")
def test_h6_a_home_that_can_only_be_read_opens_in_a_window(start, paths):
    program = start()
    program.ask(lambda services: services.chats.new_chat())
    program.close()
    code = """
import sys
from PySide6.QtCore import QTimer
from slmdesk import app
from slmdesk.ui.shell.composition import Frame
class Seen(Frame):
    def __init__(self, *given, **named):
        super().__init__(*given, **named)
        self._look = QTimer(self, interval=50)
        self._look.timeout.connect(self.look)
        self._look.start()
    def look(self):
        reported = [bar.notice.text for bar in self.window.notices.bars]
        if reported and self.chat_page.chat_list.view.model().rowCount():
            self._look.stop()
            print(reported, flush=True)
            self.window.close()
import slmdesk.ui.shell.composition
slmdesk.ui.shell.composition.Frame = Seen
sys.exit(app.run_window())
"""
    mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
    inside = ["unshare", "-rm", "sh", "-c", mount]
    if not shutil.which("unshare") or subprocess.run([*inside, "/tmp", "true"], capture_output=True).returncode:
        pytest.skip("no namespaces here")
    home = paths.data.parent
    (home / "data" / "window.lock").unlink(missing_ok=True)
    env = os.environ | {"SLMDESK_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [*inside, str(home), sys.executable, "-c", TAKE_ECHO + code],
        env=env, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert done.stdout.count("cannot be written. It can be read") == 1


def test_h6_a_home_that_cannot_be_made_is_said_in_one_sentence(tmp_path):
    (tmp_path / "file").write_text("no folder")
    env = os.environ | {
        "SLMDESK_HOME": str(tmp_path / "file" / "home"),
        "QT_QPA_PLATFORM": "offscreen",
        "LC_ALL": "C.UTF-8",
    }
    command = [*SLMDESK, "--window"]
    window = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    try:
        said = window.stderr.readline()
        assert said.startswith("slmdesk: ")
        assert "cannot be written" in said
        window.send_signal(signal.SIGTERM)
        assert "Traceback" not in window.communicate(timeout=60)[1]
    finally:
        if window.poll() is None:
            window.kill()
        window.wait()


def test_a_home_that_cannot_be_made_leaves_a_choice(qtbot, home, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("SLMDESK_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_given: str(tmp_path / "other"))
    presses = ["Try again", "Quit", "Choose a folder…"]

    def press() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            wanted = presses.pop(0)
            next(button for button in box.buttons() if button.text() == wanted).click()

    timer = QTimer(interval=20)
    timer.timeout.connect(press)
    timer.start()
    assert usable_home() is None
    paths = usable_home()
    timer.stop()
    assert (paths.data, presses) == (tmp_path / "other" / "data", [])
    assert paths.data.is_dir()


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_files_given_to_a_start_are_opened(start, model_file, tmp_path):
    paper = tmp_path / "letter.txt"
    paper.write_text("The roof leaks.")
    program, given = start(page=""), [paper]
    program.run.open_files(given)
    assert given == []
    program.wait(lambda: program.frame.documents.current != "")
    assert program.window.current_page == "Documents"
    program.run.open_files([model_file])
    program.wait(lambda: bool(sheets_over(program.window)))


def test_what_can_be_read_of_a_damaged_history_is_there_at_once(start, model_file, paths):
    program = start().with_model(model_file)
    program.say("keep these words")
    program.close()
    size = paths.database.stat().st_size
    with paths.database.open("r+b") as file:
        file.seek(size - 4096)
        file.write(b"\xff" * 4096)
        file.seek(0)
        head = bytearray(file.read(100))
        head[28:32] = (1).to_bytes(4, "big")  # fewer pages than there are
        head[40:44] = (7).to_bytes(4, "big")
        file.seek(0)
        file.write(b"\0" * 24)
    again = start()
    again.wait(lambda: any("was damaged and was built again" in text for text in again.notices()))
    again.wait(lambda: again.page.chat_list.view.model().rowCount() == 1)


def test_a_damaged_history_is_read_again_and_what_is_lost_comes_from_the_backup(start, model_file, paths):
    program = start().with_model(model_file)
    program.say("words from before")
    program.close()
    paths.backups.mkdir(exist_ok=True)
    shutil.copy2(paths.database, paths.backups / f"slmdesk-{time.strftime('%Y%m%d-%H%M%S')}-before-3.sqlite3")
    program = start()
    program.click("new_chat_button")
    program.say("words from after")
    program.close()
    whole = paths.database.read_bytes()
    paths.database.write_bytes(bytes(100) + whole[100:].replace(b"table", b"tabel"))
    again = start()
    rows = again.page.chat_list.view.model()
    again.wait(lambda: {row.title for row in rows.rows} == {"words from before", "words from after"})
    again.close()
    paths.database.write_bytes(bytes(len(whole)))
    again = start()
    rows = again.page.chat_list.view.model()
    again.wait(lambda: any("were taken from the newest copy" in text for text in again.notices()))
    again.wait(lambda: [row.title for row in rows.rows] == ["words from before"])


def choose_language(program) -> None:
    program.setting("language").show_value("de")
    program.setting("language").activated.emit(2)


def test_another_language_is_there_at_once_on_the_same_page_with_what_was_typed(start):
    program = start()
    program.type("Half a question")
    choose_language(program)
    program.wait(lambda: program.closed)
    assert program.run.is_restarting
    again = start(page="")
    assert again.window.current_page == "Settings"
    again.wait(lambda: again.page.composer.text == "Half a question")


def test_another_language_waits_for_a_click_where_something_would_be_lost(start):
    program = start()
    program.frame.chat.private.begin()
    program.wait(lambda: program.frame.chat.private.is_open)
    program.type("Between us")
    choose_language(program)
    program.wait(lambda: program.is_said("The language changes when slmdesk starts again."))
    assert not program.run.is_restarting
    program.click(program.window.notices.bars[-1].findChild(QPushButton, "notice_action"))
    program.click("quit_button")
    program.wait(lambda: program.closed)
    assert program.run.is_restarting
