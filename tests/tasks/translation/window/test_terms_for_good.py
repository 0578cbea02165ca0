"""Terms deleted in a window that is open when the program ends are in no file either: row H10."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.contents import contents
from fakes.echo.program import TAKE_ECHO
from fakes.recorder import open_echo
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from slmdesk.base.translation import Term
from slmdesk.history.store.backup import backup

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]

WORD = "zebrafishxq"
BUTTONS = ("glossaries_button", "term_table", "delete_terms_button")
BY_ITSELF = """
import sys
from PySide6.QtCore import QTimer
from slmdesk import app
from slmdesk.ui.shell import composition
class Deleting(composition.Frame):
    def __init__(self, *given, **named):
        super().__init__(*given, **named)
        assert self.translate_page
        self._look = QTimer(self, interval=20)
        self._look.timeout.connect(self.look)
        self._look.start()
        self._step = 0
    def look(self):
        from PySide6.QtWidgets import QWidget
        opener, table, button = (self.window.findChild(QWidget, name) for name in sys.argv[1:4])
        rows = table.model().rowCount() if table is not None else -1
        if self._step == 0 and opener is not None and self._bridge.is_open:
            opener.click()
            self._step = 1
        elif self._step == 1 and rows == 2:
            table.selectAll()
            button.click()
            self._step = 2
        elif self._step == 2 and rows == 0:
            self._look.stop()
            print("deleted", flush=True)
composition.Frame = Deleting
sys.exit(app.run_window())
"""


def files_with(home: Path) -> list[str]:
    needles = [WORD.encode(), WORD.upper().encode(), WORD.encode("utf-16-le")]
    return sorted(path.name for path, held in contents(home) if any(needle in held for needle in needles))


@pytest.fixture
def terms(paths) -> None:
    """Two terms, and a copy of the history that has them too."""
    services = open_echo()

    def fill() -> None:
        made = services.glossaries.add("Leases", "en", "de")
        services.glossaries.add_terms(made.id, [Term(WORD, "x"), Term(f"{WORD} of old", "y")])

    services.service_thread.call(fill)
    services.close()
    paths.backups.mkdir(mode=0o700, exist_ok=True)
    backup(paths, paths.backups / "slmdesk-20991231-235959-before-5.sqlite3")
    assert files_with(paths.data.parent) == ["slmdesk-20991231-235959-before-5.sqlite3", "slmdesk.sqlite3"], "control"


def test_h10_quitting_with_the_window_open_leaves_nothing(start, paths, terms, monkeypatch):
    monkeypatch.setattr("slmdesk.services.CLOSE_S", 120.0)  # what a slow PC leaves to the next start is below
    program = start()
    QTest.keyClick(program.window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    opener, table, button = BUTTONS
    program.click(opener)
    program.wait(lambda: program.find(table).model().rowCount() == 2)
    program.find(table).selectAll()
    program.click(button)
    program.wait(lambda: program.find(table).model().rowCount() == 0)
    assert "slmdesk-20991231-235959-before-5.sqlite3" in files_with(paths.data.parent), "an undo is still offered"
    program.close()
    program.wait(lambda: files_with(paths.data.parent) == [])


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_h10_a_kill_with_the_window_open_is_made_up_for_at_the_next_start(start, paths, terms):
    home = paths.data.parent
    env = os.environ | {"SLMDESK_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", TAKE_ECHO + BY_ITSELF, *BUTTONS]
    window = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert window.stdout.readline() == "deleted\n"
        window.send_signal(signal.SIGKILL)
        window.wait(20)
    finally:
        if window.poll() is None:
            window.kill()
        window.communicate()
    assert "slmdesk-20991231-235959-before-5.sqlite3" in files_with(home), "the control: it was killed before"
    program = start()
    program.wait(lambda: files_with(home) == [])
