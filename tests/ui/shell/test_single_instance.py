"""C1: one window per home, whatever happened to the one before."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from fakes.commands import SLMDESK

from slmdesk.base.runtime.window_channel import ask_window, socket_address
from slmdesk.ui.shell.single_instance import SingleInstance

pytestmark = pytest.mark.gui


@pytest.mark.parametrize(
    ("given", "files"), [(b"raise", ()), (b"translate", ()), (b"open", ("a b.pdf", "ü\n\udcff.docx") * 500)]
)
def test_a_second_start_raises_the_first(qtbot, tmp_path, given, files):
    first, second = SingleInstance(tmp_path), SingleInstance(tmp_path)
    assert first.take()
    assert first.listen()
    assert not second.take()
    reported = {
        b"raise": first.raise_requested,
        b"translate": first.translate_requested,
        b"open": first.open_requested,
    }[given]
    with qtbot.waitSignal(reported, timeout=60_000) as received:
        code = f"""
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
app = QCoreApplication([])
from slmdesk.ui.shell.single_instance import SingleInstance
one = SingleInstance(Path({str(tmp_path)!r}))
files = list(map(Path, {files!r}))
print(one.take_or_raise_other({{"XDG_ACTIVATION_TOKEN": "token-1"}}, request={given!r}, files=files))
"""
        other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert received.args == ["token-1"]
    assert first.files == list(map(Path, files))
    assert other.communicate(timeout=60)[0].strip() == "raised"
    first.release()
    assert second.take()
    second.release()


@pytest.mark.parametrize("paths", [b"", b"[[", b"{}", b'[1, "", "a\\u0000b"]', b"[" * 100_000])
def test_a_request_without_readable_paths_only_raises(qtbot, tmp_path, paths):
    window = SingleInstance(tmp_path)
    assert window.take()
    assert window.listen()
    with qtbot.waitSignal(window.open_requested, timeout=60_000):
        asked = threading.Thread(target=ask_window, args=(tmp_path, b"open" + b"  " + paths))
        asked.start()
    asked.join()
    assert window.files == []
    window.release()


@pytest.mark.parametrize(("can_lock", "answer"), [(True, b"locking\n"), (False, b"plain\n")])
def test_a_command_tells_the_window_to_lock_and_hears_whether_it_can(qtbot, tmp_path, can_lock, answer):
    assert ask_window(tmp_path, b"lock") is None  # no window
    window = SingleInstance(tmp_path)
    assert window.take()
    assert ask_window(tmp_path, b"lock") == b"", "a window whose socket is gone"
    assert window.listen()
    window.can_lock = can_lock
    asked, answers = [], []
    window.lock_requested.connect(lambda: asked.append(True))
    command = threading.Thread(target=lambda: answers.append(ask_window(tmp_path, b"lock")))
    command.start()
    qtbot.waitUntil(lambda: bool(answers), timeout=60_000)
    command.join()
    assert (answers, asked) == ([answer], [True] * can_lock)
    window.release()


def test_files_left_behind_mean_nothing(qapp, tmp_path):
    (tmp_path / "window.lock").write_text("12345 left by a killed one")
    address = socket_address(tmp_path)
    with open(address, "w") as left:  # noqa: PTH123
        left.write("stale")
    instance = SingleInstance(tmp_path)
    assert instance.take()
    assert instance.listen()
    instance.release()


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such modes")
def test_h6_where_there_can_be_no_lock_the_window_opens_unguarded(qapp, tmp_path):
    (tmp_path / "data").write_text("no folder")
    assert SingleInstance(tmp_path / "data").take_or_raise_other() == "unguarded"


def _start(home) -> subprocess.Popen[bytes]:
    env = os.environ | {"SLMDESK_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}
    return subprocess.Popen([*SLMDESK, "--window"], env=env, stderr=subprocess.PIPE)


def _double_starts(tmp_path, rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    home = tmp_path / "shared home"
    for _ in range(rounds):
        both = [_start(home), _start(home)]
        try:
            loser = None
            while loser is None:
                loser = next((process for process in both if process.poll() is not None), None)
            assert loser.returncode == 0, loser.stderr.read()
            winner = both[1 - both.index(loser)]
            assert winner.poll() is None
            winner.send_signal(chance.choice((signal.SIGKILL, signal.SIGTERM)))
            assert winner.wait(20) in (0, -signal.SIGKILL)
        finally:
            for program in both:
                if program.poll() is None:
                    program.kill()
                program.wait()
                program.stderr.close()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_c1_started_twice_one_window_comes_up(tmp_path):
    _double_starts(tmp_path, 1, 1)


@pytest.mark.soak
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_c1_fifty_double_starts(tmp_path):
    seed = random.randrange(1 << 30)
    print("seed", seed)
    _double_starts(tmp_path, 50, seed)
