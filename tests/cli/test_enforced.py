"""Offline enforced by the system: commands and the window go on under it, and say whether it holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from slmdesk.hub import kernel

pytestmark = [pytest.mark.process, pytest.mark.skipif(not kernel.can_enforce(), reason="no such filter here")]


@pytest.fixture
def forced(home):
    """The organisation has set slmdesk to offline."""
    (home / "config").mkdir(parents=True, exist_ok=True)
    (home / "config" / "policy.toml").write_text("version = 1\n[network]\noffline = true\n")


def test_without_a_wish_nothing_is_enforced(run_apart):
    told = run_apart("doctor", "--json").json["network"]
    assert (told["offline"], told["enforced"], told["enforcement"]) == (True, False, "slmdesk itself sends nothing.")


def test_by_policy_doctor_chat_and_documents_work_under_it(run_apart, tiny, forced, tmp_path):
    doctor = run_apart("doctor", "--json").json
    assert doctor["network"]["enforced"] is True
    assert set(doctor["children"].values()) == {"works"}
    assert run_apart("models", "import", str(tiny)).status == 0
    assert "You said: hello" in run_apart("chat", "hello").out
    (note := tmp_path / "note.txt").write_text("some words")
    assert "some words" in run_apart("documents", "text", str(note)).out
    refused = run_apart("models", "search", "tiny", "--json")
    assert (refused.status, refused.json["error"]["code"]) == (1, "network.offline")


def test_a_person_switches_it_on_for_the_next_command_and_off_again(run_apart):
    switched = run_apart("network", "--enforce", "on", "--json").json
    assert (switched["offline"], switched["enforced"]) == (True, False), "it began before"
    assert run_apart("network", "--settings", "--json").json["enforced"] is True
    refused = run_apart("network", "--offline", "off", "--json")
    assert (refused.status, refused.json["error"]["code"]) == (1, "network.enforced")
    assert "--enforce off" in run_apart("network", "--offline", "off").err
    assert run_apart("network", "--enforce", "off", "--json").json["enforced"] is True, "it holds to the end"
    online = run_apart("network", "--offline", "off", "--json").json
    assert (online["offline"], online["enforced"]) == (False, False)


def test_the_home_of_a_command_is_the_one_whose_policy_counts(run_apart, forced, tmp_path):
    assert run_apart("network", "--settings", "--json").json["enforced"] is True
    other = run_apart("--home", str(tmp_path / "other"), "network", "--settings", "--json").json
    assert other["enforced"] is False


WINDOW = """
import json, sys
from PySide6.QtCore import QTimer
from PySide6.QtNetwork import QTcpSocket
from PySide6.QtWidgets import QCheckBox, QLabel
from slmdesk import __main__
from slmdesk.gui.shell import composition

class Seen(composition.Frame):
    def __init__(self, *given, **named):
        super().__init__(*given, **named)
        self._bridge.opened.connect(lambda: QTimer.singleShot(500, self, self.look))
    def look(self):
        self.window.show_page("Settings")
        line = QTcpSocket()
        line.connectToHost("127.0.0.1", 9)
        line.waitForConnected(2000)
        find = self.window.findChild
        print(json.dumps({
            "qt": line.error().name, "can_go_online": find(QCheckBox, "offline_switch").isEnabled(),
            "words": find(QLabel, "network_words").text(),
        }), flush=True)
        self.window.close()

composition.Frame = Seen
sys.exit(__main__.main(["--window", "--engine", "echo"]))
"""


@pytest.mark.gui
@pytest.mark.parametrize("is_forced", [True, False], ids=["enforced", "control"])
def test_the_window_works_under_it(home, request, is_forced):
    if is_forced:
        request.getfixturevalue("forced")
    environment = os.environ | {"SLMDESK_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", WINDOW], env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    told = json.loads(done.stdout)
    assert (told["qt"] == "ConnectionRefusedError") is not is_forced, "somebody was asked who refused"
    assert ("The system enforces that" in told["words"]) is is_forced
    assert told["can_go_online"] is not is_forced
