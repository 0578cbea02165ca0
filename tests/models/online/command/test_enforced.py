"""Offline enforced by the system: commands and the window go on under it, and say whether it holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from fakes.echo.program import TAKE_ECHO
from fakes.in_turn import run_in_turn

from slmdesk.models.hub import barriers

pytestmark = [pytest.mark.process, pytest.mark.skipif(not barriers.can_enforce(), reason="no such filter here")]


@pytest.fixture
def forced(home):
    """The organisation has set slmdesk to offline."""
    (home / "config").mkdir(parents=True, exist_ok=True)
    (home / "config" / "policy.toml").write_text("version = 1\n[network]\noffline = true\n")


def test_by_policy_doctor_chat_and_documents_work_under_it(environment, tiny, forced, tmp_path):
    (note := tmp_path / "note.txt").write_text("some words")
    settings = ["network", "--settings", "--json"]
    other, doctor, _, chat, text, refused = run_in_turn(
        [
            ["--home", str(tmp_path / "other"), *settings], ["doctor", "--json"],
            ["models", "import", str(tiny)], ["chat", "hello"],
            ["documents", "text", str(note)], ["models", "search", "tiny", "--json"],
        ],
        environment,
    )  # fmt: skip
    assert other.json["enforced"] is False, "the policy of a command's own home counts"
    assert doctor.json["network"]["enforced"] is True
    assert set(doctor.json["children"].values()) == {"works"}
    assert "You said: hello" in chat.out
    assert "some words" in text.out
    assert (refused.status, refused.json["error"]["code"]) == (1, "network.offline")


def test_a_person_switches_it_on_for_the_next_command_and_off_again(environment):
    asked = ["network", "--settings", "--json"]
    before, switched = run_in_turn([asked, ["network", "--enforce", "on", "--json"]], environment)
    assert (before.json["offline"], before.json["enforced"]) == (True, False)
    assert (switched.json["offline"], switched.json["enforced"]) == (True, False), "it began before"
    online = ["network", "--offline", "off"]
    commands = [asked, [*online, "--json"], online, ["network", "--enforce", "off", "--json"]]
    settings, refused, words, off = run_in_turn(commands, environment)
    assert settings.json["enforced"] is True
    assert (refused.status, refused.json["error"]["code"]) == (1, "network.enforced")
    assert "--enforce off" in words.err
    assert off.json["enforced"] is True, "it holds to the end"
    (last,) = run_in_turn([[*online, "--json"]], environment)
    assert (last.json["offline"], last.json["enforced"]) == (False, False)


WINDOW = """
import json, sys
from PySide6.QtCore import QTimer
from PySide6.QtNetwork import QTcpSocket
from PySide6.QtWidgets import QCheckBox, QLabel
from slmdesk import __main__
from slmdesk.ui.shell import composition

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
sys.exit(__main__.main(["--window"]))
"""


@pytest.mark.gui
@pytest.mark.parametrize("is_forced", [True, pytest.param(False, marks=pytest.mark.soak)], ids=["enforced", "control"])
def test_the_window_works_under_it(home, request, is_forced):
    if is_forced:
        request.getfixturevalue("forced")
    environment = os.environ | {"SLMDESK_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", TAKE_ECHO + WINDOW], env=environment, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    told = json.loads(done.stdout)
    assert (told["qt"] == "ConnectionRefusedError") is not is_forced, "somebody was asked who refused"
    assert ("The system enforces that" in told["words"]) is is_forced
    assert told["can_go_online"] is not is_forced
