"""P1 and P3 over a day in the window: the real program, by clicks and keys, without a network, watched by strace.

No socket but local ones, no file but where one may be, and, where the history is encrypted, no word in any byte of the
home while it is locked.  Each has a control that shows that the check can fail.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.commands import ROOT, told_in
from fakes.private_bus import MISSING, Bus, private_bus
from fakes.traced import (
    MARKER,
    beyond,
    calls_in,
    desk_of_a_clerk,
    needs_strace,
    outside,
    places,
    reached,
    started,
    watched,
    with_marker,
)

pytestmark = [
    pytest.mark.gui,
    pytest.mark.soak,
    pytest.mark.skipif(sys.platform != "linux", reason="strace and namespaces"),
    pytest.mark.skipif(MISSING, reason="dbus-daemon is not here: no sleep can be played"),
]
WAIT_S = 1800
PASSPHRASE = "a passphrase of several words"


class Window:
    """The window of a home under strace; what it does is told to it, chapter by chapter (`fakes.driven_window`)."""

    def __init__(self, log: Path, env: dict[str, str]) -> None:
        paths = os.pathsep.join([str(ROOT / "tests"), str(ROOT)])
        command = [sys.executable, "-m", "fakes.driven_window"]
        self.process = subprocess.Popen(
            watched(command, log), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env=env | {"PYTHONPATH": paths, "QT_QPA_PLATFORM": "offscreen"},
        )  # fmt: skip
        self.told: list[dict] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            with self._news:
                self.told.append(told_in(line))
                self._news.notify_all()
        with self._news:
            self.told.append({"ended": True})
            self._news.notify_all()

    def _wait(self, name: str, after: int) -> dict:
        ends = {name, "failed", "ended"}
        with self._news:
            report = self._news.wait_for(
                lambda: next((message for message in self.told[after:] if ends & message.keys()), None), timeout=WAIT_S
            )
        assert report, (name, self.told)
        assert name in report, "\n".join(map(str, report.get("shown", []))) + f"\n{report.get('why')}\n{self.told}"
        return report

    def _say(self, chapter: str, *given: object) -> None:
        self.process.stdin.write("\t".join([chapter, *map(str, given)]) + "\n")
        self.process.stdin.flush()

    def do(self, chapter: str, *given: object) -> None:
        """Have it play a chapter to its end."""
        after = len(self.told)
        self._say(chapter, *given)
        self._wait("done", after)

    def locked_by(self, cause) -> None:
        """Whatever is done, the lock page of a fresh process follows."""
        after = len(self.told)
        cause()
        assert self._wait("page", after) == {"page": True}

    def press_lock(self) -> None:
        self._say("lock_key")

    def leave(self) -> None:
        self._say("leave")
        assert self.process.wait(WAIT_S) == 0

    def close(self) -> None:
        self.process.stdin.close()  # then it ends, and strace with it
        try:
            self.process.wait(60)
        finally:
            self.process.kill()
            self.process.wait()
            self._reader.join(10)
            self.process.stdout.close()


class Day:
    """A home, a desk with documents, a bus with a logind, and the window."""

    def __init__(self, tmp_path: Path, home: Path, run: Path, bus: Bus) -> None:
        self.home, self.bus, self.log = home, bus, tmp_path / "calls"
        self.work, self.results = desk_of_a_clerk(tmp_path / "work"), tmp_path / "work" / "results"
        self.results.mkdir()
        self.matter = self.work / "matter"
        self.logind = bus.logind()
        self.elsewhere = [tmp_path / "user", tmp_path / "tmp", run]
        env = places(tmp_path, dict(os.environ), run=run)
        self.window = Window(self.log, env | bus.environment)
        self.do = self.window.do

    def work_on(self) -> None:
        """All that is done on a day, but locking."""
        do = self.do
        do("chat", f"And now to the point, {MARKER}.")
        do("chat_exports", self.results)
        do("dropped_document", self.work / "contract.pdf")
        do("document", self.work / "contract.docx")
        do("summary", self.results)
        do("question", f"Who pays the rent for {MARKER}?")
        do("table", self.results)
        do("translation", f"The tenant {MARKER} pays the rent.")
        do("watched_folder", self.matter, 2)
        (self.matter / "three.md").write_text(f"# Three\n\nA new paper of {MARKER}.\n")
        do("folder_has", 3)
        do("folder_question", f"What is new of {MARKER}?")
        do("second_start")

    def faults(self) -> dict[str, list[str]]:
        """What must not have been: calls beyond this PC, local sockets of others, files elsewhere, words elsewhere."""
        calls = calls_in(self.log)
        assert "socket(AF_UNIX" in calls, "the control: sockets are seen"
        bus = self.bus.address.removeprefix("unix:path=").partition(",")[0]
        own = str(self.elsewhere[-1])
        return {
            "beyond": beyond(calls),
            "sockets": sorted(address for address in reached(calls) if address != bus and not address.startswith(own)),
            "outside": outside(calls, self.home, self.work, self.elsewhere[-1]),
            "marker": with_marker(*self.elsewhere),
            "programs": sorted(started(calls)),
        }


NO_FAULTS: dict[str, list[str]] = {"beyond": [], "sockets": [], "outside": [], "marker": [], "programs": []}


@pytest.fixture
def day(tmp_path, home) -> Iterator[Day]:
    needs_strace(tmp_path)
    # a socket's path has to be short
    with tempfile.TemporaryDirectory(prefix="slm-", dir="/tmp") as run, private_bus() as bus:
        made = Day(tmp_path, home, Path(run), bus)
        yield made
        made.window.close()


def test_a_day_in_the_window_opens_no_socket_and_writes_nothing_elsewhere(day, model_file) -> None:
    day.do("begin")
    day.do("model", model_file)
    day.do("chat", f"Good morning, {MARKER}.")
    day.work_on()
    day.do("useless_lock_key")
    day.window.leave()
    assert day.faults() == NO_FAULTS
    assert all(path.stat().st_mode & 0o077 == 0 for path in day.home.rglob("*"))
    assert "slmdesk.sqlite3" in with_marker(day.home)
    assert day.logind.calls("Inhibit") == []


def test_of_a_day_in_the_window_with_an_encrypted_history_no_byte_can_be_read(day, model_file, qtbot) -> None:
    def until(holds) -> None:
        qtbot.waitUntil(holds, timeout=WAIT_S * 1000)

    do, window, logind = day.do, day.window, day.logind
    do("begin")
    do("model", model_file)
    do("chat", f"Good morning, {MARKER}.")
    assert with_marker(day.home) == ["slmdesk.sqlite3"], "the control: it can be read before"
    do("encrypt", PASSPHRASE)
    day.work_on()
    do("is_held")
    for number, cause in enumerate(
        (lambda: logind.notify("hint"), lambda: logind.notify("sleep"), window.press_lock), start=1
    ):
        window.locked_by(cause)
        assert with_marker(day.home) == []
        until(lambda number=number: len(logind.calls("released")) == number)  # sleep may begin
        do("unlock", PASSPHRASE)
        do("is_held")
        do("has_said", f"And now to the point, {MARKER}.")
        do("chat", f"Where were we, {MARKER}? {number}")
    do("folder_has", 3)
    window.leave()
    assert day.faults() == NO_FAULTS
    assert with_marker(day.home) == []
    assert all(path.stat().st_mode & 0o077 == 0 for path in day.home.rglob("*"))


def test_control_what_a_window_does_wrong_is_seen(day, model_file) -> None:
    user = day.elsewhere[0]
    day.do("begin")
    day.do("open_socket")
    day.do("write_elsewhere", user.parent / "left")
    day.do("write_elsewhere", user / "words")
    day.window.leave()
    faults = day.faults()
    assert faults["beyond"]
    assert faults["outside"] == [str(user.parent / "left"), str(user / "words")]
    assert faults["marker"] == ["words"]
